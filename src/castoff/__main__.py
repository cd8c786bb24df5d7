"""Start castoff; everything heavy is imported by the command that needs it."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(
        100_000, 50, 50
    )  # a short run makes many small values: collecting often costs a fifth of it
    from castoff.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
