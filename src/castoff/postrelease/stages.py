"""Assembly of the stages after the announcement."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from castoff.errors import CastoffError, Problem
from castoff.git import Clone
from castoff.model.acts import Act, Decision, Do, Done, Outcome, Wait
from castoff.model.observations import Unknown
from castoff.model.refs import Refs
from castoff.model.versions import spell
from castoff.model.workspace import Package
from castoff.notes.milestones import MilestonePlan, MilestonePolicy, milestone_meant
from castoff.postrelease.changelog import ChangelogPart
from castoff.postrelease.delivery import Delivery, Texts
from castoff.postrelease.docs import DocsPart, Documented, Ledger
from castoff.postrelease.links import LinksPart
from castoff.postrelease.ported_changelog import ReleasePortOptions, cut_by
from castoff.reconcile import StageState, observe, part_state
from castoff.reconcile.part import Part, PartAround, Seen, Stage
from castoff.session.edits import CHANGELOG, changelog_path
from castoff.session.past_release import PastRelease
from castoff.session.release import NO_FORGE
from castoff.session.services import DocsHostName, Services
from castoff.session.session import Session
from castoff.session.signatures import wants_signed_commit
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.reconcile.reconciler import Reconciler


class OneAtATime(Struct):
    """A clone that several parts work in: what changes it goes one after the other."""

    clone: Clone
    sign: bool | None
    signoff: bool
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags."""
        return self.clone.ls_remote(url)

    def has(self, commit: str) -> bool:
        """Return whether a commit is here."""
        return self.clone.has(commit)

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        """Bring branches here."""
        with self._lock:
            return self.clone.fetch(url, branches)

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Return whether a commit lies in the history of another."""
        return self.clone.is_ancestor(commit, of)

    def push(self, url: str, spec: str) -> Outcome:
        """Push one ref."""
        return self.clone.push(url, spec)

    def commit(self, head: str, texts: Texts, message: str) -> str:
        """Commit texts on top of a commit, signed as the release commit is; returns the new commit."""
        with self._lock:
            self.clone.check_out(head)
            self.clone.write(texts)
            paths = self.clone.changed_paths()
            return self.clone.commit(message, paths, sign=self.sign, signoff=self.signoff)


def one_at_a_time(services: Services, clone: Clone) -> OneAtATime:
    """Open a clone for parts that run side by side."""
    return OneAtATime(clone, wants_signed_commit(services), services.configuration.release.signoff)


def changelog_stage(session: Session, past: PastRelease, *, replacing: bool = False) -> Stage:
    """Port the notes: to the branch that the release was made on, and to the default branch where that is another."""
    settings = session.configuration.changelog
    forge = session.services.forge(past.release.remote_url)
    path = changelog_path(session.clone.tree(past.commit), settings.file, past.release.workspace) or CHANGELOG
    if settings.mode == "off" or forge is None:
        return Stage("changelog", (), off="`changelog.mode` is off" if forge else NO_FORGE)
    is_there = session.clone.tree(past.commit).read(path) is not None
    remote = one_at_a_time(session.services, session.clone)
    options = replace(port_options_of(session, past, path), replace=replacing)
    parts = [
        ChangelogPart(
            options=options,
            path=path,
            forge=forge,
            delivery=_changelog_delivery(session.services, past, remote, number),
            tree=session.clone.tree,
            milestone=lambda: milestone_url(session.services, past),
            configured=settings.file is not None,
            # Whether the default branch keeps a changelog at all is looked at there: the release was made on another
            # one.
            is_kept=settings.file is not None or is_there if number == 0 else None,
            name="changelog" if number == 0 else f"changelog:{branch}",
        )
        for number, branch in enumerate(past.branches)
    ]
    return Stage("changelog", tuple(parts))


def port_options_of(session: Session, past: PastRelease, path: str) -> ReleasePortOptions:
    """Say on which options a release is ported, from what its commit cut."""
    parent = session.clone.parent(past.commit)
    news, day = cut_by(
        session.clone.tree(past.commit).read(path),
        session.clone.tree(parent).read(path) if parent else None,
        str(past.version),
    )
    return ReleasePortOptions(
        version=str(past.version),
        tag=past.release.tag,
        previous=past.previous_tag,
        contributors=session.configuration.changelog.contributors,
        news=news,
        day=day,
    )


def milestone_url(services: Services, past: PastRelease) -> str | Unknown | None:
    """Return the address of the release's milestone, None where there is none."""
    policy = services.configuration.milestone
    forge = services.milestones(past.release.remote_url)
    if forge is None or policy.mode == "off":
        return None
    found = forge.milestones()
    if isinstance(found, Unknown):
        return found
    plan = MilestonePlan(version=past.version, following=past.version)
    one = milestone_meant(found, plan, MilestonePolicy(mode=policy.mode, title=policy.title))
    return f"{one.url}?closed=1" if one is not None and one.url else None


def docs_stage(session: Session, past: PastRelease) -> Stage:
    """Watch the documentation of every package, and link symbols when it is built."""
    settings = session.configuration.docs
    hosted = documented_of(session, past)
    if settings.mode == "off" or not hosted:
        why = (
            "`docs.mode` is off"
            if settings.mode == "off"
            else "no package has documentation on a supported host"
        )
        return Stage("docs", (), may_lag=True, off=why)
    url = past.release.remote_url
    issue_tracker, forge = session.services.issue_tracker(url), session.services.forge(url)
    # A day earlier: the clocks of the machine that committed and of the forge may differ, and an issue about this
    # version cannot be older than its commit.
    since = datetime.fromtimestamp(session.clone.commit_time(past.commit), UTC) - timedelta(days=1)
    ledger = Ledger(issue_tracker, since) if issue_tracker is not None and settings.issue else None
    parts: list[Part[Any]] = []
    for name, documented in hosted.items():
        host = session.services.docs(name)
        parts += [DocsPart(documented=one, host=host, ledger=ledger) for one in documented]
    if forge is not None:
        name, documented = next(iter(hosted.items()))
        parts.append(
            LinksPart(
                tag=past.release.tag,
                forge=forge,
                host=session.services.docs(name),
                documented=documented,
                drafted=session.configuration.draft.by != "off",
            )
        )
    return Stage("docs", tuple(parts), may_lag=True)


