"""The level `auto`: what the labels of the changes since the last release ask for."""

from __future__ import annotations

from msgspec import Struct

from castoff.errors import ConfigurationError, Refusal
from castoff.notes.level import proposed_level
from castoff.session.change_range import gathered_since_release
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
