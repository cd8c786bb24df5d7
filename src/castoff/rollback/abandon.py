"""Abandoning a claimed version: what was uploaded is withdrawn, the draft goes, the claim is reverted.

Things go in the reverse order of their making; whoever resumes meanwhile is stopped by what was withdrawn. What
came up while this went on is seen by a last look.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from castoff.changelog.news import rejoined
from castoff.config.templates import TemplateRelease, fill
from castoff.config.values import Configuration
from castoff.errors import NotYet, Refusal
from castoff.git.revert import revert
from castoff.model.intent import Claim, named
from castoff.model.observations import Unknown
from castoff.model.refs import GIVEN_UP
from castoff.model.versions import read
from castoff.preflight.stage import require_answers
from castoff.reconcile.part import Stage
from castoff.rollback.claim_revert import RevertPart
from castoff.rollback.dropped_claim import drop_claim_part
from castoff.rollback.withdrawal import (
    Agrees,
    Withdrawal,
    carry_out,
    is_burned,
    look_at,
    no_draft_stage,
    summed_up,
    withdraw_stage,
)
from castoff.session.change_range import label_of_own_pulls
from castoff.session.claim_history import Branch, begun_on
from castoff.session.edits import CHANGELOG
from castoff.session.forge_releases import releases_of
from castoff.session.other_branches import branch_named_if_elsewhere
from castoff.session.release import Release
from castoff.session.services import Services
from castoff.session.session import Session, open_session, template_release_of
from castoff.session.signatures import wants_signed_commit
from castoff.session.snapshot import claims_in

_LOCKS = (
    "Cargo.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
)
_MANIFESTS = ("Cargo.toml", "pyproject.toml", "package.json")


def abandon(services: Services, version: str, agrees: Agrees) -> Withdrawal:
    """Return a version up when ``agrees`` says yes to what was looked at; may be run again.

    Errors: ``unknown-version``, ``abandon-too-late``, ``abandon-not-newest``, ``revert-carries-more``,
    ``revert-conflict``, ``still-waiting`` while registry or forge do not say what is there.
    """
    with open_session(services) as session:
        claim = _begun(session, version)
        release = session.release(claim)
        _require_unpublished(session, release)
        withdraw = withdraw_stage(services, release)
        # Whether a version burns depends on these answers: nobody is asked to agree to what is not known.
        before = (withdraw, no_draft_stage(services, release))
        stages = (*require_answers(services, lambda: before), revert_stage(session, release))
        first = summed_up(session, release, look_at(services, stages), executed=False)
        # Nothing is written before somebody agrees to exactly these acts.
        if not agrees(first):
            return first
        states = carry_out(services, stages)
        # Race: a run that was still uploading may finish an upload between the first yank and the revert.
        (last,) = look_at(services, (withdraw,))
        if last.state == "todo":
            (last,) = carry_out(services, (withdraw,))
        return summed_up(session, release, (last, *states[1:]), executed=True)


def given_up(session: Session) -> tuple[Claim, ...]:
    """List what was begun on the branch since the last release, and given up again; the newest first."""
    seen, since = session.snapshot, session.snapshot.history.since
    if seen.refs.claims is not None:
        refs = seen.refs.claims.items()
        dropped = {name.removeprefix(GIVEN_UP): ref for name, ref in refs if name.startswith(GIVEN_UP)}
        return claims_in(session.clone, dropped, seen.head, since)
    return begun_on(Branch.of(session.services, session.clone, seen.head), since).given_up


def revert_stage(session: Session, release: Release) -> Stage:
    """Take the claim back by a commit on the branch, where the release made one; a ref that claims goes last."""
    if release.workspace.is_from_tags:
        return _ref_stage(session, release)

    def stands(head: str) -> bool:
        begun = begun_on(Branch.of(session.services, session.clone, head), session.snapshot.history.since)
        return release.version in {claim.version for claim in (*begun.standing, *begun.unclear)}

    return Stage("revert", (_revert_part(session, release, stands),))


def _ref_stage(session: Session, release: Release) -> Stage:
    """Take back what the release commit edited, where the release made one, and then the ref."""
    commit = release.commit
    message = fill(session.configuration.release.message, _template_release_then(session, release).values())
    is_ours = (
        # A claim by a ref can point to a commit of a person (nothing to edit), which must not be reverted.
        session.clone.has(commit) and session.clone.subject(commit) == message.partition("\n")[0].strip()
    )

    def stands(head: str) -> bool:
        return is_ours and not session.clone.is_reverted(commit, head)

    def burned() -> bool:
        return is_burned(look_at(session.services, (withdraw_stage(session.services, release),)))

    undo = _revert_part(session, release, stands)
    return Stage("revert", (undo, drop_claim_part(release, session.clone, after="revert", is_burned=burned)))


def _template_release_then(session: Session, release: Release) -> TemplateRelease:
    """Say of which release the message of the release commit spoke, on its own day."""
    # The message may contain the date; that of the commit is used, because today can be another day.
    day = datetime.fromtimestamp(session.clone.commit_time(release.commit), UTC).date()
    return template_release_of(session.snapshot, release.version, day)


def _revert_part(session: Session, release: Release, stands: Callable[[str], bool]) -> RevertPart:
    def make(head: str) -> str:
        return revert(
            session.clone,
            release.commit,
            head,
            title=release.title,
            belongs=_written_by_a_release(session.services, release),
            tidy=_tidy(session.configuration),
            sign=wants_signed_commit(session.services),
            signoff=session.configuration.release.signoff,
        )

    return RevertPart(
        title=release.title,
        branch=release.branch,
        commit=release.commit,
        subject=session.clone.subject(release.commit).strip(),
        remote_url=release.remote_url,
        clone=session.clone,
        stands=stands,
        make=make,
        issue_tracker=session.services.issue_tracker(release.remote_url),
        label=label_of_own_pulls(session.clone.tree(release.commit), session.configuration.notes.config),
    )


def _begun(session: Session, version: str) -> Claim:
    wanted = read(version)
    for claim in given_up(session):
        if claim.version == wanted and wanted not in {
            one.version for one in session.snapshot.history.unfinished
        }:
            return claim
    with branch_named_if_elsewhere(session, version):
        claim = named(session.snapshot.history, version)
    above = [one for one in session.snapshot.history.unfinished if one.version > claim.version]
    # Reverting the older of two claims would conflict with the version lines of the newer one.
    if above and not claim.tagged:
        title = session.snapshot.history.spelled(above[0].version)
        raise Refusal.of(
            "abandon-not-newest",
            f"{title} was started after {session.snapshot.history.spelled(claim.version)}",
            reason="its release commit is based on the one that would be reverted",
            remedy=f"finish it with `castoff resume {title} --execute`, "
            f"or abandon it first with `castoff abandon {title} --execute`",
            commit=above[0].commit,
        )
    return claim


def _require_unpublished(session: Session, release: Release) -> None:
    """A tag is never moved and an announcement was read: from there on a version is yanked, not abandoned."""
    if not session.snapshot.reachable:
        raise NotYet.of(
            "remote-unreachable",
            "it is unknown whether the tag is on the remote",
            reason="a version with a tag on the remote cannot be abandoned",
            remedy="make sure that `git ls-remote` works, and run it again",
        )
    tag = session.snapshot.refs.tags.get(release.tag)
    # A tag of that name on another commit is not this release's: nobody got the release through it.
    released = tag is not None and tag.commit == release.commit
    out = f"the tag `{release.tag}` is on the remote" if released else None
    forge = session.services.forge(release.remote_url)
    # A draft is not published: only an announced release makes it too late.
    found = releases_of(forge, release.tag) if forge and out is None else ()
    if isinstance(found, Unknown):
        raise NotYet.of(
            "forge-unreachable",
            "it is unknown whether the version is announced",
            reason=f"an announced version cannot be abandoned: {found.reason}",
            remedy="nothing was started: run the same command again later",
        )
    if any(not page.draft for page in found):
        out = "it is announced on the forge"
    if out is not None:
        raise Refusal.of(
            "abandon-too-late",
            f"{release.title} can no longer be abandoned: {out}",
            reason="tags are never moved, and people have read the announcement",
            remedy=f"yank it with `castoff yank {release.title} --execute`",
        )


def _written_by_a_release(services: Services, release: Release) -> Callable[[str], bool]:
    """Say of paths whether a release writes them: manifests, locks, changelog, and what the configuration names."""
    files = {package.version_file for package in release.workspace.packages}
    patterns = _patterns(services.configuration)

    def belongs(path: str) -> bool:
        name = path.rpartition("/")[2]
        return (
            path in files or name in (*_MANIFESTS, *_LOCKS) or any(fnmatchcase(path, one) for one in patterns)
        )

    return belongs


def _tidy(configuration: Configuration) -> Callable[[str, str], str]:
    """Let the news of the version that is given up join those that came after it."""
    own = configuration.changelog.file
    return lambda path, text: (
        rejoined(text) if (path == own if own else path.rpartition("/")[2] == CHANGELOG) else text
    )


def _patterns(configuration: Configuration) -> tuple[str, ...]:
    """Return the globs of what a release may write besides manifests."""
    return (
        configuration.changelog.file or f"*{CHANGELOG}",
        *(rule.file for rule in configuration.replace),
        *(pattern for command in configuration.version.run for pattern in command.writes),
    )
