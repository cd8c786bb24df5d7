"""Is the documentation of each package built, and does an issue tell of a build that failed?

The host is only watched; nothing here ever holds a release up. What is written is one issue for a package and
version whose build failed, and one comment on it when a later build succeeds.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.ports_after import Desk, DocsBuild, DocsHost, ForgeIssue
from castoff.stages.part import Seen
from castoff.stages.reports import built_comment, find_issue, is_noted, issue_body, issue_title

LOOK_AGAIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """What has documentation: ``label`` is the package's (or project's) id with us, the rest is the host's."""

    label: str
    name: str
    version: str


class Ledger:
    """The issues since the release, listed once for all packages until something is written."""

    def __init__(self, desk: Desk, since: datetime) -> None:
        self.desk = desk
        self._since = since
        self._listed: Sequence[ForgeIssue] | None = None
        self._lock = threading.Lock()

    def find(self, one: Documented) -> ForgeIssue | Unknown | None:
        """Find the issue of a failed build."""
        with self._lock:
            if self._listed is None:
                listed = self.desk.issues(self._since)
                if isinstance(listed, Unknown):
                    return listed
                self._listed = listed
            return find_issue(self._listed, one.label, one.version)

    def forget(self) -> None:
        """Ask again next time."""
        with self._lock:
            self._listed = None


@dataclass(slots=True, kw_only=True)
class DocsPart:
    """The documentation of one package; without a ``ledger`` no issue is opened."""

    documented: Documented
    host: DocsHost
    ledger: Ledger | None
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _build: DocsBuild | None = field(default=None, init=False)
    _issue: ForgeIssue | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """Name the part after the package."""
        return self.documented.label

    def look(self) -> Seen:
        """Ask the host, and the forge about the issue where the build ended."""
        one = self.documented
        build = self.host.look(one.name, one.version)
        self._build = None if isinstance(build, Unknown) else build
        seen: list[Observation] = [Observation(id=one.label, answer=_answer(build))]
        if isinstance(build, Unknown) or build.state not in ("failed", "built") or self.ledger is None:
            return tuple(seen)
        issue = self.ledger.find(one)
        self._issue = None if isinstance(issue, Unknown) else issue
        if build.state == "failed" or issue is not None:
            seen.append(Observation(id=f"issue:{one.label}", answer=_issue_answer(issue)))
        if build.state == "built" and self._issue is not None and self._issue.is_open:
            seen.append(Observation(id=f"comment:{one.label}", answer=self._noted(self._issue)))
        return tuple(seen)

    def decide(self, seen: Seen) -> Decision:
        """Wait for the host; report a failure once, and a later success once."""
        label = self.documented.label
        for one in seen:
            if isinstance(one.answer, Unknown):
                return Wait(reason=one.answer.reason, seconds=one.answer.retry_after)
        answers = {one.id: one.answer for one in seen}
        match answers[label]:
            case Present(digest="built"):
                absent = isinstance(answers.get(f"comment:{label}"), Absent)
                return Do((self._act("comment"),)) if absent else Done()
            case Present(digest="failed", url=url):
                if isinstance(answers.get(f"issue:{label}"), Absent):
                    return Do((self._act("issue"),))
                where = f", see {self._issue.url}" if self._issue else ""
                return Person((), f"the documentation of `{label}` failed to build: {url}{where}")
            case Present():
                return Wait(reason=f"the documentation of `{label}` is being built", seconds=LOOK_AGAIN)
            case _:
                return Wait(reason=f"the documentation of `{label}` is not begun yet", seconds=LOOK_AGAIN)

    def act(self, act: Act) -> Outcome:
        """Open the issue with the log, or comment on it."""
        one, ledger = self.documented, self.ledger
        assert ledger is not None and self._build is not None
        ledger.forget()
        if act.id.startswith("docs:comment:") and self._issue is not None:
            return ledger.desk.comment(
                self._issue.number, built_comment(one.label, one.version, self._build.url)
            )
        log = self.host.log(one.name, one.version)
        if isinstance(log, Unknown):
            return Unclear(reason=log.reason)
        body = issue_body(one.label, one.version, self._build.url, log)
        return ledger.desk.open_issue(issue_title(one.label, one.version), body)

    def _noted(self, issue: ForgeIssue) -> Answer:
        assert self.ledger is not None
        comments = self.ledger.desk.comments(issue.number)
        if isinstance(comments, Unknown):
            return comments
        noted = is_noted(comments, self.documented.label, self.documented.version)
        return Present(url=issue.url) if noted else Absent()

    def _act(self, kind: str) -> Act:
        label = self.documented.label
        target = f"the {kind} on the documentation of `{label}`"
        return Act(id=f"docs:{kind}:{label}", stage="docs", target=target, undo="free")


def _answer(build: DocsBuild | Unknown) -> Answer:
    if isinstance(build, Unknown):
        return build
    return Absent() if build.state == "queued" else Present(digest=build.state, url=build.url)


def _issue_answer(issue: ForgeIssue | Unknown | None) -> Answer:
    if isinstance(issue, Unknown):
        return issue
    return Absent() if issue is None else Present(url=issue.url, digest="open" if issue.is_open else "closed")
