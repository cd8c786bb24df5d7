"""Which part begins first: the one that the longest chain waits for."""

from __future__ import annotations

import pytest
from scripted import DO, Scripted, reconcile
from world_of_fakes import FakeClock

from castoff.model.acts import Done
from castoff.reconcile.reconciler import longest_wait_first


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        pytest.param({"b": "", "a": ""}, "ba", id="without-needs-as-they-were"),
        pytest.param({"leaf": "", "root": "", "top": "root"}, "root leaf top", id="who-is-waited-for"),
        pytest.param(
            {"short": "", "long": "", "one": "short long", "two": "one", "mid": "long"},
            "short long one two mid",
            id="by-the-longest-chain",
        ),
        pytest.param(
            {"x": "", "y": "", "z": "y", "f": "x z"}, "y x z f", id="the-longer-of-two-ways-to-the-facade"
        ),
    ],
)
def test_parts_are_sorted_by_the_chain_that_waits_for_them(needs: dict[str, str], expected: str) -> None:
    clock = FakeClock()
    parts = [
        Scripted(clock, [Done()], name=name, needs=frozenset(wanted.split()))
        for name, wanted in needs.items()
    ]

    sorted_ = longest_wait_first(parts)

    assert [part.name for part in sorted_] == (expected.split() if " " in expected else list(expected))


def test_the_pass_begins_with_what_is_waited_for_the_longest() -> None:
    clock = FakeClock()
    order: list[str] = []

    def part(name: str, *needs: str) -> Scripted:
        return Scripted(
            clock, [DO, Done()], name=name, needs=frozenset(needs), on_act=lambda act: order.append(name)
        )

    reconcile(clock, part("alone"), part("root"), part("leaf", "root"), lanes=1)

    assert order[0] == "root"
    assert set(order) == {"alone", "root", "leaf"}
