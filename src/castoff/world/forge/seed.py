"""State of the forge at the start.

The seed is one JSON object; every key is optional:

    default_branch, web_url, description, private, immutable_releases, used_tags, merge_methods, trust_signatures
    renamed_from         [slug]             old names, which redirect
    tokens               {TOKEN: LEVEL | {permission, login, kind, scopes, expires}}, LEVEL may be "bad"
    default_permission   LEVEL of any other token ("write"); viewer: its login
    users                [{login, type, name, emails}]
    labels               [NAME | {name, color, description}]
    milestones           [{number, title, state, description, due_on}]
    issues               [{number, title, body, author, labels, milestone, state, comments, ...}]
    pull_requests        as issues, with {base, head, head_sha, agent, merged_at, merge_commit, commits, draft}
    releases             [{tag, name, body, draft, prerelease, target, published_at, latest}]
    protected            [BRANCH | {branch, rules, checks, kind}]
    known_contributors   [login]            merged something before anything that is seeded
    rate_limit           {limit, remaining, reset}
    content_limit        {minute, hour}
    secondary_limit      {after, times, retry_after, status}
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct

from castoff.errors import ConfigurationError
from castoff.world.forge.access import LEVELS, Access, Token, kind_of
from castoff.world.forge.limits import ContentLimit, Limits, Secondary
from castoff.world.forge.records import Comment, Issue, Label, Milestone, Protection, Pull, Release
from castoff.world.forge.state import State

Value = TypeVar("Value")
Kind = TypeVar("Kind")


class SeedSource:
    """One object of the seed; remembers which keys were read, so that misspelt ones are found."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise bad_seed(f"{where} is not an object")
        self._values: dict[str, object] = values
        self._where = where
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, kind: type[Kind], default: Value) -> Kind | Value:
        """Return a value of one kind; null and absent are the default."""
        self._read.add(name)
        value = self._values.get(name)
        if value is None:
            return default
        # To Python, true is an integer.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise bad_seed(f"`{name}` of {self._where} is not of the kind {kind.__name__}")
        return value

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        return self.get(name, str, default)

    def needed(self, name: str) -> str:
        """Return a text that must be there."""
        found = self.get(name, str, None)
        if found is None:
            raise bad_seed(f"{self._where} has no `{name}`")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found: list[object] = self.get(name, list, [])
        if not all(isinstance(item, str) for item in found):
            raise bad_seed(f"`{name}` of {self._where} is not a list of texts")
        return tuple(str(item) for item in found)

    def moment(self, name: str) -> datetime | None:
        """Return a time; without a zone it is UTC."""
        found = self.get(name, str, None)
        if found is None:
            return None
        try:
            moment = datetime.fromisoformat(found)
        except ValueError:
            raise bad_seed(f"`{name}` of {self._where} is not a time: {found!r}") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def entries(self, name: str, short: str | None = None) -> list[SeedSource]:
        """Return the objects of a list; with ``short``, a plain text stands for an object with that key."""
        found: list[object] = self.get(name, list, [])
        expanded = [{short: item} if short and isinstance(item, str) else item for item in found]
        return [SeedSource(item, f"`{name}` {place}") for place, item in enumerate(expanded, start=1)]

    def below(self, name: str) -> SeedSource:
        """Return an object within this one, empty where there is none."""
        return SeedSource(self.get(name, dict, {}), f"`{name}`")

    def items(self, name: str) -> dict[str, object]:
        """Return an object whose keys are free."""
        found: dict[str, object] = self.get(name, dict, {})
        return found

    def finish(self, *also: str) -> None:
        """Refuse keys that nobody read; ``also`` are fine, unread."""
        unknown = sorted(set(self._values) - self._read - set(also))
        if unknown:
            known = ", ".join(f"`{name}`" for name in sorted(self._read))
            raise bad_seed(f"{self._where} has the unknown key `{unknown[0]}`", f"use one of {known}")


def bad_seed(fact: str, remedy: str = "see `docs/reference/world.md` for what a seed may say") -> Exception:
    """Make the error of a seed that cannot be meant."""
    return ConfigurationError.of(
        "bad-forge-seed",
        fact,
        reason="the embedded forge starts from exactly what its seed says",
        remedy=remedy,
    )


class Planted(Struct, frozen=True):
    """A seed, grown."""

    state: State
    access: Access
    limits: Limits


