"""A release is half done: which ways lead out of it, and what does each leave to users?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from castoff.flows.staging import Target
from castoff.model.observations import Present, Withdrawn
from castoff.model.refs import claim_ref
from castoff.reconcile import StageState
from castoff.stages.withdraw import LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """One way: the command, what it does, and what users are left with."""

    command: str
    does: str
    leaves: tuple[str, ...]


def ways_out(
    target: Target, states: Sequence[StageState], next_free: Callable[[], str | None], *, tagged: bool
) -> tuple[WayOut, ...]:
    """Name both ways out of a release that is half done; none where only a person's announcement is left.

    ``next_free`` is asked only where a version would burn.
    """
    if all(state.state in ("done", "off", "person") for state in states if state.stage.required):
        return ()
    if any(state.state == "blocked" for state in states if state.stage.name == "version"):
        return ()  # what is claimed or tagged is not that version: neither way leads anywhere
    up = _uploaded(states)
    forward = WayOut(
        command=f"castoff resume {target.title} --execute",
        does=f"does what is missing; {len(up)} of {len(target.workspace.packages)} packages are up",
        leaves=(f"users get {target.title} whole, as planned",),
    )
    if not any(
        state.state in ("todo", "waiting", "blocked") for state in states if state.stage.name == "publish"
    ):
        return (forward,)  # everything is up, or nobody can say: no reason to take it back
    if tagged:
        return forward, _yank(target)
    return forward, _abandon(target, up, next_free)


def is_withdrawn(states: Sequence[StageState]) -> bool:
    """Say whether everything that was ever uploaded is withdrawn, and something was."""
    answers = [
        one.answer
        for state in states
        if state.stage.name == "publish"
        for part in state.parts
        for one in part.seen
    ]
    return bool(answers) and all(isinstance(answer, Withdrawn) for answer in answers)


def _abandon(target: Target, up: Sequence[str], next_free: Callable[[], str | None]) -> WayOut:
    command = f"castoff abandon {target.title} --execute"
    by_ref = target.workspace.is_from_tags
    undoes = f"takes `{claim_ref(target.title)}` away" if by_ref else "reverts the release commit"
    if not up:
        return WayOut(
            command=command,
            does=f"{undoes}; nothing was uploaded",
            leaves=(f"users notice nothing, and {target.title} stays usable",),
        )
    free = next_free()
    ecosystems = sorted({target.workspace.package(name).ecosystem for name in up})
    return WayOut(
        command=command,
        does="yanks " + ", ".join(up) + f", then {undoes}",
        leaves=(
            f"{target.title} is burnt" + (f", the next free version is {free}" if free else ""),
            *(LIMITS[one] for one in ecosystems),
        ),
    )


def _yank(target: Target) -> WayOut:
    ecosystems = sorted({package.ecosystem for package in target.workspace.packages})
    return WayOut(
        command=f"castoff yank {target.title} --execute",
        does="yanks every package, the facade first, and says so on the forge's page",
        leaves=(f"the tag `{target.tag}` stays", *(LIMITS[one] for one in ecosystems)),
    )


def _uploaded(states: Sequence[StageState]) -> tuple[str, ...]:
    """Name the packages of which something is on a registry, the facade first."""
    parts = [part for state in states if state.stage.name == "publish" for part in state.parts]
    found = [
        part.name for part in parts if any(isinstance(one.answer, Present | Withdrawn) for one in part.seen)
    ]
    return tuple(reversed(found))
