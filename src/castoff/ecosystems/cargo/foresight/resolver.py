"""A small resolver over the packages of one workspace, which takes the versions that Cargo's takes.

It follows Cargo's rules where they matter for packages that are released together: one version of a package
in each compatible range, features that must exist on the version that is taken, optional requirements only
where a feature turns them on, dev requirements of the root alone. Packages outside of the workspace are taken
as resolvable. Newest versions are tried first, and any way that works is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from castoff.ecosystems.cargo.manifest.document import Dependency
from castoff.ecosystems.record import Need, Published
from castoff.errors import Problem
from castoff.model.semver import Version

_BUDGET = 50_000
"""Steps after which the search gives up; a real workspace takes some hundred."""

_Key = tuple[str, tuple[int, ...]]
_Request = tuple[Need, frozenset[str]]
_Requests = tuple[_Request, "_Requests"] | None
"""What is still to be met, as a linked list, so that going back costs nothing."""


class Universe(Struct, frozen=True):
    """What the resolver can choose from: versions by package, newest first, withdrawn ones left out.

    ``features_now`` are the feature tables of the workspace itself; they stand for those of published
    versions of which only the names are known. ``closed`` names packages of which no registry version may
    stand beside the root (it claims a native library).
    """

    versions: Mapping[str, Sequence[Published]]
    features_now: Mapping[str, Mapping[str, tuple[str, ...]]] = {}
    closed: frozenset[str] = frozenset()

    def admitted(self, need: Need) -> list[Published]:
        """List the versions that a requirement admits, newest first."""
        return [one for one in self.versions.get(need.name, ()) if need.requirement.admits(one.version)]

    def with_features(self, need: Need) -> list[Published]:
        """List the admitted versions that have all features asked for."""
        return [one for one in self.admitted(need) if not missing_features(one, _wanted(need))]


def resolves(universe: Universe, needs: Iterable[Need]) -> bool | None:
    """Return whether all needs of a root can be met together; None where the search gave up."""
    search = _Search(universe)
    wanted = [(need, _wanted(need)) for need in needs if need.name in universe.versions]
    found = search.solve(wanted)
    return None if search.steps > _BUDGET else found


def missing_features(one: Published, wanted: Iterable[str]) -> set[str]:
    """List the features that a version lacks; ``default`` need not be there."""
    # The workspace's own packages have whatever features their manifests get; of others, nothing is known.
    if one.fresh or one.expanded is None:
        return set()
    named = {need.key for need in one.needs if need.kind == "optional"}
    return {name for name in wanted if name not in one.features and name not in named} - {"default"}


def active_needs(universe: Universe, name: str, one: Published, wanted: frozenset[str]) -> list[_Request]:
    """List what a version needs with these features on, each with the features asked of it."""
    table = one.features if one.expanded else _likely_table(universe, name, one)
    turned_on, asked = _expand(one, table, wanted)
    if not one.expanded:
        asked = {}
    return [
        (need, _wanted(need) | frozenset(asked.get(need.key, ())))
        for need in one.needs
        if need.kind in ("normal", "build") or (need.kind == "optional" and need.key in turned_on)
    ]


def _likely_table(universe: Universe, name: str, one: Published) -> Mapping[str, tuple[str, ...]]:
    """Take today's feature table for an older version's, as far as that version has the names."""
    today = universe.features_now.get(name, {})
    return {feature: today.get(feature, ()) for feature in one.features}


def _expand(
    one: Published, table: Mapping[str, tuple[str, ...]], wanted: frozenset[str]
) -> tuple[set[str], dict[str, set[str]]]:
    """Follow features to the optional packages that they turn on, and to features of packages."""
    keys = {need.key for need in one.needs}
    turned_on: set[str] = set()
    asked: dict[str, set[str]] = {}
    seen: set[str] = set()
    queue = list(wanted)
    while queue:
        feature = queue.pop()
        if feature in seen:
            continue
        seen.add(feature)
        # An optional dependency that no feature names as `dep:` is a feature of its own name (the Cargo book,
        # "Optional dependencies").
        if feature not in table and feature in keys:
            turned_on.add(feature)
        for part in table.get(feature, ()):
            key, slash, inner = part.partition("/")
            if slash:
                asked.setdefault(key.removesuffix("?"), set()).add(inner)
                # `package?/feature` asks for the feature where something else turned the package on
                # ("Dependency features").
                if not key.endswith("?"):
                    turned_on.add(key)
            elif part.startswith("dep:"):
                turned_on.add(part[4:])
            else:
                queue.append(part)
    return turned_on, asked


def _wanted(need: Need) -> frozenset[str]:
    return frozenset((*need.features, "default")) if need.default_features else frozenset(need.features)


class _Chosen(Struct):
    version: Published
    features: frozenset[str]


class _Frame(Struct):
    """One request that is being met: the versions left to try, and what the last try replaced."""

    request: _Request
    rest: _Requests
    left: Iterator[Published]
    undo: tuple[_Key, _Chosen | None] | None = None


class _Search:
    """Depth first with backtracking, without recursion: a workspace may hold a thousand packages."""

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._chosen: dict[_Key, _Chosen] = {}
        self.steps = 0

    def solve(self, requests: Iterable[_Request]) -> bool:
        """Meet all requests, those with the fewest choices first."""
        # The list is a stack, so what is put on last is met first: with few choices, a dead end shows early.
        ordered = sorted(requests, key=lambda one: len(self._universe.admitted(one[0])), reverse=True)
        pending: _Requests = None
        for request in ordered:
            pending = (request, pending)
        frames: list[_Frame] = []
        while pending is not None and self.steps <= _BUDGET:
            request, rest = pending
            frames.append(_Frame(request, rest, iter(self._universe.admitted(request[0]))))
            advanced = self._advance(frames)
            if advanced is None:
                return False
            (pending,) = advanced
        return pending is None

    def _advance(self, frames: list[_Frame]) -> tuple[_Requests] | None:
        """Take the next version that fits, going back as far as needed; None where no way is left."""
        while frames and self.steps <= _BUDGET:
            frame = frames[-1]
            self._restore(frame)
            for one in frame.left:
                self.steps += 1
                taken = self._take(frame, one)
                if taken is not None:
                    return taken
            frames.pop()
        return None

    def _restore(self, frame: _Frame) -> None:
        if frame.undo is not None:
            key, before = frame.undo
            if before is None:
                del self._chosen[key]
            else:
                self._chosen[key] = before
            frame.undo = None

    def _take(self, frame: _Frame, one: Published) -> tuple[_Requests] | None:
        need, wanted = frame.request
        if need.name in self._universe.closed or missing_features(one, wanted):
            return None
        key = (need.name, one.version.range)
        before = self._chosen.get(key)
        # Cargo takes one version of a package in each compatible range.
        if before is not None and before.version.version != one.version:
            return None
        features = wanted | before.features if before else wanted
        if before is not None and features == before.features:
            return (frame.rest,)
        frame.undo = (key, before)
        self._chosen[key] = _Chosen(one, features)
        pending = frame.rest
        for request in active_needs(self._universe, need.name, one, features):
            if request[0].name in self._universe.versions:
                pending = (request, pending)
        return (pending,)


def newest(versions: Iterable[Published]) -> Version | None:
    """Return the highest version of a list, None of an empty one."""
    return max((one.version for one in versions), default=None)


class Case(Struct, frozen=True, kw_only=True):
    """One requirement that cannot be met, and what there is to choose from when its package's turn comes.

    ``later`` says that the package that it asks for is uploaded later in the same release, ``cycle`` that it
    waits for this one; ``own`` are the requirements that users of the package have to meet as well.
    """

    package: str
    version: Version
    dependency: Dependency
    need: Need
    universe: Universe
    own: tuple[Need, ...]
    withdrawn: tuple[Published, ...]
    later: bool
    cycle: bool


def explain(case: Case, line: int | None) -> Problem:
    """Return the problem with its cause, its place and what to change."""
    code, reason = _cause(case)
    dependency = case.dependency
    kind = "dev-dependency" if dependency.kind == "dev" else "dependency"
    asked = f"`{dependency.requirement}`" + (
        f" with {_listed(dependency.features)}" if dependency.features else ""
    )
    return Problem(
        code=code,
        message=f"`{case.package}` {case.version} cannot be packed at its turn: its {kind} "
        f"`{dependency.name}` {asked} cannot be resolved",
        reason=reason,
        remedy=_remedy(case),
        file=dependency.place.file,
        line=line,
        package=case.package,
    )


def _cause(case: Case) -> tuple[str, str]:
    admitted = case.universe.admitted(case.need)
    if not admitted:
        return _nothing_admitted(case)
    fitting = case.universe.with_features(case.need)
    if not fitting:
        lacking = missing_features(admitted[0], case.need.features)
        return "feature-not-published", (
            f"no version that is published by then has {_listed(sorted(lacking))}; the newest that it admits "
            f"is {admitted[0].version}{_turn(case)}"
        )
    clash = _clash(case, fitting[0])
    if clash is not None:
        return "two-versions-in-one-range", clash + _turn(case)
    return "unresolvable-at-its-turn", (
        f"it admits {', '.join(str(one.version) for one in fitting[:3])}, but none of them is compatible with "
        f"the other requirements of `{case.package}`{_turn(case)}"
    )


def _nothing_admitted(case: Case) -> tuple[str, str]:
    if any(case.need.requirement.admits(one.version) for one in case.withdrawn):
        return "requirement-only-withdrawn", "every version that it admits is yanked" + _turn(case)
    highest = newest(case.universe.versions.get(case.need.name, ()))
    there = f"the newest published by then is {highest}" if highest else "none is published by then"
    return "requirement-admits-nothing", there + _turn(case)


def _turn(case: Case) -> str:
    if not case.later:
        return ""
    waits = f" and itself waits for `{case.package}`" if case.cycle else ""
    return f"; `{case.need.name}` {case.version} is uploaded later{waits}"


def _clash(case: Case, candidate: Published) -> str | None:
    """Find the pair of versions in one compatible range that the best candidate would bring about."""
    features = frozenset((*case.need.features, "default"))
    theirs = active_needs(case.universe, case.need.name, candidate, features)
    for need, _features in theirs:
        for own in case.own:
            if own.name != need.name:
                continue
            ours, other = case.universe.admitted(own), case.universe.admitted(need)
            ranges = {one.version.range for one in ours}
            versions = {one.version for one in ours}
            if other and all(one.version.range in ranges and one.version not in versions for one in other):
                return (
                    f"it can only get `{case.need.name}` {candidate.version}, which needs `{need.name}` "
                    f"{other[0].version}, beside the `{need.name}` {ours[0].version} that "
                    f"`{case.package}` needs: two versions in one compatible range"
                )
    return None


def _remedy(case: Case) -> str:
    dependency = case.dependency
    if dependency.kind != "dev":
        return "correct the requirement, or first release what it requires"
    if dependency.inherited:
        return (
            f'write `{dependency.key} = {{ path = "..." }}` without `workspace = true`: the inherited version '
            "is what keeps it in the published manifest"
        )
    if dependency.folder is not None:
        return "remove `version` from this line and keep `path`: Cargo then does not publish the dependency"
    return "give it a `path` instead of a version, or a requirement that a published version meets"


def _listed(names: object) -> str:
    listed = [f"`{name}`" for name in names] if isinstance(names, (tuple, list)) else []
    return ("the feature " if len(listed) == 1 else "the features ") + ", ".join(listed)
