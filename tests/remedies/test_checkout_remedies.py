"""Remedies for the user's repository and the temporary clone that is made of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from git_ground import Ground, hook

from castoff.ecosystems.cargo.members import uncommitted_includes
from castoff.errors import Problem
from castoff.git import Clone, Repository
from castoff.git.comparison import compare
from castoff.io.process import Processes
from castoff.model.workspace import Package, Workspace
from castoff.preflight.members import compared_members
from castoff.session.checkout import comparison_problems, submodule_problems
from castoff.values import replace
from remedies.following import follow, follows


@follows("repository-unreadable")
def test_git_is_told_that_the_folder_is_trusted(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new()
    processes = Processes({**ground.environment, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})

    follow(
        "repository-unreadable",
        lambda: Repository.open(processes, root),
        do=lambda: ground.settings(f"[safe]\n\tdirectory = {root}\n"),
        told="fix the error that it shows",
    )


@follows("hook-changed-commit")
def test_the_hook_leaves_the_files_alone(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new(code="x\n")
    hook(root / ".git" / "hooks", "pre-commit", "echo y >> code; git add code")

    def release() -> object:
        with Clone.of(ground.repository(root)) as clone:
            clone.check_out("HEAD")
            clone.write({"readme": "two\n"})
            clone.commit("release", ["readme"], sign=None, signoff=False)
        return ()

    follow(
        "hook-changed-commit",
        release,
        do=lambda: hook(root / ".git" / "hooks", "pre-commit", "grep -q x code"),
        told="Change the hook so that it does not change these files",
    )


@follows("checkout-failed")
def test_the_program_of_a_required_filter_is_installed(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new(**{".gitattributes": "*.bin filter=seal\n", "a.bin": "sealed\n"})
    ground.git(root, "config", "filter.seal.smudge", "./seal")
    ground.git(root, "config", "filter.seal.required", "true")

    def check_out() -> object:
        with Clone.of(ground.repository(root)) as clone:
            clone.check_out("HEAD")
        return ()

    follow(
        "checkout-failed",
        check_out,
        do=lambda: hook(root, "seal", "cat"),
        told="a filter program that is not installed",
    )


def _package() -> Package:
    return Package(
        name="p",
        ecosystem="cargo",
        path=".",
        manifest="Cargo.toml",
        version="1.0.0",
        version_file="Cargo.toml",
    )


def _looked_at(ground: Ground, root: Path, *packages: Package) -> list[Problem]:
    """Check out what a release would be built from, and compare it, as `castoff check` does."""
    repository = ground.repository(root)
    with Clone.of(repository) as clone:
        clone.check_out("HEAD")
        missing = submodule_problems(clone.populate(), packages)
        found = compare(clone.git, repository, "HEAD", clone.folder("comparison"))
        return [*missing, *comparison_problems(found, packages)]


@follows("submodule-missing", "submodule-left-out")
def test_the_submodule_can_be_had(tmp_path: Path) -> None:
    for place, packages, code in (
        ("in", (_package(),), "submodule-missing"),
        ("out", (), "submodule-left-out"),
    ):
        (tmp_path / place).mkdir(exist_ok=True)
        ground = Ground.at(tmp_path / place)
        ground.settings('[protocol "file"]\n\tallow = always\n')
        ground.new("other")
        root = ground.new()
        ground.git(root, "submodule", "--quiet", "add", ground.folder / "other", "vendor")
        ground.commit(root, "vendor", {})
        ground.git(root, "submodule", "--quiet", "deinit", "--all", "--force")
        shutil.rmtree(root / ".git" / "modules")
        (ground.folder / "other").rename(ground.folder / "away")

        def back(ground: Ground = ground, root: Path = root) -> None:
            (ground.folder / "away").rename(ground.folder / "other")
            ground.git(root, "submodule", "--quiet", "update", "--init", "--recursive", "--", "vendor")

        follow(
            code,
            lambda ground=ground, root=root, packages=packages: _looked_at(ground, root, *packages),
            told="git submodule update --init",
            do=back,
        )


@follows("clone-differs")
def test_the_filter_gives_the_same_bytes_everywhere(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new()
    ground.git(root, "config", "filter.place.smudge", "pwd")
    ground.git(root, "config", "filter.place.clean", "echo place")
    ground.commit(root, "files", {".gitattributes": "a filter=place\n", "a": "place\n"})

    follow(
        "clone-differs",
        lambda: _looked_at(ground, root),
        told="the filter produces the same bytes each time and in each folder",
        do=lambda: ground.git(root, "config", "filter.place.smudge", "echo here"),
    )


@follows("clone-not-compared")
def test_the_filter_works_in_the_checkout_too(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new()
    script = f'test "$PWD" != "{root}" -o -e "{tmp_path}/works" && cat'
    ground.git(root, "config", "filter.choosy.smudge", script)
    ground.git(root, "config", "filter.choosy.clean", "cat")
    ground.git(root, "config", "filter.choosy.required", "true")
    ground.commit(root, "files", {".gitattributes": "a filter=choosy\n", "a": "place\n"})

    follow(
        "clone-not-compared",
        lambda: _looked_at(ground, root),
        told="`git checkout` works for these files",
        do=(tmp_path / "works").touch,
    )


@pytest.mark.needs("git-lfs")
@follows("lfs-pointer")
def test_git_lfs_is_set_up(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new()
    ground.git(root, "lfs", "install", "--local")
    ground.commit(root, "files", {".gitattributes": "*.bin filter=lfs -text\n", "a.bin": b"\1" * 5000})
    for name in ("smudge", "process", "clean", "required"):
        ground.git(root, "config", "--unset", f"filter.lfs.{name}")

    follow(
        "lfs-pointer",
        lambda: _looked_at(ground, root, _package()),
        told="run `git lfs install`",
        do=lambda: ground.git(root, "lfs", "install", "--local"),
    )


@follows("object-missing")
def test_the_clone_is_made_whole(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new(a="one\n")
    name = ground.git(root, "rev-parse", "HEAD:a")
    kept = root / ".git" / "objects" / name[:2] / name[2:]
    kept.rename(tmp_path / "object")

    def read() -> object:
        with Clone.of(ground.repository(root)) as clone:
            clone.tree("HEAD").read("a")
        return ()

    follow(
        "object-missing",
        read,
        told="clone the repository again without `--filter`",
        do=lambda: (tmp_path / "object").rename(kept),
    )


@follows("include-not-committed")
def test_the_included_file_is_committed(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    manifest = '[package]\nname = "p"\nversion = "1.0.0"\ninclude = ["gen.rs"]\n'
    root = ground.new(**{"Cargo.toml": manifest, ".gitignore": "gen.rs\n"})
    (root / "gen.rs").touch()

    follow(
        "include-not-committed",
        lambda: uncommitted_includes(ground.processes, root, [_package()]),
        told="`git add --force`",
        do=lambda: ground.git(root, "add", "--force", "gen.rs"),
    )


@follows("members-differ")
def test_the_member_lies_below_the_workspace() -> None:
    found = ["p"]

    def compared() -> object:
        packages = tuple(replace(_package(), name=name) for name in found)
        return compared_members(Workspace(packages=packages), "cargo", ".", frozenset({"p", "q"}))

    follow(
        "members-differ",
        compared,
        told="Move the folder below the workspace's folder",
        do=lambda: found.append("q"),
    )
