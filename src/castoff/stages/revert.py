"""Is the claim of a version taken back? A new commit on the branch says again what was said before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Refused, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.ports import Remote
from castoff.stages.part import Seen


@dataclass(slots=True, kw_only=True)
class RevertPart:
    """The revert of a release commit at the branch's head.

    ``stands`` says whether the claim is in force at a commit; ``make`` makes the reverting commit above one, and
    gives it. Nothing is ever pushed but a fast-forward.
    """

    title: str
    branch: str
    remote_url: str
    worktree: Remote
    stands: Callable[[str], bool]
    make: Callable[[str], str]
    name: str = "revert"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _head: str = field(default="", init=False)

    def look(self) -> Seen:
        """Ask the remote for the branch, and read the version that it says."""
        return (Observation(id=self.branch, answer=self._answer()),)

    def decide(self, seen: Seen) -> Decision:
        """Revert a claim that stands."""
        match seen[0].answer:
            case Present():
                target = f"the revert of {self.title} on `{self.branch}`"
                return Do((Act(id="version:revert", stage="revert", target=target, undo="free"),))
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                return Done()

    def act(self, act: Act) -> Outcome:
        """Commit and push; where the branch moved meanwhile, look again."""
        made = self.make(self._head)
        outcome = self.worktree.push(self.remote_url, f"{made}:refs/heads/{self.branch}")
        if isinstance(outcome, Refused) and outcome.problem.code == "push-rejected":
            return Unclear(reason="the branch moved meanwhile")
        return outcome

    def _answer(self) -> Answer:
        refs = self.worktree.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        if head is None:
            return Unknown(reason="the remote could not be asked for its branch")
        if not self.worktree.has(head) and not self.worktree.fetch(self.remote_url, [self.branch]):
            return Unknown(reason="the remote's branch could not be fetched")
        self._head = head
        return Present(commit=head) if self.stands(head) else Absent()
