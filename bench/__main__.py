"""All benchmarks, one after the other."""

from bench import scan, startup

startup.main()
print()
scan.main()
