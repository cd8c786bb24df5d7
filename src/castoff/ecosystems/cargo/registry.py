"""Cargo registries, read and written through the real cargo."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.crates import compare_crates, crate_name, target_beside
from castoff.ecosystems.cargo.exchange import CratesExchange
from castoff.ecosystems.cargo.inert_settings import settings_words
from castoff.ecosystems.cargo.lookup import (
    IndexLine,
    Lookup,
    Seen,
    Unseen,
    record_entry,
    settings_above,
    user_home,
)
from castoff.ecosystems.cargo.publishers import Publishers
from castoff.ecosystems.cargo.uploader import CrateWrite, Grant, Writer
from castoff.io.process import Processes
from castoff.io.scratch import scratch_prefix
from castoff.model.acts import Outcome, Unclear
from castoff.model.attestations import NoProvenance, Origin
from castoff.model.child_environments import Kind
from castoff.model.observations import Answer, Present, Sameness, Unknown, Withdrawn
from castoff.model.semver import Version, read_requirement, read_version
from castoff.model.trusted_publishing import Exchange, Exchanged
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Clock, Listing
from castoff.regexes import regex
from castoff.values import replace

_REQUIREMENT = regex(r"(?P<name>\S+) (?P<requirement>[^@]+?)(?: @ (?P<registry>\S+))?")
_DEFAULT = "crates-io"
_PATIENCE = 120.0
_MOST_SEPARATORS = 6
"""Separators in a name whose spellings are all asked for: 64 names in one question to cargo."""
_FRESH = 2.0
"""Seconds for which a version that was seen counts as seen: a look and the question after it are one."""


class _Source(Struct, frozen=True):
    """A registry as one workspace names it: None for the default one, with the files of cargo that define names."""

    registry: str | None
    settings: tuple[Path, ...] = ()

    @property
    def words(self) -> list[str]:
        """Return the options that make cargo use it, whatever folder it runs in."""
        return [*settings_words(self.settings), *(["--registry", self.registry] if self.registry else [])]


class NoApi(Struct, frozen=True):
    """The index was read and names no API."""

    reason: str = "cargo's index of the registry names no API (is it a mirror?)"


class CargoRegistry:
    """The registries of the Cargo workspaces of a release; implements :class:`castoff.ports.Registry`.

    ``settings`` is the configuration's table. ``checkout`` is the user's checkout: each workspace in it may name
    registries in the ``.cargo/config.toml`` of its folder and of those above. A requirement is spelled
    ``NAME =VERSION``, with `` @ REGISTRY`` for a named registry.
    """

    ecosystem: ClassVar[Ecosystem] = "cargo"

    def __init__(
        self,
        processes: Processes,
        settings: CargoSettings,
        clock: Clock,
        *,
        checkout: Path | None = None,
        tokenless: bool = False,
    ) -> None:
        self._processes = processes
        self._registry = settings.registry
        self._checkout = checkout
        self._settings_of: dict[str, tuple[Path, ...]] = {}
        self._lookups: dict[_Source, Lookup] = {}
        self._sources: dict[str, _Source] = {}
        self._clock = clock
        self._sightings: dict[tuple[_Source, str], tuple[float, Seen]] = {}
        self._writer = Writer(processes, clock)
        self._tokenless = tokenless
        self._publishers = Publishers(processes.environment, processes.redactor, clock)

    def look(self, package: Package, version: str) -> Listing:
        """Return what is there of one version: its `.crate`, with the digest that the index has."""
        seen = self._lines([package.name], self._source_of(package))[package.name]
        # Unknown is never absent: an unread index would look like a free version.
        if isinstance(seen, Unseen):
            return Listing(unknown=seen.reason)
        files = {
            f"{line.name}-{version}.crate": _answer(line)
            for line in seen or ()
            # Build metadata does not distinguish versions in an index (The Cargo Book, "Registry Index").
            if _same_version(line.version, version)
        }
        return Listing(files=files, new_name=not seen)

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        """List all versions that the index has, withdrawn ones included, oldest first."""
        seen = self._lines([package.name], self._source_of(package))[package.name]
        return (
            Unknown(reason=seen.reason) if isinstance(seen, Unseen) else [one.version for one in seen or ()]
        )

    def record(self, packages: Iterable[Package]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the registry record of packages (as ``--registry-record`` has it), and what could not be read."""
        found: dict[str, Any] = {}
        unread: list[str] = []
        by_source: dict[_Source, list[str]] = {}
        for package in packages:
            by_source.setdefault(self._source_of(package), []).append(package.name)
        for source, names in by_source.items():
            for name, seen in self._lines(names, source).items():
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
            # Only for other bytes: a rebuilt crate without a committed lock file differs in `Cargo.lock`
            # alone.
            theirs = self._fetched(name, version, Path(folder))
            return "not-comparable" if theirs is None else compare_crates(Path(artifact.path), theirs)

    def fetch(self, package: Package, filename: str) -> bytes | Unknown:
        """Fetch the registry's `.crate` through cargo."""
        self._source_of(package)
        version = filename.removeprefix(f"{package.name}-").removesuffix(".crate")
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("crate")) as folder:
            found = self._fetched(package.name, version, Path(folder))
            return (
                Unknown(reason=f"cargo did not fetch `{filename}`") if found is None else found.read_bytes()
            )

    def origin(self, package: Package, version: str, filename: str) -> Origin:
        """Return the job that crates-io names as the publisher of a version; no other registry names one."""
        del filename
        source = self._source_of(package)
        if source.registry is not None:
            return NoProvenance(f"the registry `{source.registry}` is not known to name publishers", False)
        api = self._api(source, package.name)
        if isinstance(api, Unknown):
            return api
        if isinstance(api, NoApi):
            return NoProvenance(api.reason, False)
        return self._publishers.ask(api, package.name, version)

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Return whether cargo's resolver would find a version for each requirement in the index now."""
        wanted = [match for text in requirements if (match := _REQUIREMENT.fullmatch(text)) is not None]
        if len(wanted) != len(requirements):
            return False
        found = True
        by_source: dict[_Source, dict[str, str]] = {}
        for match in wanted:
            source = self._sources.get(match["name"]) or self._source(match["registry"], ".")
            by_source.setdefault(source, {})[match["name"]] = match["requirement"]
        for source, mine in by_source.items():
            # The look of the same moment is reused: each question starts cargo once more.
            for name, seen in self._recent_lines(mine, source).items():
                if isinstance(seen, Unseen):
                    return None
                # Asked of the index, not of `cargo update`, which would need a project for each question.
                found = found and _admitted(mine[name], seen or ())
        return found

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload through ``cargo publish``; comes back when the registry has taken the file."""
        source = self._known_source(artifact.name)
        grant = None
        if self._tokenless:
            api = self._api(source, artifact.name)
            if isinstance(api, Unknown | NoApi):
                return Unclear(reason=api.reason)
            grant = Grant(filename=artifact.filename, digest=artifact.digest, api=api)
        write = CrateWrite(artifact.package, crate_name(artifact)[1], "upload")
        return self._writer.publish(write, root, target_beside(artifact), source.words, grant)

    def exchange(self, package: Package) -> tuple[Exchange, str]:
        """Exchange an identity token, and give the token back: whether this job may publish, and nothing is written.

        Also return the identity token, which says what a refusal did not accept.
        """
        source = self._source_of(package)
        if source.registry is not None:
            return Unknown(reason=f"the registry `{source.registry}` is not known for trusted publishing"), ""
        api = self._api(source, package.name)
        if isinstance(api, Unknown | NoApi):
            return Unknown(reason=api.reason), ""
        crates = CratesExchange(self._processes.environment, self._processes.redactor, api)
        got, identity = crates.exchange()
        if isinstance(got, Exchanged):
            crates.give_back(got.token)
        return got, identity

    def _api(self, source: _Source, name: str) -> str | NoApi | Unknown:
        """Return the address of a registry's API, as its index names it."""
        api = self._lookups[source].api() if source in self._lookups else None
        if api is None:
            seen = self._lines([name], source)[name]
            if isinstance(seen, Unseen):
                return Unknown(reason=seen.reason)
            api = self._lookups[source].api()
        return api or NoApi()

    def yank(self, package: Package, version: str) -> Outcome:
        """Withdraw one version: no new lock file takes it, old ones keep it."""
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("yank")) as folder:
            words = self._source_of(package).words
            return self._writer.yank(package.id, version, Path(folder), words)

    def owners(self, package: Package) -> tuple[str, ...] | None:
        """List who may publish a package, by the names that the registry has; None where that is not known."""
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("owner")) as folder:
            done = self._processes.run(
                ["cargo", "owner", "--list", package.name, "--quiet", *self._source_of(package).words],
                kind=Kind.CARGO_READ,
                cwd=Path(folder),
                timeout=_PATIENCE,
                changes={"CARGO_TERM_COLOR": "never"},
            )
        if done.code != 0:
            return None
        return tuple(line.split()[0] for line in done.text.splitlines() if line.strip())

    def other_spellings(self, package: Package) -> tuple[str, ...] | Unknown:
        """List names that the default registry takes for this one: they differ by case, `-` and `_` alone.

        Other registries have rules of their own. The index has no list of names, so each spelling is asked for; a
        name of another case has the same file in the index, without a line of this name.
        """
        # Only crates-io is known to treat `-` and `_` as the same name.
        if self._source_of(package).registry is not None:
            return ()
        spellings = spellings_of(package.name)
        if spellings is None:
            return Unknown(reason=f"`{package.name}` has too many spellings to query each")
        found: list[str] = []
        for name, seen in self._lines(spellings, self._source_of(package)).items():
            if isinstance(seen, Unseen):
                return Unknown(reason=seen.reason)
            if seen is not None and (name != package.name or not seen):
                found.append(name)
        return tuple(sorted(found))

    def requirement(self, package: Package, version: str) -> str:
        """Spell the requirement on exactly this version."""
        registry = self._source_of(package).registry
        return f"{package.name} ={version}" + (f" @ {registry}" if registry else "")

    def url(self, package: Package, version: str) -> str | None:
        """Return the version's page on docs.rs, for what goes to the default registry."""
        if self._source_of(package).registry is not None:
            return None
        return f"https://docs.rs/crate/{package.name}/{version}"

    def close(self) -> None:
        """Remove what looking left on disk."""
        for lookup in self._lookups.values():
            lookup.close()

    def _source_of(self, package: Package) -> _Source:
        """Return the registry of a package; it is remembered, since artifacts and requirements only name packages."""
        source = self._source("".join(package.registries[:1]), package.root)
        self._sources[package.name] = source
        return source

    def _known_source(self, name: str) -> _Source:
        return self._sources.get(name) or self._source(None, ".")

    def _source(self, named: str | None, root: str) -> _Source:
        """Return the configured registry, else the one that is ``named``, as a workspace in ``root`` sees it."""
        if root not in self._settings_of:
            folder = self._checkout / root if self._checkout is not None else None
            self._settings_of[root] = settings_above(folder, user_home(self._processes))
        registry = self._registry or named or _DEFAULT
        return _Source(None if registry == _DEFAULT else registry, self._settings_of[root])

    def _lines(self, names: Sequence[str], source: _Source) -> Mapping[str, Seen]:
        lookup = self._lookups.setdefault(
            source, Lookup(self._processes, registry=source.registry, settings=source.settings)
        )
        seen = lookup.look(frozenset(names))
        now = self._clock.monotonic()
        self._sightings.update({(source, name): (now, one) for name, one in seen.items()})
        return seen

    def _recent_lines(self, wanted: Mapping[str, str], source: _Source) -> Mapping[str, Seen]:
        """Take what was seen just now where it says yes; ask again for the rest."""
        since = self._clock.monotonic() - _FRESH
        recent: dict[str, Seen] = {}
        for name, requirement in wanted.items():
            at, seen = self._sightings.get((source, name), (-1.0, None))
            if at >= since and seen and not isinstance(seen, Unseen) and _admitted(requirement, seen):
                recent[name] = seen
        rest = [name for name in wanted if name not in recent]
        return {**recent, **(self._lines(rest, source) if rest else {})}

    def _fetched(self, name: str, version: str, folder: Path) -> Path | None:
        """Let cargo show a version, which leaves its `.crate` in a throw-away home."""
        home = folder / "home"
        home.mkdir()
        for part in ("config.toml", "credentials.toml"):
            source = user_home(self._processes) / part
            # Linked, so that a copy of the credentials never lies in a second place.
            if source.is_file():
                (home / part).symlink_to(source.resolve())
        (folder / "empty").mkdir()
        known = self._known_source(name)
        # Which spelling fetches depends on source replacement in the configuration of cargo; the first that
        # fetches wins.
        for registry in dict.fromkeys((known.registry, None, _DEFAULT)):
            words = replace(known, registry=registry).words
            self._processes.run(
                ["cargo", "info", f"{name}@{version}", "--quiet", *words],
                kind=Kind.CARGO_READ,
                cwd=folder / "empty",
                timeout=_PATIENCE,
                changes={"CARGO_HOME": str(home)},
            )
            with suppress(StopIteration):
                return next((home / "registry" / "cache").glob(f"*/{name}-{version}.crate"))
        return None


def spellings_of(name: str) -> list[str] | None:
    """Return a name with each `-` and `_` as either; None if these are too many to ask for."""
    parts = re.split("[-_]", name)
    if len(parts) - 1 > _MOST_SEPARATORS:
        return None
    return [
        "".join(map("".join, zip(parts, (*joints, ""), strict=True)))
        for joints in product("-_", repeat=len(parts) - 1)
    ]


def _answer(line: IndexLine) -> Answer:
    if line.yanked:
        return Withdrawn(digest=line.digest, reason="it was yanked")
    return Present(digest=line.digest)


def _same_version(listed: str, wanted: str) -> bool:
    """Compare without build metadata: a registry takes a version once, whatever its build says."""
    return listed.partition("+")[0] == wanted.partition("+")[0]


def _admitted(requirement: str, lines: Iterable[IndexLine]) -> bool:
    read = read_requirement(requirement)
    # Yanked versions are left out: cargo's resolver does not select them.
    versions: list[Version | None] = [read_version(line.version) for line in lines if not line.yanked]
    return read is not None and any(one is not None and read.admits(one) for one in versions)
