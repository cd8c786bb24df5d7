"""Which stages come after the announcement, and of which parts are they made?"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from castoff.errors import CastoffError, Problem
from castoff.flows.checking import wants_signed_commit
from castoff.flows.editing import changelog_path
from castoff.flows.gathering import label_of_own_pulls
from castoff.flows.setting import DocsHostName, Setting
from castoff.flows.staging import NO_FORGE
from castoff.flows.subject import Subject
from castoff.git import Worktree
from castoff.model.acts import Act, Decision, Do, Done, Outcome, Wait
from castoff.model.observations import Unknown
from castoff.model.refs import Refs
from castoff.model.versions import spell
from castoff.notes.milestones import MilestonePlan, MilestonePolicy, milestone_meant
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.changelog import ChangelogPart
from castoff.stages.delivery import Delivery, Texts
from castoff.stages.docs import DocsPart, Documented, Ledger
from castoff.stages.links import LinksPart
from castoff.stages.part import Part, Seen, Stage
from castoff.stages.porting import Terms, cut_by


@dataclass(slots=True)
class OneAtATime:
    """A clone that several parts work in: what changes it goes one after the other."""

    worktree: Worktree
    sign: bool | None
    signoff: bool
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags."""
        return self.worktree.ls_remote(url)

    def has(self, commit: str) -> bool:
        """Say whether a commit is here."""
        return self.worktree.has(commit)

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        """Bring branches here."""
        with self._lock:
            return self.worktree.fetch(url, branches)

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether a commit lies in the history of another."""
        return self.worktree.is_ancestor(commit, of)

    def push(self, url: str, spec: str) -> Outcome:
        """Push one ref."""
        return self.worktree.push(url, spec)

    def commit(self, head: str, texts: Texts, message: str) -> str:
        """Commit texts on top of a commit, signed as the release commit is; gives the new commit."""
        with self._lock:
            self.worktree.check_out(head)
            self.worktree.write(texts)
            paths = self.worktree.changed_paths()
            return self.worktree.commit(message, paths, sign=self.sign, signoff=self.signoff)


def one_at_a_time(setting: Setting, worktree: Worktree) -> OneAtATime:
    """Open a clone for parts that run side by side."""
    return OneAtATime(worktree, wants_signed_commit(setting), setting.configuration.release.signoff)


def changelog_stage(
    setting: Setting, subject: Subject, worktree: Worktree, *, replacing: bool = False
) -> Stage:
    """Port the notes: to the branch that the release was made on, and to the default branch where that is another."""
    settings = setting.configuration.changelog
    forge = setting.forge(subject.target.remote_url)
    path = changelog_path(worktree.tree(subject.commit), settings.file) or "CHANGELOG.md"
    if settings.mode == "off" or forge is None:
        return Stage("changelog", (), off="`changelog.mode` is off" if forge else NO_FORGE)
    remote = one_at_a_time(setting, worktree)
    terms = replace(terms_of(setting, subject, worktree, path), replace=replacing)
    parts = [
        ChangelogPart(
            terms=terms,
            path=path,
            forge=forge,
            delivery=_changelog_delivery(setting, subject, remote, branch, is_first=number == 0),
            tree=worktree.tree,
            milestone=lambda: milestone_url(setting, subject),
            configured=settings.file is not None,
            name="changelog" if number == 0 else f"changelog:{branch}",
        )
        for number, branch in enumerate(subject.branches)
    ]
    return Stage("changelog", tuple(parts))


def terms_of(setting: Setting, subject: Subject, worktree: Worktree, path: str) -> Terms:
    """Say on which terms a release is ported, from what its commit cut."""
    parent = worktree.parent(subject.commit)
    news, day = cut_by(
        worktree.tree(subject.commit).read(path),
        worktree.tree(parent).read(path) if parent else None,
        str(subject.version),
    )
    return Terms(
        version=str(subject.version),
        tag=subject.target.tag,
        previous=subject.previous_tag,
        contributors=setting.configuration.changelog.contributors,
        news=news,
        day=day,
    )


def milestone_url(setting: Setting, subject: Subject) -> str | Unknown | None:
    """Give the address of the release's milestone, None where there is none."""
    policy = setting.configuration.milestone
    forge = setting.milestones(subject.target.remote_url)
    if forge is None or policy.mode == "off":
        return None
    found = forge.milestones()
    if isinstance(found, Unknown):
        return found
    plan = MilestonePlan(version=subject.version, following=subject.version)
    one = milestone_meant(found, plan, MilestonePolicy(mode=policy.mode, title=policy.title))
    return f"{one.url}?closed=1" if one is not None and one.url else None


