"""Promises 1 and 6: trouble at any point, then run again; the world ends the same, nothing twice, nothing skipped."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

import pytest
from releasing import Run, new_world, run_once
from world_of_fakes import (
    DENIALS,
    FAULTS_OF_READS,
    FAULTS_OF_WRITES,
    KILLS_OF_READS,
    KILLS_OF_WRITES,
    ClaimKind,
    Mode,
    Style,
    Trouble,
    World,
    at,
)

LAGS = (0.0, 4.0, 90.0)
STYLES: tuple[Style, ...] = ("python", "cargo")
MOST_RUNS = 8


@cache
def undisturbed(
    style: Style, lag: float, claim: ClaimKind = "branch"
) -> tuple[tuple[tuple[str, bool], ...], str]:
    """Release with no trouble; gives the calls, each with whether it writes, and the world."""
    world = new_world(style, lag, claim)
    run = run_once(world)
    assert run.end == "done"
    return run.calls, str(world.dump())


def points(
    style: Style,
    lag: float,
    of_writes: tuple[Mode, ...],
    of_reads: tuple[Mode, ...],
    claim: ClaimKind = "branch",
) -> Iterator[tuple[int, Mode]]:
    calls, _ = undisturbed(style, lag, claim)
    for number, (_, write) in enumerate(calls, start=1):
        for mode in of_writes if write else of_reads:
            yield number, mode


def until_done(world: World, *, lanes: int = 1) -> list[Run]:
    """Run again, each time as a new process, until it is done."""
    runs: list[Run] = []
    while not runs or runs[-1].end != "done":
        assert len(runs) < MOST_RUNS, [run.end for run in runs]
        runs.append(run_once(world, lanes=lanes))
    return runs


def objections(world: World, style: Style, lag: float, mode: Mode = "killed before") -> list[str]:
    """Say what is wrong with a world in which the release is done; empty where nothing is."""
    found = []
    world.rest()
    if str(world.dump()) != undisturbed(style, lag, world.claim)[1]:
        found.append(f"another world: {world.dump()}")
    if world.too_early:
        found.append(f"uploaded before their needs were visible: {world.too_early}")
    if len(set(world.uploads)) != len(world.uploads):
        found.append("stored twice")
    if not world.uploads[-1].startswith("facade"):
        found.append("the facade was not the last")
    if world.repeats and not lag and mode != "killed, effect later":
        found.append(f"uploaded again although the index showed it: {world.repeats}")
    again = run_once(world)
    if again.end != "done" or again.writes:
        found.append(f"a finished release was written to: {again.end} {again.writes}")
    return found


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("lag", [*LAGS, 600.0])
@pytest.mark.parametrize("style", STYLES)
def test_undisturbed_nothing_is_uploaded_twice_however_late_the_index_is(
    style: Style, lag: float, lanes: int
) -> None:
    world = new_world(style, lag)

    run = run_once(world, lanes=lanes)

    assert run.end == "done"
    assert world.repeats == []
    assert len(run.writes) == len(set(run.writes))
    assert objections(world, style, lag) == []


@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("style", STYLES)
def test_killed_at_any_point_and_run_again_the_world_ends_the_same(style: Style, lag: float) -> None:
    wrong = {}
    for point, mode in points(style, lag, KILLS_OF_WRITES, KILLS_OF_READS):
        world = new_world(style, lag)
        assert run_once(world, at(point, mode)).end == "killed"
        assert not any("refused" in run.end for run in until_done(world))
        if found := objections(world, style, lag, mode):
            wrong[point, mode] = found

    assert wrong == {}


@pytest.mark.parametrize("lag", [0.0, 4.0])
@pytest.mark.parametrize("style", STYLES)
def test_a_passing_fault_at_any_point_does_not_even_end_the_run(style: Style, lag: float) -> None:
    wrong = {}
    for point, mode in points(style, lag, FAULTS_OF_WRITES, FAULTS_OF_READS):
        world = new_world(style, lag)
        run = run_once(world, at(point, mode))
        found = objections(world, style, lag)
        if run.end != "done" or found:
            wrong[point, mode] = [run.end, *found]

    assert wrong == {}


@pytest.mark.parametrize("mode", DENIALS)
@pytest.mark.parametrize("style", STYLES)
def test_a_write_that_is_denied_ends_the_run_for_a_person_and_running_again_finishes(
    style: Style, mode: Mode
) -> None:
    wrong = {}
    for point, _ in points(style, 0.0, (mode,), ()):
        world = new_world(style)
        run = run_once(world, at(point, mode))
        until_done(world)
        found = objections(world, style, 0.0)
        if run.exit_code != 4 or found:
            wrong[point] = [run.end, *found]

    assert wrong == {}


@pytest.mark.whole
def test_killed_at_any_point_and_again_at_every_third_point_of_the_resumed_run() -> None:
    wrong = {}
    for first, mode in points("python", 0.0, ("killed after",), ("killed before",)):
        second = 1 + first % 3
        while True:
            world = new_world()
            run_once(world, at(first, mode))
            if run_once(world, at(second, "killed after")).end == "done":
                break
            until_done(world)
            if found := objections(world, "python", 0.0):
                wrong[first, second] = found
            second += 3

    assert wrong == {}


def some_trouble(chance: Random, modes: tuple[Mode, ...]) -> Trouble:
    rate = chance.uniform(0.0, 0.3)
    return Trouble(lambda number, name, write: chance.choice(modes) if chance.random() < rate else None)


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("seed", range(40))
def test_mixtures_of_faults_and_kills_end_in_the_same_world(seed: int, lanes: int) -> None:
    chance = Random(seed)
    style, lag = chance.choice(STYLES), chance.choice(LAGS)
    faults: tuple[Mode, ...] = (
        "5xx before",
        "5xx after",
        "lost reply",
        "429",
        "killed before",
        "killed after",
    )
    world = new_world(style, lag)
    for _ in range(6):
        run_once(world, some_trouble(chance, faults), lanes=lanes)
    until_done(world, lanes=lanes)

    assert objections(world, style, lag) == []


@pytest.mark.parametrize("style", STYLES)
def test_with_eight_lanes_a_kill_at_any_point_ends_in_the_same_world(style: Style) -> None:
    wrong = {}
    for point, mode in points(style, 4.0, ("killed before", "killed after"), ("killed before",)):
        world = new_world(style, 4.0)
        run_once(world, at(point, mode), lanes=8)
        until_done(world, lanes=8)
        if found := objections(world, style, 4.0):
            wrong[point, mode] = found

    assert wrong == {}


def test_the_matrix_is_as_large_as_it_says() -> None:
    cases = [
        case
        for style in STYLES
        for lag in LAGS
        for case in points(
            style, lag, (*KILLS_OF_WRITES, *FAULTS_OF_WRITES), (*KILLS_OF_READS, *FAULTS_OF_READS)
        )
    ]

    assert len(cases) > 1400
