"""What a plan tells somebody who mistyped a version."""

from __future__ import annotations

from pathlib import Path

import pytest
from newcomer_bench import TIDES, Shore

NAMES = ("tidepool-core", "tidepool")


@pytest.fixture(scope="module")
def shore(tmp_path_factory: pytest.TempPathFactory) -> Shore:
    return Shore.made(tmp_path_factory.mktemp("shore"), {})


@pytest.mark.parametrize(
    ("level", "codes"),
    [
        pytest.param("13.0", {"version-skips-a-step", "version-shorter"}, id="a point too few"),
        pytest.param("1.3", {"version-shorter"}, id="a number too few"),
        pytest.param("1.4.0", {"version-skips-a-step"}, id="a minor left out"),
        pytest.param("1.3.1", {"version-skips-a-step"}, id="a patch of what was never released"),
        pytest.param("1.3.0", set(), id="the next minor"),
        pytest.param("2.0.0rc1", set(), id="a candidate of the next major"),
        pytest.param("patch", set(), id="a level"),
    ],
)
def test_a_version_that_looks_mistyped_is_warned_of(
    level: str, codes: set[str], shore: Shore, capfd: pytest.CaptureFixture[str]
) -> None:
    assert shore.castoff("plan", level) == 0

    said = capfd.readouterr().err
    assert {
        code for code in ("version-skips-a-step", "version-shorter") if f"warning[{code}]" in said
    } == codes


@pytest.mark.parametrize(
    ("level", "said"),
    [
        pytest.param("minor", "use 1.3.1, unless", id="what was given up"),
        pytest.param("1.3.1", "", id="what follows it"),
        pytest.param("1.5.0", "come 2.0.0 or 1.4.0 or 1.3.1 or 1.2.1", id="a step too far"),
    ],
)
def test_a_version_that_was_given_up_is_not_advised(
    level: str, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shore = Shore.made(tmp_path, {})
    projects = {path: text for path, text in TIDES.items() if "1.2.0" in text}
    shore.push({path: text.replace("1.2.0", "1.3.0") for path, text in projects.items()})
    shore.push(projects, 'Revert "release 1.3.0"')

    assert shore.castoff("plan", level) == 0

    told = capfd.readouterr().err
    assert said in told
    assert said or "version-" not in told


def test_a_plan_names_the_commands_that_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hook = '[[version.run]]\ncommand = ["./news", "{version}"]\nwrites = ["news.txt"]\n'
    Shore.made(tmp_path, {"castoff.toml": hook}).castoff("plan", "minor")

    assert "runs `./news 1.3.0`, which can write: news.txt\n" in capfd.readouterr().out


def test_a_plan_names_the_lock_files_that_follow(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    locks = {"uv.lock": "version = 1\n", "packages/tidepool/poetry.lock": "", "elsewhere/uv.lock": ""}
    Shore.made(tmp_path, locks).castoff("plan", "minor")

    told = "lock files, updated by their clients: packages/tidepool/poetry.lock, uv.lock\n"
    assert told in capfd.readouterr().out


def test_a_manifest_that_cannot_be_read_comes_first_and_nothing_is_counted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shore = Shore.made(tmp_path, {})
    shore.push({"packages/tidepool/pyproject.toml": "[project\n"})

    assert shore.castoff("plan", "minor") == 4

    said = capfd.readouterr()
    assert said.err.startswith("error[toml-invalid]")
    assert "uploads in" not in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("plan", "mnior"), "did you mean `minor`?", id="a level"),
        pytest.param(("plan",), "LEVEL is missing: use major, minor, patch, release, rc", id="no level"),
        pytest.param(("relase", "minor"), "Did you mean `release`?", id="a command"),
    ],
)
def test_a_word_that_is_mistyped_is_answered_with_the_nearest(
    words: tuple[str, ...], told: str, shore: Shore, capfd: pytest.CaptureFixture[str]
) -> None:
    assert shore.castoff(*words) == 2

    assert told in capfd.readouterr().err


