"""Which manifests make the workspace? Members, globs, exclusions and path dependencies, as Cargo finds them.

Source of the rules: the Cargo book, "Workspaces"; a path dependency inside the root's folder is a member
even where no list names it, and an exclusion wins unless the member is named without a glob.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from castoff.errors import CastoffError, Problem
from castoff.manifests.cargo_dependencies import dependency_folders
from castoff.manifests.cargo_document import Document
from castoff.manifests.toml import parse

MANIFEST = "Cargo.toml"


class Files(Protocol):
    """The files that a workspace is read from."""

    def read(self, path: str) -> str | None:
        """Give a file's text, None where there is no such file."""
        ...

    def paths(self) -> Sequence[str]:
        """List all files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The root's manifest and those of all packages (the root's among them where it is a package)."""

    root: Document
    members: tuple[Document, ...]
    problems: tuple[Problem, ...]


def read_layout(files: Files) -> Layout | None:
    """Find all manifests; None where the root has none.

    Errors: ``toml-invalid`` for the root's. Problems: ``toml-invalid``, ``member-missing``,
    ``manifest-invalid``, ``nested-workspace`` for the others.
    """
    text = files.read(MANIFEST)
    if text is None:
        return None
    root = Document(MANIFEST, text, parse(text, MANIFEST))
    search = _Search(files, root)
    return Layout(root=root, members=tuple(search.documents()), problems=tuple(search.problems))


class _Search:
    def __init__(self, files: Files, root: Document) -> None:
        self._files = files
        self._root = root
        self._found: dict[str, Document] = {}
        self._unfit: set[str] = set()
        self.problems: list[Problem] = []
        workspace = root.table.get("workspace")
        self._workspace = workspace if isinstance(workspace, dict) else None
        self._members = self._texts("members")
        self._exclude = self._texts("exclude")

    def documents(self) -> list[Document]:
        if isinstance(self._root.table.get("package", self._root.table.get("project")), dict):
            self._found[""] = self._root
        if self._workspace is None:
            return [*self._found.values()]
        for index, pattern in enumerate(self._members):
            self._member(pattern, index)
        self._check_defaults()
        self._follow([*self._found.values()])
        return [self._found[folder] for folder in sorted(self._found)]

    def _texts(self, key: str) -> tuple[str, ...]:
        value = (self._workspace or {}).get(key, [])
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self._problem(
            "manifest-invalid",
            f"`workspace.{key}` is not a list of paths",
            "correct it",
            ("workspace", key),
        )
        return ()

    def _member(self, pattern: str, index: int) -> None:
        folder = _normal(pattern)
        if not _is_glob(pattern):
            if not self._take(folder):
                self._missing(pattern, ("workspace", "members", index))
            return
        for found in _globbed(self._folders(), folder):
            if not _is_under(found, self._exclude) or _is_under(found, self._literal_members()):
                self._take(found)

    def _missing(self, pattern: str, path: tuple[str | int, ...]) -> None:
        outside = _normal(pattern).startswith("..") or pattern.startswith("/")
        fact = "lies outside of the workspace's folder" if outside else f"has no `{MANIFEST}`"
        self._problem(
            "member-missing",
            f"the member `{pattern[:100]}` {fact}",
            "correct the list of members, or add the package",
            path,
        )

    def _check_defaults(self) -> None:
        for index, pattern in enumerate(self._texts("default-members")):
            folder = _normal(pattern)
            if not _is_glob(pattern) and folder not in self._found and folder not in ("", "."):
                self._problem(
                    "member-missing",
                    f"the default member `{pattern[:100]}` is no member",
                    "correct the list of default members",
                    ("workspace", "default-members", index),
                )

    def _follow(self, queue: list[Document]) -> None:
        """Take path dependencies that lie inside the root's folder, as Cargo does, and theirs."""
        while queue:
            document = queue.pop()
            for folder in dependency_folders(document.table, document.folder, self._inherited):
                known = folder in self._found or (folder == "." and "" in self._found)
                if known or folder in self._unfit or folder.startswith(("..", "/")):
                    continue
                if _is_under(folder, self._exclude) and not _is_under(folder, self._literal_members()):
                    continue
                if self._take(folder) and folder in self._found:
                    queue.append(self._found[folder])

    def _inherited(self, key: str) -> str | None:
        shared = (self._workspace or {}).get("dependencies")
        entry = shared.get(key) if isinstance(shared, dict) else None
        path = entry.get("path") if isinstance(entry, dict) else None
        return posixpath.normpath(path) if isinstance(path, str) else None

    def _take(self, folder: str) -> bool:
        if folder in ("", "."):
            return "" in self._found
        if folder.startswith(("..", "/")):
            return False
        if folder in self._found:
            return True
        file = f"{folder}/{MANIFEST}"
        text = self._files.read(file)
        if text is None:
            return False
        try:
            document = Document(file, text, parse(text, file))
        except CastoffError as error:
            self.problems.extend(error.problems)
            self._unfit.add(folder)
            return True
        if "workspace" in document.table:
            self._nested(document)
            self._unfit.add(folder)
            return True
        self._found[folder] = document
        return True

    def _nested(self, document: Document) -> None:
        self.problems.append(
            Problem(
                code="nested-workspace",
                message=f"the member `{document.folder}` is a workspace of its own",
                reason="Cargo allows one root in a workspace",
                remedy="drop its `[workspace]`, or add it to `workspace.exclude`",
                file=document.file,
                line=document.line(("workspace",)),
            )
        )

    def _problem(self, code: str, message: str, remedy: str, path: tuple[str | int, ...]) -> None:
        self.problems.append(
            Problem(code=code, message=message, remedy=remedy, file=MANIFEST, line=self._root.line(path))
        )

    def _folders(self) -> tuple[str, ...]:
        end = f"/{MANIFEST}"
        return tuple(path[: -len(end)] for path in self._files.paths() if path.endswith(end))

    def _literal_members(self) -> tuple[str, ...]:
        return tuple(pattern for pattern in self._members if not _is_glob(pattern))


def _normal(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/")) if path else ""


def _is_glob(pattern: str) -> bool:
    return any(mark in pattern for mark in "*?[")


def _is_under(folder: str, roots: Iterable[str]) -> bool:
    return any(folder == root or folder.startswith(root + "/") for root in map(_normal, roots))


def _globbed(folders: Iterable[str], pattern: str) -> list[str]:
    parts = pattern.split("/")
    return [folder for folder in folders if _matches(tuple(folder.split("/")), tuple(parts))]


def _matches(folder: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Match part by part; ``**`` stands for any number of folders."""
    if "**" not in parts:
        return len(folder) == len(parts) and all(
            _compiled(part).match(name) for name, part in zip(folder, parts, strict=True)
        )
    reached = {0}
    for part in parts:
        if part == "**":
            reached = set(range(min(reached, default=len(folder)), len(folder) + 1)) if reached else reached
        else:
            step = _compiled(part)
            reached = {at + 1 for at in reached if at < len(folder) and step.match(folder[at])}
    return len(folder) in reached


@lru_cache(maxsize=256)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part))
