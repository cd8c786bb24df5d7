"""The part that closes the released version's milestone and moves what is open to the next one."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, only_if
from castoff.model.changes import Milestone
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.notes.milestones import (
    Answer,
    CloseMilestone,
    CreateMilestone,
    MilestoneAct,
    MilestonePlan,
    MilestonePolicy,
    MilestonesAsk,
    MilestonesBlocked,
    MilestonesDo,
    MilestonesDone,
    MoveItem,
    RenameMilestone,
    decide_milestones,
    title_of,
)
from castoff.ports import Milestones
from castoff.reconcile.part import Seen, wait_for


class MilestonePart(Struct):
    """The rollover of the milestones; ``answer`` is what a person said about which one is meant."""

    plan: MilestonePlan
    policy: MilestonePolicy
    forge: Milestones
    answer: Answer | None = None
    name: str = "milestone"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> tuple[Milestone, ...] | Unknown:
        """List the milestones."""
        found = self.forge.milestones()
        return found if isinstance(found, Unknown) else tuple(found)

    def decide(self, seen: tuple[Milestone, ...] | Unknown) -> Decision:
        """Create the next one, then move what is open, then close."""
        if isinstance(seen, Unknown):
            return wait_for(seen, only_if("if the milestones need it", unseen_acts(self.plan, self.policy)))
        match decide_milestones(seen, self.plan, self.policy, answer=self.answer):
            case MilestonesDone(reason):
                return Done(reason)
            case MilestonesDo(acts):
                first = first_acts(acts)
                return Do(tuple(map(as_act, first)), later=tuple(map(as_act, acts[len(first) :])))
            case MilestonesAsk(problem) | MilestonesBlocked(problem):
                return Blocked(problem)

    def describe(self, seen: tuple[Milestone, ...] | Unknown) -> Seen:
        """Show the milestones, with which of them are open."""
        if isinstance(seen, Unknown):
            return (Observation(id="milestones", answer=seen),)
        return tuple(
            Observation(
                id=one.title,
                answer=Present(url=one.url),
                identity=str(one.number),
                state="open" if one.is_open else "closed",
            )
            for one in seen
        ) or (Observation(id="milestones", answer=Absent()),)

    def act(self, act: Act) -> Outcome:
        """Do one of them."""
        assert isinstance(act, MilestoneWrite)
        match act.step:
            case CreateMilestone(title):
                return self.forge.create(title)
            case MoveItem(item, _, to):
                assert to is not None
                return self.forge.move(item.number, to)
            case RenameMilestone(number, title):
                return self.forge.rename(number, title)
            case CloseMilestone(number):
                return self.forge.close(number)


class MilestoneWrite(Act, frozen=True, kw_only=True):
    """One write to the milestones."""

    beside = Act.beside | {"step"}

    step: MilestoneAct


def unseen_acts(plan: MilestonePlan, policy: MilestonePolicy) -> tuple[Act, ...]:
    """Return all that a rollover may need while nobody knows the milestones."""
    if not plan.version.is_stable:
        return ()
    current, following = (f"milestone `{title_of(one, policy)}`" for one in (plan.version, plan.following))
    move = Act(
        id="milestone:move:<number>",
        stage="milestone",
        target=f"what is open to {following}",
        undo="free",
        prefix="milestone:move:",
    )
    return (
        Act(id="milestone:create", stage="milestone", target=following, undo="free"),
        *((move,) if policy.mode == "move" else ()),
        Act(id="milestone:close", stage="milestone", target=f"{current}, closed", undo="free"),
    )


def first_acts(acts: Sequence[MilestoneAct]) -> tuple[MilestoneAct, ...]:
    """Return those that may be done now: all moves go together, everything else goes alone."""
    if not isinstance(acts[0], MoveItem):
        return (acts[0],)
    return tuple(one for one in acts if isinstance(one, MoveItem))


def as_act(one: MilestoneAct) -> MilestoneWrite:
    """Name an act."""
    return MilestoneWrite(id=one.id, step=one, stage="milestone", target=_target(one), undo="free")


def _target(one: MilestoneAct) -> str:
    match one:
        case CreateMilestone(title):
            return f"milestone `{title}`"
        case MoveItem(item, title):
            return f"#{item.number} to milestone `{title}`"
        case RenameMilestone(_, title):
            return f"milestone `{title}`, renamed"
        case CloseMilestone(_, title):
            return f"milestone `{title}`, closed"
