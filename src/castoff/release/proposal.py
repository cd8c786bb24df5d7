"""The part that proposes a release: a branch with its commit, and a pull request to the release branch.

Where a branch takes no pushes, its merge is the claim. What people commit to the branch and write into the pull
request stays: the branch only moves forward, and of the text only the part between castoff's marks is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Refused, Unclear
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.refs import Refs
from castoff.ports import ForgePull, IssueTracker, NewPull, Remote
from castoff.reconcile.part import Seen, wait_for
from castoff.regexes import regex

BEGIN, END = "<!-- castoff: start of the preview -->", "<!-- castoff: end of the preview -->"
_BETWEEN = regex(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)


class ProposalLook(Struct, frozen=True):
    """The head of the proposal's branch, the commit that it should be at, and the pull request."""

    head: str | None
    commit: str
    pull: ForgePull | None = None


class PushProposal(Act, frozen=True, kw_only=True):
    """The push of the proposal's branch to a commit."""

    commit: str


class EditProposal(Act, frozen=True, kw_only=True):
    """New text in a pull request."""

    beside = Act.beside | {"pull"}

    pull: ForgePull


@dataclass(slots=True, kw_only=True)
class ProposalPart:
    """The proposal of one release.

    ``wanted`` is given the head of the proposal's branch (None: there is none) and gives the commit that the
    branch should be at; the head itself where nothing is missing. ``label`` keeps it out of the notes.
    """

    branch: str
    onto: str
    title: str
    text: str
    remote_url: str
    remote: Remote
    issue_tracker: IssueTracker | None
    wanted: Callable[[str | None], str]
    label: str | None = None
    name: str = "proposal"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _over: frozenset[int] | None = field(default=None, init=False)

    def look(self) -> ProposalLook | Unknown:
        """Ask for the branch and its pull request."""
        refs = self.remote.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be queried")
        head = refs.heads.get(self.branch)
        if not self._is_here(head):
            return Unknown(reason=f"the branch `{self.branch}` could not be fetched")
        pulls = self.issue_tracker.pulls(self.branch) if self.issue_tracker else ()
        if isinstance(pulls, Unknown):
            return pulls
        pull = self._meant([pull for pull in pulls if pull.base == self.onto])
        return ProposalLook(head, self.wanted(head), pull)

    def decide(self, seen: ProposalLook | Unknown) -> Decision:
        """Bring the branch up to date, then the pull request, then wait for its merge."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        pull = seen.pull
        # Merged is done even if the branch moved on: the claim is on the release branch then.
        if pull is not None and pull.state == "merged":
            return Done(f"the pull request {pull.url} was merged")
        if pull is not None and pull.state == "closed":
            return Person((), f"the pull request {pull.url} was closed during this run")
        if seen.head != seen.commit:
            push = PushProposal(
                id="version:branch",
                stage="version",
                target=f"the branch `{self.branch}`",
                undo="free",
                commit=seen.commit,
            )
            return Do((push,), later=self._of_forge(pull))
        if self.issue_tracker is None:
            return Person((), f"open a pull request from the branch `{self.branch}` to `{self.onto}`")
        if pull is None or self._of_forge(pull):
            return Do(self._of_forge(pull))
        return Person((), f"the pull request {pull.url} is not merged yet; its merge claims the version")

    def describe(self, seen: ProposalLook | Unknown) -> Seen:
        """Show the branch, and its pull request."""
        if isinstance(seen, Unknown):
            return (Observation(id=self.branch, answer=seen),)
        branch = Present(commit=seen.head) if seen.head == seen.commit else Absent()
        pull = Absent() if seen.pull is None else Present(url=seen.pull.url)
        state = None if seen.pull is None else seen.pull.state
        return (
            Observation(id=self.branch, answer=branch, expected=seen.commit),
            Observation(id="pull-request", answer=pull, state=state),
        )

    def act(self, act: Act) -> Outcome:
        """Push the branch forward, open the pull request, or write its preview anew."""
        if isinstance(act, PushProposal):
            return self._pushed(act.commit)
        assert self.issue_tracker is not None
        if isinstance(act, EditProposal):
            return self.issue_tracker.edit_pull(act.pull.number, with_preview(act.pull.body, self.text))
        return self.issue_tracker.open_pull(
            NewPull(head=self.branch, base=self.onto, title=self.title, body=self.text, label=self.label)
        )

    def _of_forge(self, pull: ForgePull | None) -> tuple[Act, ...]:
        """Return what is missing on the forge."""
        if self.issue_tracker is None:
            return ()
        if pull is None:
            target = f"a pull request to `{self.onto}`"
            return (Act(id="version:pull-request", stage="version", target=target, undo="free"),)
        if with_preview(pull.body, self.text) == pull.body:
            return ()
        target = f"the text of {pull.url}"
        return (EditProposal(id="version:text", stage="version", target=target, undo="free", pull=pull),)

    def _is_here(self, head: str | None) -> bool:
        return head is None or self.remote.has(head) or self.remote.fetch(self.remote_url, [self.branch])

    def _meant(self, pulls: Sequence[ForgePull]) -> ForgePull | None:
        """Leave out what was over before this run: who proposes again wants an open pull request."""
        # Pull requests that were closed before this run belong to earlier proposals of the same version.
        if self._over is None:
            self._over = frozenset(pull.number for pull in pulls if pull.state != "open")
        left = [pull for pull in pulls if pull.number not in self._over]
        # An open one wins; otherwise the forge lists the newest first.
        return next((pull for pull in left if pull.state == "open"), next(iter(left), None))

    def _pushed(self, commit: str) -> Outcome:
        outcome = self.remote.push(self.remote_url, f"{commit}:refs/heads/{self.branch}")
        # Somebody pushed to the proposal: a new look merges that work instead of overwriting it.
        if isinstance(outcome, Refused) and outcome.problem.code == "push-rejected":
            return Unclear(
                reason="another push reached the branch: the proposal is created again on its new head"
            )
        return outcome


class OutgrownLook(Struct, frozen=True):
    """The head of a branch; None where it is gone."""

    head: str | None


class DropProposal(Act, frozen=True, kw_only=True):
    """The deletion of a proposal's branch, only as it was seen."""

    head: str


