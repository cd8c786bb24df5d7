"""The part that keeps exactly one release on the forge for the tag, with the generated lines in it.

Drafts are found by listing, never by tag: the forge shows a draft under no tag, and a by-tag look-up that
answers 404 would make a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import CastoffError, NotYet, Problem
from castoff.model.acts import (
    Act,
    Blocked,
    Decision,
    Do,
    Done,
    Outcome,
    Refused,
    Succeeded,
    Unclear,
    only_if,
)
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.notes.draft import LARGEST_BODY, hidden_lines, missing_lines, too_long
from castoff.notes.regenerate import regenerate
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.reconcile.part import Seen, wait_for
from castoff.session.forge_releases import describe_releases, releases_of
from castoff.values import replace

CREATE = Act(id="draft:create", stage="draft", target="the draft", undo="free")


UPDATE = Act(id="draft:update", stage="draft", target="the draft", undo="free")
_EARLY = " (not released yet)"
_INCOMPLETE = "if generated lines are missing in it"


def early_title(title: str) -> str:
    """Name a draft whose version is not tagged yet, so that nobody publishes it in the browser by mistake."""
    return f"{title}{_EARLY}"


def is_early(draft: ForgeRelease) -> bool:
    """Return whether a draft was made for its highlights, before its version was tagged."""
    return draft.draft and draft.name.endswith(_EARLY)


class DraftLook(Struct, frozen=True):
    """The releases of a tag; ``notes``: are all generated lines in the draft? None where there is not one draft."""

    releases: tuple[ForgeRelease, ...]
    notes: Answer | None = None


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

    def look(self) -> DraftLook | Unknown:
        """List the releases of the tag; where one draft is there, see whether all generated lines are in it."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return found
        is_draft = len(found) == 1 and found[0].draft
        return DraftLook(found, self._notes_in(found[0]) if is_draft else None)

    def decide(self, seen: DraftLook | Unknown) -> Decision:
        """Create where there is none, add what is missing; two of them are for a person to sort out."""
        if isinstance(seen, Unknown):
            later = (
                *only_if("if there is none", [_create_act(self.tag)]),
                *only_if(_INCOMPLETE, [_update_act(self.tag)]),
            )
            return wait_for(seen, later)
        if len(seen.releases) > 1:
            return Blocked(two_releases(self.tag, seen.releases))
        if not seen.releases:
            return Do((_create_act(self.tag),))
        match seen.notes:
            case Absent():
                return Do((_update_act(self.tag),))
            case Unknown() as unknown:
                return wait_for(unknown, only_if(_INCOMPLETE, [_update_act(self.tag)]))
            case _:
                return Done()

    def describe(self, seen: DraftLook | Unknown) -> Seen:
        """Show the releases, and whether all generated lines are in the draft."""
        if isinstance(seen, Unknown):
            return describe_releases(seen)
        notes = () if seen.notes is None else (Observation(id="notes", answer=seen.notes),)
        return (*describe_releases(seen.releases), *notes)

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
        # Two runs that list at the same time both create a draft. The lowest id wins in both, so neither
        # deletes the draft that the other keeps.
        for double in sorted(found, key=lambda one: one.id)[1:]:
            # Untouched and identical: deleting it loses nothing that a person wrote.
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
        # Read again right before the write: somebody may be editing the draft in the browser.
        body = regenerate(found[0].body, generated).body
        if lost := missing_lines(body, generated):
            return Refused(hidden_lines(lost), unasked=True)
        # A title that a person chose is kept.
        name = self.title if found[0].name in ("", early_title(self.title)) else found[0].name
        # `target_commitish` only matters while the tag does not exist, so the value of the draft is kept.
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
    # GitHub's editor saves CRLF line ends, the API keeps what it was given.
    return body.replace("\r\n", "\n").strip() == generated.strip()


def _create_act(tag: str) -> Act:
    return Act(id=CREATE.id, stage="draft", target=f"the draft of `{tag}`", undo="free")


def _update_act(tag: str) -> Act:
    return Act(id=UPDATE.id, stage="draft", target=f"the draft of `{tag}`", undo="free")


def two_releases(tag: str, found: Sequence[ForgeRelease]) -> Problem:
    """Report that a tag has several releases, which only a person can sort out."""
    return Problem(
        code="two-releases",
        message=f"the forge has {len(found)} releases for the tag `{tag}`",
        reason="two writers created them: " + ", ".join(release.url for release in found),
        remedy="keep the one with your text, delete the others, and run castoff "
        "again; let either castoff or your workflow write the draft (`draft.by`)",
    )