def plant(slug: str, values: dict[str, object], now: datetime) -> Planted:
    """Grow a seed; what it says wrongly is a ConfigurationError with the code ``bad-forge-seed``."""
    source = SeedSource(values, "the seed")
    state = _state(slug, source)
    for entry in source.entries("users"):
        _add_user(state, entry)
    state.labels += [_label(state, entry) for entry in source.entries("labels", short="name")]
    for entry in source.entries("milestones"):
        state.milestones.append(_milestone(state, entry, now))
    for entry in source.entries("issues"):
        _add_issue(state, entry, now, pull=False)
    for entry in source.entries("pull_requests"):
        _add_issue(state, entry, now, pull=True)
    # Without an earlier pull request, the notes would call everybody a new contributor.
    state.before += [_earlier(state, login) for login in state.known_contributors]
    for entry in source.entries("releases"):
        _add_release(state, entry, now)
    state.protections += [_protection(entry) for entry in source.entries("protected", short="branch")]
    access = _access(source)
    # Whoever acts has an account, also where the seed says nothing more of it.
    for login in (access.viewer, slug.partition("/")[0], *(token.login for token in access.tokens.values())):
        state.user(login)
    planted = Planted(state, access, _limits(source))
    source.finish()
    return planted


def _state(slug: str, source: SeedSource) -> State:
    if slug.count("/") != 1 or not all(slug.split("/")):
        raise bad_seed(f"`{slug}` is not the `owner/name` of a repository")
    return State(
        slug=slug,
        default_branch=source.text("default_branch", "main"),
        web=source.text("web_url", "https://github.com").rstrip("/"),
        description=source.get("description", str, None),
        private=source.get("private", bool, False),
        immutable_releases=source.get("immutable_releases", bool, False),
        used_tags=set(source.texts("used_tags")),
        merge_methods=source.texts("merge_methods") or ("merge", "squash", "rebase"),
        trust_signatures=source.get("trust_signatures", bool, False),
        renamed_from=source.texts("renamed_from"),
        known_contributors=source.texts("known_contributors"),
    )


def _add_user(state: State, entry: SeedSource) -> None:
    user = state.user(entry.needed("login"))
    user.type = entry.text("type", user.type)
    user.name = entry.get("name", str, None)
    user.emails = entry.texts("emails")
    entry.finish()


def _label(state: State, entry: SeedSource) -> Label:
    label = Label(
        state.next_id(),
        entry.needed("name"),
        entry.text("color", "ededed").lstrip("#"),
        entry.get("description", str, None),
    )
    entry.finish()
    return label


def _milestone(state: State, entry: SeedSource, now: datetime) -> Milestone:
    closed = entry.text("state", "open") == "closed"
    milestone = Milestone(
        id=state.next_id(),
        number=entry.get("number", int, max((known.number for known in state.milestones), default=0) + 1),
        title=entry.needed("title"),
        description=entry.get("description", str, None),
        state="closed" if closed else "open",
        creator=entry.text("creator", "maintainer"),
        created_at=entry.moment("created_at") or now,
        updated_at=now,
        closed_at=(entry.moment("closed_at") or now) if closed else None,
        due_on=entry.moment("due_on"),
    )
    entry.finish("closed_at")
    return milestone


def _add_issue(state: State, entry: SeedSource, now: datetime, *, pull: bool) -> None:
    number = entry.get("number", int, state.next_number())
    if number in state.issues:
        raise bad_seed(f"the number {number} is given to two issues or pull requests")
    part = _pull(state, entry) if pull else None
    created = entry.moment("created_at") or (part.merged_at if part else None) or now
    closed = entry.text("state", "open") in ("closed", "merged") or (
        part is not None and bool(part.merged_at)
    )
    issue = Issue(
        id=state.next_id(),
        number=number,
        title=entry.needed("title"),
        body=entry.get("body", str, None),
        author=entry.get("author", str, None) or entry.get("login", str, None),
        created_at=created,
        updated_at=entry.moment("updated_at") or created,
        state="closed" if closed else "open",
        state_reason=("completed" if closed else None) if not pull else None,
        closed_at=((part.merged_at if part else None) or entry.moment("closed_at") or now)
        if closed
        else None,
        labels=list(entry.texts("labels")),
        assignees=list(entry.texts("assignees")),
        milestone=_milestone_number(state, entry),
        association=entry.text("author_association", "CONTRIBUTOR"),
        pull=part,
    )
    issue.comments += [_comment(state, comment, now) for comment in entry.entries("comments", short="body")]
    for name in issue.labels:
        # A label that an issue carries is one of the repository.
        if state.label(name) is None:
            state.labels.append(Label(state.next_id(), name))
    state.issues[number] = issue
    # Records of other tools hold these as well; nothing here depends on them.
    entry.finish("closed_at", "login", "category", "commit", "url")


