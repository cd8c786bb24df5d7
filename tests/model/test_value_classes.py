"""Classes of `castoff.values` behave as those of the standard library, on which each row runs as well."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, replace
from typing import Any

import pytest

from castoff import values

Decorator = Callable[..., Callable[[type], type]]

BOTH = pytest.mark.parametrize(
    "dataclass",
    [pytest.param(dataclasses.dataclass, id="standard"), pytest.param(values.dataclass, id="ours")],
)


@values.dataclass(frozen=True, slots=True)
class Sent:
    """A value that goes to another process."""

    name: str
    sizes: tuple[int, ...] = ()


def frozen(dataclass: Decorator) -> Any:
    """Return a frozen class with each kind of field."""

    @dataclass(frozen=True, slots=True)
    class Value:
        """A value."""

        name: str
        size: int = 1
        notes: list[str] = field(default_factory=list, compare=False)
        secret: str = field(default="s", repr=False)
        made: int = field(default=7, init=False)

    return Value


@BOTH
def test_values_are_equal_by_the_fields_that_are_compared(dataclass: Decorator) -> None:
    value = frozen(dataclass)
    assert value("a", notes=["x"]) == value("a")
    assert hash(value("a", notes=["x"])) == hash(value("a"))
    assert value("a") != value("b")
    assert value("a") != frozen(dataclass)("a")


@BOTH
def test_defaults_are_made_for_each_value(dataclass: Decorator) -> None:
    value = frozen(dataclass)
    first, second = value("a"), value("a")
    assert (first.size, first.notes, first.made) == (1, [], 7)
    assert first.notes is not second.notes


@BOTH
def test_a_value_shows_its_fields(dataclass: Decorator) -> None:
    shown = repr(frozen(dataclass)("a", 2))
    assert shown.endswith(".Value(name='a', size=2, notes=[], made=7)")


@BOTH
def test_a_list_that_holds_itself_is_shown(dataclass: Decorator) -> None:
    @dataclass(slots=True)
    class Node:
        """A node."""

        others: list[object]

    node = Node([])
    node.others.append(node)
    assert repr(node).endswith("Node(others=[...])")


@BOTH
def test_a_frozen_value_refuses_changes(dataclass: Decorator) -> None:
    value = frozen(dataclass)("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        value.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del value.name


@BOTH
def test_replace_and_asdict_read_the_fields(dataclass: Decorator) -> None:
    value = replace(frozen(dataclass)("a"), size=3)
    assert asdict(value) == {"name": "a", "size": 3, "notes": [], "secret": "s", "made": 7}


@BOTH
def test_a_match_takes_the_positional_fields(dataclass: Decorator) -> None:
    value = frozen(dataclass)
    match value("a", 2):
        case value(name, size):
            assert (name, size) == ("a", 2)


@BOTH
@pytest.mark.parametrize(
    ("positional", "named"),
    [
        pytest.param((), {}, id="missing"),
        pytest.param(("a", 1, [], "s", 8), {}, id="too many"),
        pytest.param(("a",), {"colour": "red"}, id="unknown"),
    ],
)
def test_wrong_arguments_are_refused(
    dataclass: Decorator, positional: tuple[object, ...], named: dict[str, object]
) -> None:
    with pytest.raises(TypeError, match="__init__"):
        frozen(dataclass)(*positional, **named)


@BOTH
def test_fields_can_be_given_by_name_only(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Named:
        """Fields without and with a default, in any order."""

        first: int = 1
        second: int

    assert Named(second=2).first == 1
    with pytest.raises(TypeError):
        Named(2)


@BOTH
def test_a_changeable_value_is_equal_by_its_fields_and_has_no_hash(dataclass: Decorator) -> None:
    @dataclass(slots=True)
    class Count:
        """A count."""

        number: int = 0

    count = Count()
    count.number += 1
    assert count == Count(1)
    with pytest.raises(TypeError):
        hash(count)


@BOTH
def test_a_class_without_equality_is_equal_to_itself_alone(dataclass: Decorator) -> None:
    @dataclass(slots=True, eq=False)
    class Place:
        """A place."""

        number: int = 0

    place = Place()
    assert place in {place}
    assert place != Place()


@BOTH
def test_methods_of_the_class_itself_stay(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Shown:
        """A value with a text of its own."""

        name: str

        def __repr__(self) -> str:
            return "shown"

    assert repr(Shown("a")) == "shown"


@BOTH
def test_a_class_takes_the_fields_of_its_base_first(dataclass: Decorator) -> None:
    base = frozen(dataclass)

    @dataclass(frozen=True, slots=True)
    class Child(base):  # type: ignore[misc, valid-type]
        """A value with one field more."""

        colour: str = "red"

        def __post_init__(self) -> None:
            assert self.colour

    assert Child("a").colour == "red"
    assert Child("a", 1, [], "s", "blue").colour == "blue"
    assert Child("a") != base("a")


def test_a_frozen_value_goes_to_another_process() -> None:
    value = Sent("a", (1, 2))
    assert pickle.loads(pickle.dumps(value)) == value
