"""Reading of one object of a seed, with a record of the keys that were read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from castoff.errors import ConfigurationError

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
