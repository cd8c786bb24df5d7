"""Remedies for pushes, signatures, reverts and proposals: a clone of a small repository, and a bare remote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from git_ground import Ground, hook

from castoff.git import Clone
from castoff.git.merge import joined, own_commit
from castoff.git.revert import revert
from castoff.model.acts import Refused
from remedies.following import follow, follows


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    made = Ground.at(tmp_path)
    made.new()
    made.bare()
    made.git("here", "push", "--quiet", str(tmp_path / "there.git"), "main")
    return made


@pytest.fixture
def clone(ground: Ground) -> Iterator[Clone]:
    with Clone.of(ground.repository(ground.folder / "here")) as clone:
        clone.check_out("HEAD")
        yield clone


def push(ground: Ground, clone: Clone, commit: str = "") -> object:
    """Push a commit to the branch; returns what the remote or the hook objects to."""
    made = commit or clone.commit_nothing("a change", sign=None)
    outcome = clone.push(str(ground.folder / "there.git"), f"{made}:refs/heads/main")
    return outcome.problem if isinstance(outcome, Refused) else ()


@follows("push-denied")
def test_the_right_to_push_is_given(ground: Ground, clone: Clone) -> None:
    guard = hook(ground.folder / "there.git" / "hooks", "pre-receive", "echo 'protected' >&2; exit 1")

    follow("push-denied", lambda: push(ground, clone), told="Ask for permission to push", do=guard.unlink)


@follows("push-hook-failed")
def test_what_the_hook_asks_for_is_done(ground: Ground) -> None:
    red = ground.folder / "red"
    red.touch()
    hook(ground.folder / "here" / ".git" / "hooks", "pre-push", f"test ! -e '{red}'")

    with Clone.of(ground.repository(ground.folder / "here")) as clone:
        clone.check_out("HEAD")
        follow(
            "push-hook-failed",
            lambda: push(ground, clone),
            told="fix the problem that the hook reports, then run castoff again",
            do=red.unlink,
        )


@follows("push-rejected")
def test_the_next_run_starts_from_what_was_pushed_first(ground: Ground, clone: Clone) -> None:
    base = clone.git.must("rev-parse", "HEAD")
    first = clone.commit_nothing("first", sign=None)
    assert push(ground, clone, first) == ()
    clone.check_out(base)

    follow(
        "push-rejected",
        lambda: push(ground, clone),
        told="run castoff again",
        do=lambda: clone.check_out(first),
    )


def tag(ground: Ground, sign: bool = True) -> object:
    """Make a tag in a clone as the user's settings are now."""
    with Clone.of(ground.repository(ground.folder / "here")) as clone:
        clone.make_tag("1.1.0", "Release\n", "HEAD", sign=sign)
    return ()


def settings(ground: Ground, key: Path | str) -> str:
    """Return settings that sign with an ssh key."""
    return f"[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {key}\n"


@pytest.mark.parametrize("told", ["set `user.signingkey` to a key that can sign", "set `release.sign`"])
@follows("tag-failed")
def test_a_key_that_can_sign_is_configured(ground: Ground, ssh_key: Path, told: str) -> None:
    ground.settings("[gpg]\n\tprogram = /nowhere/gpg\n[user]\n\tsigningkey = ada@example.org\n")

    follow(
        "tag-failed",
        lambda: tag(ground),
        told=told,
        do=lambda: ground.settings(settings(ground, ssh_key)),
        then=lambda: tag(ground, sign="release" not in told),
    )


@follows("tag-unsigned")
def test_a_key_is_listed_among_the_allowed_signers(ground: Ground, ssh_key: Path) -> None:
    signers = ground.folder / "home" / "signers"
    signers.touch()
    ground.settings(settings(ground, ssh_key) + f'[gpg "ssh"]\n\tallowedSignersFile = {signers}\n')
    public = ssh_key.with_name("key.pub").read_text("utf-8")

    follow(
        "tag-unsigned",
        lambda: tag(ground),
        told="if `gpg.ssh.allowedSignersFile` is set, list the key there",
        do=lambda: signers.write_text(f'ada@example.org namespaces="git" {public}', "utf-8"),
    )


