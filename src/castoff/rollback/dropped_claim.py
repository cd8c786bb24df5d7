"""Deletion of the ref that claimed a version, once nothing needs it any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from castoff.git import Clone
from castoff.model.acts import Act, Decision, Do, Done, Outcome, Refused, Unclear
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.refs import GIVEN_UP, TagRef, claim_ref, lock_of, locks_in
from castoff.ports import Remote
from castoff.reconcile.part import Seen, wait_for
from castoff.session.release import Release


def drop_claim_part(
    release: Release, clone: Clone, *, after: str, is_burned: Callable[[], bool] = lambda: False
) -> DropClaimPart:
    """Make the part that deletes the ref of a claim, once another part of its stage is done."""
    return DropClaimPart(
        title=release.title,
        commit=release.commit,
        branch=release.branch,
        remote_url=release.remote_url,
        clone=clone,
        needs=frozenset({after}),
        is_burned=is_burned,
    )


class DropClaimLook(Struct, frozen=True):
    """The refs that claim the commit, as they are on the remote; none where it is not claimed."""

    standing: Mapping[str, TagRef] = {}


class DropRefs(Act, frozen=True, kw_only=True):
    """The deletion of refs, each only as it was seen."""

    beside = Act.beside | {"standing"}

    standing: Mapping[str, TagRef]


class DropClaimPart(Struct, kw_only=True):
    """The end of a claim by a ref: it goes when what it ``needs`` is done. Where it ``is_burned``, a trace is left."""

    title: str
    commit: str
    branch: str
    remote_url: str
    clone: ClaimRemote
    needs: frozenset[str]
    is_burned: Callable[[], bool] = lambda: False
    name: str = "claim"
    gate: str | None = "git"

    def look(self) -> DropClaimLook | Unknown:
        """Ask the remote for the ref; nobody else will ask again, so once more where it is not shown."""
        seen = self._seen()
        # Workaround: a replica of the forge may serve old refs, so "no claim" is asked twice before it
        # counts.
        return seen if isinstance(seen, Unknown) or seen.standing else self._seen()

    def decide(self, seen: DropClaimLook | Unknown) -> Decision:
        """Delete the ref that claims this commit; one that claims another is somebody else's."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        if not seen.standing:
            return Done()
        target = f"the ref `{claim_ref(self.title)}`, no longer needed"
        return Do(
            (DropRefs(id="version:unclaim", stage="tag", target=target, undo="free", standing=seen.standing),)
        )

    def describe(self, seen: DropClaimLook | Unknown) -> Seen:
        """Show the ref."""
        if isinstance(seen, Unknown):
            return (Observation(id=claim_ref(self.title), answer=seen),)
        answer = Present(commit=self.commit) if seen.standing else Absent()
        return (Observation(id=claim_ref(self.title), answer=answer),)

    def act(self, act: Act) -> Outcome:
        """Delete it, and what kept others off the branch, where both still stand; else it is looked at again."""
        assert isinstance(act, DropRefs)
        # A burned version keeps a mark, so that no other run claims the number again.
        left = {GIVEN_UP + self.title: self.commit} if self.is_burned() else {}
        outcome = self.clone.drop(self.remote_url, act.standing, left)
        if isinstance(outcome, Refused) and outcome.problem.code == "push-rejected":
            return Unclear(reason=outcome.problem.reason)
        return outcome

    def _seen(self) -> DropClaimLook | Unknown:
        claims = self.clone.claims(self.remote_url)
        if claims is None:
            return Unknown(reason="the remote could not be queried for its claims")
        found = claims.get(self.title)
        # A claim of the same version at another commit belongs to another run.
        if found is None or found.commit != self.commit:
            return DropClaimLook()
        return DropClaimLook({name: claims[name] for name in (self.title, *self._lock(claims))})

    def _lock(self, claims: Mapping[str, TagRef]) -> tuple[str, ...]:
        """Find the lock that came with the claim: of this branch, else the only one that stands at the commit."""
        here = [name for name in locks_in(claims) if claims[name].commit == self.commit]
        # The lock of another branch is dropped only if it is the only one at this commit: the branch may
        # have been renamed since.
        own = lock_of(self.branch)
        return (own,) if own in here else tuple(here) if len(here) == 1 else ()


class ClaimRemote(Remote, Protocol):
    """A remote that is also asked for refs that claim versions."""

    def claims(self, url: str) -> Mapping[str, TagRef] | None:
        """Return what stands below `refs/castoff/`, by the rest of its name; None where the remote was not reached."""
        ...

    def claim(self, url: str, objects: Mapping[str, str], commit: str, branch: str | None) -> Outcome:
        """Make claims that are not there yet and, where one is named, move a branch on to a commit: all or none.

        Refused carries ``push-rejected`` where one is there, or the branch has moved.
        """
        ...

    def drop(self, url: str, seen: Mapping[str, TagRef], left: Mapping[str, str]) -> Outcome:
        """Delete claims that stand as they were seen, and leave others: all or none."""
        ...
