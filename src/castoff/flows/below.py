"""Do the last release's tag and the manifests lead to the same version?

Versions count from the last tag that the branch reaches. Where newer tags lie on other branches, or were never
made, the version that follows from a level can be one that is long out; where somebody set a tag by hand, it can
be one that nobody meant. A plan warns of both, and a release stops: naming the version exactly is the way on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from castoff.errors import Problem, Refusal
from castoff.flows.survey import Survey
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import Package, Workspace

_NUMBERS = re.compile(r"v?([0-9]{1,9}\.[0-9]{1,9}(?:\.[0-9]{1,9})?)(?![0-9])", re.ASCII)


def below_manifests(survey: Survey, version: ReleaseVersion, level: str) -> tuple[Problem, ...]:
    """Compare with the highest version in a manifest; a version that a person named is only warned of."""
    standing = [
        (base, package)
        for package in survey.workspace.packages
        if package.tags is None and (base := _base(package.version)) is not None
    ]
    if not standing:
        return ()
    highest, package = max(standing, key=lambda one: one[0])
    if version.base >= highest:
        return ()
    return (_problem(survey, version, package, highest, named=read(level) is not None),)


def stray_base(survey: Survey, before: Callable[[], Workspace | None], level: str) -> tuple[Problem, ...]:
    """Hold the last release's tag against its commit's manifests, read by ``before`` where they may differ."""
    previous = survey.history.previous
    if previous is None or survey.version == previous.version:
        return ()
    there = (before() or survey.workspace).packages
    if not there or any(read(one.version) == previous.version for one in there):
        return ()
    stray, tag = there[0], survey.tag_name.of(previous.version)
    problem = Problem(
        code="tag-of-another-version",
        severity="warning" if read(level) is not None else "error",
        message=f"`{tag}` stands on a commit of which `{stray.name}` is {stray.version}",
        reason="levels count from the last release's tag, and this one was hardly meant",
        remedy="name the version that is to come, or delete the tag on the remote where nothing of it is out",
        package=stray.id,
        commit=previous.commit,
    )
    return (problem,)


def mind_base(
    survey: Survey, version: ReleaseVersion, level: str, before: Callable[[], Workspace | None]
) -> None:
    """Stop where a level counts from a tag that does not fit; errors as of :func:`below_manifests` and here."""
    found = (*below_manifests(survey, version, level), *stray_base(survey, before, level))
    if errors := [one for one in found if one.severity == "error"]:
        raise Refusal(*errors)


def _base(text: str) -> ReleaseVersion | None:
    """Read the version that a text is, or leads to: `5.0.0` for `5.0.0-dev`, which is no release version."""
    numbers = _NUMBERS.match(text)
    return read(numbers[1]) if numbers else None


def _problem(
    survey: Survey, version: ReleaseVersion, package: Package, highest: ReleaseVersion, *, named: bool
) -> Problem:
    previous = survey.history.previous
    reached = (
        f"the last one that `{survey.branch}` reaches is {survey.history.spelled(previous.version)}"
        if previous
        else "there is none"
    )
    return Problem(
        code="version-below-manifests",
        severity="warning" if named else "error",
        message=f"{version} is lower than what the manifests say: `{package.name}` stands at {package.version}",
        reason=f"levels count from the last release's tag, and {reached}",
        remedy=f"name the version (such as {highest}), fetch or push the tags that are missing, or release from the "
        "branch that holds them",
        package=package.id,
        file=package.version_file,
        line=package.version_line,
    )
