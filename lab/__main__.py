from lab.build import build
import sys
print(build(tuple(sys.argv[1:])))
