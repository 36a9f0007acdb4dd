"""`python -m cgprimer`: the command line."""

import sys

from cgprimer.cli import main

if __name__ == "__main__":
    sys.exit(main())
