"""What the parts of tag, draft and announcement do with the answers of their ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from castoff.errors import NotYet, Problem, Refusal
from castoff.model.acts import Blocked, Do, Done, Outcome, Refused, Succeeded, Unclear, Wait
from castoff.model.observations import Answer, Present, Unknown
from castoff.model.refs import Refs, TagRef
from castoff.notes.draft import missing_lines
from castoff.ports import ForgeRelease, NewRelease
from castoff.preflight.stage import Cannot, Check, Checked, errors_of, run_checks
from castoff.release.announce import PUBLISH, AnnouncePart
from castoff.release.claim_ref import RefClaimPart, claim_act
from castoff.release.draft import CREATE, UPDATE, DraftPart, early_title
from castoff.release.tag import PUSH, TagPart
from castoff.release.version import CLAIM, MOVED, ClaimPart
from castoff.values import replace

TAG = "1.1.0"
NOTES = (
    "## What's Changed\n* One by @ada in https://github.com/o/r/pull/1\n\n\n**Full Changelog**: 1.0.0...1.1.0"
)
DRAFT = ForgeRelease(
    id=7, tag=TAG, name=TAG, body=NOTES, draft=True, prerelease=False, url="https://forge/7", target="r" * 40
)
OUT = replace(DRAFT, id=8, draft=False, url="https://forge/8")


@dataclass(slots=True)
class ForgeReleases:
    """A forge whose listings come from a script; it keeps what was written."""

    listings: list[Sequence[ForgeRelease] | Unknown]
    written: list[tuple[int | None, NewRelease]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)

    def releases(self) -> Sequence[ForgeRelease] | Answer:
        return self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]

    def create_release(self, release: NewRelease) -> Outcome:
        self.written.append((None, release))
        return Succeeded()

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        self.written.append((number, release))
        return Succeeded()

    def delete_release(self, number: int) -> Outcome:
        self.deleted.append(number)
        return Succeeded()


def announce(forge: ForgeReleases, *, agreed: bool = True) -> AnnouncePart:
    return AnnouncePart(
        tag=TAG,
        commit="r" * 40,
        latest=True,
        prerelease=False,
        forge=forge,  # type: ignore[arg-type]
        agreed=agreed,
    )


def draft(forge: ForgeReleases, body: str = NOTES) -> DraftPart:
    return DraftPart(
        tag=TAG,
        title=TAG,
        commit="r" * 40,
        prerelease=False,
        forge=forge,  # type: ignore[arg-type]
        body=lambda: body,
    )


def test_the_draft_is_published_as_it_stands() -> None:
    forge = ForgeReleases([[DRAFT, replace(OUT, tag="1.0.0")]])

    assert announce(forge).act(PUBLISH) == Succeeded()

    ((number, release),) = forge.written
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
    forge = ForgeReleases([listing])

    assert isinstance(announce(forge).act(PUBLISH), Unclear)
    assert forge.written == []


def test_with_two_releases_none_is_published() -> None:
    forge = ForgeReleases([[DRAFT, replace(DRAFT, id=9)]])

    outcome = announce(forge).act(PUBLISH)

    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "two-releases"
    assert forge.written == []


def test_an_empty_listing_is_believed_only_when_it_stays_empty() -> None:
    part = announce(ForgeReleases([[]]))

    decisions = [part.decide(part.look()) for _ in range(14)]

    assert all(isinstance(one, Wait) for one in decisions[:12])
    assert isinstance(decisions[12], Blocked)
    assert decisions[12].problem.code == "no-draft"


def test_a_mere_look_believes_an_empty_listing_at_once() -> None:
    part = announce(ForgeReleases([[]]), agreed=False)

    assert not isinstance(part.decide(part.look()), Wait)


def test_a_draft_is_made_once_with_the_generated_notes() -> None:
    forge = ForgeReleases([[], [DRAFT]])
    part = draft(forge)

    decision = part.decide(part.look())
    assert isinstance(decision, Do)
    assert [act.id for act in decision.acts] == [CREATE.id]
    assert part.act(decision.acts[0]) == Succeeded()
    assert isinstance(part.decide(part.look()), Done)
    ((_, release),) = forge.written
    assert (release.draft, release.body, release.tag) == (True, NOTES, TAG)


def twin(number: int, **changes: Any) -> ForgeRelease:
    return replace(DRAFT, id=number, **changes)


@pytest.mark.parametrize(
    ("listed", "deleted"),
    [
        ([twin(7)], []),
        ([twin(8), twin(7)], [8]),
        ([twin(9), twin(7), twin(8)], [8, 9]),
        ([twin(7), twin(8, body="Words of ours.")], []),
        ([twin(7), twin(8, name="The summer release")], []),
        ([twin(7), twin(8, draft=False)], []),
        ([twin(7), twin(8, body=NOTES.replace("\n", "\r\n") + "\r\n")], [8]),
        ([twin(7, body="Words of ours."), twin(8)], [8]),
        ([twin(7), twin(8, tag="1.0.0")], []),
        (Unknown(reason="503"), []),
    ],
    ids=["alone", "two", "three", "edited", "renamed", "published", "line breaks", "older edited",
         "elsewhere", "silent"],
)  # fmt: skip
def test_of_the_drafts_of_a_race_the_youngest_are_deleted_unless_people_wrote_in_them(
    listed: Sequence[ForgeRelease] | Unknown, deleted: list[int]
) -> None:
    forge = ForgeReleases([listed])

    assert draft(forge).act(CREATE) == Succeeded()
    assert forge.deleted == deleted


@pytest.mark.parametrize(("target", "sent"), [("main", "main"), ("", "r" * 40)], ids=["kept", "not shown"])
def test_an_update_keeps_the_target_that_the_draft_has(target: str, sent: str) -> None:
    forge = ForgeReleases([[replace(DRAFT, body="nothing", target=target)]])

    assert draft(forge).act(UPDATE) == Succeeded()

    ((_, release),) = forge.written
    assert release.target == sent


def test_generated_lines_that_are_missing_come_back_and_the_words_of_people_stay() -> None:
    torn = replace(DRAFT, body="Hello from us.\n\n" + NOTES.replace("* One by", "* Uno von"))
    grown = NOTES.replace("\n\n\n", "\n* Two by @ada in https://github.com/o/r/pull/2\n\n\n")
    forge = ForgeReleases([[torn]])
    part = draft(forge, grown)

    decision = part.decide(part.look())
    assert isinstance(decision, Do)
    part.act(decision.acts[0])

    ((number, release),) = forge.written
    assert number == 7
    assert release.body is not None
    assert release.body.startswith("Hello from us.\n\n")
    assert "pull/2" in release.body
    assert release.draft


def test_a_draft_made_before_the_tag_gets_its_title_and_a_title_by_hand_stays() -> None:
    early = ForgeReleases([[replace(DRAFT, name=early_title(TAG))]])
    part = draft(early)
    decision = part.decide(part.look())
    assert isinstance(decision, Do)
    part.act(decision.acts[0])
    assert early.written[0][1].name == TAG

    byhand = ForgeReleases([[replace(DRAFT, name="The summer release", body="nothing")]])
    draft(byhand).act(UPDATE)
    assert byhand.written[0][1].name == "The summer release"


def test_a_published_release_is_not_written_to_by_the_draft_stage() -> None:
    forge = ForgeReleases([[replace(OUT, body="all by hand")]])
    part = draft(forge)

    assert isinstance(part.decide(part.look()), Done)
    assert isinstance(part.act(UPDATE), Unclear)
    assert forge.written == []


def test_notes_that_cannot_be_written_yet_are_tried_again() -> None:
    def late() -> str:
        raise NotYet(Problem(code="forge-unreachable", message="the forge is down", reason="503"))

    forge = ForgeReleases([[]])
    part = draft(forge)
    part.body = late

    assert part.act(CREATE) == Unclear(reason="the forge is down: 503")
    assert forge.written == []


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
    return TagPart(
        tag=TAG,
        title="1.1.0",
        commit="R",
        remote_url="u",
        clone=clone,
        make=lambda: "object",
        fault=lambda ref: None,
    )  # type: ignore[arg-type]


def claim_part(clone: Clone, *, made_here: bool = True) -> ClaimPart:
    return ClaimPart(commit="R", branch="main", remote_url="u", clone=clone, made_here=made_here)  # type: ignore[arg-type]


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


@pytest.mark.parametrize(
    ("refs", "pushed", "ended"),
    [
        (None, False, "push-denied"),
        (Refs(), False, "push-denied"),
        (Refs(heads={"main": "base"}), False, "push-denied"),
        (Refs(heads={"main": "base"}), True, "push-denied"),
        (Refs(heads={"main": "elsewhere"}), False, "push-rejected"),
        (Refs(heads={"main": "elsewhere"}), True, "push-rejected"),
        (Refs(heads={"main": "R"}), False, "push-rejected"),
        (Refs(heads={"main": "R"}), True, "unclear"),
    ],
    ids=[
        "silent", "no branch yet", "a ban", "a ban after a lost answer", "the branch moved",
        "moved after a lost answer", "the same commit by another run", "our own push",
    ],
)  # fmt: skip
def test_a_refused_claim_is_a_lost_race_only_if_the_branch_moved(
    refs: Refs | None, pushed: bool, ended: str
) -> None:
    clone = Clone(refs=refs, ancestors=frozenset({("base", "R")}))
    part = claim_part(clone)
    if pushed:
        part.act(CLAIM)
    clone.outcome = refused("push-denied")

    outcome = part.act(CLAIM)

    assert (outcome.problem.code if isinstance(outcome, Refused) else "unclear") == ended
    assert not isinstance(outcome, Refused) or (outcome.problem.remedy == MOVED) == (ended == "push-rejected")


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


@dataclass(slots=True)
class Claims:
    """A remote that refuses a claim; what it holds is asked for afterwards."""

    held: Mapping[str, TagRef] | None
    head: str | None
    code: str = "push-denied"
    ancestors: frozenset[tuple[str, str]] = frozenset({("base", "R")})

    def claims(self, url: str) -> Mapping[str, TagRef] | None:
        return self.held

    def ls_remote(self, url: str) -> Refs | None:
        return Refs(heads={"main": self.head} if self.head else {})

    def is_ancestor(self, commit: str, of: str) -> bool:
        return commit == of or (commit, of) in self.ancestors

    def claim(self, url: str, objects: Mapping[str, str], commit: str, branch: str | None) -> Outcome:
        return refused(self.code)


def ref(name: str) -> TagRef:
    return TagRef(object=name, peeled="R")


@pytest.mark.parametrize(
    ("remote", "ended"),
    [
        (Claims({"on/main": ref("theirs")}, "base"), "push-rejected"),
        (Claims({"1.2.0": ref("theirs"), "on/main": ref("theirs")}, "base"), "push-rejected"),
        (Claims({TAG: ref("theirs")}, "base"), "push-rejected"),
        (Claims({"1.2.0": ref("theirs")}, "base"), "push-denied"),
        (Claims({}, "elsewhere"), "push-rejected"),
        (Claims({}, "base"), "push-denied"),
        (Claims({}, "later", ancestors=frozenset({("R", "later")})), "push-denied"),
        (Claims({}, "base", code="push-hook-failed"), "push-hook-failed"),
        (Claims({"on/main": ref("ours")}, "base"), "unclear"),
        (Claims(None, "base"), "unclear"),
    ],
    ids=[
        "the branch is locked", "another version claimed", "this version claimed", "a claim elsewhere",
        "the branch moved", "a ban", "ahead of us", "a hook", "our own lock", "silent",
    ],
)  # fmt: skip
def test_a_refused_claim_by_ref_is_a_lost_race_only_if_the_remote_shows_one(
    remote: Claims, ended: str
) -> None:
    part = RefClaimPart(
        title=TAG, commit="R", tag=TAG, branch="main", remote_url="u", clone=remote, stamp="ours"
    )  # type: ignore[arg-type]

    outcome = part.act(claim_act(TAG))

    assert (outcome.problem.code if isinstance(outcome, Refused) else "unclear") == ended


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

    (one,) = part.describe(part.look())

    assert one.answer == Present(commit="o")
    assert (one.expected, one.identity) == ("R", "o")


CATEGORIES = NOTES.replace("* One", "### Fixed\n* One")
HIDDEN = CATEGORIES.replace("* One", "{}\n\n* One").replace("\n\n\n", "\n{}\n\n")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (CATEGORIES.replace("### Fixed", "### Repairs"), "whole"),
        (CATEGORIES.replace("### Fixed\n", ""), "written"),
        (HIDDEN.format("<!-- later", "-->"), "draft-lines-hidden"),
        (HIDDEN.format("```", "```"), "draft-lines-hidden"),
        (CATEGORIES.replace("* One", "<!-- later -->"), "written"),
        (f"<!-- later\n{CATEGORIES}", "written"),
    ],
    ids=["renamed", "gone", "a comment", "a fence", "a comment that ends", "a comment before the list"],
)
def test_the_repair_of_a_draft_covers_all_that_its_check_covers(body: str, code: str) -> None:
    forge = ForgeReleases([[replace(DRAFT, body=body)]])
    part = draft(forge, CATEGORIES)
    decision = part.decide(part.look())
    if code == "whole":
        assert decision == Done()
        return
    assert isinstance(decision, Do)
    outcome = part.act(UPDATE)
    if code == "written":
        ((_, release),) = forge.written
        assert missing_lines(release.body or "", CATEGORIES) == ()
    else:
        assert isinstance(outcome, Refused)
        assert (outcome.problem.code, outcome.unasked, forge.written) == (code, True, [])
