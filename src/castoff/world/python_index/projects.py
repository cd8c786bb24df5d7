"""Rules for new projects: their names, and how many of them may be made.

Source: warehouse `packaging/services.py`, `config.py` and the migration that defines `ultranormalize_name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from packaging.utils import canonicalize_name

from castoff.world.clock import WorldClock
from castoff.world.python_index.refusal import UploadRefused

_WINDOW = 3600.0
_ALIKE = str.maketrans({"l": "1", "i": "1", "o": "0", ".": "", "_": "", "-": ""})


class NewProjects:
    """The moving windows of one index; None for either limit leaves it out. Not for several threads at once."""

    def __init__(self, clock: WorldClock, *, a_user: int | None = 20, an_address: int | None = 40) -> None:
        self._clock = clock
        self.a_user = a_user
        self.an_address = an_address
        self._made: list[tuple[float, str]] = []

    def check(self, user: str) -> None:
        """Refuse one more new project within the hour; all requests come from one address."""
        since = self._clock.seconds() - _WINDOW
        self._made = [one for one in self._made if one[0] > since]
        own = sum(one == user for _, one in self._made)
        if _is_spent(self.an_address, len(self._made)) or _is_spent(self.a_user, own):
            raise UploadRefused("Too many new projects created", 429)

    def add(self, user: str) -> None:
        """Count a new project."""
        self._made.append((self._clock.seconds(), user))


def check_new_name(name: str, others: Iterable[str]) -> None:
    """Refuse the name of a new project; ``others`` are the names of all projects."""
    if canonicalize_name(name) in _standard_library():
        raise UploadRefused(
            f"The name {name!r} isn't allowed (conflict with Python Standard Library module name). "
            "See the help on project names for more information."
        )
    if any(_alike(name) == _alike(other) for other in others):
        raise UploadRefused(
            f"The name {name!r} is too similar to an existing project. "
            "See the help on project names for more information."
        )


def _is_spent(limit: int | None, made: int) -> bool:
    return limit is not None and made >= limit


def _alike(name: str) -> str:
    return name.lower().translate(_ALIKE)


@cache
def _standard_library() -> frozenset[str]:
    from stdlib_list import short_versions, stdlib_list

    names: set[str] = set()
    for version in short_versions:
        for module in stdlib_list(version):
            parts = module.split(".")
            names.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return frozenset(canonicalize_name(re.sub(r"^[-_.]+|[-_.]+$", "", name)) for name in names)
