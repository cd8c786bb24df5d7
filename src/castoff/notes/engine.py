"""Sorting of changes into the notes, with the reason for each one that is left out.

The rules are GitHub's own, as its documentation, its answers and 1,136 published notes show them: labels
only, the first category that matches wins, file order, merge order inside a category. What GitHub leaves
out without a word is kept here as :class:`LeftOut`, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from castoff.model.changes import Change
from castoff.notes.configuration import NotesConfiguration
from castoff.notes.reachable import Category

Reason = Literal["excluded-label", "excluded-author", "no-category", "no-pull-request"]


class NotesRequest(Struct, frozen=True, kw_only=True):
    """For which release the notes are: ``target`` is the ref that the generator's comment names."""

    repository: str
    tag: str
    target: str
    previous_tag: str | None = None
    known_contributors: frozenset[str] = frozenset()
    server: str = "https://github.com"


class NotesSection(Struct, frozen=True):
    """The changes of one category in merge order; ``title`` is ``None`` where there are no categories."""

    title: str | None
    changes: tuple[Change, ...]


class LeftOut(Struct, frozen=True):
    """A change or a commit that the notes do not list, and why."""

    number: int | None
    commit: str | None
    reason: Reason
    detail: str


class NewContributor(Struct, frozen=True):
    """Somebody whose first merged change is in this release: ``number`` is that change."""

    login: str
    number: int
    agent: str | None = None


class Notes(Struct, frozen=True, kw_only=True):
    """The notes as values; ``castoff.notes.render.body`` makes the text."""

    request: NotesRequest
    configuration_path: str | None
    sections: tuple[NotesSection, ...]
    left_out: tuple[LeftOut, ...]
    new_contributors: tuple[NewContributor, ...]
    changes: tuple[Change, ...]


def sort_into_notes(
    configuration: NotesConfiguration, changes: Iterable[Change], request: NotesRequest
) -> Notes:
    """Put every change into exactly one category, or say why it is left out.

    The order of ``changes`` does not matter: they are sorted by :attr:`Change.landing`.
    """
    # GitHub lists changes in the order in which they were merged.
    merged = tuple(sorted(changes, key=lambda change: change.landing))
    sections, left_out = _sorted(configuration, merged)
    return Notes(
        request=request,
        configuration_path=configuration.path,
        sections=sections,
        left_out=left_out,
        new_contributors=new_contributors(merged, request.known_contributors),
        changes=merged,
    )


def new_contributors(merged: Sequence[Change], known: frozenset[str]) -> tuple[NewContributor, ...]:
    """Name the first-time contributors of the range, in merge order, each with the first change.

    Every change of the range counts, also one that is not listed. A deleted account is nobody's first time.
    """
    # Logins are case-insensitive on GitHub.
    seen = {login.casefold() for login in known}
    found = []
    for change in merged:
        identity = change.identity
        if identity is None or identity.casefold() in seen:
            continue
        seen.add(identity.casefold())
        found.append(NewContributor(change.author or identity, change.number, change.agent))
    return tuple(found)


def exclusion(change: Change, configuration: NotesConfiguration) -> tuple[Reason, str] | None:
    """Say by which exclusion a change is kept out of the notes altogether, or ``None``."""
    for label in change.labels:
        if label in configuration.exclude_labels:
            return "excluded-label", f"label `{label}` is excluded"
    for login in (change.author, change.agent):
        if login is not None and login in configuration.exclude_authors:
            return "excluded-author", f"author `{login}` is excluded"
    return None


def category_of(change: Change, configuration: NotesConfiguration) -> int | None:
    """Return the index of the first category in file order that takes the change, or ``None``."""
    for index, category in enumerate(configuration.categories):
        if _matches(category, change) and not _refuses(category, change):
            return index
    return None


def _sorted(
    configuration: NotesConfiguration, merged: Sequence[Change]
) -> tuple[tuple[NotesSection, ...], tuple[LeftOut, ...]]:
    flat = not configuration.categories
    places: list[list[Change]] = [[] for _ in configuration.categories] or [[]]
    left_out = []
    for change in merged:
        excluded = exclusion(change, configuration)
        place = 0 if flat else category_of(change, configuration)
        if excluded is not None:
            left_out.append(LeftOut(change.number, change.merge_commit, *excluded))
        elif place is None:
            detail = _why_no_category(change, configuration)
            left_out.append(LeftOut(change.number, change.merge_commit, "no-category", detail))
        else:
            places[place].append(change)
    titles: list[str | None] = [category.title for category in configuration.categories] or [None]
    sections = (
        NotesSection(title, tuple(place)) for title, place in zip(titles, places, strict=True) if place
    )
    return tuple(sections), tuple(left_out)


def _matches(category: Category, change: Change) -> bool:
    # `*` is a catch-all only as a whole entry (docs.github.com, "Automatically generated release notes").
    return "*" in category.labels or any(label in category.labels for label in change.labels)


def _refuses(category: Category, change: Change) -> bool:
    return (
        any(label in category.exclude_labels for label in change.labels)
        or change.author in category.exclude_authors
        or change.agent in category.exclude_authors
    )


def _why_no_category(change: Change, configuration: NotesConfiguration) -> str:
    refused = [c.title for c in configuration.categories if _matches(c, change)]
    if refused:
        names = ", ".join(f"`{title}`" for title in refused)
        return f"kept out of {names} by that category's own exclusions"
    if not change.labels:
        return "it has no label"
    labels = ", ".join(f"`{label}`" for label in change.labels)
    return f"no category takes {labels}"
