"""Guard of irreversible acts: the release commit is still on the release branch, or the tag is on it already."""

from __future__ import annotations

from dataclasses import dataclass, field

from castoff.errors import NotYet, Refusal
from castoff.git import Clone
from castoff.model.acts import Act
from castoff.model.refs import Refs
from castoff.ports import Clock
from castoff.session.release import Release

_PAUSES = (1.0, 4.0)
"""Seconds between questions to a remote that gave no answer."""


@dataclass(slots=True)
class ClaimGuard:
    """The claim of one release, looked at right before each act that nobody can take back.

    The branch may be reset while uploads run: what is uploaded from then on would belong to no history. Once the tag is
    on the release commit, it keeps the commit, and the branch is not asked any more.
    """

    release: Release
    clone: Clone
    clock: Clock
    remote: str
    _holding: set[str] = field(default_factory=set, init=False)

    def require_claim(self, act: Act) -> None:
        """Raise unless the claim holds; errors ``claim-reset``, ``remote-unreachable``."""
        # Acts that can be undone need no guard: a reset branch is found before the next irreversible one.
        if act.undo != "never":
            return
        refs = self._refs()
        tag = refs.tags.get(self.release.tag)
        head = refs.heads.get(self.release.branch)
        # The tag keeps the commit reachable, so from here on the branch may do anything.
        if (tag is None or tag.commit != self.release.commit) and not self._holds(head):
            raise self._reset(act)

    def _refs(self) -> Refs:
        # Uploads must not stop for one lost packet, but must not go on for long without an answer either.
        for pause in (*_PAUSES, None):
            refs = self.clone.ls_remote(self.release.remote_url)
            if refs is not None:
                return refs
            if pause is not None:
                self.clock.sleep(pause)
        raise self._unreachable()

    def _holds(self, head: str | None) -> bool:
        # The answer for a head never changes, so a run with a hundred uploads computes it once for each
        # head.
        if head is None or head in self._holding:
            return head is not None
        if not self.clone.has(head) and not self.clone.fetch(self.release.remote_url, [self.release.branch]):
            raise self._unreachable()
        if self.clone.is_ancestor(self.release.commit, head):
            self._holding.add(head)
            return True
        return False

    def _reset(self, act: Act) -> Refusal:
        commit, branch, title = self.release.commit, self.release.branch, self.release.title
        remote = self.remote
        refusal = Refusal.of(
            "claim-reset",
            f"the release commit of {title} is no longer on `{branch}`: stopped before {act.target}",
            reason=f"`{branch}` was reset or rewritten; {commit[:12]} would be released without being on a branch",
            remedy=f"restore it: `git fetch {remote} {commit}`, then `git push {remote} {commit}:refs/heads/{branch}`, "
            "or merge it if the branch has other commits; then finish it with "
            f"`castoff resume {title} --execute`, or withdraw it with `castoff abandon {title} --execute`",
            commit=commit,
        )
        assert isinstance(refusal, Refusal)
        return refusal

    def _unreachable(self) -> NotYet:
        late = NotYet.of(
            "remote-unreachable",
            f"it is unknown whether {self.release.title} is still claimed",
            reason=self.clone.last_refusal or "castoff does nothing irreversible before that is known",
            remedy=f"run `castoff resume {self.release.title} --execute` later",
        )
        assert isinstance(late, NotYet)
        return late
