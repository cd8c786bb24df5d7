"""The level `auto`: what the labels of the changes since the last release ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from castoff.errors import ConfigurationError, Refusal
from castoff.model.intent import Begin, meant
from castoff.model.refs import PROPOSED
from castoff.model.versions import ReleaseVersion
from castoff.notes.level import proposed_level
from castoff.session.change_range import gathered_since_release
from castoff.session.proposals import open_proposals
from castoff.session.services import Services
from castoff.session.session import Session, open_session

AUTO = "auto"


class DecidedLevel(Struct, frozen=True):
    """What stands for `auto`: a level, or the version that goes on; and why."""

    level: str
    reason: str


def decided_level(services: Services) -> DecidedLevel:
    """Return the version that castoff began or just released, else the highest level that labels ask for.

    Errors: ``levels-missing`` without `version.levels`, ``level-undecided`` if no change has such a label, and those
    of :func:`castoff.session.change_range.gather`.
    """
    with open_session(services) as session:
        history = session.snapshot.history
        if history.unfinished:
            return DecidedLevel(history.spelled(history.unfinished[0].version), "this version is in flight")
        if history.settled and history.previous is not None:
            version = history.spelled(history.previous.version)
            return DecidedLevel(version, "nothing was committed since its release")
        return _by_labels(session)


class NothingToPropose(Struct, frozen=True):
    """Why no pull request of a release is due."""

    reason: str


def level_to_propose(services: Services) -> DecidedLevel | NothingToPropose:
    """Return the version that is proposed already, or the level that labels ask for where it leads higher.

    Errors: those of :func:`castoff.session.change_range.gather`, and ``forge-unreachable``.
    """
    with open_session(services) as session:
        history = session.snapshot.history
        if history.unfinished:
            return NothingToPropose(f"{history.spelled(history.unfinished[0].version)} is in flight")
        if history.settled:
            return NothingToPropose("nothing was committed since the last release")
        branches = open_proposals(session)
        versions = [session.snapshot.version_of(name.removeprefix(PROPOSED)) for name in branches]
        return to_propose(
            [
                (version, name)
                for version, name in zip(versions, branches, strict=True)
                if version is not None
            ],
            *_asked(session),
            spelled=history.spelled,
        )


def to_propose(
    proposed: Sequence[tuple[ReleaseVersion, str]],
    asked: ReleaseVersion | None,
    reason: str,
    *,
    spelled: Callable[[ReleaseVersion], str],
) -> DecidedLevel | NothingToPropose:
    """Choose between versions that branches propose, and the one that labels ask for, with its reason."""
    if not proposed:
        return NothingToPropose(reason) if asked is None else DecidedLevel(spelled(asked), reason)
    version, branch = max(proposed)
    # A person may have proposed more than the labels ask for, or a candidate of it.
    if asked is None or asked <= version.base:
        return DecidedLevel(spelled(version), f"`{branch}` proposes it")
    return DecidedLevel(spelled(asked), reason)


def _asked(session: Session) -> tuple[ReleaseVersion | None, str]:
    """Return the version that labels ask for, and why; or why there is none."""
    if not session.configuration.version.levels:
        return None, "no release is proposed, and `version.levels` does not name the level of labels"
    try:
        found = _by_labels(session)
        intent = meant(session.snapshot.history, found.level, None)
    except Refusal as refused:
        return None, refused.problems[0].message
    return (intent.version, found.reason) if isinstance(intent, Begin) else (None, "a release is in flight")


def _by_labels(session: Session) -> DecidedLevel:
    levels = dict(session.configuration.version.levels)
    if not levels:
        raise ConfigurationError.of(
            "levels-missing",
            "the level `auto` needs the level of each label",
            reason="`version.levels` is not configured",
            remedy='name a level, or configure `[version] levels = { breaking = "major", "*" = "patch" }`',
        )
    gathered = gathered_since_release(session)
    found = proposed_level(gathered.held.changes, levels, gathered.kinds.exclude)
    if found is None:
        raise Refusal.of(
            "level-undecided",
            "no change since the last release asks for a level",
            reason=f"of {len(gathered.held.changes)} changes, none has one of the labels in `version.levels`: "
            + ", ".join(f"`{label}`" for label in levels),
            remedy='name a level, label a pull request, or add `"*"` to `version.levels` for all other changes',
        )
    return DecidedLevel(found.level, found.reason)
