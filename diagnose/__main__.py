"""`python -m diagnose` is `corediag`."""

from diagnose.cli import main

if __name__ == "__main__":
    main()
