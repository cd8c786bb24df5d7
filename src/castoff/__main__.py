"""Start castoff; everything heavy is imported by the command that needs it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from castoff.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
