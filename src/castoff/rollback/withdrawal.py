"""Assembly of the stages that withdraw a version, and their result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Act, Person, Refused
from castoff.model.graph import Order
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.versions import Ecosystem, ReleaseVersion, next_free_version, read, spell
from castoff.ports import Listing, Registry, Tagged
from castoff.reconcile import StageState, observe
from castoff.reconcile.part import Stage, UnansweredPart
from castoff.rollback.latest_tag import LatestTagPart, latest_name
from castoff.rollback.withdrawal_notice import KEPT, LatestPart, NoDraftPart, NoticePart, heir_of, note_of
from castoff.rollback.withdrawn_package import WithdrawPart
from castoff.session.forge_releases import all_releases
from castoff.session.release import NO_FORGE, Release
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.values import replace

LIMITS: Mapping[Ecosystem, str] = {
    "cargo": "a yanked crate can still be downloaded by projects with it in their lock file; new lock files do not "
    "select it; its version can never be uploaded again",
    "python": "yanked files can still be downloaded; installers select them only for a requirement that pins "
    "exactly this version; their names can never be used again; only a person can yank, on the index's site",
    "npm": "a deprecated version can still be installed, with a warning; it can never be published again",
}
"""What withdrawing does not undo, by ecosystem."""


def before_it(package: str, order: Order) -> frozenset[str]:
    """Return the packages that are withdrawn before a package: all that need it, as the facade needs every other."""
    # Dependents are yanked first, so that no visible package needs a yanked one.
    return frozenset(name for name, needs in order.needs.items() if package in needs)


class Withdrawal(Struct, frozen=True, kw_only=True):
    """How taking a version back ended, or would go: ``executed`` says whether anything was to be done.

    ``burned`` says that some file of the version is, or was, on a registry; ``next_free`` is then the next version
    that no registry and no tag knows. ``by_hand`` is what only a person can do, ``limits`` what nobody can undo.
    """

    version: str
    release: Release
    states: tuple[StageState, ...]
    executed: bool
    burned: bool
    next_free: str | None = None
    by_hand: tuple[Problem, ...] = ()
    limits: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def acts(self) -> tuple[Act, ...]:
        """List the acts that are missing and those that may follow, those of a person left out."""
        people = {act for state in self.states for part in state.parts for act in _persons(part.decision)}
        return tuple(act for state in self.states for act in state.acts_ahead if act not in people)

    @property
    def is_done(self) -> bool:
        """Return whether nothing is left, for castoff or for a person."""
        return all(state.state in ("done", "off") for state in self.states)


Agrees = Callable[[Withdrawal], bool]


def withdraw_stage(services: Services, release: Release) -> Stage:
    """Withdraw every package, facade first; before that, lead users elsewhere who name no version."""
    registries = registries_of(services, release)
    # The reverse order of uploads: the facade first, because users install that.
    packages = [release.workspace.package(name) for wave in reversed(release.waves) for name in wave]
    tagged = {
        one.id: registry for one in packages if isinstance(registry := registries[one.ecosystem], Tagged)
    }
    needs = {one.id: before_it(one.id, release.order) for one in packages}
    tags = [
        LatestTagPart(
            package=one,
            version=release.native(one),
            registry=tagged[one.id],
            needs=frozenset(map(latest_name, needs[one.id] & tagged.keys())),
        )
        for one in packages
        if one.id in tagged
    ]
    first = frozenset(part.name for part in tags)
    parts = [
        WithdrawPart(
            package=one,
            version=release.native(one),
            registry=registries[one.ecosystem],
            needs=needs[one.id] | first,
        )
        for one in packages
    ]
    return Stage("withdraw", (*tags, *parts))


def notice_stage(session: Session, release: Release, reason: str) -> Stage:
    """Say on the forge's page that the version was withdrawn, and lead "latest" elsewhere."""
    forge = session.services.forge(release.remote_url)
    if forge is None:
        return Stage("notice", (), off=NO_FORGE)
    known = all_releases(forge)
    if isinstance(known, Unknown):
        return Stage("notice", (UnansweredPart("notice", known),))  # whom to lead to is not known either
    heir = heir_of(release.tag, known, session.snapshot.tag_name.version)
    note = note_of(session.services.now.date(), reason, heir.tag if heir else None)
    return Stage(
        "notice",
        (
            NoticePart(tag=release.tag, forge=forge, note=note),
            LatestPart(tag=release.tag, forge=forge, version_of=session.snapshot.tag_name.version),
        ),
    )


