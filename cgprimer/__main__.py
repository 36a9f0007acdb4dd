"""The command line, whatever stops it: `python -m cgprimer`, and the command itself."""

import signal
import sys
from typing import NoReturn


def main() -> int:
    """Run a command. Ctrl-C is one line also while modules are loaded; what SIGTERM
    ends leaves no unfinished file behind."""
    signal.signal(signal.SIGTERM, _end)
    try:
        from cgprimer.cli import main as run

        return run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
