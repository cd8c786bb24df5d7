"""How far is the documentation of a release, and what is done about it? A look, or looks at growing intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from castoff.errors import CastoffError, Problem
from castoff.flows.after import blocked_in, carry_on, changelog_stage, docs_stage
from castoff.flows.setting import Setting
from castoff.flows.subject import Subject, find_subject
from castoff.flows.survey import survey
from castoff.git import Worktree
from castoff.model.acts import Wait
from castoff.model.observations import Absent, Answer, Present, Unknown
from castoff.notes.links.carrying import links_in
from castoff.ports import Clock
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.changelog import published
from castoff.stages.docs import DocsPart
from castoff.stages.links import LinksPart

HALF_A_DAY = 43_200.0
_FIRST, _LONGEST, _GROWTH = 30.0, 900.0, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageDocs:
    """The documentation of one package; ``state`` is queued, building, failed, built or unknown."""

    name: str
    state: str
    url: str | None = None
    issue: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsReport:
    """The documentation of one release."""

    version: str
    packages: tuple[PackageDocs, ...]
    state: StageState
    problems: tuple[Problem, ...] = ()

    @property
    def is_over(self) -> bool:
        """Say whether nothing is under way any more."""
        return all(one.state in ("built", "failed") for one in self.packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How long to look: ``seconds`` in all, one look where it is 0; ``chance`` gives numbers from 0 to 1."""

    seconds: float
    chance: Callable[[], float]


ONE_LOOK = Watch(seconds=0.0, chance=lambda: 0.5)


def look_at_docs(setting: Setting, word: str | None, watch: Watch = ONE_LOOK) -> DocsReport:
    """Say how far the documentation is; writes nothing."""

    def once(subject: Subject, worktree: Worktree) -> DocsReport:
        (state,) = observe((docs_stage(setting, subject, worktree),))
        return _report(subject, state, blocked_in(state))

    return _watch(setting, word, watch, once)


def keep_docs(setting: Setting, word: str | None, watch: Watch = ONE_LOOK) -> DocsReport:
    """Watch the documentation, report failures once, and link symbols when it is built."""
    reconciler = Reconciler(setting.clock, setting.reporter, setting.patience)

    def once(subject: Subject, worktree: Worktree) -> DocsReport:
        state, problems = carry_on(reconciler, docs_stage(setting, subject, worktree))
        linked = _link_changelog(setting, subject, worktree, reconciler)
        return _report(subject, state, (*problems, *linked))

    return _watch(setting, word, watch, once)


def intervals(chance: Callable[[], float]) -> Iterator[float]:
    """Give the pauses between looks, in seconds: growing to a quarter of an hour, a fifth more or less by chance."""
    pause = _FIRST
    while True:
        yield pause * (0.8 + 0.4 * chance())
        pause = min(pause * _GROWTH, _LONGEST)


def _watch(
    setting: Setting, word: str | None, watch: Watch, once: Callable[[Subject, Worktree], DocsReport]
) -> DocsReport:
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        subject = find_subject(setting, seen, worktree, word)
        clock, pauses = setting.clock, intervals(watch.chance)
        until = clock.monotonic() + watch.seconds
        report = once(subject, worktree)
        while not report.is_over and (left := _left(clock, until)) > 0:
            pause = min(max(next(pauses), _asked(report)), left)
            setting.reporter.waiting("documentation", _waits(report), pause)
            clock.sleep(pause)
            report = once(subject, worktree)
        return report


def _left(clock: Clock, until: float) -> float:
    return until - clock.monotonic()


def _asked(report: DocsReport) -> float:
    """Give the longest pause that a service asked for."""
    waits = [part.decision.seconds or 0.0 for part in report.state.parts if isinstance(part.decision, Wait)]
    known = {one.name for one in report.packages if one.state == "unknown"}
    return max(waits, default=0.0) if known else 0.0


def _waits(report: DocsReport) -> str:
    open_ones = [one.name for one in report.packages if one.state not in ("built", "failed")]
    return f"{len(open_ones)} of {len(report.packages)} are not built yet"


def _link_changelog(
    setting: Setting, subject: Subject, worktree: Worktree, reconciler: Reconciler
) -> tuple[Problem, ...]:
    """Where the release links symbols, see that the changelog does; it warns where it cannot."""
    forge = setting.forge(subject.target.remote_url)
    release = published(forge, subject.target.tag) if forge else None
    if release is None or isinstance(release, Unknown) or not links_in(release.body):
        return ()
    stage = replace(changelog_stage(setting, subject, worktree), required=False)
    try:
        _, problems = carry_on(reconciler, stage)
    except CastoffError as error:
        problems = tuple(replace(problem, severity="warning") for problem in error.problems)
    return problems


def _report(subject: Subject, state: StageState, problems: tuple[Problem, ...]) -> DocsReport:
    packages: list[PackageDocs] = []
    unresolved: list[Problem] = []
    for part, seen in zip(state.stage.parts, state.parts, strict=False):
        if isinstance(part, DocsPart):
            answers = {one.id: one.answer for one in seen.seen}
            packages.append(_package(part.name, answers))
        if isinstance(part, LinksPart):
            unresolved += [_unresolved(one.path, one.candidates) for one in part.unresolved]
    return DocsReport(
        version=subject.target.title,
        packages=tuple(packages),
        state=state,
        problems=(*problems, *unresolved),
    )


def _package(name: str, answers: dict[str, Answer]) -> PackageDocs:
    issue = answers.get(f"issue:{name}")
    link = issue.url if isinstance(issue, Present) else None
    match answers[name]:
        case Absent():
            return PackageDocs(name=name, state="queued")
        case Present(digest=state, url=url):
            return PackageDocs(name=name, state=state or "unknown", url=url, issue=link)
        case Unknown(reason=reason):
            return PackageDocs(name=name, state="unknown", reason=reason)
        case _:
            return PackageDocs(name=name, state="unknown")


def _unresolved(path: str, candidates: tuple[str, ...]) -> Problem:
    near = ", ".join(f"`{one}`" for one in candidates[:3])
    return Problem(
        code="symbol-unknown",
        severity="warning",
        message=f"the documentation has no single symbol `{path}`",
        reason="a link that was not checked is worse than none, so it stays code",
        remedy=f"write one of {near} in the release" if near else "correct the reference in the release",
    )
