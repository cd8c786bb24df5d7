"""How do the manifests of a Python workspace read at the next version?

Versions move in their place (manifest or version file), requirements on siblings by the rules of
:mod:`castoff.manifests.requirements`; nothing else in any file changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from castoff.errors import CastoffError, Problem
from castoff.manifests.python_document import Document
from castoff.manifests.python_project import Demand, demands
from castoff.manifests.python_versions import Read, VersionSpot, find_version
from castoff.manifests.requirements import Moved, admits, moved
from castoff.manifests.toml import Path, replace_strings, splice
from castoff.model.workspace import Edit

_LOCK_CLIENTS = {"poetry.lock": "poetry", "pdm.lock": "pdm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The release: each sibling that moves (normalised name) with its old version, and the new one.

    Requirements on ``lazy`` ones move only where they shut the new version out: nothing else in the tree says which
    version those siblings have.
    """

    old: Mapping[str, str]
    new: str
    lazy: frozenset[str] = frozenset()


@dataclass(slots=True)
class Sheet:
    """The edits of one release as they come together, file by file."""

    values: dict[str, dict[Path, str]] = field(default_factory=dict)
    spans: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def move_version(sheet: Sheet, document: Document, read: Read, move: Move) -> None:
    """Write down the edit of one project's version; what cannot be found is a problem of discovery."""
    try:
        spot = find_version(document, read)
    except CastoffError as error:
        sheet.problems += error.problems
        return
    if spot.tags is not None or spot.version == move.new:
        return
    if spot.key is not None:
        sheet.values.setdefault(spot.file, {})[spot.key] = move.new
    elif spot.span is not None:
        if spot.span in sheet.spans.setdefault(spot.file, {}):
            return
        sheet.spans[spot.file][spot.span] = move.new
    sheet.edits.append(_edit(spot, move.new))


def move_requirements(sheet: Sheet, document: Document, move: Move) -> None:
    """Write down the edits of one manifest's requirements on the siblings that move."""
    try:
        found = tuple(demands(document, move.old))
    except CastoffError as error:
        sheet.problems += error.problems
        return
    for demand in found:
        if not demand.spec or (demand.name in move.lazy and admits(demand.spec, move.new, demand.dialect)):
            continue
        result = moved(demand.spec, move.old[demand.name], move.new, demand.dialect)
        sheet.problems += _told(document, demand, result, move)
        if result.spec == demand.spec:
            continue
        end = demand.start + len(demand.spec)
        new = demand.text[: demand.start] + result.spec + demand.text[end:]
        sheet.values.setdefault(document.file, {})[demand.key] = new
        sheet.edits.append(
            Edit(
                path=document.file,
                line=document.line(*demand.key) or 1,
                kind="requirement",
                old=demand.text,
                new=new,
            )
        )


def texts_of(sheet: Sheet, documents: Iterable[Document], read: Read) -> dict[str, str]:
    """Give the new text of every file that changes."""
    by_file = {document.file: document for document in documents}
    texts: dict[str, str] = {}
    for file, changes in sheet.values.items():
        document = by_file[file]
        texts[file] = replace_strings(
            document.text, changes, positions=document.positions, data=document.data
        )
    for file, pieces in sheet.spans.items():
        text = texts.get(file) or read(file)
        if text is not None:
            texts[file] = splice(text, [(*span, new) for span, new in pieces.items()])
    return texts


def lock_warnings(paths: Iterable[str], folders: Collection[str]) -> list[Problem]:
    """Tell of lock files that only follow where their client is installed."""
    told: list[Problem] = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        client = _LOCK_CLIENTS.get(name)
        if client is None or not any(
            not folder or one == folder or one.startswith(f"{folder}/") for one in folders
        ):
            continue
        told.append(
            Problem(
                code="lock-needs-its-client",
                severity="warning",
                message=f"`{path}` has to follow the new version, which only `{client}` can do",
                reason="castoff runs it where it is installed, and leaves the lock as it is where it is not",
                remedy=f"see that `{client}` is in PATH when you release",
                file=path,
            )
        )
    return told


def _edit(spot: VersionSpot, new: str) -> Edit:
    return Edit(path=spot.file, line=spot.line or 1, kind="version", old=spot.version, new=new)


def _told(document: Document, demand: Demand, result: Moved, move: Move) -> list[Problem]:
    line = document.line(*demand.key)
    told: list[Problem] = []
    if result.stale:
        told.append(
            Problem(
                code="stale-requirement",
                severity="warning",
                message=f"the requirement `{demand.text}` was not on the version that `{demand.name}` has, "
                f"{move.old[demand.name]}",
                reason="packages of one release need each other at one version",
                remedy=f"nothing is left to do: it becomes `{result.spec}`",
                file=document.file,
                line=line,
            )
        )
    if not result.admits:
        told.append(
            Problem(
                code="requirement-excludes-release",
                message=f"the requirement `{demand.text}` shuts out {move.new}, also when it is moved",
                reason="no resolver could install the packages of this release together",
                remedy="correct the requirement by hand",
                file=document.file,
                line=line,
            )
        )
    return told