def no_draft_stage(services: Services, release: Release) -> Stage:
    """Delete the draft of a version that is given up."""
    forge = services.forge(release.remote_url)
    if forge is None:
        return Stage("notice", (), off=NO_FORGE)
    return Stage("notice", (NoDraftPart(tag=release.tag, forge=forge),))


def carry_out(services: Services, stages: Sequence[Stage]) -> tuple[StageState, ...]:
    """Bring the stages to their end, one after the other."""
    # One reconciler for all stages: it remembers what was tried, so no write is repeated early.
    reconciler = services.reconciler()
    return tuple(reconciler.run(stage) for stage in stages)


def look_at(services: Services, stages: Sequence[Stage]) -> tuple[StageState, ...]:
    """Look at the stages once, and write nothing."""
    return observe(stages, lanes=services.lanes)


def summed_up(
    session: Session, release: Release, states: Sequence[StageState], *, executed: bool
) -> Withdrawal:
    """Return how it stands."""
    burned = is_burned(states)
    ecosystems = sorted({package.ecosystem for package in release.workspace.packages})
    return Withdrawal(
        version=release.title,
        release=release,
        states=tuple(states),
        executed=executed,
        burned=burned,
        next_free=next_free(session, release) if burned else None,
        by_hand=_by_hand(session.services, release, states),
        limits=tuple(LIMITS[one] for one in ecosystems) if burned else (),
        problems=tuple(_kept_drafts(release, states)),
    )


def is_burned(states: Sequence[StageState]) -> bool:
    """Return whether some file of the version is, or was, on a registry."""
    return any(
        # A yanked file counts too: registries never accept its name again (LIMITS).
        isinstance(one.answer, Present | Withdrawn)
        for state in states
        if state.stage.name == "withdraw"
        for part in state.parts
        if isinstance(part.look, Listing)
        for one in part.seen
    )


def next_free(session: Session, release: Release) -> str | None:
    """Name the next version of this line that no registry and no tag knows; None where unknown."""
    registries = registries_of(session.services, release)
    used: set[ReleaseVersion | None] = {
        session.snapshot.tag_name.version(tag) for tag in session.snapshot.refs.tags
    }
    for package in release.workspace.packages:
        listed = registries[package.ecosystem].versions(package)
        if isinstance(listed, Unknown):
            return None
        used.update(read(text) for text in listed)
    return spell(next_free_version(release.version, used), session.snapshot.tag_name.ecosystem)


def registries_of(services: Services, release: Release) -> dict[Ecosystem, Registry]:
    """Open the registries of the packages of a release."""
    return {e: services.registry(e) for e in sorted({p.ecosystem for p in release.workspace.packages})}


def _by_hand(services: Services, release: Release, states: Sequence[StageState]) -> tuple[Problem, ...]:
    """Ask each registry what a person has to do; one that lets only a person withdraw writes nothing when asked."""
    registries = registries_of(services, release)
    found = []
    for state in (one for one in states if one.stage.name == "withdraw"):
        for part in state.parts:
            if isinstance(part.decision, Person):
                package = release.workspace.package(part.name)
                native = release.native(package)
                said = registries[package.ecosystem].yank(package, native)
                if isinstance(said, Refused):
                    found.append(replace(said.problem, severity="warning"))
    return tuple(found)


def _kept_drafts(release: Release, states: Sequence[StageState]) -> Iterator[Problem]:
    for state in states:
        for part in state.parts:
            for one in part.seen:
                if one.state == KEPT and isinstance(one.answer, Present):
                    yield Problem(
                        code="draft-kept",
                        severity="warning",
                        message=f"the draft of `{release.tag}` is kept: it has text written by people",
                        reason="deleted text cannot be restored",
                        remedy="move the text to the next version with `castoff highlights`, or delete the draft "
                        "on the forge",
                        url=one.answer.url,
                    )


def _persons(decision: object) -> tuple[Act, ...]:
    return decision.acts if isinstance(decision, Person) else ()
