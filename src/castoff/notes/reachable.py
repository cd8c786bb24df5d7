"""Categories and labels of a notes configuration that no change can reach.

The first category that matches wins, so a category after a catch-all, or one whose labels all stand
earlier, is never printed. The forge says nothing about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from msgspec import Struct

from castoff.errors import Problem


class Category(Struct, frozen=True, kw_only=True):
    """One category: any of ``labels`` puts a change into it, ``*`` takes all; ``line`` is where it stands."""

    title: str
    labels: tuple[str, ...]
    exclude_labels: tuple[str, ...] = ()
    exclude_authors: tuple[str, ...] = ()
    line: int | None = None


def category_warnings(
    categories: tuple[Category, ...],
    excluded: tuple[str, ...],
    *,
    file: str,
    forge_labels: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """Name what is odd about the categories as a whole: order, doubles, labels that do not exist."""
    found = [*_unreachable(categories, excluded, file), *_doubled_titles(categories, file)]
    found += _patterns(categories, excluded, forge_labels or (), file)
    if forge_labels is not None:
        found += _unknown_labels(categories, excluded, forge_labels, file)
    return tuple(found)


def _unreachable(categories: tuple[Category, ...], excluded: tuple[str, ...], file: str) -> Iterator[Problem]:
    catch_all: Category | None = None
    taken: dict[str, Category] = {}
    for category in categories:
        if catch_all is not None:
            yield _warning(
                "notes-catch-all-not-last",
                f"no change matches the category `{category.title}`",
                f"`{catch_all.title}` before it has the label `*` and matches every change",
                "move the category with `*` to the end",
                category,
                file,
            )
        elif (reason := _closed(category, taken, excluded)) is not None:
            yield _warning(
                "notes-category-unreachable",
                f"no change matches the category `{category.title}`",
                reason,
                "give it its own label, or remove it",
                category,
                file,
            )
        if category.exclude_labels or category.exclude_authors:
            continue
        if "*" in category.labels:
            catch_all = catch_all or category
        for label in category.labels:
            taken.setdefault(label, category)


def _closed(category: Category, taken: dict[str, Category], excluded: tuple[str, ...]) -> str | None:
    if not category.labels:
        return "it has no label"
    if "*" in category.labels:
        return None
    barred = [label for label in category.labels if label in excluded or label in category.exclude_labels]
    if len(barred) == len(category.labels):
        return "all its labels are excluded"
    earlier = [label for label in category.labels if label in taken]
    if len(earlier) + len(barred) >= len(category.labels) and earlier:
        owner = taken[earlier[0]].title
        return f"`{owner}` before it matches the label `{earlier[0]}`, and the first match wins"
    return None


def _doubled_titles(categories: tuple[Category, ...], file: str) -> Iterator[Problem]:
    seen: dict[str, Category] = {}
    for category in categories:
        if category.title in seen:
            yield _warning(
                "notes-category-duplicate",
                f"the category `{category.title}` appears twice",
                "the notes print two headings with the same title",
                "merge the labels of both into one category",
                category,
                file,
            )
        seen.setdefault(category.title, category)


def _unknown_labels(
    categories: tuple[Category, ...], excluded: tuple[str, ...], known: Collection[str], file: str
) -> list[Problem]:
    problems = []
    for label, line in _named_labels(categories, excluded):
        if label in known or "*" in label:
            continue
        near = _near_label(label, known)
        problems.append(
            Problem(
                code="notes-label-unknown",
                message=f"the forge has no label `{label}`",
                severity="warning",
                reason="no change can have it, so this setting never matches",
                remedy=f"did you mean `{near}`?" if near else "create the label, or remove it here",
                file=file,
                line=line,
            )
        )
    return problems


def _named_labels(
    categories: tuple[Category, ...], excluded: tuple[str, ...]
) -> list[tuple[str, int | None]]:
    named: list[tuple[str, int | None]] = []
    for category in categories:
        named += [(label, category.line) for label in (*category.labels, *category.exclude_labels)]
    return list(dict.fromkeys([*named, *((label, None) for label in excluded)]))


def _patterns(
    categories: tuple[Category, ...], excluded: tuple[str, ...], known: Collection[str], file: str
) -> Iterator[Problem]:
    """Find labels with a `*` in them: the forge knows no patterns (tenstorrent/tt-xla#5572)."""
    for label, line in _named_labels(categories, excluded):
        if "*" in label and label != "*" and label not in known:
            yield Problem(
                code="notes-label-pattern",
                message=f"`{label}` matches no label",
                severity="warning",
                reason="the forge compares whole names; `*` is a catch-all only on its own",
                remedy="list each label",
                file=file,
                line=line,
            )


def _near_label(label: str, known: Collection[str]) -> str | None:
    same = sorted(other for other in known if other.casefold() == label.casefold())
    return next(iter(same or get_close_matches(label, sorted(known), n=1)), None)


def _warning(code: str, message: str, reason: str, remedy: str, category: Category, file: str) -> Problem:
    return Problem(
        code=code,
        message=message,
        severity="warning",
        reason=reason,
        remedy=remedy,
        file=file,
        line=category.line,
    )
