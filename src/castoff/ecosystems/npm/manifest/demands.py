"""Requirements of a package.json, in each of its four fields and in every protocol.

`workspace:` and `catalog:` are rewritten by the client that packs (pnpm, Yarn, Bun); npm knows neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from castoff.ecosystems.npm.manifest.catalogs import DEFAULT, CatalogEntry, Catalogs
from castoff.ecosystems.npm.manifest.document import Document
from castoff.model.workspace import EdgeKind
from castoff.regexes import regex
from castoff.text.json import Path
from castoff.values import replace

Protocol = Literal["", "workspace", "npm", "catalog", "path", "url"]

FIELDS: dict[str, EdgeKind] = {
    "dependencies": "normal",
    "optionalDependencies": "optional",
    "peerDependencies": "peer",
    "devDependencies": "dev",
}
_ALIAS = regex(r"(?P<name>@[^@/\s]+/[^@/\s]+|[A-Za-z][^@/\s]*)@(?P<range>.*)")
_NAME = regex(r"@[^@/\s]+/[^@/\s]+|[^@/\s]+")
_EXACT = regex(r"=?\s*v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]{1,100})?")
_PATHS = ("file:", "link:", "portal:")
_URL = regex(r"[a-z][a-z0-9+.-]*:|[^/@\s]+/[^/\s]")
FLOATING = frozenset({"", "*", "^", "~"})
"""Ranges of `workspace:` that follow the sibling's version by themselves."""


class NpmRequirement(Struct, frozen=True, kw_only=True):
    """One requirement: ``name`` is the package that it is on, ``text`` what stands in the manifest.

    ``range`` is the part of it that names versions, at ``start`` in the text; None where no version is named. Where a
    catalog holds it, ``entry`` is the place, and ``range`` the one there.
    """

    name: str
    key: Path
    kind: EdgeKind
    text: str
    protocol: Protocol
    range: str | None
    start: int = 0
    entry: CatalogEntry | None = None
    is_optional: bool = False

    @property
    def floats(self) -> bool:
        """Return whether it follows the sibling's version by itself."""
        return self.protocol == "workspace" and (self.range is None or self.range in FLOATING)

    @property
    def pins(self) -> bool:
        """Return whether it admits one version alone, as it is packed."""
        if self.protocol == "workspace" and self.range in (None, "", "*"):
            return True
        return self.range is not None and _EXACT.fullmatch(self.range.strip()) is not None


def demands_of(document: Document, catalogs: Catalogs) -> Iterator[NpmRequirement]:
    """Read all requirements of a manifest. Errors: ``manifest-invalid``.

    npm takes `optionalDependencies` over `dependencies` of the same name.
    """
    optional = document.table("optionalDependencies")
    meta = document.table("peerDependenciesMeta")
    for field, kind in FIELDS.items():
        for name, text in document.table(field).items():
            if not isinstance(text, str):
                raise document.invalid((field, name), "a string")
            if field == "dependencies" and name in optional:
                continue
            entry = meta.get(name)
            is_optional = kind == "peer" and isinstance(entry, dict) and entry.get("optional") is True
            yield replace(read_demand((field, name), kind, text, catalogs), is_optional=is_optional)


def read_demand(key: Path, kind: EdgeKind, text: str, catalogs: Catalogs) -> NpmRequirement:
    """Read one requirement; the last part of ``key``, its place, names the package."""
    name, stripped = str(key[-1]), text.strip()
    target, protocol, found, entry = name, _protocol(stripped), None, None
    match protocol:
        case "workspace" | "npm":
            rest = stripped.partition(":")[2]
            alias = _ALIAS.fullmatch(rest)
            if alias is not None:
                target, found = alias["name"], alias["range"]
            elif protocol == "workspace":
                found = None if rest.startswith((".", "/")) else rest
            elif _NAME.fullmatch(rest):
                target = rest
        case "catalog":
            entry = catalogs.get((stripped.partition(":")[2].strip() or DEFAULT, name))
            found = entry.text if entry is not None else None
        case "":
            found = stripped
        case "path" | "url":
            pass
    # The last place: in `npm:react@1.0.0` the range may stand in the name before it as well.
    start = text.rindex(found) if found and entry is None else 0
    return NpmRequirement(
        name=target,
        key=key,
        kind=kind,
        text=text,
        protocol=protocol,
        range=found,
        start=start,
        entry=entry,
    )


def _protocol(text: str) -> Protocol:
    if text.startswith("workspace:"):
        return "workspace"
    if text.startswith("npm:"):
        return "npm"
    if text.startswith("catalog:"):
        return "catalog"
    if text.startswith((*_PATHS, "./", "../", "/", "~/")):
        return "path"
    return "url" if _URL.match(text) else ""
