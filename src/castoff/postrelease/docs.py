"""The part that watches a package's documentation build, and opens an issue if it fails.

The host is only watched; nothing here ever holds a release up. What is written is one issue for a package and
version whose build failed, and one comment on it when a later build succeeds.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Unclear, Wait, only_if
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.ports import DocsBuild, DocsHost, ForgeIssue, IssueTracker
from castoff.reconcile.part import Seen, wait_for
from castoff.redaction import plain
from castoff.regexes import regex
from castoff.values import replace

# Issues take 65,536 characters; a log that long is read by nobody.
LONGEST = 20_000
_BEFORE, _AFTER, _LAST = 3, 80, 25
_WIDEST = 500
_ERROR = regex(r"^\s{0,8}(?:\[[A-Z]+\]\s{0,4})?(?:error(?:\[E\d{4}\])?\b|ERROR\b|Traceback |Sphinx error)")
_ODD = regex(r"[^A-Za-z0-9._@/+:-]")


def marker(package: str, version: str) -> str:
    """Return the line by which the issue of a failed build is known; people do not see it."""
    return f"<!-- castoff docs failed {_word(package)} {_word(version)} -->"


def built_marker(package: str, version: str) -> str:
    """Return the line by which the comment on a later success is known."""
    return f"<!-- castoff docs built {_word(package)} {_word(version)} -->"


def find_issue(issues: Sequence[ForgeIssue], package: str, version: str) -> ForgeIssue | None:
    """Find the issue of a failed build: the oldest one with its line."""
    wanted = marker(package, version)
    ours = [issue for issue in issues if wanted in map(str.strip, issue.body.splitlines())]
    # Two machines may have opened one each at the same moment; all of them use the older one.
    return min(ours, key=lambda issue: issue.number, default=None)


def is_noted(comments: Sequence[str], package: str, version: str) -> bool:
    """Return whether a later success was noted."""
    wanted = built_marker(package, version)
    return any(wanted in map(str.strip, comment.splitlines()) for comment in comments)


def issue_title(package: str, version: str) -> str:
    """Return the title of the issue."""
    return f"The documentation of {_word(package)[:120]} {_word(version)[:80]} failed to build"


def issue_body(package: str, version: str, url: str, log: str) -> str:
    """Write the issue: link, the part of the log that matters, what comes next."""
    part = relevant(log)
    fence = _fence(part)
    shown = f"{fence}text\n{part}\n{fence}" if part else "The host shows no log."
    return (
        f"{marker(package, version)}\n"
        f"The documentation of `{_word(package)}` {_word(version)} failed to build: {url}\n\n"
        f"{shown}\n\n"
        "The release itself is published. The documentation is built again on request to the host, or with "
        "the next version; a later success is noted here.\n"
    )


def built_comment(package: str, version: str, url: str) -> str:
    """Write the comment on a later success."""
    return (
        f"{built_marker(package, version)}\n"
        f"The documentation of `{_word(package)}` {_word(version)} has been built: {url}\n"
    )


def relevant(log: str) -> str:
    """Return the part of a log that matters: what is around the first error, and its end."""
    # Cut by line first: one line of a minified file could fill the issue.
    lines = [line.rstrip()[:_WIDEST] for line in plain(log).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    # The first error counts: later ones are often its consequences.
    first = next((number for number, line in enumerate(lines) if _ERROR.match(line)), None)
    start = max(0, (len(lines) - _AFTER) if first is None else first - _BEFORE)
    tail = max(start, len(lines) - _LAST)
    head = lines[start : start + _AFTER]
    cut = start + len(head)
    kept = [*head, *(["..."] if tail > cut else []), *lines[max(tail, cut) :]]
    shown = "\n".join((["..."] if start else []) + kept)
    # Both ends: the first error is at the start, the summary at the end.
    return shown if len(shown) <= LONGEST else shown[: LONGEST // 2] + "\n...\n" + shown[-LONGEST // 2 :]


def _fence(text: str) -> str:
    # A fence must be longer than any run of backticks in it (CommonMark, "Fenced code blocks").
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    return "`" * max(3, longest + 1)


def _word(text: str) -> str:
    # Names come from manifests: nothing in them may end the comment or mention people.
    return _ODD.sub("-", text)[:120]


LOOK_AGAIN = 60.0


class Documented(Struct, frozen=True, kw_only=True):
    """What has documentation: ``label`` is the package's (or project's) id with us, the rest is the host's."""

    label: str
    name: str
    version: str


class Ledger:
    """The issues since the release, listed once for all packages until something is written."""

    def __init__(self, issue_tracker: IssueTracker, since: datetime) -> None:
        self.issue_tracker = issue_tracker
        self._since = since
        self._listed: Sequence[ForgeIssue] | None = None
        self._lock = threading.Lock()

    def find(self, one: Documented) -> ForgeIssue | Unknown | None:
        """Find the issue of a failed build."""
        with self._lock:
            if self._listed is None:
                listed = self.issue_tracker.issues(self._since)
                if isinstance(listed, Unknown):
                    return listed
                self._listed = listed
            return find_issue(self._listed, one.label, one.version)

    def forget(self) -> None:
        """Ask again next time."""
        with self._lock:
            self._listed = None


