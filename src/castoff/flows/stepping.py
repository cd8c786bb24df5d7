"""Which version comes next, and is the one that a person named such a step, written like the last one?

A typing error (`13.0` for `1.3.0`) makes a version that is higher and free, and that no registry ever forgets.
"""

from __future__ import annotations

from castoff.errors import Problem
from castoff.flows.survey import Survey
from castoff.model.versions import ReleaseVersion, next_version, read, spell, steps_from

_YEARS = 1000  # a first number from here on counts years: what follows it is the calendar's


def unusual_step(survey: Survey, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Warn of a version that leaves some out, or has fewer numbers than the tags; a level makes neither."""
    previous = survey.history.previous
    if previous is None:
        return ()
    return (*_skips(survey, previous.version, version), *_shorter(survey, previous.version, version))


def given_up_before(survey: Survey, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Warn of a version that was begun here and given up: where something of it was uploaded, it cannot be used."""
    gone = survey.given_up()
    if version not in gone:
        return ()
    free = version
    while free in gone or survey.tag_name.of(free) in survey.refs.tags:
        free = next_version(free, free.pre or "patch")
    spelled = survey.history.spelled
    return (
        Problem(
            code="version-given-up",
            severity="warning",
            message=f"{spelled(version)} was begun on this branch before, and given up",
            reason="what was uploaded of it, if anything was, can never be uploaded again: the release would stop",
            remedy=f"name {spelled(free)}, unless nothing of it was uploaded",
        ),
    )


def likely_next(survey: Survey) -> ReleaseVersion:
    """Guess what the next release will be: a minor one, or where that is out already, a patch of this branch."""
    previous = survey.history.previous
    last = previous.version if previous else None
    minor = next_version(last, "minor")
    return next_version(last, "patch") if survey.tag_name.of(minor) in survey.refs.tags else minor


def _skips(survey: Survey, last: ReleaseVersion, version: ReleaseVersion) -> tuple[Problem, ...]:
    nexts, spelled = steps_from(last), survey.history.spelled
    standing = {one.base for package in survey.workspace.packages if (one := read(package.version))}
    if version.base in {last.base, *nexts, *standing} or last.major >= _YEARS or version <= last:
        return ()
    burnt = {one.base for one in survey.given_up()}
    after_burnt = [step for one in sorted(burnt) for step in steps_from(one)]
    if version.base in after_burnt:
        return ()
    nexts = tuple(one for one in sorted({*nexts, *after_burnt}, reverse=True) if one not in burnt)
    return (
        Problem(
            code="version-skips-a-step",
            severity="warning",
            message=f"{spelled(version)} leaves versions out: after {spelled(last)} come "
            + " or ".join(spelled(one) for one in dict.fromkeys(nexts)),
            reason="a version that was released cannot be taken out of the order of versions again",
            remedy="name one of them, unless the versions between are left out on purpose",
        ),
    )


def _shorter(survey: Survey, last: ReleaseVersion, version: ReleaseVersion) -> tuple[Problem, ...]:
    spelled = survey.history.spelled
    if version.width >= last.width:
        return ()
    return (
        Problem(
            code="version-shorter",
            severity="warning",
            message=f"{spelled(version)} has fewer numbers than the last release, {spelled(last)}",
            reason="tags and Python manifests would be written with two numbers from now on",
            remedy=f"name {spell(version, 'cargo')}, unless that is meant",
        ),
    )