def test_a_candidate_is_spelled_as_the_tags_do_in_a_refusal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shore = Shore.made(tmp_path, {})
    shore.git("tag", "1.5.0rc1")
    shore.git("push", "--quiet", "--tags")

    assert shore.castoff("plan", "beta") == 2

    assert "`beta` after 1.5.0rc1 would sort before it" in capfd.readouterr().err


def test_a_shallow_clone_is_named_where_its_missing_history_stops_a_command(
    shore: Shore, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    remote = (shore.clone.parent / "remote.git").as_uri()
    shore.ground.git(tmp_path, "clone", "--quiet", "--depth=1", "--no-tags", remote, "cut")
    cut = Shore(shore.ground, tmp_path / "cut")

    assert cut.castoff("resume") == 4

    said = capfd.readouterr()
    assert "error[shallow-clone]" in said.err
    assert "None" not in said.out


README = """\
# Tidepool

Current release: 1.2.0 (needs numpy>=1.2.0).

    pip install tidepool==1.2.0

## News

1.2.0 was a good one.
"""
MODULE = "packages/tidepool/src/tidepool/__init__.py"
STALE = {"README.md": README, MODULE: '__version__ = "1.2.0"\n', "CHANGELOG.md": "# Changelog\n\n## 1.2.0\n"}
PLACES = "README.md:3 (Current release: 1.2.0), README.md:5 (pip install tidepool==1.2.0), " + MODULE + ":1"


def test_what_would_still_say_the_old_version_is_listed_and_init_writes_the_rules(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shore = Shore.made(tmp_path, STALE)

    assert shore.castoff("plan", "minor") == 0
    said = capfd.readouterr().err
    assert "warning[version-left-behind]: 1.2.0 would remain in 3 places that no rule changes" in said
    assert PLACES in said

    assert shore.castoff("init", "--execute") == 0
    shore.push({})
    capfd.readouterr()
    assert shore.castoff("plan", "minor") == 0
    said_now = capfd.readouterr()
    assert "version-left-behind" not in said_now.err, said_now.err
    for change in (
        "README.md:3  Current release: 1.2.0 -> Current release: 1.3.0",
        "README.md:5  pip install tidepool==1.2.0 -> pip install tidepool==1.3.0",
        f'{MODULE}:1  __version__ = "1.2.0 -> __version__ = "1.3.0',
    ):
        assert change in said_now.out


def test_a_candidate_leaves_the_documents_at_the_stable_version(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Shore.made(tmp_path, STALE).castoff("plan", "minor", "--pre", "rc")

    said = capfd.readouterr().err
    assert "1.2.0 would remain in one place that no rule changes" in said
    assert MODULE in said


def test_a_tag_in_another_form_is_named_where_it_stands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shore = Shore.made(tmp_path, {})
    texts = {f"packages/{name}/pyproject.toml": TIDES[f"packages/{name}/pyproject.toml"] for name in NAMES}
    shore.push({path: text.replace("1.2.0", "1.3.0") for path, text in texts.items()})
    shore.git("tag", "v1.3.0")
    shore.git("push", "--quiet", "--tags")
    shore.push({"castoff.toml": '[release]\ntag = "{version}"\n'})

    assert shore.castoff("plan", "minor") == 0
    assert shore.castoff("plan", "patch") == 4

    said = capfd.readouterr().err
    assert "its tag is not on the remote: `v1.3.0` exists, but does not match `release.tag`" in said
    assert "change `release.tag` to the form of that tag; otherwise finish it" in said


def test_a_branch_that_is_not_on_the_remote_is_named_with_the_command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shore = Shore.made(tmp_path, {})
    shore.git("switch", "--quiet", "--create", "1.2.x")

    assert shore.castoff("plan", "patch") == 0

    said = capfd.readouterr().err
    assert "the remote `origin` has no branch `1.2.x`" in said
    assert "`git push --set-upstream origin 1.2.x`" in said
