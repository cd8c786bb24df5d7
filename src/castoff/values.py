"""Values, changed into others.

A class of fields is a :class:`msgspec.Struct`: it is made in a thirtieth of the time that a dataclass takes, and a plan
imports hundreds. Dataclasses are the few with a field that does not count when they are compared, or that nobody gives.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

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


__all__ = ["replace"]
