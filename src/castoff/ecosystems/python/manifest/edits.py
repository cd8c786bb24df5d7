"""Edits of a Python workspace's manifests for the next version.

Versions move in their place (manifest or version file), requirements on siblings by the rules of
:mod:`castoff.ecosystems.python.manifest.requirements`; nothing else in any file changes.

Settings of package managers that pin siblings: constraints and overrides of uv and PDM.
They order nothing and reach no index, but a resolver in the tree obeys them: a pin on the old version makes the
workspace unresolvable in the release commit. They move as requirements do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.project import Demand, demands, read_demand
from castoff.ecosystems.python.manifest.requirements import MovedSpecifier, admits, moved
from castoff.ecosystems.python.manifest.version_place import Read, VersionSpot
from castoff.ecosystems.python.manifest.versions import find_version
from castoff.ecosystems.python.names import name_of, normalised
from castoff.errors import CastoffError, Problem
from castoff.model.workspace import Edit
from castoff.text.toml import Path, replace_strings, splice

_UV = ("constraint-dependencies", "override-dependencies", "build-constraint-dependencies")
_UV_FILE = "uv.toml"


def pins(document: PythonDocument, siblings: Mapping[str, str]) -> Iterator[Demand]:
    """Find the pins on siblings (normalised names) in a `pyproject.toml` or a `uv.toml`.

    Errors: ``requirement-invalid`` with the line.
    """
    base = () if document.file.rpartition("/")[2] == _UV_FILE else ("tool", "uv")
    for key in _uv_lists(document, base):
        listed = document.get(*key)
        for index, text in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(text, str) and name_of(text) in siblings:
                yield read_demand(document, "group", (*key, index), text)
    place = ("tool", "pdm", "resolution", "overrides")
    overrides = document.get(*place)
    for name, text in overrides.items() if isinstance(overrides, dict) else ():
        # PDM reads a bare version as an exact pin, as Poetry does.
        if isinstance(text, str) and normalised(name) in siblings and text[:1].isdigit():
            yield Demand(
                name=normalised(name),
                kind="group",
                key=(*place, name),
                text=text,
                spec=text,
                dialect="poetry",
            )
        elif isinstance(text, str) and normalised(name) in siblings and text[:1] in "<>=~!":
            yield Demand(name=normalised(name), kind="group", key=(*place, name), text=text, spec=text)


def uv_settings(paths: Sequence[str], folders: Collection[str]) -> Iterator[str]:
    """List the `uv.toml` files that uv reads for packages in these folders: in the folder, or above it."""
    for path in paths:
        base, _, name = path.rpartition("/")
        if name == _UV_FILE and any(not base or one == base or one.startswith(f"{base}/") for one in folders):
            yield path


def _uv_lists(document: PythonDocument, base: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield from ((*base, one) for one in _UV)
    extra = document.get(*base, "extra-build-dependencies")
    yield from ((*base, "extra-build-dependencies", one) for one in extra or () if isinstance(extra, dict))


_LOCK_CLIENTS = {"poetry.lock": "poetry", "pdm.lock": "pdm"}


class Move(Struct, frozen=True, kw_only=True):
    """The release: each sibling that moves (normalised name) with its old version, and the new one.

    ``semver`` is the new version for files that hold SemVer: the `Cargo.toml` of a maturin project, `package.json`.

    Requirements on ``lazy`` ones move only where they shut the new version out: nothing else in the tree says which
    version those siblings have.
    """

    old: Mapping[str, str]
    new: str
    semver: str
    lazy: frozenset[str] = frozenset()


class Sheet(Struct):
    """The edits of one release as they come together, file by file."""

    values: dict[str, dict[Path, str]] = field(default_factory=dict)
    spans: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def move_version(sheet: Sheet, document: PythonDocument, read: Read, move: Move) -> None:
    """Write down the edit of one project's version; what cannot be found is a problem of discovery."""
    try:
        spot = find_version(document, read)
    except CastoffError as error:
        sheet.problems += error.problems
        return
    # A version from git tags has no place in the tree.
    if spot.tags is not None or spot.version == move.new:
        return
    new = move.new if spot.semver is None else move.semver
    # Several packages can share one place: maturin projects whose crates inherit the version of their workspace.
    if spot.key is not None:
        values = sheet.values.setdefault(spot.file, {})
        known = spot.key in values
        values[spot.key] = new
    else:
        spans = sheet.spans.setdefault(spot.file, {})
        known = spot.span in spans
        if spot.span is not None:
            spans[spot.span] = new
    if not known:
        sheet.edits.append(_edit(spot, new))


def move_requirements(sheet: Sheet, document: PythonDocument, move: Move, *, keeps: bool = False) -> None:
    """Write down the edits of one manifest's requirements on the siblings that move.

    With ``keeps``, floors that admit the new version stay.
    """
    try:
        found = (*demands(document, move.old), *pins(document, move.old))
    except CastoffError as error:
        sheet.problems += error.problems
        return
    for demand in found:
        # A requirement without a version admits everything, and needs no edit.
        if not demand.spec or (demand.name in move.lazy and admits(demand.spec, move.new, demand.dialect)):
            continue
        result = moved(demand.spec, move.old[demand.name], move.new, demand.dialect, keeps=keeps)
        sheet.problems += _told(document, demand, result, move)
        if result.spec == demand.spec:
            continue
        # Only the specifier is replaced: extras, markers and spaces stay as they were written.
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


def texts_of(sheet: Sheet, documents: Iterable[PythonDocument], read: Read) -> dict[str, str]:
    """Return the new text of every file that changes."""
    by_file = {document.file: document for document in documents}
    texts: dict[str, str] = {}
    for file, changes in sheet.values.items():
        document = by_file[file] if file in by_file else PythonDocument.of(file, read(file) or "")
        texts[file] = replace_strings(
            document.text, changes, positions=document.positions, data=document.data
        )
    for file, pieces in sheet.spans.items():
        text = texts.get(file) or read(file)
        if text is not None:
            texts[file] = splice(text, [(*span, new) for span, new in pieces.items()])
    return texts


def lock_warnings(paths: Iterable[str], folders: Collection[str]) -> list[Problem]:
    """Warn of lock files that need their client; the caller drops those whose client is installed."""
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
                message=f"`{path}` must be updated to the new version by `{client}`",
                reason=f"`{client}` is not in PATH, so the lock file would no longer match the manifests",
                remedy=f"install `{client}` so that it is in PATH",
                file=path,
            )
        )
    return told


def _edit(spot: VersionSpot, new: str) -> Edit:
    return Edit(path=spot.file, line=spot.line or 1, kind="version", old=spot.written, new=new)


def _told(document: PythonDocument, demand: Demand, result: MovedSpecifier, move: Move) -> list[Problem]:
    line = document.line(*demand.key)
    told: list[Problem] = []
    if not result.admits:
        told.append(
            Problem(
                code="requirement-excludes-release",
                message=f"the requirement `{demand.text}` excludes {move.new}, even after its update",
                reason="the packages of this release could not be installed together",
                remedy="correct the requirement by hand",
                file=document.file,
                line=line,
            )
        )
    return told
