"""A sample workspace, made on the spot: files, history, a tag of its last release, a throw-away key to sign with."""

from __future__ import annotations

import shutil
from pathlib import Path

from castoff.errors import Refusal, UsageError
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.release.throwaway_identity import throw_away_identity

MARK = ".castoff-demo"
"""A file in each folder of a demo: what lies beside it was made by a demo, and may be made again."""


def clear_demo(folder: Path) -> None:
    """Mark a folder as a demo's, and remove what an interrupted demo left in it.

    The embedded world of that demo is gone, so a demo cannot be resumed; it begins again.

    Errors: ``demo-folder-in-use`` if the folder has files that were not created by a demo.
    """
    if not (folder / MARK).is_file() and any(one for one in folder.rglob("*") if not one.is_dir()):
        raise UsageError.of(
            "demo-folder-in-use",
            f"`{folder}` has files that were not created by a demo",
            reason="a demo removes the files of an earlier demo from its folder",
            remedy="pass an empty or a new folder with `--dir`",
        )
    for name in ("checkout", "world"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / MARK).touch()


def make_sample(processes: Processes, source: Path, folder: Path, *, tag: str) -> Path:
    """Copy the sample into a folder and commit it; returns the checkout. Without ssh-keygen nothing is signed."""
    clear_demo(folder)
    checkout = folder / "checkout"
    shutil.copytree(source, checkout)
    _git(processes, checkout, "init", "--quiet", "--initial-branch=main")
    for key, value in throw_away_identity(processes, folder).items():
        _git(processes, checkout, "config", key, value)
    _git(processes, checkout, "add", "--all")
    _git(processes, checkout, "commit", "--quiet", "-m", f"release {tag}")
    _git(processes, checkout, "tag", "--annotate", "-m", tag, tag)
    (checkout / "NEWS.txt").write_text("The tide is in.\n", encoding="utf-8")
    _git(processes, checkout, "add", "--all")
    _git(processes, checkout, "commit", "--quiet", "-m", "Note that the tide is in (#1)")
    return checkout


def merged_change(processes: Processes, checkout: Path) -> dict[str, object]:
    """Return which pull request brought the last commit, as a forge is seeded with it."""
    said = _git(processes, checkout, "log", "-1", "--format=%H %cI %s").strip()
    commit, when, subject = said.split(" ", 2)
    title = subject.removesuffix(" (#1)")
    told: dict[str, object] = {"number": 1, "title": title, "author": "ada", "labels": ["changelog-change"]}
    return {**told, "merged_at": when, "merge_commit": commit}


def connect(processes: Processes, checkout: Path, remote: str) -> None:
    """Make a repository the origin, and push branch and tags."""
    _git(processes, checkout, "remote", "add", "origin", remote)
    _git(processes, checkout, "push", "--quiet", "--set-upstream", "origin", "main", "--tags")


def _git(processes: Processes, folder: Path, *arguments: str) -> str:
    done = processes.run(
        ["git", *arguments],
        kind=Kind.GIT,
        cwd=folder,
        changes={"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"},
    )
    if done.code != 0:
        raise Refusal.of(
            "demo-failed",
            f"`git {arguments[0]}` failed while the sample was created",
            reason=done.last_words,
            remedy="make sure that git works and the disk has free space",
        )
    return done.text
