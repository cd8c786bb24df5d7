"""Signatures: made with the user's key, and believed only when git verifies them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from git_ground import Ground

from castoff.errors import Refusal
from castoff.git import Clone, Repository


@pytest.fixture
def signing(ground: Ground, ssh_key: Path) -> Ground:
    ground.settings(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {ssh_key}.pub\n")
    return ground


@pytest.fixture
def with_gpg(tmp_path: Path, gpg_home: Path) -> Ground:
    ground = Ground.at(tmp_path, GNUPGHOME=str(gpg_home))
    ground.settings("[user]\n\tsigningkey = ada@example.org\n")
    return ground


def tag(clone: Clone, *, sign: bool = True) -> str:
    return clone.make_tag("1.1.0", "Release 1.1.0\n\n#1 stays\n  so does this\n", "HEAD", sign=sign)


def code_of(error: pytest.ExceptionInfo[Refusal]) -> str:
    return error.value.problems[0].code


def opened(ground: Ground, name: str = "here") -> Repository:
    root = ground.folder / name
    return ground.repository(root if root.is_dir() else ground.new(name))


@pytest.mark.parametrize("kind", ["signing", "with_gpg"])
def test_commit_and_tag_are_signed_and_verified(kind: str, request: pytest.FixtureRequest) -> None:
    ground: Ground = request.getfixturevalue(kind)

    with Clone.of(opened(ground)) as clone:
        clone.check_out("HEAD")
        clone.write({"readme": "two\n"})
        commit = clone.commit("release 1.1.0", ["readme"], sign=True, signoff=False)
        made = clone.make_tag("1.1.0", "Release\n", commit, sign=True)

        assert "\ngpgsig " in clone.git.must("cat-file", "commit", commit)
        content = clone.git.must("cat-file", "tag", made)
        assert "SIGNATURE-----" in content
        assert content.startswith(f"object {commit}\n")


def test_the_message_of_a_tag_stays_as_it_is(signing: Ground) -> None:
    with Clone.of(opened(signing)) as clone:
        tag(clone)

        assert clone.tag_message("1.1.0").startswith("Release 1.1.0\n\n#1 stays\n  so does this\n")


@pytest.mark.parametrize("sign", [None, False])
def test_what_is_not_to_be_signed_is_not(signing: Ground, sign: bool | None) -> None:
    signing.settings("[tag]\n\tgpgsign = true\n" + ("[commit]\n\tgpgsign = true\n" if sign is False else ""))

    with Clone.of(opened(signing)) as clone:
        commit = clone.commit_nothing("release", sign=sign)
        tag(clone, sign=False)

        assert "gpgsig" not in clone.git.must("cat-file", "commit", commit)
        assert "SIGNATURE" not in clone.git.must("cat-file", "tag", "1.1.0")


def test_where_it_is_left_to_git_the_users_setting_decides(signing: Ground) -> None:
    signing.settings("[commit]\n\tgpgsign = true\n")

    with Clone.of(opened(signing)) as clone:
        commit = clone.commit_nothing("release", sign=None)

        assert "gpgsig" in clone.git.must("cat-file", "commit", commit)


def test_a_commit_that_cannot_be_signed_is_refused(ground: Ground) -> None:
    ground.settings("[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = /nowhere/key.pub\n")

    with Clone.of(opened(ground)) as clone, pytest.raises(Refusal) as caught:
        clone.commit_nothing("release", sign=True)

    assert code_of(caught) == "commit-failed"


@pytest.mark.parametrize(
    "key",
    ["/nowhere/key.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEmzHdwoFQZJFxlwSOdqPPPPPPPPPPPPPPPPPPPPPPPP"],
)
def test_a_tag_that_git_left_unsigned_though_it_said_yes_is_caught(ground: Ground, key: str) -> None:
    ground.settings(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {key}\n")

    with Clone.of(opened(ground)) as clone:
        with pytest.raises(Refusal) as caught:
            tag(clone)

        assert code_of(caught) in ("tag-unsigned", "tag-failed")
        assert clone.git.must("tag", "--list") == ""


def test_a_program_that_signs_nothing_and_exits_0_is_caught(signing: Ground) -> None:
    program = signing.folder / "home" / "sign-nothing"
    program.write_text("#!/bin/sh\ncat >/dev/null\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    signing.settings(f'[gpg "ssh"]\n\tprogram = {program}\n')

    with Clone.of(opened(signing)) as clone:
        with pytest.raises(Refusal) as caught:
            tag(clone)

        assert code_of(caught) in ("tag-unsigned", "tag-failed")
        assert clone.git.must("tag", "--list") == ""


def test_a_good_looking_block_that_is_no_signature_is_caught(ground: Ground) -> None:
    program = ground.folder / "home" / "gpg"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        "  *--verify*) exit 1;;\n"
        "esac\n"
        "cat >/dev/null\n"
        'printf "\\n[GNUPG:] SIG_CREATED D 1 8 00 1 A\\n" >&2\n'
        'printf -- "-----BEGIN PGP SIGNATURE-----\\n\\nnothing\\n-----END PGP SIGNATURE-----\\n"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    ground.settings(f"[gpg]\n\tprogram = {program}\n[tag]\n\tgpgsign = true\n")

    with Clone.of(opened(ground)) as clone:
        with pytest.raises(Refusal) as caught:
            tag(clone)

        assert code_of(caught) == "tag-unsigned"
        assert clone.git.must("tag", "--list") == ""


def test_without_a_list_of_allowed_signers_our_own_key_is_allowed(signing: Ground) -> None:
    with Clone.of(opened(signing)) as clone:
        assert clone.git.must("cat-file", "-t", tag(clone)) == "tag"


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
def test_the_users_list_of_allowed_signers_is_the_law(signing: Ground, ssh_key: Path, listed: bool) -> None:
    public = ssh_key.with_name("key.pub").read_text("utf-8")
    signers = signing.folder / "home" / "signers"
    signers.write_text(f'ada@example.org namespaces="git" {public}' if listed else "", encoding="utf-8")
    signing.settings(f'[gpg "ssh"]\n\tallowedSignersFile = {signers}\n')

    with Clone.of(opened(signing)) as clone:
        if listed:
            assert tag(clone)
            return
        with pytest.raises(Refusal) as caught:
            tag(clone)

        assert code_of(caught) == "tag-unsigned"


@pytest.mark.parametrize("shape", ["key::", "literal", "private half", "home", "command"])
def test_a_key_may_be_named_in_every_way_that_git_knows(ground: Ground, ssh_key: Path, shape: str) -> None:
    public = ssh_key.with_name("key.pub").read_text("utf-8").strip()
    if shape in ("key::", "literal"):
        pytest.importorskip("castoff")
        agent = _agent(ground, ssh_key)
        named = f"key::{public}" if shape == "key::" else public
        ground.settings(f'[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = "{named}"\n')
        try:
            _signs(Ground(ground.folder, {"SSH_AUTH_SOCK": agent[0]}))
        finally:
            subprocess.run(["kill", agent[1]], check=False)
        return
    if shape == "private half":
        alone = ground.folder / "home" / "alone"
        shutil.copy(ssh_key, alone)
        ground.settings(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {alone}\n")
    elif shape == "home":
        for name in ("key", "key.pub"):
            shutil.copy(ssh_key.with_name(name), ground.folder / "home" / name)
        ground.settings("[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = ~/key.pub\n")
    else:
        ground.settings(f'[gpg]\n\tformat = ssh\n[gpg "ssh"]\n\tdefaultKeyCommand = "cat {ssh_key}.pub"\n')
        agent = _agent(ground, ssh_key)
        try:
            _signs(Ground(ground.folder, {"SSH_AUTH_SOCK": agent[0]}))
        finally:
            subprocess.run(["kill", agent[1]], check=False)
        return
    _signs(ground)


def _signs(ground: Ground) -> None:
    with Clone.of(opened(ground)) as clone:
        assert tag(clone)


def _agent(ground: Ground, key: Path) -> tuple[str, str]:
    socket = str(ground.folder / "agent")
    said = subprocess.run(
        ["ssh-agent", "-s", "-a", socket], capture_output=True, text=True, check=True
    ).stdout
    pid = said.partition("SSH_AGENT_PID=")[2].partition(";")[0]
    env = {"SSH_AUTH_SOCK": socket, "PATH": ground.environment["PATH"]}
    subprocess.run(["ssh-add", "-q", str(key)], env=env, check=True, capture_output=True)
    return socket, pid


def test_settings_that_apply_by_folder_alone_sign_in_the_clone_too(ground: Ground, ssh_key: Path) -> None:
    root = ground.new("office")
    included = ground.folder / "home" / "work.gitconfig"
    included.write_text(
        f"[user]\n\temail = work@example.org\n\tsigningkey = {ssh_key}.pub\n[gpg]\n\tformat = ssh\n",
        encoding="utf-8",
    )
    ground.settings(f'[includeIf "gitdir:{ground.folder}/office/"]\n\tpath = {included}\n')

    with Clone.of(ground.repository(root)) as clone:
        commit = clone.commit_nothing("release", sign=True)
        clone.make_tag("1.1.0", "m\n", commit, sign=True)

        assert clone.git.must("log", "-1", "--format=%ae", commit) == "work@example.org"


def test_a_name_that_git_does_not_take_as_a_tag_is_refused(signing: Ground) -> None:
    with Clone.of(opened(signing)) as clone, pytest.raises(Refusal) as caught:
        clone.make_tag("no such..name", "m\n", "HEAD", sign=True)

    assert code_of(caught) == "tag-failed"


def test_a_tag_is_made_again_where_an_earlier_try_left_one(signing: Ground) -> None:
    with Clone.of(opened(signing)) as clone:
        first = tag(clone, sign=False)

        assert tag(clone) != first
