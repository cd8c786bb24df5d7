"""Manifests that a release leaves out: one row for each that was once forgotten, with the reason given for it."""

from __future__ import annotations

import pytest
from repositories import Repository, cargo_head, crate, one_file, project, uv_head

from castoff.errors import CastoffError
from castoff.model.scope import Scope
from castoff.model.workspace import Workspace
from castoff.session.workspaces import read_workspace
from castoff.wiring import manifests


def release_of(tree: Repository, *exclude: str) -> Workspace:
    return read_workspace(tree, manifests(), Scope(exclude=exclude))


ANT = crate(".", "ant", "1.2.0")
PROJECT = project(".", "ant", "1.2.0")
TOOLS = cargo_head("fa", ["fb", "fc"], "0.5.0") | crate("fa/fb", "bee", None)
PYTHON = uv_head("fa", ["fb", "fc"]) | project("fa/fb", "bee", "0.5.0")

LEFT_OUT = {
    "a crate of another workspace without a name": (
        ANT | TOOLS | one_file("fa/fc/Cargo.toml", '[package]\nversion = "0.5.0"\n'),
        "fa/fc/Cargo.toml",
        "it cannot be read",
    ),
    "a crate of another workspace that is no TOML": (
        ANT | TOOLS | one_file("fa/fc/Cargo.toml", "[package\n"),
        "fa/fc/Cargo.toml",
        "it cannot be read, line 1",
    ),
    "a single crate with a placeholder": (
        ANT | one_file("fa/Cargo.toml", '[package]\nname = "{{ name }}"\nversion = "1.2.0"\n'),
        "fa/Cargo.toml",
        "it cannot be read",
    ),
    "a crate of another workspace whose name is taken": (
        ANT | TOOLS | crate("fa/fc", "bee", "0.5.0"),
        "fa/fc/Cargo.toml",
        "is the name of two packages",
    ),
    "a project of another workspace that is no TOML": (
        PROJECT | PYTHON | one_file("fa/fc/pyproject.toml", "[project\n"),
        "fa/fc/pyproject.toml",
        "it cannot be read, line 1",
    ),
    "a project of another workspace whose name is taken": (
        PROJECT | PYTHON | project("fa/fc", "bee", "0.5.0"),
        "fa/fc/pyproject.toml",
        "two projects are named",
    ),
    "a project of another workspace without a version": (
        PROJECT | PYTHON | one_file("fa/fc/pyproject.toml", '[project]\nname = "cat"\n'),
        "fa/fc/pyproject.toml",
        "",
    ),
    "a plain project whose name is taken": (
        PROJECT | project("fa", "demo", "0.5.0") | project("fb", "demo", "0.5.0"),
        "fb/pyproject.toml",
        "`fa/pyproject.toml` has the same name",
    ),
    "the root of another workspace whose lists are no lists": (
        ANT | one_file("fa/pyproject.toml", '[project]\nname = "b"\n[tool.uv.workspace]\nmembers = 3\n'),
        "fa/pyproject.toml",
        "",
    ),
    "a crate that two workspaces list": (
        ANT
        | cargo_head("fa", ["../fc"], "0.5.0")
        | cargo_head("fb", ["../fc"], "0.5.0")
        | crate("fc", "cat", "0.5.0"),
        "fc/Cargo.toml",
        "its version is 0.5.0",
    ),
}


