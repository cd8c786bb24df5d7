"""Records of the embedded forge: what git does not hold."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct, field

Json = dict[str, object]

GHOST = "ghost"
"""The login that stands for deleted accounts."""


class User(Struct):
    """One account; ``login`` of a bot ends in ``[bot]``, as in the REST answers."""

    login: str
    id: int
    type: str = "User"
    name: str | None = None
    emails: tuple[str, ...] = ()


class Label(Struct):
    """One label; names are unique without regard to case."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


class Milestone(Struct, kw_only=True):
    """One milestone, known by its number."""

    id: int
    number: int
    title: str
    description: str | None = None
    state: str = "open"
    creator: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    due_on: datetime | None = None


class Comment(Struct):
    """One comment on an issue or a pull request."""

    id: int
    author: str | None
    body: str
    created_at: datetime
    updated_at: datetime


class Review(Struct, kw_only=True):
    """One review of a pull request."""

    id: int
    author: str
    body: str
    state: str
    commit: str
    submitted_at: datetime


class Pull(Struct, kw_only=True):
    """What makes an issue a pull request; ``commits`` are known commits that it brought in.

    ``has_branch``: its branch was there when it was last looked at.
    """

    base: str
    head: str
    head_sha: str | None = None
    base_sha: str | None = None
    draft: bool = False
    has_branch: bool = False
    agent: str | None = None
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_commit: str | None = None
    commits: tuple[str, ...] = ()
    reviewers: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)


class Issue(Struct, kw_only=True):
    """One issue, or one pull request where ``pull`` is set; both share one row of numbers."""

    id: int
    number: int
    title: str
    body: str | None
    author: str | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: int | None = None
    comments: list[Comment] = field(default_factory=list)
    association: str = "CONTRIBUTOR"
    pull: Pull | None = None

    @property
    def merged(self) -> bool:
        """Whether this is a merged pull request."""
        return self.pull is not None and self.pull.merged_at is not None


class Asset(Struct, kw_only=True):
    """One file that is attached to a release."""

    id: int
    name: str
    label: str | None
    content_type: str
    content: bytes
    uploader: str
    created_at: datetime


class Release(Struct, kw_only=True):
    """One release; ``untagged`` is the suffix of the page's address while it is a draft."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    author: str
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    immutable: bool = False
    untagged: str = ""
    assets: list[Asset] = field(default_factory=list)


class Attested(Struct, frozen=True, kw_only=True):
    """One attestation: the digests of its subjects (`sha256:HEX`), the type of its predicate, and its bundle."""

    id: int
    digests: tuple[str, ...]
    kind: str
    bundle: str
    initiator: str


class Run(Struct, frozen=True, kw_only=True):
    """A start of a workflow, by the name of its file: the event, the full name of the reference, the inputs."""

    workflow: str
    event: str
    ref: str
    inputs: dict[str, str]


class Status(Struct, kw_only=True):
    """One commit status, as CI systems set them."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    creator: str
    created_at: datetime


class Protection(Struct, frozen=True):
    """What a branch refuses; rules are ``pull_request``, ``non_fast_forward`` and ``deletion``.

    ``kind`` is ``classic`` or ``ruleset``: they look different in the API and say no in other words.
    """

    branch: str
    rules: tuple[str, ...] = ("pull_request", "non_fast_forward", "deletion")
    checks: tuple[str, ...] = ()
    kind: str = "classic"


def stamp(moment: datetime) -> str:
    """Write a moment as the API does: seconds, UTC, a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(moment: datetime | None) -> str | None:
    """Write a moment that may be missing."""
    return None if moment is None else stamp(moment)
