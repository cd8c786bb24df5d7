"""The part that keeps highlights in the draft, which is made early if its version is not tagged yet.

The commit that an early draft names as its target is the one that the highlights were written at: what was merged
up to there was proposed before, so that a later proposal brings only what is new.
"""

from __future__ import annotations

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Unclear
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.notes.draft import LARGEST_BODY, split, too_long, with_header
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.reconcile.part import Seen, wait_for
from castoff.release.draft import CREATE, UPDATE, early_title, two_releases
from castoff.session.forge_releases import all_releases, describe_releases


class HighlightsLook(Struct, frozen=True):
    """The releases of a tag; ``written``: there is one, and it has the highlights."""

    releases: tuple[ForgeRelease, ...]
    written: bool = False


class HighlightsPart(Struct, kw_only=True):
    """The highlights of one release, as a person wrote them.

    ``opened`` is the header that the person began with; ``taken`` the id of an early draft that was made for
    another version and is to be this one's. ``tagged`` says whether the remote has the tag.
    """

    tag: str
    title: str
    commit: str
    prerelease: bool
    tagged: bool
    forge: Forge
    text: str
    opened: str = ""
    taken: int | None = None
    name: str = "highlights"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> HighlightsLook | Unknown:
        """List the releases of the tag, and compare the header."""
        found = self._found()
        if isinstance(found, Unknown):
            return found
        return HighlightsLook(found, written=len(found) == 1 and self._is_there(found[0]))

    def decide(self, seen: HighlightsLook | Unknown) -> Decision:
        """Create the draft, or write its header."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        if any(not one.draft for one in seen.releases):
            return Blocked(published(self.tag, self.title, seen.releases[0].url))
        if len(seen.releases) > 1:
            return Blocked(two_releases(self.tag, seen.releases))
        if seen.written:
            return Done()
        name = UPDATE.id if seen.releases else CREATE.id
        return Do((Act(id=name, stage="draft", target=f"the draft of `{self.tag}`", undo="free"),))

    def describe(self, seen: HighlightsLook | Unknown) -> Seen:
        """Show the releases, and whether the one draft has these highlights."""
        if isinstance(seen, Unknown) or len(seen.releases) != 1:
            return describe_releases(seen if isinstance(seen, Unknown) else seen.releases)
        written = Present() if seen.written else Absent()
        return (*describe_releases(seen.releases), Observation(id="highlights", answer=written))

    def act(self, act: Act) -> Outcome:
        """Write it; a header that somebody else changed meanwhile is not overwritten."""
        found = self._found()
        if isinstance(found, Unknown):
            return Unclear(reason=found.reason)
        if act.id == CREATE.id:
            return self._refused(self.text) or self.forge.create_release(self._release(self.text, None))
        if len(found) != 1:
            return Unclear(reason="the forge does not list the draft any more")
        now = split(found[0].body).header
        # Compared right before the write, since GitHub has no conditional update of a release. Between this
        # look and the write a change can still be lost; that is a second or less.
        if now not in (self.opened, self.text.strip()):
            return Refused(_changed_meanwhile(self.tag, found[0].url), unasked=True)
        body = with_header(found[0].body, self.text)
        return self._refused(body) or self.forge.update_release(found[0].id, self._release(body, found[0]))

    def _found(self) -> tuple[ForgeRelease, ...] | Unknown:
        listed = all_releases(self.forge)
        if isinstance(listed, Unknown):
            return listed
        own = tuple(one for one in listed if one.tag == self.tag)
        # An early draft that was meant for another version is taken over only while it is a draft: a
        # published page belongs to its own version.
        return own or tuple(one for one in listed if one.id == self.taken and one.draft)

    def _is_there(self, release: ForgeRelease) -> bool:
        same = _lines(with_header(release.body, self.text)) == _lines(release.body)
        return same and release.tag == self.tag and (self.tagged or release.target == self.commit)

    def _release(self, body: str, there: ForgeRelease | None) -> NewRelease:
        """Keep a title that a person gave; one of ours follows the version."""
        given = there.name if there is not None and there.tag == self.tag and there.name else None
        title = given or (self.title if self.tagged else early_title(self.title))
        return NewRelease(
            tag=self.tag, name=title, body=body, draft=True, prerelease=self.prerelease, target=self.commit
        )

    def _refused(self, body: str) -> Refused | None:
        return Refused(too_long(body), unasked=True) if len(body) > LARGEST_BODY else None


def published(tag: str, title: str, url: str | None) -> Problem:
    """Report that a release was announced already."""
    return Problem(
        code="release-published",
        message=f"the release `{tag}` is already published",
        reason="its text is published, and people have read it",
        remedy=f"edit it on the forge, then run `castoff changelog {title} --execute` to update the changelog",
        url=url,
    )


def _changed_meanwhile(tag: str, url: str) -> Problem:
    return Problem(
        code="highlights-changed-meanwhile",
        message=f"the highlights of `{tag}` were changed during this run",
        reason="one of the two texts would be lost",
        remedy="run `castoff highlights --execute` again: it opens with both texts",
        url=url,
    )


def _lines(text: str) -> list[str]:
    """Compare texts without line ends: a browser writes CRLF."""
    return [line.rstrip() for line in text.strip().splitlines()]
