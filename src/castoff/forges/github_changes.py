"""Merged pull requests behind commits, and earlier contributors, from GitHub.

Asked through GitHub's GraphQL API: a hundred commits a request, by `Commit.associatedPullRequests`. A bot's
login has no `[bot]` there, while REST and the generated notes have it, so it is added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from castoff.forges.github import GitHub
from castoff.model.changes import Change
from castoff.model.observations import Unknown
from castoff.values import replace

PULL = """
fragment Pull on PullRequest {
  number title body url createdAt mergedAt baseRefName headRefName isCrossRepository additions deletions
  author { login __typename }
  mergeCommit { oid }
  milestone { number title }
  labels(first: 100) { nodes { name } }
  repository { nameWithOwner }
}
"""
"""What is asked of each; the description because highlights and reverts are found in it."""


class Odd(Exception):
    """An answer that is not what GitHub documents; the text says where."""


def change_of(node: Mapping[str, object], *, merged: bool = True) -> Change:
    """Read a pull request; one that is not merged has the time of its creation as ``merged_at``.

    Errors: Odd.
    """
    number = node.get("number")
    if not isinstance(number, int) or number < 1:
        raise Odd("a pull request has no number")
    milestone = node.get("milestone")
    within = mapping(milestone) if milestone is not None else {}
    commit = node.get("mergeCommit")
    author = node.get("author")
    when = node.get("mergedAt") if merged or node.get("mergedAt") else node.get("createdAt")
    return Change(
        number=number,
        title=_text(node.get("title"), "title"),
        author=_login(mapping(author)) if author is not None else None,
        is_bot=author is not None and _is_bot(mapping(author)),
        merged_at=_time(when),
        labels=tuple(_text(label.get("name"), "label") for label in nodes(node.get("labels"))),
        merge_commit=_text(mapping(commit).get("oid"), "mergeCommit") if commit is not None else None,
        body=_optional(node.get("body")) or "",
        base=_optional(node.get("baseRefName")),
        # The branch of a fork may have any name, also one of castoff's own branches.
        head=_optional(node.get("headRefName")) if node.get("isCrossRepository") is False else None,
        url=_optional(node.get("url")),
        milestone=_number(within.get("number")),
        milestone_title=_optional(within.get("title")),
        additions=_number(node.get("additions")) or 0,
        deletions=_number(node.get("deletions")) or 0,
    )


def mapping(value: object) -> Mapping[str, object]:
    """Take a value as an object; Odd where it is none."""
    if not isinstance(value, Mapping):
        raise Odd(f"{type(value).__name__} in place of an object")
    return value


def nodes(value: object) -> list[Mapping[str, object]]:
    """Take a value as a connection and give its nodes; those that may not be seen are null."""
    found = mapping(value).get("nodes")
    if not isinstance(found, list):
        raise Odd("a connection without nodes")
    return [mapping(node) for node in found if node is not None]


def _login(author: Mapping[str, object]) -> str:
    login = _text(author.get("login"), "login")
    # GraphQL gives `dependabot`, REST and the generated notes `dependabot[bot]`; one form is used
    # everywhere.
    return f"{login}[bot]" if _is_bot(author) and not login.endswith("[bot]") else login


def _is_bot(author: Mapping[str, object]) -> bool:
    return author.get("__typename") == "Bot"


def _time(value: object) -> datetime:
    try:
        when = datetime.fromisoformat(_text(value, "mergedAt"))
    except ValueError:
        raise Odd("an invalid time") from None
    if when.tzinfo is None:
        raise Odd("a time without its offset")
    return when


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Odd(f"`{what}` is not a text")
    return value


def _optional(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


T = TypeVar("T")
R = TypeVar("R")

# GraphQL limits a query to 500,000 nodes; 100 commits with 10 pull requests of 100 labels are 100,000
# (docs.github.com, "Rate limits and query limits for the GraphQL API").
_A_REQUEST = 100
# Each login is a search of its own, and searches are the expensive part.
_LOGINS_A_REQUEST = 50
_FILES = 100
_MOST_PAGES = 20


class GitHubChanges:
    """The changes of one repository, read in batches."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._repository = github.slug

    @property
    def repository(self) -> str:
        """Name the repository as GitHub has it now: a renamed one answers to its old name too."""
        return self._repository

    def of_commits(self, commits: Sequence[str]) -> tuple[Change, ...] | Unknown:
        """Return the merged pull requests that the forge associates with these commits, each once."""
        found: dict[int, Change] = {}
        heads: dict[int, list[str]] = {}
        for batch in _batches(commits, _A_REQUEST):
            answer = self._ask(_commit_fields(batch), partial(self._associated, commits=batch))
            if isinstance(answer, Unknown):
                return answer
            for commit, change in answer:
                found[change.number] = change
                heads.setdefault(change.number, []).append(commit)
        return tuple(
            replace(change, head_commits=tuple(heads[number])) for number, change in sorted(found.items())
        )

    def of_numbers(self, numbers: Sequence[int]) -> tuple[Change, ...] | Unknown:
        """Return the merged ones of these pull requests."""
        found: list[Change] = []
        for batch in _batches(sorted(set(numbers)), _A_REQUEST):
            fields = [f"p{one}: pullRequest(number: {one}) {{ ...Pull }}" for one in batch]
            answer = self._ask(fields, partial(self._numbered, numbers=batch))
            if isinstance(answer, Unknown):
                return answer
            found.extend(answer)
        return tuple(found)

    def pull_request(self, number: int) -> Change | Unknown | None:
        """Return one pull request with its files; these are not told where there are more than a hundred."""
        files = f"files(first: {_FILES}) {{ nodes {{ path }} pageInfo {{ hasNextPage }} }}"
        answer = self._ask([f"pull: pullRequest(number: {number}) {{ ...Pull {files} }}"], _one)
        if isinstance(answer, Unknown):
            return answer
        return answer[0] if answer else None

    def open_changes(self) -> tuple[Change, ...] | Unknown:
        """Return the open pull requests, the oldest first, a hundred a request."""
        found: list[Change] = []
        after = "null"
        for _ in range(_MOST_PAGES):
            page = f"states: OPEN, first: {_A_REQUEST}, after: {after}, orderBy: {{field: CREATED_AT, direction: ASC}}"
            fields = (
                f"open: pullRequests({page}) {{ nodes {{ ...Pull }} pageInfo {{ hasNextPage endCursor }} }}"
            )
            answer = self._ask([fields], _page)
            if isinstance(answer, Unknown):
                return answer
            ((changes, cursor),) = answer
            found.extend(changes)
            if cursor is None:
                return tuple(found)
            after = json.dumps(cursor)
        return Unknown(reason=f"more than {_MOST_PAGES * _A_REQUEST} pull requests are open")

    def earlier_contributors(self, logins: Sequence[str], before: datetime) -> frozenset[str] | Unknown:
        """Return which of these logins have a pull request that was merged before a time."""
        known: set[str] = set()
        for batch in _batches(sorted(set(logins)), _LOGINS_A_REQUEST):
            answer = self._github.graphql(_contributors_query(self._repository, batch, before))
            if isinstance(answer, Unknown):
                return answer
            counts = [_count(answer.get(f"u{i}")) for i in range(len(batch))]
            if None in counts:
                return Unknown(reason="the forge's answer about contributors has no count")
            known.update(login for login, count in zip(batch, counts, strict=True) if count)
        return frozenset(known)

    def _ask(
        self, fields: Sequence[str], read: Callable[[Mapping[str, object]], list[R]]
    ) -> list[R] | Unknown:
        """Ask for fields of the repository; what cannot be read as documented is unknown."""
        owner, _, name = self._github.slug.partition("/")
        head = f"repository(owner: {json.dumps(owner)}, name: {json.dumps(name)})"
        asked = "\n".join(("nameWithOwner", *fields))
        answer = self._github.graphql(f"query {{ {head} {{\n{asked}\n}} }}\n{PULL}")
        if isinstance(answer, Unknown):
            return answer
        try:
            repository = mapping(answer.get("repository"))
            # A renamed repository answers under its new name, which the links in the notes need.
            self._repository = str(repository.get("nameWithOwner") or self._github.slug)
            return read(repository)
        except Odd as odd:
            return Unknown(reason=f"the forge's answer is not what GitHub documents: {odd}")

    def _associated(self, data: Mapping[str, object], commits: Sequence[str]) -> list[tuple[str, Change]]:
        """Pair commits with their changes; a commit that the forge does not have brings none."""
        found: list[tuple[str, Change]] = []
        for i, commit in enumerate(commits):
            node = data.get(f"c{i}")
            pulls = nodes(mapping(node).get("associatedPullRequests")) if node is not None else []
            found.extend((commit, change) for pull in pulls if (change := self._merged(pull)) is not None)
        return found

    def _numbered(self, data: Mapping[str, object], numbers: Sequence[int]) -> list[Change]:
        found = [data.get(f"p{one}") for one in numbers]
        pulls = [mapping(node) for node in found if node is not None]
        return [change for pull in pulls if (change := self._merged(pull)) is not None]

    def _merged(self, node: Mapping[str, object]) -> Change | None:
        """Read a merged pull request of this very repository: a fork's have the same commits."""
        name = mapping(node.get("repository")).get("nameWithOwner")
        # A commit that is also in a fork is associated with the fork's pull requests.
        if not isinstance(name, str) or name.lower() != self._repository.lower():
            return None
        return change_of(node) if node.get("mergedAt") is not None else None


