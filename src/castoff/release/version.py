"""Claim of a version by the push of its release commit: one releaser wins, the others are told."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Unclear
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import Remote
from castoff.reconcile.part import Seen, wait_for
from castoff.values import replace

CLAIM = Act(id="version:push", stage="version", target="the release commit", undo="withdraw")
MOVED = "another push came first: run castoff again"


class ClaimLook(Struct, frozen=True):
    """The answer about the release commit on the branch; ``pushed``: this run pushed it, perhaps without a reply."""

    answer: Absent | Present | Unknown
    pushed: bool = False


@dataclass(slots=True, kw_only=True)
class ClaimPart:
    """The claim of one version: the fast-forward push of the release commit to the branch.

    ``tag``: the tag of the version, where it is out; once it is on the commit, the branch is not asked.
    ``made_here``: this run made the commit, so that whoever has it on the remote before us made the same one.
    ``unfit``: what the commit itself says against the version; nothing is done for it then.
    """

    commit: str
    branch: str
    remote_url: str
    clone: Remote
    made_here: bool = False
    tag: str | None = None
    unfit: Problem | None = None
    name: str = "version"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _pushed: bool = field(default=False, init=False)

    def look(self) -> ClaimLook:
        """Ask whether the release commit is in the remote branch's history."""
        return ClaimLook(self._answer(), pushed=self._pushed)

    def decide(self, seen: ClaimLook) -> Decision:
        """Push where it is not."""
        if self.unfit is not None:
            return Blocked(self.unfit)
        match seen.answer:
            case Absent():
                return Do((CLAIM,))
            # The commit is on the branch, but not by this run: another run made the identical commit in the
            # same second. It has the claim.
            case Present(commit=head) if self.made_here and not seen.pushed:
                return Blocked(_lost(self.branch, head))
            case Present():
                return Done()
            case Unknown() as unknown:
                return wait_for(unknown)

    def describe(self, seen: ClaimLook) -> Seen:
        """Show the branch."""
        return (Observation(id=self.branch, answer=seen.answer, expected=self.commit),)

    def act(self, act: Act) -> Outcome:
        """Push the branch alone, never branch and tag together, and only as a fast-forward."""
        # Never forced: the remote's refusal of a non-fast-forward push is the lock of the whole design.
        outcome = self.clone.push(self.remote_url, f"{self.commit}:refs/heads/{self.branch}")
        if isinstance(outcome, Refused):
            return self._judged(outcome.problem)
        self._pushed = True
        return outcome

    def _judged(self, problem: Problem) -> Outcome:
        """Tell a lost race from a ban: two pushes at once look like a ban, but then the branch has moved.

        It may have moved to this very commit: by an earlier push of ours that ended unclearly, or by somebody
        who made the same commit.
        """
        refs = self.clone.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        # Our own earlier push with a lost answer.
        if head == self.commit and self._pushed:
            return Unclear(reason=problem.reason)
        # The branch did not move, so the refusal comes from a rule or from missing rights, not from another
        # run.
        if head is None or (head != self.commit and self.clone.is_ancestor(head, self.commit)):
            return Refused(problem)
        return Refused(replace(problem, code="push-rejected", remedy=MOVED))

    def _answer(self) -> Absent | Present | Unknown:
        if not self.remote_url:
            return Unknown(reason="the repository has no remote")
        refs = self.clone.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be queried for its branches")
        tag = refs.tags.get(self.tag) if self.tag is not None else None
        # After the tag is out, a later reset of the branch does not undo the release.
        if tag is not None and tag.commit == self.commit:
            return Present(commit=self.commit)
        head = refs.heads.get(self.branch)
        if head is None:
            return Absent()
        if not self.clone.has(head) and not self.clone.fetch(self.remote_url, [self.branch]):
            return Unknown(reason="the remote's branch could not be fetched")
        # Ancestry, not equality: the branch moving on after the claim is normal.
        return Present(commit=head) if self.clone.is_ancestor(self.commit, head) else Absent()


def _lost(branch: str, head: str | None) -> Problem:
    return Problem(
        code="push-rejected",
        message=f"the release commit is already on `{branch}`, but this run did not push it",
        reason="another run created the same commit in the same second",
        remedy=MOVED,
        commit=head,
    )
