"""Which release does a command speak of? A version, a tag, or nothing: what is under way, else the last one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from castoff.errors import Refusal
from castoff.flows.setting import Setting
from castoff.flows.staging import Target, target_of
from castoff.flows.survey import Survey, manifest_tree, ordered, read_workspace, survey
from castoff.git import Worktree
from castoff.model.intent import to_resume


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A release that was begun or made, with the clone in which it is looked at."""

    setting: Setting
    worktree: Worktree
    seen: Survey
    target: Target

    def require_tag(self) -> None:
        """Refuse where the remote does not have the tag yet: ``not-tagged-yet``."""
        if self.target.tag not in self.seen.refs.tags:
            raise Refusal.of(
                "not-tagged-yet",
                f"{self.target.title} is not tagged on the remote yet",
                reason="what is told of must be uploaded and tagged first",
                remedy=f"run `castoff resume {self.target.title} --execute` first",
            )


@contextmanager
def aim_at(setting: Setting, version: str | None) -> Iterator[Aim]:
    """Find the release; ``version`` may also be its tag. Errors: those of :func:`to_resume`."""
    release = setting.configuration.release
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        tagged = seen.tag_name.version(version) if version else None
        claim = to_resume(seen.history, str(tagged) if tagged else version)
        workspace = read_workspace(manifest_tree(worktree, claim.commit), setting.manifests, release.exclude)
        target = target_of(seen, claim, workspace, ordered(workspace, release))
        yield Aim(setting=setting, worktree=worktree, seen=seen, target=target)
