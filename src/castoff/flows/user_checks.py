"""What do the user's own checks (`[[check]]`) say? Rules on texts, and commands that must end with 0."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial

from castoff.configuration.checking import check_text
from castoff.configuration.templates import fill
from castoff.configuration.values import Check as Rule
from castoff.errors import Problem
from castoff.flows.planning import occasion_of
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.model.versions import ReleaseVersion
from castoff.stages.preflight import Check, Found

PATIENCE = 1800.0
"""Seconds after which a command counts as failed."""


def user_checks(
    setting: Setting, seen: Survey, worktree: Worktree, version: ReleaseVersion
) -> tuple[Check, ...]:
    """List them in the order of the configuration; all look at the commit that a release starts from."""
    values = occasion_of(seen, version, setting.now.date()).values()
    ground = _Ground(worktree, seen.head)
    return tuple(
        Check(
            rule.name,
            "user",
            partial(ground.run, rule, values)
            if rule.command
            else partial(check_text, rule, seen.tree.read, values),
        )
        for rule in setting.configuration.check
    )


class _Ground:
    """The files of a commit, put on disk once; commands use them one after the other."""

    def __init__(self, worktree: Worktree, commit: str) -> None:
        self._worktree = worktree
        self._commit = commit
        self._lock = threading.Lock()
        self._ready = False

    def run(self, rule: Rule, values: Mapping[str, str]) -> Found:
        """Run one command."""
        words = [fill(word, values) for word in rule.command or ()]
        with self._lock:
            if not self._ready:
                self._worktree.check_out(self._commit)
                self._ready = True
            root = self._worktree.root
            program = words[0] if "/" not in words[0] else str((root / words[0]).resolve())
            done = self._worktree.git.processes.run(
                [program, *words[1:]],
                cwd=root,
                timeout=PATIENCE,
                changes={
                    "NEW_VERSION": values["version"],
                    "PREV_VERSION": values.get("previous", ""),
                    "WORKSPACE_ROOT": str(root),
                },
            )
        if done.code == 0:
            return ()
        return (
            Problem(
                code="check-command-failed",
                message=f"check `{rule.name}`: `{words[0]}` ended with code {done.code}",
                reason=rule.message or done.last_words,
                remedy=done.last_words if rule.message else "mend what it complains about",
            ),
        )
