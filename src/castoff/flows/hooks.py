"""Which commands of the user's run when the version changes? Once per workspace, in the temporary clone."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.configuration.templates import Occasion, fill
from castoff.errors import Refusal
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree

_NOT_FOUND = 127


def run_hooks(setting: Setting, survey: Survey, occasion: Occasion, worktree: Worktree) -> Sequence[str]:
    """Run them in order; gives the patterns of the files that they may write.

    Errors: ``hook-failed``, ``hook-tool-missing``.
    """
    values = occasion.values()
    patterns: list[str] = []
    for hook in setting.configuration.version.run:
        words = [fill(word, values) for word in hook.command]
        folder = worktree.root / (_facade_path(survey) if hook.folder == "facade" else ".")
        program = words[0] if "/" not in words[0] else str((folder / words[0]).resolve())
        done = worktree.git.processes.run(
            [program, *words[1:]],
            cwd=folder,
            changes={
                "NEW_VERSION": values["version"],
                "PREV_VERSION": values.get("previous", ""),
                "CRATE_NAME": occasion.name,
                "DRY_RUN": "false",
                "WORKSPACE_ROOT": str(worktree.root),
                "CRATE_ROOT": str(folder),
            },
        )
        if done.code == _NOT_FOUND:
            raise Refusal.of(
                "hook-tool-missing",
                f"the command `{hook.command[0]}` of `version.run` needs a program that is not here",
                reason=f"it ended with code 127, by which shells say so: {done.last_words}",
                remedy="install that program; nothing was changed",
            )
        if done.code != 0:
            raise Refusal.of(
                "hook-failed",
                f"the command `{hook.command[0]}` of `version.run` ended with code {done.code}",
                reason=done.last_words,
                remedy="mend what it complains about; nothing was changed",
            )
        patterns.extend(hook.writes)
    return patterns


def _facade_path(survey: Survey) -> str:
    name = survey.order.facade or survey.order.waves[-1][-1]
    return survey.workspace.package(name).path
