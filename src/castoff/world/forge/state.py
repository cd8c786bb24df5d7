"""Everything in the repository besides git."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct, field

from castoff.world.forge.records import (
    GHOST,
    Attested,
    Comment,
    Issue,
    Label,
    Milestone,
    Protection,
    Release,
    Run,
    Status,
    User,
)
from castoff.world.visibility import Visibility

_NUMBERS = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
_PRE = re.compile(r"-|\.?(a|b|rc|alpha|beta|dev|pre)\d*\b")


# Tags without a number rank lowest, so that `nightly` is never the release before.
def version_rank(tag: str) -> tuple[bool, tuple[int, ...], bool, str]:
    """Order tags by the version in them; a pre-release stands before its release."""
    match = _NUMBERS.search(tag)
    if match is None:
        return False, (), False, tag
    numbers = tuple(int(part or 0) for part in match.groups())
    return True, numbers, _PRE.match(tag, match.end()) is None, tag


def latest_release(state: State) -> Release | None:
    """Find the latest release: marked so, else the newest and highest; never a draft or pre-release."""
    fit = [item for item in state.releases if not item.draft and not item.prerelease]
    # `make_latest=true` wins over any order ("Create a release").
    marked = next((item for item in fit if item.id == state.latest), None)
    if marked is not None:
        return marked
    # "legacy": by the day of creation, then by the version, as GitHub's page on linking to releases says.
    return max(fit, key=lambda item: (item.created_at.date(), version_rank(item.tag)), default=None)


Item = TypeVar("Item")


class State(Struct, kw_only=True):
    """Everything that the forge remembers; guarded by the lock of the service.

    ``before`` are merged pull requests of the known contributors from before the seed: a search finds them,
    so that a client who asks whether somebody is new gets the answer that the notes give.
    """

    slug: str
    default_branch: str = "main"
    web: str = "https://github.com"
    description: str | None = None
    private: bool = False
    immutable_releases: bool = False
    merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")
    trust_signatures: bool = False
    used_tags: set[str] = field(default_factory=set)
    renamed_from: tuple[str, ...] = ()
    known_contributors: tuple[str, ...] = ()
    users: dict[str, User] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    issues: dict[int, Issue] = field(default_factory=dict)
    before: list[Issue] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    attestations: list[Attested] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    latest: int | None = None
    late: dict[int, Visibility] = field(default_factory=dict)
    last_id: int = 1000

    def listed(self, items: Iterable[Item]) -> list[Item]:
        """Return what a list shows now: without what a fault holds back, which is there by its id already."""
        return [item for item in items if self._is_listed(item)]

    def _is_listed(self, item: object) -> bool:
        sight = self.late.get(number) if isinstance(number := getattr(item, "id", None), int) else None
        return sight is None or sight.look()

    @property
    def repository_id(self) -> int:
        """The number that stands for the repository, whatever its name."""
        # Derived from the name, so that two worlds with one seed have the same ids.
        return int(hashlib.sha256(self.slug.lower().encode("utf-8", "replace")).hexdigest()[:7], 16)

    def next_id(self) -> int:
        """Return an id that nothing has yet."""
        self.last_id += 1
        return self.last_id

    def next_number(self) -> int:
        """Return the number of the next issue or pull request."""
        # Issues and pull requests share one row of numbers, as on GitHub.
        return max(self.issues, default=0) + 1

    def user(self, login: str | None) -> User:
        """Return an account, made on first sight; None is the ghost of deleted accounts."""
        name = login or GHOST
        found = self.users.get(name.lower())
        if found is None:
            # Copilot's login has no `[bot]` in REST.
            kind = "Bot" if name.endswith("[bot]") or name == "Copilot" else "User"
            found = User(name, _user_id(name), kind)
            self.users[name.lower()] = found
        return found

    def user_by_email(self, email: str) -> User | None:
        """Return the account that a commit's address belongs to."""
        return next((user for user in self.users.values() if email in user.emails), None)

    def label(self, name: str) -> Label | None:
        """Find a label, in whatever case."""
        # Labels are unique whatever their case: creating `Bug` beside `bug` is refused.
        return next((label for label in self.labels if label.name.lower() == name.lower()), None)

    def milestone(self, number: int | None) -> Milestone | None:
        """Find a milestone by its number."""
        return next((milestone for milestone in self.milestones if milestone.number == number), None)

    def in_milestone(self, number: int) -> list[Issue]:
        """Return the issues and pull requests of a milestone, by number."""
        return [issue for _, issue in sorted(self.issues.items()) if issue.milestone == number]

    def pulls(self) -> list[Issue]:
        """Return the pull requests, by number."""
        return [issue for _, issue in sorted(self.issues.items()) if issue.pull is not None]

    def release(self, release_id: int) -> Release | None:
        """Find a release by its id."""
        return next((release for release in self.releases if release.id == release_id), None)

    def published(self, tag: str) -> Release | None:
        """Find the published release of a tag."""
        return next((found for found in self.releases if found.tag == tag and not found.draft), None)

    def comment(self, comment_id: int) -> tuple[Issue, Comment] | None:
        """Find a comment, and what it stands under."""
        for issue in self.issues.values():
            for comment in issue.comments:
                if comment.id == comment_id:
                    return issue, comment
        return None

    def protection(self, branch: str) -> Protection | None:
        """Find what protects a branch."""
        return next((found for found in self.protections if found.branch == branch), None)


def _user_id(login: str) -> int:
    if login == GHOST:
        # The id of the real account `ghost`.
        return 10137
    return 100_000 + int(hashlib.sha256(login.lower().encode("utf-8", "replace")).hexdigest()[:6], 16)
