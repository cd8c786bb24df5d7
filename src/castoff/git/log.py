"""The log of a repository: commits by their subject, and tags in the history of a commit."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from castoff.git.runner import Git
from castoff.model.tag_schemes import ReachableTag
from castoff.model.versions import read
from castoff.regexes import regex

_VERSION_AT_END = regex(r"[0-9]+\.[0-9][0-9A-Za-z.+-]*$")


def first_with_subject(
    git: Git, pattern: re.Pattern[str], until: str, since: str | None = None
) -> str | None:
    """Find the newest commit on the first-parent line whose subject is matched as a whole."""
    within = until if since is None else f"{since}..{until}"
    listing = git.must("log", "--first-parent", "--format=%H %s", within)
    rows = (line.partition(" ") for line in listing.split("\n"))
    return next((commit for commit, _, said in rows if pattern.fullmatch(said)), None)


def has_reverts(git: Git, since: str | None, until: str) -> bool:
    """Return whether a commit says that it reverts another one."""
    # A cheap pre-check: the exact search for each revert only runs if there is any.
    within = until if since is None else f"{since}..{until}"
    return bool(git.must("log", "--first-parent", "-1", "--grep=^Revert ", "--format=%H", within))


_FIELDS = ("refname:strip=2", "objectname", "*objectname", "committerdate:unix", "*committerdate:unix")


def reachable_tags(git: Git, commit: str) -> tuple[ReachableTag, ...]:
    """List the tags that lie in the history of a commit, by name."""
    form = "%09".join(f"%({one})" for one in _FIELDS)
    listing = git.must("for-each-ref", "--merged", commit, f"--format={form}", "refs/tags")
    rows = [line.split("\t") for line in listing.split("\n") if line]
    return tuple(
        ReachableTag(name=row[0], commit=row[2] or row[1], time=int(row[4] or row[3] or 0)) for row in rows
    )


def unreachable_tags(git: Git, reachable: Collection[ReachableTag]) -> tuple[str, ...]:
    """Name the tags that are not among the ``reachable`` ones."""
    known = {one.name for one in reachable}
    listing = git.must("for-each-ref", "--format=%(refname:strip=2)", "refs/tags")
    return tuple(name for name in listing.split("\n") if name and name not in known)


def tagged_versions(git: Git) -> tuple[str, ...]:
    """List the versions at the end of tags, the newest tag first, each once."""
    listing = git.must("for-each-ref", "--sort=-creatordate", "--format=%(refname:strip=2)", "refs/tags")
    found = (_VERSION_AT_END.search(name) for name in listing.split("\n"))
    return tuple(dict.fromkeys(one[0] for one in found if one is not None and read(one[0]) is not None))


def newest_of(git: Git, commits: Sequence[str]) -> frozenset[str]:
    """Return those of some commits that lie in the history of none of the others."""
    if len(set(commits)) < 2:
        return frozenset(commits)
    return frozenset(git.must("merge-base", "--independent", *dict.fromkeys(commits)).split())


def newer_tags(git: Git, head: str, since: str) -> frozenset[str]:
    """Return the tags in the history of a commit that are not in the history of another one."""
    listing = git.must(
        "for-each-ref", "--merged", head, "--no-merged", since, "--format=%(refname:strip=2)", "refs/tags"
    )
    return frozenset(listing.split("\n")) - {""}


def tags_without(git: Git, head: str, key: str) -> frozenset[str]:
    """Return the tags in the history of a commit whose message names, after a key, a tag that is not in it."""
    form = "%00%(refname:strip=2)%0a%(contents:body)"
    listing = git.must("for-each-ref", "--merged", head, f"--format={form}", "refs/tags")
    entries = [entry.partition("\n") for entry in listing.split("\0") if entry]
    names = {name for name, _, _ in entries}
    found = {
        name: body.partition(key)[2].partition("\n")[0].strip() for name, _, body in entries if key in body
    }
    return frozenset(name for name, release in found.items() if release not in names)
