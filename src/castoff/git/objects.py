"""Objects of a repository, read through one process of git that stays."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from castoff.errors import Problem, Refusal
from castoff.io.reader_process import MOST, Over, ReaderProcess
from castoff.regexes import regex

_OBJECT_ID = regex("[0-9a-f]{40}|[0-9a-f]{64}")
FOLDER, LINK, SUBMODULE = "40000", "120000", "160000"
"""Modes of entries of a tree (git-fast-import lists them); any other is that of a file."""


class GitObject(Struct, frozen=True):
    """An object: its id, its kind (commit, tree, blob, tag), and its contents as git stores them."""

    name: str
    kind: str
    data: bytes

    @property
    def message(self) -> str:
        """Return the message of a commit or tag, in whatever encoding it names (git-commit, "Discussion")."""
        header, _, message = self.data.partition(b"\n\n")
        named = re.search(rb"^encoding (.+)$", header, re.MULTILINE)
        try:
            return message.decode(named[1].decode("ascii") if named else "utf-8")
        except (LookupError, ValueError):
            return message.decode("utf-8", "surrogateescape")

    @property
    def subject(self) -> str:
        """Return the first paragraph of a message as one line, as git's `%s`."""
        first = re.split(r"\n[ \t]*\n", self.message.lstrip("\n"), maxsplit=1)[0]
        return " ".join(line.rstrip() for line in first.rstrip("\n").split("\n"))

    @property
    def time(self) -> int:
        """Return a commit's time in seconds since 1970."""
        found = re.search(rb"^committer .* (\d+) [-+]\d+$", self.data, re.MULTILINE)
        return int(found[1]) if found else 0

    @property
    def entries(self) -> Mapping[str, tuple[str, str]]:
        """Return the mode and the id of each entry of a tree, by name."""
        # `mode SP name NUL id`, the id as bytes (gitformat-pack describes no other form of trees).
        found: dict[str, tuple[str, str]] = {}
        at, size = 0, len(self.name) // 2
        while at < len(self.data):
            end = self.data.index(b"\0", at)
            mode, _, name = self.data[at:end].decode("utf-8", "surrogateescape").partition(" ")
            at = end + 1 + size
            found[name] = (mode, self.data[end + 1 : at].hex())
        return found


class Objects:
    """The objects of one repository; ``start`` starts `git cat-file --batch`, ``failed`` says why it ended.

    One process for all: a start takes longer than to read hundreds of objects. What is named by its id never changes,
    so it is read once.
    """

    def __init__(
        self, start: Callable[[], ReaderProcess], failed: Callable[[int, bytes], BaseException]
    ) -> None:
        self._start = start
        self._failed = failed
        self._known: dict[str, GitObject] = {}
        self._reader: ReaderProcess | None = None
        self._lock = threading.Lock()

    def find(self, name: str) -> GitObject | None:
        """Return the object of an id or any other name of one object (gitrevisions); None if there is none."""
        return self.find_all([name])[0]

    def find_all(self, names: Sequence[str]) -> list[GitObject | None]:
        """Return the objects of these names, in their order."""
        with self._lock:
            wanted = [name for name in dict.fromkeys(names) if name not in self._known and "\n" not in name]
            found = dict(zip(wanted, self._ask(wanted), strict=True))
            self._known |= {name: one for name, one in found.items() if one and is_object_id(name)}
            return [self._known.get(name) or found.get(name) for name in names]

    def read_all(self, names: Sequence[str]) -> list[GitObject]:
        """Return the objects of these names, in their order; error ``object-missing``."""
        found = self.find_all(names)
        for name, one in zip(names, found, strict=True):
            if one is None:
                raise _object_missing(name)
        return [one for one in found if one is not None]

    def close(self) -> None:
        """End the process; another question starts a new one."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _ask(self, names: Sequence[str]) -> Iterator[GitObject | None]:
        if self._reader is not None and self._reader.is_over:
            # Somebody ended it between two questions: Ctrl-C in a terminal reaches every process there.
            self.close()
        for some in _in_pipefuls(names):
            reader = self._reader = self._reader or self._start()
            try:
                reader.ask("".join(f"{name}\n" for name in some).encode("utf-8", "surrogateescape"))
                yield from [_answer(reader) for _ in some]
            except Over:
                self._reader = None
                raise self._failed(*reader.end()) from None
            except BaseException:
                # The rest of the answer would be taken for that of the next question.
                self._reader = None
                reader.end()
                raise


def _in_pipefuls(names: Sequence[str]) -> Iterator[list[str]]:
    """Split names into questions that the pipe has room for, so that neither side waits for the other."""
    some: list[str] = []
    room = MOST
    for name in names:
        size = len(name.encode("utf-8", "surrogateescape")) + 1
        if size > room:
            yield some
            some, room = [], MOST
        some.append(name)
        room -= size
    if some:
        yield some


def _answer(reader: ReaderProcess) -> GitObject | None:
    # `ID SP KIND SP SIZE`, or `NAME SP missing` (or `ambiguous`): git-cat-file, "BATCH OUTPUT".
    words = reader.line().rsplit(b" ", 2)
    if words[-1] in (b"missing", b"ambiguous"):
        return None
    found, kind, size = words
    return GitObject(found.decode(), kind.decode(), reader.take(int(size) + 1)[:-1])


def _object_missing(name: str) -> Refusal:
    """Report an object that is neither here nor at the remote from which a partial clone gets what it left out."""
    problem = Problem(
        code="object-missing",
        message=f"the file with the object name {name[:12]} is not in this clone",
        reason="the clone is incomplete, and git did not fetch the object from its remote",
        remedy="make sure that `git fetch --refetch` works, or clone the repository again without `--filter`",
    )
    return Refusal(problem)


def is_object_id(name: str) -> bool:
    """Return whether a name is a whole object id (SHA-1 or SHA-256), which never comes to mean something else."""
    return _OBJECT_ID.fullmatch(name) is not None
