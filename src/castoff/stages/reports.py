"""How does a failed documentation build read as an issue, and how is that issue found again?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from castoff.ports_after import ForgeIssue
from castoff.redaction import plain

LONGEST = 20_000
_BEFORE, _AFTER, _LAST = 3, 80, 25
_WIDEST = 500
_ERROR = re.compile(
    r"^\s{0,8}(?:\[[A-Z]+\]\s{0,4})?(?:error(?:\[E\d{4}\])?\b|ERROR\b|Traceback |Sphinx error)"
)
_ODD = re.compile(r"[^A-Za-z0-9._@/+-]")


def marker(package: str, version: str) -> str:
    """Give the line by which the issue of a failed build is known; people do not see it."""
    return f"<!-- castoff docs failed {_word(package)} {_word(version)} -->"


def built_marker(package: str, version: str) -> str:
    """Give the line by which the comment on a later success is known."""
    return f"<!-- castoff docs built {_word(package)} {_word(version)} -->"


def find_issue(issues: Sequence[ForgeIssue], package: str, version: str) -> ForgeIssue | None:
    """Find the issue of a failed build: the oldest one with its line."""
    wanted = marker(package, version)
    ours = [issue for issue in issues if wanted in map(str.strip, issue.body.splitlines())]
    return min(ours, key=lambda issue: issue.number, default=None)


def is_noted(comments: Sequence[str], package: str, version: str) -> bool:
    """Say whether a later success was noted."""
    wanted = built_marker(package, version)
    return any(wanted in map(str.strip, comment.splitlines()) for comment in comments)


def issue_title(package: str, version: str) -> str:
    """Give the title of the issue."""
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
        "The release itself is out. Documentation is built again when the host is asked to, or with the next "
        "version; a later success is noted here.\n"
    )


def built_comment(package: str, version: str, url: str) -> str:
    """Write the comment on a later success."""
    return (
        f"{built_marker(package, version)}\n"
        f"The documentation of `{_word(package)}` {_word(version)} is built now: {url}\n"
    )


def relevant(log: str) -> str:
    """Give the part of a log that matters: what is around the first error, and its end."""
    lines = [line.rstrip()[:_WIDEST] for line in plain(log).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    first = next((number for number, line in enumerate(lines) if _ERROR.match(line)), None)
    start = max(0, (len(lines) - _AFTER) if first is None else first - _BEFORE)
    tail = max(start, len(lines) - _LAST)
    head = lines[start : start + _AFTER]
    cut = start + len(head)
    kept = [*head, *(["..."] if tail > cut else []), *lines[max(tail, cut) :]]
    shown = "\n".join((["..."] if start else []) + kept)
    return shown if len(shown) <= LONGEST else shown[: LONGEST // 2] + "\n...\n" + shown[-LONGEST // 2 :]


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    return "`" * max(3, longest + 1)


def _word(text: str) -> str:
    return _ODD.sub("-", text)[:120]
