"""Remedies for git, its hooks, commands of the workspace and files: the functions that run them, in small clones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from git_ground import Ground, hook

from castoff.cli.events import Events
from castoff.config.reader import parse_configuration
from castoff.config.templates import TemplateRelease
from castoff.git import Clone, Git
from castoff.io.files import read_text, write_text
from castoff.model.versions import ReleaseVersion
from castoff.release.candidate import run_hooks
from castoff.release.highlights_command import edited
from castoff.session.session import Session
from remedies.following import follow, follows


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    made = Ground.at(tmp_path)
    made.new()
    return made


@pytest.fixture
def root(ground: Ground) -> Path:
    return ground.folder / "here"


@pytest.fixture
def clone(ground: Ground, root: Path) -> Iterator[Clone]:
    with Clone.of(ground.repository(root)) as clone:
        clone.check_out("HEAD")
        yield clone


def _commit(ground: Ground, root: Path, *, sign: bool | None = None) -> None:
    with Clone.of(ground.repository(root)) as clone:
        clone.check_out("HEAD")
        clone.write({"readme": "two\n"})
        clone.commit("release 1.1.0", ["readme"], sign=sign, signoff=False)


@follows("git-failed")
def test_what_git_complains_about_is_corrected(ground: Ground, root: Path) -> None:
    git = Git(ground.processes, root)
    config = root / ".git" / "config"
    text = config.read_text("utf-8")
    config.write_text(f"{text}[broken\n", "utf-8")

    follow(
        "git-failed",
        lambda: git.must("rev-parse", "HEAD") and None,
        told="Fix the error",
        do=lambda: config.write_text(text, "utf-8"),
    )


@follows("clone-failed")
def test_the_repository_is_made_one_that_git_clones(ground: Ground, root: Path) -> None:
    settings = ground.folder / "home" / "gitconfig"
    before = settings.read_text("utf-8")
    ground.settings('[protocol "file"]\n\tallow = never\n')

    def look() -> None:
        with Clone.of(ground.repository(root)):
            pass

    follow(
        "clone-failed",
        look,
        told="`git clone` of the repository works",
        do=lambda: settings.write_text(before, "utf-8"),
    )


@follows("commit-failed")
def test_a_hook_that_refuses_the_commit_is_corrected(ground: Ground, root: Path) -> None:
    hook(root / ".git" / "hooks", "commit-msg", "echo no such luck >&2; exit 1")

    follow(
        "commit-failed",
        lambda: _commit(ground, root),
        told="a hook",
        do=lambda: hook(root / ".git" / "hooks", "commit-msg", "exit 0"),
    )


@follows("commit-unsigned")
def test_a_hook_that_takes_the_signature_away_is_corrected(ground: Ground, root: Path, ssh_key: Path) -> None:
    ground.settings(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = {ssh_key}.pub\n")
    again = "[ -e done ] || { touch done; git commit -q --amend --no-edit --no-gpg-sign; }"
    hook(root / ".git" / "hooks", "post-commit", again)

    follow(
        "commit-unsigned",
        lambda: _commit(ground, root, sign=True),
        told="a hook that commits again",
        do=lambda: hook(root / ".git" / "hooks", "post-commit", "exit 0"),
    )


def _run(clone: Clone, command: str) -> None:
    setting: Any = SimpleNamespace(
        configuration=parse_configuration(f"[[version.run]]\ncommand = {command}\n")
    )
    occasion = TemplateRelease(
        version=ReleaseVersion(1, 1, 0), previous=None, day=date(2026, 1, 1), name="rocket"
    )
    snapshot: Any = SimpleNamespace()
    run_hooks(Session(setting, clone, snapshot), occasion)


@follows("hook-failed")
def test_a_command_that_fails_is_corrected(clone: Clone) -> None:
    follow(
        "hook-failed",
        lambda: _run(clone, '["sh", "-c", "test -e news"]'),
        told="Fix the reported problem",
        do=lambda: clone.write({"news": "\n"}),
    )


@follows("hook-tool-missing")
def test_the_program_of_a_command_is_installed(clone: Clone) -> None:
    follow(
        "hook-tool-missing",
        lambda: _run(clone, '["sh", "-c", "./no-such-tool"]'),
        told="install that program",
        do=lambda: hook(clone.root, "no-such-tool", "exit 0"),
    )


@follows("editor-failed")
def test_the_editor_is_set_to_one_that_works(ground: Ground, root: Path) -> None:
    ground.git(root, "config", "core.editor", "false")
    repository = ground.repository(root)
    setting: Any = SimpleNamespace(repository=repository)

    follow(
        "editor-failed",
        lambda: edited(setting, "text", "hints") and None,
        told="`EDITOR`",
        do=lambda: ground.git(root, "config", "core.editor", "true"),
    )


@follows("file-unreadable")
def test_a_file_that_is_there_is_named(tmp_path: Path) -> None:
    names = ["missing"]
    (tmp_path / "there").write_text("x", "utf-8")

    follow(
        "file-unreadable",
        lambda: read_text(tmp_path / names[0]) and None,
        told="use an existing, readable file",
        do=lambda: names.insert(0, "there"),
    )


@follows("file-not-utf8")
def test_a_file_is_saved_as_utf8(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes("Größe".encode("latin-1"))

    follow(
        "file-not-utf8",
        lambda: read_text(path) and None,
        told="save it as UTF-8",
        do=lambda: path.write_text("Größe", "utf-8"),
    )


@follows("file-unwritable")
def test_a_folder_that_can_be_written_to_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("a file is in the way", "utf-8")

    follow(
        "file-unwritable",
        lambda: write_text(folder / "notes.md", "text"),
        told="correct the permissions of the file and its folder",
        do=folder.unlink,
    )


@follows("events-unwritable")
def test_another_file_for_events_is_named(tmp_path: Path) -> None:
    paths = [tmp_path]

    def look() -> None:
        Events(paths[0]).close()

    follow(
        "events-unwritable",
        look,
        told="pass another file with `--events`",
        do=lambda: paths.insert(0, tmp_path / "events"),
    )
