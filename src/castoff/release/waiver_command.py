"""The decision of `castoff resume VERSION --without STAGE`: a release is finished without its draft or announcement."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem, Refusal
from castoff.git import Clone
from castoff.reconcile import StageState
from castoff.reconcile.part import Stage
from castoff.release.flight import required_stages
from castoff.release.waiver import WaiverPart
from castoff.session.release import Release
from castoff.session.session import Session


def given_up(stages: Sequence[str], states: Sequence[StageState]) -> tuple[str, ...]:
    """Return the stages to give up: with the draft its announcement, and none once the release is announced."""
    if any(one.stage.name == "announce" and one.state == "done" for one in states):
        return ()
    return tuple(dict.fromkeys([*stages, *(("announce",) if "draft" in stages else ())]))


def waiver_stage(release: Release, clone: Clone, stages: Sequence[str]) -> Stage:
    """Make the stage that gives others up."""
    parts = tuple(
        WaiverPart(
            stage=name,
            title=release.title,
            commit=release.commit,
            remote_url=release.remote_url,
            clone=clone,
        )
        for name in stages
    )
    return Stage("announce", parts)


def require_waivable(session: Session, release: Release) -> None:
    """Stop unless everything is uploaded and the tag is on the release commit; error ``without-too-early``."""
    if problems := waiver_problems(session, release):
        raise Refusal(*problems)


def waiver_problems(session: Session, release: Release) -> tuple[Problem, ...]:
    """Report a release that is not uploaded and tagged yet: ``without-too-early``."""
    ref = session.snapshot.refs.tags.get(release.tag)
    # The first two are version and publish; draft and announcement are what may be given up.
    states = session.observe(*required_stages(session, release)[:2])
    missing = [part.name for state in states for part in state.parts if state.state != "done"]
    if ref is not None and ref.commit == release.commit and not missing:
        return ()
    what = (
        f"missing: {', '.join(missing)}"
        if missing
        else f"the tag `{release.tag}` is not on the release commit"
    )
    return (
        Problem(
            code="without-too-early",
            message=f"{release.title} is not uploaded and tagged yet, so none of its stages can be skipped",
            reason=what,
            remedy=f"run `castoff resume {release.title} --execute` first",
        ),
    )
