"""A version that a ref claims is given up: what is left on the remote, and what a second run makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from castoff.world.python_index.minimal import Seed
from cli.ground import Ground
from proofs.tagged import write_tagged
from proofs.worlds import make_key, make_source, stage_of

ABANDON = ("abandon", "1.1.0", "--execute", "--yes")


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """Claim 1.1.0 as a release does that was killed right after it."""
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write_tagged(tmp_path / "sample"))
    with stage_of(tmp_path / "world", key, source) as here:
        ground = Ground(here, here.checkout())
        ground.git("tag", "--no-sign", "--annotate", "-m", "1.1.0", "stamp")
        ground.git("push", "--quiet", "origin", "HEAD:refs/castoff/1.1.0", "stamp:refs/castoff/on/main")
        ground.git("tag", "--delete", "stamp")
        yield ground


def claims(ground: Ground) -> list[str]:
    listed = ground.git("ls-remote", "origin", "refs/castoff/*").split("\n")
    return sorted(line.partition("refs/castoff/")[2] for line in listed if line)


def test_where_nothing_was_uploaded_nothing_is_left_and_the_version_is_free(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ground.castoff(monkeypatch, "plan", "major") == 4, "another one is under way"
    assert "release-in-flight" in capsys.readouterr().err

    assert ground.castoff(monkeypatch, *ABANDON) == 0

    assert claims(ground) == []
    assert ground.git("log", "--format=%s", "origin/main").split("\n")[0] == "Note the tide"
    capsys.readouterr()
    assert ground.castoff(monkeypatch, "plan", "minor", "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["release"]["claimed_by"] == "refs/castoff/1.1.0"


def test_what_was_uploaded_is_told_again_until_a_person_has_yanked_it(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index: Any = ground.here.world.python_index
    index.seed([Seed(name="proof-core", version="1.1.0", requires_dist=())])

    assert ground.castoff(monkeypatch, *ABANDON) == 4
    assert claims(ground) == ["given-up/1.1.0"]
    assert "only a person can yank" in capsys.readouterr().out
    assert ground.castoff(monkeypatch, *ABANDON) == 4, "nobody did"

    index.store.yank("proof-core", "1.1.0", "given up")

    assert ground.castoff(monkeypatch, *ABANDON) == 0
    assert claims(ground) == ["given-up/1.1.0"]
    assert ground.castoff(monkeypatch, "status", "1.1.0") == 0
    assert "1.1.0: abandoned" in capsys.readouterr().out


def test_a_lock_that_was_left_behind_is_named_with_the_way_to_delete_it(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.git("push", "--quiet", "origin", ":refs/castoff/1.1.0")

    assert ground.castoff(monkeypatch, "plan", "minor") == 4

    told = capsys.readouterr()
    assert "claim-taken" in told.out + told.err
    assert "git push origin :refs/castoff/on/main" in told.out + told.err


def test_a_release_pull_request_is_refused_with_the_other_way(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ground.castoff(monkeypatch, "release", "minor", "--pull-request") == 4

    assert "version-from-tags" in capsys.readouterr().err


@pytest.mark.parametrize("above", [False, True], ids=["on the claimed commit", "on a later one"])
def test_a_tag_by_hand_finishes_no_version_that_a_ref_claims(
    ground: Ground, above: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.git("commit", "--quiet", "--allow-empty", "-m", "later")
    ground.git("tag", "--no-sign", "1.1.0", "HEAD" if above else "HEAD~1")
    ground.git("push", "--quiet", "origin", "HEAD:main", "1.1.0")

    ground.castoff(monkeypatch, "status", "--json")
    assert json.loads(capsys.readouterr().out)["phase"] == "in-flight"
    assert ground.castoff(monkeypatch, "plan", "major") == 4
    assert "release-in-flight" in capsys.readouterr().err
