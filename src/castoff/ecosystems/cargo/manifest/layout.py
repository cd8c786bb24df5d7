"""The Cargo workspaces of a tree: members, globs, exclusions and path dependencies, as cargo finds them.

Source of the rules: the Cargo book, "Workspaces"; a path dependency inside the root's folder is a member
even if no list names it, and an exclusion wins unless the member is named without a glob.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Protocol

from msgspec import Struct

from castoff.ecosystems.cargo.manifest.document import CargoDocument, Crate, ProblemCollector
from castoff.ecosystems.cargo.manifest.reader import dependency_folders, read_crate
from castoff.errors import CastoffError, Problem
from castoff.model.scope import folders_above, is_within
from castoff.model.tree_links import links_of
from castoff.text.toml import parse as read_toml

MANIFEST = "Cargo.toml"


class Files(Protocol):
    """The files that a workspace is read from."""

    def read(self, path: str) -> str | None:
        """Return a file's text, None where the file does not exist."""
        ...

    def paths(self) -> Sequence[str]:
        """List all files."""
        ...


class CargoLayout(Struct, frozen=True, kw_only=True, dict=True):
    """One workspace, or one crate that is in none: the root's manifest and those of all its packages.

    ``declared`` is False for a crate without ``[workspace]``; ``broken`` are manifests of members that hold no valid
    TOML.
    """

    root: CargoDocument
    members: tuple[CargoDocument, ...]
    problems: tuple[Problem, ...] = ()
    broken: tuple[str, ...] = ()
    declared: bool = True

    @property
    def folder(self) -> str:
        """Return the folder of the root's manifest, "." for the top."""
        return self.root.folder or "."

    @cached_property
    def crates(self) -> tuple[Sequence[Crate], Sequence[Problem]]:
        """Read the members that hold a package, once, and what is wrong with them."""
        notes = ProblemCollector(self.root, [])
        found = [one for document in self.members if (one := read_crate(notes, document)) is not None]
        return found, notes.problems


class CargoLayouts(Struct, frozen=True, kw_only=True):
    """All workspaces and single crates of a tree by folder, and the manifests that are in none of them."""

    found: tuple[CargoLayout, ...] = ()
    unreadable: tuple[tuple[str, Problem], ...] = ()
    stray: tuple[tuple[CargoDocument, str], ...] = ()
    """Manifests that cargo refuses, or that hold no package, each with the reason."""


ManifestOpener = Callable[[str, str], CargoDocument]
"""Reads a manifest of a file name and a text, or gives the one that was read before."""


def read_layouts(files: Files, open_manifest: ManifestOpener | None = None) -> CargoLayouts:
    """Find all manifests of a tree, and which workspace each belongs to, as cargo decides it.

    Nothing is raised. Problems of a layout: ``toml-invalid``, ``member-missing``, ``manifest-invalid``,
    ``nested-workspace``.
    """
    opened = _Opened(
        files, open_manifest or (lambda file, text: CargoDocument(file, text, read_toml(text, file)))
    )
    heads = [one for one in opened.documents() if isinstance(one.table.get("workspace"), dict)]
    layouts = [_Search(opened, head).layout() for head in heads]
    taken = {document.file for layout in layouts for document in layout.members}
    listed = {file for layout in layouts for file in layout.broken}
    single: list[CargoLayout] = []
    stray: list[tuple[CargoDocument, str]] = []
    for document in opened.documents():
        if document.file in taken or document in heads:
            continue
        if not isinstance(document.table.get("package", document.table.get("project")), dict):
            stray.append((document, "it has neither `[package]` nor `[workspace]`"))
        elif (head := _claimant(document, heads)) is not None:
            stray.append((document, f"cargo refuses it: `{head.file}` is above it and does not list it"))
        else:
            single.append(CargoLayout(root=document, members=(document,), declared=False))
    found = sorted((*layouts, *single), key=lambda layout: layout.folder)
    broken = tuple(one for one in opened.broken() if one[0] not in listed)
    return CargoLayouts(found=tuple(found), unreadable=broken, stray=tuple(stray))


