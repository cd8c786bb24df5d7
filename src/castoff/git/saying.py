"""Which commit of a branch says this or that? Subjects are read along the first parents, the newest first."""

from __future__ import annotations

import re

from castoff.git.calling import Git


def first_with_subject(git: Git, subject: str, until: str) -> str | None:
    """Find the newest commit with this subject, ``(#7)`` behind it or not, as forges squash."""
    return _first_said(git, re.compile(re.escape(subject) + r"(?: \(#[0-9]{1,9}\))?"), until)


def first_merge(git: Git, branch: str, until: str) -> str | None:
    """Find the newest commit by which a forge merged a branch of this name."""
    said = rf"Merge pull request #[0-9]{{1,9}} from \S{{1,100}}?/{re.escape(branch)}"
    return _first_said(git, re.compile(said), until)


def has_reverts(git: Git, since: str | None, until: str) -> bool:
    """Say whether a commit says that it reverts another one."""
    within = until if since is None else f"{since}..{until}"
    return bool(git.must("log", "--first-parent", "-1", "--grep=^Revert ", "--format=%H", within))


def _first_said(git: Git, pattern: re.Pattern[str], until: str) -> str | None:
    listing = git.must("log", "--first-parent", "--format=%H %s", until)
    rows = (line.partition(" ") for line in listing.split("\n"))
    return next((commit for commit, _, said in rows if pattern.fullmatch(said)), None)
