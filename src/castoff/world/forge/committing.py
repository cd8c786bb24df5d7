"""Commits made in a bare repository, without a work tree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from castoff.world.forge.answers import Refused
from castoff.world.forge.plumbing import BareRepository, Commit


@dataclass(frozen=True, slots=True)
class Signature:
    """What a commit says: message, who, when."""

    message: str
    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Merge:
    """What is merged where; ``head`` and ``base`` are commits, the branch is moved by the caller."""

    base: str
    head: str
    commits: tuple[str, ...]


def commit_file(
    git: BareRepository, branch: str, tip: str, path: str, blob: str | None, signature: Signature
) -> str:
    """Commit one file (None deletes it) onto a branch; 409 where the branch moved meanwhile."""
    mode, sha = ("0", "0" * 40) if blob is None else ("100644", blob)
    tree = git.tree_with(tip, [f"{mode} {sha}\t{path}\0"])
    if tree is None:
        raise Refused(422, "path contains a malformed path component")
    sha = commit_tree(git, tree, (tip,), signature)
    if not git.move(f"refs/heads/{branch}", sha, tip):
        raise Refused(409, f"is at another commit than {tip}")
    return sha


def commit_tree(git: BareRepository, tree: str, parents: tuple[str, ...], signature: Signature) -> str:
    """Make a commit object; author and committer are the same."""
    options = [option for parent in parents for option in ("-p", parent)]
    when = f"{int(signature.at.timestamp())} +0000"
    who = {
        "GIT_AUTHOR_NAME": signature.name,
        "GIT_AUTHOR_EMAIL": signature.email,
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_NAME": signature.name,
        "GIT_COMMITTER_EMAIL": signature.email,
        "GIT_COMMITTER_DATE": when,
    }
    message = signature.message.encode("utf-8", "replace")
    made = git.run("commit-tree", tree, *options, "-F", "-", text=message, extra=who)
    if made is None:
        raise Refused(422, "Invalid author or committer")
    return made.strip()


def merge_commit(git: BareRepository, merge: Merge, signature: Signature) -> tuple[str, ...] | None:
    """Make a merge commit; None on a conflict."""
    tree = git.merged_tree(merge.base, merge.head)
    return None if tree is None else (commit_tree(git, tree, (merge.base, merge.head), signature),)


def squash(git: BareRepository, merge: Merge, signature: Signature) -> tuple[str, ...] | None:
    """Make one commit of all; None on a conflict."""
    tree = git.merged_tree(merge.base, merge.head)
    return None if tree is None else (commit_tree(git, tree, (merge.base,), signature),)


def rebase(git: BareRepository, merge: Merge, signature: Signature) -> tuple[str, ...] | None:
    """Make each commit anew on top of the base, oldest first; None on a conflict.

    Each is a three-way merge of trees. git 2.39 takes no merge base for that, so the three trees are
    dressed as three commits of which the first is the parent of the other two.
    """
    tip, made = merge.base, []
    for sha in merge.commits:
        commit = git.commit(sha)
        if commit is None or len(commit.parents) != 1:
            return None
        tree = _replayed(git, tip, commit, signature)
        if tree is None:
            return None
        tip = commit_tree(git, tree, (tip,), _as_author(commit, signature))
        made.append(tip)
    return tuple(made)


def _replayed(git: BareRepository, tip: str, commit: Commit, signature: Signature) -> str | None:
    def dressed(tree: str, *parents: str) -> str:
        return commit_tree(git, tree, parents, signature)

    def tree_of(sha: str) -> str:
        found = git.commit(sha)
        assert found is not None
        return found.tree

    base = dressed(tree_of(commit.parents[0]))
    return git.merged_tree(dressed(tree_of(tip), base), dressed(commit.tree, base))


def _as_author(commit: Commit, signature: Signature) -> Signature:
    return Signature(commit.message, commit.author.name, commit.author.email, signature.at)
