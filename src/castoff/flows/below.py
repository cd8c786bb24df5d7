"""Is the version that comes next lower than what the manifests say?

Versions count from the last tag that the branch reaches. Where newer tags lie on other branches, or were never
made, the version that follows from a level can be one that is long out.
"""

from __future__ import annotations

import re

from castoff.errors import Problem, Refusal
from castoff.flows.survey import Survey
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import Package

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


def mind_manifests(survey: Survey, version: ReleaseVersion, level: str) -> None:
    """Stop where a level leads below the manifests; errors ``version-below-manifests``."""
    if errors := [one for one in below_manifests(survey, version, level) if one.severity == "error"]:
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
