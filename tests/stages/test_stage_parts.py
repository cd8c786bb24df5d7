"""What the parts of tag, draft and announcement do with the answers of their ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from castoff.errors import NotYet, Problem, Refusal
from castoff.model.acts import Blocked, Do, Done, Outcome, Refused, Succeeded, Unclear, Wait
from castoff.model.observations import Answer, Present, Unknown
from castoff.model.refs import Refs, TagRef
from castoff.ports import ForgeRelease, NewRelease
from castoff.stages.announce import PUBLISH, AnnouncePart
from castoff.stages.draft import CREATE, UPDATE, DraftPart, early_title
from castoff.stages.preflight import Cannot, Check, Checked, errors_of, run_checks
from castoff.stages.tag import PUSH, TagPart
from castoff.stages.version import CLAIM, ClaimPart

TAG = "1.1.0"
NOTES = (
    "## What's Changed\n* One by @ada in https://github.com/o/r/pull/1\n\n\n**Full Changelog**: 1.0.0...1.1.0"
)
DRAFT = ForgeRelease(
    id=7, tag=TAG, name=TAG, body=NOTES, draft=True, prerelease=False, url="https://forge/7", target="r" * 40
)
OUT = replace(DRAFT, id=8, draft=False, url="https://forge/8")


@dataclass(slots=True)
class Desk:
    """A forge whose listings come from a script; it keeps what was written."""

    listings: list[Sequence[ForgeRelease] | Unknown]
    written: list[tuple[int | None, NewRelease]] = field(default_factory=list)

    def releases(self) -> Sequence[ForgeRelease] | Answer:
        return self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]

    def create_release(self, release: NewRelease) -> Outcome:
        self.written.append((None, release))
        return Succeeded()

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        self.written.append((number, release))
        return Succeeded()


def announce(desk: Desk, *, agreed: bool = True) -> AnnouncePart:
    return AnnouncePart(
        tag=TAG,
        commit="r" * 40,
        latest=True,
        prerelease=False,
        forge=desk,  # type: ignore[arg-type]
        agreed=agreed,
    )


def draft(desk: Desk, body: str = NOTES) -> DraftPart:
    return DraftPart(
        tag=TAG,
        title=TAG,
        commit="r" * 40,
        prerelease=False,
        forge=desk,  # type: ignore[arg-type]
        body=lambda: body,
    )


def test_the_draft_is_published_as_it_stands() -> None:
    desk = Desk([[DRAFT, replace(OUT, tag="1.0.0")]])

    assert announce(desk).act(PUBLISH) == Succeeded()

    ((number, release),) = desk.written
    assert number == 7
    assert (release.draft, release.latest, release.name, release.tag) == (False, True, TAG, TAG)
    assert release.body is None, "what people wrote is not sent back"


@pytest.mark.parametrize(
    "listing",
    [Unknown(reason="503"), [], [OUT]],
    ids=["silent", "the draft is not listed", "published meanwhile"],
)
def test_what_keeps_the_draft_from_being_published_right_now_is_looked_at_again(
    listing: Sequence[ForgeRelease] | Unknown,
) -> None:
    desk = Desk([listing])

    assert isinstance(announce(desk).act(PUBLISH), Unclear)
    assert desk.written == []


def test_with_two_releases_none_is_published() -> None:
    desk = Desk([[DRAFT, replace(DRAFT, id=9)]])

    outcome = announce(desk).act(PUBLISH)

    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "two-releases"
    assert desk.written == []


def test_an_empty_listing_is_believed_only_when_it_stays_empty() -> None:
    part = announce(Desk([[]]))

    decisions = [part.decide(part.look()) for _ in range(14)]

    assert all(isinstance(one, Wait) for one in decisions[:12])
    assert isinstance(decisions[12], Blocked)
    assert decisions[12].problem.code == "no-draft"


def test_a_mere_look_believes_an_empty_listing_at_once() -> None:
    part = announce(Desk([[]]), agreed=False)

    assert not isinstance(part.decide(part.look()), Wait)


def test_a_draft_is_made_once_with_the_generated_notes() -> None:
    desk = Desk([[], [DRAFT]])
    part = draft(desk)

    decision = part.decide(part.look())
    assert isinstance(decision, Do)
    assert [act.id for act in decision.acts] == [CREATE.id]
    assert part.act(decision.acts[0]) == Succeeded()
    assert isinstance(part.decide(part.look()), Done)
    ((_, release),) = desk.written
    assert (release.draft, release.body, release.tag) == (True, NOTES, TAG)


def test_generated_lines_that_are_missing_come_back_and_the_words_of_people_stay() -> None:
    torn = replace(DRAFT, body="Hello from us.\n\n" + NOTES.replace("* One by", "* Uno von"))
    grown = NOTES.replace("\n\n\n", "\n* Two by @ada in https://github.com/o/r/pull/2\n\n\n")
    desk = Desk([[torn]])
    part = draft(desk, grown)

    decision = part.decide(part.look())
    assert isinstance(decision, Do)
    part.act(decision.acts[0])

    ((number, release),) = desk.written
    assert number == 7
    assert release.body is not None
    assert release.body.startswith("Hello from us.\n\n")
    assert "pull/2" in release.body
    assert release.draft


def test_a_draft_made_before_the_tag_gets_its_title_and_a_title_by_hand_stays() -> None:
    early = Desk([[replace(DRAFT, name=early_title(TAG))]])
    part = draft(early)
    decision = part.decide(part.look())
    assert isinstance(decision, Do)
    part.act(decision.acts[0])
    assert early.written[0][1].name == TAG

    byhand = Desk([[replace(DRAFT, name="The summer release", body="nothing")]])
    draft(byhand).act(UPDATE)
    assert byhand.written[0][1].name == "The summer release"


def test_a_published_release_is_not_written_to_by_the_draft_stage() -> None:
    desk = Desk([[replace(OUT, body="all by hand")]])
    part = draft(desk)

    assert isinstance(part.decide(part.look()), Done)
    assert isinstance(part.act(UPDATE), Unclear)
    assert desk.written == []


def test_notes_that_cannot_be_written_yet_are_tried_again() -> None:
    def late() -> str:
        raise NotYet(Problem(code="forge-unreachable", message="the forge is down", reason="503"))

    desk = Desk([[]])
    part = draft(desk)
    part.body = late

    assert part.act(CREATE) == Unclear(reason="the forge is down: 503")
    assert desk.written == []


@dataclass(slots=True)
class Clone:
    """A clone and its remote: refs by a script, pushes that end as told."""

    refs: Refs | None = None
    outcome: Outcome = field(default_factory=Succeeded)
    here: frozenset[str] = frozenset()
    ancestors: frozenset[tuple[str, str]] = frozenset()
    fetches: bool = True
    pushed: list[str] = field(default_factory=list)

    def ls_remote(self, url: str) -> Refs | None:
        return self.refs

    def has(self, commit: str) -> bool:
        return commit in self.here

    def fetch(self, url: str, branches: Sequence[str]) -> bool:
        return self.fetches

    def is_ancestor(self, commit: str, of: str) -> bool:
        return commit == of or (commit, of) in self.ancestors

    def push(self, url: str, spec: str) -> Outcome:
        self.pushed.append(spec)
        return self.outcome


def refused(code: str) -> Refused:
    return Refused(Problem(code=code, message=code))


def tag_part(clone: Clone) -> TagPart:
    return TagPart(tag=TAG, commit="R", remote_url="u", worktree=clone, make=lambda: "object")  # type: ignore[arg-type]


def claim_part(clone: Clone, *, made_here: bool = True) -> ClaimPart:
    return ClaimPart(commit="R", branch="main", remote_url="u", worktree=clone, made_here=made_here)  # type: ignore[arg-type]


def test_the_tag_object_is_pushed_alone() -> None:
    clone = Clone(refs=Refs())
    part = tag_part(clone)

    assert isinstance(part.decide(part.look()), Do)
    assert part.act(PUSH) == Succeeded()
    assert clone.pushed == ["object:refs/tags/1.1.0"]


@pytest.mark.parametrize(
    ("tag", "kind"),
    [(TagRef(object="o", peeled="R"), Done), (TagRef(object="o", peeled="X"), Blocked), (None, Do)],
    ids=["there", "elsewhere", "none"],
)
def test_the_tag_is_seen_by_the_commit_that_it_peels_to(tag: TagRef | None, kind: type) -> None:
    part = tag_part(Clone(refs=Refs(tags={TAG: tag} if tag else {})))

    assert isinstance(part.decide(part.look()), kind)


@pytest.mark.parametrize("code", ["push-rejected", "push-denied"])
def test_a_refused_tag_is_looked_at_where_one_is_there_by_now_and_refused_where_none_is(code: str) -> None:
    there = Refs(tags={TAG: TagRef(object="theirs", peeled="R")})

    assert isinstance(tag_part(Clone(refs=there, outcome=refused(code))).act(PUSH), Unclear)
    assert isinstance(tag_part(Clone(refs=Refs(), outcome=refused(code))).act(PUSH), Refused)


@pytest.mark.parametrize(
    ("clone", "kind"),
    [
        (Clone(refs=None), Wait),
        (Clone(refs=Refs()), Do),
        (Clone(refs=Refs(heads={"main": "base"}), here=frozenset({"base"})), Do),
        (Clone(refs=Refs(heads={"main": "new"}), fetches=False), Wait),
        (Clone(refs=Refs(heads={"main": "new"}), ancestors=frozenset({("R", "new")})), Done),
        (Clone(refs=Refs(heads={"main": "new"})), Do),
    ],
    ids=["silent", "no branch yet", "behind", "cannot fetch", "in its history", "moved on without it"],
)
def test_the_claim_stands_where_the_commit_is_in_the_history_of_the_remote_branch(
    clone: Clone, kind: type
) -> None:
    part = claim_part(clone, made_here=False)

    assert isinstance(part.decide(part.look()), kind)


def test_the_claim_pushes_the_branch_alone() -> None:
    clone = Clone(refs=Refs())
    claim_part(clone).act(CLAIM)

    assert clone.pushed == ["R:refs/heads/main"]


def test_the_very_commit_of_another_run_is_no_claim_of_ours() -> None:
    clone = Clone(refs=Refs(heads={"main": "R"}), here=frozenset({"R"}))
    part = claim_part(clone)

    decision = part.decide(part.look())

    assert isinstance(decision, Blocked)
    assert decision.problem.code == "push-rejected"


def test_our_own_push_that_ended_unclearly_is_our_claim_when_it_is_seen() -> None:
    clone = Clone(
        refs=Refs(heads={"main": "base"}), here=frozenset({"base", "R"}), outcome=Unclear(reason="lost")
    )
    part = claim_part(clone)
    assert isinstance(part.decide(part.look()), Do)
    part.act(CLAIM)
    clone.refs = Refs(heads={"main": "R"})

    assert isinstance(part.decide(part.look()), Done)


def problem(code: str, severity: str = "error") -> Problem:
    return Problem(code=code, message=code, severity="warning" if severity == "warning" else "error")


def refuse() -> Sequence[Problem]:
    raise Refusal(problem("tag-unsigned"))


def too_early() -> Sequence[Problem]:
    raise NotYet(problem("forge-unreachable"))


@pytest.mark.parametrize(
    ("check", "result", "codes"),
    [
        (Check("a", "shape", lambda: ()), "pass", []),
        (Check("a", "shape", lambda: (problem("x", "warning"),)), "warn", ["x"]),
        (Check("a", "shape", lambda: (problem("x", "warning"), problem("y"))), "fail", ["x", "y"]),
        (Check("a", "shape", lambda: Cannot("no network")), "unknown", ["cannot-be-known"]),
        (Check("a", "shape", refuse), "fail", ["tag-unsigned"]),
        (Check("a", "shape", too_early), "unknown", ["cannot-be-known"]),
    ],
    ids=["pass", "warn", "fail", "unknown", "refused", "not yet"],
)
def test_a_check_ends_in_one_of_four_ways(check: Check, result: str, codes: list[str]) -> None:
    (answer,) = run_checks([check])

    assert answer.result == result
    assert [one.code for one in answer.findings] == codes


def test_all_checks_are_answered_in_their_order_and_only_errors_stop() -> None:
    checks = [
        Check("one", "shape", lambda: (problem("x"),)),
        Check("two", "user", lambda: (problem("y", "warning"),)),
        Check("three", "labels", refuse),
    ]

    answers = run_checks(checks)

    assert [answer.id for answer in answers] == ["one", "two", "three"]
    assert [one.code for one in errors_of(answers)] == ["x", "tag-unsigned"]
    assert run_checks([]) == ()
    assert all(isinstance(answer, Checked) for answer in answers)


def test_the_answer_of_a_tag_says_where_it_is() -> None:
    part = tag_part(Clone(refs=Refs(tags={TAG: TagRef(object="o", peeled=None)})))

    (one,) = part.look()

    assert one.answer == Present(commit="o", digest="o")
    assert one.expected == "R"
