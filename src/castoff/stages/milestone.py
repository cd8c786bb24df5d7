"""Is the released version's milestone closed, and is what was open in it in the next one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Wait
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
)
from castoff.ports import Milestones
from castoff.stages.part import Seen


@dataclass(slots=True)
class MilestonePart:
    """The rollover of the milestones; ``answer`` is what a person said about which one is meant."""

    plan: MilestonePlan
    policy: MilestonePolicy
    forge: Milestones
    answer: Answer | None = None
    name: str = "milestone"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _milestones: Sequence[Milestone] = field(default=(), init=False)

    def look(self) -> Seen:
        """List the milestones."""
        found = self.forge.milestones()
        if isinstance(found, Unknown):
            return (Observation(id="milestones", answer=found),)
        self._milestones = found
        return tuple(
            Observation(
                id=one.title,
                answer=Present(url=one.url, digest="open" if one.is_open else "closed"),
            )
            for one in found
        ) or (Observation(id="milestones", answer=Absent()),)

    def decide(self, seen: Seen) -> Decision:
        """Create the next one, then move what is open, then close."""
        if isinstance(seen[0].answer, Unknown):
            return Wait(reason=seen[0].answer.reason, seconds=seen[0].answer.retry_after)
        match decide_milestones(self._milestones, self.plan, self.policy, answer=self.answer):
            case MilestonesDone(reason):
                return Done(reason)
            case MilestonesDo(acts):
                return Do(tuple(as_act(one) for one in first_acts(acts)))
            case MilestonesAsk(problem) | MilestonesBlocked(problem):
                return Blocked(problem)

    def act(self, act: Act) -> Outcome:
        """Do one of them."""
        decision = decide_milestones(self._milestones, self.plan, self.policy, answer=self.answer)
        acts = decision.acts if isinstance(decision, MilestonesDo) else ()
        match next(one for one in acts if one.id == act.id):
            case CreateMilestone(title):
                return self.forge.create(title)
            case MoveItem(item, _, to):
                assert to is not None
                return self.forge.move(item.number, to)
            case RenameMilestone(number, title):
                return self.forge.rename(number, title)
            case CloseMilestone(number):
                return self.forge.close(number)


def first_acts(acts: Sequence[MilestoneAct]) -> tuple[MilestoneAct, ...]:
    """Give those that may be done now: all moves go together, everything else goes alone."""
    if not isinstance(acts[0], MoveItem):
        return (acts[0],)
    return tuple(one for one in acts if isinstance(one, MoveItem))


def as_act(one: MilestoneAct) -> Act:
    """Name an act."""
    match one:
        case CreateMilestone(title):
            return Act(id=one.id, stage="milestone", target=f"milestone `{title}`", undo="free")
        case MoveItem(item, title):
            target = f"#{item.number} to milestone `{title}`"
            return Act(id=one.id, stage="milestone", target=target, undo="free")
        case RenameMilestone(_, title):
            return Act(id=one.id, stage="milestone", target=f"milestone `{title}`, renamed", undo="free")
        case CloseMilestone(_, title):
            return Act(id=one.id, stage="milestone", target=f"milestone `{title}`, closed", undo="free")
