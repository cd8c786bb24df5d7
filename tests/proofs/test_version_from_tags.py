"""G8 with real tools and real kills: no version in the tree, a ref claims, and the tools build what the tag says."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from proofs.tagged import NO_ISOLATION, write_tagged
from proofs.worlds import Stage, end_by_force, make_key, make_source, read_events, stage_of

pytestmark = pytest.mark.real
COMMAND = ("release", "minor", "--execute", "--yes")


def test_a_job_claims_by_a_ref_and_others_build_sign_upload_and_push(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    settings = NO_ISOLATION.format(python=sys.executable) + '\n[release]\nsign = "tag"\n'
    source = make_source(tmp_path / "source", key, write_tagged(tmp_path / "sample", settings))
    with stage_of(tmp_path / "world", key, source) as here:
        clone, built, tags = here.checkout(), str(tmp_path / "built"), str(tmp_path / "tags")

        def run(*words: str) -> str:
            code, output = here.run(clone, *words)
            assert code == 0, output
            return output

        run("release", "minor", "--execute", "--rehearsed", "--only", "version")
        assert "refs/castoff/1.1.0" in _refs(here)
        run("build", "--to", built)
        made = json.loads(run("tag", "--json", "--built", built, "--to", tags))["tags"][-1]["object"]
        (tmp_path / "OBJECTS").write_text(made, "utf-8")
        handed = ("--tags", tags, "--objects", str(tmp_path / "OBJECTS"))
        run("resume", "--execute", "--only", "publish", "--built", built, *handed)
        run("resume", "--execute", *handed)

        refs = _refs(here)
        assert not [ref for ref in refs if ref.startswith("refs/castoff/")]
        assert refs["refs/tags/1.1.0"]["signed"] is True
        assert made in here.git(clone, "ls-remote", "--tags", "origin")


@pytest.mark.whole
def test_killed_after_the_claim_and_after_an_upload_others_finish_it_and_the_ref_goes(tmp_path: Path) -> None:
    """Three machines, one release: the world holds what the tag says, and nothing more."""
    key = make_key(tmp_path)
    settings = NO_ISOLATION.format(python=sys.executable)
    source = make_source(tmp_path / "source", key, write_tagged(tmp_path / "sample", settings))
    with stage_of(tmp_path / "world", key, source) as here:
        first, second, third = (here.checkout() for _ in range(3))
        head = here.git(first, "rev-parse", "HEAD").strip()

        assert _killed(here, first, "act-end", "version:push")
        claimed = _refs(here)
        assert {"refs/castoff/1.1.0", "refs/castoff/on/main"} <= claimed.keys()
        assert claimed["refs/castoff/1.1.0"]["commit"] == claimed["refs/heads/main"]["commit"] == head
        assert "refs/tags/1.1.0" not in claimed

        assert _killed(here, second, "act-end", "publish:python:proof-core:proof_core-1.1.0.tar.gz")
        code, output = here.run(third, "status", "--json")
        status = json.loads(output)
        assert (code, status["version"], status["release_commit"]) == (
            0,
            "1.1.0",
            {"commit": head, "found_by": "ref"},
        )

        code, output = here.run(third, "resume", "--execute", "--yes")
        assert code == 0, output
        refs = _refs(here)
        assert not [ref for ref in refs if ref.startswith("refs/castoff/")]
        assert (refs["refs/tags/1.1.0"]["commit"], refs["refs/tags/1.1.0"]["signed"]) == (head, True)
        assert refs["refs/heads/main"]["commit"] == head
        assert here.git(third, "tag", "--list").split() == ["1.0.0"], "the user's clone gained no tag"
        uploads: Any = here.world.dump()["python"]
        assert sorted(one["filename"] for one in uploads["uploads"]) == [
            "proof-1.1.0-py3-none-any.whl",
            "proof-1.1.0.tar.gz",
            "proof_core-1.1.0-py3-none-any.whl",
            "proof_core-1.1.0.tar.gz",
        ]
        assert "Requires-Dist: proof-core==1.1.0" in _metadata(here)

        before = here.dump()
        code, output = here.run(first, *COMMAND)
        assert (code, here.dump()) == (0, before), output


@pytest.mark.whole
def test_a_rival_who_claims_another_version_in_the_last_moment_wins(tmp_path: Path) -> None:
    """The loser names the version that was claimed, and leaves nothing on the remote."""
    key = make_key(tmp_path)
    settings = NO_ISOLATION.format(python=sys.executable)
    source = make_source(tmp_path / "source", key, write_tagged(tmp_path / "sample", settings))
    with stage_of(tmp_path / "world", key, source) as here:
        checkout = here.checkout()
        hook = checkout / ".git" / "hooks" / "pre-push"
        hook.write_text(_RIVAL.format(mark=tmp_path / "mark"), encoding="utf-8")
        hook.chmod(0o755)

        code, output = here.run(checkout, *COMMAND)

        assert (code, "claimed-by-another" in output, "claimed 2.0.0 while" in output) == (4, True, True), (
            output
        )
        found = [ref for ref in _refs(here) if not ref.startswith("refs/tags/")]
        assert found == ["refs/castoff/2.0.0", "refs/castoff/on/main", "refs/heads/main"]


_RIVAL = """#!/bin/sh
test -e {mark} && exit 0
touch {mark}
git tag --no-sign --annotate -m rival rival HEAD
git push --quiet --no-verify "$2" HEAD:refs/castoff/2.0.0 rival:refs/castoff/on/main
"""


def _killed(here: Stage, checkout: Path, kind: str, act: str) -> bool:
    """Start a release, and kill it when it has told of an event; False where it ended before."""
    events = checkout / ".git" / "events"
    process = here.start(checkout, *COMMAND, "--events", str(events))
    until = time.monotonic() + 120.0
    while time.monotonic() < until and process.poll() is None:
        if any((one["type"], one.get("act")) == (kind, act) for one in read_events(events)):
            break
        time.sleep(0.01)
    return end_by_force(process)


def _refs(here: Stage) -> dict[str, Any]:
    dumped: Any = here.world.dump()["git"]
    found: dict[str, Any] = dumped["refs"]
    return found


def _metadata(here: Stage) -> str:
    shown = here.world.python_index.store.show("proof")
    assert shown is not None
    files = {artifact.filename: artifact for artifact, _, _ in shown.files}
    return files["proof-1.1.0-py3-none-any.whl"].metadata.decode()
