"""What a push to the release branch leads to: the proposal that is open, a higher one, or none."""

from __future__ import annotations

import pytest

from castoff.model.versions import read
from castoff.session.level import DecidedLevel, NothingToPropose, to_propose

RC = "1.1.0-rc.1"


@pytest.mark.parametrize(
    ("proposed", "asked", "level"),
    [
        ([], None, None),
        ([], "1.0.1", "1.0.1"),
        (["1.0.1"], None, "1.0.1"),
        (["1.0.1"], "1.0.1", "1.0.1"),
        (["1.0.1"], "1.1.0", "1.1.0"),
        (["2.0.0"], "1.1.0", "2.0.0"),
        (["1.0.1", "1.1.0"], "1.0.1", "1.1.0"),
        ([RC], "1.1.0", RC),
        ([RC], "1.0.1", RC),
        ([RC], "2.0.0", "2.0.0"),
    ],
)
def test_the_higher_of_what_is_proposed_and_what_labels_ask_for(
    proposed: list[str], asked: str | None, level: str | None
) -> None:
    versions = [(version, f"castoff/release-{one}") for one in proposed if (version := read(one))]
    found = to_propose(versions, read(asked) if asked else None, "why", spelled=str)

    if level is None:
        assert found == NothingToPropose("why")
    else:
        reason = f"`castoff/release-{level}` proposes it" if level in proposed else "why"
        assert found == DecidedLevel(level, reason)
