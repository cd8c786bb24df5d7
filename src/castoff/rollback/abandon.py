"""Abandoning a claimed version: what was uploaded is withdrawn, the draft goes, the claim is reverted.

Things go in the reverse order of their making; whoever resumes meanwhile is stopped by what was withdrawn. What
came up while this went on is seen by a last look.

The part that reverts a claim: a new commit on the branch restores the text before it.
Where the branch takes no pushes, the commit goes to a branch of castoff's own, and one pull request is opened from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from castoff.changelog.news import rejoined
from castoff.config.templates import Occasion, fill
from castoff.config.values import Configuration
from castoff.errors import NotYet, Refusal
from castoff.git.revert import revert
from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Refused, Succeeded, Unclear, only_if
from castoff.model.intent import Claim, named
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.refs import GIVEN_UP, Refs
from castoff.model.versions import read
from castoff.ports import Desk, ForgePull, Remote
from castoff.preflight.checks import wants_signed_commit
from castoff.preflight.stage import require_answers
from castoff.reconcile.part import Seen, Stage, wait_for
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
from castoff.session.release import Release
from castoff.session.services import Services
from castoff.session.session import Session, occasion_of, open_session
from castoff.session.snapshot import claims_in


@dataclass(frozen=True, slots=True)
class RevertLook:
    """The remote's refs, the branch's head, and whether the claim is in force there.

    ``pull`` is an open pull request that reverts it; ``denied``: the branch took no push of this run.
    """

    refs: Refs
    head: str
    stands: bool
    pull: ForgePull | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertClaim(Act):
    """The revert, made for what was seen, on the branch or on one for a pull request."""

    seen: RevertLook = field(compare=False)
    by_pull_request: bool = False


@dataclass(slots=True, kw_only=True)
class RevertPart:
    """The revert of a release commit at the branch's head.

    ``stands`` says whether the claim is in force at a commit; ``make`` makes the reverting commit above one, and
    gives it. Nothing is ever pushed but a fast-forward. ``subject`` is what a pull request is named after, ``label``
    keeps it out of the notes.
    """

    title: str
    branch: str
    commit: str
    subject: str
    remote_url: str
    clone: Remote
    stands: Callable[[str], bool]
    make: Callable[[str], str]
    desk: Desk | None = None
    label: str | None = None
    name: str = "revert"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _denied: bool = field(default=False, init=False)

    def look(self) -> RevertLook | Unknown:
        """Ask the remote for the branch, read the version that it says, and look for a pull request that reverts it."""
        refs = self.clone.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        if refs is None or head is None:
            return Unknown(reason="the remote could not be queried for its branch")
        if not self._has(self.branch, head):
            return Unknown(reason="the remote's branch could not be fetched")
        if not self.stands(head):
            return RevertLook(refs, head, stands=False)
        pulls: Sequence[ForgePull] | Unknown = ()
        # The forge is asked only if a pull request can exist: its branch is there, or this run will create
        # one.
        if self.desk and (self._denied or self._proposal in refs.heads):
            pulls = self.desk.pulls(self._proposal)
        if isinstance(pulls, Unknown):
            return pulls
        # A closed pull request was refused by a person or already merged; neither counts.
        ours = (pull for pull in pulls if pull.base == self.branch and pull.state == "open")
        return RevertLook(refs, head, stands=True, pull=next(ours, None), denied=self._denied)

    def decide(self, seen: RevertLook | Unknown) -> Decision:
        """Revert a claim that stands; where a pull request does that, wait for its merge."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        if not seen.stands:
            return Done()
        if seen.pull is not None:
            return Person(
                (), f"the pull request {seen.pull.url} is not merged yet; merge it, then run this again"
            )
        proposal = self._act("version:revert-pull-request", seen, by_pull_request=True)
        if seen.denied:
            return Do((proposal,))
        denied = only_if(f"if `{self.branch}` does not accept pushes", (proposal,))
        return Do((self._act("version:revert", seen),), later=denied if self.desk else ())

    def describe(self, seen: RevertLook | Unknown) -> Seen:
        """Show the branch while the claim is in force there."""
        if isinstance(seen, Unknown):
            return (Observation(id=self.branch, answer=seen),)
        return (Observation(id=self.branch, answer=Present(commit=seen.head) if seen.stands else Absent()),)

    def act(self, act: Act) -> Outcome:
        """Commit and push; where the branch moved, look again; where it takes no pushes, propose."""
        assert isinstance(act, RevertClaim)
        if act.by_pull_request and self.desk is not None:
            return self._proposed(self.desk, act.seen)
        made = self.make(act.seen.head)
        outcome = self.clone.push(self.remote_url, f"{made}:refs/heads/{self.branch}")
        if not isinstance(outcome, Refused):
            return outcome
        # Race: somebody pushed since the look. The reconciler looks again, and the revert is made on the
        # new head.
        if outcome.problem.code == "push-rejected":
            return Unclear(reason="the branch moved")
        # Only a protection of the branch leads to a pull request; other refusals (such as a hook's) would
        # apply to it as well.
        if outcome.problem.code != "push-denied":
            return outcome
        if self.desk is None:
            return Refused(replace(outcome.problem, remedy=self._by_hand))
        self._denied = True
        return Unclear(reason=f"`{self.branch}` does not accept pushes: opening a pull request instead")

    def _act(self, name: str, seen: RevertLook, *, by_pull_request: bool = False) -> RevertClaim:
        return RevertClaim(
            id=name,
            stage="revert",
            target=f"the revert of {self.title} on `{self.branch}`",
            undo="free",
            seen=seen,
            by_pull_request=by_pull_request,
        )

    @property
    def _proposal(self) -> str:
        return f"castoff/revert-{self.title}"

    @property
    def _by_hand(self) -> str:
        return (
            f"revert the release commit in your own pull request (`git revert {self.commit[:12]}`), merge it, "
            f"and run `castoff abandon {self.title} --execute` again"
        )

    def _proposed(self, desk: Desk, seen: RevertLook) -> Outcome:
        """Push the revert to a branch of its own, unless it is there, and open the pull request."""
        if not self._is_made(seen.refs):
            made = self.make(seen.head)
            pushed = self.clone.push(self.remote_url, f"{made}:refs/heads/{self._proposal}")
            if not isinstance(pushed, Succeeded):
                return pushed
        return desk.open_pull(
            head=self._proposal,
            base=self.branch,
            title=f'Revert "{self.subject}"',
            body=f"This reverts commit {self.commit}.\n\nMerging it abandons {self.title}.\n",
            label=self.label,
        )

    def _is_made(self, refs: Refs) -> bool:
        """Return whether the branch of the pull request reverts this very claim already."""
        there = refs.heads.get(self._proposal)
        if there is None or not self._has(self._proposal, there):
            return False
        # A branch of that name from an earlier claim of the same version does not revert this commit.
        return self.clone.is_ancestor(self.commit, there) and not self.stands(there)

    def _has(self, branch: str, head: str) -> bool:
        return self.clone.has(head) or self.clone.fetch(self.remote_url, [branch])


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
    if session.snapshot.refs.claims is not None:
        return claims_in(
            session.clone,
            session.snapshot.refs,
            session.snapshot.head,
            session.snapshot.history.since,
            GIVEN_UP,
        )
    return begun_on(_branch_at(session, session.snapshot.head), session.snapshot.history.since).given_up


