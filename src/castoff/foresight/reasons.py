"""Why could a requirement not be met at its turn, and what should be changed? Words for the resolver's answer."""

from __future__ import annotations

from dataclasses import dataclass

from castoff.errors import Problem
from castoff.foresight.record import Need, Published
from castoff.foresight.resolver import Universe, active_needs, missing_features, newest
from castoff.manifests.cargo_values import Dependency
from castoff.model.semver import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One requirement that cannot be met, and what there is to choose from when its package's turn comes.

    ``later`` says that the package that it asks for goes up later in the same release, ``cycle`` that it
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
    """Give the problem with its cause, its place and what to change."""
    code, reason = _cause(case)
    dependency = case.dependency
    kind = "dev-dependency" if dependency.kind == "dev" else "dependency"
    asked = f"`{dependency.requirement}`" + (
        f" with {_listed(dependency.features)}" if dependency.features else ""
    )
    return Problem(
        code=code,
        message=f"`{case.package}` {case.version} could not be packed at its turn: its {kind} "
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
        f"it admits {', '.join(str(one.version) for one in fitting[:3])}, but none of them goes together with "
        f"what else `{case.package}` needs{_turn(case)}"
    )


def _nothing_admitted(case: Case) -> tuple[str, str]:
    if any(case.need.requirement.admits(one.version) for one in case.withdrawn):
        return "requirement-only-withdrawn", "every version that it admits was withdrawn" + _turn(case)
    highest = newest(case.universe.versions.get(case.need.name, ()))
    there = f"the newest published by then is {highest}" if highest else "none is published by then"
    return "requirement-admits-nothing", there + _turn(case)


def _turn(case: Case) -> str:
    if not case.later:
        return ""
    waits = f" and itself waits for `{case.package}`" if case.cycle else ""
    return f"; `{case.need.name}` {case.version} goes up later{waits}"


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
        return "correct the requirement, or release first what it asks for"
    if dependency.inherited:
        return (
            f'write `{dependency.key} = {{ path = "..." }}` without `workspace = true`: the inherited version '
            "is what keeps it in the published manifest"
        )
    if dependency.folder is not None:
        return "drop `version` from this line and keep `path`: Cargo then leaves it out of what is published"
    return "give it a `path` instead of a version, or a requirement that a published version meets"


def _listed(names: object) -> str:
    listed = [f"`{name}`" for name in names] if isinstance(names, (tuple, list)) else []
    return ("the feature " if len(listed) == 1 else "the features ") + ", ".join(listed)
