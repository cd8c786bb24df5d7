"""Values, changed into others.

A class of fields is a :class:`msgspec.Struct`: it is made in a thirtieth of the time that a dataclass takes, and a plan
imports hundreds. Dataclasses are the few with a field that nobody gives, or whose values are compared often.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

if TYPE_CHECKING:
    # mypy checks names and types of the changes by this name alone, for Structs as well.
    from dataclasses import replace
else:
    _V = TypeVar("_V")

    def replace(value: _V, /, **changes: Any) -> _V:
        """Return a value with other fields. Errors: TypeError if it has no field of that name."""
        if isinstance(value, msgspec.Struct):
            return msgspec.structs.replace(value, **changes)
        return dataclasses.replace(value, **changes)


class PartlyCompared(msgspec.Struct, frozen=True, eq=False):
    """A value of which some fields, ``beside`` what it is, do not count when two are compared."""

    beside: ClassVar[frozenset[str]] = frozenset()

    def __eq__(self, other: object) -> bool:
        """Return whether another value has the same class, and the same fields that count."""
        return (
            isinstance(other, PartlyCompared)
            and type(other) is type(self)
            and self._counts() == other._counts()
        )

    def __hash__(self) -> int:
        """Return a hash of the fields that count."""
        return hash(self._counts())

    def _counts(self) -> tuple[object, ...]:
        return tuple(getattr(self, one) for one in self.__struct_fields__ if one not in self.beside)


__all__ = ["PartlyCompared", "replace"]
