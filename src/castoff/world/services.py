"""All services of the embedded world, grown from one seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from castoff.errors import ConfigurationError
from castoff.world.bare import BareRepository
from castoff.world.cargo_registry import CargoRegistry
from castoff.world.cargo_registry.rejection import Rejected
from castoff.world.clock import WorldClock
from castoff.world.docs_host import DocsHost
from castoff.world.forge import Forge
from castoff.world.npm_registry import NpmRegistry
from castoff.world.npm_registry.outside import OutsideRegistry
from castoff.world.npm_registry.refusal import Refused
from castoff.world.python_index import PythonIndex
from castoff.world.python_index.refusal import UploadRefused
from castoff.world.seed import WorldSeed

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Services:
    """One of each kind."""

    python: PythonIndex
    cargo: CargoRegistry
    npm: NpmRegistry
    docs: DocsHost
    forge: Forge

    def dump(self, *, uploads_sorted: bool) -> dict[str, object]:
        """Return what each service holds; uploads in their order, or sorted."""
        parts = {
            "python": self.python.dump(),
            "cargo": self.cargo.dump(),
            "npm": self.npm.dump(),
            "docs": self.docs.dump(),
            "forge": self.forge.dump(),
        }
        return {name: _sorted_uploads(part) if uploads_sorted else part for name, part in parts.items()}


_OF_EVERY_REPOSITORY = ("web_url", "tokens", "default_permission", "viewer")
"""Keys of the forge's seed that hold for all its repositories."""


def plant(
    seed: WorldSeed,
    repository: Path,
    clock: WorldClock,
    *,
    outside_index: str | None,
    outside_registry: OutsideRegistry | None = None,
    beside: Sequence[BareRepository] = (),
) -> Services:
    """Grow the services from a seed; :class:`ConfigurationError` where it is wrong.

    ``outside_index`` and ``outside_registry`` answer for Python projects and npm packages that are not the world's.
    ``beside`` are the other repositories of the forge.
    """
    python = PythonIndex(clock=clock, outside=outside_index)
    _seeded("python", lambda: python.seed(seed.python))
    docs = _seeded("docs", lambda: DocsHost(clock=clock, settings=seed.docs))
    cargo = _seeded("cargo", lambda: CargoRegistry(clock=clock, settings=seed.cargo))
    cargo.on_upload = docs.crates.queue
    docs.is_yanked = cargo.is_yanked
    npm = _seeded("npm", lambda: NpmRegistry(clock=clock, settings=seed.npm, outside=outside_registry))
    shared = {key: seed.forge[key] for key in _OF_EVERY_REPOSITORY if key in seed.forge}
    others = [
        Forge(one.slug, one.path, seed={**shared, "default_branch": one.head}, clock=clock.now)
        for one in beside
        if one.path != repository
    ]
    forge = Forge(seed.slug, repository, seed=seed.forge, clock=clock.now, others=others)
    return Services(python, cargo, npm, docs, forge)


def _seeded(key: str, make: Callable[[], Made]) -> Made:
    """Make a service; what is wrong in its part of the seed is the seed's fault."""
    try:
        return make()
    except (ValueError, KeyError, TypeError, OSError, Rejected, Refused, UploadRefused) as error:
        raise ConfigurationError.of(
            "world-seed-invalid",
            f"`{key}` in the seed of the embedded world is wrong: {error}",
            remedy="see docs/reference/world.md for all keys",
        ) from error


def _sorted_uploads(part: dict[str, object]) -> dict[str, object]:
    uploads = part.get("uploads")
    if not isinstance(uploads, list):
        return part
    return {**part, "uploads": sorted(uploads, key=lambda upload: sorted(map(str, upload.items())))}