class DocsLook(Struct, frozen=True):
    """The build of one package's documentation; where the forge was ``asked``, the issue about it.

    ``noted``: is the success noted on the open issue? None where that does not matter.
    """

    build: DocsBuild | Unknown
    asked: bool = False
    issue: ForgeIssue | Unknown | None = None
    noted: Answer | None = None


class ReportBuild(Act, frozen=True, kw_only=True):
    """The report of a build at ``url``: a comment on an issue, or a new issue."""

    beside = Act.beside | {"url", "issue"}

    url: str = ""
    issue: ForgeIssue | None = None


class DocsPart(Struct, kw_only=True):
    """The documentation of one package; without a ``ledger`` no issue is opened."""

    documented: Documented
    host: DocsHost
    ledger: Ledger | None
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    @property
    def name(self) -> str:
        """Name the part after the package."""
        return self.documented.label

    def look(self) -> DocsLook:
        """Ask the host, and the forge about the issue where the build ended."""
        one = self.documented
        build = self.host.look(one.name, one.version)
        if isinstance(build, Unknown) or build.state not in ("failed", "built") or self.ledger is None:
            return DocsLook(build)
        issue = self.ledger.find(one)
        seen = DocsLook(build, asked=True, issue=issue)
        # A closed issue was dealt with by a person: nothing is added to it.
        if build.state == "built" and issue is not None and not isinstance(issue, Unknown) and issue.is_open:
            return replace(seen, noted=self._noted(self.ledger, issue))
        return seen

    def decide(self, seen: DocsLook) -> Decision:
        """Wait for the host; report a failure once, and a later success once."""
        label, build, issue = self.documented.label, seen.build, seen.issue
        for answer in (build, issue, seen.noted):
            if isinstance(answer, Unknown):
                return wait_for(answer, self._later(is_reported=True))
        assert not isinstance(build, Unknown) and not isinstance(issue, Unknown)
        match build.state:
            case "built":
                if issue is not None and isinstance(seen.noted, Absent):
                    return Do((self._act("comment", build.url, issue),))
                return Done()
            case "failed":
                if seen.asked and issue is None:
                    return Do((self._act("issue", build.url),))
                where = f", see {issue.url}" if issue else ""
                return Person((), f"the documentation of `{label}` failed to build: {build.url}{where}")
            case "building" | "queued":
                how = "is being built" if build.state == "building" else "has not started yet"
                later = self._later(is_reported=not seen.asked or issue is not None)
                return Wait(reason=f"the documentation of `{label}` {how}", seconds=LOOK_AGAIN, later=later)

    def describe(self, seen: DocsLook) -> Seen:
        """Show the build, the issue about it, and the comment on that."""
        label, build, issue = self.documented.label, seen.build, seen.issue
        if isinstance(build, Unknown) or build.state == "queued":
            answer = build if isinstance(build, Unknown) else Absent()
            return (Observation(id=label, answer=answer),)
        shown = [Observation(id=label, answer=Present(url=build.url), state=build.state)]
        if seen.asked and (build.state == "failed" or issue is not None):
            shown.append(_describe_issue(label, issue))
        if seen.noted is not None:
            shown.append(Observation(id=f"comment:{label}", answer=seen.noted))
        return tuple(shown)

    def act(self, act: Act) -> Outcome:
        """Open the issue with the log, or comment on it."""
        one, ledger = self.documented, self.ledger
        assert ledger is not None and isinstance(act, ReportBuild)
        # The list is read again after a write, or the next look would not see it.
        ledger.forget()
        if act.issue is not None:
            return ledger.issue_tracker.comment(
                act.issue.number, built_comment(one.label, one.version, act.url)
            )
        log = self.host.log(one.name, one.version)
        if isinstance(log, Unknown):
            return Unclear(reason=log.reason)
        body = issue_body(one.label, one.version, act.url, log)
        return ledger.issue_tracker.open_issue(issue_title(one.label, one.version), body)

    def _later(self, *, is_reported: bool) -> tuple[Act, ...]:
        """Return what another look may find missing; a comment only where a failure may have been reported before."""
        if self.ledger is None:
            return ()
        issue = only_if("if the build fails", [self._act("issue")])
        comment = only_if("if the build succeeds after a reported failure", [self._act("comment")])
        return (*issue, *comment) if is_reported else issue

    def _noted(self, ledger: Ledger, issue: ForgeIssue) -> Answer:
        comments = ledger.issue_tracker.comments(issue.number)
        if isinstance(comments, Unknown):
            return comments
        noted = is_noted(comments, self.documented.label, self.documented.version)
        return Present(url=issue.url) if noted else Absent()

    def _act(self, kind: str, url: str = "", issue: ForgeIssue | None = None) -> ReportBuild:
        label = self.documented.label
        target = f"the {kind} on the documentation of `{label}`"
        return ReportBuild(
            id=f"docs:{kind}:{label}", stage="docs", target=target, undo="free", url=url, issue=issue
        )


def _describe_issue(label: str, issue: ForgeIssue | Unknown | None) -> Observation:
    name = f"issue:{label}"
    if issue is None or isinstance(issue, Unknown):
        return Observation(id=name, answer=issue or Absent())
    return Observation(
        id=name,
        answer=Present(url=issue.url),
        identity=str(issue.number),
        state="open" if issue.is_open else "closed",
    )
