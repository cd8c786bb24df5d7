"""A commit that castoff makes holds what was planned, whatever git's hooks do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from git_ground import Ground, hook

from castoff.errors import Refusal
from castoff.git import Clone


@pytest.fixture
def clone(ground: Ground) -> Iterator[Clone]:
    ground.new(manifest="1.0.0\n", code="x = 1\n", gone="g\n")
    with Clone.of(ground.repository(ground.folder / "here")) as made:
        made.check_out("HEAD")
        yield made


def released(clone: Clone) -> str:
    clone.write({"manifest": "1.1.0\n"})
    return clone.commit("release 1.1.0", ["manifest"], sign=None, signoff=False)


CHANGES = {
    "a source file": ("echo import os >> code; git add code", "`code`", "code"),
    "the planned file": ("echo more >> manifest; git add manifest", "`manifest`", "manifest"),
    "a new file": ("echo new > fresh; git add fresh", "`fresh`", "fresh"),
    "a file that goes": ("git rm -q --cached gone", "`gone`", "gone"),
    "a mode": ("git update-index --chmod=+x code", "`code`", "code"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_hook_that_changes_the_index(ground: Ground, clone: Clone, what: str) -> None:
    script, path, file = CHANGES[what]
    hook(ground.folder / "here" / ".git" / "hooks", "pre-commit", script)

    with pytest.raises(Refusal) as caught:
        released(clone)

    problem = caught.value.problems[0]
    assert (problem.code, problem.file) == ("hook-changed-commit", file)
    assert path in problem.message
    assert "`pre-commit`" in problem.reason
    assert str(ground.folder / "here" / ".git" / "hooks") in problem.reason


@pytest.mark.parametrize("name", ["prepare-commit-msg", "commit-msg"])
@pytest.mark.parametrize("what", CHANGES)
def test_a_hook_that_changes_the_index_when_git_has_read_it(
    ground: Ground, clone: Clone, name: str, what: str
) -> None:
    hook(ground.folder / "here" / ".git" / "hooks", name, CHANGES[what][0])

    commit = released(clone)

    assert clone.commits_since(f"{commit}^", commit) == (("manifest",),)
    clone.check_out(commit)
    assert clone.changed_paths() == ()


@pytest.mark.parametrize(
    "script",
    [
        "echo y >> code; git -c core.hooksPath=/dev/null commit -q --amend --no-edit code",
        "echo y >> code; git -c core.hooksPath=/dev/null commit -q -m more code",
        "git -c core.hooksPath=/dev/null commit -q --allow-empty -m more",
    ],
    ids=["amends it", "adds another commit", "adds an empty commit"],
)
def test_a_hook_after_the_commit(ground: Ground, clone: Clone, script: str) -> None:
    hook(ground.folder / "here" / ".git" / "hooks", "post-commit", script)

    with pytest.raises(Refusal) as caught:
        released(clone)

    assert caught.value.problems[0].code == "hook-changed-commit"
    assert "`post-commit`" in caught.value.problems[0].reason


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("pre-commit", "exit 0"),
        ("pre-commit", "cat manifest > /dev/null; git add -u; git diff --cached --check"),
        ("pre-commit", "echo note > report.log"),
        ("commit-msg", 'echo "Change-Id: I1" >> "$1"'),
        ("prepare-commit-msg", 'sed -i "1s/^/[bot] /" "$1"'),
        ("post-commit", "git -c core.hooksPath=/dev/null commit -q --amend -m other"),
        ("post-checkout", "echo more >> code"),
    ],
)
def test_hooks_that_change_nothing_or_only_the_message_pass(
    ground: Ground, clone: Clone, name: str, script: str
) -> None:
    hook(ground.folder / "here" / ".git" / "hooks", name, script)

    commit = released(clone)

    assert clone.commits_since(f"{commit}^", commit) == (("manifest",),)
    clone.check_out(commit)
    assert (clone.root / "code").read_text("utf-8") == "x = 1\n"


def test_a_commit_without_changes_is_compared_too(ground: Ground, clone: Clone) -> None:
    hook(ground.folder / "here" / ".git" / "hooks", "pre-commit", "echo y >> code; git add code")

    with pytest.raises(Refusal) as caught:
        clone.commit_nothing("release 1.0.0", sign=None)

    assert caught.value.problems[0].file == "code"
