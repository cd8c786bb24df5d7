"""What the registry knows of a version: values, read from the manifest inside the ``.crate``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from castoff.world.cargo_registry.requirements import index_requirement
from castoff.world.messages import Rejected

Kind = Literal["normal", "build", "dev"]
_TABLES: tuple[tuple[str, str, Kind], ...] = (
    ("dependencies", "dependencies", "normal"),
    ("dev-dependencies", "dev_dependencies", "dev"),
    ("build-dependencies", "build_dependencies", "build"),
)


class Dependency(Struct, frozen=True, kw_only=True):
    """One dependency as the index writes it; ``package`` is the real name where it was renamed."""

    name: str
    requirement: str
    kind: Kind = "normal"
    features: tuple[str, ...] = ()
    optional: bool = False
    default_features: bool = True
    target: str | None = None
    package: str | None = None
    registry: str | None = None

    @property
    def crate(self) -> str:
        """Return the name of the crate that is depended on."""
        return self.package or self.name


class Published(Struct, frozen=True, kw_only=True):
    """One version of a crate."""

    name: str
    version: str
    checksum: str
    crate: bytes
    dependencies: tuple[Dependency, ...] = ()
    features: tuple[tuple[str, tuple[str, ...]], ...] = ()
    links: str | None = None
    rust_version: str | None = None
    description: str | None = None
    license: str | None = None
    categories: tuple[str, ...] = ()


def dependencies_of(manifest: dict[str, Any]) -> tuple[Dependency, ...]:
    """List the dependencies of a normalised manifest, those of targets included."""
    return tuple(_dependencies(manifest))


def features_of(manifest: dict[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """List the features of a manifest."""
    features = manifest.get("features", {})
    if not isinstance(features, dict) or not all(isinstance(values, list) for values in features.values()):
        raise Rejected("failed to parse `Cargo.toml` manifest file\n\ninvalid `features`")
    return tuple((name, tuple(str(value) for value in values)) for name, values in features.items())


def _dependencies(manifest: dict[str, Any]) -> Iterator[Dependency]:
    yield from _of_tables(manifest, None)
    targets = manifest.get("target", {})
    if isinstance(targets, dict):
        for target, tables in targets.items():
            if isinstance(tables, dict):
                yield from _of_tables(tables, target)


def _of_tables(tables: dict[str, Any], target: str | None) -> Iterator[Dependency]:
    for key, other_key, kind in _TABLES:
        table = tables.get(key, tables.get(other_key, {}))
        if not isinstance(table, dict):
            raise Rejected(f"failed to parse `Cargo.toml` manifest file\n\ninvalid `{key}`")
        for name, value in table.items():
            yield _dependency(name, value if isinstance(value, dict) else {"version": value}, kind, target)


def _dependency(name: str, value: dict[str, Any], kind: Kind, target: str | None) -> Dependency:
    package = value.get("package")
    registry = value.get("registry-index") or value.get("registry")
    default = value.get("default-features", value.get("default_features", True))
    return Dependency(
        name=name,
        requirement=index_requirement(str(value.get("version", "*")), str(package or name)),
        kind=kind,
        features=tuple(str(feature) for feature in value.get("features", ())),
        optional=bool(value.get("optional", False)),
        default_features=bool(default),
        target=target,
        package=str(package) if package not in (None, name) else None,
        registry=str(registry) if registry is not None else None,
    )
