"""Visibility of versions to the resolver that users run; questions that come together are asked as one.

Whoever has the turn asks for all that wait. Only uv's exit code counts: 0 for all of them, 1 for "no solution";
anything else is unknown. After a 1 the listings say which of them is meant.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from platform import python_version

from msgspec import Struct, field
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from castoff.ecosystems.python.indexes import Endpoints
from castoff.ecosystems.python.listing import ListedFile
from castoff.ecosystems.python.names import name_of, normalised
from castoff.io.process import Processes
from castoff.io.scratch import scratch_prefix

Listed = Callable[[str, str], Sequence[ListedFile] | None]
"""Gives the files of a project (normalised name) that a specifier admits; None where nobody could tell."""

_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 16))
_PATIENCE = 120.0


class _Question(Struct):
    requirements: frozenset[str]
    answer: bool | None = None
    is_leader: bool = False
    ready: threading.Event = field(default_factory=threading.Event)
    """Set when the answer is there, or when it is this one's turn to ask for all that wait."""


class _Interpreter:
    """What uv learnt about the interpreter: all of its cache that a next question may know, since pages change."""

    def __init__(self) -> None:
        self._files: dict[PurePath, bytes] = {}

    def give(self, cache: Path) -> None:
        """Let a new cache begin with it."""
        for name, content in self._files.items():
            path = cache / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def take(self, cache: Path) -> None:
        """Keep what the first question left; where uv keeps it elsewhere, every question asks anew."""
        if not self._files:
            found = (path for path in cache.glob("interpreter-*/**/*") if path.is_file())
            self._files = {path.relative_to(cache): path.read_bytes() for path in found}


class Resolver:
    """Asks `uv pip compile`, one process at a time, for everybody who waits."""

    def __init__(self, processes: Processes, endpoints: Endpoints, listed: Listed) -> None:
        self._processes = processes
        self._endpoints = endpoints
        self._listed = listed
        self._door = threading.Lock()
        self._waiting: list[_Question] = []
        self._is_asking = False
        self._interpreter = _Interpreter()

    def ask(self, requirements: Sequence[str]) -> bool | None:
        """Return whether all requirements can be met now; None where nobody could tell."""
        question = _Question(frozenset(requirements))
        with self._door:
            # While one question runs, the others wait and are then asked together: uv's start is the
            # expensive part.
            self._waiting.append(question)
            if not self._is_asking:
                self._is_asking = question.is_leader = True
                question.ready.set()
        question.ready.wait()
        if question.is_leader:
            self._ask_for_all()
        return question.answer

    def _ask_for_all(self) -> None:
        """Ask once for all that wait, wake them, and hand the turn to one of those that came meanwhile."""
        with self._door:
            batch, self._waiting = self._waiting, []
        try:
            self._settle(batch)
        finally:
            for question in batch:
                question.ready.set()
            with self._door:
                self._is_asking = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].is_leader = True
                    self._waiting[0].ready.set()

    def _settle(self, batch: Sequence[_Question]) -> None:
        code = self._compile({one for question in batch for one in question.requirements})
        for question in batch:
            # One call for all: if everything resolves, each of them does.
            if code == 0:
                question.answer = True
            elif code == 1:
                question.answer = self._alone(question, is_single=len(batch) == 1)

    def _alone(self, question: _Question, *, is_single: bool) -> bool | None:
        """Answer one question after the whole batch had no solution."""
        listings = [self._files(one) for one in question.requirements]
        # Without a listing "no solution" may only mean that the index did not answer.
        if any(files is None for files in listings):
            return None
        if not all(listings):
            return False
        python = _python_for(file for files in listings for file in files or ())
        # The same question was just asked alone, with the same Python: its answer is known.
        if is_single and python is None:
            return False
        if self._endpoints.is_private and any(map(_only_sources, listings)):
            return None
        # After a "no" for the batch each question is asked alone, since one of them spoils the others.
        code = self._compile(question.requirements, python)
        return True if code == 0 else False if code == 1 else None

    def _files(self, requirement: str) -> Sequence[ListedFile] | None:
        try:
            read = Requirement(requirement)
        except InvalidRequirement:
            return None
        return self._listed(normalised(read.name), str(read.specifier))

    def _compile(self, requirements: Iterable[str], python: str | None = None) -> int:
        wanted = sorted(requirements)
        names = sorted({name for one in wanted if (name := name_of(one)) is not None})
        words = [
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--no-config",
            "--no-deps",
            "--no-header",
            "--no-annotate",
        ]
        words += ["--python", sys.executable]
        words += ["--python-version", python] if python else []
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("resolve")) as held:
            folder = Path(held)
            self._interpreter.give(folder / "cache")
            (folder / "wanted.in").write_text("\n".join(wanted) + "\n", encoding="utf-8")
            command = [*words, "wanted.in"] if names else ["uv", "--version"]
            code = self._first_success(command, folder)
            self._interpreter.take(folder / "cache")
        return code

    def _first_success(self, command: Sequence[str], folder: Path) -> int:
        code = 0
        for kind, words in self._endpoints.attempts:
            code = self._processes.run(
                [*command, *(words if command[1] == "pip" else ())],
                kind=kind,
                cwd=folder,
                timeout=_PATIENCE,
                changes={
                    "UV_HTTP_RETRIES": "0",
                    "UV_DEFAULT_INDEX": self._endpoints.client_simple,
                    "UV_INDEX": None,
                    "UV_EXTRA_INDEX_URL": None,
                    "UV_INDEX_URL": None,
                    # An empty cache: a cached page would hide what was uploaded a moment ago.
                    "UV_CACHE_DIR": str(folder / "cache"),
                    "UV_NO_CACHE": None,
                },
            ).code
            if code == 0:
                break
        return code


def _only_sources(files: Sequence[ListedFile] | None) -> bool:
    """Return whether there is no wheel: reading its metadata may take a build, which gets no credentials."""
    return not any(one.filename.endswith(".whl") for one in files or ())


def _python_for(files: Iterable[ListedFile]) -> str | None:
    """Choose an interpreter version that the files allow, None where the running one will do."""
    wanted: list[SpecifierSet] = []
    for file in files:
        try:
            wanted.append(SpecifierSet(file.requires_python or ""))
        except ValueError:
            continue
    if all(one.contains(python_version(), prereleases=True) for one in wanted):
        return None
    # `.99` stands for the last patch release, which satisfies bounds such as `>=3.9.2`.
    return next((python for python in _PYTHONS if all(one.contains(f"{python}.99") for one in wanted)), None)
