"""Which milestones has the repository, and how are they changed? Known by their numbers, never by their titles."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.forges.github import GitHub
from castoff.model.acts import Outcome
from castoff.model.changes import Milestone, MilestoneItem
from castoff.model.observations import Unknown


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
        """Give a milestone another title."""
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
        items = self._open_items(number) if is_open and row.get("open_issues") else ()
        if isinstance(items, Unknown):
            return items
        closed = row.get("closed_issues")
        return Milestone(
            number=number,
            title=title,
            is_open=is_open,
            open_items=items,
            closed_count=closed if isinstance(closed, int) else 0,
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
        is_pull_request="pull_request" in row,
        url=str(row.get("html_url") or "") or None,
    )
