"""Whether npm has a token to upload with, found where npm itself looks, and as it reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from castoff.preflight.credentials import npm_credential

LINE = "//registry.example/:_authToken="


@pytest.mark.parametrize(
    ("environment", "workspace", "user", "is_there"),
    [
        pytest.param({}, "", "", False, id="nothing"),
        pytest.param({}, f"{LINE}secret", "", True, id="a token of the workspace"),
        pytest.param({}, "", f"{LINE}secret", True, id="a token of the user"),
        pytest.param({}, f'  {LINE} "secret"', "", True, id="in quotes, behind spaces"),
        pytest.param({}, f"; {LINE}secret", "", False, id="a comment"),
        pytest.param({}, f'{LINE}""', "", False, id="empty quotes"),
        pytest.param({"MINE": "x"}, f"{LINE}${{MINE}}", "", True, id="a variable"),
        pytest.param({}, f"{LINE}${{MINE}}", "", False, id="a variable that is not set"),
        pytest.param({}, f'{LINE}"${{MINE}}"', "", False, id="the same in quotes"),
        pytest.param({"MINE": "x"}, f'{LINE}"${{MINE?}}"', "", True, id="an optional variable in quotes"),
        pytest.param({}, "//registry.example/:_password=c2VjcmV0", "", True, id="a password"),
        pytest.param(
            {"NPM_CONFIG_//registry.example/:_authToken": "x"}, "", "", True, id="a setting as a variable"
        ),
        pytest.param({"NPM_TOKEN": "x"}, "", "", False, id="a variable that npm itself does not read"),
    ],
)
def test_a_token_is_found_where_npm_reads_it(
    environment: Mapping[str, str], workspace: str, user: str, is_there: bool, tmp_path: Path
) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    for folder, text in ((root, workspace), (home, user)):
        folder.mkdir()
        (folder / ".npmrc").write_text(text, encoding="utf-8")

    found = npm_credential({"HOME": str(home), **environment}, root)

    assert found == () if is_there else [one.code for one in found] == ["token-missing"]  # type: ignore[union-attr]
