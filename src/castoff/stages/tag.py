"""Is the tag on the remote, annotated, well signed, and on the release commit?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.ports import Remote
from castoff.stages.part import Seen

PUSH = Act(id="tag:push", stage="tag", target="the tag", undo="never")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPart:
    """The tag of one release; ``make`` makes the signed object here and gives its name."""

    tag: str
    commit: str
    remote_url: str
    worktree: Remote
    make: Callable[[], str]
    name: str = "tag"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"

    def look(self) -> Seen:
        """Ask the remote."""
        return (Observation(id=self.tag, answer=self._answer(), expected=self.commit),)

    def decide(self, seen: Seen) -> Decision:
        """Push where it is absent; never move it."""
        return decide_tag(self.tag, self.commit, seen[0].answer)

    def act(self, act: Act) -> Outcome:
        """Push the tag object; where the remote refuses since one is there, the next look says which."""
        made = self.make()
        outcome = self.worktree.push(self.remote_url, f"{made}:refs/tags/{self.tag}")
        if isinstance(outcome, Refused) and isinstance(self._answer(), Present):
            return Unclear(reason=outcome.problem.reason)
        return outcome

    def _answer(self) -> Answer:
        refs = self.worktree.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be asked for its tags")
        found = refs.tags.get(self.tag)
        if found is None:
            return Absent()
        return Present(commit=found.commit, digest=found.object)


def decide_tag(tag: str, commit: str, answer: Answer) -> Decision:
    """Decide by what the remote answered."""
    match answer:
        case Absent():
            return Do((Act(id=PUSH.id, stage="tag", target=f"the tag `{tag}`", undo="never"),))
        case Present(commit=at) if at == commit:
            return Done()
        case Present(commit=at):
            return Blocked(
                Problem(
                    code="tag-elsewhere",
                    message=f"the tag `{tag}` is on another commit already",
                    reason=f"the release commit is {commit[:12]}, the remote's tag is on {(at or '?')[:12]}",
                    remedy="a tag that was pushed is never moved: find out who made it; "
                    "abandon this version, or delete the tag by hand if nothing was released from it",
                    commit=at,
                )
            )
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case _:
            return Wait(reason="the remote gave no answer about the tag")
