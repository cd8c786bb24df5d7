"""Is the claim of a version taken back? A new commit on the branch says again what was said before it.

Where the branch takes no pushes, the commit goes to a branch of castoff's own, and one pull request is opened from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Refused, Succeeded, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.model.refs import Refs
from castoff.ports import Remote
from castoff.ports_after import Desk, ForgePull
from castoff.stages.part import Seen


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
    worktree: Remote
    stands: Callable[[str], bool]
    make: Callable[[str], str]
    desk: Desk | None = None
    label: str | None = None
    name: str = "revert"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _refs: Refs = field(default_factory=Refs, init=False)
    _denied: bool = field(default=False, init=False)
    _pull: ForgePull | None = field(default=None, init=False)

    def look(self) -> Seen:
        """Ask the remote for the branch, read the version that it says, and look for a pull request that reverts it."""
        return (Observation(id=self.branch, answer=self._answer()),)

    def decide(self, seen: Seen) -> Decision:
        """Revert a claim that stands; where a pull request does that, wait for its merge."""
        match seen[0].answer:
            case Present() if self._pull is not None:
                return Person(
                    (), f"the pull request {self._pull.url} waits for its merge; then run this again"
                )
            case Present():
                kind = "version:revert-pull-request" if self._denied else "version:revert"
                target = f"the revert of {self.title} on `{self.branch}`"
                return Do((Act(id=kind, stage="revert", target=target, undo="free"),))
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                return Done()

    def act(self, act: Act) -> Outcome:
        """Commit and push; where the branch moved meanwhile, look again; where it takes no pushes, propose."""
        if self._denied and self.desk is not None:
            return self._proposed(self.desk)
        made = self.make(self._refs.heads[self.branch])
        outcome = self.worktree.push(self.remote_url, f"{made}:refs/heads/{self.branch}")
        if not isinstance(outcome, Refused):
            return outcome
        if outcome.problem.code == "push-rejected":
            return Unclear(reason="the branch moved meanwhile")
        if outcome.problem.code != "push-denied":
            return outcome
        if self.desk is None:
            return Refused(replace(outcome.problem, remedy=self._by_hand))
        self._denied = True
        return Unclear(reason=f"`{self.branch}` takes no pushes: a pull request is opened instead")

    @property
    def _proposal(self) -> str:
        return f"castoff/revert-{self.title}"

    @property
    def _by_hand(self) -> str:
        return (
            f"revert the release commit by a pull request of your own (`git revert {self.commit[:12]}`), merge it, "
            f"and run `castoff abandon {self.title} --execute` again"
        )

    def _proposed(self, desk: Desk) -> Outcome:
        """Push the revert to a branch of its own, unless it is there, and open the pull request."""
        if not self._is_made():
            made = self.make(self._refs.heads[self.branch])
            pushed = self.worktree.push(self.remote_url, f"{made}:refs/heads/{self._proposal}")
            if not isinstance(pushed, Succeeded):
                return pushed
        return desk.open_pull(
            head=self._proposal,
            base=self.branch,
            title=f'Revert "{self.subject}"',
            body=f"This reverts commit {self.commit}.\n\nMerging it gives {self.title} up.\n",
            label=self.label,
        )

    def _is_made(self) -> bool:
        """Say whether the branch of the pull request reverts this very claim already."""
        there = self._refs.heads.get(self._proposal)
        if there is None or not self._has(self._proposal, there):
            return False
        return self.worktree.is_ancestor(self.commit, there) and not self.stands(there)

    def _answer(self) -> Answer:
        refs = self.worktree.ls_remote(self.remote_url)
        head = refs.heads.get(self.branch) if refs else None
        if refs is None or head is None:
            return Unknown(reason="the remote could not be asked for its branch")
        if not self._has(self.branch, head):
            return Unknown(reason="the remote's branch could not be fetched")
        self._refs = refs
        if not self.stands(head):
            return Absent()
        if self._denied or self._proposal in refs.heads:
            pulls = self.desk.pulls(self._proposal) if self.desk else ()
            if isinstance(pulls, Unknown):
                return pulls
            ours = (pull for pull in pulls if pull.base == self.branch and pull.state == "open")
            self._pull = next(ours, None)
        return Present(commit=head)

    def _has(self, branch: str, head: str) -> bool:
        return self.worktree.has(head) or self.worktree.fetch(self.remote_url, [branch])
