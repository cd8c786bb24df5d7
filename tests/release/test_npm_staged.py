"""Staged publishing with the real npm: staged, compared, approved in order by a person, and only then tagged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from castoff.release.run import run_release
from castoff.release.status import look
from castoff.rollback.abandon import abandon
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.npm_registry.accounts import OTP
from proofs.npm_small import NAMES, write_small_packages
from proofs.npm_worlds import npm_stage
from proofs.worlds import Stage, make_key

pytestmark = [pytest.mark.real, pytest.mark.whole, pytest.mark.needs("npm")]


@contextmanager
def world(folder: Path) -> Iterator[Stage]:
    """Open a world with three packages at 1.0.0, which are staged."""
    sample = write_small_packages(folder / "sample", staged=True)
    with npm_stage(folder / "case", make_key(folder), sample) as here:
        yield here


def registry(here: Stage) -> Any:
    """Return what the registry holds."""
    return here.world.npm_registry.dump()


def released(here: Stage) -> list[str]:
    """Name what was published, in order."""
    return [f"{one['package']}@{one['version']}" for one in registry(here)["uploads"]]


def waiting(here: Stage) -> list[str]:
    """Name what is staged."""
    return [f"{one['package']}@{one['version']}" for one in registry(here)["staged"]]


def tags(here: Stage) -> list[str]:
    """List the tags of the remote."""
    return here.git(here.world.repository.path, "tag", "--list").split()


ALL = [f"{name}@1.1.0" for name in NAMES]


def test_packages_are_staged_and_published_only_when_a_person_approves_them(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        code, output = here.run(here.checkout(), "release", "1.1.0", "--execute", "--yes")
        assert (code, sorted(waiting(here)), released(here)) == (0, sorted(ALL), []), output
        assert "castoff approve 1.1.0 --execute" in output
        assert tags(here) == ["1.0.0"]

        code, shown = here.run(here.checkout(), "status", "1.1.0", "--json")
        status = json.loads(shown)
        publish = next(one for one in status["stages"] if one["name"] == "publish")
        assert (status["phase"], publish["state"]) == ("in-flight", "person")
        assert {one["answer"] for one in publish["observations"]} == {"staged"}

        code, output = here.run(here.checkout(), "approve", "1.1.0", "--execute", "--yes", "--otp", "654321")
        assert (code, released(here)) == (4, []), output
        assert "otp-required" in output

        code, output = here.run(here.checkout(), "approve", "1.1.0", "--execute", "--yes", "--otp", OTP)
        assert (code, released(here), waiting(here)) == (0, ALL, []), output
        assert tags(here) == ["1.0.0", "1.1.0"]
        assert OTP not in output


def opened(here: Stage) -> Services:
    """Open a fresh clone with a code; the rehearsal, which has a world of its own, is left out."""
    environment = {**here.environment, "npm_config_otp": OTP}
    return replace(open_setting(Options(directory=here.checkout()), Silence(), environment), embedded=None)


def test_what_is_staged_is_rejected_facade_first_and_its_version_can_be_used_again(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        run_release(opened(here), ReleaseRequest(level="1.1.0", agreed=True))
        assert sorted(waiting(here)) == sorted(ALL)

        ended = abandon(opened(here), "1.1.0", lambda _: True)

        assert (ended.is_done, ended.burned, waiting(here), released(here)) == (True, False, [], [])
        assert look(opened(here), "1.1.0").phase == "abandoned"
        again = run_release(opened(here), ReleaseRequest(level="1.1.0", agreed=True))
        assert [one.state for one in again.stages if one.stage.name == "publish"] == ["person"]
        assert sorted(waiting(here)) == sorted(ALL)
