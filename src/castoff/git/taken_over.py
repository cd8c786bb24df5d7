"""Refs of a remote whose objects the user's repository has, so that nothing is fetched for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from castoff.git.runner import Git
from castoff.model.refs import Refs

_TAGS = "refs/tags/"


def take_over(git: Git, users: Git | None, refs: Refs, branch: str) -> bool:
    """Make a branch and the tags of a clone those of a remote; says whether the objects were at hand.

    The tags that the clone has from the user's repository (``users``) and the remote has not are deleted in any case;
    those that castoff made in the clone stay.
    """
    here = _refs(git)
    if lone := [
        name for name in here if name.startswith(_TAGS) and name.removeprefix(_TAGS) not in refs.tags
    ]:
        theirs = _refs(users) if users is not None else {}
        # Before anything is made: a tag `v1` is in the way of a tag `v1/one`.
        _update(git, (f"delete {name}\0\0" for name in lone if theirs.get(name) == here[name]))
    wanted = {_TAGS + name: tag.object for name, tag in refs.tags.items()}
    wanted[f"refs/remotes/origin/{branch}"] = refs.heads[branch]
    missing = {*wanted.values()}.difference(here.values())
    # What a ref of the user's repository names is there with its history. A fetch that brings nothing would cost
    # another connection, and git compares all refs of both sides.
    if missing and (users is None or not missing.issubset(_refs(users).values())):
        return False
    return _update(
        git, (f"update {name}\0{made}\0\0" for name, made in wanted.items() if here.get(name) != made)
    )


def _refs(git: Git) -> Mapping[str, str]:
    """Return the object that each branch and tag of a repository names, by the ref's whole name."""
    rows = (
        line.partition(" ")
        for line in git.must("for-each-ref", "--format=%(objectname) %(refname)").split("\n")
    )
    return {name: made for made, _, name in rows if name}


def _update(git: Git, commands: Iterable[str]) -> bool:
    """Run commands of `git update-ref --stdin -z`, if there are any; says whether that worked."""
    given = "".join(commands).encode("utf-8", "surrogateescape")
    return not given or git.run("update-ref", "--stdin", "-z", given=given).code == 0
