"""The claim of a version by a ref of its own, for workspaces in which no commit says which version it is.

``refs/castoff/VERSION`` names the release commit. It may be made only where there is none, and together with
``refs/castoff/on/BRANCH``, so that one releaser wins, whichever version the others want; both go when the tag, which
says the same for ever, is on the remote, or when the version is given up. Of a version that is burned,
``refs/castoff/given-up/VERSION`` is left, so that whoever comes later knows what to withdraw.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Unclear, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.refs import claim_ref, lock_of
from castoff.reconcile.part import Seen, wait_for
from castoff.release.version import MOVED
from castoff.rollback.dropped_claim import ClaimRemote
from castoff.values import replace

_DENIED = (
    "make sure that you may push there, also to refs outside `refs/heads/`; if the branch is protected, avoid edits "
    'in the release (`changelog.mode = "pull-request"`)'
)
_LOOKS = 3
"""A claim that was seen before is believed to be gone when it was looked for so often."""


def claim_act(version: str) -> Act:
    """Return the act that claims a version by a ref."""
    return Act(id="version:push", stage="version", target=f"the ref `{claim_ref(version)}`", undo="withdraw")


class RefClaimLook(Struct, frozen=True):
    """The answer about the claim; ``stamp`` is the object that keeps others off the branch.

    ``missed`` counts the looks of this run that found no claim, this one included.
    """

    answer: Absent | Present | Unknown
    stamp: str | None = None
    missed: int = 0


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
    clone: ClaimRemote
    stamp: str | None = None
    name: str = "version"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _missed: int = field(default=0, init=False)

    def look(self) -> RefClaimLook:
        """Ask the remote for the ref, or for the tag that takes its place."""
        seen = self._seen()
        if isinstance(seen.answer, Absent):
            self._missed += 1
        return replace(seen, missed=self._missed)

    def decide(self, seen: RefClaimLook) -> Decision:
        """Claim where nobody did; a claim that stood before, and is gone, was given up."""
        match seen.answer:
            # A replica of the remote may answer without the ref for a moment, so one look is not enough to
            # call a claim gone.
            case Absent() if self.stamp is None:
                late = seen.missed < _LOOKS
                return Wait(reason="the remote does not list the claim") if late else Blocked(self._gone())
            case Absent():
                return Do((claim_act(self.title),))
            # The commit alone does not identify the claimant: two runs can make the same commit in the same
            # second. The stamp is an object that only one of them has.
            case Present(commit=at) if at != self.commit or self.stamp not in (None, seen.stamp):
                return Blocked(self._lost(at))
            case Present():
                return Done()
            case Unknown() as unknown:
                return wait_for(unknown)

    def describe(self, seen: RefClaimLook) -> Seen:
        """Show the ref."""
        return (Observation(id=claim_ref(self.title), answer=seen.answer, expected=self.commit),)

    def act(self, act: Act) -> Outcome:
        """Push what claims with empty leases, and the branch, where it has to go, only as a fast-forward."""
        refs = self.clone.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        if head is None or self.stamp is None:
            return Unclear(reason="the remote could not be queried for its branch")
        # The branch may have moved past the release commit since the look; it must not be pushed back.
        branch = None if self.clone.is_ancestor(self.commit, head) else self.branch
        objects = {self.title: self.commit, lock_of(self.branch): self.stamp}
        outcome = self.clone.claim(self.remote_url, objects, self.commit, branch)
        return self._judged(outcome.problem) if isinstance(outcome, Refused) else outcome

    def _judged(self, problem: Problem) -> Outcome:
        """Tell a lost race from a ban: after a race, a claim is there or the branch has moved."""
        claims, refs = self.clone.claims(self.remote_url), self.clone.ls_remote(self.remote_url)
        if claims is None or refs is None:
            return Unclear(reason=problem.reason)
        lock, head = claims.get(lock_of(self.branch)), refs.heads.get(self.branch)
        # An earlier push of this run got through although its answer was lost.
        if lock is not None and lock.object == self.stamp:
            return Unclear(reason=problem.reason)
        # Two unrelated heads mean that somebody else pushed: plan again instead of reporting missing
        # rights.
        moved = head is not None and not (
            self.clone.is_ancestor(head, self.commit) or self.clone.is_ancestor(self.commit, head)
        )
        if moved or lock is not None or self.title in claims:
            return Refused(replace(problem, code="push-rejected", remedy=MOVED))
        return Refused(replace(problem, remedy=_DENIED) if problem.code == "push-denied" else problem)

    def _seen(self) -> RefClaimLook:
        claims = self.clone.claims(self.remote_url)
        if claims is None:
            return RefClaimLook(Unknown(reason="the remote could not be queried for its claims"))
        if (found := claims.get(self.title)) is not None:
            lock = claims.get(lock_of(self.branch))
            return RefClaimLook(Present(commit=found.commit), stamp=lock.object if lock else None)
        refs = self.clone.ls_remote(self.remote_url)
        if refs is None:
            return RefClaimLook(Unknown(reason="the remote could not be queried for its tags"))
        # The claim is deleted once the tag is on the remote, so the tag stands in for it.
        tagged = refs.tags.get(self.tag)
        return RefClaimLook(Present(commit=tagged.commit) if tagged else Absent())

    def _lost(self, at: str | None) -> Problem:
        return Problem(
            code="push-rejected",
            message=f"{self.title} is already claimed by `{claim_ref(self.title)}`, but not by this run",
            reason=f"it is on {(at or '?')[:12]}: another run was first",
            remedy=MOVED,
            commit=at,
        )

    def _gone(self) -> Problem:
        return Problem(
            code="claim-gone",
            message=f"`{claim_ref(self.title)}` is no longer on the remote, and neither is the tag `{self.tag}`",
            reason=f"{self.title} was claimed there, and then abandoned by another run",
            remedy="check `castoff status`, and start again with `castoff release LEVEL --execute`",
        )
