"""Acts that a release performs, as its own stages decide them before anything is there.

There is no second list: the parts that act are asked what they would decide. Before the claim most of them have nothing
to look at, so they get what the world shows then; milestones and drafts are there already, and are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

from castoff.errors import Refusal
from castoff.model.acts import Act, not_covered
from castoff.model.intent import Claim
from castoff.model.observations import Absent, Unknown
from castoff.model.refs import TagRef
from castoff.model.versions import ReleaseVersion, spell
from castoff.ports import DocsBuild, Reporter
from castoff.postrelease.changelog import ChangelogLook, ChangelogPart
from castoff.postrelease.docs import DocsLook, DocsPart
from castoff.postrelease.links import LinksLook, LinksPart
from castoff.postrelease.run import last_stages
from castoff.postrelease.website import WebsiteLook, WebsitePart
from castoff.reconcile import PartState, StageState, part_state
from castoff.reconcile.part import Part, Stage
from castoff.release.announce import AnnouncePart
from castoff.release.checksums import ChecksumsLook, ChecksumsPart
from castoff.release.claim_ref import RefClaimLook, RefClaimPart
from castoff.release.draft import DraftLook, DraftPart
from castoff.release.milestone import MilestonePart
from castoff.release.publish import PresencePart
from castoff.release.stages import (
    claim_stage,
    forge_stages,
    milestone_stage,
    presence_stage,
    staging_of,
    tag_stage,
)
from castoff.release.staging import ApprovePart, HeldPart, StagePart
from castoff.release.tag import TagLook, TagPart
from castoff.release.version import ClaimLook, ClaimPart
from castoff.rollback.dropped_claim import DropClaimLook, DropClaimPart
from castoff.session.forge_releases import releases_of
from castoff.session.registry_versions import ask_together
from castoff.session.release import Release, release_of_claim
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.values import replace

Staging = Mapping[str, bool | Unknown]
Ask = Callable[[Mapping[str, Callable[[], object]]], Mapping[str, object]]
"""Asks side by side; what has no answer in time is unknown."""


def release_stages(
    session: Session,
    release: Release,
    *,
    stamp: str | None = None,
    staging: Mapping[str, bool | Unknown] | None = None,
) -> tuple[Stage, ...]:
    """Make all stages of a release, to look at and to ask what is missing; none of them may act.

    ``stamp`` is set where the claim is to come, None where it was made before. ``staging`` tells which packages are
    staged; None: registries are asked.
    """

    def body() -> str:
        # Plans list the act and write no notes; those who write them gather and sort changes.
        from castoff.release.draft_command import notes_of

        return notes_of(session, release).body

    return (
        claim_stage(release, session.clone, stamp=stamp),
        milestone_stage(session, release),
        presence_stage(session.services, release, staging),
        tag_stage(session, release, _makes_nothing),
        *forge_stages(session, release, body, agreed=False),
        *last_stages(session, release),
    )


def states_before(session: Session, version: ReleaseVersion, ask: Ask) -> tuple[StageState, ...]:
    """Return the stages of a release that nobody began, each part with what it decides then.

    The branch's head, with the packages at their next versions, stands for the release commit, which is not made yet.
    """
    packages = (
        replace(one, version=spell(version, one.ecosystem)) for one in session.snapshot.workspace.packages
    )
    # The commit does not exist yet: what differs from the branch's head is the versions.
    workspace = replace(session.snapshot.workspace, packages=tuple(packages))
    release = release_of_claim(
        session.snapshot,
        Claim(version=version, commit=session.snapshot.head),
        workspace,
        session.snapshot.order,
    )
    stages = release_stages(session, release, stamp=release.tag, staging=_staging(session, release, ask))
    looks = {name: look for stage in stages if stage.off is None for name, look in _looks(stage)}
    answers = ask(looks)
    return tuple(
        StageState(stage, () if stage.off else tuple(_state(part, answers) for part in stage.parts))
        for stage in stages
    )


def acts_before(session: Session, version: ReleaseVersion, ask: Ask) -> tuple[Act, ...]:
    """Return the acts of a release that nobody began, in their order, conditional ones with their condition."""
    states = states_before(session, version, ask)
    return tuple(act for state in states for act in state.acts_ahead)


def require_shown(before: Sequence[Act], now: Sequence[Act], reporter: Reporter) -> None:
    """Show the acts of a plan that was made again where they changed; error ``acts-changed``.

    Whoever agreed to a plan did not agree to further acts that cannot be taken back.
    """
    # By id and order: targets name files that only a build knows.
    if [act.id for act in before] == [act.id for act in now]:
        return
    reporter.note("the acts changed to: " + ", ".join(act.id for act in now))
    # What can be undone may be added without asking: the run shows it, and people can take it back.
    added = [act for act in not_covered(now, before) if act.undo == "never"]
    if added:
        raise Refusal.of(
            "acts-changed",
            f"the new plan has {'1 act' if len(added) == 1 else f'{len(added)} acts'} that cannot be undone: "
            + ", ".join(f"`{act.id}`" for act in added[:5])
            + (", ..." if len(added) > 5 else ""),
            reason="another push reached the branch during this run, and these acts were not shown "
            "before; nothing was pushed",
            remedy="run the same command without `--execute` to see all acts, then again with it",
        )


def planned_again(
    before: tuple[Session, ReleaseVersion] | None, now: tuple[Session, ReleaseVersion]
) -> tuple[Session, ReleaseVersion]:
    """Compare a plan that was made again with the one before, of which alone the acts were shown; return it."""
    if before is not None:
        # Asking again could change the acts by itself; compared is only what the push in between changed.
        ask = ask_nobody("no registry was queried")
        first, second = (acts_before(session, version, ask) for session, version in (before, now))
        require_shown(first, second, now[0].services.reporter)
    return now


def ask_all(services: Services, seconds: float | None = None) -> Ask:
    """Ask for an answer within so many seconds; None: as long as each client takes."""
    return lambda looks: ask_together(looks, services.clock, seconds)


def ask_nobody(why: str) -> Ask:
    """Take every answer for unknown."""
    return lambda looks: dict.fromkeys(looks, Unknown(reason=why))


def _staging(session: Session, release: Release, ask: Ask) -> Mapping[str, bool | Unknown]:
    """Return which packages are staged; if that has no answer, both ways may come."""
    packages = [one.id for one in release.workspace.packages if one.ecosystem == "npm"]
    if not packages:
        return {}
    if isinstance(session.configuration.npm.staged, bool):
        return staging_of(session.services, release)  # nobody is asked
    answer = ask({"staging": partial(staging_of, session.services, release)})["staging"]
    return dict.fromkeys(packages, answer) if isinstance(answer, Unknown) else cast("Staging", answer)


def _looks(stage: Stage) -> Iterator[tuple[str, Callable[[], object]]]:
    for part in stage.parts:
        match part:
            case MilestonePart():
                yield part.name, part.look
            case DraftPart():
                yield part.name, partial(_draft, part)
            case _:
                pass


def _draft(part: DraftPart) -> DraftLook | Unknown:
    """Look for a draft that was made early, whose generated lines are missing still."""
    found = releases_of(part.forge, part.tag)
    if isinstance(found, Unknown):
        return found
    # The same rule as the part's own look, without writing the notes: that takes the whole history.
    is_draft = len(found) == 1 and found[0].draft
    return DraftLook(found, Absent() if is_draft else None)


def _state(part: Part[Any], answers: Mapping[str, object]) -> PartState:
    return part_state(part, answers[part.name] if part.name in answers else _before(part))


def _before(part: Part[Any]) -> object:
    """Return what a part finds before a release: nothing of it, but for what was there before."""
    match part:
        case ClaimPart():
            return ClaimLook(Absent())
        case RefClaimPart():
            return RefClaimLook(Absent())
        case PresencePart() | StagePart() | ApprovePart() | HeldPart():
            return part.absent()
        case TagPart():
            return TagLook(Absent())
        case DropClaimPart():
            claim = TagRef(object=part.commit, peeled=None)
            return DropClaimLook({part.title: claim})  # the claim, which goes when the tag is out
        case ChecksumsPart():
            return ChecksumsLook(())
        case AnnouncePart():
            return ()
        case ChangelogPart():
            return ChangelogLook()
        case DocsPart():
            return DocsLook(DocsBuild(state="queued", url=""), asked=True)
        case LinksPart():
            return LinksLook()
        case WebsitePart():
            return WebsiteLook(pause="")
        case _:
            raise AssertionError(f"`{part.name}` has no state before a release")


def _makes_nothing() -> str:
    raise AssertionError("a look makes nothing")
