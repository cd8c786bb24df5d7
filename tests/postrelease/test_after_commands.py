"""The commands after the announcement: exit codes, one object for those who read, nothing written without --execute."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from postrelease.after_bench import DAY, Yard, published, yard
from postrelease.test_after_website import FILES, SITE, make_site

SCHEMAS = Path(__file__).parents[2] / "src" / "castoff" / "schemas"
BUILDS = {
    "builds": [
        {"name": "kit", "version": "1.1.0", "schedule": [{"state": "built"}]},
        {"name": "kit-core", "version": "1.1.0", "schedule": [{"state": "failed"}], "log": "error: x"},
    ]
}


def castoff(here: Yard, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "castoff", *words],
        cwd=here.checkout,
        env=here.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def read(output: str, schema: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(output)
    jsonschema.validate(value, json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8")))
    return value


@pytest.mark.needs("cargo")
def test_each_command_gives_one_object_that_fits_its_schema(tmp_path: Path) -> None:
    with yard(tmp_path, docs=BUILDS) as here:
        before = here.writes()

        codes = {
            name: castoff(here, name, *words, "--json")
            for name, words in {
                "changelog": ["1.1.0"],
                "docs": ["1.1.0"],
                "verify": ["--without-trial"],
            }.items()
        }

        for name, (_, output, errors) in codes.items():
            read(output, name)
            assert errors == ""
        assert [code for code, _, _ in codes.values()] == [0, 4, 4]
        assert here.writes() == before


def test_the_workflows_call_ports_by_tag_and_does_nothing_the_second_time(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        first = castoff(here, "changelog", "--execute", "--no-input", "--", "1.1.0")
        head = here.head()
        second = castoff(here, "changelog", "--execute", "--no-input", "--", "1.1.0")

        assert (first[0], second[0]) == (0, 0)
        assert first[1].startswith("main:CHANGELOG.md:5: filled")
        assert second[1].startswith("main:CHANGELOG.md:5: unchanged")
        assert here.head() == head


def test_a_section_by_hand_ends_with_4_and_shows_the_difference(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        castoff(here, "changelog", "1.1.0", "--execute")
        here.git("pull", "--quiet", "origin", "main")
        here.commit({"CHANGELOG.md": here.text().replace("The kit folds.", "Mine.")}, "Mine")
        here.push("main")

        code, output, errors = castoff(here, "changelog", "1.1.0", "--execute")

        assert code == 4
        assert "-Mine." in output and "--replace" in errors


WAITS = {"a short wait": (["--wait", "0.5"], 3), "no wait": ([], 0)}


@pytest.mark.parametrize(("words", "code"), WAITS.values(), ids=WAITS)
def test_a_wait_that_runs_out_ends_with_3(words: list[str], code: int, tmp_path: Path) -> None:
    with yard(tmp_path, docs={"builds": []}) as here:
        found, output, _ = castoff(here, "docs", "1.1.0", *words)

    assert found == code
    assert "queued" in output


def test_a_wait_without_a_number_is_half_a_day_and_ends_with_the_builds(tmp_path: Path) -> None:
    with yard(tmp_path, docs=BUILDS) as here:
        assert castoff(here, "docs", "1.1.0", "--wait")[0] == 4


BAD = {
    "docs of nothing": (["docs", "9.9.9"], 4, "not-tagged-yet"),
    "docs of a word": (["docs", "kit"], 2, "unknown-version"),
    "verify of a word": (["verify", "kit"], 2, "unknown-version"),
    "website of a word": (["website", "kit"], 2, "unknown-version"),
    "changelog of a path": (["changelog", "a/b"], 2, "unknown-version"),
    "changelog of an option": (["changelog", "--", "--execute"], 2, "unknown-version"),
    "a control character": (["docs", "1.1.0\x1b[31m"], 2, "unknown-version"),
    "a body without a day": (["changelog", "1.1.0", "--body", "CHANGELOG.md"], 2, "option-missing"),
    "a body that is not there": (
        ["changelog", "1.1.0", "--body", "no.md", "--url", "https://x.invalid", "--date", DAY],
        2,
        "file-unreadable",
    ),
}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """A yard for runs that write nothing."""
    with yard(tmp_path_factory.mktemp("untouched")) as made:
        yield made


@pytest.mark.parametrize(("words", "code", "problem"), BAD.values(), ids=BAD)
def test_bad_words_are_refused(words: list[str], code: int, problem: str, untouched: Yard) -> None:
    found, output, errors = castoff(untouched, *words)

    assert found == code
    assert f"error[{problem}]" in errors
    assert output == ""
    assert "\x1b" not in errors


def test_the_website_says_what_it_would_do_and_does_it(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        make_site(here)
        (here.checkout / "castoff.toml").write_text(SITE)
        waiting = castoff(here, "website", "1.1.0")
        castoff(here, "changelog", "1.1.0", "--execute")
        shown = castoff(here, "website", "1.1.0", "--json")
        done = castoff(here, "website", "1.1.0", "--execute")

        assert "after the changelog" in waiting[1]
        assert [page["action"] for page in json.loads(shown[1])["pages"]] == ["create", "create"]
        assert done[0] == 0


def test_a_draft_is_no_error(tmp_path: Path) -> None:
    with yard(tmp_path, forge={"releases": [published(draft=True)]}) as here:
        code, output, _ = castoff(here, "changelog", "1.1.0", "--execute")

    assert code == 0
    assert "when the release is announced" in output
