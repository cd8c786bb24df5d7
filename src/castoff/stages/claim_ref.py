"""Is the version claimed by a ref of its own? For workspaces in which no commit says which version it is.

``refs/castoff/VERSION`` names the release commit. It may be made only where there is none, and together with
``refs/castoff/on/BRANCH``, so that one releaser wins, whichever version the others want; both go when the tag, which
says the same for ever, is on the remote, or when the version is given up. Of a version that is burnt,
``refs/castoff/given-up/VERSION`` is left, so that whoever comes later knows what to withdraw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.model.refs import GIVEN_UP, TagRef, claim_ref, lock_of, locks_in
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

    def claims(self, url: str) -> Mapping[str, TagRef] | None:
        """Give what stands below `refs/castoff/`, by the rest of its name; None where the remote was not reached."""
        ...

    def claim(self, url: str, objects: Mapping[str, str], commit: str, branch: str | None) -> Outcome:
        """Make claims that are not there yet and, where one is named, move a branch on to a commit: all or none.

        Refused carries ``push-rejected`` where one is there, or the branch has moved.
        """
        ...

    def drop(self, url: str, seen: Mapping[str, TagRef], left: Mapping[str, str]) -> Outcome:
        """Delete claims that stand as they were seen, and leave others: all or none."""
        ...


def claim_act(version: str) -> Act:
    """Give the act that claims a version by a ref."""
    return Act(id="version:push", stage="version", target=f"the ref `{claim_ref(version)}`", undo="withdraw")


@dataclass(slots=True, kw_only=True)
class RefClaimPart:
    """The claim of one version (``title``) by a ref; with it goes the branch, where the commit is not on it yet.

    All go in one push, or none. ``stamp`` is an object that this run alone made, its signed tag: what keeps others
    off the branch stands at it, so that a look tells who claimed. None: the claim was there before this run.
    """

    title: str
    commit: str
    tag: str
    branch: str
    remote_url: str
    worktree: ClaimRemote
    stamp: str | None = None
    name: str = "version"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _missed: int = field(default=0, init=False)

    def look(self) -> Seen:
        """Ask the remote for the ref, or for the tag that takes its place."""
        return (Observation(id=claim_ref(self.title), answer=self._answer(), expected=self.commit),)

    def decide(self, seen: Seen) -> Decision:
        """Claim where nobody did; a claim that stood before, and is gone, was given up."""
        match seen[0].answer:
            case Absent() if self.stamp is None:
                self._missed += 1
                late = self._missed < _LOOKS
                return Wait(reason="the claim is not shown") if late else Blocked(self._gone())
            case Absent():
                return Do((claim_act(self.title),))
            case Present(commit=at, digest=stamp) if at != self.commit or self.stamp not in (None, stamp):
                return Blocked(self._lost(at))
            case Present():
                return Done()
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                return Wait(reason="the remote gave no answer about the claim")

    def act(self, act: Act) -> Outcome:
        """Push what claims with empty leases, and the branch, where it has to go, only as a fast-forward."""
        refs = self.worktree.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        if head is None or self.stamp is None:
            return Unclear(reason="the remote could not be asked for its branch")
        branch = None if self.worktree.is_ancestor(self.commit, head) else self.branch
        objects = {self.title: self.commit, lock_of(self.branch): self.stamp}
        outcome = self.worktree.claim(self.remote_url, objects, self.commit, branch)
        return self._judged(outcome.problem) if isinstance(outcome, Refused) else outcome

    def _judged(self, problem: Problem) -> Outcome:
        """Tell a lost race from a ban: after a race, a claim is there or the branch has moved."""
        claims, refs = self.worktree.claims(self.remote_url), self.worktree.ls_remote(self.remote_url)
        if claims is None or refs is None:
            return Unclear(reason=problem.reason)
        lock, head = claims.get(lock_of(self.branch)), refs.heads.get(self.branch)
        if lock is not None and lock.object == self.stamp:
            return Unclear(reason=problem.reason)
        moved = head is not None and not (
            self.worktree.is_ancestor(head, self.commit) or self.worktree.is_ancestor(self.commit, head)
        )
        if moved or lock is not None or self.title in claims:
            return Refused(replace(problem, code="push-rejected", remedy=MOVED))
        return Refused(replace(problem, remedy=_DENIED) if problem.code == "push-denied" else problem)

    def _answer(self) -> Answer:
        claims = self.worktree.claims(self.remote_url)
        if claims is None:
            return Unknown(reason="the remote could not be asked for its claims")
        if (found := claims.get(self.title)) is not None:
            lock = claims.get(lock_of(self.branch))
            return Present(commit=found.commit, digest=lock.object if lock else None)
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


@dataclass(slots=True, kw_only=True)
class DropClaimPart:
    """The end of a claim by a ref: it goes when what it ``needs`` is done. Where it ``is_burnt``, a trace is left."""

    title: str
    commit: str
    branch: str
    remote_url: str
    worktree: ClaimRemote
    needs: frozenset[str]
    is_burnt: Callable[[], bool] = lambda: False
    name: str = "claim"
    gate: str | None = "git"
    _standing: Mapping[str, TagRef] = field(default_factory=dict, init=False)

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
        """Delete it, and what kept others off the branch, where both still stand; else it is looked at again."""
        left = {GIVEN_UP + self.title: self.commit} if self.is_burnt() else {}
        outcome = self.worktree.drop(self.remote_url, self._standing, left)
        if isinstance(outcome, Refused) and outcome.problem.code == "push-rejected":
            return Unclear(reason=outcome.problem.reason)
        return outcome

    def _answer(self) -> Answer:
        claims = self.worktree.claims(self.remote_url)
        if claims is None:
            return Unknown(reason="the remote could not be asked for its claims")
        found = claims.get(self.title)
        if found is None or found.commit != self.commit:
            return Absent()
        names = (self.title, *self._lock(claims))
        self._standing = {name: claims[name] for name in names}
        return Present(commit=found.commit)

    def _lock(self, claims: Mapping[str, TagRef]) -> tuple[str, ...]:
        """Find the lock that came with the claim: of this branch, else the only one that stands at the commit."""
        here = [name for name in locks_in(claims) if claims[name].commit == self.commit]
        own = lock_of(self.branch)
        return (own,) if own in here else tuple(here) if len(here) == 1 else ()
