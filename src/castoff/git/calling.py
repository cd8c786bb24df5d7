"""How is git run? With locale and prompts fixed, so that codes and data decide."""

from __future__ import annotations

from pathlib import Path

from castoff.errors import Refusal
from castoff.process import Completed, Processes

_TIMEOUT = 600.0


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
            changes={
                "LC_ALL": "C",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_DIR": None,
                "GIT_WORK_TREE": None,
                "GIT_INDEX_FILE": None,
                "GIT_OPTIONAL_LOCKS": "0",
            },
        )

    def must(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Run git, which has no reason to fail here; gives standard output without its last line end."""
        done = self.run(*arguments, given=given)
        if done.code != 0:
            raise Refusal.of(
                "git-failed",
                f"`git {arguments[0]}` failed with code {done.code}",
                reason=done.last_words,
                remedy="mend what git complains about and run castoff again",
            )
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
