"""Which issues and pull requests has a repository on GitHub, and how are new ones opened?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

from castoff.forges.github import GitHub
from castoff.model.acts import Outcome, Succeeded
from castoff.model.observations import Unknown
from castoff.ports_after import ForgeIssue, ForgePull


class GitHubDesk:
    """The issues and pull requests of one repository."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._path = f"/repos/{github.slug}"

    def issues(self, since: datetime) -> Sequence[ForgeIssue] | Unknown:
        """List the issues in which something happened since a time; pull requests are none."""
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = self._github.listing(f"{self._path}/issues", f"&state=all&since={moment}")
        if isinstance(rows, Unknown):
            return rows
        return tuple(_issue(row) for row in rows if "pull_request" not in row)

    def comments(self, number: int) -> Sequence[str] | Unknown:
        """Give the texts of an issue's comments."""
        rows = self._github.listing(f"{self._path}/issues/{number}/comments")
        return rows if isinstance(rows, Unknown) else tuple(str(row.get("body") or "") for row in rows)

    def open_issue(self, title: str, body: str) -> Outcome:
        """Open an issue."""
        return self._github.write("POST", f"{self._path}/issues", {"title": title, "body": body})

    def comment(self, number: int, body: str) -> Outcome:
        """Comment on an issue."""
        return self._github.write("POST", f"{self._path}/issues/{number}/comments", {"body": body})

    def pulls(self, head: str) -> Sequence[ForgePull] | Unknown:
        """List the pull requests from one branch, in any state; GitHub wants the owner before its name."""
        owner = self._github.slug.partition("/")[0]
        wanted = quote(f"{owner}:{head}", safe="")
        rows = self._github.listing(f"{self._path}/pulls", f"&state=all&head={wanted}")
        return rows if isinstance(rows, Unknown) else tuple(_pull(row) for row in rows)

    def open_pull(self, *, head: str, base: str, title: str, body: str, label: str | None = None) -> Outcome:
        """Open a pull request; one that could not be given its label is open all the same."""
        value = {"title": title, "head": head, "base": base, "body": body}
        outcome = self._github.write("POST", f"{self._path}/pulls", value)
        if label is not None and isinstance(outcome, Succeeded):
            pulls = self.pulls(head)
            opened = () if isinstance(pulls, Unknown) else [one for one in pulls if one.state == "open"]
            for number in [one.number for one in opened if one.base == base][:1]:
                self._github.write("POST", f"{self._path}/issues/{number}/labels", {"labels": [label]})
        return outcome

    def edit_pull(self, number: int, body: str) -> Outcome:
        """Write the text of a pull request anew."""
        return self._github.write("PATCH", f"{self._path}/pulls/{number}", {"body": body})


def _issue(row: Mapping[str, object]) -> ForgeIssue:
    return ForgeIssue(
        number=_number(row),
        body=str(row.get("body") or ""),
        is_open=row.get("state") == "open",
        url=str(row.get("html_url") or ""),
    )


def _pull(row: Mapping[str, object]) -> ForgePull:
    base = row.get("base")
    state: Literal["open", "merged", "closed"] = "open" if row.get("state") == "open" else "closed"
    return ForgePull(
        number=_number(row),
        base=str(base.get("ref") or "") if isinstance(base, Mapping) else "",
        state="merged" if row.get("merged_at") else state,
        url=str(row.get("html_url") or ""),
        body=str(row.get("body") or ""),
    )


def _number(row: Mapping[str, object]) -> int:
    number = row.get("number")
    return number if isinstance(number, int) else 0