def docs_stage(setting: Setting, subject: Subject, worktree: Worktree) -> Stage:
    """Watch the documentation of every package, and link symbols when it is built."""
    settings = setting.configuration.docs
    hosted = documented_of(setting, subject, worktree)
    if settings.mode == "off" or not hosted:
        why = (
            "`docs.mode` is off" if settings.mode == "off" else "no package has documentation on a known host"
        )
        return Stage("docs", (), required=False, off=why)
    url = subject.target.remote_url
    desk, forge = setting.desk(url), setting.forge(url)
    since = datetime.fromtimestamp(worktree.commit_time(subject.commit), UTC) - timedelta(days=1)
    ledger = Ledger(desk, since) if desk is not None and settings.issue else None
    parts: list[Part] = []
    for name, documented in hosted.items():
        host = setting.docs(name)
        parts += [DocsPart(documented=one, host=host, ledger=ledger) for one in documented]
    if forge is not None:
        name, documented = next(iter(hosted.items()))
        parts.append(
            LinksPart(tag=subject.target.tag, forge=forge, host=setting.docs(name), documented=documented)
        )
    return Stage("docs", tuple(parts), required=False)


def documented_of(
    setting: Setting, subject: Subject, worktree: Worktree
) -> Mapping[DocsHostName, Sequence[Documented]]:
    """Say what is documented where, the facade first: crates on docs.rs, one project on Read the Docs."""
    settings, target = setting.configuration.docs, subject.target
    facade = target.order.facade
    found: dict[DocsHostName, list[Documented]] = {}
    crates = [package for package in target.workspace.packages if package.ecosystem == "cargo"]
    if settings.host in (None, "docs.rs") and crates:
        crates.sort(key=lambda package: package.id != facade)
        version = spell(subject.version, "cargo")
        found["docs.rs"] = [Documented(label=one.id, name=one.name, version=version) for one in crates]
    there = any(
        worktree.tree(subject.commit).read(name) is not None
        for name in (".readthedocs.yaml", ".readthedocs.yml")
    )
    project = settings.project or facade or next(iter(target.workspace.names), None)
    if project is not None and (settings.host == "readthedocs" or (settings.host is None and there)):
        slug = target.tag.lower().replace("/", "-")
        found["readthedocs"] = [
            Documented(label=project, name=project.lower().replace("_", "-"), version=slug)
        ]
    return found


def settle(reconciler: Reconciler, stage: Stage) -> StageState:
    """Look once, and do what is missing; what is only under way is not waited for."""
    (seen,) = observe((stage,))
    due = {
        part.name: _Unhurried(part)
        for part, state in zip(stage.parts, seen.parts, strict=False)
        if isinstance(state.decision, Do)
    }
    if not due:
        return seen
    done = {state.name: state for state in reconciler.run(replace(stage, parts=tuple(due.values()))).parts}
    ended = (
        replace(done[state.name], decision=due[state.name].said or state.decision)
        if state.name in due
        else state
        for state in seen.parts
    )
    return StageState(stage, tuple(ended))


@dataclass(slots=True)
class _Unhurried:
    """A part that acts, but for which nobody waits: what is under way counts as the end of its turn."""

    part: Part
    said: Decision | None = None

    @property
    def name(self) -> str:
        """Name the part."""
        return self.part.name

    @property
    def needs(self) -> frozenset[str]:
        """Need nothing: what it needs was looked at."""
        return frozenset()

    @property
    def gate(self) -> str | None:
        """Share the part's rate limit."""
        return self.part.gate

    def look(self) -> Seen:
        """Ask the world."""
        return self.part.look()

    def decide(self, seen: Seen) -> Decision:
        """Say what the part says, and end where it would wait for more than an answer that failed."""
        self.said = self.part.decide(seen)
        return Done() if isinstance(self.said, Wait) and self.said.seconds is not None else self.said

    def act(self, act: Act) -> Outcome:
        """Do one act."""
        return self.part.act(act)


def carry_on(reconciler: Reconciler, stage: Stage) -> tuple[StageState, tuple[Problem, ...]]:
    """Bring one of these stages as far as it goes; what may lag is settled, and its errors become warnings."""
    if stage.required:
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


def _changelog_delivery(
    setting: Setting, subject: Subject, remote: OneAtATime, branch: str, *, is_first: bool
) -> Delivery:
    target = subject.target
    tree = remote.worktree.tree(subject.commit)
    message = f"changelog: notes of {target.title}"
    is_default = branch == subject.branches[-1]
    return Delivery(
        stage="changelog",
        branch=branch,
        remote_url=target.remote_url,
        remote=remote,
        desk=setting.desk(target.remote_url),
        make=lambda head, texts: remote.commit(head, texts, message),
        proposal=f"castoff/changelog-{target.title}" + ("" if is_default else f"-onto-{branch}"),
        title=f"Changelog: notes of {target.title}",
        text=f"The notes of {target.title} as they were published, for the changelog.\n\n"
        "Merge it as it is: what the release says is what the changelog shall say.\n",
        by_pull_request=setting.configuration.changelog.mode == "pull-request",
        suffix="" if is_first else f":{branch}",
        label=label_of_own_pulls(tree, setting.configuration.notes.config),
    )
