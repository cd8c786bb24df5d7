"""Is there exactly one release on the forge for the tag, as a draft at least, with the generated lines in it?

Drafts are found by listing, never by tag: the forge shows a draft under no tag, and a by-tag look-up that
answers 404 would make a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from castoff.errors import CastoffError, NotYet, Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Succeeded, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown, Withdrawn
from castoff.notes.draft import LARGEST_BODY, missing_lines, too_long
from castoff.notes.regenerate import regenerate
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.stages.part import Seen

CREATE = Act(id="draft:create", stage="draft", target="the draft", undo="free")


UPDATE = Act(id="draft:update", stage="draft", target="the draft", undo="free")
_EARLY = " (not released yet)"
NOTES = "notes"
"""The observation of the generated lines; it is made only where there is one draft."""


def early_title(title: str) -> str:
    """Name a draft whose version is not tagged yet, so that nobody publishes it in the browser by mistake."""
    return f"{title}{_EARLY}"


def is_early(draft: ForgeRelease) -> bool:
    """Say whether a draft was made for its highlights, before its version was tagged."""
    return draft.draft and draft.name.endswith(_EARLY)


@dataclass(slots=True, kw_only=True)
class DraftPart:
    """The draft of one release; ``body`` writes what is generated, once, and only when it is needed."""

    tag: str
    title: str
    commit: str
    prerelease: bool
    forge: Forge
    body: Callable[[], str]
    name: str = "draft"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _written: str | None = field(default=None, init=False)

    def look(self) -> Seen:
        """List the releases of the tag; where one draft is there, see whether all generated lines are in it."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown) or len(found) != 1 or not found[0].draft:
            return observations_of(found)
        return (*observations_of(found), Observation(id=NOTES, answer=self._notes_in(found[0])))

    def decide(self, seen: Seen) -> Decision:
        """Create where there is none, add what is missing; two of them are for a person to sort out."""
        return decide_draft(self.tag, seen)

    def act(self, act: Act) -> Outcome:
        """Create or update; where the text cannot be written yet, that is tried again as any other write."""
        try:
            generated = self._generated()
        except NotYet as late:
            return Unclear(reason="; ".join(f"{one.message}: {one.reason}" for one in late.problems))
        if act.id == CREATE.id:
            return self._checked(generated) or self._create(generated)
        return self._update(generated)

    def _create(self, generated: str) -> Outcome:
        """Create the draft; where another run did so at the same moment, the younger of the two goes again.

        Only a draft that says exactly what castoff writes is deleted, so that both runs agree and nothing that
        people wrote is lost.
        """
        outcome = self.forge.create_release(self._release(generated, self.title))
        found = releases_of(self.forge, self.tag)
        if not isinstance(outcome, Succeeded | Unclear) or isinstance(found, Unknown):
            return outcome
        for double in sorted(found, key=lambda one: one.id)[1:]:
            if double.draft and double.name == self.title and _same_text(double.body, generated):
                self.forge.delete_release(double.id)
        return outcome

    def _update(self, generated: str) -> Outcome:
        """Add what is missing to the text as it is right now; what people wrote stays."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return Unclear(reason=found.reason)
        if len(found) != 1 or not found[0].draft:
            return Unclear(reason="the forge does not list the draft any more")
        body = regenerate(found[0].body, generated).body
        name = self.title if found[0].name in ("", early_title(self.title)) else found[0].name
        release = replace(self._release(body, name), target=found[0].target or self.commit)
        return self._checked(body) or self.forge.update_release(found[0].id, release)

    def _release(self, body: str, name: str) -> NewRelease:
        return NewRelease(
            tag=self.tag, name=name, body=body, draft=True, prerelease=self.prerelease, target=self.commit
        )

    def _notes_in(self, draft: ForgeRelease) -> Answer:
        try:
            missing = missing_lines(draft.body, self._generated())
        except CastoffError as error:
            return Unknown(reason="; ".join(f"{one.message}: {one.reason}" for one in error.problems))
        whole = not missing and draft.name != early_title(self.title)
        return Present() if whole else Absent()

    def _generated(self) -> str:
        if self._written is None:
            self._written = self.body()
        return self._written

    def _checked(self, body: str) -> Refused | None:
        return Refused(too_long(body), unasked=True) if len(body) > LARGEST_BODY else None


def _same_text(body: str, generated: str) -> bool:
    return body.replace("\r\n", "\n").strip() == generated.strip()


def releases_of(forge: Forge, tag: str) -> tuple[ForgeRelease, ...] | Unknown:
    """List the releases of one tag, drafts included."""
    found = all_releases(forge)
    return found if isinstance(found, Unknown) else tuple(one for one in found if one.tag == tag)


def all_releases(forge: Forge) -> tuple[ForgeRelease, ...] | Unknown:
    """List all releases, drafts included."""
    match forge.releases():
        case Unknown() as unknown:
            return unknown
        case Absent() | Present() | Withdrawn():
            return ()
        case listed:
            return tuple(listed)


def observe_releases(forge: Forge, tag: str) -> Seen:
    """Make one observation a release; ids are ``draft`` and ``published``."""
    return observations_of(releases_of(forge, tag))


def observations_of(found: tuple[ForgeRelease, ...] | Unknown) -> Seen:
    """Make one observation a release; ids are ``draft`` and ``published``."""
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
    """Decide by the releases that were listed, and by the generated lines in the draft."""
    releases = tuple(one for one in seen if one.id != NOTES)
    if len(releases) > 1:
        return Blocked(two_releases(tag, links_of(releases)))
    notes = next((one.answer for one in seen if one.id == NOTES), None)
    match releases[0].answer:
        case Absent():
            return Do((Act(id=CREATE.id, stage="draft", target=f"the draft of `{tag}`", undo="free"),))
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case _:
            return _decide_notes(tag, notes)


def _decide_notes(tag: str, notes: Answer | None) -> Decision:
    match notes:
        case Absent():
            return Do((Act(id=UPDATE.id, stage="draft", target=f"the draft of `{tag}`", undo="free"),))
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case _:
            return Done()


def links_of(seen: Seen) -> tuple[str, ...]:
    """Give the pages of the releases that were seen."""
    return tuple(one.answer.url or "?" for one in seen if isinstance(one.answer, Present))


def two_releases(tag: str, links: Sequence[str]) -> Problem:
    """Say that a tag has several releases, which only a person can sort out."""
    return Problem(
        code="two-releases",
        message=f"the forge has {len(links)} releases for the tag `{tag}`",
        reason="two writers made them: " + ", ".join(links),
        remedy="keep the one with your words in it, delete the others, and run castoff again; "
        "let only one of castoff and your workflow write the draft (`draft.by`)",
    )
