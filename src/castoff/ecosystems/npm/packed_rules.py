"""Judgement of packed manifests: what users' clients, or the registry, would not take.

Everything is judged on the tarball, since clients rewrite a manifest when they pack it (`workspace:`, `catalog:`,
`publishConfig`), and one of them leaves protocols in that no user can resolve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from castoff.ecosystems.npm.manifest.demands import FIELDS
from castoff.ecosystems.npm.manifest.ranges import admits
from castoff.ecosystems.npm.tarballs import Packed, packed_in
from castoff.errors import Problem
from castoff.model.workspace import Artifact, Package
from castoff.regexes import regex

_PROTOCOL = regex(r"(?:workspace|catalog|file|link|portal|patch):|\.{1,2}/|/|~/")
_ENTRIES = ("main", "module", "types", "typings", "browser")
_ENDINGS = ("", ".js", ".json", ".node", ".cjs", ".mjs", "/index.js", "/index.json", "/index.node")
_CONDITIONS = frozenset(
    {
        "asset", "browser", "bun", "default", "deno", "development", "edge-light", "electron", "fastly",
        "import", "kiesel", "module", "module-sync", "netlify", "node", "node-addons", "node-webassembly",
        "production", "react-native", "react-server", "require", "sass", "script", "solid", "style", "svelte",
        "types", "web", "worker", "workerd", "worklet",
    }
)  # fmt: skip
"""Conditions of `exports` that clients set by themselves (Node's, bundlers' and the runtime keys of WinterTC).

