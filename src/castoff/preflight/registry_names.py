"""Knowledge of the registries about each package: whose name it is, and what an earlier version left half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from functools import cache, cached_property, partial
from threading import Lock
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from castoff.ecosystems.npm.manifest.rules import judge_new_npm_name
from castoff.ecosystems.python.foresight.project_rules import judge_new_name
from castoff.errors import Problem, Refusal, WorkspaceError
from castoff.model.observations import Present, Unknown
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell
from castoff.model.workspace import Package
from castoff.ports import Owned, Recorded, Registry, Ruled
from castoff.preflight.stage import Cannot, Check, Found
from castoff.session.registry_versions import PLAN_SECONDS, no_answer, registry_versions
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot
from castoff.session.version_guards import below_released, is_released_here, severity_for
from castoff.session.workspaces import read_workspace
from castoff.values import replace

_NONE = ReleaseVersion(0, 0, 0)
"""The version that is wanted where none is."""

_MOST_VERSIONS = 5  # that one finding lists
_LANES = 16
"""Packages that are asked for side by side."""

_LOOK_AGAIN = "look again with `castoff status` when the registry answers"


@runtime_checkable
class Spelled(Protocol):
    """A registry that takes several spellings of a name for one."""

    def other_spellings(self, package: Package) -> tuple[str, ...] | Unknown:
        """List the spellings under which the registry has a package, apart from its own."""
        ...


def published_checks(
    session: Session,
    registries: dict[Ecosystem, Registry],
    wanted: tuple[ReleaseVersion, str | None],
) -> tuple[Check, ...]:
    """List one check a package, of what was there before this release.

    ``wanted`` is the next version, and the level that it was asked for by, None if it is a guess.
    """
    before, untagged = _Before(session), _Untagged(cache(partial(_begun_elsewhere, session)))
    access = session.configuration.npm.access
    return tuple(
        Check(
            f"published:{one.id}",
            "preflight",
            _Asking(
                session.snapshot,
                registries[one.ecosystem],
                one,
                before,
                *wanted,
                untagged=untagged,
                access=access,
            ),
        )
        for one in session.snapshot.workspace.packages
    )


def half_released(session: Session) -> tuple[Problem, ...]:
    """Report versions above the last release that a registry offers, and that nobody tagged or claims.

    They are left by a release whose commit was taken off the branch while it uploaded. Registries are asked with the
    bound of a plan, and one that does not answer is a warning. Codes: ``half-released``, ``registry-unknown``.
    """
    snapshot = session.snapshot
    if snapshot.history.previous is None or snapshot.history.unfinished:
        return ()
    packages = snapshot.workspace.packages
    found = registry_versions(session.services, packages, seconds=PLAN_SECONDS)
    before = _Before(session)
    untagged = _Untagged(cache(partial(_begun_elsewhere, session)), found.answers)
    make = cache(session.services.registries_within(PLAN_SECONDS))
    problems: list[Problem] = []
    for one in packages:
        known, listed = found.of(one), found.answers[one.id]
        if (
            isinstance(known, Unknown)
            or isinstance(listed, Unknown)
            or not is_released_here(snapshot, listed)
        ):
            continue
        asking = _Asking(snapshot, make(one.ecosystem), one, before, _NONE, untagged=untagged)
        problems += asking.left_over(set(known))
    silent = (replace(one, remedy=_LOOK_AGAIN) for one in no_answer(found, len(packages)))
    return (*problems, *silent)


def _begun_elsewhere(session: Session) -> frozenset[ReleaseVersion]:
    """Return the versions that the heads of other release branches carry: their uploads may be running there."""
    found: set[ReleaseVersion] = set()
    for name, head in session.snapshot.refs.heads.items():
        # Another release branch may have a release in flight, whose packages are on the registry without a
        # tag.
        if name == session.snapshot.branch or not any(
            fnmatchcase(name, one) for one in session.configuration.release.branches
        ):
            continue
        if not session.clone.has(head) and not session.clone.fetch(session.snapshot.remote_url or "", [name]):
            continue
        try:
            there = read_workspace(
                session.snapshot.at(head), session.services.manifests, session.snapshot.scope
            )
        except (WorkspaceError, Refusal):
            continue
        found.update(version for one in there.packages if (version := read(one.version)) is not None)
    claims = (read(name) for name in session.snapshot.refs.claims or ())
    return frozenset({*found, *(one for one in claims if one is not None)})


class _Untagged(Struct, frozen=True):
    """Versions without a tag: which packages have them, and which are claimed on another branch.

    All versions of a package are read with one question, and only once a version without a tag is found: a clone that
    lacks the tags of five releases of 94 crates would otherwise start cargo 470 times. ``listed`` holds answers that
    are known already, by the package's id.
    """

    elsewhere: Callable[[], frozenset[ReleaseVersion]] = frozenset
    listed: Mapping[str, Sequence[str] | Unknown] = {}
    _held: dict[Ecosystem, _Held] = {}
    _lock: Lock = field(default_factory=Lock)

    def holders(
        self, registry: Registry, packages: Sequence[Package], version: ReleaseVersion
    ) -> tuple[str, ...]:
        """Return the ids of the packages that have a version; none where it is withdrawn from all of them."""
        # The checks of all packages ask at the same time: the first one reads, the others wait for it.
        with self._lock:
            ecosystem = packages[0].ecosystem
            if ecosystem not in self._held:
                self._held[ecosystem] = _Held(registry, packages, self.listed)
            return self._held[ecosystem].of(version)


class _Held:
    """What a registry holds of some packages."""

    def __init__(
        self, registry: Registry, packages: Sequence[Package], listed: Mapping[str, Sequence[str] | Unknown]
    ) -> None:
        self._registry = registry
        self._packages = {one.id: one for one in sorted(packages, key=lambda one: one.id)}
        self._versions = _recorded(registry, packages) or _listed(registry, packages, listed)
        self._answers: dict[ReleaseVersion, tuple[str, ...]] = {}

    def of(self, version: ReleaseVersion) -> tuple[str, ...]:
        """Return the ids of the packages that have a version, sorted; none where no package offers it."""
        if version not in self._answers:
            found = tuple(one for one in self._packages if version in self._versions.get(one, {}))
            # One offered package is enough, so that most versions cost one look at most.
            self._answers[version] = found if any(self._offers(one, version) for one in found) else ()
        return self._answers[version]

    def _offers(self, name: str, version: ReleaseVersion) -> bool:
        known = self._versions[name][version]
        if known is not None:
            return known
        package = self._packages[name]
        listing = self._registry.look(package, spell(version, package.ecosystem))
        return any(isinstance(answer, Present) for answer in listing.files.values())


_Versions = dict[str, dict[ReleaseVersion, bool | None]]
"""Versions by the package's id, each with whether users can install it; None where that takes a look."""


