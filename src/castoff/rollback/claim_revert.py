"""The part that reverts a claim: a new commit on the branch restores the text before it.

Where the branch takes no pushes, the commit goes to a branch of castoff's own, and one pull request is opened from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Refused, Succeeded, Unclear, only_if
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.refs import Refs
from castoff.ports import ForgePull, IssueTracker, NewPull, Remote
from castoff.reconcile.part import Seen, wait_for
from castoff.values import replace


class RevertLook(Struct, frozen=True):
    """The remote's refs, the branch's head, and whether the claim is in force there.

    ``pull`` is an open pull request that reverts it; ``denied``: the branch took no push of this run.
    """

    refs: Refs
    head: str
    stands: bool
    pull: ForgePull | None = None
    denied: bool = False


class RevertClaim(Act, frozen=True, kw_only=True):
    """The revert, made for what was seen, on the branch or on one for a pull request."""

    beside = Act.beside | {"seen"}

    seen: RevertLook
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
    issue_tracker: IssueTracker | None = None
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
        if self.issue_tracker and (self._denied or self._proposal in refs.heads):
            pulls = self.issue_tracker.pulls(self._proposal)
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
        return Do((self._act("version:revert", seen),), later=denied if self.issue_tracker else ())

    def describe(self, seen: RevertLook | Unknown) -> Seen:
        """Show the branch while the claim is in force there."""
        if isinstance(seen, Unknown):
            return (Observation(id=self.branch, answer=seen),)
        return (Observation(id=self.branch, answer=Present(commit=seen.head) if seen.stands else Absent()),)

    def act(self, act: Act) -> Outcome:
        """Commit and push; where the branch moved, look again; where it takes no pushes, propose."""
        assert isinstance(act, RevertClaim)
        if act.by_pull_request and self.issue_tracker is not None:
            return self._proposed(self.issue_tracker, act.seen)
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
        if self.issue_tracker is None:
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

    def _proposed(self, issue_tracker: IssueTracker, seen: RevertLook) -> Outcome:
        """Push the revert to a branch of its own, unless it is there, and open the pull request."""
        if not self._is_made(seen.refs):
            made = self.make(seen.head)
            pushed = self.clone.push(self.remote_url, f"{made}:refs/heads/{self._proposal}")
            if not isinstance(pushed, Succeeded):
                return pushed
        return issue_tracker.open_pull(
            NewPull(
                head=self._proposal,
                base=self.branch,
                title=f'Revert "{self.subject}"',
                body=f"This reverts commit {self.commit}.\n\nMerging it abandons {self.title}.\n",
                label=self.label,
            )
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
