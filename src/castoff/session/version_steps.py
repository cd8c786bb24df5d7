"""Steps from the last version to the next, and whether a named version is such a step, spelled as before.

A typing error (`13.0` for `1.3.0`) makes a version that is higher and free, and that no registry ever forgets.
"""

from __future__ import annotations

from castoff.errors import Problem
from castoff.model.versions import ReleaseVersion, next_version, read, spell, steps_from
from castoff.session.snapshot import Snapshot

_YEARS = 1000  # a first number from here on counts years: what follows it is the calendar's


def unusual_step(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Warn of a version that leaves some out, or has fewer numbers than the tags; a level makes neither."""
    previous = snapshot.history.previous
    if previous is None:
        return ()
    return (*_skips(snapshot, previous.version, version), *_shorter(snapshot, previous.version, version))


def given_up_before(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Warn of a version that was begun here and given up: where something of it was uploaded, it cannot be used."""
    gone = snapshot.given_up()
    if version not in gone:
        return ()
    free = version
    while free in gone or snapshot.tag_name.of(free) in snapshot.refs.tags:
        free = next_version(free, free.pre or "patch")
    spelled = snapshot.history.spelled
    return (
        Problem(
            code="version-given-up",
            severity="warning",
            message=f"{spelled(version)} was started on this branch before, and abandoned",
            reason="files that were uploaded cannot be uploaded again: the release would stop",
            remedy=f"use {spelled(free)}, unless nothing of it was uploaded",
        ),
    )


def likely_next(snapshot: Snapshot) -> ReleaseVersion:
    """Guess what the next release will be: a minor one, or where that is out already, a patch of this branch."""
    previous = snapshot.history.previous
    last = previous.version if previous else None
    minor = next_version(last, "minor")
    return next_version(last, "patch") if snapshot.tag_name.of(minor) in snapshot.refs.tags else minor


def _skips(snapshot: Snapshot, last: ReleaseVersion, version: ReleaseVersion) -> tuple[Problem, ...]:
    nexts, spelled = steps_from(last), snapshot.history.spelled
    standing = {one.base for package in snapshot.workspace.packages if (one := read(package.version))}
    if version.base in {last.base, *nexts, *standing} or last.major >= _YEARS or version <= last:
        return ()
    burned = {one.base for one in snapshot.given_up()}
    after_burned = [step for one in sorted(burned) for step in steps_from(one)]
    if version.base in after_burned:
        return ()
    nexts = tuple(one for one in sorted({*nexts, *after_burned}, reverse=True) if one not in burned)
    return (
        Problem(
            code="version-skips-a-step",
            severity="warning",
            message=f"{spelled(version)} skips versions: after {spelled(last)} come "
            + " or ".join(spelled(one) for one in dict.fromkeys(nexts)),
            reason="a released version stays in the order of versions for good",
            remedy="use one of them, unless the gap is intended",
        ),
    )


def _shorter(snapshot: Snapshot, last: ReleaseVersion, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Warn of fewer numbers than the last release has, or a Python manifest: a tag `v1.0` may stand for 1.0.0."""
    standing = [
        read(package.version) for package in snapshot.workspace.packages if package.ecosystem == "python"
    ]
    longest = max(
        (last, *(one for one in standing if one is not None and one.base == last.base)),
        key=lambda one: one.width,
    )
    if version.width >= longest.width:
        return ()
    spelled = snapshot.history.spelled
    others = "the last release" if longest is last else "the manifests"
    return (
        Problem(
            code="version-shorter",
            severity="warning",
            message=f"{spelled(version)} has fewer numbers than {others}, {spelled(longest)}",
            reason="tags and Python manifests would have two numbers from now on",
            remedy=f"use {spell(version, 'cargo')}, unless that is intended",
        ),
    )
