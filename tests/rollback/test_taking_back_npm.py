"""C6 for npm packages: the real npm moves `latest` back, deprecates and removes, the facade first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
from proofs.npm_small import NAMES, write_small_packages
from proofs.npm_worlds import npm_stage
from proofs.worlds import Stage, make_key

pytestmark = [pytest.mark.real, pytest.mark.needs("npm")]


@contextmanager
def world(folder: Path) -> Iterator[Stage]:
    """Open a world with three packages at 1.0.0."""
    sample = write_small_packages(folder / "sample")
    with npm_stage(folder / "case", make_key(folder), sample) as here:
        yield here


def opened(here: Stage) -> Services:
    """Open a fresh clone; the rehearsal, which has a world of its own, is left out."""
    return replace(
        open_setting(Options(directory=here.checkout()), Silence(), here.environment), embedded=None
    )


def release(here: Stage, level: str) -> Result:
    """Release from a fresh clone."""
    return run_release(opened(here), ReleaseRequest(level=level, agreed=True))


def registry(here: Stage) -> Any:
    """Return what the registry holds."""
    return json.loads(here.dump())["npm"]


def written(here: Stage, *, since: int = 0) -> list[str]:
    """Name the writes to the registry that succeeded, in order."""
    return [
        f"{entry.method} {entry.path}"
        for entry in here.world.journal.entries()[since:]
        if entry.service == "npm" and entry.write and entry.status < 400
    ]


def deny(here: Stage, subject: str) -> None:
    """Let the registry refuse to take one package from this token."""
    rule = {"service": "npm", "method": "PUT", "subject": subject, "effect": {"deny": "not yours"}}
    here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))


@pytest.mark.whole
def test_latest_goes_back_first_and_versions_are_deprecated_facade_first_and_once(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        release(here, "1.1.0")
        before = len(here.world.journal.entries())

        first = yank(opened(here), "1.1.0", lambda _: True)
        done = written(here, since=before)
        second = yank(opened(here), "1.1.0", lambda _: True)

        assert first.is_done
        assert first.by_hand == ()
        assert second.is_done
        assert written(here, since=before) == done
        assert [one.partition(" ")[2] for one in done] == [
            *(f"/-/package/{name}/dist-tags/latest" for name in reversed(NAMES)),
            *(f"/{name}" for name in reversed(NAMES)),
        ]
        assert {name: registry(here)["tags"][name]["latest"] for name in NAMES} == dict.fromkeys(
            NAMES, "1.0.0"
        )
        assert sorted(registry(here)["deprecated"]) == sorted(f"{name}@1.1.0" for name in NAMES)
        assert look(opened(here), "1.1.0").phase == "abandoned"


@pytest.mark.whole
def test_half_of_the_packages_are_taken_back_and_the_next_release_is_a_version_further(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as here:
        deny(here, "beacon@*")
        with pytest.raises(CastoffError, match="permission-denied"):
            release(here, "minor")
        here.world.gate.replace(())

        ended = abandon(opened(here), "1.1.0", lambda _: True)

        assert (ended.is_done, ended.burned, ended.next_free) == (True, True, "1.1.1")
        assert registry(here)["tags"]["beacon-core"]["latest"] == "1.0.0"
        head = here.git(here.world.repository.path, "log", "-1", "--format=%s", "main").strip()
        assert head == 'Revert "release 1.1.0"'
        assert look(opened(here), "1.1.0").phase == "abandoned"
        with pytest.raises(Refusal, match="version-burnt"):
            release(here, "minor")
        assert release(here, "1.1.1").version == "1.1.1"
        assert look(opened(here), None).phase == "complete"
        assert registry(here)["tags"]["beacon"]["latest"] == "1.1.1"
