"""Start castoff; everything heavy is imported by the command that needs it."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = run_command_line()
    except KeyboardInterrupt:
        # In the middle of the first imports, before the command line looks after signals: nothing was begun.
        sys.stderr.write("interrupted\n")
        os._exit(130)
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and not one.daemon]
    if others:
        sys.exit(code)
    # Everything is closed and flushed. Taking hundreds of thousands of values apart would take a tenth of a plan.
    atexit._run_exitfuncs()  # noqa: SLF001  # os._exit alone would leave the folders that it removes
    os._exit(code)


def run_command_line() -> int:
    """Run the command line in this process, and return its exit code."""
    gc.set_threshold(
        100_000, 50, 50
    )  # a short run makes many small values: collecting often costs a fifth of it
    _open_what_is_closed()
    from castoff.cli.main import run

    code = run(sys.argv[1:])
    _forget_readers_who_are_gone()
    return code


def _forget_readers_who_are_gone() -> None:
    """Keep the interpreter from printing at its end that nobody read what was printed (`| head`)."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_what_is_closed() -> None:
    """Return a place to what is printed to a closed stream (`>&-`), which is not an error.

    The lowest numbers are taken at once: else the next file that is opened gets the number of standard output.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            place = os.open(os.devnull, os.O_RDWR)
            if place != number:
                os.dup2(place, number)
            setattr(
                sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
            )


if __name__ == "__main__":
    main()
