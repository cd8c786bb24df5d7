"""Which level do the labels of the merged changes ask for?"""

from __future__ import annotations

import pytest
from notes_cases import change

from castoff.model.changes import Change
from castoff.notes.level import Level, ProposedLevel, proposed_level

FIX = change(1, labels=("fix",))
FEATURE = change(2, labels=("docs", "feature"))
BREAKING = change(3, labels=("feature", "breaking"))
PLAIN = change(4)
HIDDEN = change(5, labels=("breaking", "changelog-exclude"))
LEVELS: dict[str, Level] = {"fix": "patch", "feature": "minor", "addition": "minor", "breaking": "major"}
ELSE: dict[str, Level] = {**LEVELS, "*": "patch"}


@pytest.mark.parametrize(
    ("changes", "levels", "expected"),
    [
        pytest.param([], ELSE, None, id="nothing merged"),
        pytest.param([PLAIN], LEVELS, None, id="no label that counts"),
        pytest.param([FIX], LEVELS, ("patch", "fix", (1,)), id="one"),
        pytest.param([FEATURE, FIX], LEVELS, ("minor", "feature", (2,)), id="the highest"),
        pytest.param([BREAKING], LEVELS, ("major", "breaking", (3,)), id="the highest of one change"),
        pytest.param(
            [change(9, labels=("feature",)), FEATURE], LEVELS, ("minor", "feature", (2, 9)), id="all with it"
        ),
        pytest.param(
            [change(1, labels=("addition",)), FEATURE],
            LEVELS,
            ("minor", "feature", (2,)),
            id="the label named first",
        ),
        pytest.param([HIDDEN], ELSE, None, id="left out of the notes"),
        pytest.param([PLAIN], ELSE, ("patch", "*", (4,)), id="all others"),
        pytest.param([PLAIN, FEATURE], ELSE, ("minor", "feature", (2,)), id="others beside a label"),
        pytest.param(
            [PLAIN, FIX], {"fix": "patch", "*": "minor"}, ("minor", "*", (4,)), id="others are higher"
        ),
        pytest.param([FIX], {"fix": "patch", "*": "minor"}, ("patch", "fix", (1,)), id="a label is no other"),
    ],
)
def test_the_highest_level_that_a_label_asks_for(
    changes: list[Change], levels: dict[str, Level], expected: tuple[Level, str, tuple[int, ...]] | None
) -> None:
    found = proposed_level(changes, levels, ["changelog-exclude"])

    assert found == (ProposedLevel(*expected) if expected else None)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (ProposedLevel("minor", "feature", (2, 9)), "#2, #9: the label `feature`"),
        (ProposedLevel("patch", "*", (4,)), "#4: no label of `version.levels`"),
        (ProposedLevel("patch", "fix", (1, 2, 3, 4, 5)), "#1, #2, #3, #4, #5: the label `fix`"),
        (ProposedLevel("patch", "fix", (1, 2, 3, 4, 5, 6)), "#1, #2, #3, #4, #5 and 1 more: the label `fix`"),
    ],
)
def test_the_reason_names_changes_and_label(found: ProposedLevel, reason: str) -> None:
    assert found.reason == reason
