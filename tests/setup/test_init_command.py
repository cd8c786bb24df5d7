from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from moving_in_trees import ROCKET

SCHEMAS = Path(__file__).parents[2] / "src" / "castoff" / "schemas"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "rocket"
    for path, text in ROCKET.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "config", "user.email", "a@example.invalid")
    git(root, "config", "user.name", "A")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "release 1.2.0")
    git(root, "tag", "1.2.0")
    return root


def git(folder: Path, *words: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True)


def init(folder: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "castoff", "init", *words],
        cwd=folder,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.real
def test_init_prints_first_then_writes_once_and_then_changes_nothing(workspace: Path) -> None:
    code, shown, told = init(workspace)
    assert code == 0
    assert not (workspace / "castoff.toml").exists()
    assert "pass --execute" in told

    assert init(workspace, "--execute")[0] == 0
    assert (workspace / "castoff.toml").read_text("utf-8") == shown

    code, again, told = init(workspace, "--execute")
    assert (code, again) == (0, "")
    assert "already has this content" in told


@pytest.mark.real
def test_init_overwrites_nothing_and_shows_the_difference(workspace: Path) -> None:
    mine = '[release]\nfacade = "rocket"\n'
    (workspace / "castoff.toml").write_text(mine, "utf-8")

    code, shown, told = init(workspace, "--execute")

    assert code == 4
    assert "error[configuration-differs]" in told
    assert '-facade = "rocket"' in shown.splitlines()
    assert (workspace / "castoff.toml").read_text("utf-8") == mine


@pytest.mark.real
def test_what_was_added_below_stays_and_is_no_difference(workspace: Path) -> None:
    init(workspace, "--execute")
    with (workspace / "castoff.toml").open("a", encoding="utf-8") as file:
        file.write("\n[due]\ndays = 14\n")

    assert init(workspace, "--execute")[0] == 0


@pytest.mark.real
def test_init_gives_one_object_with_all_that_it_found(workspace: Path) -> None:
    code, shown, _ = init(workspace, "--json")
    answer = json.loads(shown)

    assert code == 0
    assert (answer["schema"], answer["done"], answer["difference"]) == ("castoff/init", "printed", "")
    schema = json.loads((SCHEMAS / "init.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert {one["where"] for one in answer["left"]} >= {"scripts/pre.sh:6"}


@pytest.mark.real
def test_a_table_in_a_manifest_is_not_doubled(workspace: Path) -> None:
    with (workspace / "Cargo.toml").open("a", encoding="utf-8") as file:
        file.write('[workspace.metadata.castoff.release]\nfacade = "rocket"\n')
    git(workspace, "commit", "--quiet", "--all", "-m", "Configure")

    code, _, told = init(workspace, "--execute")

    assert code == 4
    assert "configured-elsewhere" in told


@pytest.mark.real
def test_pending_change_files_become_news_once_and_the_level_is_named(workspace: Path) -> None:
    (workspace / ".changeset").mkdir()
    (workspace / ".changeset/config.json").write_text('{"fixed": [["rocket", "rocket-derive"]]}', "utf-8")
    (workspace / ".changeset/a.md").write_text('---\n"rocket": major\n---\n\nBurn longer.\n', "utf-8")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "-m", "A change")

    _, _, told = init(workspace)
    assert "would be under the unreleased heading of CHANGELOG.md" in told
    assert "castoff release major" in told

    assert init(workspace, "--execute")[0] == 0
    assert (workspace / "CHANGELOG.md").read_text("utf-8").count("- Burn longer.") == 1

    git(workspace, "commit", "--quiet", "--all", "-m", "News")
    assert "are in CHANGELOG.md already" in init(workspace, "--execute")[2]
    assert (workspace / "CHANGELOG.md").read_text("utf-8").count("- Burn longer.") == 1
