"""Delivery of changed files to a branch: pushed on top of its head, or as a pull request.

A push is a fast-forward, never forced. Where the remote takes no pushes to the branch, or where pull requests are
wanted, the change goes to a branch of castoff's own, found again by its name, and one pull request is opened from
it; one that a person closed is not opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Outcome, Person, Refused, Unclear, only_if
from castoff.model.observations import Observation, Present, Unknown
from castoff.ports import ForgePull, IssueTracker, NewPull, Remote
from castoff.reconcile.part import Seen

Texts = Mapping[str, str]
# A loop of merges without the wanted text is a conflict that only a person can resolve.
_MOST = 6


class Proposal(Struct, frozen=True, kw_only=True):
    """A branch of castoff's own: its head where it is on the remote, and its pull request where there is one."""

    branch: str
    head: str | None = None
    pull: ForgePull | None = None


class DeliveryLook(Struct, frozen=True, kw_only=True):
    """A change, and how far it is on its way.

    ``texts`` are made for the branch's ``head``, ``proposed`` for the head of the proposal's branch, which holds them
    already where it is ``prepared``; ``fault`` is why they cannot be made for it. ``denied``: the branch took no push.
    """

    head: str
    texts: Texts
    proposal: Proposal
    proposed: Texts = {}
    prepared: bool = False
    fault: Problem | None = None
    denied: bool = False


