"""Which versions would Cargo's resolver take? A small resolver over the packages of one workspace.

It follows Cargo's rules where they matter for packages that are released together: one version of a package
in each compatible range, features that must exist on the version that is taken, optional requirements only
where a feature turns them on, dev requirements of the root alone. Packages outside of the workspace are taken
as resolvable. Newest versions are tried first, and any way that works is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from castoff.foresight.record import Need, Published
from castoff.model.semver import Version

_BUDGET = 50_000
"""Steps after which the search gives up; a real workspace takes some hundred."""

_Key = tuple[str, tuple[int, ...]]
_Request = tuple[Need, frozenset[str]]
_Requests = tuple[_Request, "_Requests"] | None
"""What is still to be met, as a linked list, so that going back costs nothing."""


@dataclass(frozen=True, slots=True)
class Universe:
    """What the resolver can choose from: versions by package, newest first, withdrawn ones left out.

    ``features_now`` are the feature tables of the workspace itself; they stand for those of published
    versions of which only the names are known. ``closed`` names packages of which no registry version may
    stand beside the root (it claims a native library).
    """

    versions: Mapping[str, Sequence[Published]]
    features_now: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()

    def admitted(self, need: Need) -> list[Published]:
        """List the versions that a requirement admits, newest first."""
        return [one for one in self.versions.get(need.name, ()) if need.requirement.admits(one.version)]

    def with_features(self, need: Need) -> list[Published]:
        """List the admitted versions that have all features asked for."""
        return [one for one in self.admitted(need) if not missing_features(one, _wanted(need))]


def resolves(universe: Universe, needs: Iterable[Need]) -> bool | None:
    """Say whether all needs of a root can be met together; None where the search gave up."""
    search = _Search(universe)
    wanted = [(need, _wanted(need)) for need in needs if need.name in universe.versions]
    found = search.solve(wanted)
    return None if search.steps > _BUDGET else found


def missing_features(one: Published, wanted: Iterable[str]) -> set[str]:
    """List the features that a version lacks; ``default`` need not be there."""
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
        if feature not in table and feature in keys:
            turned_on.add(feature)
        for part in table.get(feature, ()):
            key, slash, inner = part.partition("/")
            if slash:
                asked.setdefault(key.removesuffix("?"), set()).add(inner)
                if not key.endswith("?"):
                    turned_on.add(key)
            elif part.startswith("dep:"):
                turned_on.add(part[4:])
            else:
                queue.append(part)
    return turned_on, asked


def _wanted(need: Need) -> frozenset[str]:
    return frozenset((*need.features, "default")) if need.default_features else frozenset(need.features)


@dataclass(slots=True)
class _Chosen:
    version: Published
    features: frozenset[str]


@dataclass(slots=True)
class _Frame:
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
    """Give the highest version of a list, None of an empty one."""
    return max((one.version for one in versions), default=None)
