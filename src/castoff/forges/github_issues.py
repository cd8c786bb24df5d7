"""Issues, pull requests, labels and milestones of a repository on GitHub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

from castoff.forges.github import GitHub
from castoff.model.acts import Outcome, Refused, Succeeded
from castoff.model.changes import Milestone, MilestoneItem
from castoff.model.observations import Unknown
from castoff.ports import ForgeIssue, ForgePull, NewPull


class GitHubIssueTracker:
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
        # The issues endpoint lists pull requests as well (docs.github.com, "List repository issues").
        return tuple(_issue(row) for row in rows if "pull_request" not in row)

    def comments(self, number: int) -> Sequence[str] | Unknown:
        """Return the texts of an issue's comments."""
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
        # The filter `head` needs the owner; without it the API silently ignores the filter.
        wanted = quote(f"{owner}:{head}", safe="")
        rows = self._github.listing(f"{self._path}/pulls", f"&state=all&head={wanted}")
        return rows if isinstance(rows, Unknown) else tuple(_pull(row) for row in rows)

    def open_pull(self, pull: NewPull) -> Outcome:
        """Open a pull request; one that could not be given its label is open all the same."""
        value = {"title": pull.title, "head": pull.head, "base": pull.base, "body": pull.body}
        outcome = self._github.write("POST", f"{self._path}/pulls", value)
        if pull.label is not None and isinstance(outcome, Succeeded):
            pulls = self.pulls(pull.head)
            opened = () if isinstance(pulls, Unknown) else [one for one in pulls if one.state == "open"]
            # A label that fails is not worth a failed proposal: the check of labels reports it.
            for number in [one.number for one in opened if one.base == pull.base][:1]:
                self._github.write("POST", f"{self._path}/issues/{number}/labels", {"labels": [pull.label]})
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
        # REST has no state "merged": a merged pull request is closed with a time of its merge.
        state="merged" if row.get("merged_at") else state,
        url=str(row.get("html_url") or ""),
        body=str(row.get("body") or ""),
    )


def _number(row: Mapping[str, object]) -> int:
    number = row.get("number")
    return number if isinstance(number, int) else 0


class GitHubLabels:
    """The labels of one repository."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._repository = f"/repos/{github.slug}"
        self._path = f"{self._repository}/issues"

    def known(self) -> tuple[str, ...] | Unknown:
        """List the labels that the repository has."""
        rows = self._github.listing(f"{self._repository}/labels")
        if isinstance(rows, Unknown):
            return rows
        return tuple(name for row in rows if isinstance(name := row.get("name"), str))

    def add(self, item: int, label: str) -> Outcome:
        """Return a label; the others stay."""
        return self._github.write("POST", f"{self._path}/{item}/labels", {"labels": [label]})

    def remove(self, item: int, label: str) -> Outcome:
        """Take a label away; GitHub answers 404 for one that is not there."""
        path = f"{self._path}/{item}/labels/{quote(label, safe='')}"
        outcome = self._github.write("DELETE", path, None)
        gone = isinstance(outcome, Refused) and outcome.problem.code == "permission-denied"
        return Succeeded("it did not exist") if gone and self._is_gone(item, label) else outcome

    def _is_gone(self, item: int, label: str) -> bool:
        rows = self._github.listing(f"{self._path}/{item}/labels")
        return isinstance(rows, list) and all(row.get("name") != label for row in rows)


class GitHubMilestones:
    """The milestones of one repository."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._path = f"/repos/{github.slug}"

    def milestones(self) -> tuple[Milestone, ...] | Unknown:
        """List all milestones; open ones with what is open in them."""
        rows = self._github.listing(f"{self._path}/milestones", "&state=all")
        if isinstance(rows, Unknown):
            return rows
        found: list[Milestone] = []
        for row in rows:
            milestone = self._milestone(row)
            if isinstance(milestone, Unknown):
                return milestone
            found.append(milestone)
        return tuple(found)

    def create(self, title: str) -> Outcome:
        """Create a milestone."""
        return self._github.write("POST", f"{self._path}/milestones", {"title": title})

    def rename(self, number: int, title: str) -> Outcome:
        """Return a milestone another title."""
        return self._github.write("PATCH", f"{self._path}/milestones/{number}", {"title": title})

    def close(self, number: int) -> Outcome:
        """Close a milestone."""
        return self._github.write("PATCH", f"{self._path}/milestones/{number}", {"state": "closed"})

    def move(self, item: int, milestone: int) -> Outcome:
        """Put an issue or pull request into a milestone."""
        return self._github.write("PATCH", f"{self._path}/issues/{item}", {"milestone": milestone})

    def _milestone(self, row: Mapping[str, object]) -> Milestone | Unknown:
        number, title = row.get("number"), row.get("title")
        if not isinstance(number, int) or not isinstance(title, str):
            return Unknown(reason="the forge lists a milestone without number or title")
        is_open = row.get("state") == "open"
        # `open_issues` counts issues and pull requests; 0 spares a request for each milestone.
        items = self._open_items(number) if is_open and row.get("open_issues") else ()
        if isinstance(items, Unknown):
            return items
        return Milestone(
            number=number,
            title=title,
            is_open=is_open,
            open_items=items,
            url=str(row.get("html_url") or "") or None,
        )

    def _open_items(self, number: int) -> tuple[MilestoneItem, ...] | Unknown:
        rows = self._github.listing(f"{self._path}/issues", f"&state=open&milestone={number}")
        if isinstance(rows, Unknown):
            return rows
        items = [_item(row) for row in rows]
        found = tuple(item for item in items if item is not None)
        return (
            found if len(found) == len(items) else Unknown(reason="the forge lists an issue without number")
        )


def _item(row: Mapping[str, object]) -> MilestoneItem | None:
    number = row.get("number")
    if not isinstance(number, int):
        return None
    return MilestoneItem(
        number=number,
        title=str(row.get("title") or ""),
        url=str(row.get("html_url") or "") or None,
    )
