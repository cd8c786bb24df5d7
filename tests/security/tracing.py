"""What a command and all its descendants execute and open, as strace sees it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

_CALLS = "trace=execve,execveat,?open,openat,?openat2,clone,clone3,?fork,?vfork"
_LINE = re.compile(r"(?P<call>\w+)\((?P<given>.*)\)\s+= (?P<result>-?\d+)(?:<(?P<path>/[^>]*)>)?")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_STARTS = frozenset({"clone", "clone3", "fork", "vfork"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One file that a process opened (``opened``) or became (``executed``); ``program`` is what the process ran."""

    program: str
    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class _Start:
    """A start of another process or thread; ``program`` is what its parent ran then."""

    child: str
    program: str


@dataclass(slots=True)
class _Task:
    """One process or thread: what it did, the program of each act empty while its parent's is meant."""

    seen: list[Seen] = field(default_factory=list)
    starts: list[_Start] = field(default_factory=list)


def traced(command: Sequence[str], logs: Path) -> list[str]:
    """Return the command that runs another one under strace, and writes a log for each process below ``logs``."""
    assert STRACE is not None
    logs.mkdir(parents=True)
    # -y prints the whole path of what was opened, links followed.
    options = ["-ff", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-e", _CALLS, "-e", "signal=none"]
    return [STRACE, *options, "-o", str(logs / "log"), "--", *command]


def read_trace(logs: Path) -> Iterator[Seen]:
    """Give all that was executed and opened, of processes in any order."""
    tasks = {
        file.suffix.removeprefix("."): _task(file.read_text("utf-8", "replace")) for file in logs.iterdir()
    }
    parents = {start.child: (name, start.program) for name, task in tasks.items() for start in task.starts}
    for name, task in tasks.items():
        inherited = _inherited(name, parents)
        for one in task.seen:
            yield one if one.program else Seen(inherited, one.kind, one.path)


def _inherited(name: str, parents: Mapping[str, tuple[str, str]]) -> str:
    """Return the program that a process ran when it began."""
    while name in parents:
        name, program = parents[name]
        if program:
            return program
    return ""


def _task(log: str) -> _Task:
    task, program = _Task(), ""
    for line in log.splitlines():
        read = _LINE.match(line)
        if read is None or int(read["result"]) < 0:
            continue
        if read["call"] in _STARTS:
            task.starts.append(_Start(read["result"], program))
        elif read["call"].startswith("exec"):
            word = _WORD.search(read["given"])
            program = word[1] if word else read["given"]
            task.seen.append(Seen(program, "executed", program))
        elif read["path"]:
            task.seen.append(Seen(program, "opened", read["path"]))
    return task
