"""Frozen values, changed into others.

A value is a :class:`msgspec.Struct`: its class is made in a thirtieth of the time that a dataclass takes, and a plan
imports hundreds. Dataclasses are what holds state, the few values with a field that does not count when they are
compared, and what `castoff --help` loads, for which msgspec would be the larger part of its start.
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
