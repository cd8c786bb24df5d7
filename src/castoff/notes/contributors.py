"""Contributors of a release.

A release is more than a tag: everybody who had a change merged is named, and who did it for the first time is
welcomed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from castoff.model.changes import Change
from castoff.notes.engine import new_contributors
from castoff.text.one_line import one_line
from castoff.values import replace


class Contributor(Struct, frozen=True, kw_only=True):
    """Somebody with merged changes in the release; ``changes`` in merge order."""

    login: str
    changes: tuple[int, ...]
    is_new: bool = False
    is_bot: bool = False


def contributors(changes: Sequence[Change], known: frozenset[str]) -> tuple[Contributor, ...]:
    """Name the contributors in the order of their first merged change; bots and agents come last.

    ``known`` are those with a merged change before this release. Deleted accounts are not named.
    """
    merged = sorted(changes, key=lambda change: change.landing)
    new = {found.login.casefold() for found in new_contributors(_by_people(merged), known)}
    people: dict[str, list[Change]] = {}
    for change in merged:
        if change.author is not None:
            # Logins differ in nothing but case for one person, as on GitHub.
            people.setdefault(change.author.casefold(), []).append(change)
    named = (_contributor(theirs, is_new=login in new) for login, theirs in people.items())
    # A stable sort: people in the order of their first change, then bots.
    return tuple(sorted(named, key=lambda person: person.is_bot))


def thanks(people: Sequence[Contributor]) -> str:
    """Write one paragraph that thanks the people and welcomes the new ones; empty where there are none."""
    # Nobody is thanked who cannot read it.
    humans = [person for person in people if not person.is_bot]
    if not humans:
        return ""
    new = [f"@{one_line(person.login)}" for person in humans if person.is_new]
    old = [f"@{one_line(person.login)}" for person in humans if not person.is_new]
    sentences = []
    if old:
        sentences.append(f"Thanks to {_listed(old)}.")
    if new:
        sentences.append(f"Welcome to {_listed(new)}, with {_first(len(new))}.")
    return " ".join(sentences)


def _by_people(merged: Sequence[Change]) -> list[Change]:
    return [replace(change, agent=None) for change in merged]


def _contributor(changes: list[Change], *, is_new: bool) -> Contributor:
    login = changes[0].author or ""
    # The suffix tells bots of which only the login is known (git alone, offline).
    is_bot = changes[0].is_bot or login.endswith("[bot]")
    return Contributor(
        login=login, changes=tuple(change.number for change in changes), is_new=is_new, is_bot=is_bot
    )


def _first(count: int) -> str:
    return "a first contribution" if count == 1 else "their first contributions"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
