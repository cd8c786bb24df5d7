"""What history, commits and folders say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from git_ground import Ground

from castoff.errors import CastoffError, WorkspaceError
from castoff.git import CheckedOut, Clone, FolderTree, Repository
from castoff.git.log import first_with_subject


def test_only_commits_on_the_first_parent_line_that_touch_the_paths_count(ground: Ground) -> None:
    root = ground.new(version="1\n")
    first = ground.git(root, "rev-parse", "HEAD")
    ground.git(root, "switch", "--quiet", "--create", "topic")
    ground.commit(root, "on the side", {"version": "9\n"})
    ground.commit(root, "back again", {"version": "1\n", "other": "o\n"})
    bump = ground.commit(root, "bump on the side", {"version": "2\n"})
    ground.git(root, "switch", "--quiet", "main")
    ground.commit(root, "elsewhere", {"readme": "two\n"})
    ground.git(root, "merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    merge = ground.git(root, "rev-parse", "HEAD")
    parent = ground.git(root, "rev-parse", "HEAD^")

    with Clone.of(ground.repository(root)) as clone:
        assert clone.first_parents(first, merge, ["version"]) == ((merge, parent),)
        assert clone.first_parents(None, merge, ["version"]) == ((merge, parent), (first, ""))
        assert clone.first_parents(None, first, ["version"]) == ((first, ""),)
        assert {path for paths in clone.commits_since(first, merge) for path in paths} == {
            "readme",
            "version",
            "other",
        }
        assert clone.is_ancestor(bump, merge)
        assert not clone.is_ancestor(merge, bump)


def test_each_commit_has_the_paths_that_it_touched_and_an_empty_one_none(ground: Ground) -> None:
    root = ground.new()
    first = ground.git(root, "rev-parse", "HEAD")
    ground.commit(root, "two files", {"a file": "a\n", "b": "b\n"})
    ground.git(root, "commit", "--quiet", "--allow-empty", "-m", "empty")
    ground.git(root, "switch", "--quiet", "--create", "topic")
    ground.commit(root, "on the side", {"c": "c\n"})
    ground.git(root, "switch", "--quiet", "main")
    ground.git(root, "merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    merge = ground.git(root, "rev-parse", "HEAD")

    with Clone.of(ground.repository(root)) as clone:
        assert clone.commits_since(first, merge) == (("c",), (), ("a file", "b"))
        assert clone.commits_since(merge, merge) == ()


def test_tags_within_a_commit_are_those_in_its_history_with_what_they_stand_for(ground: Ground) -> None:
    root = ground.new()
    first = ground.git(root, "rev-parse", "HEAD")
    ground.git(root, "tag", "light")
    ground.git(root, "tag", "-a", "1.0.0", "-m", "m")
    second = ground.commit(root, "second", {"readme": "two\n"})
    ground.git(root, "tag", "-a", "2.0.0", "-m", "m")
    ground.git(root, "tag", "-a", "of-a-file", "-m", "m", f"{second}:readme")

    with Clone.of(ground.repository(root)) as clone:
        clone.git.must("fetch", "--quiet", str(root), "refs/tags/*:refs/tags/*")

        assert clone.tags_within(first) == (("1.0.0", first), ("light", first))
        assert clone.tags_within(second) == (("1.0.0", first), ("2.0.0", second), ("light", first))


def test_a_subject_is_found_on_the_first_parent_line_and_no_subject_can_forge_a_commit(
    ground: Ground,
) -> None:
    root = ground.new()
    real = ground.commit(root, "release 1.0.0", {})
    ground.commit(root, "evil\u2028--output=x release 2.0.0", {})
    ground.commit(root, "evil\x85deadbeef release 2.0.0", {})
    head = ground.commit(root, "release 1.0.0 again", {})

    with Clone.of(ground.repository(root)) as clone:
        assert first_with_subject(clone.git, re.compile("release 1.0.0"), head) == real
        assert first_with_subject(clone.git, re.compile("release 2.0.0"), head) is None


def test_the_tree_of_a_commit_gives_texts_and_lists_plain_files_alone(ground: Ground) -> None:
    root = ground.new(a__b="b\n")
    (root / "link").symlink_to("readme")
    head = ground.commit(
        root, "more", {"empty": "", "crlf": b"a\r\n", "bom": "\ufeffx", "binary": b"\xff\x00"}
    )
    tree = ground.repository(root).tree(head)

    assert list(tree.paths()) == ["a/b", "binary", "bom", "crlf", "empty", "readme"]
    tree.preload([*tree.paths(), "gone", "link"])
    assert {path: tree.read(path) for path in ("a/b", "empty", "crlf", "bom", "gone", "link")} == {
        "a/b": "b\n",
        "empty": "",
        "crlf": "a\r\n",
        "bom": "\ufeffx",
        "gone": None,
        "link": "one\n",
    }
    with pytest.raises(WorkspaceError) as caught:
        tree.read("binary")
    assert caught.value.problems[0].code == "file-not-text"
    assert caught.value.problems[0].file == "binary"


def test_trees_of_one_repository_do_not_mix_their_files_up(ground: Ground) -> None:
    root = ground.new()
    first = ground.git(root, "rev-parse", "HEAD")
    second = ground.commit(root, "second", {"readme": "two\n", "copy": "one\n"})
    repository = ground.repository(root)

    one, two = repository.tree(first), repository.tree(second)

    assert (two.read("readme"), one.read("readme"), two.read("copy"), one.read("copy")) == (
        "two\n",
        "one\n",
        "one\n",
        None,
    )


def test_the_tree_of_a_branch_is_that_of_its_newest_commit(ground: Ground) -> None:
    root = ground.new()
    repository = ground.repository(root)
    before, at_id = repository.tree("HEAD").paths(), repository.tree(ground.git(root, "rev-parse", "HEAD"))
    ground.commit(root, "second", {"copy": "one\n"})

    assert list(repository.tree("HEAD").paths()) == sorted([*before, "copy"])
    assert at_id.paths() == before
    assert repository.tree(at_id.commit).paths() == before


def test_a_folder_gives_its_files_but_those_of_git(ground: Ground) -> None:
    root = ground.new(a__b="b\n")
    (root / "link").symlink_to("readme")
    tree = FolderTree(root)

    assert set(tree.paths()) - {"link"} == {"a/b", "readme"}
    assert (tree.read("readme"), tree.read("link"), tree.read("gone")) == ("one\n", "one\n", None)


@pytest.mark.parametrize(
    ("place", "code"),
    [("nowhere", "no-such-folder"), ("plain", "not-a-repository"), ("bare.git", "not-a-repository")],
)
def test_what_is_no_repository_is_said_to_be_none(ground: Ground, place: str, code: str) -> None:
    (ground.folder / "plain").mkdir()
    ground.bare("bare.git")

    with pytest.raises(CastoffError) as caught:
        Repository.open(ground.processes, ground.folder / place)

    assert caught.value.problems[0].code == code
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["here", "with space", "trailing ", "new\nline", "ünïcödé"], ids=repr)
def test_a_repository_is_found_from_any_folder_in_it(ground: Ground, name: str) -> None:
    root = ground.new(name, deep__er__file="f\n")

    repository = Repository.open(ground.processes, root / "deep" / "er")

    assert repository.root == root
    assert repository.head() is not None


@pytest.mark.parametrize(
    "words", [["rev-parse", "nothing"], ["-c", "a.b=c", "rev-parse", "nothing"]], ids=len
)
def test_what_git_says_when_it_fails_is_the_reason(ground: Ground, words: list[str]) -> None:
    with pytest.raises(CastoffError) as caught:
        ground.repository(ground.new()).git.must(*words)

    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("git-failed", "`git rev-parse` failed with code 128")
    assert "ambiguous argument 'nothing'" in problem.reason


def test_an_empty_repository_has_a_branch_and_no_head(ground: Ground) -> None:
    root = ground.folder / "empty"
    ground.git(".", "init", "--quiet", "--initial-branch=main", "empty")
    repository = ground.repository(root)

    assert repository.head() is None
    assert repository.branch() == "main"
    assert repository.checked_out() == CheckedOut(commit=None, branch="main", changed=())


def test_a_detached_head_is_on_no_branch(ground: Ground) -> None:
    root = ground.new()
    ground.git(root, "checkout", "--quiet", "--detach")

    repository = ground.repository(root)

    assert repository.branch() is None
    assert repository.checked_out() == CheckedOut(commit=repository.head(), branch=None, changed=())


@pytest.mark.parametrize(
    ("branch", "subject", "reverted"),
    [
        ("main", "This reverts commit {}.", True),
        ("main", "This reverts commit {}", False),
        ("topic", "This reverts commit {}.", False),
    ],
    ids=["here", "a word less", "on a branch that was merged"],
)
def test_only_a_revert_on_the_first_parent_line_takes_a_commit_back(
    ground: Ground, branch: str, subject: str, reverted: bool
) -> None:
    root = ground.new()
    taken = ground.commit(root, "release 1.0.0", {})
    ground.git(root, "branch", "topic")
    ground.git(root, "switch", "--quiet", branch)
    ground.commit(root, "Revert\n\n" + subject.format(taken), {"other": "o\n"})
    if branch != "main":
        ground.git(root, "switch", "--quiet", "main")
        ground.git(root, "merge", "--quiet", "--no-ff", "-m", "merge", branch)
    head = ground.git(root, "rev-parse", "HEAD")

    with Clone.of(ground.repository(root)) as clone:
        assert clone.is_reverted(taken, head) is reverted
        assert clone.is_reverted(head, head) is False


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("edit", ("readme",)),
        ("stage", ("readme",)),
        ("delete", ("readme",)),
        ("rename", ("new name", "readme")),
        ("untracked", ()),
        ("touch", ()),
        ("odd", ('a "b"\nc',)),
    ],
)
def test_tracked_files_that_changed_are_listed(
    ground: Ground, change: str, expected: tuple[str, ...]
) -> None:
    root = ground.new()
    _change(ground, root, change)

    assert tuple(sorted(ground.repository(root).checked_out().changed)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("none", ()),
        ("edit", ("readme",)),
        ("stage", ("readme",)),
        ("delete", ("readme",)),
        ("untracked", ()),
        ("forgotten", ("readme",)),
        ("ignored", ("readme",)),
    ],
)
def test_of_a_named_file_it_is_also_said_that_it_is_not_tracked(
    ground: Ground, change: str, expected: tuple[str, ...]
) -> None:
    root = ground.new()
    _change(ground, root, change)

    assert ground.repository(root).checked_out("readme").changed == expected


def test_a_file_in_conflict_differs_from_the_commit(ground: Ground) -> None:
    root = ground.new()
    ground.git(root, "branch", "topic")
    ground.commit(root, "here", {"readme": "here\n"})
    ground.git(root, "switch", "--quiet", "topic")
    ground.commit(root, "there", {"readme": "there\n"})
    ground.repository(root).git.run("merge", "--quiet", "main")

    assert ground.repository(root).checked_out().changed == ("readme",)


def _change(ground: Ground, root: Path, change: str) -> None:
    match change:
        case "forgotten" | "ignored":
            ground.git(root, "rm", "--quiet", "--cached", "readme")
            ground.git(root, "commit", "--quiet", "-m", "forget")
            if change == "ignored":
                (root / ".git" / "info" / "exclude").write_text("readme\n", encoding="utf-8")
        case "edit" | "stage":
            (root / "readme").write_text("changed\n", encoding="utf-8")
            if change == "stage":
                ground.git(root, "add", "readme")
        case "delete":
            (root / "readme").unlink()
        case "rename":
            ground.git(root, "mv", "readme", "new name")
        case "untracked":
            (root / "new").write_text("n\n", encoding="utf-8")
        case "touch":
            (root / "readme").touch()
        case _:
            ground.commit(root, "odd", {'a "b"\nc': "x\n"})
            (root / 'a "b"\nc').write_text("y\n", encoding="utf-8")
