"""The whole release, carried out for real against an embedded world; the user's checkout is only read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from castoff.flows.release import NOT_PROVEN, Result, run_release
from castoff.flows.setting import Embedded, Setting
from castoff.flows.survey import Survey, survey, workspace_before
from castoff.flows.wish import Wish
from castoff.git import Worktree
from castoff.model.intent import Begin, meant
from castoff.model.workspace import Workspace

_SITE = "whether the pages fit the website as it is (`castoff website` shows that)"
_DRAFT = "whether your workflow makes the draft (`draft.by`): here castoff made it in its stead"
Opened = Callable[[Setting, Worktree, str, Workspace | None], AbstractContextManager[Embedded]]


def rehearse(setting: Setting, wish: Wish, opened: Opened) -> tuple[Result, dict[str, object]]:
    """Rehearse a release; gives its result, and all that happened in the embedded world.

    A clone stands for the user's checkout; ``opened`` makes an embedded world whose repository holds the
    clone's branch and tags, with what was released before in its registries, and aims the ports at it.
    """
    with Worktree.of(setting.repository) as stand_in:
        seen = survey(setting.repository, stand_in, setting.configuration, setting.manifests)
        stand_in.stand_on(seen.branch, seen.head)
        before = workspace_before(seen, setting.manifests, setting.configuration.release.exclude)
        with opened(setting, stand_in, seen.branch, before) as embedded:
            result = run_release(embedded.setting, replace(_exact(wish, seen), agreed=True))
            return replace(result, not_proven=(*NOT_PROVEN, *_more(setting))), embedded.dump()


def _more(setting: Setting) -> tuple[str, ...]:
    """Say what of this configuration no rehearsal can prove."""
    by_workflow = setting.configuration.draft.by == "ci"
    has_site = setting.configuration.website.repository is not None
    return (*((_DRAFT,) if by_workflow else ()), *((_SITE,) if has_site else ()))


def _exact(wish: Wish, seen: Survey) -> Wish:
    """Name the version that the level means, so that a rehearsal shows the next release also right after one."""
    if wish.level is None:
        return wish
    intent = meant(seen.history, wish.level, wish.pre)
    version = intent.version if isinstance(intent, Begin) else intent.claim.version
    return replace(wish, level=str(version), pre=None)
