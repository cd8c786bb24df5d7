"""States in which some question had no answer: nothing is counted as missing, and nothing is offered that writes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Off, Person, StageName, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown, Withdrawn
from castoff.model.workspace import Package
from castoff.reconcile import PartState, StageState
from castoff.reconcile.part import Stage
from castoff.release.flight import phase_of
from castoff.rollback.recovery_options import recovery_options

ACT = Act(id="x", stage="publish", target="x", undo="never")
DOWN = Unknown(reason="the index did not answer")


def part(answer: Answer, decision: Decision | None = None, name: str = "a") -> PartState:
    match answer:
        case Unknown(reason=reason):
            decided: Decision = Wait(reason=reason, seconds=answer.retry_after)
        case Absent():
            decided = Do((ACT,))
        case _:
            decided = Done()
    return PartState(name, (Observation(id=name, answer=answer),), decision or decided)


UP, GONE, SILENT = part(Present()), part(Absent()), part(DOWN)
LATER = part(Unknown(reason="429", retry_after=30.0))
BLOCKED = part(Present(), Blocked(Problem(code="different-contents", message="m")))
INDEX_LATE = part(Present(), Wait(reason="uploaded, but not visible to the resolver yet"))
ONE_FILE = (Observation(id="a.tar.gz", answer=Present()),)
HALF = PartState("a", (*ONE_FILE, Observation(id="a.whl", answer=Absent())), Do((ACT,)))
HALF_SILENT = PartState("a", (*ONE_FILE, Observation(id="a.whl", answer=DOWN)), Wait(reason=DOWN.reason))
FOR_A_PERSON = part(Absent(), Person((ACT,), "announce"))


def stage(*parts: PartState, name: StageName = "publish") -> StageState:
    return StageState(Stage(name, ()), parts)


@pytest.mark.parametrize(
    ("states", "phase"),
    [
        pytest.param([stage(UP), stage(UP, name="tag")], "complete", id="all-there"),
        pytest.param([stage(part(Present(), Off("no forge")))], "complete", id="off-is-not-missing"),
        pytest.param([stage(SILENT)], "unknown", id="no-answer"),
        pytest.param([stage(LATER)], "unknown", id="an-answer-later"),
        pytest.param([stage(UP, SILENT), stage(UP, name="tag")], "unknown", id="one-of-two-without-answer"),
        pytest.param([stage(GONE, SILENT)], "in-flight", id="one-missing-for-sure-in-the-same-stage"),
        pytest.param([stage(SILENT), stage(GONE, name="tag")], "in-flight", id="another-stage-is-missing"),
        pytest.param([stage(SILENT), stage(BLOCKED, name="tag")], "in-flight", id="something-blocks"),
        pytest.param([stage(SILENT), stage(FOR_A_PERSON, name="announce")], "in-flight", id="for-a-person"),
        pytest.param([stage(INDEX_LATE)], "in-flight", id="known-to-be-late"),
        pytest.param([stage(SILENT, name="docs"), stage(UP)], "complete", id="not-required"),
    ],
)
def test_a_phase_never_takes_no_answer_for_a_fact(states: list[StageState], phase: str) -> None:
    assert phase_of(states) == phase


def ways(*states: StageState, packages: int = 2, tagged: bool = True) -> list[tuple[str, str]]:
    made = tuple(
        Package(name=name, ecosystem="cargo", path="", manifest="m", version="1", version_file="m")
        for name in "abcd"[:packages]
    )
    target: Any = SimpleNamespace(
        title="1.1.0",
        tag="1.1.0",
        workspace=SimpleNamespace(packages=made, is_from_tags=False, package=lambda name: made[0]),
    )
    return [(one.command, one.does) for one in recovery_options(target, states, lambda: None, tagged=tagged)]


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize(
    ("parts", "does"),
    [
        (
            [SILENT, part(DOWN, name="b")],
            "checks again; 0 to 2 of 2 packages are uploaded: the index did not answer",
        ),
        (
            [UP, part(DOWN, name="b")],
            "checks again; 1 to 2 of 2 packages are uploaded: the index did not answer",
        ),
        (
            [GONE, part(DOWN, name="b")],
            "checks again; 0 to 1 of 2 packages are uploaded: the index did not answer",
        ),
        ([LATER, UP], "checks again; 1 to 2 of 2 packages are uploaded: 429"),
        (
            [HALF_SILENT, UP],
            "checks again; 1 to 2 of 2 packages are uploaded: the index did not answer",
        ),
    ],
)
def test_while_an_answer_is_missing_the_only_way_is_to_look_again(
    parts: list[PartState], does: str, tagged: bool
) -> None:
    assert ways(stage(*parts), stage(GONE, name="tag"), tagged=tagged) == [("castoff status 1.1.0", does)]


@pytest.mark.parametrize(
    ("parts", "count"),
    [
        ([GONE, GONE], "0 of 2 packages are uploaded"),
        ([UP, GONE], "1 of 2 packages are uploaded"),
        ([HALF, GONE], "0 of 2 packages are uploaded, 1 in part"),
        ([UP, HALF], "1 of 2 packages are uploaded, 1 in part"),
        ([UP, INDEX_LATE], "2 of 2 packages are uploaded"),
    ],
    ids=["none", "one", "a-file-of-one", "one-and-a-file", "one-that-the-resolver-does-not-see"],
)
def test_a_package_counts_as_uploaded_once_none_of_its_files_is_missing(
    parts: list[PartState], count: str
) -> None:
    assert ways(stage(*parts), stage(GONE, name="tag"))[0][1] == f"completes the release; {count}"


def test_a_forge_without_an_answer_leaves_the_count_of_packages_exact() -> None:
    states = (stage(UP, part(Present(), name="b")), stage(part(Unknown(reason="503")), name="draft"))

    assert ways(*states) == [("castoff status 1.1.0", "checks again; 2 of 2 packages are uploaded: 503")]


@pytest.mark.parametrize(
    ("parts", "tagged", "commands"),
    [
        ([GONE, UP], True, ["castoff resume 1.1.0 --execute", "castoff yank 1.1.0 --execute"]),
        ([GONE, GONE], False, ["castoff resume 1.1.0 --execute", "castoff abandon 1.1.0 --execute"]),
        ([UP, part(Withdrawn(), BLOCKED.decision)], True, None),
    ],
)
def test_with_all_answers_both_ways_are_offered(
    parts: list[PartState], tagged: bool, commands: list[str] | None
) -> None:
    found = [command for command, _ in ways(stage(*parts), stage(GONE, name="tag"), tagged=tagged)]

    assert found == (commands or ["castoff resume 1.1.0 --execute", "castoff yank 1.1.0 --execute"])


def test_a_docs_host_without_an_answer_hides_no_way() -> None:
    states = (stage(GONE), stage(SILENT, name="docs"))

    assert next(command for command, _ in ways(*states, packages=1)) == "castoff resume 1.1.0 --execute"
