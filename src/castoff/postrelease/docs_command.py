"""The documentation of a release on its own: one look, or looks at growing intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, Wait, only_if
from castoff.model.observations import Unknown
from castoff.notes.links.text import links_in
from castoff.ports import Clock, ForgeIssue
from castoff.postrelease.changelog import ChangelogPart, published
from castoff.postrelease.docs import DocsLook
from castoff.postrelease.links import LINK, LinksLook
from castoff.postrelease.stages import blocked_in, carry_on, changelog_stage, docs_stage
from castoff.reconcile import StageState
from castoff.reconcile.patience import at_most
from castoff.session.past_release import PastRelease, find_past_release
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.values import replace

HALF_A_DAY = 43_200.0
_FIRST, _LONGEST, _GROWTH = 30.0, 900.0, 1.5


class PackageDocs(Struct, frozen=True, kw_only=True):
    """The documentation of one package; ``state`` is queued, building, failed, built or unknown."""

    name: str
    state: str
    url: str | None = None
    issue: str | None = None
    reason: str = ""


class DocsReport(Struct, frozen=True, kw_only=True):
    """The documentation of one release; ``acts`` are those that may follow, in the changelog too."""

    version: str
    packages: tuple[PackageDocs, ...]
    state: StageState
    problems: tuple[Problem, ...] = ()
    acts: tuple[Act, ...] = ()

    @property
    def is_over(self) -> bool:
        """Return whether no build is running any more."""
        return all(one.state in ("built", "failed") for one in self.packages)


class Watch(Struct, frozen=True, kw_only=True):
    """How long to look: ``seconds`` in all, one look where it is 0; ``chance`` gives numbers from 0 to 1."""

    seconds: float
    chance: Callable[[], float]


ONE_LOOK = Watch(seconds=0.0, chance=lambda: 0.5)


def look_at_docs(services: Services, word: str | None, watch: Watch = ONE_LOOK) -> DocsReport:
    """Return how far the documentation is; writes nothing."""

    def once(session: Session, past: PastRelease) -> DocsReport:
        (state,) = session.observe(docs_stage(session, past))
        acts = (*state.acts_ahead, *_acts_in_changelog(session, past, state))
        return replace(_report(past, state, blocked_in(state)), acts=acts)

    return _watch(services, word, watch, once)


def keep_docs(services: Services, word: str | None, watch: Watch = ONE_LOOK) -> DocsReport:
    """Watch the documentation, report failures once, and link symbols when it is built."""

    def once(session: Session, past: PastRelease) -> DocsReport:
        state, problems = carry_on(session.services.reconciler(), docs_stage(session, past))
        linked = _link_changelog(session, past)
        return _report(past, state, (*problems, *linked))

    return _watch(services, word, watch, once)


def intervals(chance: Callable[[], float]) -> Iterator[float]:
    """Return the pauses between looks, in seconds: growing to a quarter of an hour, a fifth more or less by chance."""
    pause = _FIRST
    while True:
        yield pause * (0.8 + 0.4 * chance())
        pause = min(pause * _GROWTH, _LONGEST)


def _watch(
    services: Services, word: str | None, watch: Watch, once: Callable[[Session, PastRelease], DocsReport]
) -> DocsReport:
    with open_session(services) as session:
        past = find_past_release(session, word)
        clock, pauses = services.clock, intervals(watch.chance)
        until = clock.monotonic() + watch.seconds
        report = once(session, past)
        while not report.is_over and (left := _left(clock, until)) > 0:
            pause = min(max(next(pauses), _asked(report)), left)
            services.reporter.waiting("documentation", at_most(_waits(report), watch.seconds), pause)
            clock.sleep(pause)
            report = once(session, past)
        return report


def _left(clock: Clock, until: float) -> float:
    return until - clock.monotonic()


def _asked(report: DocsReport) -> float:
    """Return the longest pause that a service asked for."""
    waits = [part.decision.seconds or 0.0 for part in report.state.parts if isinstance(part.decision, Wait)]
    known = {one.name for one in report.packages if one.state == "unknown"}
    return max(waits, default=0.0) if known else 0.0


def _waits(report: DocsReport) -> str:
    open_ones = [one.name for one in report.packages if one.state not in ("built", "failed")]
    return f"{len(open_ones)} of {len(report.packages)} are not built yet"


def _link_changelog(session: Session, past: PastRelease) -> tuple[Problem, ...]:
    """Where the release links symbols, see that the changelog does; it warns where it cannot."""
    if not _has_links(session.services, past):
        return ()
    stage = replace(changelog_stage(session, past), may_lag=True)
    try:
        _, problems = carry_on(session.services.reconciler(), stage)
    except CastoffError as error:
        problems = tuple(replace(problem, severity="warning") for problem in error.problems)
    return problems


def _has_links(services: Services, past: PastRelease) -> bool:
    forge = services.forge(past.release.remote_url)
    release = published(forge, past.release.tag) if forge else None
    return release is not None and not isinstance(release, Unknown) and bool(links_in(release.body))


def _acts_in_changelog(session: Session, past: PastRelease, state: StageState) -> tuple[Act, ...]:
    """Return the acts that bring linked symbols to the changelog, or that would once they are linked."""
    is_linked = _has_links(session.services, past)
    if not is_linked and LINK.id not in {act.id for act in state.acts_ahead}:
        return ()
    stage = changelog_stage(session, past)
    if is_linked:
        return session.observe(stage)[0].acts_ahead
    parts = (part for part in stage.parts if isinstance(part, ChangelogPart))
    return tuple(act for part in parts for act in only_if("if symbols are linked", part.delivery.ahead()))


def _report(past: PastRelease, state: StageState, problems: tuple[Problem, ...]) -> DocsReport:
    packages: list[PackageDocs] = []
    unresolved: list[Problem] = []
    for part, seen in zip(state.stage.parts, state.parts, strict=False):
        if isinstance(seen.look, DocsLook):
            packages.append(_package(part.name, seen.look))
        if isinstance(seen.look, LinksLook):
            unresolved += [_unresolved(one.path, one.candidates) for one in seen.look.unresolved]
    return DocsReport(
        version=past.release.title,
        packages=tuple(packages),
        state=state,
        problems=(*problems, *unresolved),
    )


def _package(name: str, seen: DocsLook) -> PackageDocs:
    issue = seen.issue.url if isinstance(seen.issue, ForgeIssue) else None
    if isinstance(seen.build, Unknown):
        return PackageDocs(name=name, state="unknown", reason=seen.build.reason)
    if seen.build.state == "queued":
        return PackageDocs(name=name, state="queued")
    return PackageDocs(name=name, state=seen.build.state, url=seen.build.url, issue=issue)


def _unresolved(path: str, candidates: tuple[str, ...]) -> Problem:
    near = ", ".join(f"`{one}`" for one in candidates[:3])
    return Problem(
        code="symbol-unknown",
        severity="warning",
        message=f"the documentation has no unique symbol `{path}`",
        reason="castoff only creates links that it has checked, so the name stays code",
        remedy=(f"write one of {near} in the release instead, in double brackets; " if near else "")
        + f"write `{path}` in single backticks in the release to keep it as code",
    )
