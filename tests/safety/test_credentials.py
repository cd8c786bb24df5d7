"""Credentials in git's settings: split off, carried by the environment, written nowhere."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from castoff.git import Repository, Worktree
from castoff.git.credentials import by_environment, without_credentials
from castoff.process import Processes
from castoff.redaction import Redactor

SECRET = "canary-5f3a"


@pytest.mark.parametrize(
    ("url", "bare", "keys"),
    [
        pytest.param(
            "https://forge.example/a/b.git", "https://forge.example/a/b.git", [], id="nothing in it"
        ),
        pytest.param("git@forge.example:a/b.git", "git@forge.example:a/b.git", [], id="ssh"),
        pytest.param(
            "https://u:p%40ss@forge.example:8443/a/b",
            "https://forge.example:8443/a/b",
            ["http.https://forge.example:8443/a/b.extraHeader"],
            id="user and password",
        ),
        pytest.param(
            "https://token@forge.example/a/b",
            "https://forge.example/a/b",
            ["credential.https://forge.example/a/b.username"],
            id="user alone",
        ),
    ],
)
def test_an_address_is_split_into_what_may_be_shown_and_what_may_not(
    url: str, bare: str, keys: list[str]
) -> None:
    shown, entries = without_credentials(url)

    assert shown == bare
    assert [key for key, _ in entries][: len(keys)] == keys
    assert bool(entries) == bool(keys)


def test_the_header_says_user_and_password_decoded() -> None:
    _, entries = without_credentials("https://u:p%40ss@forge.example/a")

    assert entries[0][1] == "Authorization: Basic " + b64encode(b"u:p@ss").decode()


def test_settings_of_the_environment_are_added_to() -> None:
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}

    assert by_environment(given, [("x.y", "z")]) == {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_1": "x.y",
        "GIT_CONFIG_VALUE_1": "z",
    }
    assert by_environment(given, []) == {}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    for words in (
        ["init", "--quiet", "--initial-branch=main"],
        [
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.invalid",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "x",
        ],
        ["remote", "add", "origin", f"https://me:{SECRET}@127.0.0.1:9/acme/harbour.git"],
        ["config", "http.https://127.0.0.1:9/.extraHeader", f"X-Key: {SECRET}"],
        ["config", "credential.helper", f"!echo password={SECRET}"],
        ["config", f"url.https://x:{SECRET}@127.0.0.1:9/.insteadOf", "house:"],
        ["config", "user.name", "Ada"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, env=environment(tmp_path))
    return folder


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def test_a_temporary_clone_has_the_settings_and_no_file_with_a_secret(checkout: Path, tmp_path: Path) -> None:
    processes = Processes(environment(tmp_path), Redactor())
    repository = Repository.open(processes, checkout)

    with Worktree.of(repository) as worktree:
        files = [path for path in worktree.root.parent.rglob("*") if path.is_file()]
        assert not [path for path in files if SECRET.encode() in path.read_bytes()]
        assert worktree.git.run("config", "user.name").text.strip() == "Ada"
        assert SECRET in worktree.git.run("config", "--get-all", "credential.helper").stdout.decode()
        assert repository.remote_url("origin") == "https://127.0.0.1:9/acme/harbour.git"
        got = worktree.git.run("ls-remote", "--get-url", "https://127.0.0.1:9/acme/harbour.git")
        assert got.text.strip() == "https://127.0.0.1:9/acme/harbour.git"
        header = worktree.git.run("config", "http.https://127.0.0.1:9/acme/harbour.git.extraHeader")
        assert header.text.startswith("Authorization: ")
        assert b64encode(f"me:{SECRET}".encode()) in header.stdout


def test_what_rewrites_an_address_to_one_with_a_secret_is_switched_off_for_it(
    checkout: Path, tmp_path: Path
) -> None:
    subprocess.run(
        ["git", "remote", "set-url", "origin", "house:acme/harbour.git"],
        cwd=checkout,
        check=True,
        env=environment(tmp_path),
    )
    repository = Repository.open(Processes(environment(tmp_path), Redactor()), checkout)

    with Worktree.of(repository) as worktree:
        url = repository.remote_url("origin") or ""
        assert url == "https://127.0.0.1:9/acme/harbour.git"
        assert SECRET not in worktree.git.run("ls-remote", "--get-url", url).stdout.decode()