def revert_stage(session: Session, release: Release) -> Stage:
    """Take the claim back by a commit on the branch, where the release made one; a ref that claims goes last."""
    if release.workspace.is_from_tags:
        return _ref_stage(session, release)

    def stands(head: str) -> bool:
        begun = begun_on(_branch_at(session, head), session.snapshot.history.since)
        return release.version in {claim.version for claim in (*begun.standing, *begun.unclear)}

    return Stage("revert", (_revert_part(session, release, stands),))


def _ref_stage(session: Session, release: Release) -> Stage:
    """Take back what the release commit edited, where the release made one, and then the ref."""
    commit = release.commit
    message = fill(session.configuration.release.message, _occasion_then(session, release).values())
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


def _occasion_then(session: Session, release: Release) -> Occasion:
    """Say of which release the message of the release commit spoke, on its own day."""
    # The message may contain the date; that of the commit is used, because today can be another day.
    day = datetime.fromtimestamp(session.clone.commit_time(release.commit), UTC).date()
    return occasion_of(session.snapshot, release.version, day)


def _revert_part(session: Session, release: Release, stands: Callable[[str], bool]) -> RevertPart:
    def make(head: str) -> str:
        return revert(
            session.clone,
            release.commit,
            head,
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
        desk=session.services.desk(release.remote_url),
        label=label_of_own_pulls(session.clone.tree(release.commit), session.configuration.notes.config),
    )


def _begun(session: Session, version: str) -> Claim:
    wanted = read(version)
    for claim in given_up(session):
        if claim.version == wanted and wanted not in {
            one.version for one in session.snapshot.history.unfinished
        }:
            return claim
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


def _branch_at(session: Session, head: str) -> Branch:
    message = session.configuration.release.message
    return Branch.of(session.clone, head, session.services.manifests, session.services.scope, message)


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
