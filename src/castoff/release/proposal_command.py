"""The story of `castoff release LEVEL --pull-request`: a release that is claimed by the merge of a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from castoff.config.templates import fill
from castoff.errors import CastoffError, Problem, Refusal
from castoff.git.merge import joined, own_commit
from castoff.model.acts import Act
from castoff.model.intent import Claim, Resume, meant
from castoff.model.joined_workspace import require_packages
from castoff.model.refs import PROPOSED
from castoff.model.versions import ReleaseVersion
from castoff.preflight.checks import preflight_checks
from castoff.preflight.exchanges import JOB
from castoff.preflight.stage import ask_until_known, errors_of, require_reachable, warnings_of
from castoff.reconcile import StageState, observe
from castoff.reconcile.part import Stage
from castoff.release.candidate import build_artifacts, make_commit, require_accepted
from castoff.release.flight import explained, with_flights
from castoff.release.notes import notes_of_release
from castoff.release.proposal import OutgrownPart, ProposalLook, ProposalPart, preview
from castoff.release.publish_rehearsal import UploadRehearsal
from castoff.session.change_range import label_of_own_pulls
from castoff.session.checkout import check_out
from castoff.session.proposals import open_proposals
from castoff.session.registry_versions import with_silence_named
from castoff.session.release_request import ReleaseRequest
from castoff.session.services import Services, WorldContent
from castoff.session.session import Session, open_session
from castoff.session.signatures import wants_signed_commit
from castoff.session.snapshot import Snapshot
from castoff.session.tag_names import require_clear_tags
from castoff.session.version_guards import require_version

_NOT_HERE = frozenset({"branch-rules", JOB})
"""Checks for a push to the release branch and for the job that uploads: a proposal needs neither."""


class Proposed(Struct, frozen=True, kw_only=True):
    """A proposal as last seen: its version, branch and text, and its one stage."""

    version: str
    branch: str
    onto: str
    title: str
    text: str
    state: StageState
    problems: tuple[Problem, ...] = ()

    @property
    def acts(self) -> tuple[Act, ...]:
        """List the acts that are missing, and those that follow from them."""
        return self.state.acts_ahead

    @property
    def url(self) -> str | None:
        """Return the pull request's address."""
        part = self.state.parts[0]
        return part.look.pull.url if isinstance(part.look, ProposalLook) and part.look.pull else None


def show_proposal(services: Services, request: ReleaseRequest) -> Proposed:
    """Return what a proposal would be; nothing is written and nothing is built."""
    with _proposal_run(services, request) as run:
        stage = run.stage(run.commit)
        (state,) = observe((stage,))
        return run.proposed(state)


def propose(services: Services, request: ReleaseRequest) -> Proposed:
    """Check, build and rehearse the release, then propose it, or bring its proposal up to date.

    A release of which the request says that it was rehearsed is neither built nor rehearsed: a process without rights
    has done that at the commit that is checked out, so that no code of the project runs beside the rights of the
    proposal.
    Errors: ``already-claimed``, ``another-proposal``, ``forge-unreachable``, ``proposal-conflict``, and those of a
    release.
    """
    with _proposal_run(services, request) as run:
        run.check()
        stage = run.stage(run.commit if request.rehearsed else run.rehearsed)
        return run.proposed(run.session.reconcile(stage))


@contextmanager
def _proposal_run(services: Services, request: ReleaseRequest) -> Iterator[_ProposalRun]:
    level = request.level
    assert level is not None, "what is proposed has a level"
    with open_session(services) as opened, with_silence_named(services, opened.snapshot.workspace.packages):
        require_packages(opened.snapshot.workspace)
        require_clear_tags(opened.snapshot.unclear_tags)
        require_reachable(opened.snapshot)
        if opened.snapshot.workspace.is_from_tags:
            raise _nothing_to_propose(opened.snapshot)
        session = with_flights(opened)
        try:
            intent = meant(session.snapshot.history, level, request.pre)
        except Refusal as refused:
            raise explained(session, refused) from None
        if isinstance(intent, Resume):
            raise _claimed(intent.claim, session.snapshot)
        require_version(session, intent.version, level)
        run = _ProposalRun(session, intent.version, level, replaces=request.replaces)
        run.require_no_other()
        yield run