def _claimant(document: CargoDocument, heads: Sequence[CargoDocument]) -> CargoDocument | None:
    """Find the workspace that cargo takes a package for a member of: it looks upwards from its folder."""
    by_folder = {head.folder: head for head in heads}
    table = document.table.get("package", document.table.get("project"))
    named = table.get("workspace") if isinstance(table, dict) else None
    # `package.workspace` names the root; the search upwards then does not happen (The Cargo Book, "The
    # workspace field").
    if isinstance(named, str):
        return by_folder.get(_joined(document.folder, named))
    for folder in folders_above(document.folder or "."):
        head = by_folder.get("" if folder == "." else folder)
        if head is not None:
            excluded = [_joined(head.folder, one) for one in _texts(head, "exclude")]
            return None if _is_under(document.folder, excluded) else head
    return None


class _Opened:
    """The manifests of a tree, each read once; folders are known by where their links lead."""

    def __init__(self, files: Files, open_manifest: Callable[[str, str], CargoDocument]) -> None:
        self._files = files
        self._open = open_manifest
        self.links = links_of(files)
        self._known: dict[str, CargoDocument | CastoffError | None] = {}
        end = f"/{MANIFEST}"
        self.paths = [one for one in files.paths() if one == MANIFEST or one.endswith(end)]
        self.folders = tuple(one.removesuffix(MANIFEST).rstrip("/") for one in self.paths)

    def documents(self) -> list[CargoDocument]:
        found = (self._read(path) for path in self.paths)
        return [one for one in found if isinstance(one, CargoDocument)]

    def broken(self) -> list[tuple[str, Problem]]:
        found = ((path, self._read(path)) for path in self.paths)
        return [(path, one.problems[0]) for path, one in found if isinstance(one, CastoffError)]

    def at(self, folder: str) -> CargoDocument | CastoffError | None:
        return self._read(f"{folder}/{MANIFEST}" if folder else MANIFEST)

    def linked(self) -> tuple[str, ...]:
        """List the folders of manifests by the names that links give them."""
        return tuple(self.links.seen(self.folders))

    def _read(self, path: str) -> CargoDocument | CastoffError | None:
        if path not in self._known:
            self._known[path] = self._parsed(path)
        return self._known[path]

    def _parsed(self, path: str) -> CargoDocument | CastoffError | None:
        try:
            text = self._files.read(path)
            return None if text is None else self._open(path, text)
        except CastoffError as error:
            return error


