"""Versions that were published before, if only the record of them is at hand: index lines, and crates made up."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

from castoff.world.cargo_registry.published import Dependency, Kind, Published
from castoff.world.cargo_registry.requirements import check_version, index_requirement

_REQUIREMENT_KEYS = {
    "name", "requirement", "kind", "optional", "features", "default_features", "target", "key",
}  # fmt: skip
_VERSION_KEYS = {"yanked", "requirements", "features"}


def read_record(packages: dict[str, Any]) -> Iterator[tuple[Published, bool]]:
    """Read ``{NAME: {VERSION: {yanked, requirements, features}}}``; give each version, and if yanked."""
    for name, versions in packages.items():
        for version, entry in _object(versions, name).items():
            fields = _object(entry, f"{name} {version}")
            _known(fields, _VERSION_KEYS, f"{name} {version}")
            yield _published(name, check_version(version), fields), bool(fields.get("yanked", False))


def _published(name: str, version: str, fields: dict[str, Any]) -> Published:
    dependencies = tuple(_dependency(each, name) for each in fields.get("requirements", ()))
    features = tuple((str(feature), ()) for feature in fields.get("features", ()))
    crate = minimal_crate(name, version, dependencies, features)
    return Published(
        name=name,
        version=version,
        checksum=hashlib.sha256(crate).hexdigest(),
        crate=crate,
        dependencies=dependencies,
        features=features,
        description=f"{name} as it was released before",
    )


def minimal_crate(
    name: str,
    version: str,
    dependencies: tuple[Dependency, ...] = (),
    features: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> bytes:
    """Make a ``.crate`` with an empty library, always the same bytes."""
    files = {"Cargo.toml": _manifest(name, version, dependencies, features), "src/lib.rs": ""}
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(tar.getvalue(), mtime=0)


def _manifest(
    name: str,
    version: str,
    dependencies: tuple[Dependency, ...],
    features: tuple[tuple[str, tuple[str, ...]], ...],
) -> str:
    lines = [
        "[package]",
        f"name = {_text(name)}",
        f"version = {_text(version)}",
        'edition = "2021"',
        f"description = {_text(f'{name} as it was released before')}",
        'license = "Apache-2.0"',
        "[features]",
        *(f"{_text(feature)} = [{', '.join(map(_text, values))}]" for feature, values in features),
    ]
    tables = {"normal": "dependencies", "build": "build-dependencies", "dev": "dev-dependencies"}
    for dependency in dependencies:
        table = tables[dependency.kind]
        head = f"target.{_text(dependency.target)}.{table}" if dependency.target is not None else table
        lines += [f"[{head}.{_text(dependency.name)}]", f"version = {_text(dependency.requirement)}"]
        if dependency.package is not None:
            lines.append(f"package = {_text(dependency.package)}")
        lines.append(f"optional = {str(dependency.optional).lower()}")
        lines.append(f"default-features = {str(dependency.default_features).lower()}")
        lines.append(f"features = [{', '.join(map(_text, dependency.features))}]")
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text)


def _dependency(value: Any, name: str) -> Dependency:
    fields = _object(value, f"a requirement of {name}")
    _known(fields, _REQUIREMENT_KEYS, f"a requirement of {name}")
    target, key = fields.get("target"), fields.get("key")  # the key: under which name it was renamed to
    return Dependency(
        name=str(fields["name"] if key is None else key),
        package=None if key is None else str(fields["name"]),
        requirement=index_requirement(str(fields["requirement"]), str(fields["name"])),
        kind=_kind(fields.get("kind", "normal")),
        optional=bool(fields.get("optional", False)) or fields.get("kind") == "optional",
        features=tuple(str(feature) for feature in fields.get("features", ())),
        default_features=bool(fields.get("default_features", True)),
        target=None if target is None else str(target),
    )


def _kind(value: Any) -> Kind:
    match value:
        case "normal" | "optional":  # the latter, in a record: a normal one that a feature turns on
            return "normal"
        case "build":
            return "build"
        case "dev":
            return "dev"
        case _:
            raise ValueError(f"the kind `{value}` of a requirement is none of normal, optional, build, dev")


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def _known(fields: dict[str, Any], keys: set[str], what: str) -> None:
    for key in fields:
        if key not in keys:
            raise ValueError(f"{what} has the unknown key `{key}`; it may have {', '.join(sorted(keys))}")
