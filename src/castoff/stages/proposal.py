"""Is the release proposed: a branch that holds its commit, and a pull request from it to the release branch?

Where a branch takes no pushes, its merge is the claim. What people commit to the branch and write into the pull
request stays: the branch only moves forward, and of the text only the part between castoff's marks is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Refused, Unclear, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import Remote
from castoff.ports_after import Desk, ForgePull
from castoff.stages.part import Seen

BEGIN, END = "<!-- castoff: the preview begins -->", "<!-- castoff: the preview ends -->"
_BETWEEN = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)


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
    desk: Desk | None
    wanted: Callable[[str | None], str]
    label: str | None = None
    name: str = "proposal"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    pull: ForgePull | None = field(default=None, init=False)
    _head: str | None = field(default=None, init=False)
    _commit: str | None = field(default=None, init=False)
    _over: frozenset[int] | None = field(default=None, init=False)

    @property
    def following(self) -> tuple[str, ...]:
        """Name the act that comes after the push of the branch, as it was looked at."""
        if self.desk is None:
            return ()
        if self.pull is None:
            return ("version:pull-request",)
        return ("version:text",) if with_preview(self.pull.body, self.text) != self.pull.body else ()

    def look(self) -> Seen:
        """Ask for the branch and its pull request."""
        refs = self.remote.ls_remote(self.remote_url)
        if refs is None:
            return (Observation(id=self.branch, answer=Unknown(reason="the remote could not be asked")),)
        self._head = refs.heads.get(self.branch)
        if not self._is_here():
            reason = f"the branch `{self.branch}` could not be fetched"
            return (Observation(id=self.branch, answer=Unknown(reason=reason)),)
        pulls = self.desk.pulls(self.branch) if self.desk else ()
        if isinstance(pulls, Unknown):
            return (Observation(id=self.branch, answer=pulls),)
        self.pull = self._meant([pull for pull in pulls if pull.base == self.onto])
        self._commit = self.wanted(self._head)
        return (self._of_branch(), *self._of_pull())

    def decide(self, seen: Seen) -> Decision:
        """Bring the branch up to date, then the pull request, then wait for its merge."""
        first = seen[0].answer
        if isinstance(first, Unknown):
            return Wait(reason=first.reason, seconds=first.retry_after)
        if self.pull is not None and self.pull.state == "merged":
            return Done(f"the pull request {self.pull.url} was merged")
        if self.pull is not None and self.pull.state == "closed":
            return Person((), f"the pull request {self.pull.url} was closed meanwhile")
        if isinstance(first, Absent):
            return Do((_act("branch", f"the branch `{self.branch}`"),))
        if self.desk is None:
            return Person((), f"open a pull request from the branch `{self.branch}` to `{self.onto}`")
        if self.pull is None:
            return Do((_act("pull-request", f"a pull request to `{self.onto}`"),))
        if with_preview(self.pull.body, self.text) != self.pull.body:
            return Do((_act("text", f"the text of {self.pull.url}"),))
        return Person((), f"the pull request {self.pull.url} waits for its merge, which claims the version")

    def act(self, act: Act) -> Outcome:
        """Push the branch forward, open the pull request, or write its preview anew."""
        kind = act.id.rpartition(":")[2]
        if kind == "branch":
            return self._pushed()
        assert self.desk is not None
        if kind == "text" and self.pull is not None:
            return self.desk.edit_pull(self.pull.number, with_preview(self.pull.body, self.text))
        return self.desk.open_pull(
            head=self.branch, base=self.onto, title=self.title, body=self.text, label=self.label
        )

    def _is_here(self) -> bool:
        head = self._head
        return head is None or self.remote.has(head) or self.remote.fetch(self.remote_url, [self.branch])

    def _meant(self, pulls: Sequence[ForgePull]) -> ForgePull | None:
        """Leave out what was over before this run: who proposes again wants an open pull request."""
        if self._over is None:
            self._over = frozenset(pull.number for pull in pulls if pull.state != "open")
        left = [pull for pull in pulls if pull.number not in self._over]
        return next((pull for pull in left if pull.state == "open"), next(iter(left), None))

    def _pushed(self) -> Outcome:
        outcome = self.remote.push(self.remote_url, f"{self._commit}:refs/heads/{self.branch}")
        if isinstance(outcome, Refused) and outcome.problem.code == "push-rejected":
            return Unclear(reason="somebody pushed to the branch: the proposal is made again on its new head")
        return outcome

    def _of_branch(self) -> Observation:
        up_to_date = self._head is not None and self._head == self._commit
        answer = Present(commit=self._head) if up_to_date else Absent()
        return Observation(id=self.branch, answer=answer, expected=self._commit)

    def _of_pull(self) -> Seen:
        if self.pull is None:
            return (Observation(id="pull-request", answer=Absent()),)
        return (Observation(id="pull-request", answer=Present(url=self.pull.url, digest=self.pull.state)),)


def preview(text: str) -> str:
    """Put castoff's marks around the part of a pull request's text that castoff writes."""
    return f"{BEGIN}\n{text.replace('<!-- castoff:', '<!-- castoff :').strip()}\n{END}"


def with_preview(body: str, text: str) -> str:
    """Put the preview of a text in place of that of a body; a body without the marks is left alone."""
    ours = _BETWEEN.search(text)
    theirs = body.replace("\r\n", "\n")
    if ours is None or _BETWEEN.search(theirs) is None:
        return body
    new = _BETWEEN.sub(lambda _: ours[0], theirs, count=1)
    return body if new == theirs else new


def _act(kind: str, target: str) -> Act:
    return Act(id=f"version:{kind}", stage="version", target=target, undo="free")
