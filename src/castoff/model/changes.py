"""Changes, commits and milestones.

The forge and the repository fill these values, the notes and the stages read them. Nothing here asks anybody.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Change(Struct, frozen=True, kw_only=True):
    """A merged pull request.

    ``author`` is the exact login, with ``[bot]`` where it has one, and ``None`` where the account was
    deleted. ``agent`` is the login of a coding agent that worked for the author. ``merged_at`` is aware, in
    UTC. ``milestone`` is the number of the milestone (its identity), ``paths`` are the changed files where
    they are known, ``head`` is the branch that it comes from where that is one of the repository's own.
    ``merged_order`` orders changes with the same ``merged_at`` by their landing; None if it is unknown.
    """

    number: int
    title: str
    author: str | None
    merged_at: datetime
    agent: str | None = None
    labels: tuple[str, ...] = ()
    merge_commit: str | None = None
    head_commits: tuple[str, ...] = ()
    body: str = ""
    base: str | None = None
    url: str | None = None
    milestone: int | None = None
    milestone_title: str | None = None
    is_bot: bool = False
    additions: int = 0
    deletions: int = 0
    paths: tuple[str, ...] = ()
    head: str | None = None
    merged_order: int | None = None

    @property
    def landing(self) -> tuple[datetime, bool, int, int]:
        """Return the key that sorts changes as they landed: by time, by order of landing, by number.

        GitHub's times have whole seconds, so that a merge train or a merge that closes others has ties.
        """
        return self.merged_at, self.merged_order is None, self.merged_order or 0, self.number

    @property
    def identity(self) -> str | None:
        """Who counts as the contributor: the agent where there is one, as GitHub counts it."""
        return self.agent or self.author


class Commit(Struct, frozen=True, kw_only=True):
    """A commit of the range: ``subject`` is its first line, ``body`` the rest, ``author`` a login."""

    sha: str
    parents: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""
    author: str | None = None


class MilestoneItem(Struct, frozen=True, kw_only=True):
    """An issue or pull request that stands in a milestone and is still open."""

    number: int
    title: str = ""
    url: str | None = None


class Milestone(Struct, frozen=True, kw_only=True):
    """A milestone of the forge; ``number`` is its identity, ``open_items`` what is not closed."""

    number: int
    title: str
    is_open: bool = True
    open_items: tuple[MilestoneItem, ...] = ()
    url: str | None = None
