"""Is the release published on the forge? The one step that always asks a person.

A press in the browser counts: what is looked at is the release, not who published it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Person, Refused, Unclear, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import Forge, NewRelease
from castoff.stages.draft import links_of, observe_releases, releases_of, two_releases
from castoff.stages.part import Seen

PUBLISH = Act(id="announce:publish", stage="announce", target="the release on the forge", undo="never")


_LOOKS = 12
"""How often an empty listing is looked at again: with the pass's pauses, some 13 seconds."""


@dataclass(slots=True, kw_only=True)
class AnnouncePart:
    """The announcement; ``agreed`` says that a person was asked and said yes."""

    tag: str
    commit: str
    latest: bool
    prerelease: bool
    forge: Forge
    agreed: bool
    name: str = "announce"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _empty: int = field(default=0, init=False)

    def look(self) -> Seen:
        """List the releases of the tag; an empty list is believed when it stays empty."""
        seen = observe_releases(self.forge, self.tag)
        if not self.agreed or not isinstance(seen[0].answer, Absent):
            return seen
        self._empty += 1
        if self._empty > _LOOKS:
            return seen
        return (Observation(id="draft", answer=Unknown(reason="the forge does not list the draft yet")),)

    def decide(self, seen: Seen) -> Decision:
        """Publish the draft when a person agreed."""
        return decide_announce(self.tag, seen, agreed=self.agreed)

    def act(self, act: Act) -> Outcome:
        """Publish the draft as it stands, its text untouched."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return Unclear(reason=found.reason)
        drafts = tuple(release for release in found if release.draft)
        if not drafts:
            return Unclear(reason="the forge does not list the draft any more")
        if len(found) > 1:
            return Refused(two_releases(self.tag, [release.url for release in found]), unasked=True)
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


def decide_announce(tag: str, seen: Seen, *, agreed: bool) -> Decision:
    """Decide by the releases that were listed."""
    if any(one.id == "published" and isinstance(one.answer, Present) for one in seen):
        return Done()
    if len(seen) > 1:
        return Blocked(two_releases(tag, links_of(seen)))
    match seen[0].answer:
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case Absent() if agreed:
            return Blocked(no_draft(tag))
        case _:
            return Do((PUBLISH,)) if agreed else Person((PUBLISH,), "a person announces the release")


def no_draft(tag: str) -> Problem:
    """Say that there is nothing to publish."""
    return Problem(
        code="no-draft",
        message=f"there is no draft of `{tag}` to publish",
        reason="the draft stage makes it, or somebody deleted it",
        remedy="run `castoff resume --execute`, which makes it first; where a workflow is to make it (`draft.by`), "
        "see what became of its run, or make it with `castoff draft --execute`",
    )