def _recorded(registry: Registry, packages: Sequence[Package]) -> _Versions | None:
    if not isinstance(registry, Recorded):
        return None
    document, _ = registry.record(packages)
    return {
        one.id: {
            version: entry.get("yanked") is not True
            for text, entry in document["packages"].get(one.name, {}).items()
            if (version := read(text)) is not None
        }
        for one in packages
    }


def _listed(
    registry: Registry, packages: Sequence[Package], known: Mapping[str, Sequence[str] | Unknown]
) -> _Versions:
    unasked = [one for one in packages if one.id not in known]
    with ThreadPoolExecutor(_LANES) as lanes:
        answers = lanes.map(registry.versions, unasked)
    found = {**known, **{one.id: listed for one, listed in zip(unasked, answers, strict=True)}}
    return {
        one.id: {version: None for text in listed if (version := read(text)) is not None}
        for one in packages
        if not isinstance(listed := found[one.id], Unknown)
    }


class _Before:
    """The packages of the last release, read once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def of_last_release(self) -> Mapping[Ecosystem, Mapping[str, Package]]:
        """Return those that were released, by ecosystem and id; not those that have a version of their own.

        If only what changed is released, packages keep versions of earlier releases.
        """
        previous = self._session.snapshot.history.previous
        every = previous is None or self._session.snapshot.scope.versions == "newest"
        found: dict[Ecosystem, dict[str, Package]] = {}
        for name, one in self.packages.items():
            if every or (previous is not None and read(one.version) == previous.version):
                found.setdefault(one.ecosystem, {})[name] = one
        return found

    @cached_property
    def packages(self) -> dict[str, Package]:
        """Give them by their ids."""
        workspace = self._session.workspace_before()
        return {one.id: one for one in workspace.packages} if workspace else {}


class _Asking(Struct, frozen=True):
    seen: Snapshot
    registry: Registry
    package: Package
    before: _Before
    version: ReleaseVersion
    level: str | None = None
    untagged: _Untagged = field(default_factory=_Untagged)
    access: str | None = None

    def __call__(self) -> Found:
        listed = self.registry.versions(self.package)
        if isinstance(listed, Unknown):
            return Cannot(listed.reason)
        if not listed:
            return self._new_name()
        known = {version for text in listed if (version := read(text)) is not None}
        if not is_released_here(self.seen, listed):
            return tuple(self._taken_name())
        below = below_released(self.seen, self.version, {self.package.name: listed})
        return (
            *self._incomplete(known),
            *self.left_over(known),
            *(replace(one, severity=severity_for(self.level), package=self.package.id) for one in below),
        )

    def _new_name(self) -> Found:
        """Report a name that is not there; crates-io refuses it if it is there in another spelling."""
        others = self.registry.other_spellings(self.package) if isinstance(self.registry, Spelled) else ()
        if isinstance(others, Unknown):
            return Cannot(others.reason)
        return tuple(_other_spelling(self.package, one) for one in others) or (
            _new_name(self.package),
            *self._new_name_refused(),
        )

    def _new_name_refused(self) -> Iterator[Problem]:
        """Judge the name of a project that is to be made; a project without files is there, and keeps its name."""
        if self.package.ecosystem == "npm":
            yield from judge_new_npm_name(self.package, self.seen.tree, access=self.access)
        if not isinstance(self.registry, Ruled) or not self.registry.has_known_rules(self.package):
            return
        others = [one for one in self.seen.workspace.packages if one.ecosystem == self.package.ecosystem]
        problem = judge_new_name(self.package, others) if self.package.ecosystem == "python" else None
        if problem is not None:
            listing = self.registry.look(self.package, spell(self.version, self.package.ecosystem))
            if listing.unknown is None and listing.new_name:
                yield problem

    def _incomplete(self, known: set[ReleaseVersion]) -> Iterator[Problem]:
        previous = self.seen.history.previous
        if previous is not None and previous.version not in known and self.package.id in self.before.packages:
            yield _incomplete(self.package, str(previous.version))

    def _taken_name(self) -> Iterator[Problem]:
        """No tag here released what the registry has of that name: see who owns it, by a package that is ours."""
        theirs = self.registry.owners(self.package) if isinstance(self.registry, Owned) else None
        ours = self._ours() if theirs is not None else None
        if ours is None or theirs is None:
            yield _taken(self.package, theirs, sure=False)
        elif not set(theirs) & set(ours):
            yield _taken(self.package, theirs, sure=True)

    def _ours(self) -> Sequence[str] | None:
        """List the owners of another package, one that was released here; None where nobody can say."""
        for one in self.before.packages.values():
            if one.ecosystem != self.package.ecosystem or one.id == self.package.id:
                continue
            listed = self.registry.versions(one) if isinstance(self.registry, Owned) else ()
            if isinstance(listed, Unknown):
                continue
            if isinstance(self.registry, Owned) and is_released_here(self.seen, listed):
                return self.registry.owners(one)
        return None

    def left_over(self, known: set[ReleaseVersion]) -> Iterator[Problem]:
        """Versions after the last release that nobody tagged: uploads of a release that came to no end."""
        previous = self.seen.history.previous
        if previous is None or self.package.id not in self.before.packages:
            return
        every = self.before.of_last_release.get(self.package.ecosystem, {})
        if self.package.id not in every:
            return
        by_count: dict[int, list[ReleaseVersion]] = {}
        for version in sorted(known - self.seen.tagged_versions):
            # Older versions may lack a tag for historical reasons; only newer ones can be an unfinished
            # release.
            if version <= previous.version or version == self.version or version in self.untagged.elsewhere():
                continue
            holders = self.untagged.holders(self.registry, tuple(every.values()), version)
            # Every package sees the same version; the last one reports it for all.
            if holders[-1:] == (self.package.id,):  # one line for all of them
                by_count.setdefault(len(holders), []).append(version)
        for count, versions in by_count.items():
            yield _half_released((count, len(every)), versions, self.seen)


def _other_spelling(package: Package, other: str) -> Problem:
    return Problem(
        code="name-not-ours",
        message=f"the registry already has `{other}`, which it treats as the same name as `{package.id}`"
        if other != package.name
        else f"the registry already has a name that differs from `{package.id}` only in case",
        reason="it ignores case, `-` and `_`, and refuses the upload even from the owner of the other name",
        remedy="choose another name, or use the existing spelling if the package is yours",
        file=package.manifest,
        package=package.id,
    )


def _new_name(package: Package) -> Problem:
    return Problem(
        code="name-new",
        severity="warning",
        message=f"`{package.id}` is new on its registry",
        reason="a token scoped to existing packages cannot create one, and the name is not reserved until the upload",
        remedy="use a token that may create packages for this release, or list the package in `release.exclude` "
        "if it is not to be published; the warning disappears after the upload",
        package=package.id,
    )


def _incomplete(package: Package, previous: str) -> Problem:
    return Problem(
        code="previous-incomplete",
        severity="warning",
        message=f"the last release, {previous}, has no `{package.id}` on its registry",
        reason="it was tagged nevertheless",
        remedy=f"`castoff resume {previous} --execute` uploads it, or says what is in the way; "
        f"`castoff status {previous}` shows what is missing",
        package=package.id,
    )


def _half_released(held: tuple[int, int], versions: Sequence[ReleaseVersion], snapshot: Snapshot) -> Problem:
    """Report versions that ``held`` (count, of how many) packages have on the registry, and that no tag marks."""
    count, total = held
    remote, is_one = snapshot.remote, len(versions) == 1
    # The newest are what users get, and what can still be repaired.
    newest = versions[-_MOST_VERSIONS:]
    more = f" and {len(versions) - len(newest)} older versions" if len(versions) > len(newest) else ""
    tags = [snapshot.tag_name.of(version) for version in newest]
    packages = (
        "package has" if (count, total) == (1, 1) else "packages has" if count == 1 else "packages have"
    )
    return Problem(
        code="half-released",
        severity="warning",
        message=f"{count} of {total} {packages} {', '.join(str(one) for one in newest)}{more} on the registry, "
        f"and `{remote}` has no tag " + (f"`{tags[0]}`" if is_one else "of them"),
        reason="that release was not finished, or its tag was never pushed; users may install it"
        if is_one
        else "those releases were not finished, or their tags were never pushed; users may install them",
        remedy=f"if that release is complete, push its tag (`git push {remote} {tags[0]}`); if not, "
        "yank the version"
        if is_one
        else f"push the tags of those that are complete (`git push {remote} {' '.join(tags)}`); "
        "yank the other versions",
    )


def _taken(package: Package, owners: Sequence[str] | None, *, sure: bool) -> Problem:
    return Problem(
        code="name-not-ours",
        severity="error" if sure else "warning",
        message=f"the registry already has a `{package.id}`, and no tag of this repository released it",
        reason=f"it belongs to {', '.join(owners[:3])}" if owners else "its owner is unknown",
        remedy="choose another name, or ask its owners to add you; if it is yours, push the tag of a "
        "published version",
        package=package.id,
    )
