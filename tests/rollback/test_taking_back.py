"""C6: yank and abandon, in real embedded worlds with real clients."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from castoff.errors import Refusal
from castoff.world.forge import protecting
from castoff.world.forge.records import Protection
from castoff.world.seed import WorldSeed
from rollback.taking_back import Scene, ids, is_signed, make_ground, scene

pytestmark = pytest.mark.real

RELEASED_BEFORE = {"releases": [{"tag": "1.0.0", "name": "1.0.0", "body": "First.", "draft": False}]}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_ground(tmp_path_factory.mktemp("taking-back"))


def releases(there: Scene) -> dict[str, str]:
    listed = there.here.world.dump()["forge"]["releases"]
    return {one["tag"]: one["body"] for one in listed}


def test_a_yank_marks_the_page_moves_latest_and_says_what_a_person_must_do(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground, WorldSeed(forge=RELEASED_BEFORE)) as there:
        there.release()

        ended = there.yank(reason="It loses data.\n## Not a heading")

        assert not ended.is_done
        assert [one.package for one in ended.by_hand] == ["proof", "proof-core"]
        assert all(one.code == "yank-by-hand" and one.remedy for one in ended.by_hand)
        assert releases(there)["1.1.0"].startswith(
            "> [!CAUTION]\n> **Withdrawn on 2026-01-31.** Do not use this version. Use 1.0.0 instead.\n"
            "> It loses data. ## Not a heading\n\n"
        )
        assert "What's Changed" in releases(there)["1.1.0"] or "Full Changelog" in releases(there)["1.1.0"]
        assert there.setting().forge(there.here.world.repository.url).latest() == "1.0.0"  # type: ignore[union-attr]
        assert "1.1.0" in there.here.git(there.here.world.repository.path, "tag")


def test_a_yank_that_is_done_gets_no_writes(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.release()
        there.yank()
        there.by_hand("proof", "proof-core")
        before = there.writes()

        ended = there.yank()

        assert ended.is_done
        assert ended.by_hand == ()
        assert ended.burned
        assert ended.next_free == "1.1.1"
        assert there.writes() == before
        assert there.status().phase == "abandoned"


def test_without_a_yes_nothing_is_written(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.half()
        before = there.writes()

        ended = there.abandon(yes=False)
        there.yank(yes=False)

        assert ids(ended.acts) == ["version:revert", "version:revert-pull-request"]
        assert ended.acts[1].condition == "if `main` does not accept pushes"
        assert there.writes() == before


@pytest.mark.whole
def test_a_version_of_which_nothing_was_uploaded_can_be_used_again(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground) as there:
        there.half()
        cut = there.show("CHANGELOG.md")
        grown = cut.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Came later.\n", 1)
        there.commit({"docs/more.txt": "More.\n", "CHANGELOG.md": grown})

        ended = there.abandon()

        assert ended.is_done
        assert not ended.burned
        assert there.log()[0] == 'Revert "release 1.1.0"'
        assert 'version = "1.0.0"' in there.show("packages/proof/pyproject.toml")
        assert there.show("docs/more.txt") == "More.\n"
        assert grown != cut
        assert "1.1.0" not in there.show("CHANGELOG.md")
        assert "## [Unreleased]\n\n- Came later.\n" in there.show("CHANGELOG.md")
        assert is_signed(there.here.world.repository.path, "main")
        assert there.status().phase == "abandoned"
        assert there.status(None).version == "1.0.0"
        before = there.writes()
        assert there.abandon().is_done
        assert there.writes() == before
        again = there.release("minor")
        assert (again.version, again.resumed) == ("1.1.0", False)
        assert there.status().phase == "complete"


@pytest.mark.whole
def test_where_the_branch_takes_no_pushes_the_revert_is_a_pull_request(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground) as there:
        there.half()
        bare = there.here.world.repository.path
        protecting.install_hooks(bare, [Protection(branch="main", rules=("pull_request",))], "main")

        ended = there.abandon()

        (pull,) = there.here.world.dump()["forge"]["pull_requests"]
        assert (pull["title"], pull["state"]) == ('Revert "release 1.1.0"', "open")
        assert not ended.is_done
        before = there.writes()
        assert not there.abandon().is_done
        assert there.writes() == before
        there.here.git(bare, "update-ref", "refs/heads/main", "refs/heads/castoff/revert-1.1.0")
        assert there.abandon().is_done
        assert there.status().phase == "abandoned"


def test_a_version_of_which_some_was_uploaded_is_burned(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.half("proof-1*")

        ended = there.abandon()

        assert ended.burned
        assert ended.next_free == "1.1.1"
        assert [one.package for one in ended.by_hand] == ["proof-core"]
        assert not ended.is_done
        assert there.status().phase == "abandoned"
        there.by_hand("proof-core")
        assert there.abandon().is_done
        with pytest.raises(Refusal, match="version-burnt"):
            there.release("minor")
        assert there.release("1.1.1").version == "1.1.1"


GENERATED = "## What's Changed\n* Fix it by @ada in https://github.com/acme/harbour/pull/1\n"


@pytest.mark.parametrize(
    ("body", "left"),
    [
        pytest.param(GENERATED, [], id="generated"),
        pytest.param("# The tide is in\n\n" + GENERATED, ["1.1.0"], id="with highlights"),
        pytest.param("Only words.", ["1.1.0"], id="words alone"),
        pytest.param("", [], id="empty"),
    ],
)
def test_a_draft_of_an_abandoned_version_goes_unless_people_wrote_in_it(
    body: str, left: list[str], ground: tuple[Path, Path], tmp_path: Path
) -> None:
    draft = {"tag": "1.1.0", "name": "1.1.0", "body": body, "draft": True}
    with scene(tmp_path, ground, WorldSeed(forge={"releases": [draft]})) as there:
        there.half()

        ended = there.abandon()

        assert ended.is_done
        assert list(releases(there)) == left
        assert [one.code for one in ended.problems] == ["draft-kept"] * len(left)


def test_what_is_tagged_cannot_be_abandoned(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.release()

        with pytest.raises(Refusal, match="abandon-too-late") as refused:
            there.abandon()

        assert "castoff yank 1.1.0" in refused.value.problems[0].remedy


@pytest.mark.whole
def test_an_abandonment_that_was_stopped_after_the_revert_goes_on(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    """Here a person reverted; a killed run leaves the same."""
    with scene(tmp_path, ground) as there:
        there.half("proof-1*")
        clone = there.here.checkout()
        there.here.git(clone, "revert", "--no-edit", "HEAD")
        there.here.git(clone, "push", "--quiet", "origin", "main")
        commits = len(there.log())

        ended = there.abandon()

        assert [one.package for one in ended.by_hand] == ["proof-core"]
        assert len(there.log()) == commits


@pytest.mark.whole
def test_a_conflict_is_left_to_a_person(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.half()
        text = there.show("packages/proof/pyproject.toml")
        there.commit(
            {"packages/proof/pyproject.toml": text.replace('version = "1.1.0"', 'version = "1.2.0.dev0"')}
        )

        with pytest.raises(Refusal, match="revert-conflict") as refused:
            there.abandon()

        assert refused.value.problems[0].file == "packages/proof/pyproject.toml"


def test_a_squash_that_carries_more_is_not_reverted(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        texts = {}
        for path in ("packages/proof/pyproject.toml", "packages/proof-core/pyproject.toml"):
            texts[path] = there.show(path).replace("1.0.0", "1.1.0")
        there.commit({**texts, "packages/proof/src/proof/work.py": "x = 1\n"}, "Release 1.1.0 and more (#7)")

        with pytest.raises(Refusal, match="revert-carries-more") as refused:
            there.abandon()

        assert refused.value.problems[0].file == "packages/proof/src/proof/work.py"


@pytest.mark.whole
def test_a_first_release_that_changed_no_version_can_be_abandoned(tmp_path: Path) -> None:
    key, source = make_ground(tmp_path)
    for words in (
        ["tag", "--delete", "1.0.0"],
        ["switch", "--quiet", "--orphan", "fresh"],
        ["checkout", "--quiet", "main", "--", "."],
        ["commit", "--quiet", "-m", "Begin"],
        ["branch", "--force", "-M", "main"],
    ):
        subprocess.run(["git", *words], cwd=source, check=True, capture_output=True)
    with scene(tmp_path / "case", (key, source)) as there:
        for name in ("proof", "proof-core"):
            there.here.world.python_index.store.delete(name, "1.0.0")
        there.half(level="1.0.0")
        assert there.status(None).version == "1.0.0"

        ended = there.abandon("1.0.0")

        assert ended.is_done
        assert not ended.burned
        assert there.log()[0] == 'Revert "release 1.0.0"'
        assert there.status("1.0.0").phase == "abandoned"
        assert there.status(None).phase == "none"
