"""The story of `castoff release LEVEL --pull-request`: a release that is claimed by the merge of a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from castoff.configuration.templates import fill
from castoff.errors import CastoffError, Problem, Refusal
from castoff.flows.asking import ask_until_known, must_be_reachable
from castoff.flows.below import mind_base
from castoff.flows.candidate import build_artifacts, make_commit
from castoff.flows.checking import preflight_checks, wants_signed_commit
from castoff.flows.gathering import label_of_own_pulls, unreachable
from castoff.flows.notes import notes_of_release
from castoff.flows.planning import occasion_of
from castoff.flows.proof import prove
from castoff.flows.setting import Setting
from castoff.flows.staging import Target, target_of
from castoff.flows.summing import warnings_of
from castoff.flows.survey import Survey, manifest_tree, ordered, read_workspace, survey, workspace_before
from castoff.git import Worktree
from castoff.git.joining import joined, own_commit
from castoff.model.intent import Claim, Resume, meant
from castoff.model.merging import require_packages
from castoff.model.observations import Unknown
from castoff.model.refs import PROPOSED
from castoff.model.versions import ReleaseVersion
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.part import Stage
from castoff.stages.preflight import errors_of
from castoff.stages.proposal import ProposalPart, preview

_NOT_HERE = frozenset({"branch-rules"})
"""Checks that ask whether the release branch takes a push: a proposal needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal as last seen: its version, branch and text, and its one stage."""

    version: str
    branch: str
    onto: str
    title: str
    text: str
    state: StageState
    problems: tuple[Problem, ...] = ()

    @property
    def acts(self) -> tuple[str, ...]:
        """Name the acts that are missing, and those that follow from them."""
        (part,) = self.state.stage.parts
        assert isinstance(part, ProposalPart)
        ids = tuple(act.id for act in self.state.acts)
        return (*ids, *part.following) if "version:branch" in ids else ids

    @property
    def url(self) -> str | None:
        """Give the pull request's address."""
        (part,) = self.state.stage.parts
        return part.pull.url if isinstance(part, ProposalPart) and part.pull else None


def show_proposal(setting: Setting, level: str, pre: str | None) -> Proposed:
    """Say what a proposal would be; nothing is written and nothing is built."""
    with _desk(setting, level, pre) as desk:
        stage = desk.stage(desk.commit)
        (state,) = observe((stage,))
        return desk.proposed(state)


def propose(setting: Setting, level: str, pre: str | None) -> Proposed:
    """Check, build and rehearse the release, then propose it, or bring its proposal up to date.

    Errors: ``already-claimed``, ``another-proposal``, ``forge-unreachable``, ``proposal-conflict``, and those of a
    release.
    """
    with _desk(setting, level, pre) as desk:
        desk.check()
        stage = desk.stage(desk.rehearsed)
        return desk.proposed(_reconciler(setting).run(stage))


@contextmanager
def _desk(setting: Setting, level: str, pre: str | None) -> Iterator[_Desk]:
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        require_packages(seen.workspace)
        must_be_reachable(seen)
        if seen.workspace.is_from_tags:
            raise _nothing_to_propose(seen)
        intent = meant(seen.history, level, pre)
        if isinstance(intent, Resume):
            raise _claimed(intent.claim, seen)
        before = partial(workspace_before, seen, setting.manifests, setting.configuration.release.exclude)
        mind_base(seen, intent.version, level, before)
        desk = _Desk(setting, worktree, seen, intent.version)
        desk.mind_others()
        yield desk


def _nothing_to_propose(seen: Survey) -> CastoffError:
    """A merge claims a version by the manifests that it changes; here, they say none."""
    tool = next(package.tags.tool for package in seen.workspace.packages if package.tags)
    return Refusal.of(
        "version-from-tags",
        "a pull request cannot claim a version that comes from git tags",
        reason=f"the version is made by {tool}, so no merge could change it",
        remedy="run `castoff release LEVEL --execute`: the claim is a ref of its own, which branch protection leaves "
        'alone; set `changelog.mode = "pull-request"` where the branch takes no pushes',
    )


