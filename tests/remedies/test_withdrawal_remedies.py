"""Remedies for versions that are claimed, taken back or proposed: commands against an embedded world."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from castoff.model.acts import Blocked
from castoff.model.observations import Present, Withdrawn
from castoff.model.workspace import Package
from castoff.release.publish import FileLook, PackageLook, decide_package
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from cli.bad_repositories import claim
from cli.ground import Ground
from loopback import open_directly
from proofs.small import write_small
from proofs.worlds import make_key, make_source, stage_of
from remedies.commands import Ending, castoff
from remedies.following import follow, follows

YES = ("--execute", "--yes", "--wait", "5")
Source = tuple[Path, Path]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Return a key, and a repository at 1.0.0 with one commit after it."""
    folder = tmp_path_factory.mktemp("source")
    key = make_key(folder)
    return key, make_source(folder / "source", key, write_small(folder / "sample"))


@contextmanager
def _world(folder: Path, source: Source, **forge: object) -> Iterator[Ground]:
    with stage_of(folder / "world", *source, seed=WorldSeed(forge=forge)) as here:
        yield Ground(here, here.checkout())


def _run(ground: Ground, *words: str) -> Ending:
    return castoff(ground.checkout, ground.here.environment, *words)


def _taken_back(code: str, folder: Path, source: Source) -> None:
    with _world(folder, source) as ground:
        claim(ground)
        withdrawn = code == "artifact-withdrawn"
        ground.here.world.python_index.seed([Seed(name="proof-core", version="1.1.0", yanked=withdrawn)])

        def take_back() -> None:
            _run(ground, "abandon", "1.1.0", *YES)
            ground.git("pull", "--quiet")

        follow(
            code,
            lambda: _run(ground, "resume", "1.1.0", *YES),
            told="`castoff abandon 1.1.0 --execute`, then release the next version",
            do=take_back,
            then=lambda: _run(ground, "release", "1.1.1"),
        )


@follows("artifact-withdrawn")
def test_a_version_with_a_withdrawn_file_is_abandoned(tmp_path: Path, source: Source) -> None:
    _taken_back("artifact-withdrawn", tmp_path, source)


@follows("different-contents")
def test_a_version_with_other_contents_is_abandoned(tmp_path: Path, source: Source) -> None:
    _taken_back("different-contents", tmp_path, source)


@pytest.mark.parametrize("answer", [Withdrawn(), Present(same="no", digest="a" * 64)])
def test_a_tagged_version_is_yanked(answer: Withdrawn | Present) -> None:
    package = Package(
        name="a",
        ecosystem="python",
        path=".",
        manifest="",
        version="1.1.0",
        version_file="",
        kinds=("sdist",),
    )
    seen = PackageLook((FileLook("a-1.1.0.tar.gz", answer),))

    decision = decide_package(package, "1.1.0", seen, tagged=True)

    assert isinstance(decision, Blocked)
    assert "`castoff yank 1.1.0 --execute`" in decision.problem.remedy


@follows("abandon-too-late")
def test_a_tagged_version_is_taken_back_by_a_yank(tmp_path: Path, source: Source) -> None:
    with _world(tmp_path, source) as ground:
        claim(ground)
        ground.git("tag", "--annotate", "-m", "1.1.0", "1.1.0")
        ground.git("push", "--quiet", "origin", "1.1.0")
        follow(
            "abandon-too-late",
            lambda: _run(ground, "abandon", "1.1.0", *YES),
            told="`castoff yank 1.1.0 --execute`",
            do=lambda: None,
            then=lambda: _run(ground, "yank", "1.1.0", *YES),
        )


@follows("abandon-not-newest")
def test_the_newer_version_is_given_up_first(tmp_path: Path, source: Source) -> None:
    with _world(tmp_path, source) as ground:
        claim(ground)
        for path in ("packages/proof-core/pyproject.toml", "packages/proof/pyproject.toml"):
            text = (ground.checkout / path).read_text("utf-8").replace("1.1.0", "1.2.0")
            ground.write(path, text)
        ground.push()
        follow(
            "abandon-not-newest",
            lambda: _run(ground, "abandon", "1.1.0", *YES),
            told="`castoff abandon 1.2.0 --execute`",
            do=lambda: _run(ground, "abandon", "1.2.0", *YES),
        )


@follows("draft-kept")
def test_a_draft_with_words_is_deleted_on_the_forge(tmp_path: Path, source: Source) -> None:
    draft = {"tag": "1.1.0", "name": "1.1.0", "body": "Words.", "draft": True}
    with _world(tmp_path, source, releases=[draft]) as ground:
        claim(ground)
        follow(
            "draft-kept",
            lambda: _run(ground, "abandon", "1.1.0", *YES),
            told="or delete the draft on the forge",
            do=lambda: _ask(ground, "DELETE", f"releases/{_ask(ground, 'GET', 'releases')[0]['id']}"),
        )


@follows("already-claimed")
def test_a_version_on_the_branch_is_resumed(tmp_path: Path, source: Source) -> None:
    with _world(tmp_path, source) as ground:
        claim(ground)
        follow(
            "already-claimed",
            lambda: _run(ground, "release", "1.1.0", "--pull-request"),
            told="`castoff resume 1.1.0 --execute`",
            do=lambda: None,
            then=lambda: _run(ground, "resume", "1.1.0"),
        )


@follows("another-proposal")
def test_the_other_proposal_is_closed(tmp_path: Path, source: Source) -> None:
    with _world(tmp_path, source) as ground:
        ground.git("push", "--quiet", "origin", "HEAD~1:refs/heads/castoff/release-2.0.0")
        follow(
            "another-proposal",
            lambda: _run(ground, "release", "1.1.0", "--pull-request", *YES),
            told="close its pull request and delete the branch",
            do=lambda: ground.git("push", "--quiet", "origin", ":castoff/release-2.0.0"),
            then=lambda: _run(ground, "release", "1.1.0", "--pull-request"),
        )


@follows("claimed-by-another")
def test_a_claim_that_came_first_is_resumed(tmp_path: Path, source: Source) -> None:
    with _world(tmp_path, source) as ground:
        rival = ground.another()
        for path in ("packages/proof-core/pyproject.toml", "packages/proof/pyproject.toml"):
            rival.write(path, (rival.checkout / path).read_text("utf-8").replace("1.0.0", "1.1.0"))
        rival.commit("release 1.1.0")
        done = tmp_path / "done"
        ground.hook(
            "pre-push",
            f"[ -e {done} ] || {{ touch {done}; git -C {rival.checkout} push --quiet origin main; }}",
        )
        follow(
            "claimed-by-another",
            lambda: _run(ground, "release", "minor", *YES),
            told="`castoff resume 1.1.0 --execute`",
            do=lambda: None,
            then=lambda: _run(ground, "resume", "1.1.0", *YES),
        )


def _ask(ground: Ground, method: str, path: str) -> Any:
    environment = ground.here.environment
    url = f"{ground.here.world.forge.url}/repos/{environment['GITHUB_REPOSITORY']}/{path}"
    headers = {"Authorization": f"Bearer {environment['GH_TOKEN']}"}
    with open_directly(urllib.request.Request(url, None, headers, method=method)) as answer:
        return json.loads(answer.read() or b"null")
