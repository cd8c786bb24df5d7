"""Files of a temporary clone on disk: checking out, writing exact texts, and committing what was planned.

What a commit holds and what lies on disk differ where attributes or settings convert files (line ends, filters,
encodings). castoff edits what commits hold, so a text goes into the index byte for byte, and git puts onto the disk
what a checkout of it would be.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from castoff.errors import Refusal
from castoff.git.runner import Git
from castoff.git.signing import has_signature
from castoff.model.child_environments import Kind, withheld_words

_COMMIT_HOOKS = (
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-rewrite",
    "post-index-change",
)
"""Hooks that `git commit` runs and that can change the index or amend the commit (githooks)."""

_LATER = 2_000_000_000
"""Nanoseconds; clients compare whole seconds."""


def check_out(git: Git, commit: str) -> None:
    """Put the files of a commit on disk, and nothing else; error ``checkout-failed``."""
    done = git.run("checkout", "--quiet", "--force", "--detach", commit)
    if done.code != 0:
        raise _checkout_failed(done.last_words, commit)
    # Twice `-f`: without it git keeps nested repositories, such as those of submodules (git-clean).
    git.must("clean", "-ffdxq")
    _date_index(git)


def write_texts(git: Git, texts: Mapping[str, str], scratch: Path) -> None:
    """Put texts into the index as they are, and on disk as a checkout would; modes of known files stay."""
    if not texts:
        return
    files = [scratch / str(number) for number in range(len(texts))]
    for file, text in zip(files, texts.values(), strict=True):
        file.write_bytes(text.encode("utf-8"))
    names = "".join(f"{file}\n" for file in files).encode()
    # Into the index without filters: what castoff edits is the text of the commit, not that of the disk.
    objects = git.must("hash-object", "-w", "--no-filters", "--stdin-paths", given=names).split("\n")
    modes = _modes(git, texts)
    rows = [f"{modes.get(path, '100644')} {name}\t{path}" for path, name in zip(texts, objects, strict=True)]
    git.must("update-index", "-z", "--index-info", given=_zero_ended(rows))
    refresh_files(git, texts)


def refresh_files(git: Git, paths: Collection[str]) -> None:
    """Write files as git checks them out of the index; error ``checkout-failed``."""
    done = git.run("checkout-index", "--force", "--index", "-z", "--stdin", given=_zero_ended(paths))
    if done.code != 0:
        raise _checkout_failed(done.last_words)


def _date_index(git: Git) -> None:
    """Make the index newer than all files, so that no file counts as perhaps changed since (git, racy-git).

    cargo reads such a file again, without the filters that git has for it, and refuses it as not committed. Only a
    whole checkout is dated: git must notice what changes right after castoff has written a file.
    """
    index = git.folder / git.must("rev-parse", "--git-path", "index")
    later = index.stat().st_mtime_ns + _LATER
    # git compares times to find changed files; equal times make it read the file again (git documentation,
    # "racy-git").
    os.utime(index, ns=(later, later))


def stage(git: Git, paths: Sequence[str]) -> str:
    """Make the index hold the last commit and these paths as they are on disk; returns its tree.

    A path that castoff wrote is in the index already, and not read again: what git would make of the file on disk may
    be another text.
    """
    wanted = set(paths)
    touched = _listed(git, "diff-files", "--name-only", "-z") | _listed(
        git, "ls-files", "--others", "-z", "--", *map(literal, paths)
    )
    if add := sorted(wanted & touched):
        git.must("add", "--", *map(literal, add))
    if git.run("rev-parse", "--verify", "--quiet", "HEAD").code == 0:
        # A hook or an earlier step may have staged more than was planned.
        staged = _listed(git, "diff-index", "--cached", "--name-only", "-z", "HEAD")
        if beyond := sorted(staged - wanted):
            git.must("reset", "--quiet", "--", *map(literal, beyond))
    return git.must("write-tree")


def commit(git: Git, message: str, paths: Sequence[str], *, sign: bool | None, signoff: bool = False) -> str:
    """Commit these paths, or nothing; returns the commit, which holds what was planned.

    Errors: ``commit-failed``, ``commit-unsigned``, ``hook-changed-commit``.
    """
    planned = stage(git, paths)
    parent = git.run("rev-parse", "--verify", "--quiet", "HEAD").text.strip()
    words = ["commit", "--quiet", "-F", "-", *(() if paths else ("--allow-empty",))]
    if sign is not None:
        words.append("--gpg-sign" if sign else "--no-gpg-sign")
    if signoff:
        words.append("--signoff")
    # The user's hooks run on purpose: they are the repository's own rules.
    done = git.run(*words, given=message.encode())
    if done.code != 0:
        raise Refusal.of(
            "commit-failed",
            "git did not create the release commit",
            reason=done.last_words,
            remedy="a hook of the repository or the signing key refused it: fix that, then run castoff again"
            + withheld_words(Kind.COMMIT, done.withheld),
        )
    # Compared as trees, so that a hook that restores what it changed passes.
    require_planned(git, planned, parent)
    made = git.must("rev-parse", "HEAD")
    # A `post-commit` hook that amends drops the signature, with exit code 0.
    if sign and not has_signature(git, made):
        raise Refusal.of(
            "commit-unsigned",
            "the release commit has no signature, although it should be signed",
            remedy="make sure that `git commit -S` signs here: a hook that commits again without "
            "`-S`, or a `gpg.program` that does not sign, removes the signature",
        )
    return made


def require_planned(git: Git, planned: str, parent: str) -> None:
    """Require that HEAD is one commit above ``parent`` (empty: none) with the planned tree.

    Error: ``hook-changed-commit``. git's hooks may change the index before a commit, and amend it afterwards. What
    they change was not in the plan.
    """
    commit = git.must("rev-parse", "HEAD")
    parents = git.must("show", "--no-patch", "--format=%P", commit).split()
    changed = sorted(_listed(git, "diff-tree", "-r", "-z", "--name-only", planned, f"{commit}^{{tree}}"))
    if not changed and parents == ([parent] if parent else []):
        return
    folder, found = _installed(git)
    shown = ", ".join(f"`{path}`" for path in changed[:5]) + (", ..." if len(changed) > 5 else "")
    raise Refusal.of(
        "hook-changed-commit",
        f"the commit has changes that are not in the plan: {shown}"
        if changed
        else "the commit is not the only one above the branch",
        reason=f"{found} in `{folder}` changed it during the commit"
        if found
        else "something changed it during the commit",
        remedy="change the hook so that it keeps these files, or run its command from `version.run` and "
        "list the files under "
        "`writes`, so that the plan includes them; nothing was pushed",
        file=changed[0] if changed else None,
    )


def literal(path: str) -> str:
    """Spell a path so that git takes no character of it for a pattern."""
    return f":(literal){path}"


def _modes(git: Git, paths: Collection[str]) -> dict[str, str]:
    listing = git.must("ls-files", "--stage", "-z", "--", *map(literal, paths))
    rows = (row.partition("\t") for row in listing.split("\0") if row)
    return {path: meta.split(" ")[0] for meta, _, path in rows}


def _listed(git: Git, *words: str) -> set[str]:
    return {path for path in git.must(*words).split("\0") if path}


def _zero_ended(rows: Collection[str]) -> bytes:
    return "".join(f"{row}\0" for row in rows).encode("utf-8", "surrogateescape")


def _installed(git: Git) -> tuple[str, str]:
    """Name the folder of the hooks, and those in it that could have changed a commit."""
    folder = git.must("rev-parse", "--git-path", "hooks")
    found = [name for name in _COMMIT_HOOKS if os.access(git.folder / folder / name, os.X_OK)]
    names = " or ".join(f"`{name}`" for name in found)
    return folder, f"the hook {names}" if len(found) == 1 else f"one of the hooks {names}" if found else ""


def _checkout_failed(words: str, commit: str | None = None) -> Refusal:
    refusal = Refusal.of(
        "checkout-failed",
        f"git could not check out the files of {commit[:12]}"
        if commit
        else "git could not check out the files",
        reason=words,
        remedy="fix the error of git or its filter (a missing object, a filter program that "
        "is not installed, credentials) until `git clone` of the remote works",
        commit=commit if commit != "HEAD" else None,
    )
    assert isinstance(refusal, Refusal)
    return refusal
