"""The spellings of a name that crates-io takes for one."""

from __future__ import annotations

from collections.abc import Mapping, Set

import pytest

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.lookup import IndexLine, Seen, Unseen
from castoff.ecosystems.cargo.registry import CargoRegistry, _Source, spellings_of
from castoff.io.process import Processes
from castoff.model.observations import Unknown
from castoff.model.workspace import Package
from castoff.values import replace
from reconcile.world_of_fakes import FakeClock


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("acme", ["acme"]),
        ("a-b", ["a-b", "a_b"]),
        ("a_b-c", ["a-b-c", "a-b_c", "a_b-c", "a_b_c"]),
        ("a--b", ["a--b", "a-_b", "a_-b", "a__b"]),
        ("a-b-c-d-e-f-g-h", None),
    ],
)
def test_each_separator_may_be_either(name: str, spellings: list[str] | None) -> None:
    assert spellings_of(name) == spellings


class Answers:
    """A look-up that knows these names."""

    def __init__(self, known: Mapping[str, Seen]) -> None:
        self.known = known

    def look(self, names: Set[str]) -> Mapping[str, Seen]:
        return {name: self.known.get(name) for name in names}


LINE = IndexLine(name="x", version="1.0.0", digest="", yanked=False, features={})


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("a-b", {}, ()),
        ("a-b", {"a-b": (LINE,)}, ()),
        ("a-b", {"a_b": (LINE,)}, ("a_b",)),
        ("a-b", {"a-b": ()}, ("a-b",)),  # the file is there, without a line of this name: another case
        ("a-b", {"a_b": ()}, ("a_b",)),
        ("a-b", {"a_b": Unseen("no answer")}, Unknown(reason="no answer")),
    ],
)
def test_what_the_index_has_in_another_spelling_is_found(
    name: str, known: Mapping[str, Seen], found: tuple[str, ...] | Unknown
) -> None:
    assert registry(known).other_spellings(package(name)) == found


def test_too_many_spellings_are_unknown_and_other_registries_have_their_own_rules() -> None:
    assert isinstance(registry({}).other_spellings(package("a-b-c-d-e-f-g-h")), Unknown)
    assert registry({"a_b": (LINE,)}).other_spellings(package("a-b", "mine")) == ()


@pytest.mark.parametrize(
    ("lines", "requirement", "resolvable"),
    [
        ((LINE,), "^1.0", True),
        ((replace(LINE, yanked=True),), "^1.0", False),
        ((replace(LINE, yanked=True), replace(LINE, version="1.0.1")), "^1.0", True),
        ((LINE,), "^1.0.1", False),
        ((LINE,), "=1.0.0", True),
        ((), "^1.0", False),
        (None, "^1.0", False),
    ],
    ids=["there", "yanked", "another is left", "too old", "exact", "empty", "no such name"],
)
def test_a_resolver_takes_what_a_requirement_admits_unless_it_was_yanked(
    lines: Seen, requirement: str, resolvable: bool
) -> None:
    found = registry({"a": lines}).resolvable([f"a {requirement}"])

    assert found == resolvable


def registry(known: Mapping[str, Seen]) -> CargoRegistry:
    made = CargoRegistry(Processes({}), CargoSettings(), FakeClock())
    made._lookups[_Source(None)] = Answers(known)  # type: ignore[assignment]
    return made


def package(name: str, *registries: str) -> Package:
    return Package(
        name=name,
        ecosystem="cargo",
        path=".",
        manifest="Cargo.toml",
        version="1.0.0",
        version_file="Cargo.toml",
        registries=registries,
    )
