"""`python -m diagnose` is `corediag`.

To load the command line takes three times as long as Python's start; its help is a file that is
printed without it, where that is as wide as the help would be.
"""

import os
import sys

OVERVIEW = os.path.join(os.path.dirname(__file__), "overview.txt")
OVERVIEW_COLUMNS = 80  # what click takes for the width of everything but a terminal


def main() -> None:
    """Print the help, or run the command line."""
    if sys.argv[1:] in (["-h"], ["--help"]) and wide_enough() and print_overview():
        return
    try:
        from diagnose import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


def wide_enough() -> bool:
    """Whether the overview's lines fit, and nobody asked for another width."""
    if "COLUMNS" in os.environ:
        return False
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns >= OVERVIEW_COLUMNS
    except (OSError, ValueError, AttributeError):
        return True  # no terminal, or closed


def print_overview() -> bool:
    """Print the help of the whole; False, and nothing said, when it could not be printed."""
    try:
        with open(OVERVIEW, encoding="utf-8") as file:
            text = file.read()
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, UnicodeError, AttributeError):
        return False
    return True


if __name__ == "__main__":
    main()
