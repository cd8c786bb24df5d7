"""Is the release commit on the branch? Its push is the claim: one releaser wins, the others are told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.ports import Remote
from castoff.stages.part import Seen

CLAIM = Act(id="version:push", stage="version", target="the release commit", undo="withdraw")
MOVED = "somebody else pushed first: run castoff again"


@dataclass(slots=True, kw_only=True)
class ClaimPart:
    """The claim of one version: the fast-forward push of the release commit to the branch.

    ``made_here``: this run made the commit, so that whoever has it on the remote before us made the same one.
    ``unfit``: what the commit itself says against the version; nothing is done for it then.
    """

    commit: str
    branch: str
    remote_url: str
    worktree: Remote
    made_here: bool = False
    unfit: Problem | None = None
    name: str = "version"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _may_be_there: bool = field(default=False, init=False)

    def look(self) -> Seen:
        """Ask whether the release commit is in the remote branch's history."""
        return (Observation(id=self.branch, answer=self._answer(), expected=self.commit),)

    def decide(self, seen: Seen) -> Decision:
        """Push where it is not."""
        if self.unfit is not None:
            return Blocked(self.unfit)
        match seen[0].answer:
            case Absent():
                return Do((CLAIM,))
            case Present(commit=head) if self.made_here and not self._may_be_there:
                return Blocked(_lost(self.branch, head))
            case Present():
                return Done()
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                return Wait(reason="the remote gave no answer about the branch")

    def act(self, act: Act) -> Outcome:
        """Push the branch alone, never branch and tag together, and only as a fast-forward."""
        outcome = self.worktree.push(self.remote_url, f"{self.commit}:refs/heads/{self.branch}")
        if isinstance(outcome, Refused):
            return self._judged(outcome.problem)
        self._may_be_there = True
        return outcome

    def _judged(self, problem: Problem) -> Outcome:
        """Tell a lost race from a ban: two pushes at once look like a ban, but then the branch has moved.

        It may have moved to this very commit: by an earlier push of ours that ended unclearly, or by somebody
        who made the same commit.
        """
        refs = self.worktree.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        if head == self.commit and self._may_be_there:
            return Unclear(reason=problem.reason)
        if head is None or (head != self.commit and self.worktree.is_ancestor(head, self.commit)):
            return Refused(problem)
        return Refused(replace(problem, code="push-rejected", remedy=MOVED))

    def _answer(self) -> Answer:
        if not self.remote_url:
            return Unknown(reason="the repository has no remote")
        refs = self.worktree.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be asked for its branches")
        head = refs.heads.get(self.branch)
        if head is None:
            return Absent()
        if not self.worktree.has(head) and not self.worktree.fetch(self.remote_url, [self.branch]):
            return Unknown(reason="the remote's branch could not be fetched")
        return Present(commit=head) if self.worktree.is_ancestor(self.commit, head) else Absent()


def _lost(branch: str, head: str | None) -> Problem:
    return Problem(
        code="push-rejected",
        message=f"the release commit is on `{branch}` already, and this run did not push it",
        reason="somebody else made the same commit in the same second",
        remedy=MOVED,
        commit=head,
    )
