"""Which merged pull requests brought these commits, and who contributed before?

Asked through GitHub's GraphQL API: a hundred commits a request, by `Commit.associatedPullRequests`. A bot's
login has no `[bot]` there, while REST and the generated notes have it, so it is added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from castoff.forges.github import GitHub
from castoff.forges.github_pulls import PULL, Odd, change_of, mapping, nodes
from castoff.model.changes import Change
from castoff.model.observations import Unknown

T = TypeVar("T")
R = TypeVar("R")

_A_REQUEST = 100
_LOGINS_A_REQUEST = 50
_FILES = 100


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
        """Give the merged pull requests that the forge associates with these commits, each once."""
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
        """Give the merged ones of these pull requests."""
        found: list[Change] = []
        for batch in _batches(sorted(set(numbers)), _A_REQUEST):
            fields = [f"p{one}: pullRequest(number: {one}) {{ ...Pull }}" for one in batch]
            answer = self._ask(fields, partial(self._numbered, numbers=batch))
            if isinstance(answer, Unknown):
                return answer
            found.extend(answer)
        return tuple(found)

    def pull_request(self, number: int) -> Change | Unknown | None:
        """Give one pull request with its files; these are not told where there are more than a hundred."""
        files = f"files(first: {_FILES}) {{ nodes {{ path }} pageInfo {{ hasNextPage }} }}"
        answer = self._ask([f"pull: pullRequest(number: {number}) {{ ...Pull {files} }}"], _one)
        if isinstance(answer, Unknown):
            return answer
        return answer[0] if answer else None

    def earlier_contributors(self, logins: Sequence[str], before: datetime) -> frozenset[str] | Unknown:
        """Say which of these logins have a pull request that was merged before a time."""
        known: set[str] = set()
        for batch in _batches(sorted(set(logins)), _LOGINS_A_REQUEST):
            answer = self._github.graphql(_contributors_query(self._repository, batch, before))
            if isinstance(answer, Unknown):
                return answer
            counts = [_count(answer.get(f"u{i}")) for i in range(len(batch))]
            if None in counts:
                return Unknown(reason="the forge's answer about contributors holds no count")
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


def _contributors_query(slug: str, logins: Sequence[str], before: datetime) -> str:
    until = before.strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = []
    for i, login in enumerate(logins):
        author = f"app/{login.removesuffix('[bot]')}" if login.endswith("[bot]") else login
        words = f"repo:{slug} is:pr is:merged author:{author} merged:<{until}"
        asked.append(f"u{i}: search(query: {json.dumps(words)}, type: ISSUE, first: 1) {{ issueCount }}")
    return "query {\n" + "\n".join(asked) + "\n}"


def _with_files(change: Change, node: Mapping[str, object]) -> Change:
    files = mapping(node.get("files"))
    if mapping(files.get("pageInfo")).get("hasNextPage") is not False:
        return change
    return replace(change, paths=tuple(str(one.get("path") or "") for one in nodes(files)))


def _count(value: object) -> int | None:
    count = value.get("issueCount") if isinstance(value, Mapping) else None
    return count if isinstance(count, int) else None


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
