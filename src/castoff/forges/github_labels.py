"""Which labels has a repository on GitHub, and how are those of its issues and pull requests changed?"""

from __future__ import annotations

from urllib.parse import quote

from castoff.forges.github import GitHub
from castoff.model.acts import Outcome, Refused, Succeeded
from castoff.model.observations import Unknown


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
        """Give a label; the others stay."""
        return self._github.write("POST", f"{self._path}/{item}/labels", {"labels": [label]})

    def remove(self, item: int, label: str) -> Outcome:
        """Take a label away; GitHub answers 404 for one that is not there."""
        path = f"{self._path}/{item}/labels/{quote(label, safe='')}"
        outcome = self._github.write("DELETE", path, None)
        gone = isinstance(outcome, Refused) and outcome.problem.code == "permission-denied"
        return Succeeded("it was not there") if gone and self._is_gone(item, label) else outcome

    def _is_gone(self, item: int, label: str) -> bool:
        rows = self._github.listing(f"{self._path}/{item}/labels")
        return isinstance(rows, list) and all(row.get("name") != label for row in rows)
