"""Of which stages does taking a version back consist, and how did it end?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.staging import NO_FORGE, Target, target_of
from castoff.flows.survey import Survey, manifest_tree, ordered, read_workspace
from castoff.git import Worktree
from castoff.model.acts import Act, Person, Refused
from castoff.model.intent import Claim
from castoff.model.observations import Present, Withdrawn
from castoff.model.versions import Ecosystem, ReleaseVersion, next_version, read, spell
from castoff.ports import Registry
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.notice import KEPT, LatestPart, NoDraftPart, NoticePart, heir_of, note_of
from castoff.stages.part import Part, Stage
from castoff.stages.withdraw import LIMITS, WithdrawPart, before_it

_TRIED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """How taking a version back ended, or would go: ``executed`` says whether anything was to be done.

    ``burnt`` says that some file of the version is, or was, on a registry; ``next_free`` is then the next version
    that no registry and no tag knows. ``by_hand`` is what only a person can do, ``limits`` what nobody can undo.
    """

    version: str
    target: Target
    states: tuple[StageState, ...]
    executed: bool
    burnt: bool
    next_free: str | None = None
    by_hand: tuple[Problem, ...] = ()
    limits: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def acts(self) -> tuple[Act, ...]:
        """List the acts that are missing, those of a person left out."""
        people = {act for state in self.states for part in state.parts for act in _persons(part.decision)}
        return tuple(act for state in self.states for act in state.acts if act not in people)

    @property
    def is_done(self) -> bool:
        """Say whether nothing is left, for castoff or for a person."""
        return all(state.state in ("done", "off") for state in self.states)


Agrees = Callable[[Withdrawal], bool]


def target_at(setting: Setting, seen: Survey, worktree: Worktree, claim: Claim) -> Target:
    """Read workspace and order at a release commit."""
    release = setting.configuration.release
    workspace = read_workspace(manifest_tree(worktree, claim.commit), setting.manifests, release.exclude)
    return target_of(seen, claim, workspace, ordered(workspace, release))


def withdraw_stage(setting: Setting, target: Target) -> Stage:
    """Withdraw every package, facade first."""
    registries = registries_of(setting, target)
    parts: list[Part] = [
        WithdrawPart(
            package=package,
            version=spell(target.claim.version, package.ecosystem),
            registry=registries[package.ecosystem],
            needs=before_it(package.id, target.order),
        )
        for wave in reversed(target.order.waves)
        for name in wave
        for package in (target.workspace.package(name),)
    ]
    return Stage("withdraw", tuple(parts))


def notice_stage(setting: Setting, seen: Survey, target: Target, reason: str) -> Stage:
    """Say on the forge's page that the version was withdrawn, and lead "latest" elsewhere."""
    forge = setting.forge(target.remote_url)
    if forge is None:
        return Stage("notice", (), off=NO_FORGE)
    releases = forge.releases()
    known = releases if isinstance(releases, Sequence) else ()
    heir = heir_of(target.tag, known, seen.tag_name.version)
    note = note_of(setting.now.date(), reason, heir.tag if heir else None)
    return Stage(
        "notice",
        (
            NoticePart(tag=target.tag, forge=forge, note=note),
            LatestPart(tag=target.tag, forge=forge, version_of=seen.tag_name.version),
        ),
    )


def no_draft_stage(setting: Setting, target: Target) -> Stage:
    """Delete the draft of a version that is given up."""
    forge = setting.forge(target.remote_url)
    if forge is None:
        return Stage("notice", (), off=NO_FORGE)
    return Stage("notice", (NoDraftPart(tag=target.tag, forge=forge),))


def carry_out(setting: Setting, stages: Sequence[Stage]) -> tuple[StageState, ...]:
    """Bring the stages to their end, one after the other."""
    reconciler = Reconciler(setting.clock, setting.reporter, setting.patience, lanes=setting.lanes)
    return tuple(reconciler.run(stage) for stage in stages)


def look_at(setting: Setting, stages: Sequence[Stage]) -> tuple[StageState, ...]:
    """Look at the stages once, and write nothing."""
    return observe(stages, lanes=setting.lanes)


def summed_up(
    setting: Setting, seen: Survey, target: Target, states: Sequence[StageState], *, executed: bool
) -> Withdrawal:
    """Say how it stands."""
    burnt = is_burnt(states)
    ecosystems = sorted({package.ecosystem for package in target.workspace.packages})
    return Withdrawal(
        version=target.title,
        target=target,
        states=tuple(states),
        executed=executed,
        burnt=burnt,
        next_free=next_free(setting, seen, target) if burnt else None,
        by_hand=_by_hand(setting, target, states),
        limits=tuple(LIMITS[one] for one in ecosystems) if burnt else (),
        problems=tuple(_kept_drafts(target, states)),
    )


def is_burnt(states: Sequence[StageState]) -> bool:
    """Say whether some file of the version is, or was, on a registry."""
    return any(
        isinstance(one.answer, Present | Withdrawn)
        for state in states
        if state.stage.name == "withdraw"
        for part in state.parts
        for one in part.seen
    )


def next_free(setting: Setting, seen: Survey, target: Target) -> str | None:
    """Name the next version after the one of the target that no registry and no tag knows; None where unknown."""
    registries = registries_of(setting, target)
    used: set[ReleaseVersion | None] = {seen.tag_name.version(tag) for tag in seen.refs.tags}
    for package in target.workspace.packages:
        listed = registries[package.ecosystem].versions(package)
        if listed is None:
            return None
        used.update(read(text) for text in listed)
    version = target.claim.version
    for _ in range(_TRIED):
        version = next_version(version, version.pre or "patch")
        if version not in used:
            return spell(version, seen.tag_name.ecosystem)
    return None


def registries_of(setting: Setting, target: Target) -> dict[Ecosystem, Registry]:
    """Open the registries of the target's packages."""
    return {e: setting.registry(e) for e in sorted({p.ecosystem for p in target.workspace.packages})}


def _by_hand(setting: Setting, target: Target, states: Sequence[StageState]) -> tuple[Problem, ...]:
    """Ask each registry what a person has to do; one that lets only a person withdraw writes nothing when asked."""
    registries = registries_of(setting, target)
    found = []
    for state in (one for one in states if one.stage.name == "withdraw"):
        for part in state.parts:
            if isinstance(part.decision, Person):
                package = target.workspace.package(part.name)
                native = spell(target.claim.version, package.ecosystem)
                said = registries[package.ecosystem].yank(package, native)
                if isinstance(said, Refused):
                    found.append(replace(said.problem, severity="warning"))
    return tuple(found)


def _kept_drafts(target: Target, states: Sequence[StageState]) -> Iterator[Problem]:
    for state in states:
        for part in state.parts:
            for one in part.seen:
                if one.id == KEPT and isinstance(one.answer, Present):
                    yield Problem(
                        code="draft-kept",
                        severity="warning",
                        message=f"the draft of `{target.tag}` stays: people wrote in it",
                        reason="words that were deleted cannot be written again",
                        remedy="take them over with `castoff highlights VERSION` for the version that comes instead, "
                        "or delete the draft on the forge",
                        url=one.answer.url,
                    )


def _persons(decision: object) -> tuple[Act, ...]:
    return decision.acts if isinstance(decision, Person) else ()
