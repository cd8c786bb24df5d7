"""Remedies for claims, the demo, the embedded forge and what a check cannot know: functions with scripted partners."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_ports import FakeRemote
from git_ground import hook
from newcomer_bench import Shore
from releasing import claim_part, new_world, run_once
from test_published import Index, package
from world_of_fakes import Process, Quiet

from castoff.errors import Problem
from castoff.io.process import Processes
from castoff.model.acts import Act
from castoff.model.intent import Claim, History
from castoff.model.refs import Refs, TagName, TagRef
from castoff.model.versions import ReleaseVersion, read
from castoff.preflight.free_version import claim_taken
from castoff.preflight.registry_names import _Asking
from castoff.preflight.stage import Cannot, Check, Found, run_checks
from castoff.reconcile import Patience
from castoff.reconcile.part import Stage
from castoff.reconcile.reconciler import Reconciler
from castoff.release.acts_ahead import require_shown
from castoff.release.demo import clear_demo, make_sample
from castoff.world.forge.seed import plant
from remedies.following import Case, cases, follow, follow_row, follows

NEW = ReleaseVersion(1, 1, 0)


@follows("acts-changed")
def test_a_plan_with_more_acts_is_agreed_to_when_it_was_shown() -> None:
    tag = Act(id="tag:push", stage="tag", target="the tag `1.1.0`", undo="never")
    upload = Act(id="publish:python:late:late-1.1.0.tar.gz", stage="publish", target="late", undo="never")
    shown = [(tag,)]

    def show() -> None:
        shown.append((upload, tag))

    follow(
        "acts-changed",
        lambda: require_shown(shown[-1], (upload, tag), Quiet()),
        told="without `--execute` to see all acts",
        do=show,
        then=lambda: require_shown(shown[-1], (upload, tag), Quiet()),
    )


@follows("claim-gone")
def test_a_release_whose_claim_was_given_up_is_begun_anew() -> None:
    world = new_world(claim="ref")
    run_once(world, last="version")
    part = claim_part(FakeRemote(Process(world)), "base", is_new=False)
    world.claims.clear()

    def anew() -> None:
        run = run_once(world)
        assert run.end == "done", run.end

    follow(
        "claim-gone",
        lambda: Reconciler(world.clock, Quiet(), Patience()).run(Stage("version", (part,))) and None,
        told="`castoff release LEVEL --execute`",
        do=lambda: None,
        then=anew,
    )


@follows("claim-taken")
def test_a_claim_of_a_branch_that_is_gone_is_deleted() -> None:
    claims = {"on/main": TagRef(object="b" * 40, peeled="a" * 40)}
    seen: Any = SimpleNamespace(
        branch="main", remote="origin", tag_name=TagName("{version}"), refs=Refs(claims=claims)
    )

    follow(
        "claim-taken",
        lambda: claim_taken(seen, NEW),
        told="`git push origin :refs/castoff/on/main`",
        do=claims.clear,
    )


@pytest.mark.parametrize(
    ("way", "left"),
    [
        ("`git push origin 1.0.1`", ["1.0.1"]),
        ("yank the version", ["1.0.1"]),
        ("`git push origin 1.0.1 1.0.2`", ["1.0.1", "1.0.2"]),
        ("yank the other versions", ["1.0.1", "1.0.2"]),
    ],
)
@follows("half-released")
def test_a_version_without_a_tag_gets_its_tag_or_is_yanked(way: str, left: list[str]) -> None:
    index = Index(["1.0.0", *left])
    tags = {"1.0.0": TagRef(object="b" * 40, peeled="a" * 40)}
    previous = Claim(version=ReleaseVersion(1, 0, 0), commit="a" * 40, tagged=True)
    seen: Any = SimpleNamespace(
        history=History(previous=previous),
        tag_name=TagName("{version}"),
        version_of=TagName("{version}").version,
        refs=Refs(tags=tags),
        tagged_versions={ReleaseVersion(1, 0, 0)},
        remote="origin",
    )
    packages = {one: package(one) for one in ("core", "new")}
    before: Any = SimpleNamespace(packages=packages, of_last_release={"cargo": packages})

    def carry_out() -> None:
        if "push" in way:
            tags.update(dict.fromkeys(left, tags["1.0.0"]))
            seen.tagged_versions = set(map(read, tags))
        else:
            index.withdrawn = left

    follow(
        "half-released",
        lambda: _Asking(seen, index, package("new"), before, NEW)(),
        told=way,
        do=carry_out,
    )


@follows("cannot-be-known")
def test_a_check_is_made_again_when_it_can_be_made() -> None:
    answers: list[Found] = [Cannot("the registry did not answer")]

    def look() -> list[Problem]:
        (checked,) = run_checks([Check("name-free", "preflight", lambda: answers[0])])
        return list(checked.findings)

    follow(
        "cannot-be-known",
        look,
        told="fix the reason and run `castoff check` again",
        do=lambda: answers.insert(0, ()),
    )


SEEDS = [
    Case("bad-forge-seed", {"milstones": []}, {"milestones": []}, "`milestones`"),
    Case("bad-forge-seed", {"labels": "a"}, {"labels": ["a"]}, "at the place that the message names"),
]


@cases(SEEDS)
def test_a_seed_is_written_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda seed: plant("acme/kit", seed, datetime(2026, 1, 1, tzinfo=UTC)) and None)


def _sample(folder: Path) -> Path:
    (folder / "packages").mkdir(parents=True)
    (folder / "packages" / "a.txt").write_text("a\n", "utf-8")
    return folder


@follows("demo-failed")
def test_a_demo_is_played_again_in_the_same_folder_when_git_works(tmp_path: Path) -> None:
    source, folder = _sample(tmp_path / "sample"), tmp_path / "demo"
    folder.mkdir()
    broken = hook(tmp_path / "programs", "git", '[ "$1" != commit ] || exit 1; exec /usr/bin/git "$@"')
    environment = {"PATH": f"{broken.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}

    follow(
        "demo-failed",
        lambda: make_sample(Processes(environment), source, folder, tag="1.0.0") and None,
        told="git works",
        do=broken.unlink,
    )


@follows("demo-folder-in-use")
def test_an_empty_folder_is_named_for_a_demo(tmp_path: Path) -> None:
    names = ["mine"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x", "utf-8")
    (tmp_path / "new" / "checkout").mkdir(parents=True)

    follow(
        "demo-folder-in-use",
        lambda: clear_demo(tmp_path / names[0]),
        told="pass an empty or a new folder with `--dir`",
        do=lambda: names.insert(0, "new"),
    )
    assert (tmp_path / "mine" / "thesis.tex").is_file()


@follows("interrupted")
def test_an_interrupted_command_is_run_again(shore: Shore) -> None:
    done = shore.clone.parent / "done"
    once = f"[ -e {done} ] || {{ touch {done}; kill -INT $PPID; sleep 1; }}"
    shore.push({"castoff.toml": f'[[check]]\nname = "once"\ncommand = ["sh", "-c", "{once}"]\n'})
    # A run in the background ignores SIGINT, and so would its children.
    heeding = "import runpy, signal; signal.signal(2, signal.default_int_handler)"
    begun = f"{heeding}; runpy.run_module('castoff', run_name='__main__')"
    words = [sys.executable, "-c", begun, "check", "--only", "user", "--json"]

    def look() -> list[Problem]:
        ended = subprocess.run(
            words, cwd=shore.clone, env=shore.ground.environment, capture_output=True, check=False
        )
        value = json.loads(ended.stdout)
        return [Problem(**one) for one in value.get("problems", ())]

    follow("interrupted", look, told="run the command again", do=lambda: None)