@dataclass(slots=True)
class _Desk:
    """What one run of a proposal works with."""

    setting: Setting
    worktree: Worktree
    seen: Survey
    version: ReleaseVersion
    problems: tuple[Problem, ...] = ()
    _fresh: str | None = None
    _proved: str | None = None

    @property
    def branch(self) -> str:
        """Name the branch of the proposal."""
        return f"{PROPOSED}{self.seen.tag_name.of(self.version)}"

    @property
    def message(self) -> str:
        """Write the message of the release commit."""
        occasion = occasion_of(self.seen, self.version, self.setting.now.date())
        return fill(self.setting.configuration.release.message, occasion.values())

    def mind_others(self) -> None:
        """Refuse a second proposal beside another one that is open."""
        others = [name for name in self.seen.refs.heads if name.startswith(PROPOSED) and name != self.branch]
        for name in others:
            if self._is_open(name):
                raise Refusal.of(
                    "another-proposal",
                    f"another release is proposed: the branch `{name}` is there, and its proposal is open",
                    reason="the one that is merged first would claim its version, and the other would be wrong",
                    remedy="merge it, or close its pull request and delete the branch",
                )

    def _is_open(self, branch: str) -> bool:
        """Say whether a branch still proposes: its version is not out, and not all its pull requests are over."""
        if branch.removeprefix(PROPOSED) in self.seen.refs.tags:
            return False
        desk = self.setting.desk(self.seen.remote_url or "")
        pulls = desk.pulls(branch) if desk else ()
        if isinstance(pulls, Unknown):
            raise unreachable(pulls)
        return not pulls or any(pull.state == "open" for pull in pulls)

    def check(self) -> None:
        """Make the checks of a release, but whether the branch takes a push."""
        setting = self.setting
        setting.reporter.stage("preflight", 1)
        every = preflight_checks(setting, self.seen, self.worktree, self.version)
        checks = [check for check in every if check.id not in _NOT_HERE]
        answers = ask_until_known(checks, _reconciler(setting), setting.tolerated)
        if errors := [one for one in errors_of(answers) if one.code not in setting.tolerated]:
            raise Refusal(*errors)
        self.problems = tuple(warnings_of(answers, setting.tolerated))

    def commit(self, head: str | None) -> str:
        """Make the commit that the proposal's branch should be at; the head where it holds all of it."""
        if self._fresh is None:
            self._fresh, warnings = make_commit(self.setting, self.seen, self.worktree, self.version)
            self.problems = (*self.problems, *warnings)
        if head is None or self.worktree.is_ancestor(head, self.seen.head):
            return self._fresh
        subject = self.message.partition("\n")[0]
        own = own_commit(self.worktree, head, self.seen.head, subject)
        if own is None or not self.worktree.has(own):
            raise _foreign(self.branch)
        return joined(
            self.worktree,
            fresh=self._fresh,
            head=head,
            own=own,
            onto=self.seen.head,
            message=f"{subject}: brought up to date with {self.seen.branch}\n",
            sign=wants_signed_commit(self.setting),
        )

    def rehearsed(self, head: str | None) -> str:
        """Make that commit, build what it releases, and rehearse the uploads, once for each commit."""
        commit = self.commit(head)
        if commit not in (head, self._proved) and self.setting.embedded is not None:
            target = self._target(commit)
            self.worktree.check_out(commit)
            folder = self.worktree.folder(f"artifacts-{commit[:12]}")
            artifacts = build_artifacts(self.setting, target, self.worktree, folder)
            self.setting.reporter.note("rehearsing the uploads of this very commit")
            exclude = self.setting.configuration.release.exclude
            before = workspace_before(self.seen, self.setting.manifests, exclude)
            with self.setting.embedded(before) as embedded:
                prove(embedded, target, artifacts, self.worktree.root)
            self._proved = commit
        return commit

    def stage(self, wanted: Callable[[str | None], str]) -> Stage:
        """Put the proposal's one stage together."""
        url = self.seen.remote_url or ""
        part = ProposalPart(
            branch=self.branch,
            onto=self.seen.branch,
            title=self.message.partition("\n")[0],
            text=self._text(),
            remote_url=url,
            remote=self.worktree,
            desk=self.setting.desk(url),
            wanted=wanted,
            label=label_of_own_pulls(self.seen.tree, self.setting.configuration.notes.config),
        )
        return Stage("version", (part,))

    def proposed(self, state: StageState) -> Proposed:
        """Say how it stands."""
        (part,) = state.stage.parts
        assert isinstance(part, ProposalPart)
        return Proposed(
            version=self.seen.history.spelled(self.version),
            branch=part.branch,
            onto=part.onto,
            title=part.title,
            text=part.text,
            state=state,
            problems=tuple(dict.fromkeys((*self.setting.problems, *self.problems))),
        )

    def _target(self, commit: str) -> Target:
        release = self.setting.configuration.release
        tree = manifest_tree(self.worktree, commit)
        workspace = read_workspace(tree, self.setting.manifests, release.exclude)
        claim = Claim(version=self.version, commit=commit)
        return target_of(self.seen, claim, workspace, ordered(workspace, release))

    def _text(self) -> str:
        tag = self.seen.tag_name.of(self.version)
        notes = "The remote is on no forge that castoff speaks with, so there is no preview of the notes."
        if self.setting.changes(self.seen.remote_url) is not None:
            written = notes_of_release(self.setting, self.seen, self.worktree, self.seen.head, tag)
            notes = written.body
        return _TEXT.format(branch=self.seen.branch, tag=tag, preview=preview(notes))


_TEXT = """\
Merging this claims {tag} on `{branch}`; the uploads, the tag and the draft follow by `castoff resume --execute`, run by
a person or by a workflow. Any way of merging will do. Commits that you add to this branch stay; rebase them into the
first one if you merge by rebasing.

## Preview of the notes

{preview}
"""


def _reconciler(setting: Setting) -> Reconciler:
    return Reconciler(setting.clock, setting.reporter, setting.patience, lanes=setting.lanes)


def _claimed(claim: Claim, seen: Survey) -> Exception:
    title = seen.history.spelled(claim.version)
    return Refusal.of(
        "already-claimed",
        f"{title} is on `{seen.branch}` already: there is nothing left to propose",
        reason=f"its release commit is {claim.commit[:12]}",
        remedy=f"go on with `castoff resume {title} --execute`",
        commit=claim.commit,
    )


def _foreign(branch: str) -> Exception:
    return Refusal.of(
        "proposal-foreign",
        f"the branch `{branch}` is there, but holds no release commit of castoff's",
        reason="somebody else made it, or rewrote it",
        remedy="delete the branch, or give it another name",
    )
