"""Dataclasses, made in a third of the time that the standard library takes.

Until Python 3.13 the standard library compiles each method of each class on its own. A plan defines more than four
hundred classes, and that was a quarter of its processor time (docs/explanation/speed.md). Here only `__init__` is
compiled; the other methods are closures over the fields.

To a type checker `dataclass` is the decorator of the standard library. `field`, `fields`, `replace` and `asdict` of the
standard library work with these classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen=False, slots=False, kw_only=False, eq=True):
        """Make a class with fields, as `dataclasses.dataclass` does."""
        # `frozen` is not passed on: the standard library would compile its methods.
        prepare = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)

        def make(cls):
            own = frozenset(vars(cls))
            made = prepare(cls)
            fields = dataclasses.fields(made)
            methods = {"__init__": _init(made, fields, frozen=frozen), "__repr__": _repr}
            if eq:
                methods |= _comparison(fields, frozen=frozen)
            if frozen:
                methods |= _FROZEN
            for name, method in methods.items():
                if name not in own:
                    setattr(made, name, method)
            return made

        return make


def _init(made: type, fields: Sequence[Field[object]], *, frozen: bool) -> object:
    """Compile the method that takes a value for each field."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    positional: list[str] = ["self"]
    by_name: list[str] = []
    body: list[str] = []
    for one in fields:
        default, value = f"_default_{one.name}", one.name
        parameter = one.name
        if one.default_factory is not MISSING:
            names[default] = one.default_factory
            parameter += "=_missing"
            value = f"{default}() if {one.name} is _missing else {one.name}" if one.init else f"{default}()"
        elif one.default is not MISSING:
            names[default] = one.default
            parameter += f"={default}"
            value = one.name if one.init else default
        elif not one.init:
            continue
        if one.init:
            (by_name if one.kw_only else positional).append(parameter)
        body.append(f"_set(self, {one.name!r}, {value})" if frozen else f"self.{one.name} = {value}")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join([*positional, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({parameters}): {'; '.join(body) or 'pass'}", names)  # noqa: S102 - names of fields alone
    names["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    return names["__init__"]


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(
        f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr
    )
    return f"{type(self).__qualname__}({shown})"


def _comparison(
    fields: Sequence[Field[object]], *, frozen: bool
) -> Mapping[str, Callable[..., object] | None]:
    names = [one.name for one in fields if one.compare]
    values: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    return {"__eq__": equal, "__hash__": hashed if frozen else None}


def _refuse_value(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> Mapping[str, object]:
    return {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}


def _set_state(self: object, state: Mapping[str, object]) -> None:
    # Pickle would assign to the fields, which a frozen value refuses.
    for name, value in state.items():
        object.__setattr__(self, name, value)


_FROZEN: Mapping[str, object] = {
    "__setattr__": _refuse_value,
    "__delattr__": _refuse_deletion,
    "__getstate__": _state,
    "__setstate__": _set_state,
}
