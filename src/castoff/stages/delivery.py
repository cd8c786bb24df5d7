"""How does a change of some files reach a branch: pushed on top of its head, or as a pull request?

A push is a fast-forward, never forced. Where the remote takes no pushes to the branch, or where pull requests are
wanted, the change goes to a branch of castoff's own, found again by its name, and one pull request is opened from
it; one that a person closed is not opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from castoff.model.acts import Act, Decision, Do, Outcome, Person, Refused, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.ports import Remote
from castoff.ports_after import Desk, ForgePull
from castoff.stages.part import Seen

Texts = Mapping[str, str]
_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A branch of castoff's own: its head where it is on the remote, and its pull request where there is one."""

    branch: str
    head: str | None = None
    pull: ForgePull | None = None


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
    desk: Desk | None
    make: Callable[[str, Texts], str]
    proposal: str
    title: str
    text: str
    by_pull_request: bool = False
    suffix: str = ""
    label: str | None = None
    heads: Mapping[str, str] = field(default_factory=dict, init=False)
    _denied: bool = field(default=False, init=False)

    def head(self) -> str | Unknown | None:
        """Ask for the branch's head and fetch it; None where there is no such branch."""
        refs = self.remote.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be asked for its branches")
        self.heads = refs.heads
        return self._fetched(self.branch)

    def proposed(self) -> Proposal | Unknown:
        """Find the branch for the pull request, and what became of it; asked after :meth:`head`.

        A merged pull request is over: what is still missing then gets a branch of the next number. Where a push
        is tried first, nobody has to know of pull requests.
        """
        for number in range(1, _MOST):
            name = self.proposal if number == 1 else f"{self.proposal}-{number}"
            pulls = self.desk.pulls(name) if self.desk else ()
            if isinstance(pulls, Unknown):
                return pulls if self.by_pull_request or self._denied else Proposal(branch=name)
            ours = [pull for pull in pulls if pull.base == self.branch]
            waiting = next((pull for pull in ours if pull.state == "open"), None)
            last = waiting or next(iter(ours), None)
            if last is None or last.state != "merged":
                head = self._fetched(name)
                return head if isinstance(head, Unknown) else Proposal(branch=name, head=head, pull=last)
        return Unknown(
            reason=f"{_MOST - 1} pull requests from `{self.proposal}` were merged, and it is not enough"
        )

    def decide(self, proposal: Proposal, *, prepared: bool) -> Decision:
        """Say what is missing for the change to arrive; ``prepared``: the proposal's branch holds it already."""
        pull = proposal.pull
        if pull is not None and pull.state == "open":
            if not prepared:
                return Do((self._act("branch", f"the branch `{proposal.branch}`"),))
            return Person((), f"the pull request {pull.url} waits for its merge")
        if not (self.by_pull_request or self._denied):
            return Do((self._act("push", f"the branch `{self.branch}`"),))
        if pull is not None:
            return Person((), f"the pull request {pull.url} was closed, and is not opened again")
        if not prepared:
            return Do((self._act("branch", f"the branch `{proposal.branch}`"),))
        if self.desk is None:
            return Person((), f"open a pull request from the branch `{proposal.branch}` to `{self.branch}`")
        return Do((self._act("pull-request", f"a pull request to `{self.branch}`"),))

    def act(self, act: Act, head: str, texts: Texts, proposal: Proposal) -> Outcome:
        """Push the change or a branch for it, or open the pull request; ``head`` is what the texts are made for."""
        kind = act.id.removesuffix(self.suffix).rpartition(":")[2]
        if kind == "pull-request" and self.desk is not None:
            return self.desk.open_pull(
                head=proposal.branch, base=self.branch, title=self.title, body=self.text, label=self.label
            )
        made = self.make(head, texts)
        target = self.branch if kind == "push" else proposal.branch
        outcome = self.remote.push(self.remote_url, f"{made}:refs/heads/{target}")
        return self._judged(outcome) if isinstance(outcome, Refused) else outcome

    def _judged(self, refused: Refused) -> Outcome:
        """A branch that moved is looked at again; one that takes no pushes gets a pull request instead."""
        problem = refused.problem
        if problem.code == "push-rejected":
            return Unclear(reason="the branch moved: the change is made again on its new head")
        if problem.code == "push-denied" and self.desk is not None and not self._denied:
            self._denied = True
            return Unclear(reason=f"`{self.branch}` takes no pushes: a pull request is opened instead")
        return refused

    def _fetched(self, branch: str) -> str | Unknown | None:
        head = self.heads.get(branch)
        if head is None or self.remote.has(head):
            return head
        if self.remote.fetch(self.remote_url, [branch]) and self.remote.has(head):
            return head
        return Unknown(reason=f"the branch `{branch}` could not be fetched")

    def _act(self, kind: str, target: str) -> Act:
        return Act(id=f"{self.stage}:{kind}{self.suffix}", stage=self.stage, target=target, undo="free")


def observe_proposal(proposal: Proposal) -> Seen:
    """Make an observation of a proposal that is there."""
    if proposal.head is None and proposal.pull is None:
        return ()
    pull = proposal.pull
    answer: Answer = (
        Present(url=pull.url, digest=pull.state, commit=proposal.head)
        if pull
        else Present(commit=proposal.head)
    )
    return (Observation(id=proposal.branch, answer=answer),)


def waiting_for(seen: Seen) -> Wait | None:
    """Give the wait for an answer that nobody could give."""
    for one in seen:
        if isinstance(one.answer, Unknown):
            return Wait(reason=one.answer.reason, seconds=one.answer.retry_after)
    return None


def is_absent(seen: Seen, name: str) -> bool:
    """Say whether something was looked for and is not there."""
    return any(one.id == name and isinstance(one.answer, Absent) for one in seen)
