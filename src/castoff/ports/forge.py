"""Forges: releases, changes, milestones, labels, issues and pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from castoff.model.acts import Outcome
from castoff.model.attestations import Statement
from castoff.model.changes import Change, Milestone
from castoff.model.observations import Answer, Unknown


class ForgeAsset(Struct, frozen=True, kw_only=True):
    """A file of a release; ``digest`` is its SHA-256, None where the forge says none.

    ``is_whole`` is False for what is left of an upload that broke off: its name is taken.
    """

    id: int
    name: str
    digest: str | None = None
    is_whole: bool = True


class ForgeRelease(Struct, frozen=True, kw_only=True):
    """One release on the forge, draft or not; ``id`` is the forge's own, files are sent to ``upload_url``."""

    id: int
    tag: str
    name: str
    body: str
    draft: bool
    prerelease: bool
    url: str
    created_at: datetime | None = None
    updated_at: datetime | None = None
    published_at: datetime | None = None
    target: str = ""
    assets: tuple[ForgeAsset, ...] = ()
    upload_url: str = ""


class NewRelease(Struct, frozen=True, kw_only=True):
    """A release to write; ``latest`` None leaves it to the forge, ``body`` None leaves the text as it is."""

    tag: str
    name: str
    body: str | None
    draft: bool
    prerelease: bool
    target: str
    latest: bool | None = None


Rights = Literal["write", "read", "no-token", "bad-token", "not-seen"]
"""What a forge says about a token; ``not-seen``: it shows no such repository."""


class Forge(Protocol):
    """The releases of the repository on its forge; answers of failed reads are ``Unknown``."""

    def rights(self) -> Rights | Unknown:
        """Ask what the token may do with the repository."""
        ...

    def releases(self) -> Sequence[ForgeRelease] | Answer:
        """List all releases, drafts included, newest first; an Unknown where that failed."""
        ...

    def create_release(self, release: NewRelease) -> Outcome:
        """Create a release or a draft."""
        ...

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        """Write a release anew; publishes a draft where ``release.draft`` is False."""
        ...

    def delete_release(self, number: int) -> Outcome:
        """Delete a draft; gone already is as good."""
        ...

    def attach(self, release: ForgeRelease, name: str, content: bytes) -> Outcome:
        """Attach a file of text to a release; a name that is taken is a refusal."""
        ...

    def detach(self, asset: ForgeAsset) -> Outcome:
        """Remove a file of a release; gone already is as good."""
        ...

    def attached(self, asset: ForgeAsset) -> bytes | Unknown:
        """Fetch a file of a release."""
        ...

    def latest(self) -> str | Unknown | None:
        """Name the tag of the release that the forge calls the latest, None where it calls none so."""
        ...

    def called(self, slug: str) -> str | Unknown | None:
        """Return the name that a repository has now (`owner/name`), None where there is none that may be seen."""
        ...

    def branch_rules(self, branch: str) -> tuple[str, ...] | Unknown:
        """List the kinds of rules that hold for a branch; `protected` for what only administrators may read."""
        ...

    def generated_notes(self, tag: str, target: str, previous: str | None) -> str | Unknown:
        """Ask the forge for the notes that it would generate."""
        ...


@runtime_checkable
class ShowsStatements(Protocol):
    """A forge that keeps attestations of files of the repository."""

    def statements(self, digest: str) -> tuple[Statement, ...] | Unknown:
        """List what is attested of a file, by its SHA-256; what cannot be read is an Unknown."""
        ...


@runtime_checkable
class ShowsImmutability(Protocol):
    """A forge on which published releases may be immutable."""

    def immutable(self) -> bool | Unknown:
        """Return whether a release that is published from now on keeps its tag and its files for ever."""
        ...


class Milestones(Protocol):
    """The milestones of the repository; known by number."""

    def milestones(self) -> tuple[Milestone, ...] | Unknown:
        """List all milestones, open ones with what is open in them."""
        ...

    def create(self, title: str) -> Outcome:
        """Create a milestone."""
        ...

    def rename(self, number: int, title: str) -> Outcome:
        """Return a milestone another title."""
        ...

    def close(self, number: int) -> Outcome:
        """Close a milestone."""
        ...

    def move(self, item: int, milestone: int) -> Outcome:
        """Put an issue or pull request into a milestone."""
        ...


class Labels(Protocol):
    """The labels of the repository, and of its issues and pull requests."""

    def known(self) -> tuple[str, ...] | Unknown:
        """List the labels that the repository has."""
        ...

    def add(self, item: int, label: str) -> Outcome:
        """Return an issue or pull request a label."""
        ...

    def remove(self, item: int, label: str) -> Outcome:
        """Take a label away; one that is not there counts as taken away."""
        ...


class ChangeSource(Protocol):
    """Who knows which merged pull requests brought which commits."""

    @property
    def repository(self) -> str:
        """Name the repository, `owner/name`: as the forge has it now, once it was asked."""
        ...

    def of_commits(self, commits: Sequence[str]) -> tuple[Change, ...] | Unknown:
        """Return the merged pull requests that brought these commits, each once."""
        ...

    def of_numbers(self, numbers: Sequence[int]) -> tuple[Change, ...] | Unknown:
        """Return the merged ones of these pull requests; what is none is left out."""
        ...

    def pull_request(self, number: int) -> Change | Unknown | None:
        """Return a pull request, merged or not (``merged_at`` is its last moment then), with its ``paths``."""
        ...

    def open_changes(self) -> tuple[Change, ...] | Unknown:
        """Return the pull requests that are open (``merged_at`` is the time of their creation), the oldest first."""
        ...

    def earlier_contributors(self, logins: Sequence[str], before: datetime) -> frozenset[str] | Unknown:
        """Return which of these logins had a pull request merged before a time."""
        ...


class ForgeIssue(Struct, frozen=True, kw_only=True):
    """An issue of the repository."""

    number: int
    body: str
    is_open: bool
    url: str


class ForgePull(Struct, frozen=True, kw_only=True):
    """A pull request of the repository."""

    number: int
    base: str
    state: Literal["open", "merged", "closed"]
    url: str
    body: str = ""


class NewPull(Struct, frozen=True, kw_only=True):
    """A pull request to open, between two branches of the repository."""

    head: str
    base: str
    title: str
    body: str
    label: str | None = None


class IssueTracker(Protocol):
    """The issues and pull requests of one repository."""

    def issues(self, since: datetime) -> Sequence[ForgeIssue] | Unknown:
        """List the issues, closed ones included, in which something happened since a time."""
        ...

    def comments(self, number: int) -> Sequence[str] | Unknown:
        """Return the texts of an issue's comments."""
        ...

    def open_issue(self, title: str, body: str) -> Outcome:
        """Open an issue."""
        ...

    def comment(self, number: int, body: str) -> Outcome:
        """Comment on an issue."""
        ...

    def pulls(self, head: str) -> Sequence[ForgePull] | Unknown:
        """List the pull requests from one branch of the repository, in any state, newest first."""
        ...

    def open_pull(self, pull: NewPull) -> Outcome:
        """Open a pull request, with its label where that can be given."""
        ...

    def edit_pull(self, number: int, body: str) -> Outcome:
        """Write the text of a pull request anew."""
        ...
