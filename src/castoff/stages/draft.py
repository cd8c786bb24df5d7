"""Is there exactly one release on the forge for the tag, as a draft at least?

Drafts are found by listing, never by tag: the forge shows a draft under no tag, and a by-tag look-up that
answers 404 would make a second one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from castoff.errors import NotYet, Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Unclear, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown, Withdrawn
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.stages.part import Seen

CREATE = Act(id="draft:create", stage="draft", target="the draft", undo="free")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPart:
    """The draft of one release; ``body`` writes its text, asked only when it is needed."""

    tag: str
    title: str
    commit: str
    prerelease: bool
    forge: Forge
    body: Callable[[], str]
    name: str = "draft"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> Seen:
        """List the releases of the tag."""
        return observe_releases(self.forge, self.tag)

    def decide(self, seen: Seen) -> Decision:
        """Create where there is none; two of them are for a person to sort out."""
        return decide_draft(self.tag, seen)

    def act(self, act: Act) -> Outcome:
        """Create the draft; where its text cannot be written yet, that is tried again as any other write."""
        try:
            body = self.body()
        except NotYet as late:
            return Unclear(reason="; ".join(f"{one.message}: {one.reason}" for one in late.problems))
        return self.forge.create_release(
            NewRelease(
                tag=self.tag,
                name=self.title,
                body=body,
                draft=True,
                prerelease=self.prerelease,
                target=self.commit,
            )
        )


def releases_of(forge: Forge, tag: str) -> tuple[ForgeRelease, ...] | Unknown:
    """List the releases of one tag, drafts included."""
    answer = forge.releases()
    if isinstance(answer, Unknown):
        return answer
    if isinstance(answer, Absent | Present | Withdrawn):
        return ()
    return tuple(release for release in answer if release.tag == tag)


def observe_releases(forge: Forge, tag: str) -> Seen:
    """Make one observation a release; ids are ``draft`` and ``published``."""
    found = releases_of(forge, tag)
    if isinstance(found, Unknown):
        return (Observation(id="draft", answer=found),)
    if not found:
        return (Observation(id="draft", answer=Absent()),)
    return tuple(
        Observation(
            id="draft" if release.draft else "published",
            answer=Present(url=release.url, digest=str(release.id)),
        )
        for release in found
    )


def decide_draft(tag: str, seen: Seen) -> Decision:
    """Decide by the releases that were listed."""
    if len(seen) > 1:
        links = ", ".join(one.answer.url or "?" for one in seen if isinstance(one.answer, Present))
        return Blocked(
            Problem(
                code="two-releases",
                message=f"the forge has {len(seen)} releases for the tag `{tag}`",
                reason=f"two writers made them: {links}",
                remedy="keep the one with your words in it, delete the others, and run castoff again; "
                "let only one of castoff and your workflow write the draft (`draft.by`)",
            )
        )
    match seen[0].answer:
        case Absent():
            return Do((Act(id=CREATE.id, stage="draft", target=f"the draft of `{tag}`", undo="free"),))
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case _:
            return Done()
