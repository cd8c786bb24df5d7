"""Which pyproject.toml files of a tree make the workspace?

A uv workspace says so itself. Without one, every project of the tree belongs to it, apart from folders of
environments, fixtures and foreign code; projects among examples and documents are members, never published.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from castoff.errors import CastoffError, Problem
from castoff.manifests.python_document import Document
from castoff.manifests.python_project import is_project

Open = Callable[[str], Document]

_SKIPPED = frozenset(
    {
        "node_modules",
        "__pycache__",
        "site-packages",
        "test",
        "tests",
        "fixtures",
        "testdata",
        "vendor",
        "vendored",
        "_vendor",
        "third_party",
        "thirdparty",
        "venv",
    }
)
_SHOWN = frozenset(
    {
        "example",
        "examples",
        "sample",
        "samples",
        "doc",
        "docs",
        "demo",
        "demos",
        "template",
        "templates",
        "benchmark",
        "benchmarks",
        "scripts",
    }
)
_OTHER_ROOTS = frozenset({"Cargo.toml", "package.json"})


@dataclass(frozen=True, slots=True)
class Place:
    """One manifest of the workspace; ``shown`` marks those that only show or test something."""

    document: Document
    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The projects, the manifests that are no projects but may hold requirements, what is wrong."""

    places: tuple[Place, ...] = ()
    roots: tuple[Document, ...] = ()
    uv: bool = False
    problems: tuple[Problem, ...] = ()


def lay_out(paths: Sequence[str], open_manifest: Open) -> Layout:
    """Find the manifests of the workspace among all files of a tree."""
    manifests = [one for one in paths if one == "pyproject.toml" or one.endswith("/pyproject.toml")]
    found, problems = _opened([one for one in manifests if not _is_skipped(one)], open_manifest)
    heads = _workspaces(found)
    if heads:
        return _uv_layout(heads, manifests, open_manifest, problems)
    places = tuple(Place(one, _is_shown(one.folder)) for one in found if is_project(one))
    problems += _unsupported(paths, places)
    return Layout(places=places, problems=tuple(problems))


def matches(patterns: Iterable[str], *names: str) -> bool:
    """Say whether one of the exclusion patterns matches a name or path."""
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _workspaces(found: Iterable[Document]) -> list[Document]:
    """Pick the outermost uv workspaces; none where the root is a project with no workspace of its own."""
    documents = list(found)
    heads = [one for one in documents if isinstance(one.get("tool", "uv", "workspace"), dict)]
    root = next((one for one in documents if one.folder == "."), None)
    if root is not None and root not in heads and is_project(root):
        return []
    if root in heads:
        return [one for one in heads if one.folder == "."]
    shallowest = min((one.folder.count("/") for one in heads), default=0)
    return [one for one in heads if one.folder.count("/") == shallowest and not _is_shown(one.folder)]


def _uv_layout(
    heads: Sequence[Document], manifests: Sequence[str], open_manifest: Open, problems: list[Problem]
) -> Layout:
    places: list[Place] = []
    roots: list[Document] = []
    seen = [problem for problem in problems if problem.file in {one.file for one in heads}]
    for head in heads:
        try:
            inside, missing = _members(head, manifests)
        except CastoffError as error:
            seen += error.problems
            continue
        documents, failed = _opened(inside, open_manifest)
        seen += missing + [one for one in failed if one not in seen]
        if is_project(head):
            places.append(Place(head))
        else:
            roots.append(head)
        places += [Place(one) for one in documents if is_project(one)]
    return Layout(places=tuple(places), roots=tuple(roots), uv=True, problems=tuple(seen))


def _members(head: Document, manifests: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """Match the globs of a uv workspace, which are relative to it."""
    base = "" if head.folder == "." else head.folder + "/"
    wanted = _globs(head, "members")
    unwanted = [_glob(one) for one in _globs(head, "exclude")]
    patterns = [_glob(one) for one in wanted]
    found: list[str] = []
    hit: set[int] = set()
    for manifest in manifests:
        folder = manifest.removesuffix("/pyproject.toml")
        if not folder.startswith(base) or manifest == head.file or _is_foreign(folder):
            continue
        relative = folder.removeprefix(base)
        matched = {index for index, pattern in enumerate(patterns) if pattern.fullmatch(relative)}
        if matched and not any(pattern.fullmatch(relative) for pattern in unwanted):
            found.append(manifest)
        hit |= matched
    missing = [one for index, one in enumerate(wanted) if index not in hit]
    return found, [_missing(head, wanted.index(one), one) for one in missing]


def _globs(head: Document, field: str) -> Sequence[str]:
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


def _missing(head: Document, index: int, pattern: str) -> Problem:
    return Problem(
        code="member-missing",
        severity="warning" if any(mark in pattern for mark in "*?[") else "error",
        message=f"the workspace names the member `{pattern}`, which matches no folder with a `pyproject.toml`",
        reason="a package that is forgotten would be left out of the release",
        remedy="correct `tool.uv.workspace.members`",
        file=head.file,
        line=head.line("tool", "uv", "workspace", "members", index),
    )


def _opened(manifests: Iterable[str], open_manifest: Open) -> tuple[list[Document], list[Problem]]:
    found: list[Document] = []
    problems: list[Problem] = []
    for manifest in manifests:
        try:
            found.append(open_manifest(manifest))
        except CastoffError as error:
            problems += error.problems
    return found, problems


def _unsupported(paths: Sequence[str], places: Sequence[Place]) -> list[Problem]:
    """Tell of setuptools projects without a usable pyproject.toml; errors where there is nothing else."""
    known = {place.document.folder for place in places}
    all_paths = frozenset(paths)
    problems: list[Problem] = []
    if not places and all_paths & _OTHER_ROOTS:
        return []
    for path in paths:
        folder, _, file = path.rpartition("/")
        folder = folder or "."
        if file not in ("setup.py", "setup.cfg") or folder in known or _is_skipped(path) or _is_shown(folder):
            continue
        if file == "setup.cfg" and f"{folder}/setup.py".removeprefix("./") not in all_paths:
            continue
        problems.append(_setup_only(path, folder, is_only=not places))
        known.add(folder)
    return problems


def _setup_only(path: str, folder: str, *, is_only: bool) -> Problem:
    return Problem(
        code="manifest-unsupported",
        severity="error" if is_only else "warning",
        message=f"the project in `{folder}` has no `[project]` table in a `pyproject.toml`",
        reason=f"`{path}` is a program, which castoff does not run to learn names, versions and requirements",
        remedy="move its metadata to `pyproject.toml` (the back end can stay setuptools)",
        file=path,
    )


def _is_foreign(folder: str) -> bool:
    return any((part.startswith(".") and part != ".") or part == "node_modules" for part in folder.split("/"))


def _is_skipped(path: str) -> bool:
    parts = path.split("/")[:-1]
    return any(
        part in _SKIPPED or part[:1] == "." or part.endswith(".egg-info") or "{{" in part for part in parts
    )


def _is_shown(folder: str) -> bool:
    return any(part in _SHOWN for part in folder.split("/"))