@pytest.mark.parametrize(("tree", "path", "reason"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_manifest_outside_of_the_release_is_listed_once(tree: Repository, path: str, reason: str) -> None:
    release = release_of(tree)

    (entry,) = [one for one in release.left_out if one.path == path]
    assert reason in entry.reason
    assert [one for one in release.problems if one.severity == "error"] == []


@pytest.mark.parametrize(
    "text", ["[project\n", '[project]\nname = "{{ name }}"\n'], ids=["no TOML", "placeholder"]
)
def test_an_excluded_member_that_cannot_be_read_is_listed_as_excluded(text: str) -> None:
    tree = uv_head(".", ["fa", "fb"]) | project("fa", "ant", "1.2.0") | one_file("fb/pyproject.toml", text)

    release = release_of(tree, "fb")

    assert [(one.path, one.reason) for one in release.left_out] == [
        ("fb/pyproject.toml", "it is in `release.exclude`")
    ]
    assert release.problems == ()


@pytest.mark.parametrize(
    ("second", "codes"), [("1.2.0", ["duplicate-name"]), ("0.5.0", [])], ids=["the version", "another one"]
)
def test_a_name_that_two_plain_projects_have_is_an_error_only_in_one_version(
    second: str, codes: list[str]
) -> None:
    tree = project(".", "ant", "1.2.0") | project("fa", "ant", second)

    assert [one.code for one in release_of(tree).problems] == codes


@pytest.mark.parametrize("text", ["[package\n", "[workspace]\n"], ids=["no TOML", "a workspace of its own"])
def test_a_member_that_is_listed_and_required_is_one_problem(text: str) -> None:
    needs = '[dependencies]\nbee = { path = "../fb", version = "1.2.0" }\n'
    tree = cargo_head(".", ["fa", "fb", "f[b]"], "1.2.0") | crate("fa", "ant", None, needs)

    release = release_of(tree | one_file("fb/Cargo.toml", text))

    assert len([one for one in release.problems if one.severity == "error"]) == 1


PROJECT_TEXT = project(".", "bee", "1.2.0").texts["pyproject.toml"]


def linked(path: str, target: str, text: str = "") -> Repository:
    """Write a manifest that is a link; ``text`` is that of its target, "" if it has none."""

    class Links(Repository):
        def read(self, path: str) -> str | None:
            if path in self.symlinks:
                if not text:
                    raise CastoffError.of("file-unreadable", "gone")
                return text
            return super().read(path)

    tree = PROJECT | one_file("package.json", _PACKAGE) if path.endswith(".json") else PROJECT
    return Links(tree.texts, tree.described, {path: target})


_PACKAGE = '{"name": "ant", "version": "1.2.0"}'


@pytest.mark.parametrize(
    ("text", "codes", "reason"),
    [
        (_PACKAGE, ["outside-workspace"], None),
        ("{", ["outside-workspace"], None),
        (_PACKAGE.replace("1.2.0", "0.5.0"), [], "its version is 0.5.0"),
        (_PACKAGE.replace("}", ', "private": true}'), [], "it is a symbolic link, and private"),
    ],
    ids=["of the version", "no JSON", "of another version", "private"],
)
def test_a_link_of_npm_is_an_error_or_listed(text: str, codes: list[str], reason: str | None) -> None:
    release = release_of(linked("fa/package.json", "../package.json", text))

    assert [one.code for one in release.problems] == codes
    assert [(one.path, one.reason) for one in release.left_out] == (
        [("fa/package.json", reason)] if reason else []
    )


@pytest.mark.parametrize(
    ("text", "exclude", "codes", "reason"),
    [
        (PROJECT_TEXT, (), ["outside-workspace"], None),
        (PROJECT_TEXT, ("fa",), [], "it is in `release.exclude`"),
        (PROJECT_TEXT.replace("1.2.0", "0.5.0"), (), [], "its version is 0.5.0"),
        ("", (), [], "it is a symbolic link to `../shared.txt`, which is not a file of the repository"),
    ],
    ids=["of the version", "excluded", "of another version", "without a target"],
)
def test_a_manifest_that_is_a_link_is_an_error_or_listed(
    text: str, exclude: tuple[str, ...], codes: list[str], reason: str | None
) -> None:
    release = release_of(linked("fa/pyproject.toml", "../shared.txt", text), *exclude)

    assert [one.code for one in release.problems] == codes
    assert [(one.path, one.reason) for one in release.left_out] == (
        [("fa/pyproject.toml", reason)] if reason else []
    )
    assert all("replace each symbolic link" in one.remedy for one in release.problems)


def test_what_cannot_be_read_in_one_of_two_workspaces_is_an_error_and_not_left_out() -> None:
    tree = cargo_head(".", ["fa", "fb"], "1.2.0") | crate("fa", "ant", None) | project("fa", "ant", "1.2.0")

    release = release_of(
        tree | one_file("fb/Cargo.toml", '[package]\nname = "{{ name }}"\nversion = "1.2.0"\n')
    )

    assert release.broken == ("fb/Cargo.toml",)
    assert release.left_out == ()
