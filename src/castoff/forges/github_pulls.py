"""What does GitHub's graph say of a pull request? Foreign JSON in, our values out, or :class:`Odd`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from castoff.model.changes import Change

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
    return f"{login}[bot]" if _is_bot(author) and not login.endswith("[bot]") else login


def _is_bot(author: Mapping[str, object]) -> bool:
    return author.get("__typename") == "Bot"


def _time(value: object) -> datetime:
    try:
        when = datetime.fromisoformat(_text(value, "mergedAt"))
    except ValueError:
        raise Odd("a time that is none") from None
    if when.tzinfo is None:
        raise Odd("a time without its offset")
    return when


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Odd(f"`{what}` is no text")
    return value


def _optional(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
