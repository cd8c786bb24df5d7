"""The bare repository, asked through git's plumbing commands."""

from __future__ import annotations

import os
import subprocess
import tempfile
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from castoff.world.clients import without_secrets

_HEADER = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B"


class Person(Struct, frozen=True):
    """Who wrote or committed, and when."""

    name: str
    email: str
    at: datetime


class Commit(Struct, frozen=True):
    """One commit; ``sha`` and ``tree`` are full ids."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


class Ref(Struct, frozen=True):
    """One ref: its full name, and the object that it points at directly."""

    name: str
    sha: str
    kind: str


class BareRepository:
    """A bare repository on this machine; every answer is read anew, but for objects, which never change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._commits: dict[str, Commit] | None = None
        # Objects never change, so an answer about two of them holds for ever.
        self.is_ancestor = lru_cache(maxsize=5_000)(self._is_ancestor)
        self.side_of = lru_cache(maxsize=20_000)(self._side_of)
        self._parents: dict[str, tuple[str, ...]] = {}

    def run(self, *arguments: str, text: bytes = b"", extra: dict[str, str] | None = None) -> str | None:
        """Run one git command; give its output, or None where git refuses."""
        done = self._process(arguments, text, extra)
        return done.stdout.decode(errors="surrogateescape") if done.returncode == 0 else None

    def binary(self, *arguments: str, text: bytes = b"") -> bytes | None:
        """Run one git command whose output is no text."""
        done = self._process(arguments, text, None)
        return done.stdout if done.returncode == 0 else None

    def must(self, *arguments: str, text: bytes = b"", extra: dict[str, str] | None = None) -> str:
        """Run one git command that cannot fail on good input."""
        done = self._process(arguments, text, extra)
        if done.returncode != 0:
            raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="surrogateescape")

    def merged_tree(self, ours: str, theirs: str) -> str | None:
        """Merge two commits without touching a ref; give the tree, or None on a conflict."""
        done = self._process(("merge-tree", "--write-tree", ours, theirs), b"", None)
        return done.stdout.decode().split()[0] if done.returncode == 0 else None

    def tree_with(self, base: str | None, lines: list[str]) -> str | None:
        """Write a tree of ``base`` and lines for git's index; None where a path cannot be."""
        # An index of its own: requests that run side by side must not share one.
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if base is not None:
                self.must("read-tree", base, extra=index)
            entries = "".join(lines).encode("utf-8", "replace")
            done = self.run("update-index", "-z", "--index-info", text=entries, extra=index)
            tree = None if done is None else self.run("write-tree", extra=index)
        return None if tree is None else tree.strip()

    def resolve(self, name: str, kind: str = "commit") -> str | None:
        """Return the full id of what a revision names, peeled to ``kind``."""
        # A name is data: it must not become an option, or a second line of input.
        if not name or name.startswith("-") or any(mark in name for mark in "\x00\n"):
            return None
        found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{{kind}}}")
        return found.strip() if found else None

    def commitish(self, name: str) -> str | None:
        """Resolve as the API does: a branch, a tag, a full ref or the id of a commit, and no arithmetic."""
        if ".." in name or any(mark in "~^:?*[\\ " for mark in name) or "@{" in name:
            return None
        # A branch before a tag of the same name, as the API documents for `ref`.
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}"):
            if found := self.resolve(candidate):
                return found
        if name.startswith(("refs/", "heads/", "tags/")) or name == "HEAD" or _is_id(name):
            return self.resolve(name)
        return None

    def ref(self, name: str) -> Ref | None:
        """Return one ref by its full name."""
        return next((ref for ref in self.refs(name) if ref.name == name), None)

    def refs(self, prefix: str) -> list[Ref]:
        """Return the refs under a prefix, sorted by name."""
        if not prefix.startswith("refs/"):
            return []
        listed = self.run("for-each-ref", "--format=%(refname)%00%(objectname)%00%(objecttype)", prefix) or ""
        return [Ref(*line.split("\0")) for line in listed.splitlines()]

    def commit(self, sha: str) -> Commit | None:
        """Return one commit by its full id; the first question reads all that refs reach, in one go."""
        if not is_full_id(sha):
            return None
        if self._commits is None:
            # One process for the whole history: a page of a hundred commits would start a hundred.
            self._commits = {commit.sha: commit for commit in self._log("--all")}
        if sha not in self._commits:
            self._commits |= {commit.sha: commit for commit in self._log("--max-count=1", sha)}
        return self._commits.get(sha)

    def _log(self, *arguments: str) -> list[Commit]:
        return _commits(self.run("log", "-z", f"--format={_HEADER}", *arguments, "--") or "")

    def ids(self, *arguments: str) -> list[str]:
        """Return the ids that ``git rev-list`` lists for these arguments."""
        return (self.run("rev-list", *arguments, "--") or "").split()

    def move(self, name: str, new: str, old: str | None = None) -> bool:
        """Point a ref at an object; with ``old``, only if it is there now (40 zeros: only if absent)."""
        # git compares and swaps under its own lock of the ref.
        expected = () if old is None else (old,)
        return self.run("update-ref", name, new, *expected) is not None

    def kind(self, sha: str) -> str | None:
        """Return the type of an object, by its full id."""
        if not is_full_id(sha):
            return None
        return (self.run("cat-file", "-t", sha) or "").strip() or None

    def _side_of(self, merge: str) -> tuple[str, ...]:
        """Return what only the later parents of a merge reach; nothing for other commits and unknown ones."""
        if merge not in self._parents:
            self._read_parents()
        parents = self._parents.get(merge, ())
        if len(parents) < 2:
            return ()
        return tuple(self.ids(*parents[1:], f"^{parents[0]}"))

    def _read_parents(self) -> None:
        for line in (self.run("rev-list", "--all", "--parents") or "").splitlines():
            sha, *parents = line.split()
            self._parents[sha] = tuple(parents)

    def _is_ancestor(self, old: str, new: str) -> bool:
        return self.run("merge-base", "--is-ancestor", old, new) is not None

    def _process(
        self, arguments: tuple[str, ...], text: bytes, extra: dict[str, str] | None
    ) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "--git-dir", str(self.path), *arguments]
        # Such text comes from JSON; the operating system takes no argument like it.
        if not all(map(_can_be_said, (*arguments, *(extra or {}).values()))):
            return subprocess.CompletedProcess(command, 129, b"", b"an argument that no process can be given")
        return subprocess.run(command, input=text, capture_output=True, check=False, env=_environment(extra))


def is_full_id(sha: str) -> bool:
    """Whether a text is the full id of an object."""
    return len(sha) == 40 and _is_id(sha)


def _can_be_said(text: str) -> bool:
    """Whether a text can be an argument: no NUL, no half of a surrogate pair from somebody's JSON."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _environment(extra: dict[str, str] | None) -> dict[str, str]:
    # GIT_DIR and its kind would lead to another repository.
    kept = {name: value for name, value in without_secrets(os.environ).items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
        **(extra or {}),
    }


def _is_id(name: str) -> bool:
    return 4 <= len(name) <= 40 and all(mark in "0123456789abcdefABCDEF" for mark in name)


def _commits(listed: str) -> list[Commit]:
    parts = listed.split("\0")
    return [_from(parts[start : start + 10]) for start in range(0, len(parts) - 9, 10)]


def _from(parts: list[str]) -> Commit:
    sha, tree, parents, author, email, at, committer, committer_email, committed, message = parts
    return Commit(
        sha.strip(),
        tree,
        tuple(parents.split()),
        Person(author, email, datetime.fromtimestamp(int(at), UTC)),
        Person(committer, committer_email, datetime.fromtimestamp(int(committed), UTC)),
        message.rstrip("\n"),
    )
