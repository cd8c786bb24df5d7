"""Refs that claim versions, on a real remote: one wins, with its branch or not at all, and they go as they came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from git_ground import Ground, hook

from castoff.git import Clone
from castoff.model.acts import Blocked, Do, Done, Outcome, Refused, Succeeded
from castoff.model.refs import TagRef
from castoff.release.claim_ref import RefClaimPart, claim_act

REF = "refs/castoff/1.1.0"


def kind(outcome: Outcome) -> str:
    return outcome.problem.code if isinstance(outcome, Refused) else type(outcome).__name__


@pytest.fixture
def there(ground: Ground) -> Path:
    there = ground.bare()
    root = ground.new()
    ground.git(root, "push", "--quiet", there, "main")
    return there


@pytest.fixture
def clone(ground: Ground, there: Path) -> Iterator[Clone]:
    with Clone.of(ground.repository(there.parent / "here")) as clone:
        yield clone


def refs_of(ground: Ground, there: Path) -> dict[str, str]:
    rows = (line.split() for line in ground.git(there, "show-ref").split("\n"))
    return {ref: commit for commit, ref in rows}


def test_a_claim_is_made_once_also_where_two_claim_the_same_commit(
    ground: Ground, there: Path, clone: Clone
) -> None:
    head = clone.git.must("rev-parse", "HEAD")
    mine, theirs = (clone.make_tag(name, f"{name}\n", head, sign=False) for name in ("1.1.0", "2.0.0"))

    def claim(version: str, stamp: str) -> str:
        return kind(clone.claim(str(there), {version: head, "on/main": stamp}, head, None))

    assert claim("1.1.0", mine) == "Succeeded"
    assert claim("1.1.0", mine) == "push-rejected"
    assert claim("1.1.0", theirs) == "push-rejected"
    assert claim("2.0.0", theirs) == "push-rejected", "a branch has one release under way"
    assert clone.claims(str(there)) == {
        "1.1.0": TagRef(object=head, peeled=None),
        "on/main": TagRef(object=mine, peeled=head),
    }
    assert refs_of(ground, there) == {"refs/heads/main": head, REF: head, "refs/castoff/on/main": mine}


def test_a_claim_and_its_branch_go_together_or_not_at_all(ground: Ground, there: Path, clone: Clone) -> None:
    base = clone.git.must("rev-parse", "HEAD")
    mine = clone.commit_nothing("mine", sign=None)
    clone.check_out(base)
    other = clone.commit_nothing("other", sign=None)

    def claim(commit: str) -> str:
        return kind(clone.claim(str(there), {"1.1.0": commit}, commit, "main"))

    assert kind(clone.push(str(there), f"{other}:refs/heads/main")) == "Succeeded"
    assert claim(mine) == "push-rejected", "the branch has moved"
    assert clone.claims(str(there)) == {}
    above = clone.commit_nothing("above", sign=None)
    assert claim(above) == "Succeeded"
    further = clone.commit_nothing("further", sign=None)
    assert claim(further) == "push-rejected", "the ref is there"
    assert refs_of(ground, there) == {"refs/heads/main": above, REF: above}


def test_a_remote_that_takes_no_such_ref_says_why(there: Path, clone: Clone) -> None:
    hook(there / "hooks", "pre-receive", "echo 'no such refs here' >&2; exit 1")
    part = part_of(clone, there, clone.git.must("rev-parse", "HEAD"), "me")

    outcome = part.act(claim_act("1.1.0"))

    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "push-denied"
    assert "no such refs here" in outcome.problem.reason
    assert "to refs outside `refs/heads/`" in outcome.problem.remedy


def test_a_claim_is_dropped_only_where_it_stands_as_it_was_seen(
    ground: Ground, there: Path, clone: Clone
) -> None:
    head = clone.git.must("rev-parse", "HEAD")
    other = TagRef(object=clone.commit_nothing("other", sign=None), peeled=None)
    url, objects = str(there), {"1.1.0": head, "on/main": head}
    clone.claim(url, objects, head, None)
    seen = clone.claims(url)
    assert seen is not None

    assert kind(clone.drop(url, {**seen, "on/main": other}, {})) == "push-rejected"
    assert clone.claims(url) == seen
    assert kind(clone.drop(url, seen, {"given-up/1.1.0": head})) == "Succeeded"
    trace = {"given-up/1.1.0": TagRef(object=head, peeled=None)}
    assert clone.claims(url) == trace
    assert kind(clone.claim(url, objects, head, None)) == "Succeeded"
    assert kind(clone.drop(url, seen, {})) == "Succeeded"
    assert clone.claims(url) == trace
    assert clone.claims(str(there / "nowhere")) is None


def test_of_two_releasers_of_one_commit_the_second_is_told_and_whoever_resumes_goes_on(
    ground: Ground, there: Path, clone: Clone
) -> None:
    head = clone.git.must("rev-parse", "HEAD")
    with Clone.of(ground.repository(there.parent / "here")) as elsewhere:
        first, second = part_of(clone, there, head, "first"), part_of(elsewhere, there, head, "second")
        assert isinstance(first.decide(first.look()), Do)
        assert isinstance(second.decide(second.look()), Do)

        assert first.act(claim_act("1.1.0")) == Succeeded()
        lost = second.act(claim_act("1.1.0"))

        assert kind(lost) == "push-rejected"
        assert isinstance(first.decide(first.look()), Done)
        assert isinstance(second.decide(second.look()), Blocked)
        resumed = part_of(elsewhere, there, head, None)
        assert isinstance(resumed.decide(resumed.look()), Done)


def test_a_tag_stands_in_while_building_and_is_the_one_that_git_describes(clone: Clone) -> None:
    head = clone.git.must("rev-parse", "HEAD")
    clone.git.must("tag", "--annotate", "-m", "a candidate", "1.1.0rc1", head)

    assert clone.stand_in_tag("1.1.0", head)
    assert not clone.stand_in_tag("1.1.0", head), "it is there"
    assert "1.1.0" in clone.git.must("tag", "--list").split()
    clone.delete_tag("1.1.0")
    assert clone.git.must("tag", "--list") == "1.1.0rc1"


def part_of(clone: Clone, there: Path, commit: str, who: str | None) -> RefClaimPart:
    return RefClaimPart(
        title="1.1.0",
        commit=commit,
        tag="1.1.0",
        branch="main",
        remote_url=str(there),
        clone=clone,
        stamp=clone.make_tag("1.1.0", f"{who}\n", commit, sign=False) if who else None,
    )
