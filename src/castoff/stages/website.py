"""Do the pages of the website's repository say what the release says?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, Blocked, Decision, Done, Outcome, Person, Refused
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.notes.website import Decision as PageDecision
from castoff.notes.website import Rendered, decide
from castoff.ports import Tree
from castoff.stages.delivery import Delivery, Proposal, observe_proposal, waiting_for
from castoff.stages.part import Seen

_LONGEST = 1500


@dataclass(slots=True, kw_only=True)
class WebsitePart:
    """All pages of one release; they go to the site together.

    ``render`` gives the pages as released; a text says why there are none yet. ``earlier`` gives, by target, the
    pages of the release before: asked only where a page has no digest that tells who wrote it. ``replacing``: a
    person wants pages that somebody else wrote, or another tool, to be written over.
    """

    delivery: Delivery
    tree: Callable[[str], Tree]
    render: Callable[[], Sequence[Rendered] | str | Unknown]
    earlier: Callable[[], Mapping[str, str]]
    replacing: bool = False
    name: str = "website"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    pages: tuple[PageDecision, ...] = field(default=(), init=False)
    _pause: str = field(default="", init=False)
    _problem: Problem | None = field(default=None, init=False)
    _found: _Found | None = field(default=None, init=False)

    def look(self) -> Seen:
        """Render the pages, and compare them with those at the head of the site's branch."""
        self.pages, self._pause, self._problem, self._found = (), "", None, None
        try:
            rendered = self.render()
        except CastoffError as error:
            self._problem = error.problems[0]
            return (Observation(id="pages", answer=Present(digest="unfit")),)
        if isinstance(rendered, str):
            self._pause = rendered
            return (Observation(id="pages", answer=Absent()),)
        head = rendered if isinstance(rendered, Unknown) else self.delivery.head()
        if isinstance(rendered, Unknown) or isinstance(head, Unknown):
            assert isinstance(head, Unknown)
            return (Observation(id="pages", answer=head),)
        if head is None:
            self._problem = _no_branch(self.delivery.branch)
            return (Observation(id=self.delivery.branch, answer=Absent()),)
        return self._compared(rendered, head)

    def decide(self, seen: Seen) -> Decision:
        """Write what differs; stop where somebody edited a page on the site."""
        waits = waiting_for(seen)
        if waits is not None:
            return waits
        if self._problem is not None:
            return Blocked(self._problem)
        if self._pause:
            return Person((), self._pause)
        edited = [page for page in self.pages if page.action == "edited"]
        if edited and not self.replacing:
            return Blocked(edited_problem(edited[0]))
        if all(page.action == "unchanged" for page in self.pages) or self._found is None:
            return Done()
        return self.delivery.decide(self._found.proposal, prepared=self._found.prepared)

    def act(self, act: Act) -> Outcome:
        """Commit the pages that differ, and push them; or open the pull request."""
        found = self._found
        if found is None:
            return Refused(_no_branch(self.delivery.branch), unasked=True)
        head = found.head
        if ":branch" in act.id and found.proposal.head is not None:
            head = found.proposal.head
        texts = {page.target: page.text for page in self.pages if page.action != "unchanged"}
        return self.delivery.act(act, head, texts, found.proposal)

    def _compared(self, rendered: Sequence[Rendered], head: str) -> Seen:
        site = self.tree(head)
        current = {one.page.target: site.read(one.page.target) for one in rendered}
        self.pages = compare(rendered, current, self.earlier)
        seen = tuple(
            Observation(id=page.target, answer=_answer(page, head), expected="as released")
            for page in self.pages
        )
        if all(page.action == "unchanged" for page in self.pages):
            return seen
        proposal = self.delivery.proposed()
        if isinstance(proposal, Unknown):
            return (*seen, Observation(id=self.delivery.proposal, answer=proposal))
        self._found = _Found(head=head, proposal=proposal, prepared=self._is_prepared(proposal))
        return (*seen, *observe_proposal(proposal))

    def _is_prepared(self, proposal: Proposal) -> bool:
        if proposal.head is None:
            return False
        there = self.tree(proposal.head)
        return all(there.read(page.target) == page.text for page in self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The site as one look found it."""

    head: str
    proposal: Proposal
    prepared: bool


def compare(
    rendered: Sequence[Rendered],
    current: Mapping[str, str | None],
    earlier: Callable[[], Mapping[str, str]],
) -> tuple[PageDecision, ...]:
    """Decide about every page; the release before is only asked where that could tell who wrote a page."""
    first = tuple(decide(one, current.get(one.page.target)) for one in rendered)
    if all(page.action != "edited" for page in first):
        return first
    before = earlier()
    return tuple(decide(one, current.get(one.page.target), before.get(one.page.target)) for one in rendered)


def edited_problem(page: PageDecision) -> Problem:
    """Say that a page was edited on the site."""
    shown = page.difference
    if len(shown) > _LONGEST:
        shown = shown[:_LONGEST].rpartition("\n")[0] + "\n..."
    return Problem(
        code="website-page-edited",
        message=f"the page `{page.target}` was edited on the website",
        reason=f"what somebody wrote there would be lost:\n{shown.rstrip()}",
        remedy="bring the edit to the file that the page is made from, then write the page anew with "
        "`castoff website --replace --execute`; so too where another tool made it until now",
        file=page.target,
    )


def _answer(page: PageDecision, head: str) -> Present | Absent:
    if page.action == "unchanged":
        return Present(commit=head, same="bytes")
    return Absent() if page.action == "create" else Present(commit=head, same="no")


def _no_branch(branch: str) -> Problem:
    return Problem(
        code="website-branch-missing",
        message=f"the website's repository has no branch `{branch}`",
        remedy="correct `website.branch`, or push the branch",
    )
