"""Which changelog belongs to the workspace that is released."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.errors import CastoffError
from castoff.model.workspace import OtherWorkspace, Workspace
from castoff.session.edits import changelog_path
from config.configuration_files import Files
from session.versioned import Versioned, members, python


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


@pytest.mark.parametrize(
    ("folders", "path"),
    [
        (["experimental/a", "experimental/b"], "experimental/CHANGELOG.md"),
        (["experimental/a"], "experimental/a/CHANGELOG.md"),
        (["experimental/a", "b"], "CHANGELOG.md"),
        (["packages/a", "packages/b"], "CHANGELOG.md"),
    ],
    ids=["those in one folder", "one", "those in several", "in a folder without one"],
)
def test_the_changelog_is_the_nearest_of_the_released_packages(
    tmp_path: Path, folders: list[str], path: str
) -> None:
    files = {f"{one}/pyproject.toml": python(one[-1], "1.0.0") for one in folders}
    texts = ["CHANGELOG.md", "experimental/CHANGELOG.md", "experimental/a/CHANGELOG.md"]
    made = Versioned.begin(tmp_path, {**files, **dict.fromkeys(texts, NEWS)}, "1.0.0")

    plan = made.plan("minor")

    assert [one.path for one in plan.edits if one.kind == "changelog"] == [path]


_SECTION = "# Changelog\n\n## {}\n\n- It\n"


@pytest.mark.parametrize(
    ("files", "setting", "told"),
    [
        ({"CHANGELOG.md": "0.4.0"}, "", ["`CHANGELOG.md` has no section of the last release, 1.0.0"]),
        ({"CHANGELOG.md": "0.4.0", "docs/CHANGELOG.md": "1.0.0"}, "", ["`docs/CHANGELOG.md` has one"]),
        ({"CHANGELOG.md": "1.0.0", "docs/CHANGELOG.md": "1.0.0"}, "", []),
        ({"CHANGELOG.md": "v1.0.0 (2026-01-01)"}, "", []),
        ({"CHANGELOG.md": "Unreleased"}, "", []),
        ({"CHANGELOG.md": "0.4.0"}, '[changelog]\nfile = "CHANGELOG.md"\n', []),
    ],
    ids=["none of it", "another one", "it", "in another form", "a new file", "named"],
)
def test_a_changelog_without_the_last_release_is_reported(
    tmp_path: Path, files: dict[str, str], setting: str, told: list[str]
) -> None:
    texts = {path: _SECTION.format(title) for path, title in files.items()}
    made = Versioned.begin(tmp_path, {**members("a", "b"), **texts, "castoff.toml": setting}, "1.0.0")

    found = [one for one in made.plan("minor").problems if one.code == "changelog-of-others"]

    assert len(found) == len(told)
    assert all(text in f"{one.message}; {one.reason}" for one, text in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("paths", "setting", "told"),
    [
        (["HISTORY.md"], "", "`HISTORY.md` gets"),
        (["CHANGES.rst"], "", "`CHANGES.rst` gets"),
        (["docs/changelog.md"], "", "`docs/changelog.md` gets"),
        (
            ["packages/a/CHANGELOG.md", "packages/b/CHANGELOG.md"],
            "",
            "`packages/a/CHANGELOG.md`, `packages/b/CHANGELOG.md` get",
        ),
        (["CHANGELOG.md", "packages/a/CHANGELOG.md"], "", None),
        (["examples/HISTORY.md", "docs/history-of-it.md"], "", None),
        (["HISTORY.md"], '[changelog]\nfile = "HISTORY.md"\n', None),
        (["HISTORY.md"], '[changelog]\nmode = "off"\n', None),
    ],
    ids=["name", "markup", "docs", "each package", "one is kept", "elsewhere", "named", "off"],
)
def test_changelogs_that_get_no_section_are_reported(
    tmp_path: Path, paths: list[str], setting: str, told: str | None
) -> None:
    texts = dict.fromkeys(paths, _SECTION.format("1.0.0"))
    made = Versioned.begin(tmp_path, {**members("a", "b"), **texts, "castoff.toml": setting}, "1.0.0")

    found = [one.message for one in made.plan("minor").problems if one.code == "changelog-not-kept"]

    assert found == ([f"{told} no section of this release"] if told else [])


NEWS = "# Changelog\n\n## [Unreleased]\n\n- News\n"


@pytest.mark.parametrize(
    "configured", ["", '[changelog]\nfile = "CHANGELOG.md"\n'], ids=["found", "configured"]
)
def test_a_changelog_behind_a_link_is_written_where_it_is(tmp_path: Path, configured: str) -> None:
    made = Versioned.begin(
        tmp_path, {**members("a"), "docs/news.md": NEWS, "castoff.toml": configured}, "1.0.0"
    )
    (made.folder / "CHANGELOG.md").symlink_to("docs/news.md")
    made.commit({})

    edits = made.plan("minor").edits

    assert [one.path for one in edits if one.kind == "changelog"] == ["docs/news.md"]


def test_rules_for_a_link_and_for_its_file_are_rules_for_one_file(tmp_path: Path) -> None:
    rule = '[[replace]]\nfile = "{}"\nsearch = "{}"\nreplace = "{{version}}"\n'
    rules = rule.format("docs/intro.md", "aaa") + rule.format("README.md", "bbb")
    made = Versioned.begin(
        tmp_path, {**members("a"), "README.md": "aaa bbb\n", "castoff.toml": rules}, "1.0.0"
    )
    (made.folder / "docs").mkdir()
    (made.folder / "docs/intro.md").symlink_to("../README.md")
    made.commit({})

    edits = made.plan("minor").edits

    assert [(one.path, one.old) for one in edits if one.kind == "replacement"] == [
        ("README.md", "aaa"),
        ("README.md", "bbb"),
    ]


def test_a_link_out_of_the_repository_is_reported_before_anything_is_written(tmp_path: Path) -> None:
    made = Versioned.begin(tmp_path, members("a"), "1.0.0")
    (tmp_path / "elsewhere.md").write_text(NEWS, encoding="utf-8")
    (made.folder / "CHANGELOG.md").symlink_to("../elsewhere.md")
    made.commit({})

    with pytest.raises(CastoffError) as caught:
        made.plan("minor")

    assert [one.code for one in caught.value.problems] == ["file-unreadable"]