class Deliver(Act, frozen=True, kw_only=True):
    """One write on the way of a change; ``seen`` is None only in acts that are shown ahead."""

    beside = Act.beside | {"seen"}

    how: Literal["push", "branch", "pull-request"]
    seen: DeliveryLook | None = None


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One change on its way to one branch.

    ``make`` commits texts on top of a commit, in the clone, and gives the new one. ``proposal`` names the branch
    for a pull request; ``title`` and ``text`` are the pull request's. ``suffix`` ends the acts' ids where a stage
    has several deliveries. ``label`` is given to the pull request.
    """

    stage: Literal["changelog", "website"]
    branch: str
    remote_url: str
    remote: Remote
    issue_tracker: IssueTracker | None
    make: Callable[[str, Texts], str]
    proposal: str
    title: str
    text: str
    by_pull_request: bool = False
    suffix: str = ""
    label: str | None = None
    heads: Mapping[str, str] = field(default_factory=dict, init=False)
    denied: bool = field(default=False, init=False)

    def head(self) -> str | Unknown | None:
        """Ask for the branch's head and fetch it; None where there is no such branch."""
        refs = self.remote.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be queried for its branches")
        self.heads = refs.heads
        return self._fetched(self.branch)

    def proposed(self) -> Proposal | Unknown:
        """Find the branch for the pull request, and what became of it; asked after :meth:`head`.

        A merged pull request is over: what is still missing then gets a branch of the next number. Where a push
        is tried first, nobody has to know of pull requests.
        """
        for number in range(1, _MOST):
            name = self.proposal if number == 1 else f"{self.proposal}-{number}"
            pulls = self.issue_tracker.pulls(name) if self.issue_tracker else ()
            # Where a push is tried first, no answer about pull requests need stop it.
            if isinstance(pulls, Unknown):
                return pulls if self.by_pull_request or self.denied else Proposal(branch=name)
            # A branch of that name may serve pull requests to other branches as well.
            ours = [pull for pull in pulls if pull.base == self.branch]
            # An open pull request is reused; a second one for the same change would only confuse.
            waiting = next((pull for pull in ours if pull.state == "open"), None)
            last = waiting or next(iter(ours), None)
            # After a merge the branch name is used up: its old commits must not come back.
            if last is None or last.state != "merged":
                head = self._fetched(name)
                return head if isinstance(head, Unknown) else Proposal(branch=name, head=head, pull=last)
        return Unknown(
            reason=f"{_MOST - 1} pull requests from `{self.proposal}` were merged without the desired result"
        )

    def ahead(self, *, denied: bool = False, seen: DeliveryLook | None = None) -> tuple[Act, ...]:
        """Return the acts of a change of which nothing is done yet."""
        if self.by_pull_request or denied:
            return self._proposing(seen)
        return (self._act("push", f"the branch `{self.branch}`", seen), *self._fallback())

    def decide(self, seen: DeliveryLook) -> Decision:
        """Return what is missing for the change to arrive."""
        pull = seen.proposal.pull
        # An open pull request wins over a push, since somebody may have edited or reviewed it.
        if pull is not None and pull.state == "open":
            if not seen.prepared:
                return self._written(seen, ())
            return Person((), f"the pull request {pull.url} is not merged yet")
        if not (self.by_pull_request or seen.denied):
            return Do(self.ahead(seen=seen)[:1], later=self._fallback())
        if pull is not None:
            return Person((), f"the pull request {pull.url} was closed, so castoff does not open it again")
        pull_request = self._proposing(seen)[1:]
        if not seen.prepared:
            return self._written(seen, pull_request)
        if self.issue_tracker is None:
            return Person(
                (), f"open a pull request from the branch `{seen.proposal.branch}` to `{self.branch}`"
            )
        return Do(pull_request)

    def act(self, act: Act) -> Outcome:
        """Push the change or a branch for it, or open the pull request."""
        assert isinstance(act, Deliver)
        seen = act.seen
        assert seen is not None, "an act follows the look that decided it"
        if act.how == "pull-request" and self.issue_tracker is not None:
            return self.issue_tracker.open_pull(
                NewPull(
                    head=seen.proposal.branch,
                    base=self.branch,
                    title=self.title,
                    body=self.text,
                    label=self.label,
                )
            )
        # On top of the proposal's own head, so that commits of people stay.
        if act.how == "branch" and seen.proposal.head is not None:
            made = self.make(seen.proposal.head, seen.proposed)
        else:
            made = self.make(seen.head, seen.texts)
        target = self.branch if act.how == "push" else seen.proposal.branch
        outcome = self.remote.push(self.remote_url, f"{made}:refs/heads/{target}")
        return self._judged(outcome) if isinstance(outcome, Refused) else outcome

    def _written(self, seen: DeliveryLook, later: tuple[Act, ...]) -> Decision:
        """Push the proposal's branch, unless what is on it cannot take the change."""
        if seen.fault is not None:
            return Blocked(seen.fault)
        return Do((self._proposing(seen)[0],), later=later)

    def _fallback(self) -> tuple[Act, ...]:
        """Return what follows where the branch turns out to take no pushes."""
        return (
            only_if(f"if `{self.branch}` does not accept pushes", self._proposing())
            if self.issue_tracker
            else ()
        )

    def _proposing(self, seen: DeliveryLook | None = None) -> tuple[Act, ...]:
        branch = self.proposal if seen is None else seen.proposal.branch
        pushed = self._act("branch", f"the branch `{branch}`", seen)
        pull = self._act("pull-request", f"a pull request to `{self.branch}`", seen)
        return (pushed, pull) if self.issue_tracker else (pushed,)

    def _judged(self, refused: Refused) -> Outcome:
        """A branch that moved is looked at again; one that takes no pushes gets a pull request instead."""
        problem = refused.problem
        if problem.code == "push-rejected":
            return Unclear(reason="the branch moved: the change is created again on its new head")
        # Protection is only known from the push itself; from here on this run uses the pull request.
        if problem.code == "push-denied" and self.issue_tracker is not None and not self.denied:
            self.denied = True
            return Unclear(reason=f"`{self.branch}` does not accept pushes: opening a pull request instead")
        return refused

    def _fetched(self, branch: str) -> str | Unknown | None:
        head = self.heads.get(branch)
        if head is None or self.remote.has(head):
            return head
        if self.remote.fetch(self.remote_url, [branch]) and self.remote.has(head):
            return head
        return Unknown(reason=f"the branch `{branch}` could not be fetched")

    def _act(
        self, how: Literal["push", "branch", "pull-request"], target: str, seen: DeliveryLook | None
    ) -> Deliver:
        return Deliver(
            id=f"{self.stage}:{how}{self.suffix}",
            stage=self.stage,
            target=target,
            undo="free",
            how=how,
            seen=seen,
        )


def describe_proposal(proposal: Proposal) -> Seen:
    """Make an observation of a proposal that is there."""
    if proposal.head is None and proposal.pull is None:
        return ()
    pull = proposal.pull
    answer = Present(url=pull.url if pull else None, commit=proposal.head)
    return (Observation(id=proposal.branch, answer=answer, state=pull.state if pull else None),)