def _nothing_to_propose(snapshot: Snapshot) -> CastoffError:
    """A merge claims a version by the manifests that it changes; here, they say none."""
    tool = next(package.tags.tool for package in snapshot.workspace.packages if package.tags)
    return Refusal.of(
        "version-from-tags",
        "a pull request cannot claim a version that comes from git tags",
        reason=f"{tool} computes the version, so a merge cannot change it",
        remedy="run `castoff release LEVEL --execute`: the claim is a separate ref, to which branch "
        "protection does not "
        'apply; set `changelog.mode = "pull-request"` if the branch does not accept pushes',
    )


class _ProposalRun(Struct):
    """What one run of a proposal works with."""

    session: Session
    version: ReleaseVersion
    level: str
    replaces: bool = False
    problems: tuple[Problem, ...] = ()
    _outgrown: dict[str, str] = {}
    _fresh: str | None = None
    _proved: str | None = None

    @property
    def branch(self) -> str:
        """Name the branch of the proposal."""
        return f"{PROPOSED}{self.session.snapshot.tag_name.of(self.version)}"

    @property
    def message(self) -> str:
        """Write the message of the release commit."""
        return self._message(self.version)

    def _message(self, version: ReleaseVersion) -> str:
        template_release = self.session.template_release(version)
        return fill(self.session.configuration.release.message, template_release.values())

    def require_no_other(self) -> None:
        """Refuse a second proposal beside another one that is open."""
        others = [name for name in open_proposals(self.session) if name != self.branch]
        outgrown = {name: self._untouched(name) for name in others} if self.replaces else {}
        if left := [name for name in others if outgrown.get(name) is None]:
            raise Refusal.of(
                "another-proposal",
                f"another release is proposed: the pull request from `{left[0]}` is open",
                reason="the first merge would claim its version, and the other proposal would be wrong",
                remedy="merge it, or close its pull request and delete the branch",
            )
        self._outgrown = {name: head for name, head in outgrown.items() if head is not None}

    def _untouched(self, branch: str) -> str | None:
        """Return the head of a proposal of a lower version that castoff alone wrote; None for any other."""
        snapshot, clone = self.session.snapshot, self.session.clone
        version = snapshot.version_of(branch.removeprefix(PROPOSED))
        head = snapshot.refs.heads[branch]
        if version is None or not version.base < self.version or not snapshot.remote_url:
            return None
        if not clone.has(head) and not clone.fetch(snapshot.remote_url, [branch]):
            return None
        own = own_commit(clone, head, snapshot.head, self._message(version).partition("\n")[0])
        if own is None or not clone.has(own):
            return None
        trees = [clone.git.must("rev-parse", f"{one}^{{tree}}") for one in (own, head)]
        return head if trees[0] == trees[1] else None

    def check(self) -> None:
        """Make the checks of a release, but whether the branch takes a push."""
        services = self.session.services
        services.reporter.stage("preflight", 1)
        every = preflight_checks(self.session, self.version, level=self.level)
        # The merge claims the version, and a later run uploads: rights to push and upload are that run's
        # concern.
        checks = [check for check in every if check.id not in _NOT_HERE]
        answers = ask_until_known(checks, services.reconciler(), services.tolerated)
        if errors := [one for one in errors_of(answers) if one.code not in services.tolerated]:
            raise Refusal(*errors)
        self.problems = tuple(warnings_of(answers, services.tolerated))

    def commit(self, head: str | None) -> str:
        """Make the commit that the proposal's branch should be at; the head where it holds all of it."""
        if self._fresh is None:
            self._fresh, warnings = make_commit(self.session, self.version)
            self.problems = (*self.problems, *warnings)
        if head is None or self.session.clone.is_ancestor(head, self.session.snapshot.head):
            return self._fresh
        subject = self.message.partition("\n")[0]
        # Commits of people on the proposal's branch stay: castoff's last commit is the base, and what came on
        # top of it is put on the new one.
        own = own_commit(self.session.clone, head, self.session.snapshot.head, subject)
        # Without a commit of castoff's, nobody can tell which changes are the release's.
        if own is None or not self.session.clone.has(own):
            raise _foreign(self.branch)
        return joined(
            self.session.clone,
            fresh=self._fresh,
            head=head,
            own=own,
            onto=self.session.snapshot.head,
            message=f"{subject}: updated with {self.session.snapshot.branch}\n",
            sign=wants_signed_commit(self.session.services),
        )

    def rehearsed(self, head: str | None) -> str:
        """Make that commit, build what it releases, and rehearse the uploads, once for each commit."""
        commit = self.commit(head)
        # A head that holds everything was built and rehearsed when it was proposed.
        if commit not in (head, self._proved) and self.session.services.embedded is not None:
            release = self.session.release(Claim(version=self.version, commit=commit))
            check_out(self.session.clone, commit, release.workspace)
            folder = self.session.clone.folder(f"artifacts-{commit[:12]}")
            artifacts = build_artifacts(self.session, release, folder)
            require_accepted(self.session, release, artifacts)
            self.session.services.reporter.note("rehearsing the uploads of this commit")
            content = WorldContent(release.workspace, self.session.workspace_before())
            with self.session.services.embedded(content) as embedded, self.session.clone.scrubbed():
                UploadRehearsal(embedded, self.session, release).prove(artifacts)
            self._proved = commit
        return commit

    def stage(self, wanted: Callable[[str | None], str]) -> Stage:
        """Put the proposal's one stage together."""
        url = self.session.snapshot.remote_url or ""
        part = ProposalPart(
            branch=self.branch,
            onto=self.session.snapshot.branch,
            title=self.message.partition("\n")[0],
            text=self._text(),
            remote_url=url,
            remote=self.session.clone,
            issue_tracker=self.session.services.issue_tracker(url),
            wanted=wanted,
            label=label_of_own_pulls(self.session.snapshot.tree, self.session.configuration.notes.config),
        )
        outgrown = (
            OutgrownPart(
                branch=name,
                head=head,
                remote_url=url,
                remote=self.session.clone,
                # Not before the new one is there.
                needs=frozenset({part.name}),
            )
            for name, head in self._outgrown.items()
        )
        return Stage("version", (part, *outgrown))

    def proposed(self, state: StageState) -> Proposed:
        """Return how it stands."""
        part = state.stage.parts[0]
        assert isinstance(part, ProposalPart)
        return Proposed(
            version=self.session.snapshot.history.spelled(self.version),
            branch=part.branch,
            onto=part.onto,
            title=part.title,
            text=part.text,
            state=state,
            problems=tuple(dict.fromkeys((*self.session.services.problems, *self.problems))),
        )

    def _text(self) -> str:
        tag = self.session.snapshot.tag_name.of(self.version)
        notes = "The remote's host is not a supported forge, so there is no preview of the notes."
        if self.session.services.changes(self.session.snapshot.remote_url) is not None:
            written = notes_of_release(self.session, self.session.snapshot.head, tag)
            notes = written.body
        return _TEXT.format(branch=self.session.snapshot.branch, tag=tag, preview=preview(notes))


_TEXT = """\
Merging this claims {tag} on `{branch}`; the uploads, the tag and the draft follow with `castoff resume --execute`,
run by a person or by a workflow. Any merge method works. Commits that you add to this branch stay; squash them into
the first one if you merge by rebasing.

## Preview of the notes

{preview}
"""


def _claimed(claim: Claim, snapshot: Snapshot) -> Exception:
    title = snapshot.history.spelled(claim.version)
    return Refusal.of(
        "already-claimed",
        f"{title} is already on `{snapshot.branch}`: nothing to propose",
        reason=f"its release commit is {claim.commit[:12]}",
        remedy=f"continue with `castoff resume {title} --execute`",
        commit=claim.commit,
    )


def _foreign(branch: str) -> Exception:
    return Refusal.of(
        "proposal-foreign",
        f"the branch `{branch}` exists, but has no release commit of castoff",
        reason="it was created or rewritten by other means",
        remedy="delete or rename the branch on the remote, and propose again",
    )