A condition of the project's own (`source`) leads only those to a file who set it, as its own tests do.
"""
_SHOWN = 3
_LARGEST = 200_000_000
"""Bytes of a tarball, above which refusals were seen (npm/documentation#1691); the limit is not documented."""


def mismatches(package: Package, artifact: Artifact, siblings: Mapping[str, str]) -> Iterator[Problem]:
    """Compare a tarball with the plan: name, version, requirements. Problems: ``metadata-mismatch``.

    ``siblings`` maps the packages of the release to their versions.
    """
    packed = packed_in(Path(artifact.path))
    if packed is None:
        yield _mismatch(package, artifact, "has no `package.json` that can be read")
        return
    name, version = packed.manifest.get("name"), packed.manifest.get("version")
    if name != package.name:
        yield _mismatch(package, artifact, f"has the name `{str(name)[:80]}`")
    if version != package.version:
        yield _mismatch(package, artifact, f"has the version `{str(version)[:80]}`")
    for target, text, kind in _requirements(packed.manifest):
        if kind == "dev":
            continue
        if _PROTOCOL.match(text):
            yield _mismatch(
                package, artifact, f"requires `{target}` by `{text[:80]}`, which no user can resolve"
            )
        elif target in siblings and not text.startswith("npm:") and not admits(text, siblings[target]):
            yield _mismatch(
                package, artifact, f"requires `{target}` `{text[:80]}`, which excludes {siblings[target]}"
            )


def refusals(package: Package, artifact: Artifact) -> Iterator[Problem]:
    """Report what the registry refuses in a tarball, or its clients: ``metadata-refused``."""
    file = Path(artifact.path)
    packed = packed_in(file)
    if packed is None:
        return
    if packed.links:
        fact = f"it holds the link `{packed.links[0][:120]}`"
        yield _refused(package, artifact, fact, "replace the link by a file, or leave it out (`files`)")
    if packed.manifest.get("private") in (True, "true"):
        yield _refused(package, artifact, "its `package.json` has `private`", "remove `private` from it")
    if (size := file.stat().st_size) > _LARGEST:
        fact = f"it has {size:,} bytes, and tarballs above {_LARGEST:,} were refused"
        yield _refused(package, artifact, fact, "leave out what users do not need (`files`)")


def missing_entries(package: Package, artifact: Artifact) -> Iterator[Problem]:
    """Report entry files that the manifest names and the tarball does not hold: ``entry-file-missing``."""
    packed = packed_in(Path(artifact.path))
    if packed is None:
        return
    missing = sorted({one for one in entry_files(packed.manifest) if not _has(packed, one)})
    if not missing:
        return
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    shown = ", ".join(f"`{one}`" for one in missing[:_SHOWN])
    hint = ""
    scripts = packed.manifest.get("scripts")
    if isinstance(scripts, dict) and "prepublishOnly" in scripts:
        hint = "; `prepublishOnly` does not run when a package is packed"
    if beside := sorted({one for entry in missing for one in _beside(packed, entry)}):
        hint += "; it holds " + ", ".join(f"`{one}`" for one in beside[:_SHOWN]) + " there"
    yield Problem(
        code="entry-file-missing",
        message=f"the tarball of `{package.name}` lacks {shown}{more}, which its `package.json` names",
        reason="users who import the package would get an error" + hint,
        remedy="set the command that builds the packages, `build` in `[npm]` of `castoff.toml`; or add the files to "
        "`files` in the manifest; or correct their names in it",
        file=package.manifest,
        package=package.id,
    )


def _requirements(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for field, kind in FIELDS.items():
        table = manifest.get(field)
        for name, text in table.items() if isinstance(table, dict) else ():
            if isinstance(text, str):
                yield name, text.strip(), kind


def entry_files(manifest: Mapping[str, Any]) -> Iterator[str]:
    """List the files that a manifest names; patterns in `exports` name none."""
    for key in _ENTRIES:
        if isinstance(value := manifest.get(key), str):
            yield value
    programs = manifest.get("bin")
    if isinstance(programs, str):
        yield programs
    elif isinstance(programs, dict):
        yield from (one for one in programs.values() if isinstance(one, str))
    yield from _exported(manifest.get("exports"))


def _exported(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("./") and "*" not in value and not value.endswith("/"):
            yield value
    elif depth < 20 and isinstance(value, list | dict):
        # Of a list, one target that exists is enough, which clients disagree on; the first is the usual one.
        inner = (
            value[:1] if isinstance(value, list) else [one for key, one in value.items() if _is_taken(key)]
        )
        for one in inner:
            yield from _exported(one, depth + 1)


def _is_taken(key: str) -> bool:
    """Return whether users' clients follow a key of `exports`: a path, or a condition that they know."""
    return key.startswith(".") or key.partition("@")[0] in _CONDITIONS


def _has(packed: Packed, entry: str) -> bool:
    path = str(PurePosixPath(entry.removeprefix("./") or "."))
    if path == ".":
        return any(f"index{ending}" in packed.files for ending in (".js", ".json", ".node"))
    return any(path + ending in packed.files for ending in _ENDINGS)


def _beside(packed: Packed, entry: str) -> Iterator[str]:
    """List the files of a tarball in the folder of a missing one that have all of its endings (`.d.ts`)."""
    path = PurePosixPath(entry)
    for file in map(PurePosixPath, packed.files):
        if file.parent == path.parent and path.suffixes and file.name.endswith("".join(path.suffixes)):
            yield str(file)


def _refused(package: Package, artifact: Artifact, fact: str, remedy: str) -> Problem:
    return Problem(
        code="metadata-refused",
        message=f"`{artifact.filename}` would be refused: {fact}",
        reason="registries check each package at its upload, when others may already be published",
        remedy=remedy,
        file=package.manifest,
        package=package.id,
    )


def _mismatch(package: Package, artifact: Artifact, fact: str) -> Problem:
    return Problem(
        code="metadata-mismatch",
        message=f"`{artifact.filename}` {fact}",
        reason=f"the release has `{package.name}` {package.version}",
        remedy="correct the manifest, or pack with the client that knows its protocols (`packageManager` in the "
        "root's `package.json`)",
        package=package.id,
        file=package.manifest,
    )
