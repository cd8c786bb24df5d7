"""`auto` beside a release that castoff began: it goes on with that one."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.errors import ConfigurationError
from castoff.session.level import DecidedLevel, decided_level
from session.in_flight import LISTED, InFlight


@pytest.mark.parametrize(
    ("tag", "reason"),
    [(None, "this version is in flight"), (LISTED, "nothing was committed since its release")],
    ids=["claimed", "released"],
)
def test_what_castoff_began_goes_on(tag: str | None, reason: str, tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=tag)

    assert decided_level(there.setting()) == DecidedLevel("1.1.0", reason)


def test_after_a_commit_the_labels_decide(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path)
    there.made.commit({"merged.txt": "x"})

    with pytest.raises(ConfigurationError) as caught:
        decided_level(there.setting())

    assert [one.code for one in caught.value.problems] == ["levels-missing"]
