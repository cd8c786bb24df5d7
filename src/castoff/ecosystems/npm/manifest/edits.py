"""Edits of npm manifests and catalogs for the next version; nothing else in any file changes."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct, field

from castoff.ecosystems.npm.manifest.catalogs import CatalogEntry
from castoff.ecosystems.npm.manifest.demands import NpmRequirement, demands_of
from castoff.ecosystems.npm.manifest.document import MANIFEST, Document
from castoff.ecosystems.npm.manifest.layout import Layout
from castoff.ecosystems.npm.manifest.ranges import admits, moved
from castoff.errors import Problem
from castoff.model.workspace import Edit, Edited, EditKind
from castoff.text.json import Path, replace_json_strings
from castoff.text.yaml import replace_values


class NpmMove(Struct, frozen=True, kw_only=True):
    """The release: the packages that move with their old versions, the manifests whose version moves, the new version.

    ``raised`` lists the manifests whose requirements move although they admit it; None: all.
    """

    old: Mapping[str, str]
    moving: frozenset[str]
    new: str
    raised: Collection[str] | None

    def keeps(self, file: str) -> bool:
        """Return whether requirements of a manifest that admit the new version stay."""
        return self.raised is not None and file not in self.raised


class _Sheet(Struct):
    """The edits of one release as they come together, file by file."""

    strings: dict[str, dict[Path, str]] = field(default_factory=dict)
    scalars: dict[str, dict[tuple[str, int], str]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def write(self, document: Document, key: Path, old: str, new: str) -> None:
        """Note the new text of a string of a manifest."""
        self.strings.setdefault(document.file, {})[key] = new
        kind: EditKind = "version" if key == ("version",) else "requirement"
        line = document.line(*key) or 1
        self.edits.append(Edit(path=document.file, line=line, kind=kind, old=old, new=new))

    def write_entry(self, entry: CatalogEntry, new: str) -> None:
        """Note the new text of a catalog's entry."""
        if entry.path is not None:
            self.strings.setdefault(entry.file, {})[entry.path] = new
        else:
            self.scalars.setdefault(entry.file, {})[entry.name, entry.line] = new
        self.edits.append(Edit(path=entry.file, line=entry.line, kind="requirement", old=entry.text, new=new))


def edit_manifests(
    read: Callable[[str], str | None],
    layouts: Sequence[Layout],
    documents: Mapping[str, Document],
    move: NpmMove,
) -> Edited:
    """Compute the new texts. Problems: ``requirement-excludes-release``."""
    sheet = _Sheet()
    for layout in layouts:
        for file in layout.members:
            document = documents.get(file)
            if document is None:
                continue
            if file in move.moving and document.version not in (None, move.new):
                sheet.write(document, ("version",), document.version or "", move.new)
            for demand in demands_of(document, layout.catalogs):
                if demand.name in move.old:
                    _move(sheet, document, demand, move)
        root = documents.get(posixpath.join(layout.folder, MANIFEST).removeprefix("./"))
        for demand in layout.overrides:
            if root is not None and demand.name in move.old:
                _move(sheet, root, demand, move)
    texts = {file: replace_json_strings(documents[file].text, new) for file, new in sheet.strings.items()}
    for file, lines in sheet.scalars.items():
        texts[file] = replace_values(read(file) or "", lines, file=file)
    # A set: members that share a catalog's entry bring the same edit each.
    edits = sorted(set(sheet.edits), key=lambda edit: (edit.path, edit.line, edit.old))
    return Edited(texts=texts, edits=tuple(edits), problems=tuple(dict.fromkeys(sheet.problems)))


def _move(sheet: _Sheet, document: Document, demand: NpmRequirement, move: NpmMove) -> None:
    if demand.range is None or demand.floats or demand.protocol in ("path", "url"):
        return
    is_former = not admits(demand.range, move.old[demand.name])
    if is_former and (demand.kind == "dev" or demand.protocol == "npm"):
        return  # an earlier release on purpose, to compare with
    result = moved(demand.range, move.new, keeps=move.keeps(document.file) or demand.kind == "dev")
    if not result.admits and demand.kind != "dev" and _is_range(demand.range):
        sheet.problems.append(_excluding(document, demand, move.new))
    if result.text == demand.range:
        return
    if demand.entry is not None:
        sheet.write_entry(demand.entry, result.text)
        return
    end = demand.start + len(demand.range)
    new = demand.text[: demand.start] + result.text + demand.text[end:]
    sheet.write(document, demand.key, demand.text, new)


def _is_range(text: str) -> bool:
    """Return whether a text is a range, and not the name of a dist-tag (`latest`)."""
    return not text[:1].isalpha() or text[:1] in "vxX"


def _excluding(document: Document, demand: NpmRequirement, new: str) -> Problem:
    entry = demand.entry
    return Problem(
        code="requirement-excludes-release",
        message=f"the requirement `{demand.name}: {demand.range}` excludes {new}, even after its update",
        reason="the packages of this release could not be installed together",
        remedy="correct the requirement by hand",
        file=entry.file if entry else document.file,
        line=entry.line if entry else document.line(*demand.key),
    )
