"""The embedded world as a process of its own: it prints where it is, and waits for its end."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from castoff.errors import ConfigurationError, Problem
from castoff.values import replace
from castoff.world.faults import Rule, parse_faults
from castoff.world.seed import WorldSeed, parse_seed
from castoff.world.world import World


def serve(
    directory: Path | None = None,
    *,
    faults: Path | None = None,
    seed: Path | None = None,
    shell: Path | None = None,
    outside: bool = True,
    out: TextIO | None = None,
) -> int:
    """Start the world, print one line of JSON, live until SIGTERM or SIGINT; return the exit code 0.

    The line: ``{"env": {...}, "remote": URL, "control": URL, "pid": NUMBER}``. ``shell`` is a file that gets
    the same variables as lines for a shell, when all is up. Without ``outside``, no read leaves the machine.
    Files that cannot be read or are wrong raise :class:`ConfigurationError` before anything is started.
    """
    rules, planted = _read_faults(faults), _read_seed(seed)
    _make_folder(directory)
    ended: list[int] = []
    with _named(seed), World(directory, seed=planted, faults=rules, outside=outside) as world:
        # Until here a signal ends the start, tidily. No Event: a handler that takes a lock in the thread that waits
        # for it can block for ever.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: ended.append(number))
        line = {
            "env": world.environment(),
            "remote": world.repository.url,
            "control": world.control_url,
            "pid": os.getpid(),
        }
        if shell is not None:
            _write_whole(shell, exports(world.environment()))
        stream = out or sys.stdout
        stream.write(json.dumps(line, sort_keys=True) + "\n")
        stream.flush()
        while not ended:
            time.sleep(0.1)  # so that also a signal that another thread received is seen
    return 0


@contextmanager
def _named(seed: Path | None) -> Iterator[None]:
    """Name the seed's file in what is found wrong about it when the services read it."""
    try:
        yield
    except ConfigurationError as wrong:
        file = seed.as_posix() if seed else None
        raise ConfigurationError(*(replace(one, file=one.file or file) for one in wrong.problems)) from None


def exports(variables: Mapping[str, str]) -> str:
    """Give variables as lines that a shell reads with `.`."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))


def _make_folder(directory: Path | None) -> None:
    try:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(directory or Path(), error, "name a folder, or a new one, with `--dir`") from error


def _unwritable(place: Path, error: OSError, remedy: str) -> ConfigurationError:
    return ConfigurationError(
        Problem(
            code="world-file-unwritable",
            message=f"`{place.as_posix()}` cannot be written",
            reason=error.strerror or type(error).__name__,
            remedy=remedy,
            file=place.as_posix(),
        )
    )


def _write_whole(file: Path, text: str) -> None:
    """Write a file that nobody sees half written."""
    unfinished = file.with_name(file.name + ".part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise _unwritable(file, error, "give the path of a file in a folder that exists") from error


def _read_faults(file: Path | None) -> tuple[Rule, ...]:
    return () if file is None else parse_faults(_read(file), file=file.as_posix())


def _read_seed(file: Path | None) -> WorldSeed:
    if file is None:
        return WorldSeed()
    return parse_seed(_read(file), file.resolve().parent, file=file.as_posix())


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError.of(
            "world-file-unreadable",
            f"`{file.as_posix()}` cannot be read: {error.strerror}",
            remedy="give the path of a JSON file that exists",
            file=file.as_posix(),
        ) from error
