"""Which part goes first, of those that may begin? The one that the longest chain of others waits for."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from castoff.stages.part import Part


def longest_wait_first(parts: Iterable[Part]) -> list[Part]:
    """Sort by the length of the chain that waits for a part; where that is equal, parts stay as they were."""
    listed = list(parts)
    needs = {part.name: part.needs for part in listed}
    waiting = dict.fromkeys(needs, 0)
    for name in reversed([*TopologicalSorter(needs).static_order()]):
        for need in needs.get(name, ()):
            waiting[need] = max(waiting.get(need, 0), waiting[name] + 1)
    return sorted(listed, key=lambda part: -waiting[part.name])
