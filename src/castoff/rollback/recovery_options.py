"""Options of a release in flight, and their effects for users."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from castoff.model.acts import Do
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.refs import claim_ref
from castoff.reconcile import PartState, StageState
from castoff.rollback.withdrawal import LIMITS
from castoff.session.release import Release


class RecoveryOption(Struct, frozen=True, kw_only=True):
    """One way: the command, what it does, and what users are left with."""

    command: str
    does: str
    leaves: tuple[str, ...]


def recovery_options(
    release: Release, states: Sequence[StageState], next_free: Callable[[], str | None], *, tagged: bool
) -> tuple[RecoveryOption, ...]:
    """Return the options of an incomplete release; none if only the announcement is left.

    While something has no answer, nobody knows what is half done, and the only way is to look again. ``next_free`` is
    asked only where a version would burn.
    """
    # Nothing is left that castoff could do or undo.
    if all(state.state in ("done", "off", "person") for state in states if state.stage.required):
        return ()
    if any(state.state == "blocked" for state in states if state.stage.name == "version"):
        return ()  # what is claimed or tagged is not that version: neither way leads anywhere
    uploads, total = _uploads(release, states), len(release.workspace.packages)
    up = tuple(reversed([part.name for part in uploads if _is_up(part)]))  # the facade first
    if without_answer := [
        part for state in states if state.stage.required for part in state.parts if part.is_unknown
    ]:
        return (_look_again(release, uploads, without_answer),)
    if any(state.state == "person" for state in states if state.stage.name == "publish"):
        approve = RecoveryOption(
            command=f"castoff approve {release.title} --execute",
            does=f"publishes what is staged; {len(up)} of {total} {_packages(total)} {_are(total)} published",
            leaves=(f"users get {release.title} complete, as planned",),
        )
        return approve, _abandon(release, up, next_free)
    whole = len(_whole(uploads))
    in_part = f", {len(up) - whole} in part" if len(up) > whole else ""
    forward = RecoveryOption(
        command=f"castoff resume {release.title} --execute",
        does=f"completes the release; {whole} of {total} {_packages(total)} {_are(total)} uploaded{in_part}",
        leaves=(f"users get {release.title} complete, as planned",),
    )
    if not any(
        state.state in ("todo", "waiting", "blocked") for state in states if state.stage.name == "publish"
    ):
        # Everything is up, or nobody can say: no reason to take it back.
        return (forward, _without(release)) if tagged and "draft" in _undone(states) else (forward,)
    # With a tag on the remote the release can be yanked only, because tags are never moved
    # (docs/explanation/why-reconcile.md).
    if tagged:
        return forward, _yank(release)
    return forward, _abandon(release, up, next_free)


def _undone(states: Sequence[StageState]) -> set[str]:
    return {state.stage.name for state in states if state.stage.required and state.state != "done"}


def _without(release: Release) -> RecoveryOption:
    return RecoveryOption(
        command=f"castoff resume {release.title} --without draft --execute",
        does="finishes it without a release on the forge",
        leaves=(f"users get {release.title}; its notes are neither on the forge nor in the changelog",),
    )


def _look_again(
    release: Release, uploads: Sequence[PartState], without_answer: Sequence[PartState]
) -> RecoveryOption:
    whole, total = _whole(uploads), len(release.workspace.packages)
    open_packages = [part for part in uploads if part in without_answer and part not in whole]
    # A range, not a guess: packages without an answer may or may not be uploaded.
    count = f"{len(whole)} to {len(whole) + len(open_packages)}" if open_packages else str(len(whole))
    reasons = dict.fromkeys(
        one.answer.reason for part in without_answer for one in part.seen if isinstance(one.answer, Unknown)
    )
    return RecoveryOption(
        command=f"castoff status {release.title}",
        does=f"checks again; {count} of {total} {_packages(total)} {_are(total)} uploaded: "
        + "; ".join(list(reasons)[:2]),
        leaves=("nothing is written until every service answers",),
    )


def _packages(count: int) -> str:
    return "package" if count == 1 else "packages"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def is_withdrawn(states: Sequence[StageState]) -> bool:
    """Return whether everything that was ever uploaded is withdrawn, and something was."""
    answers = [
        one.answer
        for state in states
        if state.stage.name == "publish"
        for part in state.parts
        for one in part.seen
    ]
    # No answers at all mean "not asked", not "withdrawn".
    return bool(answers) and all(isinstance(answer, Withdrawn) for answer in answers)


def _abandon(release: Release, up: Sequence[str], next_free: Callable[[], str | None]) -> RecoveryOption:
    command = f"castoff abandon {release.title} --execute"
    by_ref = release.workspace.is_from_tags
    undoes = f"deletes `{claim_ref(release.title)}`" if by_ref else "reverts the release commit"
    if not up:
        return RecoveryOption(
            command=command,
            does=f"rejects what is staged, if anything, and {undoes}; nothing was published"
            if "npm" in {one.ecosystem for one in release.workspace.packages}
            else f"{undoes}; nothing was uploaded",
            leaves=(f"users notice nothing, and {release.title} can be used again",),
        )
    free = next_free()
    ecosystems = sorted({release.workspace.package(name).ecosystem for name in up})
    return RecoveryOption(
        command=command,
        does="yanks " + ", ".join(up) + f", then {undoes}",
        leaves=(
            f"{release.title} is burned" + (f", the next free version is {free}" if free else ""),
            *(LIMITS[one] for one in ecosystems),
        ),
    )


def _yank(release: Release) -> RecoveryOption:
    ecosystems = sorted({package.ecosystem for package in release.workspace.packages})
    return RecoveryOption(
        command=f"castoff yank {release.title} --execute",
        does="yanks every package, the facade first, and marks the release on the forge as withdrawn",
        leaves=(f"the tag `{release.tag}` stays", *(LIMITS[one] for one in ecosystems)),
    )


def _uploads(release: Release, states: Sequence[StageState]) -> tuple[PartState, ...]:
    """Return the parts that publish a package, in upload order; the staging of a package is a part of its own."""
    ids = {package.id for package in release.workspace.packages}
    parts = (part for state in states if state.stage.name == "publish" for part in state.parts)
    return tuple(part for part in parts if part.name in ids)


def _whole(uploads: Sequence[PartState]) -> list[PartState]:
    """Return the packages of which no file is missing, as far as every question about them was answered."""
    return [one for one in uploads if _is_up(one) and not one.is_unknown and not isinstance(one.decision, Do)]


def _is_up(part: PartState) -> bool:
    return any(isinstance(one.answer, Present | Withdrawn) for one in part.seen)
