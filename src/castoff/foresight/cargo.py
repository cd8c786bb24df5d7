"""Could each package of a Cargo workspace be packed when its turn comes, by what is published then?

For each package Cargo's resolver is asked in miniature: its own requirements (dev ones with a version
included, since Cargo keeps them and resolves them when it packs) against what was published before and what
goes up before it. No rule on strings: a floor such as ``>=2`` is fine as long as some way to meet it is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from castoff.errors import Problem
from castoff.foresight.reasons import Case, explain
from castoff.foresight.record import Need, NeedKind, Published, Record
from castoff.foresight.resolver import Universe, resolves
from castoff.manifests.cargo_edits import edit_crates
from castoff.manifests.cargo_layout import Files
from castoff.manifests.cargo_values import Crate, Dependency
from castoff.manifests.cargo_workspace import CrateFiles, read_crates, workspace_of
from castoff.model.graph import order_of
from castoff.model.semver import Version, read_requirement, read_version


def foresee(files: Files, exclude: Sequence[str], version: str, record: Record) -> tuple[Problem, ...]:
    """Say what would go wrong when the tree is released as ``version`` with ``record`` published already.

    The manifests are judged as the release would edit them. Problems: ``dependency-without-version``,
    ``wildcard-requirement``, ``foreign-registry``, ``needs-unpublished-package``, ``version-withdrawn``, and
    those of the resolver: ``requirement-admits-nothing``, ``requirement-only-withdrawn``,
    ``feature-not-published``, ``two-versions-in-one-range``, ``unresolvable-at-its-turn``; and the warning
    ``requirement-left-behind``.
    """
    before = read_crates(files, exclude)
    if before is None:
        return ()
    after = read_crates(_Edited(files, edit_crates(before, version).texts), exclude)
    wanted = read_version(version)
    if after is None or wanted is None:
        return ()
    strays = _never_meant(before, record)
    release = _Release(after, wanted, record, strays)
    rules = (*_rules(after, record, strays), *_left_behind(after, wanted))
    found = [*release.withdrawn(), *rules, *release.unresolvable()]
    return tuple(sorted(found, key=lambda one: (one.package or "", one.file or "", one.line or 0, one.code)))


def used_before(files: Files, exclude: Sequence[str], version: str, record: Record) -> tuple[Problem, ...]:
    """Name packages of which this version is published already: only a tree that says it may have begun it.

    Code: ``version-burnt``, a warning where the tree says that version.
    """
    crates, wanted = read_crates(files, exclude), read_version(version)
    if crates is None or wanted is None:
        return ()
    begun = read_version(crates.crates.version or "") == wanted
    return tuple(
        Problem(
            code="version-burnt",
            severity="warning" if begun else "error",
            message=f"`{crate.name}` {version} is published already",
            reason="a version is taken once"
            + (", and by these files nobody can tell whether their release was begun" if begun else ""),
            remedy="release the next version",
            file=crate.manifest,
            line=crates.documents[crate.manifest].line(("package", "version")),
            package=crate.name,
        )
        for crate in crates.crates.released
        if any(one.version == wanted and not one.yanked for one in record.of(crate.name))
    )


@dataclass(frozen=True, slots=True)
class _Edited:
    files: Files
    texts: Mapping[str, str]

    def read(self, path: str) -> str | None:
        return self.texts[path] if path in self.texts else self.files.read(path)

    def paths(self) -> Sequence[str]:
        return self.files.paths()


class _Release:
    """All packages of the release, each as it will stand on its registry."""

    def __init__(self, files: CrateFiles, version: Version, record: Record, strays: frozenset[str]) -> None:
        self._files = files
        self._version = version
        self._record = record
        self._strays = strays
        self._crates = {crate.name: crate for crate in files.crates.released}
        self._known = frozenset(
            crate.name for crate in files.crates.crates if crate.name in self._crates or record.of(crate.name)
        )
        self._fresh = {crate.name: _published(crate, version, self._known) for crate in files.crates.released}
        self._before = _before(files)
        self._sound = self._all_sound()

    def withdrawn(self) -> Iterator[Problem]:
        """Name packages of which this very version was withdrawn."""
        for name, crate in self._crates.items():
            for one in self._record.of(name):
                if one.version == self._version and one.yanked:
                    yield Problem(
                        code="version-withdrawn",
                        message=f"`{name}` {self._version} was published and withdrawn",
                        reason="a version is taken once, so the release could never be whole",
                        remedy="release the next version",
                        file=crate.manifest,
                        line=self._files.documents[crate.manifest].line(("package", "version")),
                        package=name,
                    )

    def unresolvable(self) -> Iterator[Problem]:
        """Ask the resolver for each package that is not plainly in order, at its turn."""
        failing: set[str] = set()
        for name in sorted(self._crates, key=lambda name: len(self._before[name])):
            crate = self._crates[name]
            if name in self._sound or name in self._strays:
                continue
            universe = self._universe(crate)
            needs = [(one, _need(one)) for one in _kept(crate, self._known)]
            if resolves(universe, [need for _, need in needs if need is not None]) is not False:
                continue
            pairs = [(one, need) for one, need in needs if need is not None]
            failing.add(name)
            for one, need in _culprits(universe, pairs):
                if need.name not in failing or need.name not in self._before[name]:
                    yield self._problem(crate, universe, one, need)

    def _problem(self, crate: Crate, universe: Universe, dependency: Dependency, need: Need) -> Problem:
        case = Case(
            package=crate.name,
            version=self._version,
            dependency=dependency,
            need=need,
            universe=universe,
            own=tuple(one for one in map(_need, _kept(crate, self._known)) if one and one.kind != "dev"),
            withdrawn=tuple(one for one in self._record.of(need.name) if one.yanked),
            later=need.name in self._crates and need.name not in self._before[crate.name],
            cycle=crate.name in self._before.get(need.name, ()) or crate.name == need.name,
        )
        return explain(case, self._files.line(dependency.place))

    def _universe(self, crate: Crate) -> Universe:
        """Give what its registry holds at its turn: what was published, and what it needs of this release."""
        versions: dict[str, list[Published]] = {}
        for name in self._known:
            old = [one for one in self._record.of(name) if not one.yanked]
            if name in self._before[crate.name]:
                old = [self._fresh[name], *(one for one in old if one.version != self._version)]
                old.sort(key=lambda one: one.version, reverse=True)
            versions[name] = old
        today = {name: one.features for name, one in self._fresh.items()}
        closed = frozenset({crate.name}) if "links" in crate.metadata else frozenset[str]()
        return Universe(versions, today, closed)

    def _all_sound(self) -> frozenset[str]:
        """Find the packages that resolve with this release alone: nothing is left to choose for them."""
        unsound: set[str] = set()
        for name, crate in self._crates.items():
            for dependency in _kept(crate, self._known):
                if not self._is_plain(name, dependency):
                    unsound.add(name)
        return frozenset(
            name for name in self._crates if name not in unsound and not self._normal_unsound(name, unsound)
        )

    def _normal_unsound(self, name: str, unsound: set[str]) -> bool:
        return any(other in unsound for other in self._before[name])

    def _is_plain(self, name: str, dependency: Dependency) -> bool:
        need = _need(dependency)
        fresh = self._fresh.get(dependency.name)
        if need is None:
            return True
        if fresh is None or dependency.name not in self._before[name]:
            return False
        return need.requirement.admits(self._version)


def _before(files: CrateFiles) -> dict[str, frozenset[str]]:
    """Say for each package which ones are surely up when its turn comes: all that it needs, and they need."""
    order = order_of(workspace_of(files))
    found: dict[str, frozenset[str]] = {crate.name: frozenset() for crate in files.crates.released}
    for wave in order.waves:
        for name in wave:
            needs = order.needs[name]
            found[name] = needs.union(*(found[need] for need in needs))
    return found


def _kept(crate: Crate, known: frozenset[str]) -> list[Dependency]:
    """List the dependencies on packages of the workspace that are still there in what is uploaded."""
    return [one for one in crate.dependencies if one.name in known and (one.kind != "dev" or one.requirement)]


def _need(dependency: Dependency) -> Need | None:
    requirement = read_requirement(dependency.requirement) if dependency.requirement else None
    if requirement is None:
        return None
    kind: NeedKind = "optional" if dependency.optional and dependency.kind == "normal" else dependency.kind
    return Need(
        name=dependency.name,
        requirement=requirement,
        kind=kind,
        key=dependency.key,
        features=dependency.features,
        default_features=dependency.default_features,
    )


def _published(crate: Crate, version: Version, known: frozenset[str]) -> Published:
    needs = (_need(one) for one in _kept(crate, known) if one.kind != "dev")
    features = dict(crate.features)
    hidden = {part[4:] for parts in features.values() for part in parts if part.startswith("dep:")}
    for one in crate.dependencies:
        if one.optional and one.key not in features and one.key not in hidden:
            features[one.key] = (f"dep:{one.key}",)
    return Published(version=version, needs=tuple(one for one in needs if one), features=features, fresh=True)


def _culprits(universe: Universe, pairs: Sequence[tuple[Dependency, Need]]) -> list[tuple[Dependency, Need]]:
    """Find the dependencies that stand in the way: alone, or beside those that users need."""
    firm = [need for one, need in pairs if one.kind != "dev"]
    if resolves(universe, firm):
        found = [(one, need) for one, need in pairs if one.kind == "dev" and _fails(universe, firm, need)]
        return found or [(one, need) for one, need in pairs if one.kind == "dev"][:1]
    found = [(one, need) for one, need in pairs if one.kind != "dev" and _fails(universe, [], need)]
    return found or [(one, need) for one, need in pairs if one.kind != "dev"][:1]


def _fails(universe: Universe, firm: list[Need], need: Need) -> bool:
    return resolves(universe, [*firm, need]) is False


def _never_meant(files: CrateFiles, record: Record) -> frozenset[str]:
    """Name packages with a version of their own that were never published: the workspace tells of them as strays."""
    return frozenset(
        crate.name
        for crate in files.crates.released
        if crate.version != files.crates.version and not record.of(crate.name)
    )


def _rules(files: CrateFiles, record: Record, strays: frozenset[str]) -> Iterator[Problem]:
    """Judge what needs no resolver: requirements that Cargo or the registry refuses to publish."""
    unpublished = {crate.name: crate for crate in files.crates.crates} | {
        crate.name: None for crate in files.crates.released
    }
    for crate in files.crates.released:
        for dependency in crate.dependencies if crate.name not in strays else ():
            yield from _rule(files, crate, dependency, unpublished, record)


def _left_behind(files: CrateFiles, version: Version) -> Iterator[Problem]:
    """Tell of requirements on siblings that stay on an older release: users would get both."""
    released = {crate.name for crate in files.crates.released}
    for crate in files.crates.released:
        for one in crate.dependencies:
            need = _need(one) if one.name in released and one.kind != "dev" and not one.git else None
            if need is None or need.requirement.admits(version):
                continue
            yield Problem(
                code="requirement-left-behind",
                severity="warning",
                message=f"`{crate.name}` {version} goes on with an older `{one.name}`: it asks for `{one.requirement}`",
                reason="it has no path to its sibling, so the release does not move it, and users get two of them",
                remedy=f"add the path of `{one.name}`, or leave it if the older release is meant",
                file=one.place.file,
                line=files.line(one.place),
                package=crate.name,
            )


def _rule(
    files: CrateFiles,
    crate: Crate,
    dependency: Dependency,
    unpublished: Mapping[str, Crate | None],
    record: Record,
) -> Iterator[Problem]:
    if dependency.requirement is None and (dependency.git or dependency.folder is not None):
        if dependency.kind != "dev":
            yield _without_version(files, crate, dependency)
        return
    if crate.registries is None or "crates-io" in crate.registries:
        yield from _refused_by_registry(files, crate, dependency)
    name = dependency.name
    if unpublished.get(name) is not None and not record.of(name) and dependency.requirement is not None:
        yield Problem(
            code="needs-unpublished-package",
            message=f"`{crate.name}` needs `{name}`, which is not published and not part of the release",
            reason="nobody could resolve it, and the registry knows no such name",
            remedy=f"release `{name}` too, or drop the dependency"
            + (" (or its version, which drops it on publishing)" if dependency.kind == "dev" else ""),
            file=dependency.place.file,
            line=files.line(dependency.place),
            package=crate.name,
        )


def _without_version(files: CrateFiles, crate: Crate, dependency: Dependency) -> Problem:
    return Problem(
        code="dependency-without-version",
        message=f"`{crate.name}` depends on `{dependency.name}` by {'git' if dependency.git else 'path'} alone",
        reason="what is uploaded holds no paths and no git addresses, so Cargo refuses to publish it",
        remedy='add `version = "..."` beside it',
        file=dependency.place.file,
        line=files.line(dependency.place),
        package=crate.name,
    )


def _refused_by_registry(files: CrateFiles, crate: Crate, dependency: Dependency) -> Iterator[Problem]:
    name, file, line = dependency.name, dependency.place.file, files.line(dependency.place)
    if dependency.registry not in (None, "crates-io"):
        yield Problem(
            code="foreign-registry",
            message=f"`{crate.name}` takes `{name}` from the registry `{dependency.registry}`",
            reason="crates-io takes no package that depends on another registry",
            remedy=f"publish `{name}` on crates-io first, or set `publish` to the other registry",
            file=file,
            line=line,
            package=crate.name,
        )
    requirement = read_requirement(dependency.requirement or "*")
    if requirement is not None and requirement.is_wildcard:
        yield Problem(
            code="wildcard-requirement",
            message=f"`{crate.name}` takes any version of `{name}`",
            reason="crates-io refuses the requirement `*`",
            remedy="name the versions that it works with",
            file=file,
            line=line,
            package=crate.name,
        )
