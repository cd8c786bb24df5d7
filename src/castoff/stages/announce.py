"""Is the release published on the forge? The one step that always asks a person.

A press in the browser counts: what is looked at is the release, not who published it.
"""

from __future__ import annotations

from dataclasses import dataclass

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Person, Refused, Wait
from castoff.model.observations import Absent, Present, Unknown
from castoff.ports import Forge, NewRelease
from castoff.stages.draft import observe_releases, releases_of
from castoff.stages.part import Seen

PUBLISH = Act(id="announce:publish", stage="announce", target="the release on the forge", undo="never")


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def look(self) -> Seen:
        """List the releases of the tag."""
        return observe_releases(self.forge, self.tag)

    def decide(self, seen: Seen) -> Decision:
        """Publish the draft when a person agreed."""
        return decide_announce(self.tag, seen, agreed=self.agreed)

    def act(self, act: Act) -> Outcome:
        """Publish the draft as it stands, its text untouched."""
        found = releases_of(self.forge, self.tag)
        drafts = () if isinstance(found, Unknown) else tuple(release for release in found if release.draft)
        if len(drafts) != 1:
            return Refused(_no_draft(self.tag))
        return self.forge.update_release(
            drafts[0].id,
            NewRelease(
                tag=self.tag,
                name=drafts[0].name,
                body=drafts[0].body,
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
    match seen[0].answer:
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case Absent() if agreed:
            return Blocked(_no_draft(tag))
        case _:
            return Do((PUBLISH,)) if agreed else Person((PUBLISH,), "a person announces the release")


def _no_draft(tag: str) -> Problem:
    return Problem(
        code="no-draft",
        message=f"there is no draft of `{tag}` to publish",
        reason="the draft stage makes it, or somebody deleted it",
        remedy="run `castoff resume --execute`, which makes the draft first",
    )
