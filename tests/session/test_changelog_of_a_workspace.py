"""Which changelog belongs to the workspace that is released."""

from __future__ import annotations

import pytest

from castoff.model.workspace import OtherWorkspace, Workspace
from castoff.session.edits import changelog_path
from config.configuration_files import Files


@pytest.mark.parametrize(
    ("files", "roots", "others", "configured", "path"),
    [
        (["CHANGELOG.md"], (".",), (), None, "CHANGELOG.md"),
        (["CHANGELOG.md", "rust/CHANGELOG.md"], ("rust",), (), None, "rust/CHANGELOG.md"),
        (["CHANGELOG.md"], ("rust",), (), None, "CHANGELOG.md"),
        (["CHANGELOG.md"], ("tools",), (".",), None, None),
        (["CHANGELOG.md"], ("rust", "py"), (), None, "CHANGELOG.md"),
        (["rust/CHANGELOG.md"], ("rust", "py"), (), None, None),
        ([], (".",), (), None, None),
        (["CHANGELOG.md"], ("tools",), (".",), "NEWS.md", "NEWS.md"),
    ],
    ids=[
        "at the root",
        "the nearest",
        "above",
        "of another workspace",
        "of several",
        "of one of several",
        "none",
        "configured",
    ],
)
def test_the_changelog_is_the_nearest_of_no_other_workspace(
    files: list[str],
    roots: tuple[str, ...],
    others: tuple[str, ...],
    configured: str | None,
    path: str | None,
) -> None:
    workspace = Workspace(
        packages=(),
        roots=roots,
        others=tuple(OtherWorkspace(root=one, ecosystem="cargo", why="w") for one in others),
    )

    assert changelog_path(Files(dict.fromkeys(files, "# Changelog\n")), configured, workspace) == path
