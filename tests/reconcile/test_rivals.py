"""Several releasers at once, their calls interleaved in every way that a seed gives."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from releasing import Run, new_world, run_once
from turnstile import run_in_turns
from world_of_fakes import Process, Style, Trouble, World

from castoff.model.acts import Done
from castoff.values import replace


def race(world: World, seed: int, count: int, *, last: str | None = None, trouble: bool = False) -> list[Run]:
    """Let so many processes release the same version at once; ``last`` is the last stage that they come to."""
    runs: list[Run] = []
    chance = Random(seed)

    def releaser(turn: Callable[[], None]) -> None:
        process = Process(world, some_trouble(chance) if trouble else Trouble(), turn=turn)
        runs.append(run_once(world, process=process, last=last))

    run_in_turns(seed, [releaser] * count)
    return runs


def some_trouble(chance: Random) -> Trouble:
    return Trouble(lambda number, name, write: "lost reply" if chance.random() < 0.2 else None)


@pytest.mark.parametrize("trouble", [False, True], ids=["all well", "lost replies"])
@pytest.mark.parametrize("count", [2, 3, 8])
@pytest.mark.parametrize("seed", range(12))
def test_of_several_releasers_one_claims_and_the_others_are_told(
    seed: int, count: int, trouble: bool
) -> None:
    world = new_world()

    runs = race(world, seed, count, last="version", trouble=trouble)

    assert [run.end for run in runs].count("done") == 1
    told = {(run.end, run.exit_code) for run in runs if run.end != "done"}
    assert told - ({("write-unclear", 3)} if trouble else set()) == {("push-rejected", 4)}
    assert len(world.history()) == 2


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("style", ["python", "cargo"])
def test_several_who_resume_the_same_release_upload_and_tag_it_once(
    style: Style, seed: int, count: int
) -> None:
    world = new_world(style)
    run_once(world, last="version")

    runs = race(world, seed, count, last="tag")

    assert {run.end for run in runs} == {"done"}
    assert len(world.uploads) == len(set(world.uploads))
    assert world.uploads[-1].startswith("facade")
    assert world.too_early == []
    assert world.tags["1.1.0"].commit == world.claimed()
    for run in runs:
        assert all(isinstance(part.decision, Done) for state in run.states for part in state.parts)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("seed", range(24))
def test_of_the_drafts_of_a_race_one_is_left_and_announced(seed: int, count: int) -> None:
    world = new_world()
    run_once(world, last="tag")

    runs = race(world, seed, count)

    ours = [one for one in world.releases if one.tag == "1.1.0"]
    assert {run.end for run in runs} <= {"two-releases", "done"}
    assert len(ours) == 1
    if any(run.end != "done" for run in runs):
        assert run_once(world).end == "done"
    assert [one.draft for one in world.releases if one.tag == "1.1.0"] == [False]


def test_a_double_that_people_wrote_in_is_left_to_them() -> None:
    world = new_world()
    run_once(world, last="tag")
    for number, body in ((900, "Words."), (901, "Others.")):
        old = world.releases[0]
        world.releases.append(replace(old, id=number, tag="1.1.0", name="1.1.0", body=body, draft=True))

    ended = run_once(world)

    assert ended.end == "two-releases"
    assert [one.body for one in world.releases if one.tag == "1.1.0"] == ["Words.", "Others."]
