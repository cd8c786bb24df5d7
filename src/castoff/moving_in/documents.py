"""Which `[[replace]]` rules keep the version in readmes and modules up to date?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from castoff.manifests.mentions import Mention, mentions
from castoff.model.workspace import Package
from castoff.moving_in.lines import Entry
from castoff.ports import Tree

_SPECIAL = re.compile(r"[\\.^$*+?()\[\]|]")
_NUMBERS = r"[0-9]+(?:\.[0-9]+)+"


def document_entries(tree: Tree, packages: Sequence[Package], ruled: Collection[str]) -> Iterator[Entry]:
    """Give a rule for each place that says a package's version now, but for files that have rules (``ruled``)."""
    versions = {package.version for package in packages}
    known = {*ruled, *(package.version_file for package in packages)}
    seen: set[tuple[str, str]] = set()
    for one in mentions(tree.paths(), tree.read, packages, versions):
        before = _before(one)
        if one.file in known or not before.strip() or (one.file, before) in seen:
            continue
        seen.add((one.file, before))
        yield _entry(one, before)


def _entry(one: Mention, before: str) -> Entry:
    search = _SPECIAL.sub(r"\\\g<0>", before)
    place = f"{one.file}:{one.line}"
    reason = f"{place} says {one.version}, which no release would change; drop this rule where it tells of the past"
    settings: dict[str, object] = {
        "file": one.file,
        "search": search + (f"[^{before[-1]}]*" if one.is_code else _NUMBERS),
        "replace": before.replace("\\", "\\\\") + "{version}",
    }
    if one.is_code:
        reason, settings = f"{place} says the version", {**settings, "prerelease": True}
    return Entry(table="replace", settings=settings, reason=reason, many=True)


def _before(one: Mention) -> str:
    """Give the words before, but no version, which a rule replaces itself, and no brace, which templates read."""
    _, _, words = one.before.rpartition(one.version)
    return re.split(r"[{}]", words)[-1].lstrip()
