"""Does the branch's changelog hold the notes of the published release?"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, Blocked, Decision, Done, Off, Outcome, Person, Refused
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.notes.changelog import Ported
from castoff.ports import Forge, ForgeRelease, Tree
from castoff.stages.delivery import Delivery, Proposal, observe_proposal, waiting_for
from castoff.stages.draft import releases_of
from castoff.stages.part import Seen
from castoff.stages.porting import Terms, port_release

NOT_ANNOUNCED = "the notes are ported when the release is announced"


@dataclass(slots=True, kw_only=True)
class ChangelogPart:
    """The section of one release in the changelog of one branch.

    ``tree`` opens the files of a commit, ``milestone`` asks for the address of the release's milestone.
    """

    terms: Terms
    path: str
    forge: Forge
    delivery: Delivery
    tree: Callable[[str], Tree]
    milestone: Callable[[], str | Unknown | None]
    configured: bool = False
    name: str = "changelog"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    ported: Ported | None = field(default=None, init=False)
    _made: _Made | None = field(default=None, init=False)

    def look(self) -> Seen:
        """Read the release, the changelog at the branch's head, and the pull request where one is under way."""
        self.ported, self._made = None, None
        release = published(self.forge, self.terms.tag)
        if release is None or isinstance(release, Unknown):
            return (Observation(id="release", answer=release or Absent()),)
        seen = (Observation(id="release", answer=Present(url=release.url, digest=str(release.id))),)
        milestone = self.milestone()
        head = self.delivery.head()
        if isinstance(milestone, Unknown) or isinstance(head, Unknown):
            answer = milestone if isinstance(milestone, Unknown) else head
            assert isinstance(answer, Unknown)
            return (*seen, Observation(id=self._file, answer=answer))
        terms = replace(self.terms, milestone_url=milestone)
        return (*seen, *self._section(release, terms, head))

    def decide(self, seen: Seen) -> Decision:
        """Port what is missing; leave alone what was written by hand."""
        waits = waiting_for(seen)
        if waits is not None:
            return waits
        if isinstance(seen[0].answer, Absent):
            return Person((), NOT_ANNOUNCED)
        if self._made is None:
            return self._not_there()
        match self._made.problem, self.ported:
            case Problem() as problem, _:
                return Blocked(problem)
            case None, Ported(outcome="unchanged"):
                return Done("the changelog holds the notes")
            case None, Ported(outcome="by-hand"):
                return Done("the section was written by hand, and is left alone")
            case _:
                return self.delivery.decide(self._made.proposal, prepared=self._made.prepared)

    def act(self, act: Act) -> Outcome:
        """Commit the change on the head that was looked at, and push it; or open the pull request."""
        made = self._made
        if made is None or self.ported is None:
            return Refused(_nothing(self.path), unasked=True)
        head, text = made.head, self.ported.text
        if ":branch" in act.id and made.proposal.head is not None:
            head, text = made.proposal.head, made.proposal_text
        return self.delivery.act(act, head, {self.path: text}, made.proposal)

    def difference(self) -> str:
        """Show what the port changes, or what stands in a section that was written by hand; "" for nothing."""
        if self._made is None or self.ported is None or self.ported.outcome == "unchanged":
            return ""
        if self.ported.outcome == "by-hand":
            return self.ported.difference
        before = (self.tree(self._made.head).read(self.path) or "").splitlines()
        names = self.path, f"{self.path} with {self.terms.version}"
        return (
            "\n".join(difflib.unified_diff(before, self.ported.text.splitlines(), *names, lineterm="")) + "\n"
        )

    @property
    def _file(self) -> str:
        return f"{self.delivery.branch}:{self.path}"

    def _section(self, release: ForgeRelease, terms: Terms, head: str | None) -> Seen:
        text = self.tree(head).read(self.path) if head is not None else None
        if head is None or text is None:
            return (Observation(id=self._file, answer=Absent()),)
        made = _Made(head=head, proposal=Proposal(branch=self.delivery.proposal))
        self._made = made
        try:
            self.ported = port_release(text, release, terms)
        except CastoffError as error:
            made.problem = replace(error.problems[0], file=error.problems[0].file or self.path)
            return (Observation(id=self._file, answer=Present(commit=head, digest="unfit")),)
        if self.ported.outcome in ("unchanged", "by-hand"):
            return (Observation(id=self._file, answer=Present(commit=head, digest=self.ported.outcome)),)
        proposal = self.delivery.proposed()
        if isinstance(proposal, Unknown):
            return (Observation(id=self._file, answer=proposal),)
        made.proposal = proposal
        self._prepare(release, terms)
        return (
            Observation(id=self._file, answer=Absent(), expected=terms.version),
            *observe_proposal(proposal),
        )

    def _prepare(self, release: ForgeRelease, terms: Terms) -> None:
        """See whether the proposal's branch holds the notes already."""
        made = self._made
        if made is None or made.proposal.head is None:
            return
        text = self.tree(made.proposal.head).read(self.path)
        try:
            there = port_release(text or "", release, terms)
        except CastoffError:
            return
        made.prepared = text is not None and there.outcome in ("unchanged", "by-hand")
        made.proposal_text = there.text

    def _not_there(self) -> Decision:
        if not self.configured:
            return Off(f"`{self.delivery.branch}` keeps no changelog")
        return Blocked(
            Problem(
                code="changelog-missing",
                message=f"there is no `{self.path}` on `{self.delivery.branch}`",
                reason="`changelog.file` says that the notes go there",
                remedy="make the file, or correct `changelog.file`",
                file=self.path,
            )
        )


@dataclass(slots=True, kw_only=True)
class _Made:
    """What one look made of the changelog."""

    head: str
    proposal: Proposal
    problem: Problem | None = None
    prepared: bool = False
    proposal_text: str = ""


def published(forge: Forge, tag: str) -> ForgeRelease | Unknown | None:
    """Find the published release of a tag; None where there is none yet."""
    found = releases_of(forge, tag)
    if isinstance(found, Unknown):
        return found
    return next((release for release in found if not release.draft), None)


def _nothing(path: str) -> Problem:
    return Problem(
        code="changelog-changed-meanwhile",
        message=f"`{path}` changed while it was ported",
        remedy="run castoff again",
        file=path,
    )
