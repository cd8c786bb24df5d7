"""One process of npm that answers many questions, since each start of npm takes half a second of a core.

`host.cjs` beside this module runs npm's own commands with npm's own modules. It ends by itself when nothing is asked
for some seconds.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from msgspec import Struct

from castoff.io.machine import require_end, require_room
from castoff.io.process import TIMED_OUT, Processes
from castoff.io.server_process import Ended, ServerProcess
from castoff.model.child_environments import Kind

PATIENCE = 300.0
"""Seconds after which an answer of npm comes no more."""

_UNUSABLE = 3
"""The exit code of `host.cjs` where npm's modules cannot be used."""

_ENOUGH = 4
"""Open questions of a process for which another one is worth its start: an upload takes 60 ms of a core."""
_CORES = os.cpu_count() or 1


class Failed(Struct, frozen=True):
    """The end of npm without an answer, by its exit code, and the reason for people."""

    code: int
    reason: str


def program() -> Path:
    """Return the program that node runs."""
    return Path(str(files("castoff.ecosystems.npm").joinpath("host.cjs")))


class Host:
    """The running processes of npm: for the settings of a folder and what a process may see, one for each busy core.

    Looks and uploads share them where both see the same variables, as everywhere but in a CI job with an identity: each
    start takes up to a second of a core.
    """

    def __init__(self, processes: Processes, start: Callable[[str, Kind], ServerProcess]) -> None:
        self._processes = processes
        self._start = start
        self._lock = threading.Lock()
        self._running: dict[tuple[str, frozenset[tuple[str, str]]], list[ServerProcess]] = {}
        self._is_usable = True

    def ask(self, root: str, kind: Kind, question: object) -> Any:
        """Return the answer, Failed if npm gave none, None where npm's modules cannot be used.

        Errors: ``program-missing``; MachineFailure where the machine is what failed.
        """
        while self._is_usable:
            answer = self._opened(root, kind).ask(question, self._processes.bounded(PATIENCE))
            match answer:
                case str():
                    return self._checked(kind, json.loads(answer))
                case None:
                    return Failed(TIMED_OUT, "no answer in time")
                case Ended(code=code) if code == _UNUSABLE:
                    self._is_usable = False
                case Ended(begun=True):
                    require_end("node", answer.code)
                    require_room(self._processes.child(kind).variables)
                    return Failed(
                        answer.code or 1, " ".join(answer.errors.split())[-600:] or "it ended early"
                    )
                case Ended():
                    continue
        return None

    def _opened(self, root: str, kind: Kind) -> ServerProcess:
        key = (root, frozenset(self._processes.child(kind).variables.items()))
        with self._lock:
            running = [one for one in self._running.get(key, ()) if not one.is_over]
            least = min(running, key=lambda one: one.open, default=None)
            if least is None or (least.open >= _ENOUGH and len(running) < _CORES):
                least = self._start(root, kind)
                running.append(least)
            self._running[key] = running
            return least

    def _checked(self, kind: Kind, answer: Any) -> Any:
        if isinstance(answer, dict):
            if answer.get("unusable"):
                return None
            if answer.get("code"):
                require_room(self._processes.child(kind).variables)
        return answer
