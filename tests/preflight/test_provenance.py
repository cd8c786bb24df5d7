"""Whether npm can make the statements of provenance that its settings ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from castoff.model.workspace import Package
from castoff.preflight.provenance import provenance_problems
from config.configuration_files import Files

ASKED = {"NPM_CONFIG_PROVENANCE": "true"}
ACTIONS = {"GITHUB_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true"}
PACKAGE = Package(
    name="a",
    ecosystem="npm",
    path="a",
    manifest="a/package.json",
    version="1.0.0",
    version_file="a/package.json",
)


def problems(folder: Path, environment: dict[str, str], config: dict[str, object] | None = None) -> list[str]:
    manifest = {"name": "a", "version": "1.0.0", **({"publishConfig": config} if config else {})}
    files = Files({"package.json": json.dumps({"workspaces": ["a"]}), "a/package.json": json.dumps(manifest)})
    found = provenance_problems({"HOME": str(folder / "home"), **environment}, folder, files, [PACKAGE])
    return [f"{one.code}: {one.reason}" for one in found]


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, None),
        (ASKED, "npm makes them only in jobs"),
        ({"npm_config_provenance": "false"}, None),
        (ASKED | ACTIONS, "`id-token: write`"),
        (ASKED | ACTIONS | {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1/"}, None),
        (ASKED | GITLAB, "`SIGSTORE_ID_TOKEN`"),
        (ASKED | GITLAB | {"SIGSTORE_ID_TOKEN": "x"}, None),
    ],
)
def test_a_statement_of_provenance_needs_a_job_that_may_make_it(
    tmp_path: Path, environment: dict[str, str], reason: str | None
) -> None:
    found = problems(tmp_path, environment)

    assert len(found) == (reason is not None)
    assert all(one.startswith("provenance-not-possible: ") and reason and reason in one for one in found)


@pytest.mark.parametrize(
    ("workspace", "user", "named"),
    [
        ("provenance=true", "", "`.npmrc` of the workspace"),
        ("registry=x\nprovenance = true\n", "", "`.npmrc` of the workspace"),
        ("provenance\n", "", "`.npmrc` of the workspace"),
        ("", "provenance=true", "your `.npmrc`"),
        ("provenance=false", "provenance=true", None),
        ("# provenance=true\n; provenance=true", "", None),
        ("provenance=true\nprovenance=false", "", None),
        ("provenance-file=x", "", None),
    ],
)
def test_the_first_settings_that_name_it_decide(
    tmp_path: Path, workspace: str, user: str, named: str | None
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".npmrc").write_text(user, "utf-8")
    (tmp_path / ".npmrc").write_text(workspace, "utf-8")

    found = problems(tmp_path, {})
    silenced = problems(tmp_path, {"NPM_CONFIG_PROVENANCE": "false"})

    assert len(found) == (named is not None)
    assert all(named and named in one for one in found)
    assert silenced == []


@pytest.mark.parametrize(
    ("config", "count"), [({"provenance": True}, 1), ({"provenance": False}, 0), ({}, 0)]
)
def test_a_manifest_overrides_the_variable(tmp_path: Path, config: dict[str, object], count: int) -> None:
    assert len(problems(tmp_path, {"NPM_CONFIG_PROVENANCE": "false"}, config)) == count
