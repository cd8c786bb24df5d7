"""The Python workspaces of a tree: uv workspaces, and the plain projects that are in none.

A uv workspace names its members itself. All other projects of the tree form one workspace together. No folder
counts for its name; what is private or of another version is decided later.
"""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.project import is_project
from castoff.errors import CastoffError, Problem
from castoff.model.scope import common_folder, folders_above
from castoff.model.selection import Program
from castoff.model.tree_links import links_of
from castoff.ports import Tree
from castoff.text.tree_texts import Read, text_or_nothing

MANIFEST = "pyproject.toml"
Open = Callable[[str], PythonDocument]


class PythonLayout(Struct, frozen=True, kw_only=True):
    """The manifests of one workspace; ``head`` is that of a uv workspace, None for the plain projects.

    ``projects`` describe a package, the head among them if it does; ``broken`` are listed and no TOML.
    """

    head: PythonDocument | None = None
    projects: tuple[PythonDocument, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Return the folder of the workspace; for plain projects the one that holds them all."""
        if self.head is not None:
            return self.head.folder
        return common_folder(one.folder for one in self.projects)


class _Files(Struct, frozen=True):
    """The files of a tree, and the folders of manifests by the names that links give them."""

    paths: Sequence[str]
    linked: Mapping[str, str]


class PythonLayouts(Struct, frozen=True, kw_only=True):
    """All workspaces of a tree, and the manifests that cannot be read and are in none of them."""

    found: tuple[PythonLayout, ...] = ()
    unreadable: tuple[tuple[str, Problem], ...] = ()


def lay_out(tree: Tree, open_manifest: Open) -> PythonLayouts:
    """Find the workspaces among all files of a tree."""
    paths = tree.paths()
    manifests = [one for one in paths if one == MANIFEST or one.endswith(f"/{MANIFEST}")]
    documents, broken = _opened(manifests, open_manifest)
    files = _Files(paths, links_of(tree).seen(one.rpartition("/")[0] or "." for one in manifests))
    heads = [one for one in documents.values() if isinstance(one.get("tool", "uv", "workspace"), dict)]
    layouts: list[PythonLayout] = []
    taken: set[str] = set()
    # Outermost first, since uv treats a nested workspace as a member of the outer one.
    for head in sorted(heads, key=lambda one: (one.folder.count("/"), one.folder != ".", one.folder)):
        if head.file in taken:
            continue  # uv takes a workspace that is a member of another one for a member
        layout, claimed = _uv_layout(head, files, documents, broken)
        layouts.append(layout)
        taken |= {head.file, *claimed}
    plain = tuple(one for one in documents.values() if one.file not in taken and is_project(one))
    if plain:
        layouts.append(PythonLayout(projects=plain))
    rest = tuple((file, problem) for file, problem in broken.items() if file not in taken)
    return PythonLayouts(found=tuple(layouts), unreadable=rest)


def _uv_layout(
    head: PythonDocument,
    files: _Files,
    documents: dict[str, PythonDocument],
    broken: dict[str, Problem],
) -> tuple[PythonLayout, Sequence[str]]:
    try:
        inside, problems = _members(head, files)
    except CastoffError as error:
        own = (head,) if is_project(head) else ()
        return PythonLayout(head=head, projects=own, problems=tuple(error.problems)), ()
    unread = tuple(file for file in inside if file in broken)
    without = [documents[file] for file in inside if file in documents and _lacks_project(documents[file])]
    problems = [*problems, *(broken[file] for file in unread), *map(_no_project, without)]
    found = [documents[file] for file in (head.file, *inside) if file in documents]
    projects = tuple(one for one in found if is_project(one))
    return PythonLayout(head=head, projects=projects, problems=tuple(problems), broken=unread), inside


def _lacks_project(document: PythonDocument) -> bool:
    """Return whether uv refuses a member for its manifest; it passes over one that it is told not to manage."""
    return not is_project(document) and document.get("tool", "uv", "managed") is not False


def _no_project(document: PythonDocument) -> Problem:
    return Problem(
        code="member-missing",
        message=f"the workspace's member `{document.folder}` has no table `[project]`",
        reason="the package would be missing from the release, and uv refuses the workspace",
        remedy="add the table, or exclude the folder in `tool.uv.workspace.exclude`",
        file=document.file,
    )


def _members(head: PythonDocument, files: _Files) -> tuple[list[str], list[Problem]]:
    """Match the globs of a uv workspace, which are relative to it, with all folders of a tree that hold files.

    A folder that a glob matches and that has no manifest is reported, since uv refuses the workspace for it.
    """
    base = "" if head.folder == "." else head.folder + "/"
    wanted = _globs(head, "members")
    unwanted = [_glob(one) for one in _globs(head, "exclude")]
    patterns = [_glob(one) for one in wanted]
    found: list[str] = []
    bare: list[Problem] = []
    hit: set[int] = set()
    known = set(files.paths)
    folders: set[str] = set().union(
        *map(folders_above, {path.rpartition("/")[0] or "." for path in files.paths})
    )
    for folder in sorted(folders.union(files.linked)):
        # uv skips hidden folders when it expands members.
        if not folder.startswith(base) or folder == head.folder or _is_hidden(folder):
            continue
        relative = folder.removeprefix(base)
        matched = {index for index, pattern in enumerate(patterns) if pattern.fullmatch(relative)}
        if not matched or any(pattern.fullmatch(relative) for pattern in unwanted):
            continue
        hit |= matched
        manifest = f"{files.linked.get(folder, folder)}/{MANIFEST}"
        if manifest in known:
            found.append(manifest)
        else:
            bare.append(_no_manifest(head, min(matched), wanted[min(matched)], folder))
    missing = [one for index, one in enumerate(wanted) if index not in hit]
    return list(dict.fromkeys(found)), [*bare, *(_missing(head, wanted.index(one), one) for one in missing)]


def _globs(head: PythonDocument, field: str) -> Sequence[str]:
    """Read one list of globs of a uv workspace. Errors: ``manifest-invalid``."""
    return [
        one.removeprefix("./").rstrip("/") or "." for one in head.strings("tool", "uv", "workspace", field)
    ]


def _glob(pattern: str) -> re.Pattern[str]:
    parts = []
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        parts.append(
            {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}.get(part) or re.escape(part)
        )
    return re.compile("".join(parts))


def _no_manifest(head: PythonDocument, index: int, pattern: str, folder: str) -> Problem:
    return Problem(
        code="member-missing",
        severity="warning",  # the build stops for it, before the claim; a folder of notes may be meant to match
        message=f"`{folder}` matches the member `{pattern}` and has no `{MANIFEST}`",
        reason="the package would be missing from the release, and uv refuses the workspace",
        remedy="add the file, or exclude the folder in `tool.uv.workspace.exclude`",
        file=head.file,
        line=head.line("tool", "uv", "workspace", "members", index),
    )


def _missing(head: PythonDocument, index: int, pattern: str) -> Problem:
    return Problem(
        code="member-missing",
        severity="warning" if any(mark in pattern for mark in "*?[") else "error",
        message=f"the workspace names the member `{pattern}`, which matches no folder with a `pyproject.toml`",
        reason="the package would be missing from the release",
        remedy="correct `tool.uv.workspace.members`",
        file=head.file,
        line=head.line("tool", "uv", "workspace", "members", index),
    )


def _opened(
    manifests: Iterable[str], open_manifest: Open
) -> tuple[dict[str, PythonDocument], dict[str, Problem]]:
    found: dict[str, PythonDocument] = {}
    broken: dict[str, Problem] = {}
    for manifest in manifests:
        try:
            found[manifest] = open_manifest(manifest)
        except CastoffError as error:
            broken[manifest] = error.problems[0]
    return found, broken


def _is_hidden(folder: str) -> bool:
    """Return whether uv's globs pass over a folder: uv ignores members in hidden folders."""
    return any(part.startswith(".") and part != "." for part in folder.split("/"))


def find_programs(paths: Sequence[str], projects: Iterable[str], read: Read) -> tuple[Program, ...]:
    """List the folders that setuptools would build and that have no project in a `pyproject.toml`.

    ``projects`` are the folders that have one. A program that names no package is not listed: nothing could be
    uploaded of it. A version that is not a literal is None.
    """
    known = set(projects)
    found = []
    # `setup.py` first: its keywords override those of `setup.cfg`.
    for path in sorted(paths, key=lambda one: one.endswith("setup.cfg")):
        folder, _, file = path.rpartition("/")
        if file not in ("setup.py", "setup.cfg") or (folder or ".") in known:
            continue
        program = _program(path, folder, read)
        if program is not None:
            found.append(program)
            known.add(folder or ".")
    return tuple(sorted(found, key=lambda one: one.path))


def _program(path: str, folder: str, read: Read) -> Program | None:
    words = _call(text_or_nothing(read, path)) if path.endswith("setup.py") else {}
    static = _static(text_or_nothing(read, f"{folder}/setup.cfg" if folder else "setup.cfg"))
    name, version = (words.get(key, static.get(key, "")) for key in ("name", "version"))
    if name == "":
        return None
    # setuptools gives 0.0.0 to what names no version
    return Program(
        name=name or folder.rpartition("/")[2] or path,
        path=path,
        version="0.0.0" if version == "" else version,
    )


def _call(text: str) -> dict[str, str | None]:
    """Read the literal arguments of `setup(...)`; None for one that is computed, and for both with `**`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {"name": None, "version": None}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            found: dict[str, str | None] = {}
            for word in node.keywords:
                value = word.value.value if isinstance(word.value, ast.Constant) else None
                # `setup(**settings)`: anything may be in there, so what is not written out is unknown.
                if word.arg is None:
                    found = {"name": found.get("name"), "version": found.get("version")}
                elif word.arg in ("name", "version"):
                    found[word.arg] = value if isinstance(value, str) else None
            return found
    return {}


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _static(text: str) -> dict[str, str | None]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return {"name": None, "version": None}
    found: dict[str, str | None] = {}
    for key in ("name", "version"):
        value = parser.get("metadata", key, fallback=None)
        if value is not None:
            found[key] = None if value.startswith(("attr:", "file:")) else value.strip()
    return found
