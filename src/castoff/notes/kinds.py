"""Which label means which kind of change?

The kinds are Keep a Changelog's. A label's kind is what the configuration says, else what the title of its
category says (`Fixed`), else what its own words say (`changelog-fix`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from castoff.notes.configuration import NotesConfiguration

Kind = Literal["added", "changed", "deprecated", "removed", "fixed", "security"]
KINDS: tuple[Kind, ...] = ("added", "changed", "deprecated", "removed", "fixed", "security")

_WORDS: dict[str, Kind] = {
    **dict.fromkeys(("add", "added", "addition", "additions", "new", "feature", "features"), "added"),
    **dict.fromkeys(("feat", "enhancement", "enhancements"), "added"),
    **dict.fromkeys(("change", "changed", "changes", "improvement", "improvements", "refactor"), "changed"),
    **dict.fromkeys(("deprecate", "deprecated", "deprecation", "deprecations"), "deprecated"),
    **dict.fromkeys(("remove", "removed", "removal", "removals"), "removed"),
    **dict.fromkeys(("fix", "fixed", "fixes", "bug", "bugs", "bugfix", "bugfixes"), "fixed"),
    **dict.fromkeys(("security", "vulnerability"), "security"),
}
_SPLIT = re.compile(r"[^a-z]+")
_TITLE = re.compile(r"(?:revert )?([a-z]{1,12})(?:\([^()]{0,60}\))?!?:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLabels:
    """The labels of which a change carries exactly one.

    ``places`` says where a label puts a change: the title of the category. ``kinds`` says what it means, as
    far as that is known. ``exclude`` keeps a change out on purpose. ``prefix`` is what all of them begin
    with: another label with it is a mistake. ``takes_all`` tells that a catch-all lists what has no label.
    """

    places: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, Kind], ...]
    exclude: tuple[str, ...] = ()
    prefix: str | None = None
    takes_all: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels that decide, those of the categories first."""
        return (*(label for label, _ in self.places), *self.exclude)

    def kind_of(self, labels: tuple[str, ...]) -> Kind | None:
        """Return the kind of a change by its labels, ``None`` where they do not say it."""
        known = dict(self.kinds)
        return next((known[label] for label in labels if label in known), None)


DEFAULT_KINDS = KindLabels(
    places=(
        ("changelog-add", "Added"),
        ("changelog-change", "Changed"),
        ("changelog-deprecate", "Deprecated"),
        ("changelog-remove", "Removed"),
        ("changelog-fix", "Fixed"),
        ("changelog-security", "Security"),
    ),
    kinds=(
        ("changelog-add", "added"),
        ("changelog-change", "changed"),
        ("changelog-deprecate", "deprecated"),
        ("changelog-remove", "removed"),
        ("changelog-fix", "fixed"),
        ("changelog-security", "security"),
    ),
    exclude=("changelog-exclude",),
    prefix="changelog-",
)


def kind_labels(configuration: NotesConfiguration, given: Mapping[str, Kind] | None = None) -> KindLabels:
    """Find the labels that decide and their kinds.

    ``given`` is what the workspace's own configuration says (label to kind); it wins. A repository with
    neither categories nor such a table has the default labels, ``changelog-add`` and so on.
    """
    given = given or {}
    if not configuration.categories and not given:
        return DEFAULT_KINDS
    places: dict[str, str] = {}
    kinds: dict[str, Kind] = dict(given)
    for category in configuration.categories:
        for label in category.labels:
            if label == "*" or label in configuration.exclude_labels:
                continue
            places.setdefault(label, category.title)
            kind = kind_of_words(category.title) or kind_of_words(label)
            if kind is not None:
                kinds.setdefault(label, kind)
    for label, kind in given.items():
        places.setdefault(label, kind.capitalize())
    exclude = configuration.exclude_labels
    return KindLabels(
        places=tuple(places.items()),
        kinds=tuple(kinds.items()),
        exclude=exclude,
        prefix=_prefix((*places, *exclude)),
        takes_all=not configuration.categories or any("*" in c.labels for c in configuration.categories),
    )


def kind_of_words(text: str) -> Kind | None:
    """Return the kind that a title or label names: security if it says so, else by its first telling word."""
    words = [_WORDS[word] for word in _SPLIT.split(text.casefold()) if word in _WORDS]
    return "security" if "security" in words else next(iter(words), None)


def kind_of_title(title: str) -> Kind | None:
    """Guess the kind from the prefix of a conventional title (``fix: ...``), for a suggestion only."""
    match = _TITLE.match(title)
    return _WORDS.get(match[1].casefold()) if match else None


def _prefix(labels: tuple[str, ...]) -> str | None:
    if len(labels) < 2:
        return None
    first, last = min(labels), max(labels)
    common = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    end = max(first.rfind(mark, 0, common) for mark in "-/:_ ")
    return first[: end + 1] if end > 0 else None
