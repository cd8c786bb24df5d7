"""Rehearsal of a whole release against an embedded world; the user's checkout is only read.

What others do in a release is done here in their stead, with the same code that they would run: the workflow that makes
the draft (`draft.by = "ci"`), the person who merges castoff's pull requests, the workflow that resumes after a merge.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import CastoffError, Problem
from castoff.model.intent import Begin, meant
from castoff.model.observations import Present
from castoff.postrelease.website_copy import copy_website
from castoff.reconcile import StageState
from castoff.regexes import regex
from castoff.release.draft_command import make_draft
from castoff.release.flight import explained
from castoff.release.proposal_command import propose
from castoff.release.run import Result, Upload, approve_staged, run_release
from castoff.release.status import look
from castoff.release.unproven import unproven_anywhere, unproven_of
from castoff.session.registry_versions import require_free, with_silence_named
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Recorder
from castoff.session.services import Embedded, Services, WorldContent
from castoff.session.session import Session, open_session
from castoff.session.snapshot import Snapshot, ordered
from castoff.session.tag_names import require_clear_tags
from castoff.session.version_guards import require_version
from castoff.values import replace

_ACTING = regex(r"`castoff (?:abandon|announce|changelog|draft|milestone|release|resume|website|yank)\b")
_SHOWN = frozenset({"nothing-committed"})
"""What a release of a level stops for, and a rehearsal shows."""
_MERGES = 5
"""How often pull requests are merged and the release resumed: the changelog's lets the website's follow."""

Opened = Callable[[Session, WorldContent], AbstractContextManager[Embedded]]


class Rehearsal(Struct, frozen=True, kw_only=True):
    """How a rehearsal ended, what the embedded world held then, and the error that stopped it."""

    result: Result
    world: dict[str, object]
    error: CastoffError | None = None


def rehearse(
    services: Services, request: ReleaseRequest, opened: Opened, *, by_pull_request: bool = False
) -> Rehearsal:
    """Rehearse a release, claimed by a push or ``by_pull_request``.

    A clone stands for the user's checkout; ``opened`` makes an embedded world whose repository holds the
    clone's branch and tags, with what was released before in its registries, and aims the ports at it.
    Errors before that are raised; later ones are part of the result.
    """
    with open_session(services) as session:
        require_clear_tags(session.snapshot.unclear_tags)
        # The run inside gets the clone as its user's checkout, so it must stand on a branch and not on a
        # detached commit.
        session.clone.stand_on(session.snapshot.branch, session.snapshot.head)
        before = session.workspace_before()
        exact = _exact(session, request)
        content = WorldContent(session.snapshot.workspace, before, copy_website(session))
        with (
            opened(session, content) as embedded,
            session.clone.scrubbed(),
        ):
            run = _Run(embedded, exact, by_pull_request)
            try:
                with with_silence_named(services, session.snapshot.workspace.packages):
                    result, error = run.play(), None
            except CastoffError as stopped:
                error = type(stopped)(*(inside(problem) for problem in stopped.problems))
                result = run.summary(session.snapshot, error)
            return Rehearsal(
                result=replace(
                    result,
                    not_proven=(
                        *unproven_anywhere(session.snapshot.ecosystems, is_seeded=embedded.is_seeded),
                        *unproven_of(services.configuration, result.stages, content.website, by_pull_request),
                    ),
                ),
                world=embedded.dump(),
                error=error,
            )


@dataclass(slots=True)
class _Run:
    """One running rehearsal."""

    embedded: Embedded
    request: ReleaseRequest
    by_pull_request: bool
    recorder: Recorder = field(init=False)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        """Record what the commands do, one after the other."""
        outer = self.embedded.services
        self.recorder = Recorder(clock=outer.clock, listeners=(outer.reporter,))
        self.services = replace(outer, reporter=self.recorder)

    def play(self) -> Result:
        """Run the commands of a release in the order in which people and workflows run them."""
        by_ci = self.services.configuration.draft.by == "ci"
        request = self._proposed() if self.by_pull_request else self.request
        first = run_release(self.services, replace(request, agreed=not by_ci))
        first = approve_staged(self.services, first, agreed=not by_ci)
        last, played = first, dict[str, StageState]()
        resumed = ReleaseRequest(level=None, version=first.version, agreed=True)
        if by_ci:
            self.services.reporter.note("the workflow's part: the draft, by the code of `castoff draft`")
            played["draft"] = make_draft(self.services, first.version).state
            last = run_release(self.services, resumed)
        for _ in range(_MERGES):
            if not self._merged():
                break
            last = run_release(self.services, resumed)
        stages = tuple(played.get(one.stage.name, one) for one in last.stages)
        problems = tuple(dict.fromkeys((*first.problems, *last.problems)))
        return replace(first, stages=stages, links=last.links, problems=problems)

    def summary(self, snapshot: Snapshot, error: CastoffError) -> Result:
        """Return what can be said of a rehearsal that an error stopped."""
        try:
            stages = look(self.services, self.request.level).states
        except CastoffError:
            stages = ()
        return Result(
            version=self.request.level or "",
            waves=ordered(snapshot.workspace, self.services.configuration.release).waves,
            resumed=False,
            stages=stages,
            uploads=_uploads(self.recorder, stages),
            mismatch_window=self.recorder.mismatch_window(),
            problems=error.problems,
        )

    def _proposed(self) -> ReleaseRequest:
        """Propose the release and merge the proposal; return the request to resume what the merge claimed."""
        proposed = propose(self.services, self.request)
        self._merged()
        return ReleaseRequest(level=None, version=proposed.version)

    def _merged(self) -> bool:
        """Merge what is open, as a person would; return whether there was anything."""
        titles = self.embedded.merge()
        for title in titles:
            self.services.reporter.note(f'a person\'s part: the merge of the pull request "{title}"')
        return bool(titles)


def inside(problem: Problem) -> Problem:
    """Replace a remedy that is a command on the release: outside of the rehearsal it would act on the real remote."""
    if not _ACTING.search(problem.remedy):
        return problem
    return replace(
        problem, remedy="fix the cause and rehearse again; nothing outside this machine was written"
    )


def _uploads(recorder: Recorder, stages: tuple[StageState, ...]) -> tuple[Upload, ...]:
    """List what was uploaded before a rehearsal stopped, with the digests that its registries show."""
    files = {
        one.id: (part.name, one.answer.digest or "")
        for state in stages
        if state.stage.name == "publish"
        for part in state.parts
        for one in part.seen
        if isinstance(one.answer, Present)
    }
    names = [one.act.target for one in recorder.uploads() if one.act.target in files]
    return tuple(
        Upload(package=files[name][0], filename=name, digest=files[name][1], order=order)
        for order, name in enumerate(names, start=1)
    )


def _exact(session: Session, request: ReleaseRequest) -> ReleaseRequest:
    """Name the version that the level means, so that a rehearsal shows the next release also right after one.

    A level that a release would stop for stops here too, as does a version that the real registries hold or pass.
    """
    if request.level is None:
        return request
    try:
        intent = meant(session.snapshot.history, request.level, request.pre)
    except CastoffError as error:
        raise explained(session, error) from None
    # The embedded registries hold what the manifests of the last release say; only the real ones know what
    # else was uploaded.
    if isinstance(intent, Begin):
        # Right after a release, a rehearsal shows what the next one would be; inside, it is a warning.
        require_version(session, intent.version, request.level, but=_SHOWN)
        require_free(session.services, session.snapshot, intent.version, request.level)
    version = intent.version if isinstance(intent, Begin) else intent.claim.version
    return replace(request, level=str(version), pre=None)
