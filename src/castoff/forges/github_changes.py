"""Which merged pull requests brought these commits, and who contributed before?

Asked through GitHub's GraphQL API: a hundred commits a request, by `Commit.associatedPullRequests`. A bot's
login has no `[bot]` there, while REST and the generated notes have it, so it is added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from castoff.forges.github import GitHub
from castoff.model.changes import Change
from castoff.model.observations import Unknown

T = TypeVar("T")

_COMMITS_A_REQUEST = 100
_LOGINS_A_REQUEST = 50

_PULL = """
fragment Pull on PullRequest {
  number title body url mergedAt baseRefName additions deletions
  author { login __typename }
  mergeCommit { oid }
  milestone { number title }
  labels(first: 50) { nodes { name } }
  repository { nameWithOwner }
}
"""


class GitHubChanges:
    """The changes of one repository, read in batches."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def of_commits(self, commits: Sequence[str]) -> tuple[Change, ...] | Unknown:
        """Give the merged pull requests that the forge associates with these commits, each once."""
        found: dict[int, Change] = {}
        heads: dict[int, list[str]] = {}
        for batch in _batches(commits, _COMMITS_A_REQUEST):
            answer = self._github.graphql(_commits_query(self._github.slug, batch))
            if isinstance(answer, Unknown):
                return answer
            for commit, nodes in _associated(answer, batch):
                for node in nodes:
                    change = _change(node)
                    if change is not None and _is_ours(node, self._github.slug):
                        found[change.number] = change
                        heads.setdefault(change.number, []).append(commit)
        return tuple(_with_commits(change, heads[number]) for number, change in sorted(found.items()))

    def earlier_contributors(self, logins: Sequence[str], before: datetime) -> frozenset[str] | Unknown:
        """Say which of these logins have a pull request that was merged before a time."""
        known: set[str] = set()
        for batch in _batches(sorted(set(logins)), _LOGINS_A_REQUEST):
            answer = self._github.graphql(_contributors_query(self._github.slug, batch, before))
            if isinstance(answer, Unknown):
                return answer
            known.update(login for i, login in enumerate(batch) if _count(answer.get(f"u{i}")) > 0)
        return frozenset(known)


def _commits_query(slug: str, commits: Sequence[str]) -> str:
    owner, _, name = slug.partition("/")
    asked = "\n".join(
        f"c{i}: object(oid: {json.dumps(commit)}) "
        "{ ... on Commit { associatedPullRequests(first: 10) { nodes { ...Pull } } } }"
        for i, commit in enumerate(commits)
    )
    return f"query {{ repository(owner: {json.dumps(owner)}, name: {json.dumps(name)}) {{\n{asked}\n}} }}\n{_PULL}"


def _contributors_query(slug: str, logins: Sequence[str], before: datetime) -> str:
    until = before.strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = []
    for i, login in enumerate(logins):
        author = f"app/{login.removesuffix('[bot]')}" if login.endswith("[bot]") else login
        words = f"repo:{slug} is:pr is:merged author:{author} merged:<{until}"
        asked.append(f"u{i}: search(query: {json.dumps(words)}, type: ISSUE, first: 1) {{ issueCount }}")
    return "query {\n" + "\n".join(asked) + "\n}"


def _associated(
    answer: Mapping[str, object], commits: Sequence[str]
) -> Iterator[tuple[str, list[Mapping[str, object]]]]:
    repository = answer.get("repository")
    if not isinstance(repository, Mapping):
        return
    for i, commit in enumerate(commits):
        found = repository.get(f"c{i}")
        pulls = found.get("associatedPullRequests") if isinstance(found, Mapping) else None
        nodes = pulls.get("nodes") if isinstance(pulls, Mapping) else None
        yield commit, [node for node in nodes or () if isinstance(node, Mapping)]


def _change(node: Mapping[str, object]) -> Change | None:
    number, merged = node.get("number"), node.get("mergedAt")
    if not isinstance(number, int) or not isinstance(merged, str):
        return None
    milestone = node.get("milestone")
    within = milestone if isinstance(milestone, Mapping) else {}
    commit = node.get("mergeCommit")
    return Change(
        number=number,
        title=str(node.get("title") or ""),
        author=_login(node.get("author")),
        is_bot=_is_bot(node.get("author")),
        merged_at=datetime.fromisoformat(merged),
        labels=_labels(node.get("labels")),
        merge_commit=str(commit["oid"]) if isinstance(commit, Mapping) and "oid" in commit else None,
        body=str(node.get("body") or ""),
        base=_text(node.get("baseRefName")),
        url=_text(node.get("url")),
        milestone=_number(within.get("number")),
        milestone_title=_text(within.get("title")),
        additions=_number(node.get("additions")) or 0,
        deletions=_number(node.get("deletions")) or 0,
    )


def _with_commits(change: Change, commits: Sequence[str]) -> Change:
    from dataclasses import replace

    return replace(change, head_commits=tuple(commits))


def _login(author: object) -> str | None:
    if not isinstance(author, Mapping) or not isinstance(author.get("login"), str):
        return None
    login = str(author["login"])
    return f"{login}[bot]" if _is_bot(author) and not login.endswith("[bot]") else login


def _is_bot(author: object) -> bool:
    return isinstance(author, Mapping) and author.get("__typename") == "Bot"


def _is_ours(node: Mapping[str, object], slug: str) -> bool:
    """A fork's pull requests are associated with the same commits; only our own count."""
    repository = node.get("repository")
    name = repository.get("nameWithOwner") if isinstance(repository, Mapping) else None
    return not isinstance(name, str) or name.lower() == slug.lower() or name.count("/") != 1


def _labels(value: object) -> tuple[str, ...]:
    nodes = value.get("nodes") if isinstance(value, Mapping) else None
    return tuple(str(node["name"]) for node in nodes or () if isinstance(node, Mapping) and "name" in node)


def _count(value: object) -> int:
    count = value.get("issueCount") if isinstance(value, Mapping) else None
    return count if isinstance(count, int) else 0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