@follows("path-outside")
def test_a_file_inside_the_workspace_is_named(clone: Clone) -> None:
    paths = ["../x"]

    follow(
        "path-outside",
        lambda: clone.write({paths[-1]: "x"}),
        told="use a file inside it",
        do=lambda: paths.append("x"),
    )


def work(ground: Ground, files: dict[str, str], message: str = "work") -> str:
    """Commit files in the user's repository."""
    return ground.commit(ground.folder / "here", message, files)


def take_back(ground: Ground, commit: str, *, claimed: bool = True) -> object:
    """Revert a release commit on the head, as `castoff abandon` does while the version is claimed."""
    if not claimed:
        return ()
    with Clone.of(ground.repository(ground.folder / "here")) as clone:
        head = ground.git("here", "rev-parse", "HEAD")
        revert(
            clone,
            commit,
            head,
            title="1.1.0",
            belongs=lambda path: path == "version",
            tidy=lambda path, text: text,
            sign=None,
            signoff=False,
        )
    return ()


@follows("revert-carries-more", "revert-conflict")
def test_a_version_is_set_back_by_hand(ground: Ground) -> None:
    by_hand = "restore the version by hand, push the commit, and run `castoff abandon 1.1.0 --execute` again"
    work(ground, {"version": "1.0.0\n"})
    squashed = work(ground, {"version": "1.1.0\n", "work": "x\n"}, "release 1.1.0")
    follow(
        "revert-carries-more",
        lambda: take_back(ground, squashed, claimed=ground.git("here", "show", "HEAD:version") != "1.0.0"),
        told=by_hand,
        do=lambda: work(ground, {"version": "1.0.0\n"}),
    )
    released = work(ground, {"version": "1.1.0\n"}, "release 1.1.0")
    work(ground, {"version": "1.1.1-dev\n"})
    follow(
        "revert-conflict",
        lambda: take_back(ground, released, claimed=ground.git("here", "show", "HEAD:version") != "1.0.0"),
        told=by_hand,
        do=lambda: work(ground, {"version": "1.0.0\n"}),
    )


@follows("proposal-conflict")
@pytest.mark.parametrize("file", ["notes", "uv.lock"])
def test_the_release_branch_is_merged_into_the_proposal_by_hand(
    ground: Ground, clone: Clone, file: str
) -> None:
    base = clone.git.must("rev-parse", "HEAD")
    subject = "release 1.1.0"
    clone.write({file: "1.1.0\n\na 1\n", "more": "1.1.0\n"})
    clone.commit(subject, [file, "more"], sign=None, signoff=False)
    clone.write({file: "1.1.0\n\na 2, by hand\n"})
    heads = [clone.commit("edited by hand", [file], sign=None, signoff=False)]
    clone.check_out(base)
    clone.write({file: "1.0.0\n\na 3\n"})
    onto = clone.commit("moved on", [file], sign=None, signoff=False)
    clone.write({file: "1.1.0\n\na 3\n", "more": "1.1.0\n", "new": "1.1.0\n"})
    fresh = clone.commit(subject, [file, "more", "new"], sign=None, signoff=False)
    made = []

    def look() -> object:
        own = own_commit(clone, heads[-1], onto, subject)
        assert own is not None
        words = f"{subject}: updated"
        made.append(joined(clone, fresh=fresh, head=heads[-1], own=own, onto=onto, message=words, sign=None))
        return ()

    def merge() -> None:
        clone.check_out(heads[0])
        clone.git.run("merge", "--no-edit", onto)
        clone.write({file: "1.1.0\n\na 4, by hand\n"})
        clone.git.must("add", file)
        clone.git.must("commit", "--quiet", "--no-edit")
        heads.append(clone.git.must("rev-parse", "HEAD"))

    follow("proposal-conflict", look, told="merge the release branch into the proposal's by hand", do=merge)
    texts = [clone.git.must("show", f"{made[-1]}:{one}") for one in (file, "more", "new")]
    # The person's decision stands, and what only the new release commit changes is there.
    assert texts == ["1.1.0\n\na 4, by hand", "1.1.0", "1.1.0"]
