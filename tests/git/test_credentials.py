"""Credentials in git's settings: split off, carried by the environment, written nowhere."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from castoff.git import Clone, Repository
from castoff.git.credentials import by_environment, without_credentials
from castoff.git.repository import entries_of
from castoff.io.process import Processes
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
        pytest.param(
            "https://forge.example/a/b?private_token=canary&x=1",
            "https://forge.example/a/b?x=1",
            ["http.https://forge.example/a/b?x=1.extraHeader"],
            id="a token in the query",
        ),
        pytest.param("ssh://u:canary@forge.example/a/b", "ssh://u@forge.example/a/b", [], id="ssh, password"),
        pytest.param("ssh://git@forge.example/a/b", "ssh://git@forge.example/a/b", [], id="ssh, a user"),
        pytest.param("https://forge.example/a/b?x=1", "https://forge.example/a/b?x=1", [], id="a query"),
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

    with Clone.of(repository) as clone:
        files = [path for path in clone.root.parent.rglob("*") if path.is_file()]
        assert not [path for path in files if SECRET.encode() in path.read_bytes()]
        assert clone.git.run("config", "user.name").text.strip() == "Ada"
        assert SECRET in clone.git.run("config", "--get-all", "credential.helper").stdout.decode()
        assert repository.remote_url("origin") == "https://127.0.0.1:9/acme/harbour.git"
        got = clone.git.run("ls-remote", "--get-url", "https://127.0.0.1:9/acme/harbour.git")
        assert got.text.strip() == "https://127.0.0.1:9/acme/harbour.git"
        header = clone.git.run("config", "http.https://127.0.0.1:9/acme/harbour.git.extraHeader")
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

    with Clone.of(repository) as clone:
        url = repository.remote_url("origin") or ""
        assert url == "https://127.0.0.1:9/acme/harbour.git"
        assert SECRET not in clone.git.run("ls-remote", "--get-url", url).stdout.decode()


ADDRESS = "https://127.0.0.1:9/acme/harbour.git"
WITH = f"https://me:{SECRET}@127.0.0.1:9/acme/harbour.git"
REWRITTEN = [
    pytest.param(WITH, [], ADDRESS, id="nothing rewrites it"),
    pytest.param(WITH, [(f"url.{WITH}.insteadOf", ADDRESS)], f"{ADDRESS}/", id="exactly this address"),
    pytest.param(ADDRESS, [(f"url.{WITH}.insteadOf", ADDRESS)], f"{ADDRESS}/", id="exactly, without secret"),
    pytest.param(
        WITH,
        [(f"url.https://x:{SECRET}@127.0.0.1:9/.insteadOf", "https://127.0.0.1:9/")],
        ADDRESS,
        id="a part",
    ),
    pytest.param(
        ADDRESS,
        [(f"url.https://x:{SECRET}@127.0.0.1:9/.pushInsteadOf", "https://127.0.0.1:9/")],
        ADDRESS,
        id="only where one pushes",
    ),
    pytest.param(
        ADDRESS,
        [(f"url.https://x:{SECRET}@other.example/.pushInsteadOf", "https://127.0.0.1:9/")],
        ADDRESS,
        id="another host where one pushes",
    ),
    pytest.param(
        "house:acme/harbour.git",
        [(f"url.https://x:{SECRET}@127.0.0.1:9/.insteadOf", "house:"), ("url.https://y/.insteadOf", "hou")],
        ADDRESS,
        id="the longest of two",
    ),
    pytest.param(f"{ADDRESS}?private_token={SECRET}", [], ADDRESS, id="a token in the query"),
    pytest.param(f"ssh://u:{SECRET}@127.0.0.1:9/a/b", [], "ssh://u@127.0.0.1:9/a/b", id="ssh"),
    pytest.param(
        "https://127.0.0.1:9/x",
        [("url.https://y/.insteadOf", "https://z/")],
        "https://127.0.0.1:9/x",
        id="none",
    ),
]


@pytest.mark.parametrize(("url", "rewriting", "shown"), REWRITTEN)
def test_no_address_that_git_is_given_or_makes_of_it_holds_a_secret(
    url: str, rewriting: list[tuple[str, str]], shown: str, tmp_path: Path
) -> None:
    folder = tmp_path / "checkout"
    settings = [("init", "--quiet", str(folder)), ("-C", str(folder), "remote", "add", "origin", url)]
    settings += [("-C", str(folder), "config", key, value) for key, value in rewriting]
    for words in settings:
        subprocess.run(["git", *words], cwd=tmp_path, check=True, env=environment(tmp_path))
    repository = Repository.open(Processes(environment(tmp_path), Redactor()), folder)

    with Clone.of(repository) as clone:
        git = clone.git
        remote = repository.remote_url("origin") or ""
        git.run("config", "remote.again.url", remote)
        made = [
            git.run("ls-remote", "--get-url", remote).stdout,
            git.run("remote", "get-url", "--push", "again").stdout,
            git.run("remote", "get-url", "origin").stdout,
        ]

        assert remote == shown
        assert [one for one in made if SECRET.encode() in one] == []
        assert SECRET not in repository.git.processes.redactor.clean(f"it was {SECRET}") or shown == url
        # what gives access is among the settings, if anything did
        access = [value for key, value in entries_of(git) if key.endswith(".extraheader")]
        assert bool(access) == (SECRET in f"{url}{rewriting}" and shown.startswith("https"))
