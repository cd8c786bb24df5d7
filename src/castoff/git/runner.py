"""Runs of git, with locale and prompts fixed, so that codes and data decide."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from castoff.errors import CastoffError, Refusal
from castoff.git.objects import Objects
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind

if TYPE_CHECKING:
    from castoff.git.trees import GitTree

_TIMEOUT = 600.0
NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")

_COMMITTING = frozenset({"commit", "tag", "verify-commit", "verify-tag"})
"""Commands that run hooks or the signing program."""

_READING_HOOKS_PATH = frozenset({"config", "rev-parse"})

_FIXED: Mapping[str, str | None] = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    **dict.fromkeys(
        (
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_COMMON_DIR",
            "GIT_DIR",
            "GIT_GRAFT_FILE",
            "GIT_INDEX_FILE",
            "GIT_LITERAL_PATHSPECS",
            "GIT_NAMESPACE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_PREFIX",
            "GIT_QUARANTINE_PATH",
            "GIT_SHALLOW_FILE",
            "GIT_WORK_TREE",
        )
    ),
}
"""No prompts, no locks for mere looks, and nothing of a repository around castoff: a hook or an alias may run it."""


class Git:
    """Runs git in one folder, with locale and prompts fixed so that codes and data decide.

    ``hooks`` is the folder of the hooks, if they are not those of the repository.
    """

    def __init__(
        self,
        processes: Processes,
        folder: Path,
        variables: Mapping[str, str] | None = None,
        hooks: Path | None = None,
    ) -> None:
        self.processes = processes
        self.folder = folder
        self._hooks = ("-c", f"core.hooksPath={hooks}") if hooks is not None else ()
        self._variables = {**_FIXED, **(variables or {})}
        self.last_words = ""
        self.objects = Objects(
            partial(
                processes.start_reader,
                ["git", *NO_HOOKS, "cat-file", "--batch"],
                kind=Kind.GIT,
                cwd=folder,
                changes=self._variables,
            ),
            partial(_reader_failed, processes),
        )
        self.trees: dict[tuple[str, ...], GitTree] = {}

    def run(self, *arguments: str | Path, given: bytes | None = None) -> Completed:
        """Run git and give what came of it, whatever the code."""
        return self._run(arguments, given=given)

    def must(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Run git, which has no reason to fail here; returns standard output without its last line end."""
        return self.data(*arguments, given=given).decode("utf-8", "surrogateescape").removesuffix("\n")

    def data(self, *arguments: str | Path, given: bytes | None = None) -> bytes:
        """Run git, which has no reason to fail here; returns standard output as it is."""
        done = self._run(arguments, given=given, is_data=True)
        if done.code != 0:
            raise _failed(_command(arguments), done)
        return done.stdout

    def close(self) -> None:
        """End the process that reads objects."""
        self.objects.close()

    def _run(
        self, arguments: Sequence[str | Path], *, given: bytes | None, is_data: bool = False
    ) -> Completed:
        """Run git as the kind of process that its command is.

        Hooks run at commits and tags, and see no credential; castoff runs `pre-push` itself
        (:mod:`castoff.git.remotes`). Any other command may need access to a remote, since a partial clone fetches
        what it lacks at any time, so it runs no hook, as `reference-transaction` would be.
        """
        command = _command(arguments)
        kind = Kind.COMMIT if command in _COMMITTING else Kind.GIT
        hookless = kind is Kind.GIT and command not in _READING_HOOKS_PATH
        return self.processes.run(
            ["git", *(NO_HOOKS if hookless else self._hooks), *arguments],
            kind=kind,
            cwd=self.folder,
            given=given,
            timeout=_TIMEOUT,
            changes=self._variables,
            is_data=is_data,
        )


def _reader_failed(processes: Processes, code: int, errors: bytes) -> CastoffError:
    return _failed("cat-file", processes.ended("git", code, errors))


def _failed(command: str, done: Completed) -> CastoffError:
    return Refusal.of(
        "git-failed",
        f"`git {command}` failed with code {done.code}",
        reason=done.last_words,
        remedy="fix the problem that git reports and run castoff again",
    )


def _command(arguments: Sequence[str | Path]) -> str:
    """Return the command of git among its arguments, after its own options (`-c NAME=VALUE`, `-C FOLDER`)."""
    words = iter(map(str, arguments))
    for word in words:
        if word in ("-c", "-C"):
            next(words)
        elif not word.startswith("-"):
            return word
    return ""