class _Search:
    """The members of one workspace: lists, globs, exclusions, and path dependencies inside its folder.

    All folders are from the top of the tree.
    """

    def __init__(self, opened: _Opened, root: CargoDocument) -> None:
        self._opened = opened
        self._root = root
        self._found: dict[str, CargoDocument] = {}
        self._unfit: set[str] = set()
        self._broken: list[str] = []
        self.problems: list[Problem] = []
        self._members = self._texts("members")
        self._exclude = tuple(_joined(root.folder, one) for one in self._texts("exclude"))
        self._named = tuple(
            self._opened.links.real(_joined(root.folder, one)) for one in self._members if not _is_glob(one)
        )

    def layout(self) -> CargoLayout:
        """Find the members."""
        if isinstance(self._root.table.get("package", self._root.table.get("project")), dict):
            self._found[self._root.folder] = self._root
        for index, pattern in enumerate(self._members):
            self._member(pattern, index)
        self._check_defaults()
        # Path dependencies below the root are members even if no list names them (The Cargo Book, "The
        # members and exclude fields").
        self._follow([*self._found.values()])
        members = tuple(self._found[folder] for folder in sorted(self._found))
        return CargoLayout(
            root=self._root, members=members, problems=tuple(self.problems), broken=tuple(self._broken)
        )

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self._root.table["workspace"].get(key, [])
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
        folder = _joined(self._root.folder, pattern)
        if not _is_glob(pattern):
            # A named member must exist; a glob may match nothing.
            if not self._take(self._opened.links.real(folder)):
                self._missing(pattern, ("workspace", "members", index))
            return
        places = (*self._opened.folders, *self._opened.linked())
        for found in _globbed((one for one in places if one), folder):
            real = self._opened.links.real(found)
            # An exclusion does not apply to a member that is named without a glob, as in cargo.
            if not _is_under(found, self._exclude) or _is_under(real, self._named):
                self._take(real)

    def _missing(self, pattern: str, path: tuple[str | int, ...]) -> None:
        outside = _joined(self._root.folder, pattern).startswith("..") or pattern.startswith("/")
        fact = "is outside the repository" if outside else f"has no `{MANIFEST}`"
        self._problem(
            "member-missing",
            f"the member `{pattern[:100]}` {fact}",
            "correct the list of members, or add the package",
            path,
        )

    def _check_defaults(self) -> None:
        for index, pattern in enumerate(self._texts("default-members")):
            folder = self._opened.links.real(_joined(self._root.folder, pattern))
            if not _is_glob(pattern) and folder not in self._found and folder != self._root.folder:
                self._problem(
                    "member-missing",
                    f"the default member `{pattern[:100]}` is not a member",
                    "correct the list of default members",
                    ("workspace", "default-members", index),
                )

    def _follow(self, queue: list[CargoDocument]) -> None:
        """Take path dependencies that lie inside the root's folder, as Cargo does, and theirs."""
        while queue:
            document = queue.pop()
            for target in dependency_folders(document.table, document.folder, self._inherited):
                folder = self._opened.links.real("" if target == "." else target)
                if folder in self._found or folder in self._unfit or folder.startswith(("..", "/")):
                    continue
                if not is_within(folder or ".", self._root.folder or "."):
                    continue
                if _is_under(folder, self._exclude) and not _is_under(folder, self._named):
                    continue
                if self._take(folder) and folder in self._found:
                    queue.append(self._found[folder])

    def _inherited(self, key: str) -> str | None:
        shared = self._root.table["workspace"].get("dependencies")
        entry = shared.get(key) if isinstance(shared, dict) else None
        path = entry.get("path") if isinstance(entry, dict) else None
        return _joined(self._root.folder, path) or "." if isinstance(path, str) else None

    def _take(self, folder: str) -> bool:
        if folder == self._root.folder:
            return folder in self._found
        if folder.startswith(("..", "/")):
            return False
        if folder in self._found:
            return True
        document = self._opened.at(folder)
        if document is None:
            return False
        if isinstance(document, CastoffError):
            if folder not in self._unfit:
                self.problems.extend(document.problems)
                self._broken.append(f"{folder}/{MANIFEST}")
            self._unfit.add(folder)
        # Cargo refuses a second root inside a workspace.
        elif isinstance(document.table.get("workspace"), dict):
            if folder not in self._unfit:
                self._nested(document)
            self._unfit.add(folder)
        else:
            self._found[folder] = document
        return True

    def _nested(self, document: CargoDocument) -> None:
        self.problems.append(
            Problem(
                code="nested-workspace",
                message=f"the member `{document.folder}` is itself a workspace",
                reason="Cargo allows one root in a workspace",
                remedy="remove its `[workspace]`, or add it to `workspace.exclude`",
                file=document.file,
                line=document.line(("workspace",)),
            )
        )

    def _problem(self, code: str, message: str, remedy: str, path: tuple[str | int, ...]) -> None:
        self.problems.append(
            Problem(
                code=code,
                message=message,
                remedy=remedy,
                file=self._root.file,
                line=self._root.line(path),
            )
        )


def _texts(head: CargoDocument, key: str) -> tuple[str, ...]:
    value = head.table["workspace"].get(key, [])
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _joined(folder: str, path: str) -> str:
    """Resolve a path of a manifest against its folder; "" is the top of the tree."""
    found = _normal(posixpath.join(folder, path.replace("\\", "/")))
    return "" if found == "." else found


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
            # `**` matches any number of folders, also none.
            reached = set(range(min(reached, default=len(folder)), len(folder) + 1)) if reached else reached
        else:
            step = _compiled(part)
            reached = {at + 1 for at in reached if at < len(folder) and step.match(folder[at])}
    return len(folder) in reached


@lru_cache(maxsize=256)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part))