def documented_of(session: Session, past: PastRelease) -> Mapping[DocsHostName, Sequence[Documented]]:
    """Return what is documented where, the facade first: crates on docs.rs, one project on Read the Docs."""
    settings, release = session.configuration.docs, past.release
    facade = release.facade
    found: dict[DocsHostName, list[Documented]] = {}
    crates = [package for package in release.workspace.packages if package.ecosystem == "cargo"]
    if settings.host in (None, "docs.rs") and crates:
        # The sort is stable, so that all others stay in the order of the workspace.
        crates.sort(key=lambda package: package.id != facade)
        version = spell(past.version, "cargo")
        found["docs.rs"] = [Documented(label=one.id, name=one.name, version=version) for one in crates]
    there = any(
        session.clone.tree(past.commit).read(name) is not None
        for name in (".readthedocs.yaml", ".readthedocs.yml")
    )
    project = settings.project or documented_name(release.workspace.packages, facade)
    if project is not None and (settings.host == "readthedocs" or (settings.host is None and there)):
        # Read the Docs makes the slug of a version from the name of its tag.
        slug = release.tag.lower().replace("/", "-")
        # A crate and the project may share a name; the labels of parts are unique within a stage.
        taken = {one.label for one in found.get("docs.rs", ())}
        label = f"readthedocs:{project}" if project in taken else project
        found["readthedocs"] = [Documented(label=label, name=project.lower().replace("_", "-"), version=slug)]
    return found


def documented_name(packages: Sequence[Package], facade: str | None) -> str | None:
    """Return the name that a project for all packages most likely has: the facade's, a Python package's first."""
    ranked = sorted(packages, key=lambda one: (one.ecosystem != "python", one.id != facade))
    return ranked[0].name if ranked else None


def settle(reconciler: Reconciler, stage: Stage) -> StageState:
    """Look once, and do what is missing, without waiting for what is running."""
    (seen,) = observe((stage,))
    due = {
        part.name: UnhurriedPart(part)
        for part, state in zip(stage.parts, seen.parts, strict=False)
        if isinstance(state.decision, Do)
    }
    if not due:
        return seen
    done = {state.name: state for state in reconciler.run(replace(stage, parts=tuple(due.values()))).parts}
    # Decided again by the part itself: inside, running counted as the end of its turn.
    for name, state in done.items():
        done[name] = part_state(due[name].part, state.look)
    return StageState(stage, tuple(done.get(state.name, state) for state in seen.parts))


class UnhurriedPart(PartAround, Struct, frozen=True):
    """A part that acts, but is not waited for: what is running counts as the end of its turn."""

    part: Part[Any]
    # Only parts that are due run again here: what they need was seen done.
    needs: frozenset[str] = frozenset()

    def look(self) -> Any:
        """Ask the world."""
        return self.part.look()

    def decide(self, seen: Any) -> Decision:
        """Return what the part decides, and end where it would wait for more than an answer that failed."""
        decision = self.part.decide(seen)
        return Done() if isinstance(decision, Wait) and decision.seconds is not None else decision

    def describe(self, seen: Any) -> Seen:
        """Show what the part saw."""
        return self.part.describe(seen)

    def act(self, act: Act) -> Outcome:
        """Do one act."""
        return self.part.act(act)


def carry_on(reconciler: Reconciler, stage: Stage) -> tuple[StageState, tuple[Problem, ...]]:
    """Bring one of these stages as far as it goes; what may lag is settled, and its errors become warnings."""
    if not stage.may_lag:
        return reconciler.run(stage), ()
    try:
        state = settle(reconciler, stage)
    except CastoffError as error:
        (state,) = observe((stage,))
        return state, tuple(replace(problem, severity="warning") for problem in error.problems)
    return state, blocked_in(state)


def blocked_in(state: StageState) -> tuple[Problem, ...]:
    """List what blocks the parts of a stage, as warnings."""
    return tuple(replace(problem, severity="warning") for problem in state.obstacles)


def _changelog_delivery(services: Services, past: PastRelease, remote: OneAtATime, number: int) -> Delivery:
    """Return how notes reach a branch of the release, the first of which has the section that was cut."""
    from castoff.session.change_range import label_of_own_pulls

    release, branch = past.release, past.branches[number]
    tree = remote.clone.tree(past.commit)
    message = f"changelog: notes of {release.title}"
    is_default = branch == past.branches[-1]
    return Delivery(
        stage="changelog",
        branch=branch,
        remote_url=release.remote_url,
        remote=remote,
        issue_tracker=services.issue_tracker(release.remote_url),
        make=lambda head, texts: remote.commit(head, texts, message),
        proposal=f"castoff/changelog-{release.title}" + ("" if is_default else f"-onto-{branch}"),
        title=f"Changelog: notes of {release.title}",
        text=f"The published notes of {release.title}, for the changelog.\n\n"
        "Merge it unchanged, so that the changelog matches the release.\n",
        by_pull_request=services.configuration.changelog.mode == "pull-request",
        suffix="" if number == 0 else f":{branch}",
        label=label_of_own_pulls(tree, services.configuration.notes.config),
    )
