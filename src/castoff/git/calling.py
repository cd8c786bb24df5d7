"""How is git run? With locale and prompts fixed, so that codes and data decide."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from castoff.errors import Refusal
from castoff.process import Completed, Processes

_TIMEOUT = 600.0
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
    """Runs git in one folder, with locale and prompts fixed so that codes and data decide."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.processes = processes
        self.folder = folder
        self.blobs: dict[str, bytes] = {}

    def run(self, *arguments: str | Path, given: bytes | None = None) -> Completed:
        """Run git and give what came of it, whatever the code."""
        return self.processes.run(
            ["git", *arguments],
            cwd=self.folder,
            given=given,
            timeout=_TIMEOUT,
            changes=_FIXED,
        )

    def must(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Run git, which has no reason to fail here; gives standard output without its last line end."""
        return self.data(*arguments, given=given).decode("utf-8", "surrogateescape").removesuffix("\n")

    def data(self, *arguments: str | Path, given: bytes | None = None) -> bytes:
        """Run git, which has no reason to fail here; gives standard output as it is."""
        done = self.processes.run(
            ["git", *arguments],
            cwd=self.folder,
            given=given,
            timeout=_TIMEOUT,
            changes=_FIXED,
            is_data=True,
        )
        if done.code != 0:
            command = next(word for word in map(str, arguments) if word[:1] != "-" and "=" not in word)
            raise Refusal.of(
                "git-failed",
                f"`git {command}` failed with code {done.code}",
                reason=done.last_words,
                remedy="mend what git complains about and run castoff again",
            )
        return done.stdout
