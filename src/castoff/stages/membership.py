"""Is a merged change in the milestone of its release?"""

from __future__ import annotations

from dataclasses import dataclass, field

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import ChangeSource, Milestones
from castoff.stages.part import Seen


@dataclass(slots=True)
class MembershipPart:
    """One merged change in its milestone; it was seen outside of it, so the first look is spared."""

    change: int
    milestone: int
    forge: Milestones
    source: ChangeSource
    name: str
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _written: bool = field(default=False, init=False)

    def look(self) -> Seen:
        """Ask in which milestone it is."""
        if not self._written:
            return (Observation(id=self.name, answer=Absent()),)
        found = self.source.pull_request(self.change)
        if isinstance(found, Unknown):
            return (Observation(id=self.name, answer=found),)
        inside = found is not None and found.milestone == self.milestone
        return (Observation(id=self.name, answer=Present() if inside else Absent()),)

    def decide(self, seen: Seen) -> Decision:
        """Put it there where it is not."""
        match seen[0].answer:
            case Present():
                return Done()
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                target = f"#{self.change} to its milestone"
                act = Act(id=f"milestone:move:{self.change}", stage="milestone", target=target, undo="free")
                return Do((act,))

    def act(self, act: Act) -> Outcome:
        """Put it there."""
        self._written = True
        return self.forge.move(self.change, self.milestone)
