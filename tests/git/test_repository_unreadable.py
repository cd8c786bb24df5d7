"""A repository that git does not open is reported with git's reason, never as an absent one."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_ground import Ground

from castoff.errors import WorkspaceError
from castoff.git import Repository
from castoff.io.process import Processes


def refused(ground: Ground, start: Path, **extra: str) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as caught:
        Repository.open(Processes({**ground.environment, **extra}), start)
    return caught.value


@pytest.mark.parametrize("below", [".", "packages/a"])
def test_another_owner(ground: Ground, below: str) -> None:
    root = ground.new(packages__a__x="x\n")

    error = refused(ground, root / below, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")

    problem = error.problems[0]
    assert (error.exit_code, problem.code) == (2, "repository-unreadable")
    assert "safe.directory" in problem.reason


def test_another_owner_that_the_user_trusts(ground: Ground) -> None:
    root = ground.new()
    ground.settings(f"[safe]\n\tdirectory = {root}\n")
    processes = Processes({**ground.environment, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})

    assert Repository.open(processes, root).root == root


def test_a_worktree_whose_repository_was_moved(ground: Ground) -> None:
    root = ground.new()
    linked = ground.folder / "linked"
    ground.git(root, "worktree", "add", "--quiet", linked)
    root.rename(ground.folder / "moved")

    assert refused(ground, linked).problems[0].code == "repository-unreadable"


def test_the_folder_of_git_itself(ground: Ground) -> None:
    problem = refused(ground, ground.new() / ".git").problems[0]

    assert problem.code == "repository-unreadable"
    assert "work tree" in problem.reason


def test_a_configuration_with_an_error(ground: Ground) -> None:
    root = ground.new()
    (root / ".git" / "config").write_text("[core\n", encoding="utf-8")

    assert "config" in refused(ground, root).problems[0].reason


@pytest.mark.parametrize("printed", ["", "nowhere", "{\n" * 5000, "x" * 5000])
def test_a_program_in_the_place_of_git_that_names_no_folder(ground: Ground, printed: str) -> None:
    root = ground.new()
    (ground.folder / "printed").write_text(f"{printed}\n", "utf-8")
    (ground.folder / "git").write_text(f"#!/bin/sh\ncat '{ground.folder / 'printed'}'\n", "utf-8")
    (ground.folder / "git").chmod(0o755)

    (problem,) = refused(ground, root, PATH=f"{ground.folder}:/usr/bin:/bin").problems

    assert problem.code == ("repository-unreadable" if printed else "not-a-repository")
    assert len(problem.reason) < 80  # none of what was printed instead of a folder


def test_long_words_of_git_are_cut(ground: Ground) -> None:
    root = ground.new()
    (ground.folder / "git").write_text(
        '#!/bin/sh\nyes "$(yes x | head -c 900)" | head -99 >&2; exit 128\n', "utf-8"
    )
    (ground.folder / "git").chmod(0o755)

    (problem,) = refused(ground, root, PATH=f"{ground.folder}:/usr/bin:/bin").problems

    assert 0 < len(problem.reason) < 1300


def test_an_empty_folder_with_the_name_of_git_is_not_a_repository(ground: Ground) -> None:
    (ground.folder / "plain" / ".git").mkdir(parents=True)

    assert refused(ground, ground.folder / "plain").problems[0].code == "not-a-repository"
