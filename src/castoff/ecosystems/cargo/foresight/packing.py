"""Foresight for Cargo: whether each package of a workspace can be packed at its turn, by what is published then.

For each package Cargo's resolver is asked in miniature: its own requirements (dev ones with a version
included, since Cargo keeps them and resolves them when it packs) against what was published before and what
goes up before it. No rule on strings: a floor such as ``>=2`` is fine as long as some way to meet it is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from castoff.ecosystems.cargo.foresight.resolver import Case, Universe, explain, resolves
from castoff.ecosystems.cargo.manifest.document import Crate, Dependency
from castoff.ecosystems.cargo.manifest.edits import edit_crates
from castoff.ecosystems.cargo.manifest.layout import Files
from castoff.ecosystems.cargo.manifest.workspace import CrateFiles, open_crates, workspace_of
from castoff.ecosystems.record import Need, NeedKind, Published, Record
from castoff.errors import Problem
from castoff.model.graph import order_of
from castoff.model.semver import Version, read_requirement, read_version
from castoff.model.tree_links import links_of
from castoff.model.versions import next_free_version, read, spell
from castoff.model.workspace import Workspace


def foresee(files: Files, workspace: Workspace, version: str, record: Record) -> tuple[Problem, ...]:
    """Return what would go wrong when the tree is released as ``version`` with ``record`` published already.

    The manifests are judged as the release would edit them. Problems: ``dependency-without-version``,
    ``wildcard-requirement``, ``foreign-registry``, ``needs-unpublished-package``, ``version-withdrawn``, and
    those of the resolver: ``requirement-admits-nothing``, ``requirement-only-withdrawn``,
    ``feature-not-published``, ``two-versions-in-one-range``, ``unresolvable-at-its-turn``; and the warning
    ``requirement-left-behind``.
    """
    before = open_crates(files, workspace)
    if before is None:
        return ()
    after = open_crates(_Edited(files, edit_crates(before, version).texts), workspace)
    wanted = read_version(version)
    if after is None or wanted is None:
        return ()
    strays = _never_meant(before, record)
    release = _Release(after, wanted, record, strays)
    rules = (*_rules(after, record, strays), *_stale_requirements(after, wanted))
    # The rules come first: a requirement without a version has nothing that could be resolved.
    found = [*release.withdrawn(), *rules, *release.unresolvable()]
    return tuple(sorted(found, key=lambda one: (one.package or "", one.file or "", one.line or 0, one.code)))


def used_before(files: Files, workspace: Workspace, version: str, record: Record) -> tuple[Problem, ...]:
    """Name packages of which this version is published already: only a tree that says it may have begun it.

    Code: ``version-burnt``, a warning where the tree says that version.
    """
    crates, wanted = open_crates(files, workspace), read_version(version)
    if crates is None or wanted is None:
        return ()
    begun = read_version(crates.crates.version or "") == wanted
    return tuple(
        Problem(
            code="version-burnt",
            severity="warning" if begun else "error",
            message=f"`{crate.name}` {version} is already published",
            reason="a version can be published only once"
            + (", and these files do not show whether their release was started" if begun else ""),
            remedy=f"plan the next one with `castoff plan {_after(version, record.of(crate.name))}`",
            file=crate.manifest,
            line=crates.documents[crate.manifest].line(("package", "version")),
            package=crate.name,
        )
        for crate in crates.crates.released
        if any(one.version == wanted and not one.yanked for one in record.of(crate.name))
    )


def _after(version: str, published: Sequence[Published]) -> str:
    found = read(version)
    used = (read(str(one.version)) for one in published)
    return spell(next_free_version(found, used), "cargo") if found else "minor"


def needed_outside(files: CrateFiles) -> dict[str, Dependency]:
    """Return by name the dependencies on crates of the repository that are not part of the release.

    Excluded crates, and crates beside the workspace: users take them from the registry, in the version that is asked
    for. What has no version (a dev-dependency by path alone) is not in what is uploaded.
    """
    released = {crate.name for crate in files.crates.released}
    known = {crate.name for crate in files.crates.crates}
    return {
        one.name: one
        for crate in files.crates.released
        for one in crate.dependencies
        if one.name not in released
        and one.requirement is not None
        and not one.git
        and (one.name in known or one.folder is not None)
    }


class _Edited(Struct, frozen=True):
    files: Files
    texts: Mapping[str, str]

    def read(self, path: str) -> str | None:
        return self.texts[path] if path in self.texts else self.files.read(path)

    def paths(self) -> Sequence[str]:
        return self.files.paths()

    def links(self) -> Mapping[str, str]:
        return links_of(self.files).targets


class _Release:
    """All packages of the release, each as it will stand on its registry."""

    def __init__(self, files: CrateFiles, version: Version, record: Record, strays: frozenset[str]) -> None:
        self._files = files
        self._version = version
        self._record = record
        self._strays = strays
        self._crates = {crate.name: crate for crate in files.crates.released}
        there = {crate.name for crate in files.crates.crates} | needed_outside(files).keys()
        self._known = frozenset(name for name in there if name in self._crates or record.of(name))
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
                        reason="a version can be published only once, so the release could not be completed",
                        remedy="release the next version",
                        file=crate.manifest,
                        line=self._files.documents[crate.manifest].line(("package", "version")),
                        package=name,
                    )

    def unresolvable(self) -> Iterator[Problem]:
        """Ask the resolver for each package that is not plainly in order, at its turn."""
        failing: set[str] = set()
        # In the order of uploads, so that a failure is reported where it starts, not for each package
        # behind it.
        for name in sorted(self._crates, key=lambda name: len(self._before[name])):
            crate = self._crates[name]
            # Most packages require siblings that admit the new version; they need no resolver.
            if name in self._sound or name in self._strays:
                continue
            universe = self._universe(crate)
            needs = [(one, _need(one)) for one in _kept(crate, self._known)]
            if resolves(universe, [need for _, need in needs if need is not None]) is not False:
                continue
            pairs = [(one, need) for one, need in needs if need is not None]
            failing.add(name)
            for one, need in _culprits(universe, pairs):
                # A culprit that fails itself is reported once, by its own package.
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
        """Return what its registry holds at its turn: what was published, and what it needs of this release."""
        versions: dict[str, list[Published]] = {}
        for name in self._known:
            old = [one for one in self._record.of(name) if not one.yanked]
            if name in self._before[crate.name]:
                # Highest first, as Cargo's resolver prefers.
                old = [self._fresh[name], *(one for one in old if one.version != self._version)]
                old.sort(key=lambda one: one.version, reverse=True)
            versions[name] = old
        today = {name: one.features for name, one in self._fresh.items()}
        # One version of a package with `links` may be in a build (The Cargo Book, "The links field").
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
        # A plain need: the new version exists by then and is admitted, so some way is left.
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
    # An optional dependency is a feature of its own unless some feature names it with `dep:` (The Cargo
    # Book, "Optional dependencies").
    hidden = {part[4:] for parts in features.values() for part in parts if part.startswith("dep:")}
    for one in crate.dependencies:
        if one.optional and one.key not in features and one.key not in hidden:
            features[one.key] = (f"dep:{one.key}",)
    return Published(version=version, needs=tuple(one for one in needs if one), features=features, fresh=True)


def _culprits(universe: Universe, pairs: Sequence[tuple[Dependency, Need]]) -> list[tuple[Dependency, Need]]:
    """Find the dependencies that stand in the way: alone, or beside those that users need."""
    firm = [need for one, need in pairs if one.kind != "dev"]
    # Without dev-dependencies it resolves, so one of them is the culprit.
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
    unpublished = {name for name in needed_outside(files) if not record.of(name)}
    for crate in files.crates.released:
        for dependency in crate.dependencies if crate.name not in strays else ():
            yield from _rule(files, crate, dependency, unpublished)


def _stale_requirements(files: CrateFiles, version: Version) -> Iterator[Problem]:
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
                message=f"`{crate.name}` {version} stays with an older `{one.name}`: it requires `{one.requirement}`",
                reason="it has no path to its sibling, so the release does not update it, and users get two versions",
                remedy=f"add the path of `{one.name}`, or keep it if the older release is intended",
                file=one.place.file,
                line=files.line(one.place),
                package=crate.name,
            )


def _rule(
    files: CrateFiles, crate: Crate, dependency: Dependency, unpublished: Collection[str]
) -> Iterator[Problem]:
    if dependency.requirement is None and (dependency.git or dependency.folder is not None):
        if dependency.kind != "dev":
            yield _without_version(files, crate, dependency)
        return
    if crate.registries is None or "crates-io" in crate.registries:
        yield from _refused_by_registry(files, crate, dependency)
    name = dependency.name
    if name in unpublished and dependency.requirement is not None:
        yield Problem(
            code="needs-unpublished-package",
            message=f"`{crate.name}` needs `{name}`, which is not published and not part of the release",
            reason="it cannot be resolved, because the registry has no such name",
            remedy=f"release `{name}` too, or remove the dependency"
            + (" (or its version, which drops it on publishing)" if dependency.kind == "dev" else ""),
            file=dependency.place.file,
            line=files.line(dependency.place),
            package=crate.name,
        )


def _without_version(files: CrateFiles, crate: Crate, dependency: Dependency) -> Problem:
    return Problem(
        code="dependency-without-version",
        message=f"`{crate.name}` depends on `{dependency.name}` by {'git' if dependency.git else 'path'} alone",
        reason="published packages have no paths and no git URLs, so Cargo refuses to publish it",
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
            reason="crates-io does not accept packages that depend on another registry",
            remedy=f"publish `{name}` on crates-io first, or also publish this package on the other registry: "
            f'`publish = ["{dependency.registry}"]`',
            file=file,
            line=line,
            package=crate.name,
        )
    requirement = read_requirement(dependency.requirement or "*")
    if requirement is not None and requirement.is_wildcard:
        yield Problem(
            code="wildcard-requirement",
            message=f"`{crate.name}` accepts any version of `{name}`",
            reason="crates-io refuses the requirement `*`",
            remedy="set the versions that it works with",
            file=file,
            line=line,
            package=crate.name,
        )
