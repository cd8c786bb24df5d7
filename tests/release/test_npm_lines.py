"""Dist-tags over several lines of releases, and names that rest, with the real npm."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from castoff.errors import NotYet
from castoff.release.run import Result, run_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.values import replace
from castoff.wiring import Options, open_setting
from proofs.npm_small import NAMES, write_small_packages
from proofs.npm_worlds import npm_stage
from proofs.worlds import Stage, make_key

pytestmark = [pytest.mark.real, pytest.mark.whole, pytest.mark.needs("npm")]


def release(here: Stage, level: str, *, branch: str = "main") -> Result:
    """Release from a fresh clone on a branch; the rehearsal, which has a world of its own, is left out."""
    checkout = here.checkout()
    here.git(checkout, "switch", "--quiet", branch)
    services = open_setting(Options(directory=checkout, wait=20.0), Silence(), here.environment)
    return run_release(replace(services, embedded=None), ReleaseRequest(level=level, agreed=True))


def change(here: Stage, branch: str, *, at: str = "main") -> None:
    """Push a commit to a branch, which begins at a commit if it is new."""
    checkout = here.checkout()
    here.git(checkout, "switch", "--quiet", *((branch,) if branch == "main" else ("--create", branch, at)))
    (checkout / "NEWS.txt").write_text(f"News of {branch}\n", encoding="utf-8")
    here.git(checkout, "add", "--all")
    here.git(checkout, "commit", "--quiet", "-m", f"Work on {branch}")
    here.git(checkout, "push", "--quiet", "--set-upstream", "origin", branch)


def test_latest_stays_at_the_highest_stable_version_in_every_line(tmp_path: Path) -> None:
    sample = write_small_packages(tmp_path / "sample")
    with npm_stage(tmp_path / "case", make_key(tmp_path), sample) as here:
        release(here, "minor")
        change(here, "main")
        release(here, "2.0.0-rc.1")
        change(here, "1.0.x", at="1.0.0")
        release(here, "patch", branch="1.0.x")

        expected = {"latest": "1.1.0", "rc": "2.0.0-rc.1", "release-1.0.x": "1.0.1"}
        tags = here.world.npm_registry.dump()["tags"]
        assert isinstance(tags, dict)
        assert {name: tags[name] for name in NAMES} == dict.fromkeys(NAMES, expected)


def test_a_name_that_rests_is_waited_for_and_nothing_is_claimed(tmp_path: Path) -> None:
    sample = write_small_packages(tmp_path / "sample")
    with npm_stage(tmp_path / "case", make_key(tmp_path), sample) as here:
        environment = here.environment
        unpublish = ["npm", "unpublish", "beacon", "--force"]
        subprocess.run(unpublish, env=environment, cwd=tmp_path, check=True, capture_output=True)
        with pytest.raises(NotYet, match="24 hours"):
            release(here, "minor")
        assert "release 1.1.0" not in here.git(here.world.repository.path, "log", "--format=%s", "main")