class LeasedRemote(Protocol):
    """A remote from which a branch can be deleted as it was seen."""

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags; None where it could not be queried."""
        ...

    def push(self, url: str, spec: str, *, lease: str | None = None) -> Outcome:
        """Push one ref, where a ref is as the lease says."""
        ...


class OutgrownPart(Struct, kw_only=True):
    """A proposal of a lower version that nobody edited: its branch goes, and with it its pull request."""

    branch: str
    head: str
    remote_url: str
    remote: LeasedRemote
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"

    @property
    def name(self) -> str:
        """Name the part after its branch."""
        return self.branch

    def look(self) -> OutgrownLook | Unknown:
        """Ask for the branch."""
        refs = self.remote.ls_remote(self.remote_url)
        if refs is None:
            return Unknown(reason="the remote could not be queried")
        return OutgrownLook(refs.heads.get(self.branch))

    def decide(self, seen: OutgrownLook | Unknown) -> Decision:
        """Delete the branch; one that people pushed to meanwhile stays."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        if seen.head is None:
            return Done()
        if seen.head != self.head:
            return Person((), f"somebody pushed to `{self.branch}`, which proposes a lower version")
        target = f"the branch `{self.branch}`, whose version is outgrown, and with it its pull request"
        return Do(
            (DropProposal(id="version:drop", stage="version", target=target, undo="free", head=seen.head),)
        )

    def describe(self, seen: OutgrownLook | Unknown) -> Seen:
        """Show the branch."""
        if isinstance(seen, Unknown):
            return (Observation(id=self.branch, answer=seen),)
        return (Observation(id=self.branch, answer=Present(commit=seen.head) if seen.head else Absent()),)

    def act(self, act: Act) -> Outcome:
        """Delete the branch."""
        assert isinstance(act, DropProposal)
        ref = f"refs/heads/{self.branch}"
        return self.remote.push(self.remote_url, f":{ref}", lease=f"{ref}:{act.head}")


_LONGEST_PREVIEW = 60_000
"""Characters of a preview: GitHub takes 65,536 for the text of a pull request, and people write in it as well."""


def preview(text: str) -> str:
    """Put castoff's marks around the part of a pull request's text that castoff writes; one too long ends early."""
    # Titles of changes are foreign text: a marker in one would end the generated part early.
    shown = text.replace("<!-- castoff:", "<!-- castoff :").strip()
    if len(shown) > _LONGEST_PREVIEW:
        kept = shown[:_LONGEST_PREVIEW].rpartition("\n")[0]
        left = shown.count("\n") - kept.count("\n")
        shown = (
            f"{kept}\n\n({left} more lines: a pull request takes no longer text; `castoff notes` prints all)"
        )
    return f"{BEGIN}\n{shown}\n{END}"


def with_preview(body: str, text: str) -> str:
    """Put the preview of a text in place of that of a body; a body without the marks is left alone."""
    ours = _BETWEEN.search(text)
    # The browser's editor writes CRLF; the comparison must not see that as an edit.
    theirs = body.replace("\r\n", "\n")
    if ours is None or _BETWEEN.search(theirs) is None:
        return body
    new = _BETWEEN.sub(lambda _: ours[0], theirs, count=1)
    return body if new == theirs else new
