"""Promise 1 where a ref claims the version: trouble at any point, then run again; rivals, of whom one wins."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from fake_ports import FakeRemote
from releasing import claim_part, new_world, run_once
from test_kills_and_faults import objections, points, some_trouble, until_done
from test_rivals import race
from turnstile import run_in_turns
from world_of_fakes import (
    DENIALS,
    FAULTS_OF_READS,
    FAULTS_OF_WRITES,
    KILLS_OF_READS,
    KILLS_OF_WRITES,
    ClaimKind,
    Mode,
    Process,
    Quiet,
    Trouble,
    at,
)

from castoff.errors import CastoffError, Refusal
from castoff.reconcile import Patience
from castoff.reconcile.part import Stage
from castoff.reconcile.reconciler import Reconciler

CLAIMS: tuple[ClaimKind, ...] = ("ref", "ref and branch")


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("claim", CLAIMS)
def test_undisturbed_the_ref_is_gone_at_the_end_and_the_branch_holds_what_was_tagged(
    claim: ClaimKind, lanes: int
) -> None:
    world = new_world(claim=claim)

    run = run_once(world, lanes=lanes)

    assert run.end == "done"
    assert world.claims == {}
    assert world.history()[-1] == world.tags["1.1.0"].commit
    assert len(world.history()) == (1 if claim == "ref" else 2)
    assert run.writes.index("push claim") == 0
    assert run.writes.index("push refs/tags/1.1.0") < run.writes.index("push the end of the claim")
    assert objections(world, "python", 0.0) == []


@pytest.mark.parametrize("lag", [0.0, 4.0])
@pytest.mark.parametrize("claim", CLAIMS)
def test_killed_at_any_point_and_run_again_the_world_ends_the_same(claim: ClaimKind, lag: float) -> None:
    wrong = {}
    for point, mode in points("python", lag, KILLS_OF_WRITES, KILLS_OF_READS, claim):
        world = new_world("python", lag, claim)
        assert run_once(world, at(point, mode)).end == "killed"
        until_done(world)
        if found := objections(world, "python", lag, mode):
            wrong[point, mode] = found

    assert wrong == {}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_passing_fault_at_any_point_does_not_even_end_the_run(claim: ClaimKind) -> None:
    wrong = {}
    for point, mode in points("python", 0.0, FAULTS_OF_WRITES, FAULTS_OF_READS, claim):
        world = new_world(claim=claim)
        run = run_once(world, at(point, mode))
        found = objections(world, "python", 0.0)
        if run.end != "done" or found:
            wrong[point, mode] = [run.end, *found]

    assert wrong == {}


@pytest.mark.parametrize("mode", DENIALS)
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_write_that_is_denied_ends_the_run_for_a_person_and_running_again_finishes(
    claim: ClaimKind, mode: Mode
) -> None:
    wrong = {}
    for point, _ in points("python", 0.0, (mode,), (), claim):
        world = new_world(claim=claim)
        run = run_once(world, at(point, mode))
        until_done(world)
        found = objections(world, "python", 0.0)
        if run.exit_code != 4 or found:
            wrong[point] = [run.end, *found]

    assert wrong == {}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("claim", CLAIMS)
def test_mixtures_of_faults_and_kills_end_in_the_same_world(claim: ClaimKind, seed: int) -> None:
    chance = Random(seed)
    faults: tuple[Mode, ...] = ("5xx before", "lost reply", "429", "killed before", "killed after")
    world = new_world(claim=claim)
    for _ in range(6):
        run_once(world, some_trouble(chance, faults))
    until_done(world)

    assert objections(world, "python", 0.0) == []


@pytest.mark.parametrize("trouble", [False, True], ids=["all well", "lost replies"])
@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("claim", CLAIMS)
def test_of_several_releasers_one_claims_and_the_others_are_told(
    claim: ClaimKind, seed: int, count: int, trouble: bool
) -> None:
    world = new_world(claim=claim)

    runs = race(world, seed, count, last="version", trouble=trouble)

    told = {(run.end, run.exit_code) for run in runs if run.end != "done"}
    assert [run.end for run in runs].count("done") == 1
    assert told - ({("write-unclear", 3)} if trouble else set()) <= {("push-rejected", 4)}
    assert {claim.commit for claim in world.claims.values()} == {world.branch}
    assert world.claims.keys() == {"1.1.0", "on/main"}


@pytest.mark.parametrize("trouble", [False, True], ids=["all well", "lost replies"])
@pytest.mark.parametrize("seed", range(12))
def test_of_several_versions_at_once_one_is_claimed(seed: int, trouble: bool) -> None:
    world, ends = new_world(claim="ref"), []

    def releaser(version: str) -> Callable[[Callable[[], None]], None]:
        def claim(turn: Callable[[], None]) -> None:
            lost = some_trouble(Random(seed), ("lost reply",)) if trouble else Trouble()
            process = Process(world, lost, turn=turn)
            part = claim_part(FakeRemote(process), "base", is_new=True, version=version)
            try:
                Reconciler(world.clock, Quiet(), Patience(), lanes=1).run(Stage("version", (part,)))
            except CastoffError as error:
                ends.append(error.problems[0].code)
            else:
                ends.append("done")

        return claim

    run_in_turns(seed, [releaser(version) for version in ("1.1.0", "1.0.1", "2.0.0")])

    assert ends.count("done") == 1
    assert set(ends) <= {"done", "push-rejected", *(["write-unclear"] if trouble else [])}
    assert len(world.claims) == 2


@pytest.mark.parametrize("seed", range(12))
def test_several_who_resume_the_same_release_tag_it_once_and_drop_the_ref_once(seed: int) -> None:
    world = new_world(claim="ref")
    run_once(world, last="version")

    runs = race(world, seed, 3, last="tag")

    assert {run.end for run in runs} == {"done"}
    assert len(world.uploads) == len(set(world.uploads))
    assert world.claims == {}


def test_a_claim_that_was_given_up_meanwhile_is_not_made_again() -> None:
    world = new_world(claim="ref")
    run_once(world, last="version")
    part = claim_part(FakeRemote(Process(world)), "base", is_new=False)
    world.claims.clear()

    with pytest.raises(Refusal) as refused:
        Reconciler(world.clock, Quiet(), Patience()).run(Stage("version", (part,)))

    assert [one.code for one in refused.value.problems] == ["claim-gone"]
    assert world.claims == {}