def _commit_fields(commits: Sequence[str]) -> list[str]:
    return [
        f"c{i}: object(oid: {json.dumps(commit)}) "
        "{ ... on Commit { associatedPullRequests(first: 10) { nodes { ...Pull } } } }"
        for i, commit in enumerate(commits)
    ]


def _one(data: Mapping[str, object]) -> list[Change]:
    node = data.get("pull")
    return [] if node is None else [_with_files(change_of(mapping(node), merged=False), mapping(node))]


def _page(data: Mapping[str, object]) -> list[tuple[list[Change], str | None]]:
    """Read a page of open pull requests, and the cursor of the next one."""
    listed = mapping(data.get("open"))
    info = mapping(listed.get("pageInfo"))
    cursor = _text(info.get("endCursor"), "endCursor") if info.get("hasNextPage") else None
    return [([change_of(one, merged=False) for one in nodes(listed)], cursor)]


def _contributors_query(slug: str, logins: Sequence[str], before: datetime) -> str:
    until = before.strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = []
    for i, login in enumerate(logins):
        # The search names bots `app/NAME` (docs.github.com, "Searching issues and pull requests").
        author = f"app/{login.removesuffix('[bot]')}" if login.endswith("[bot]") else login
        words = f"repo:{slug} is:pr is:merged author:{author} merged:<{until}"
        asked.append(f"u{i}: search(query: {json.dumps(words)}, type: ISSUE, first: 1) {{ issueCount }}")
    return "query {\n" + "\n".join(asked) + "\n}"


def _with_files(change: Change, node: Mapping[str, object]) -> Change:
    files = mapping(node.get("files"))
    # With more files than one page the paths are incomplete, so no rule about paths applies.
    if mapping(files.get("pageInfo")).get("hasNextPage") is not False:
        return change
    return replace(change, paths=tuple(str(one.get("path") or "") for one in nodes(files)))


def _count(value: object) -> int | None:
    count = value.get("issueCount") if isinstance(value, Mapping) else None
    return count if isinstance(count, int) else None


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