def _earlier(state: State, login: str) -> Issue:
    number, at = state.next_id(), datetime(2008, 4, 10, tzinfo=UTC)
    return Issue(
        id=number,
        # Out of the way of all numbers that issues and pull requests get.
        number=10**9 + number,
        title=f"Earlier work of {login}",
        body=None,
        author=login,
        created_at=at,
        updated_at=at,
        state="closed",
        closed_at=at,
        pull=Pull(base=state.default_branch, head="earlier", merged_at=at),
    )


def _pull(state: State, entry: SeedSource) -> Pull:
    return Pull(
        base=entry.text("base", state.default_branch),
        head=entry.text("head", "topic"),
        head_sha=entry.get("head_sha", str, None),
        base_sha=entry.get("base_sha", str, None),
        draft=entry.get("draft", bool, False),
        agent=entry.get("agent", str, None),
        merged_at=entry.moment("merged_at"),
        merged_by=entry.get("merged_by", str, None),
        merge_commit=entry.get("merge_commit", str, None),
        commits=entry.texts("commits"),
    )


def _milestone_number(state: State, entry: SeedSource) -> int | None:
    wanted = entry.get("milestone", object, None)
    if wanted is None:
        return None
    for milestone in state.milestones:
        # By number as in the API, or by title as a person writes it.
        if wanted in (milestone.number, milestone.title):
            return milestone.number
    raise bad_seed(f"the milestone {wanted!r} is not seeded")


def _comment(state: State, entry: SeedSource, now: datetime) -> Comment:
    at = entry.moment("created_at") or now
    comment = Comment(state.next_id(), entry.get("author", str, None), entry.needed("body"), at, at)
    entry.finish()
    return comment


def _add_release(state: State, entry: SeedSource, now: datetime) -> None:
    draft = entry.get("draft", bool, False)
    published = None if draft else (entry.moment("published_at") or now)
    tag = entry.needed("tag")
    number = state.next_id()
    release = Release(
        id=number,
        tag=tag,
        target=entry.text("target", state.default_branch),
        name=entry.get("name", str, tag),
        body=entry.get("body", str, None),
        draft=draft,
        prerelease=entry.get("prerelease", bool, False),
        author=entry.text("author", "maintainer"),
        created_at=entry.moment("created_at") or published or now,
        updated_at=published or now,
        published_at=published,
        untagged=f"{number:020x}",
    )
    state.releases.append(release)
    if entry.get("latest", bool, False):
        state.latest = number
    entry.finish("published_at")


def _protection(entry: SeedSource) -> Protection:
    usual = Protection(entry.needed("branch"))
    rules, kind = entry.texts("rules") or usual.rules, entry.text("kind", usual.kind)
    protection = Protection(usual.branch, rules, entry.texts("checks"), kind)
    entry.finish()
    return protection


def _access(source: SeedSource) -> Access:
    viewer = source.text("viewer", "maintainer")
    tokens = {name: _token(name, value, viewer) for name, value in source.items("tokens").items()}
    return Access(tokens, _level(source.text("default_permission", "write")), viewer)


def _token(name: str, value: object, viewer: str) -> Token:
    entry = SeedSource({"permission": value} if isinstance(value, str) else value, "`tokens`")
    kind = entry.text("kind", kind_of(name))
    token = Token(
        _level(entry.text("permission", "write")),
        entry.text("login", "github-actions[bot]" if kind == "app" else viewer),
        kind,
        entry.texts("scopes") if "scopes" in entry else (("repo",) if kind == "classic" else ()),
        entry.get("expires", str, None),
    )
    entry.finish()
    return token


def _level(text: str) -> str:
    if text not in (*LEVELS, "bad"):
        raise bad_seed(f"`{text}` is no permission")
    return text


def _limits(source: SeedSource) -> Limits:
    primary = source.below("rate_limit")
    limits = Limits(
        limit=primary.get("limit", int, 5000),
        remaining=primary.get("remaining", int, None),
        reset=primary.get("reset", int, None),
        secondary=_secondary(source),
        content=_content(source.below("content_limit")),
    )
    primary.finish()
    return limits


def _content(entry: SeedSource) -> ContentLimit:
    usual = ContentLimit()
    limit = ContentLimit(
        minute=entry.get("minute", int, usual.minute), hour=entry.get("hour", int, usual.hour)
    )
    entry.finish()
    return limit


def _secondary(source: SeedSource) -> Secondary | None:
    if not source.items("secondary_limit"):
        return None
    entry = source.below("secondary_limit")
    rule = Secondary(
        after=entry.get("after", int, 0),
        times=entry.get("times", int, 1),
        retry_after=entry.get("retry_after", int, 2),
        status=entry.get("status", int, 403),
    )
    entry.finish()
    return rule
