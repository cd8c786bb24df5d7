"""What does a Cargo registry hold, and how is it written to? All of it through the real cargo."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from castoff.configuration.values import Cargo
from castoff.ecosystems.cargo.crates import compare_crates
from castoff.ecosystems.cargo.index import IndexLine, record_entry
from castoff.ecosystems.cargo.lookup import Lookup, Seen, Unseen, settings_above, user_home
from castoff.ecosystems.cargo.targets import crate_name, target_beside
from castoff.ecosystems.cargo.writing import Writer
from castoff.model.acts import Outcome
from castoff.model.observations import Answer, Present, Sameness, Withdrawn
from castoff.model.semver import Version, read_requirement, read_version
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Clock, Listing
from castoff.process import Processes
from castoff.scratch import scratch_prefix

_REQUIREMENT = re.compile(r"(?P<name>\S+) (?P<requirement>[^@]+?)(?: @ (?P<registry>\S+))?")
_DEFAULT = "crates-io"
_PATIENCE = 120.0
_FRESH = 2.0
"""Seconds for which a version that was seen counts as seen: a look and the question after it are one."""


class CargoRegistry:
    """The registries of one Cargo workspace; implements :class:`castoff.ports.Registry`.

    ``settings`` is the configuration's table, ``checkout`` the user's checkout, whose ``.cargo/config.toml`` may
    name registries. A requirement is spelled ``NAME =VERSION``, with `` @ REGISTRY`` for a named registry.
    """

    ecosystem: ClassVar[Ecosystem] = "cargo"

    def __init__(
        self, processes: Processes, settings: Cargo, clock: Clock, *, checkout: Path | None = None
    ) -> None:
        self._processes = processes
        self._registry = settings.registry
        self._files = settings_above(checkout, user_home(processes))
        self._lookups: dict[str | None, Lookup] = {}
        self._named: dict[str, str | None] = {}
        self._clock = clock
        self._sightings: dict[tuple[str | None, str], tuple[float, Seen]] = {}
        self._writer = Writer(processes, clock)

    def look(self, package: Package, version: str) -> Listing:
        """Say what is there of one version: its `.crate`, with the digest that the index has."""
        seen = self._lines([package.name], self._name_of(package))[package.name]
        if isinstance(seen, Unseen):
            return Listing(unknown=seen.reason)
        files = {
            f"{line.name}-{version}.crate": _answer(line)
            for line in seen or ()
            if _same_version(line.version, version)
        }
        return Listing(files=files, new_name=not seen)

    def versions(self, package: Package) -> Sequence[str] | None:
        """List all versions that the index has, withdrawn ones included, oldest first."""
        seen = self._lines([package.name], self._name_of(package))[package.name]
        return None if isinstance(seen, Unseen) else [line.version for line in seen or ()]

    def record(self, packages: Iterable[Package]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Give the registry record of packages (as ``--registry-record`` has it), and what could not be read."""
        found: dict[str, Any] = {}
        unread: list[str] = []
        by_registry: dict[str | None, list[str]] = {}
        for package in packages:
            by_registry.setdefault(self._name_of(package), []).append(package.name)
        for registry, names in by_registry.items():
            for name, seen in self._lines(names, registry).items():
                if isinstance(seen, Unseen):
                    unread.append(seen.reason)
                elif seen:
                    found[name] = record_entry(seen)
        return {"packages": found}, tuple(dict.fromkeys(unread))

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Fetch the registry's `.crate` through cargo and compare contents, the lock file apart."""
        if listed == artifact.digest:
            return "bytes"
        name, version = crate_name(artifact)
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("crate")) as folder:
            theirs = self._fetched(name, version, Path(folder))
            return "not-comparable" if theirs is None else compare_crates(Path(artifact.path), theirs)

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Say whether cargo's resolver would find a version for each requirement in the index now."""
        wanted = [match for text in requirements if (match := _REQUIREMENT.fullmatch(text)) is not None]
        if len(wanted) != len(requirements):
            return False
        found = True
        for registry in {match["registry"] for match in wanted}:
            mine = {match["name"]: match["requirement"] for match in wanted if match["registry"] == registry}
            for name, seen in self._recent_lines(mine, registry).items():
                if isinstance(seen, Unseen):
                    return None
                found = found and _admitted(mine[name], seen or ())
        return found

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload through ``cargo publish``; comes back when the registry has taken the file."""
        name, _version = crate_name(artifact)
        words = self._words(self._registry or self._named.get(name))
        target = target_beside(artifact)
        return self._writer.publish(name, root, target, words)

    def yank(self, package: Package, version: str) -> Outcome:
        """Withdraw one version: no new lock file takes it, old ones keep it."""
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("yank")) as folder:
            words = self._words(self._name_of(package))
            return self._writer.yank(package.name, version, Path(folder), words)

    def owners(self, package: Package) -> tuple[str, ...] | None:
        """List who may publish a package, by the names that the registry has; None where that is not known."""
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("owner")) as folder:
            done = self._processes.run(
                ["cargo", "owner", "--list", package.name, "--quiet", *self._words(self._name_of(package))],
                cwd=Path(folder),
                timeout=_PATIENCE,
                changes={"CARGO_TERM_COLOR": "never"},
            )
        if done.code != 0:
            return None
        return tuple(line.split()[0] for line in done.text.splitlines() if line.strip())

    def requirement(self, package: Package, version: str) -> str:
        """Spell the requirement on exactly this version."""
        registry = self._name_of(package)
        return f"{package.name} ={version}" + (f" @ {registry}" if registry else "")

    def url(self, package: Package, version: str) -> str | None:
        """Give the version's page on docs.rs, for what goes to the default registry."""
        if self._name_of(package) is not None:
            return None
        return f"https://docs.rs/crate/{package.name}/{version}"

    def close(self) -> None:
        """Remove what looking left on disk."""
        for lookup in self._lookups.values():
            lookup.close()

    def _name_of(self, package: Package) -> str | None:
        """Name the registry of a package as cargo's configuration does; None for the default one."""
        if self._registry is not None:
            return None if self._registry == _DEFAULT else self._registry
        first = package.registries[0] if package.registries else _DEFAULT
        self._named[package.name] = None if first == _DEFAULT else first
        return self._named[package.name]

    def _lines(self, names: Sequence[str], registry: str | None) -> Mapping[str, Seen]:
        lookup = self._lookups.setdefault(
            registry, Lookup(self._processes, registry=registry, settings=self._files)
        )
        seen = lookup.look(frozenset(names))
        now = self._clock.monotonic()
        self._sightings.update({(registry, name): (now, one) for name, one in seen.items()})
        return seen

    def _recent_lines(self, wanted: Mapping[str, str], registry: str | None) -> Mapping[str, Seen]:
        """Take what was seen just now where it says yes; ask again for the rest."""
        since = self._clock.monotonic() - _FRESH
        recent: dict[str, Seen] = {}
        for name, requirement in wanted.items():
            at, seen = self._sightings.get((registry, name), (-1.0, None))
            if at >= since and seen and not isinstance(seen, Unseen) and _admitted(requirement, seen):
                recent[name] = seen
        rest = [name for name in wanted if name not in recent]
        return {**recent, **(self._lines(rest, registry) if rest else {})}

    def _words(self, registry: str | None) -> list[str]:
        settings = [word for file in self._files for word in ("--config", str(file))]
        return [*settings, *(["--registry", registry] if registry else [])]

    def _fetched(self, name: str, version: str, folder: Path) -> Path | None:
        """Let cargo show a version, which leaves its `.crate` in a throw-away home."""
        home = folder / "home"
        home.mkdir()
        for part in ("config.toml", "credentials.toml"):
            source = user_home(self._processes) / part
            if source.is_file():
                (home / part).symlink_to(source.resolve())
        (folder / "empty").mkdir()
        for registry in dict.fromkeys((self._registry, self._named.get(name), None, _DEFAULT)):
            self._processes.run(
                ["cargo", "info", f"{name}@{version}", "--quiet", *self._words(registry)],
                cwd=folder / "empty",
                timeout=_PATIENCE,
                changes={"CARGO_HOME": str(home)},
            )
            with suppress(StopIteration):
                return next((home / "registry" / "cache").glob(f"*/{name}-{version}.crate"))
        return None


def _answer(line: IndexLine) -> Answer:
    if line.yanked:
        return Withdrawn(digest=line.digest, reason="it was yanked")
    return Present(digest=line.digest)


def _same_version(listed: str, wanted: str) -> bool:
    """Compare without build metadata: a registry takes a version once, whatever its build says."""
    return listed.partition("+")[0] == wanted.partition("+")[0]


def _admitted(requirement: str, lines: Iterable[IndexLine]) -> bool:
    read = read_requirement(requirement)
    versions: list[Version | None] = [read_version(line.version) for line in lines if not line.yanked]
    return read is not None and any(one is not None and read.admits(one) for one in versions)
