"""Does the rollover of milestones end the same, wherever it was stopped, and ask instead of guessing?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.model.changes import Milestone, MilestoneItem
from castoff.model.versions import ReleaseVersion
from castoff.notes.milestones import (
    CloseMilestone,
    CreateMilestone,
    Decision,
    MilestoneAct,
    MilestonePlan,
    MilestonePolicy,
    MilestonesAsk,
    MilestonesBlocked,
    MilestonesDo,
    MilestonesDone,
    MoveItem,
    NoMilestone,
    RenameMilestone,
    UseMilestone,
    decide_milestones,
    nearest_milestone,
    title_of,
    version_of,
)
from castoff.values import replace
from recorded import assert_recorded, problems_as_text

RECORD = Path(__file__).parent / "data" / "milestone_problems.txt"

PLAN = MilestonePlan(
    previous=ReleaseVersion(4, 0, 0), version=ReleaseVersion(4, 2, 0), following=ReleaseVersion(4, 3, 0)
)
MOVE = MilestonePolicy()
ITEMS = (MilestoneItem(number=9, title="Later"), MilestoneItem(number=3))


def milestone(number: int, title: str, *items: MilestoneItem, is_open: bool = True) -> Milestone:
    return Milestone(number=number, title=title, is_open=is_open, open_items=items)


def ids(decision: Decision) -> list[str]:
    assert isinstance(decision, MilestonesDo)
    return [act.id for act in decision.acts]


def test_the_next_is_created_then_items_move_then_the_last_is_closed() -> None:
    decision = decide_milestones([milestone(1, "4.2.0", *ITEMS)], PLAN, MOVE)

    assert ids(decision) == ["milestone:create", "milestone:move:3", "milestone:move:9", "milestone:close"]
    assert isinstance(decision, MilestonesDo)
    assert decision.acts[0] == CreateMilestone("4.3.0")
    assert decision.acts[1] == MoveItem(ITEMS[1], "4.3.0", None)


def test_an_open_later_milestone_is_used_as_it_is() -> None:
    decision = decide_milestones([milestone(1, "4.2.0", *ITEMS), milestone(2, "5.0.0")], PLAN, MOVE)

    assert isinstance(decision, MilestonesDo)
    assert decision.acts[0] == MoveItem(ITEMS[1], "5.0.0", 2)
    assert decision.acts[-1] == CloseMilestone(1, "4.2.0")


DONE = [
    ("off", [milestone(1, "4.2.0", *ITEMS)], replace(MOVE, mode="off")),
    ("none at all", [], MOVE),
    ("none is named after a version", [milestone(1, "Backlog", *ITEMS)], MOVE),
    ("none was planned", [milestone(1, "4.0.0", is_open=False)], MOVE),
    ("all was done", [milestone(1, "4.2.0", is_open=False), milestone(2, "4.3.0")], MOVE),
]


@pytest.mark.parametrize(("milestones", "policy"), [c[1:] for c in DONE], ids=[c[0] for c in DONE])
def test_nothing_is_left_to_do(milestones: list[Milestone], policy: MilestonePolicy) -> None:
    assert isinstance(decide_milestones(milestones, PLAN, policy), MilestonesDone)


def test_the_policy_block_stops_for_open_items_and_only_for_them() -> None:
    block = MilestonePolicy(mode="block")

    stopped = decide_milestones([milestone(1, "4.2.0", *ITEMS)], PLAN, block)

    assert isinstance(stopped, MilestonesBlocked)
    assert stopped.problem.message == "the milestone `4.2.0` has open items: #3, #9"
    assert ids(decide_milestones([milestone(1, "4.2.0")], PLAN, block)) == [
        "milestone:create",
        "milestone:close",
    ]


def test_many_open_items_are_not_all_named() -> None:
    items = tuple(MilestoneItem(number=n) for n in range(1, 21))

    stopped = decide_milestones([milestone(1, "4.2.0", *items)], PLAN, MilestonePolicy(mode="block"))

    assert isinstance(stopped, MilestonesBlocked)
    assert stopped.problem.message.endswith("#10 and 10 more")


ASKED = [
    ("a burned number", [milestone(4, "4.1.0", *ITEMS)], PLAN, [4]),
    ("a major one", [milestone(5, "5.0.0")], PLAN, [5]),
    ("both", [milestone(5, "5.0.0"), milestone(4, "4.1.0")], PLAN, [5, 4]),
]


@pytest.mark.parametrize(("milestones", "plan", "numbers"), [c[1:] for c in ASKED], ids=[c[0] for c in ASKED])
def test_a_milestone_planned_under_another_number_is_a_question(
    milestones: list[Milestone], plan: MilestonePlan, numbers: list[int]
) -> None:
    decision = decide_milestones(milestones, plan, MOVE)

    assert isinstance(decision, MilestonesAsk)
    assert decision.problem.code == "milestone-planned-otherwise"
    assert [m.number for m in decision.candidates] == numbers


NOT_ASKED = [
    ("the next one", [milestone(4, "4.3.0", *ITEMS)], PLAN),
    ("an old one that was forgotten", [milestone(4, "3.0.0", *ITEMS)], PLAN),
    (
        "a later one at a hotfix",
        [milestone(4, "4.3.0", *ITEMS)],
        MilestonePlan(
            previous=ReleaseVersion(4, 2, 0),
            version=ReleaseVersion(4, 2, 1),
            following=ReleaseVersion(4, 2, 2),
        ),
    ),
    (
        "a pre-release",
        [milestone(4, "4.2.0", *ITEMS)],
        replace(PLAN, version=ReleaseVersion(4, 2, 0, "rc", 1)),
    ),
]


@pytest.mark.parametrize(("milestones", "plan"), [c[1:] for c in NOT_ASKED], ids=[c[0] for c in NOT_ASKED])
def test_nobody_is_asked_without_need(milestones: list[Milestone], plan: MilestonePlan) -> None:
    assert isinstance(decide_milestones(milestones, plan, MOVE), MilestonesDone)


def test_an_answer_is_used_and_renames_only_when_told() -> None:
    planned = [milestone(4, "4.1.0", *ITEMS), milestone(5, "4.3.0")]

    kept = decide_milestones(planned, PLAN, MOVE, answer=UseMilestone(4))
    renamed = decide_milestones(planned, PLAN, MOVE, answer=UseMilestone(4, rename=True))
    none = decide_milestones(planned, PLAN, MOVE, answer=NoMilestone())

    assert ids(kept) == ["milestone:move:3", "milestone:move:9", "milestone:close"]
    assert isinstance(renamed, MilestonesDo)
    assert RenameMilestone(4, "4.2.0") in renamed.acts
    assert isinstance(none, MilestonesDone)


def test_an_answer_that_does_not_exist_is_asked_again() -> None:
    decision = decide_milestones([milestone(4, "4.1.0")], PLAN, MOVE, answer=UseMilestone(99))

    assert isinstance(decision, MilestonesAsk)
    assert decision.problem.code == "milestone-not-found"


def test_a_closed_next_milestone_is_a_question_where_something_has_to_move() -> None:
    planned = [milestone(1, "4.2.0", *ITEMS), milestone(2, "4.3.0", is_open=False)]

    decision = decide_milestones(planned, PLAN, MOVE)

    assert isinstance(decision, MilestonesAsk)
    assert decision.problem.code == "milestone-next-closed"


@pytest.mark.parametrize(
    ("mode", "items", "kind"),
    [
        ("block", ITEMS, MilestonesBlocked),
        ("block", (), MilestonesDo),
        ("move", ITEMS, MilestonesDo),
        ("move", (), MilestonesDo),
    ],
)
def test_only_the_policy_block_and_open_items_together_stop(
    mode: Literal["block", "move"], items: tuple[MilestoneItem, ...], kind: type[Decision]
) -> None:
    policy = MilestonePolicy(mode=mode)

    assert isinstance(decide_milestones([milestone(1, "4.2.0", *items)], PLAN, policy), kind)


def test_each_problem_of_a_milestone_reads_as_recorded() -> None:
    many = tuple(MilestoneItem(number=n) for n in range(1, 21))
    closed = milestone(2, "4.3.0", is_open=False)
    block = MilestonePolicy(mode="block")
    cases = {
        "open items": decide_milestones([milestone(1, "4.2.0", *ITEMS)], PLAN, block),
        "many open items": decide_milestones([milestone(1, "4.2.0", *many)], PLAN, block),
        "one planned otherwise": decide_milestones([milestone(5, "5.0.0")], PLAN, MOVE),
        "two planned otherwise": decide_milestones(
            [milestone(5, "5.0.0"), milestone(4, "4.1.0")], PLAN, MOVE
        ),
        "not found": decide_milestones([milestone(4, "4.1.0")], PLAN, MOVE, answer=UseMilestone(99)),
        "closed": decide_milestones([milestone(1, "4.2.0", *ITEMS), closed], PLAN, MOVE),
    }

    found = ""
    for name, decision in cases.items():
        assert isinstance(decision, MilestonesAsk | MilestonesBlocked)
        found += problems_as_text(name, [decision.problem])
    assert_recorded(RECORD, found)


def test_titles_follow_the_template() -> None:
    candidate = ReleaseVersion(4, 2, 0, "rc", 1)
    assert title_of(candidate, MilestonePolicy(title="{pep440}")) == "4.2.0rc1"
    assert title_of(candidate, MilestonePolicy(title="{version}")) == "4.2.0-rc.1"
    assert version_of("9", MilestonePolicy(title="{major}")) == ReleaseVersion(9, 0, 0)
    assert version_of("9.3", MilestonePolicy(title="{major}.{minor}")) == ReleaseVersion(9, 3, 0)
    assert version_of("9.3.1", MilestonePolicy(title="{major}.{minor}.{patch}")) == ReleaseVersion(9, 3, 1)
    policy = MilestonePolicy(title="Release {version} (kube)")

    assert title_of(PLAN.version, policy) == "Release 4.2.0 (kube)"
    assert version_of("Release 4.2.0 (kube)", policy) == PLAN.version
    assert version_of("4.2.0", policy) is None
    assert version_of("v4.2.0", MOVE) == PLAN.version
    assert version_of("Release", MilestonePolicy(title="Release {version} Release")) is None
    assert version_of("4.2", MilestonePolicy(title="{major}.{minor}")) == PLAN.version
    assert title_of(ReleaseVersion(4, 2, 1), MilestonePolicy(title="{major}.{minor} {x}")) == "4.2 {x}"
    assert version_of("9 and 9.1.0", MilestonePolicy(title="{major} and {version}")) == ReleaseVersion(
        9, 1, 0
    )
    assert version_of("4 4", MilestonePolicy(title="{major} {major}")) == ReleaseVersion(4, 0, 0)
    assert version_of("none", MilestonePolicy(title="none")) is None


def carry_out(world: list[Milestone], act: MilestoneAct) -> list[Milestone]:
    """Do one act to a small forge of values."""
    match act:
        case CreateMilestone(title):
            return [*world, milestone(max(m.number for m in world) + 1, title)]
        case CloseMilestone(number):
            return [replace(m, is_open=False) if m.number == number else m for m in world]
        case RenameMilestone(number, title):
            return [replace(m, title=title) if m.number == number else m for m in world]
        case MoveItem(item, _, to):
            assert to is not None, "the next milestone is there before anything moves"
            left = [replace(m, open_items=tuple(i for i in m.open_items if i != item)) for m in world]
            return [replace(m, open_items=(*m.open_items, item)) if m.number == to else m for m in left]


worlds = st.lists(
    st.tuples(
        st.sampled_from(["4.0.0", "4.1.0", "4.2.0", "v4.2.0", "4.3.0", "5.0.0", "Backlog"]),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=5,
    unique_by=lambda entry: entry[0],
).map(
    lambda entries: [
        milestone(n, title, *(MilestoneItem(number=n * 10 + i) for i in range(count)), is_open=is_open)
        for n, (title, is_open, count) in enumerate(entries, start=1)
    ]
)


@given(worlds, st.sampled_from([None, UseMilestone(1), UseMilestone(2, rename=True), NoMilestone()]))
def test_looking_again_after_every_act_ends_with_nothing_to_do_and_loses_no_item(
    world: list[Milestone], answer: UseMilestone | NoMilestone | None
) -> None:
    items = sorted(i.number for m in world for i in m.open_items)

    decision = decide_milestones(world, PLAN, MOVE, answer=answer)
    for _ in range(30):
        if isinstance(decision, MilestonesDo):
            world = carry_out(world, decision.acts[0])
            decision = decide_milestones(world, PLAN, MOVE, answer=answer)

    assert not isinstance(decision, MilestonesDo)
    assert sorted(i.number for m in world for i in m.open_items) == items


@pytest.mark.parametrize(
    ("titles", "previous", "found"),
    [
        (["4.2.0", "4.1.0"], ReleaseVersion(4, 0, 0), "4.1.0"),
        (["4.0.0", "4.1.0"], ReleaseVersion(4, 0, 0), "4.1.0"),
        (["3.0.0"], ReleaseVersion(4, 0, 0), None),
        (["3.0.0"], None, "3.0.0"),
        (["Someday"], None, None),
        ([], None, None),
    ],
    ids=["the lowest", "above the last release", "none above it", "without a release", "no version", "none"],
)
def test_the_nearest_milestone_is_that_of_the_lowest_version_to_come(
    titles: list[str], previous: ReleaseVersion | None, found: str | None
) -> None:
    there = [milestone(number, title) for number, title in enumerate(titles, start=1)]
    there.append(milestone(9, "1.0.0", is_open=False))

    nearest = nearest_milestone(there, MOVE, previous)

    assert (nearest.title if nearest else None) == found
