"""Which packages does a made-up workspace have, and which need which? The same for the same numbers, always."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

DEPTHS = {10: 6, 100: 8, 1000: 10}


@dataclass(frozen=True, slots=True)
class Made:
    """One made-up package and the names of those that it needs."""

    name: str
    layer: int
    needs: tuple[str, ...]


def layered(count: int, *, depth: int | None = None, seed: int = 7) -> tuple[Made, ...]:
    """Make packages in layers, the needed ones first; the last one is the facade, over everything.

    Each package above the first layer needs one of the layer below and up to four others; the longest chain is
    ``depth`` packages long. Names are dealt at random, so that no order of names is an order of publishing.
    """
    chance = random.Random(f"{seed}/{count}")
    depth = depth or DEPTHS.get(count, 6)
    numbers = chance.sample(range(1, count), count - 1)
    layers: list[list[Made]] = []
    for layer, size in enumerate(_sizes(count, depth, chance)):
        below = [one.name for row in layers for one in row]
        row = []
        for _ in range(size):
            needs = set(chance.sample(below, min(len(below), chance.randint(0, 4))))
            if layers:
                needs.add(chance.choice(layers[-1]).name)
            row.append(Made(f"bench-{numbers.pop():04d}", layer, tuple(sorted(needs))))
        layers.append(row)
    packages = [one for row in layers for one in row]
    return (*packages, Made("bench", depth - 1, _facade_needs(packages, layers[-1], chance)))


def levels(packages: Sequence[Made]) -> list[list[str]]:
    """Give the packages by their distance from one without needs: how far uploads can go side by side."""
    level: dict[str, int] = {}
    for one in packages:
        level[one.name] = 1 + max((level[need] for need in one.needs), default=-1)
    rows: list[list[str]] = [[] for _ in range(1 + max(level.values()))]
    for name, number in level.items():
        rows[number].append(name)
    return rows


def _sizes(count: int, depth: int, chance: random.Random) -> list[int]:
    """Say how many packages each layer has, more in the middle; the facade's layer is left out."""
    weights = [1 + min(layer, depth - 2 - layer) for layer in range(depth - 1)]
    sizes = [1] * (depth - 1)
    for layer in chance.choices(range(depth - 1), weights, k=count - depth):
        sizes[layer] += 1
    return sizes


def _facade_needs(packages: Sequence[Made], last: Sequence[Made], chance: random.Random) -> tuple[str, ...]:
    """Need whatever nothing else needs, so that the facade reaches all, and some more."""
    needed = {need for one in packages for need in one.needs}
    unreached = {one.name for one in packages} - needed
    return tuple(sorted({*unreached, chance.choice(last).name}))
