"""The website's stage on its own: what it would change, and the change itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from castoff.errors import Problem, Refusal
from castoff.flows.after import blocked_in
from castoff.flows.setting import Setting
from castoff.flows.subject import find_subject
from castoff.flows.survey import survey
from castoff.flows.website import website_stage
from castoff.git import Worktree
from castoff.notes.website import Decision
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.part import Stage
from castoff.stages.website import WebsitePart


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """What becomes of the pages of one release; ``pages`` is as it was before anything was written."""

    version: str
    tag: str
    state: StageState
    pages: tuple[Decision, ...]
    problems: tuple[Problem, ...] = ()


def preview_website(setting: Setting, word: str | None, *, replacing: bool = False) -> SiteReport:
    """Say what would change on the site; writes nothing."""
    return _bring(setting, word, lambda stage: observe((stage,))[0], replacing=replacing)


def bring_website(setting: Setting, word: str | None, *, replacing: bool = False) -> SiteReport:
    """Bring the pages to the site; ``replacing`` writes over what others wrote there.

    Errors: those of the stage, such as ``website-page-edited``.
    """
    reconciler = Reconciler(setting.clock, setting.reporter, setting.patience)
    report = _bring(setting, word, reconciler.run, replacing=replacing)
    if report.problems:
        raise Refusal(*report.problems)
    return report


def _bring(
    setting: Setting, word: str | None, carry: Callable[[Stage], StageState], *, replacing: bool
) -> SiteReport:
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        subject = find_subject(setting, seen, worktree, word)
        stage = website_stage(setting, seen, subject, worktree, replacing=replacing)
        observe((stage,))
        pages = tuple(page for part in stage.parts if isinstance(part, WebsitePart) for page in part.pages)
        state = carry(stage)
        return SiteReport(
            version=subject.target.title,
            tag=subject.target.tag,
            state=state,
            pages=pages,
            problems=tuple(_as_error(problem) for problem in blocked_in(state)),
        )


def _as_error(problem: Problem) -> Problem:
    return replace(problem, severity="error")
