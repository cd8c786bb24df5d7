"""What exists but cannot be read is named, in a commit and in a folder; what is absent is absent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from git_ground import Ground

from castoff.errors import WorkspaceError
from castoff.git import FolderTree, Repository
from castoff.git.trees import GitTree

Put = Callable[[Path], object]


def link(target: str) -> Put:
    return lambda path: path.symlink_to(target)


def chain(path: Path) -> None:
    (path.parent / "second").symlink_to("real.toml")
    path.symlink_to("second")


def circle(path: Path) -> None:
    (path.parent / "other").symlink_to(path.name)
    path.symlink_to("other")


READABLE = {
    "a link to a file": link("real.toml"),
    "a link down": link("inside/real.toml"),
    "a link up and down": link("inside/../real.toml"),
    "a link to a link": chain,
}
UNREADABLE_LINKS = {
    "nowhere": link("gone.toml"),
    "out of the repository": link("../outside.toml"),
    "an absolute address": link("/etc/hostname"),
    "to a folder": link("inside"),
    "in a circle": circle,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside.toml").write_text("outside")
    folder = tmp_path / "workspace"
    (folder / "inside").mkdir(parents=True)
    (folder / "real.toml").write_text("text")
    (folder / "inside" / "real.toml").write_text("text")
    return folder


def commit_of(folder: Path) -> GitTree:
    ground = Ground.at(folder.parent)
    ground.git(folder, "init", "--quiet")
    ground.git(folder, "add", "--all")
    ground.git(folder, "commit", "--quiet", "-m", "x")
    repository = Repository.open(ground.processes, folder)
    return repository.tree(repository.head() or "")


def reason(read: Callable[[str], object], path: str) -> str:
    with pytest.raises(WorkspaceError) as caught:
        read(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.file) == ("file-unreadable", path)
    return problem.reason


@pytest.mark.parametrize("name", READABLE)
def test_a_link_to_a_file_inside_is_followed(folder: Path, name: str) -> None:
    READABLE[name](folder / "castoff.toml")

    assert FolderTree(folder).read("castoff.toml") == "text"
    assert commit_of(folder).read("castoff.toml") == "text"


@pytest.mark.parametrize("name", UNREADABLE_LINKS)
def test_a_link_to_anything_else_is_named(folder: Path, name: str) -> None:
    UNREADABLE_LINKS[name](folder / "castoff.toml")

    assert reason(FolderTree(folder).read, "castoff.toml")
    assert reason(commit_of(folder).read, "castoff.toml")


def test_a_folder_in_the_place_of_a_file_is_named(folder: Path) -> None:
    for tree in (FolderTree(folder), commit_of(folder)):
        assert reason(tree.read, "inside") == "it is a folder"


def test_what_is_absent_is_none(folder: Path) -> None:
    for tree in (FolderTree(folder), commit_of(folder)):
        for path in ("castoff.toml", "gone/castoff.toml", "real.toml/castoff.toml"):
            assert tree.read(path) is None


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (Path.mkdir, "it is a folder"),
        (os.mkfifo, "it is not a regular file"),
        (
            lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 65 * 1024 * 1024),
            "larger than 64 MiB",
        ),
    ],
    ids=["folder", "named-pipe", "huge"],
)
def test_what_is_no_file_to_read_is_named_and_not_opened(folder: Path, put: Put, why: str) -> None:
    put(folder / "castoff.toml")

    assert why in reason(FolderTree(folder).read, "castoff.toml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "real.toml").chmod(0)

    assert reason(FolderTree(folder).read, "real.toml") == "Permission denied"


def test_a_submodule_in_the_place_of_a_file_is_named(folder: Path) -> None:
    (folder.parent / "module").mkdir()
    commit = commit_of(folder).commit
    ground = Ground(folder.parent, {})
    ground.git(folder, "update-index", "--add", "--cacheinfo", f"160000,{commit},castoff.toml")
    ground.git(folder, "commit", "--quiet", "-m", "y")
    repository = Repository.open(ground.processes, folder)

    assert "submodule" in reason(repository.tree(repository.head() or "").read, "castoff.toml")
