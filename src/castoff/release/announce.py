"""The part that publishes the release on the forge, the one step that always asks a person.

A press in the browser counts: what is looked at is the release, not who published it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from castoff.errors import Problem
from castoff.model.acts import (
    Act,
    Blocked,
    Decision,
    Do,
    Done,
    Outcome,
    Person,
    Refused,
    Unclear,
    only_if,
)
from castoff.model.observations import Unknown
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.reconcile.part import Seen, wait_for
from castoff.release.checksums import lacks_checksums
from castoff.release.draft import two_releases
from castoff.session.checksums import CHECKSUMS
from castoff.session.forge_releases import describe_releases, releases_of

PUBLISH = Act(id="announce:publish", stage="announce", target="the release on the forge", undo="never")
(ASKED,) = only_if("if you agree to it", (PUBLISH,))

Releases = tuple[ForgeRelease, ...] | Unknown
"""What is looked at: the releases of the tag, drafts included."""

_LOOKS = 12
"""How often an empty listing is looked at again: with the pass's pauses, some 13 seconds."""


@dataclass(slots=True, kw_only=True)
class AnnouncePart:
    """The announcement; ``agreed`` says that a person was asked and said yes.

    ``checksums`` tells whether the draft must have `SHA256SUMS`: nothing can be attached to an immutable release.
    """

    tag: str
    commit: str
    latest: bool
    prerelease: bool
    forge: Forge
    agreed: bool
    checksums: Callable[[], bool] = lambda: False
    name: str = "announce"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _empty: int = field(default=0, init=False)

    def look(self) -> Releases:
        """List the releases of the tag; an empty list is believed when it stays empty."""
        found = releases_of(self.forge, self.tag)
        # GitHub's list of releases lags behind a draft that was just created, and no other endpoint finds a
        # draft by its tag. Only a run that may publish waits for it: a mere look must stay fast.
        if not self.agreed or isinstance(found, Unknown) or found:
            return found
        self._empty += 1
        return found if self._empty > _LOOKS else Unknown(reason="the forge does not list the draft yet")

    def decide(self, seen: Releases) -> Decision:
        """Publish the draft when a person agreed."""
        if isinstance(seen, Unknown):
            return wait_for(seen, (ASKED,))
        if any(not release.draft for release in seen):
            return Done()
        if len(seen) > 1:
            return Blocked(two_releases(self.tag, seen))
        if self.agreed:
            return Do((PUBLISH,)) if seen else Blocked(no_draft(self.tag))
        return Person((ASKED,), "announcing requires a person's confirmation")

    def describe(self, seen: Releases) -> Seen:
        """Show the releases."""
        return describe_releases(seen)

    def act(self, act: Act) -> Outcome:
        """Publish the draft as it stands, its text untouched."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return Unclear(reason=found.reason)
        drafts = tuple(release for release in found if release.draft)
        if not drafts:
            return Unclear(reason="the forge does not list the draft any more")
        # Looked at again right before the write: a rival run or a workflow may have made a second one.
        if len(found) > 1:
            return Refused(two_releases(self.tag, found), unasked=True)
        if lacks_checksums(drafts[0]) and self.checksums():
            return Refused(_no_checksums(self.tag, drafts[0]), unasked=True)
        # The body is left out of the request: what a person wrote in the browser after the look stays.
        return self.forge.update_release(
            drafts[0].id,
            NewRelease(
                tag=self.tag,
                name=drafts[0].name,
                body=None,
                draft=False,
                prerelease=self.prerelease,
                target=self.commit,
                latest=self.latest,
            ),
        )


def _no_checksums(tag: str, draft: ForgeRelease) -> Problem:
    return Problem(
        code="checksums-missing",
        message=f"the draft of `{tag}` has no `{CHECKSUMS}`, so it was not published",
        reason="`draft.checksums` asks for it, by itself or through `release.tokenless`, and an immutable release "
        "takes no files afterwards",
        remedy="attach it with `castoff draft --execute`, then announce again",
        url=draft.url,
    )


def no_draft(tag: str) -> Problem:
    """Report that there is nothing to publish."""
    return Problem(
        code="no-draft",
        message=f"`{tag}` has no draft to publish",
        reason="the draft stage has not created it yet, or it was deleted",
        remedy="run `castoff resume --execute`, which creates it first; if a workflow creates it "
        "(`draft.by`), check its run, or create it with `castoff draft --execute`",
    )
