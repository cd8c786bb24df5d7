"""The part that keeps the pages of the website's repository up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, Blocked, Decision, Done, Outcome, Person, only_if
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import Tree
from castoff.postrelease.delivery import Delivery, DeliveryLook, Proposal, describe_proposal
from castoff.reconcile.part import Seen, wait_for
from castoff.values import replace
from castoff.website import Decision as PageDecision
from castoff.website import Rendered, decide

_LONGEST = 1500


class WebsiteLook(Struct, frozen=True, kw_only=True):
    """The site as one look found it; ``change`` is what is missing there.

    ``head`` is that of the site's branch, None where the pages could not be compared: an answer is missing
    (``unknown``), they cannot be rendered (``problem``), or not yet (``pause`` says why).
    """

    unknown: Unknown | None = None
    problem: Problem | None = None
    pause: str | None = None
    no_branch: bool = False
    head: str | None = None
    pages: tuple[PageDecision, ...] = ()
    change: DeliveryLook | None = None
    denied: bool = False


class WebsitePart(Struct, kw_only=True):
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

    def look(self) -> WebsiteLook:
        """Render the pages, and compare them with those at the head of the site's branch."""
        seen = WebsiteLook(denied=self.delivery.denied)
        try:
            rendered = self.render()
        except CastoffError as error:
            return replace(seen, problem=error.problems[0])
        if isinstance(rendered, str):
            return replace(seen, pause=rendered)
        head = rendered if isinstance(rendered, Unknown) else self.delivery.head()
        if isinstance(rendered, Unknown) or isinstance(head, Unknown):
            assert isinstance(head, Unknown)
            return replace(seen, unknown=head)
        return replace(seen, no_branch=True) if head is None else self._compared(seen, rendered, head)

    def decide(self, seen: WebsiteLook) -> Decision:
        """Write what differs; stop where somebody edited a page on the site."""
        if seen.unknown is not None:
            return wait_for(seen.unknown, self._later(seen))
        if seen.problem is not None:
            return Blocked(seen.problem)
        if seen.no_branch:
            return Blocked(_no_branch(self.delivery.branch))
        if seen.pause is not None:
            return Person((), seen.pause, later=self._later(seen))
        edited = [page for page in seen.pages if page.action == "edited"]
        if edited and not self.replacing:
            return Blocked(edited_problem(edited[0]))
        return Done() if seen.change is None else self.delivery.decide(seen.change)

    def describe(self, seen: WebsiteLook) -> Seen:
        """Show the pages, and the pull request; without pages, what keeps them from being compared."""
        if seen.head is None:
            return (self._without_pages(seen),)
        pages = tuple(
            Observation(id=page.target, answer=_answer(page, seen.head), expected="as released")
            for page in seen.pages
        )
        if seen.unknown is not None:
            return (*pages, Observation(id=self.delivery.proposal, answer=seen.unknown))
        return pages if seen.change is None else (*pages, *describe_proposal(seen.change.proposal))

    def act(self, act: Act) -> Outcome:
        """Commit the pages that differ, and push them; or open the pull request."""
        return self.delivery.act(act)

    def _without_pages(self, seen: WebsiteLook) -> Observation:
        if seen.no_branch:
            return Observation(id=self.delivery.branch, answer=Absent())
        if seen.problem is not None:
            return Observation(id="pages", answer=Present(), state="unfit")
        return Observation(id="pages", answer=seen.unknown or Absent())

    def _later(self, seen: WebsiteLook) -> tuple[Act, ...]:
        return only_if("if a page changes", self.delivery.ahead(denied=seen.denied))

    def _compared(self, seen: WebsiteLook, rendered: Sequence[Rendered], head: str) -> WebsiteLook:
        site = self.tree(head)
        current = {one.page.target: site.read(one.page.target) for one in rendered}
        pages = compare(rendered, current, self.earlier)
        seen = replace(seen, pages=pages, head=head)
        texts = {page.target: page.text for page in pages if page.action != "unchanged"}
        if not texts:
            return seen
        proposal = self.delivery.proposed()
        if isinstance(proposal, Unknown):
            return replace(seen, unknown=proposal)
        change = DeliveryLook(
            head=head,
            texts=texts,
            proposal=proposal,
            proposed=texts,
            prepared=self._is_prepared(proposal, pages),
            denied=seen.denied,
        )
        return replace(seen, change=change)

    def _is_prepared(self, proposal: Proposal, pages: Sequence[PageDecision]) -> bool:
        if proposal.head is None:
            return False
        there = self.tree(proposal.head)
        return all(there.read(page.target) == page.text for page in pages)


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
    """Report that a page was edited on the site."""
    shown = page.difference
    if len(shown) > _LONGEST:
        shown = shown[:_LONGEST].rpartition("\n")[0] + "\n..."
    return Problem(
        code="website-page-edited",
        message=f"the page `{page.target}` was edited on the website",
        reason=f"these edits would be lost:\n{shown.rstrip()}",
        remedy="move the edit to the source of the page, then run `castoff website "
        "--replace --execute`; do the same if another tool wrote the page until now",
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
