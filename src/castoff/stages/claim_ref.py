"""Is the version claimed by a ref of its own? For workspaces in which no commit says which version it is.

``refs/castoff/VERSION`` names the release commit. It may be made only where there is none, so that one releaser wins;
it goes when the tag, which says the same for ever, is on the remote, or when the version is given up. Of a version
that is burnt, ``refs/castoff/given-up/VERSION`` is left, so that whoever comes later knows what to withdraw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.model.refs import claim_ref, given_up_ref
from castoff.ports import Remote
from castoff.stages.part import Seen
from castoff.stages.version import MOVED

_DENIED = (
    "see that you may push there, also refs that are no branches; where the branch is protected, keep the release "
    'free of edits (`changelog.mode = "pull-request"`)'
)
_LOOKS = 3
"""A claim that was seen before is believed to be gone when it was looked for so often."""


class ClaimRemote(Remote, Protocol):
    """A remote that is also asked for refs that claim versions."""

    def claims(self, url: str) -> Mapping[str, str] | None:
        """List the commits that claims stand at, by version; None where the remote could not be asked."""
        ...

    def claim(self, url: str, ref: str, commit: str, branch: str | None) -> Outcome:
        """Make a ref that is not there yet and, where one is named, move a branch on to the commit: both or none.

        Refused carries ``push-rejected`` where the ref is there or the branch has moved.
        """
        ...

    def drop(self, url: str, ref: str, commit: str, left: str | None = None) -> Outcome:
        """Delete a ref that stands at a commit; where another is ``left`` for it, both or none."""
        ...


def claim_act(version: str) -> Act:
    """Give the act that claims a version by a ref."""
    return Act(id="version:push", stage="version", target=f"the ref `{claim_ref(version)}`", undo="withdraw")


@dataclass(slots=True, kw_only=True)
class RefClaimPart:
    """The claim of one version (``title``) by a ref; with it goes the branch, where the commit is not on it yet.

    Both go in one push, all or nothing. ``made_here``: this run decided on the commit, so that whoever claimed it
    before us is somebody else.
    """

    title: str
    commit: str
    tag: str
    branch: str
    remote_url: str
    worktree: ClaimRemote
    made_here: bool = False
    name: str = "version"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _may_be_there: bool = field(default=False, init=False)
    _missed: int = field(default=0, init=False)

    def look(self) -> Seen:
        """Ask the remote for the ref, or for the tag that takes its place."""
        return (Observation(id=claim_ref(self.title), answer=self._answer(), expected=self.commit),)

    def decide(self, seen: Seen) -> Decision:
        """Claim where nobody did; a claim that stood before, and is gone, was given up."""
        match seen[0].answer:
            case Absent() if not self.made_here:
                self._missed += 1
                late = self._missed < _LOOKS
                return Wait(reason="the claim is not shown") if late else Blocked(self._gone())
            case Absent():
                return Do((claim_act(self.title),))
            case Present(commit=at) if at != self.commit or (self.made_here and not self._may_be_there):
                return Blocked(self._lost(at))
            case Present():
                return Done()
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                return Wait(reason="the remote gave no answer about the claim")

    def act(self, act: Act) -> Outcome:
        """Push the ref with an empty lease, and the branch, where it has to go, only as a fast-forward."""
        refs = self.worktree.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        if head is None:
            return Unclear(reason="the remote could not be asked for its branch")
        branch = None if self.worktree.is_ancestor(self.commit, head) else self.branch
        outcome = self.worktree.claim(self.remote_url, claim_ref(self.title), self.commit, branch)
        if isinstance(outcome, Refused):
            return self._judged(outcome.problem)
        self._may_be_there = True
        return outcome

    def _judged(self, problem: Problem) -> Outcome:
        """Tell a lost race from a ban: after a race, the ref is there or the branch has moved."""
        claims, refs = self.worktree.claims(self.remote_url), self.worktree.ls_remote(self.remote_url)
        if claims is None or refs is None:
            return Unclear(reason=problem.reason)
        at, head = claims.get(self.title), refs.heads.get(self.branch)
        if at == self.commit and self._may_be_there:
            return Unclear(reason=problem.reason)
        moved = head is not None and not (
            self.worktree.is_ancestor(head, self.commit) or self.worktree.is_ancestor(self.commit, head)
        )
        if at is None and not moved:
            return Refused(replace(problem, remedy=_DENIED) if problem.code == "push-denied" else problem)
        return Refused(replace(problem, code="push-rejected", remedy=MOVED))

    def _answer(self) -> Answer:
        claims = self.worktree.claims(self.remote_url)
        if claims is None:
            return Unknown(reason="the remote could not be asked for its claims")
        if (at := claims.get(self.title)) is not None:
            return Present(commit=at)
        refs = self.worktree.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be asked for its tags")
        tagged = refs.tags.get(self.tag)
        return Present(commit=tagged.commit) if tagged else Absent()

    def _lost(self, at: str | None) -> Problem:
        return Problem(
            code="push-rejected",
            message=f"{self.title} is claimed already, by `{claim_ref(self.title)}`, and not by this run",
            reason=f"it stands at {(at or '?')[:12]}: somebody else came first",
            remedy=MOVED,
            commit=at,
        )

    def _gone(self) -> Problem:
        return Problem(
            code="claim-gone",
            message=f"`{claim_ref(self.title)}` is not on the remote any more, and neither is the tag `{self.tag}`",
            reason=f"{self.title} was claimed there; somebody else gave it up meanwhile",
            remedy="see `castoff status`, and begin anew with `castoff release LEVEL --execute`",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DropClaimPart:
    """The end of a claim by a ref: it goes when what it ``needs`` is done. Where it ``is_burnt``, a trace is left."""

    title: str
    commit: str
    remote_url: str
    worktree: ClaimRemote
    needs: frozenset[str]
    is_burnt: Callable[[], bool] = lambda: False
    name: str = "claim"
    gate: str | None = "git"

    def look(self) -> Seen:
        """Ask the remote for the ref; nobody else will ask again, so once more where it is not shown."""
        answer = self._answer()
        if isinstance(answer, Absent):
            answer = self._answer()
        return (Observation(id=claim_ref(self.title), answer=answer),)

    def decide(self, seen: Seen) -> Decision:
        """Delete the ref that claims this commit; one that claims another is somebody else's."""
        match seen[0].answer:
            case Present():
                target = f"the ref `{claim_ref(self.title)}`, no longer needed"
                return Do((Act(id="version:unclaim", stage="tag", target=target, undo="free"),))
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                return Done()

    def act(self, act: Act) -> Outcome:
        """Delete it where it still stands at that commit; anything else is looked at again."""
        left = given_up_ref(self.title) if self.is_burnt() else None
        outcome = self.worktree.drop(self.remote_url, claim_ref(self.title), self.commit, left)
        if isinstance(outcome, Refused) and outcome.problem.code == "push-rejected":
            return Unclear(reason=outcome.problem.reason)
        return outcome

    def _answer(self) -> Answer:
        claims = self.worktree.claims(self.remote_url)
        if claims is None:
            return Unknown(reason="the remote could not be asked for its claims")
        at = claims.get(self.title)
        return Present(commit=at) if at == self.commit else Absent()
