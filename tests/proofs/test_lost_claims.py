"""What does the claim make of a push that was refused, or of a commit that is there before it was pushed?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from castoff.errors import Problem
from castoff.model.acts import Blocked, Do, Done, Outcome, Refused, Succeeded, Unclear
from castoff.model.refs import Refs
from castoff.release.version import CLAIM, ClaimPart

OURS, BASE, RIVAL = "a" * 40, "b" * 40, "c" * 40
DENIED = Refused(Problem(code="push-denied", message="no", reason="cannot lock ref", remedy="ask"))


@dataclass(slots=True)
class Remote:
    """A remote whose branch is at `head`; a push ends as scripted, and may move the branch before it ends."""

    head: str = BASE
    ends: list[tuple[Outcome, str]] = field(default_factory=list)

    def ls_remote(self, url: str) -> Refs | None:
        return Refs(heads={"main": self.head})

    def has(self, commit: str) -> bool:
        return True

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        return True

    def is_ancestor(self, commit: str, of: str) -> bool:
        return commit in (of, BASE)

    def push(self, url: str, spec: str) -> Outcome:
        outcome, self.head = self.ends.pop(0)
        return outcome


def part(remote: Remote, *, made_here: bool = True) -> ClaimPart:
    return ClaimPart(commit=OURS, branch="main", remote_url="x", clone=remote, made_here=made_here)


@pytest.mark.parametrize(
    ("moved_to", "code"),
    [
        pytest.param(BASE, "push-denied", id="the branch stayed: a ban"),
        pytest.param(RIVAL, "push-rejected", id="the branch moved: a lost race"),
        pytest.param(OURS, "push-rejected", id="it moved to the same commit: somebody else made it"),
    ],
)
def test_a_denied_push_is_a_lost_race_where_the_branch_moved(moved_to: str, code: str) -> None:
    outcome = part(Remote(ends=[(DENIED, moved_to)])).act(CLAIM)

    assert isinstance(outcome, Refused)
    assert outcome.problem.code == code
    assert outcome.problem.remedy


def test_our_own_unclear_push_that_arrived_late_is_no_lost_race() -> None:
    remote = Remote(ends=[(Unclear(reason="cut"), BASE), (DENIED, OURS)])
    claim = part(remote)

    assert isinstance(claim.decide(claim.look()), Do)
    claim.act(CLAIM)
    assert isinstance(claim.act(CLAIM), Unclear)
    assert claim.decide(claim.look()) == Done()


def test_the_same_commit_of_somebody_else_is_a_lost_race() -> None:
    claim = part(Remote(head=OURS))

    decision = claim.decide(claim.look())

    assert isinstance(decision, Blocked)
    assert decision.problem.code == "push-rejected"


def test_a_claim_that_is_resumed_is_done_where_it_is_there() -> None:
    claim = part(Remote(head=OURS), made_here=False)

    assert claim.decide(claim.look()) == Done()


def test_a_claim_that_was_pushed_is_done() -> None:
    claim = part(Remote(ends=[(Succeeded(), OURS)]))

    claim.act(CLAIM)

    assert claim.decide(claim.look()) == Done()
