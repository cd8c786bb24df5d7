"""C6 for crates: the real cargo yanks, the facade first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from castoff.errors import CastoffError, Refusal
from castoff.release.run import Result, run_release
from castoff.release.status import look
from castoff.rollback.abandon import abandon
from castoff.rollback.yank import yank
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.faults import parse_faults
from proofs.cargo_small import write_small_crates
from proofs.cargo_worlds import cargo_stage
from proofs.worlds import Stage, make_key

pytestmark = [pytest.mark.real, pytest.mark.needs("cargo")]


def yanked(here: Stage) -> list[str]:
    """Name what was yanked, in the order of the requests."""
    return [
        entry.subject.partition("@")[0]
        for entry in here.world.journal.entries()
        if entry.service == "cargo" and entry.method == "DELETE"
    ]


def opened(here: Stage) -> Services:
    """Open a fresh clone; the rehearsal, which has a world of its own, is left out."""
    return replace(
        open_setting(Options(directory=here.checkout()), Silence(), here.environment), embedded=None
    )


def release(here: Stage, level: str) -> Result:
    """Release from a fresh clone."""
    return run_release(opened(here), ReleaseRequest(level=level, agreed=True))


def deny(here: Stage, subject: str) -> None:
    """Let the registry refuse to take one crate from this token."""
    rule = {"service": "cargo", "method": "PUT", "subject": subject, "effect": {"deny": "not yours"}}
    here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))


def test_crates_are_yanked_facade_first_and_only_once(tmp_path: Path) -> None:
    with cargo_stage(tmp_path / "case", make_key(tmp_path), write_small_crates(tmp_path / "sample")) as here:
        setting = opened(here)
        result = run_release(setting, ReleaseRequest(level="1.1.0", agreed=True))
        order = [upload.package for upload in result.uploads]

        first = yank(setting, "1.1.0", lambda _: True)
        second = yank(setting, "1.1.0", lambda _: True)

        assert first.is_done
        assert first.by_hand == ()
        assert yanked(here)[0] == order[-1]
        assert sorted(yanked(here)) == sorted(order)
        wave_of = {name: number for number, names in enumerate(result.waves) for name in names}
        waves = [wave_of[name] for name in yanked(here)]
        assert waves == sorted(waves, reverse=True)
        assert second.is_done
        assert look(setting, "1.1.0").phase == "abandoned"


@pytest.mark.whole
def test_half_of_the_crates_are_taken_back_and_the_next_release_is_a_version_further(tmp_path: Path) -> None:
    with cargo_stage(tmp_path / "case", make_key(tmp_path), write_small_crates(tmp_path / "sample")) as here:
        deny(here, "beacon@*")
        with pytest.raises(CastoffError, match="permission-denied"):
            release(here, "minor")
        here.world.gate.replace(())

        ended = abandon(opened(here), "1.1.0", lambda _: True)

        assert (ended.is_done, ended.burned, ended.next_free) == (True, True, "1.1.1")
        assert yanked(here) == ["beacon-lens", "beacon-core"]
        head = here.git(here.world.repository.path, "log", "-1", "--format=%s", "main").strip()
        assert head == 'Revert "release 1.1.0"'
        assert look(opened(here), "1.1.0").phase == "abandoned"
        with pytest.raises(Refusal, match="version-burnt"):
            release(here, "minor")
        assert release(here, "1.1.1").version == "1.1.1"
        assert look(opened(here), None).phase == "complete"
