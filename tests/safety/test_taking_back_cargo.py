"""C6 for crates: the real cargo yanks, the facade first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from castoff.flows.release import Wish, run_release
from castoff.flows.silence import Silence
from castoff.flows.status import look
from castoff.flows.yanking import yank
from castoff.wiring import Options, open_setting
from proofs.cargo_small import write_small_crates
from proofs.cargo_worlds import cargo_stage
from proofs.worlds import Stage, make_key

pytestmark = pytest.mark.real


def yanked(here: Stage) -> list[str]:
    """Name what was yanked, in the order of the requests."""
    return [
        entry.subject.partition("@")[0]
        for entry in here.world.journal.entries()
        if entry.service == "cargo" and entry.method == "DELETE"
    ]


def test_crates_are_yanked_facade_first_and_only_once(tmp_path: Path) -> None:
    with cargo_stage(tmp_path / "case", make_key(tmp_path), write_small_crates(tmp_path / "sample")) as here:
        setting = replace(
            open_setting(Options(directory=here.checkout()), Silence(), here.environment), embedded=None
        )
        result = run_release(setting, Wish(level="1.1.0", agreed=True))
        order = [upload.package for upload in result.uploads]

        first = yank(setting, "1.1.0", lambda _: True)
        second = yank(setting, "1.1.0", lambda _: True)

        assert first.is_done
        assert first.by_hand == ()
        assert yanked(here)[0] == result.target.order.facade == order[-1]
        assert sorted(yanked(here)) == sorted(order)
        needs = result.target.order.needs
        place = {name: at for at, name in enumerate(yanked(here))}
        assert all(place[user] < place[needed] for user in needs for needed in needs[user])
        assert second.is_done
        assert look(setting, "1.1.0").phase == "abandoned"
