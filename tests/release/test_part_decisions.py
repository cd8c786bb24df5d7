"""What each part of a release decides by its look alone, one row per condition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from decided import decided, decision_of, decision_text

from castoff.errors import Problem, Refusal
from castoff.model.acts import Act, Decision, Do, Done, Person, Refused, StageName
from castoff.model.changes import Milestone, MilestoneItem
from castoff.model.observations import Absent, Answer, Present, Staged, Unknown, Withdrawn
from castoff.model.refs import Refs, TagRef
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Package
from castoff.notes.draft import LARGEST_BODY
from castoff.notes.milestones import MilestonePlan, MilestonePolicy
from castoff.ports import ForgePull, ForgeRelease, NewRelease
from castoff.reconcile import PartState, StageState
from castoff.reconcile.part import Part, Stage
from castoff.release.announce import PUBLISH, AnnouncePart
from castoff.release.claim_ref import RefClaimLook, RefClaimPart
from castoff.release.draft import CREATE, UPDATE, DraftLook, DraftPart
from castoff.release.highlights import HighlightsLook, HighlightsPart
from castoff.release.milestone import MilestonePart
from castoff.release.proposal import OutgrownLook, OutgrownPart, ProposalLook, ProposalPart, preview
from castoff.release.publish import FileLook, PackageLook, PackagePart, PresencePart, concerns_files
from castoff.release.tag import TagLook, TagPart
from castoff.release.version import ClaimLook, ClaimPart
from castoff.release.waiver import WaivableLook, WaivablePart, WaiverPart
from castoff.release.waiver_command import given_up
from castoff.rollback.dropped_claim import DropClaimLook, DropClaimPart
from castoff.values import replace
from recorded import assert_recorded, problems_as_text

NOBODY: Any = None
DOWN = Unknown(reason="503", retry_after=7.0)
HERE, THERE = Present(commit="R"), Present(commit="other")
PROBLEM = Problem(code="tag-unfit", message="m")
ANNOUNCE = Act(id="announce:publish", stage="announce", target="the draft", undo="never")


@pytest.mark.parametrize(
    ("look", "made_here", "unfit", "expected"),
    [
        (ClaimLook(Absent()), True, None, "do version:push"),
        (ClaimLook(HERE), False, None, "done"),
        (ClaimLook(HERE), True, None, "blocked push-rejected"),
        (ClaimLook(HERE, pushed=True), True, None, "done"),
        (ClaimLook(DOWN), True, None, "wait 7"),
        (ClaimLook(HERE), False, PROBLEM, "blocked tag-unfit"),
    ],
)
def test_version(look: ClaimLook, made_here: bool, unfit: Problem | None, expected: str) -> None:
    part = ClaimPart(
        commit="R", branch="main", remote_url="u", clone=NOBODY, made_here=made_here, unfit=unfit
    )

    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("look", "stamp", "expected"),
    [
        (RefClaimLook(Absent(), missed=1), "me", "do version:push"),
        (RefClaimLook(Absent(), missed=2), None, "wait"),
        (RefClaimLook(Absent(), missed=3), None, "blocked claim-gone"),
        (RefClaimLook(HERE, stamp="me"), "me", "done"),
        (RefClaimLook(HERE, stamp="they"), "me", "blocked push-rejected"),
        (RefClaimLook(HERE), "me", "blocked push-rejected"),
        (RefClaimLook(HERE, stamp="they"), None, "done"),
        (RefClaimLook(THERE, stamp="me"), "me", "blocked push-rejected"),
        (RefClaimLook(THERE), None, "blocked push-rejected"),
        (RefClaimLook(DOWN), "me", "wait 7"),
    ],
)
def test_claim_by_a_ref(look: RefClaimLook, stamp: str | None, expected: str) -> None:
    part = RefClaimPart(
        title="1.1.0", commit="R", tag="1.1.0", branch="main", remote_url="u", clone=NOBODY, stamp=stamp
    )

    assert decision_of(part, look) == expected
    assert [(one.id, one.answer, one.expected) for one in part.describe(look)] == [
        ("refs/castoff/1.1.0", look.answer, "R")
    ]


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        (DropClaimLook(), "done"),
        (DropClaimLook({"1.1.0": TagRef(object="R", peeled=None)}), "do version:unclaim"),
    ],
)
def test_claim_that_is_dropped(look: DropClaimLook | Unknown, expected: str) -> None:
    part = DropClaimPart(
        title="1.1.0", commit="R", branch="main", remote_url="u", clone=NOBODY, needs=frozenset()
    )

    assert decision_of(part, look) == expected


SAME, OTHER = TagRef(object="o", peeled="R"), TagRef(object="p", peeled="other")
NOT_ASKED = Unknown(reason="the remote could not be queried for its tags")


@pytest.mark.parametrize(
    ("refs", "fault", "expected"),
    [
        (None, None, TagLook(NOT_ASKED, {"a-1.1.0": NOT_ASKED})),
        (Refs(), None, TagLook(Absent(), {"a-1.1.0": Absent()})),
        (Refs(tags={"1.1.0": SAME, "a-1.1.0": OTHER}), None, TagLook(HERE, {"a-1.1.0": THERE}, "o")),
        (Refs(tags={"1.1.0": SAME}), PROBLEM, TagLook(HERE, {"a-1.1.0": Absent()}, "o", PROBLEM)),
        (Refs(tags={"1.1.0": SAME}), DOWN, TagLook(DOWN, {"a-1.1.0": Absent()})),
        (Refs(tags={"1.1.0": OTHER}), PROBLEM, TagLook(THERE, {"a-1.1.0": Absent()}, "p")),
    ],
)
def test_all_tags_are_looked_at_together(
    refs: Refs | None, fault: Problem | Unknown | None, expected: TagLook
) -> None:
    clone: Any = SimpleNamespace(ls_remote=lambda url: refs)
    part = TagPart(
        tag="1.1.0",
        title="1.1.0",
        commit="R",
        remote_url="u",
        clone=clone,
        make=NOBODY,
        fault=lambda ref: fault,
        beside=("a-1.1.0",),
    )

    assert part.look() == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (TagLook(Absent()), "do tag:push"),
        (TagLook(Absent(), {"a-1.1.0": HERE}), "do tag:push"),
        (TagLook(Absent(), {"a-1.1.0": HERE, "b-1.1.0": THERE}), "blocked tag-elsewhere"),
        (TagLook(HERE, {"a-1.1.0": THERE}), "done"),
        (TagLook(HERE, fault=PROBLEM), "blocked tag-unfit"),
        (TagLook(THERE), "blocked tag-elsewhere"),
        (TagLook(DOWN, fault=PROBLEM), "wait 7"),
    ],
)
def test_tag(look: TagLook, expected: str) -> None:
    part = TagPart(
        tag="1.1.0",
        title="1.1.0",
        commit="R",
        remote_url="u",
        clone=NOBODY,
        make=NOBODY,
        fault=NOBODY,
        beside=tuple(look.beside),
    )

    assert decision_of(part, look) == expected


DRAFT = ForgeRelease(id=7, tag="1.1.0", name="", body="", draft=True, prerelease=False, url="https://forge/7")
OUT = replace(DRAFT, id=8, draft=False)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        (HighlightsLook(()), "do draft:create"),
        (HighlightsLook((DRAFT,)), "do draft:update"),
        (HighlightsLook((DRAFT,), written=True), "done"),
        (HighlightsLook((DRAFT, replace(DRAFT, id=9))), "blocked two-releases"),
        (HighlightsLook((OUT,)), "blocked release-published"),
        (HighlightsLook((DRAFT, OUT)), "blocked release-published"),
    ],
)
def test_highlights(look: HighlightsLook | Unknown, expected: str) -> None:
    part = HighlightsPart(
        tag="1.1.0", title="1.1.0", commit="R", prerelease=False, tagged=True, forge=NOBODY, text="x"
    )

    assert decision_of(part, look) == expected


class Listing:
    """A forge that lists these releases, and is asked for nothing else."""

    def __init__(self, *listed: ForgeRelease) -> None:
        self.listed = listed

    def releases(self) -> tuple[ForgeRelease, ...]:
        return self.listed


WRITTEN = replace(DRAFT, body="x\n", target="R")


@pytest.mark.parametrize(
    ("listed", "releases", "written"),
    [
        ((), (), False),
        ((WRITTEN,), (WRITTEN,), True),
        ((replace(WRITTEN, tag="1.0.0"), WRITTEN), (WRITTEN,), True),
        ((DRAFT,), (DRAFT,), False),
        ((replace(WRITTEN, target="other"),), (replace(WRITTEN, target="other"),), False),
        ((WRITTEN, replace(WRITTEN, id=9)), (WRITTEN, replace(WRITTEN, id=9)), False),
    ],
    ids=["none", "written", "beside another tag", "without the text", "for another commit", "two drafts"],
)
def test_highlights_are_looked_for_in_the_one_draft_of_the_tag(
    listed: tuple[ForgeRelease, ...], releases: tuple[ForgeRelease, ...], written: bool
) -> None:
    forge: Any = Listing(*listed)
    part = HighlightsPart(
        tag="1.1.0", title="1.1.0", commit="R", prerelease=False, tagged=False, forge=forge, text="x"
    )

    assert part.look() == HighlightsLook(releases, written=written)


def test_highlights_are_written_to_a_draft_that_keeps_a_title_of_people() -> None:
    written: list[NewRelease] = []
    forge: Any = Listing(replace(DRAFT, name="Our title"))
    forge.create_release = forge.update_release = lambda *arguments: written.append(arguments[-1])
    part = HighlightsPart(
        tag="1.1.0", title="1.1.0", commit="R", prerelease=False, tagged=True, forge=forge, text="x"
    )

    for look in (HighlightsLook(()), HighlightsLook((DRAFT,))):
        decision: Any = part.decide(look)
        part.act(decision.acts[0])

    assert [(one.draft, one.name, one.target, one.tag) for one in written] == [
        (True, "1.1.0", "R", "1.1.0"),
        (True, "Our title", "R", "1.1.0"),
    ]


def test_several_releases_are_described_by_ids_that_differ() -> None:
    part = HighlightsPart(
        tag="1.1.0", title="1.1.0", commit="R", prerelease=False, tagged=True, forge=NOBODY, text="x"
    )

    shown = part.describe(HighlightsLook((DRAFT, replace(DRAFT, id=9), OUT)))

    assert [(one.id, one.identity) for one in shown] == [
        ("draft:7", "7"),
        ("draft:9", "9"),
        ("published", "8"),
    ]


NOW, NEXT = Milestone(number=1, title="1.1.0"), Milestone(number=2, title="1.2.0")
BUSY = replace(NOW, open_items=(MilestoneItem(number=5), MilestoneItem(number=6)))


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7 later milestone:create milestone:move:<number> milestone:close"),
        ((NOW,), "do milestone:create later milestone:close"),
        ((BUSY, NEXT), "do milestone:move:5 milestone:move:6 later milestone:close"),
        ((NOW, NEXT), "do milestone:close"),
        ((replace(NOW, is_open=False), NEXT), "done"),
    ],
)
def test_milestone(look: tuple[Milestone, ...] | Unknown, expected: str) -> None:
    plan = MilestonePlan(version=ReleaseVersion(1, 1, 0), following=ReleaseVersion(1, 2, 0))
    part = MilestonePart(plan, MilestonePolicy(mode="move"), NOBODY)

    assert decision_of(part, look).startswith(expected)


@pytest.mark.parametrize(("listed", "expected"), [(DOWN, DOWN), ([NOW, NEXT], (NOW, NEXT)), ([], ())])
def test_milestones_are_listed(listed: Any, expected: object) -> None:
    forge: Any = SimpleNamespace(milestones=lambda: listed)
    plan = MilestonePlan(version=ReleaseVersion(1, 1, 0), following=ReleaseVersion(1, 2, 0))

    assert MilestonePart(plan, MilestonePolicy(mode="move"), forge).look() == expected


TEXT = preview("what comes")
OPEN = ForgePull(number=3, base="main", state="open", url="https://forge/3", body=TEXT)


@pytest.mark.parametrize(
    ("look", "issue_tracker", "expected"),
    [
        (DOWN, True, "wait 7"),
        (ProposalLook(None, "C"), True, "do version:branch later version:pull-request"),
        (ProposalLook("old", "C", OPEN), True, "do version:branch"),
        (ProposalLook("old", "C"), False, "do version:branch"),
        (ProposalLook("C", "C"), False, "person"),
        (ProposalLook("C", "C"), True, "do version:pull-request"),
        (ProposalLook("C", "C", replace(OPEN, body=preview("old"))), True, "do version:text"),
        (ProposalLook("C", "C", replace(OPEN, body="by hand")), True, "person"),
        (ProposalLook("C", "C", OPEN), True, "person"),
        (ProposalLook("old", "C", replace(OPEN, state="closed")), True, "person"),
        (ProposalLook("old", "C", replace(OPEN, state="merged")), True, "done"),
    ],
)
def test_proposal(look: ProposalLook | Unknown, issue_tracker: bool, expected: str) -> None:
    there: Any = object()
    part = ProposalPart(
        branch="castoff/1.1.0",
        onto="main",
        title="1.1.0",
        text=TEXT,
        remote_url="u",
        remote=NOBODY,
        issue_tracker=there if issue_tracker else None,
        wanted=NOBODY,
    )
    decision = part.decide(look)
    line = decided(decision)

    assert line.startswith("done") if expected == "done" else line == expected
    if isinstance(decision, Do) and line.startswith("do version:branch"):
        assert getattr(decision.acts[0], "commit", None) == "C"


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        (OutgrownLook(None), "done"),
        (OutgrownLook("H"), "do version:drop"),
        (OutgrownLook("other"), "person"),
    ],
)
def test_outgrown_proposal(look: OutgrownLook | Unknown, expected: str) -> None:
    part = OutgrownPart(branch="castoff/release-1.0.1", head="H", remote_url="u", remote=NOBODY)

    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [(Present(), "done"), (DOWN, "wait 7"), (Absent(), "do draft:without")],
)
def test_waiver(look: Answer, expected: str) -> None:
    part = WaiverPart(stage="draft", title="1.1.0", commit="R", remote_url="u", clone=NOBODY)

    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        (None, Unknown(reason="the remote could not be queried for `refs/castoff/`")),
        ({"1.1.0": TagRef(object="R", peeled=None)}, Absent()),
        ({"without/draft/1.1.0": TagRef(object="o", peeled="R")}, HERE),
    ],
)
def test_a_waiver_is_looked_for_by_its_ref(claims: dict[str, TagRef] | None, expected: Answer) -> None:
    clone: Any = SimpleNamespace(claims=lambda url: claims)
    part = WaiverPart(stage="draft", title="1.1.0", commit="R", remote_url="u", clone=clone)

    assert part.look() == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (WaivableLook(TagLook(Absent()), Absent()), "do tag:push"),
        (WaivableLook(TagLook(Absent()), Present()), "off"),
        (WaivableLook(TagLook(Absent()), DOWN), "wait 7"),
    ],
)
def test_part_that_may_be_waived(look: WaivableLook, expected: str) -> None:
    part = TagPart(
        tag="1.1.0", title="1.1.0", commit="R", remote_url="u", clone=NOBODY, make=NOBODY, fault=NOBODY
    )

    assert decision_of(WaivablePart(part, NOBODY), look) == expected


@pytest.mark.parametrize(
    ("stages", "seen", "expected"),
    [
        (("announce",), {"announce": Person((ANNOUNCE,), "yes")}, ("announce",)),
        (("draft",), {"announce": Person((ANNOUNCE,), "yes")}, ("draft", "announce")),
        (("draft", "announce"), {}, ("draft", "announce")),
        (("announce",), {"announce": Done()}, ()),
        (("announce",), {"tag": Done()}, ("announce",)),
        ((), {"announce": Person((ANNOUNCE,), "yes")}, ()),
    ],
)
def test_nothing_is_given_up_once_a_release_is_announced(
    stages: tuple[str, ...], seen: dict[StageName, Decision], expected: tuple[str, ...]
) -> None:
    states = [StageState(Stage(name, ()), (PartState(name, (), one),)) for name, one in seen.items()]

    assert given_up(stages, states) == expected


def parts_and_looks() -> Iterator[tuple[str, Part[Any], Any]]:
    """List one look for each decision of each part."""
    there: Any = object()
    claim = ClaimPart(commit="R", branch="main", remote_url="u", clone=NOBODY, made_here=True)
    for look in (ClaimLook(Absent()), ClaimLook(HERE), ClaimLook(HERE, pushed=True), ClaimLook(DOWN)):
        yield "version", claim, look
    by_ref = RefClaimPart(
        title="1.1.0", commit="R", tag="v1.1.0", branch="main", remote_url="u", clone=NOBODY, stamp="me"
    )
    for seen in (RefClaimLook(Absent(), missed=1), RefClaimLook(THERE, stamp="me"), RefClaimLook(DOWN)):
        yield "claim by a ref", by_ref, seen
    yield "claim by a ref that was there", replace(by_ref, stamp=None), RefClaimLook(Absent(), missed=1)
    yield "claim by a ref that was there", replace(by_ref, stamp=None), RefClaimLook(Absent(), missed=3)
    dropped = DropClaimPart(
        title="1.1.0", commit="R", branch="main", remote_url="u", clone=NOBODY, needs=frozenset()
    )
    found = TagRef(object="R", peeled=None)
    for claims in (DOWN, DropClaimLook(), DropClaimLook({"1.1.0": found})):
        yield "claim that is dropped", dropped, claims
    tag = TagPart(
        tag="v1.1.0", title="1.1.0", commit="R", remote_url="u", clone=NOBODY, make=NOBODY, fault=NOBODY
    )
    for tags in (TagLook(Absent()), TagLook(HERE, object="o"), TagLook(THERE), TagLook(DOWN)):
        yield "tag", tag, tags
    beside = replace(tag, beside=("a-1.1.0", "b-1.1.0"), remark=" (signed)")
    yield "tags", beside, TagLook(Absent(), {"a-1.1.0": Absent(), "b-1.1.0": Absent()})
    yield "tags", beside, TagLook(Absent(), {"a-1.1.0": HERE, "b-1.1.0": THERE})
    highlights = HighlightsPart(
        tag="1.1.0", title="1.1.0", commit="R", prerelease=False, tagged=True, forge=NOBODY, text="x"
    )
    two = (DRAFT, replace(DRAFT, id=9, url="https://forge/9"))
    for releases in (
        HighlightsLook(()),
        HighlightsLook((DRAFT,)),
        HighlightsLook(two),
        HighlightsLook((OUT,)),
    ):
        yield "highlights", highlights, releases
    draft = DraftPart(tag="1.1.0", title="1.1.0", commit="R", prerelease=False, forge=NOBODY, body=lambda: "")
    for drafts in (
        DOWN,
        DraftLook(()),
        DraftLook((DRAFT,), Absent()),
        DraftLook((DRAFT,), Present()),
        DraftLook((DRAFT,), DOWN),
        DraftLook(two),
        DraftLook((OUT,)),
    ):
        yield "draft", draft, drafts
    announce = AnnouncePart(
        tag="1.1.0", commit="R", latest=True, prerelease=False, forge=NOBODY, agreed=False
    )
    for listed in (DOWN, (), (DRAFT,), (OUT,), two):
        yield "announce", announce, listed
    yield "announce, agreed", replace(announce, agreed=True), (DRAFT,)
    plan = MilestonePlan(version=ReleaseVersion(1, 1, 0), following=ReleaseVersion(1, 2, 0))
    milestone = MilestonePart(plan, MilestonePolicy(mode="move"), NOBODY)
    for milestones in (DOWN, (BUSY,), (BUSY, NEXT), (NOW, NEXT), ()):
        yield "milestone", milestone, milestones
    proposal = ProposalPart(
        branch="castoff/1.1.0",
        onto="main",
        title="1.1.0",
        text=TEXT,
        remote_url="u",
        remote=NOBODY,
        issue_tracker=there,
        wanted=NOBODY,
    )
    for pulls in (
        DOWN,
        ProposalLook(None, "C"),
        ProposalLook("C", "C"),
        ProposalLook("C", "C", replace(OPEN, body=preview("old"))),
        ProposalLook("C", "C", replace(OPEN, body="by hand")),
        ProposalLook("C", "C", OPEN),
        ProposalLook("old", "C", replace(OPEN, state="closed")),
        ProposalLook("old", "C", replace(OPEN, state="merged")),
    ):
        yield "proposal", proposal, pulls
    yield "proposal without a forge", replace(proposal, issue_tracker=None), ProposalLook("C", "C")
    waiver = WaiverPart(stage="draft", title="1.1.0", commit="R", remote_url="u", clone=NOBODY)
    for answer in (Present(), DOWN, Absent()):
        yield "waiver", waiver, answer
    yield from packages_and_looks()


def packages_and_looks() -> Iterator[tuple[str, Part[Any], PackageLook]]:
    """List one look for each decision about the files of a package."""
    core = Package(
        name="core",
        ecosystem="python",
        path="",
        manifest="m",
        version="1.1.0",
        version_file="m",
        kinds=("sdist", "wheel"),
    )
    part = PackagePart(core, "1.1.0", (), NOBODY, Path())
    answers: tuple[Answer, ...] = (
        DOWN,
        Absent(),
        Absent("it is older than 14 days"),
        Withdrawn(),
        Withdrawn(reason="its license was wrong"),
        Present(same="no", digest="d"),
        Present(same="not-comparable", digest="d"),
        Present(same="contents"),
        Staged(identity="1", same="bytes"),
        Staged(identity="1", same="no"),
    )
    for answer in answers:
        yield "package", part, PackageLook((FileLook("core.whl", answer, "e"),))
    yield (
        "package after the tag",
        replace(part, tagged=True),
        PackageLook((FileLook("core.whl", Withdrawn()),)),
    )
    whole = PackageLook((FileLook("core.whl", Present(same="bytes")),))
    for resolvable in (DOWN, Absent(), Present()):
        yield "package that is uploaded", part, replace(whole, resolvable=resolvable)
    presence = PresencePart(core, "1.1.0", NOBODY)
    for answer in (DOWN, Absent(), Present()):
        seen = PackageLook((FileLook("core.tar.gz", Present()), FileLook("core-linux.whl", answer)))
        yield "package that is not built here", presence, seen


def test_each_decision_reads_as_recorded() -> None:
    found = "".join(
        decision_text(f"{number} {name}", part, look)
        for number, (name, part, look) in enumerate(parts_and_looks(), start=1)
    )

    assert_recorded(Path(__file__).parent / "data" / "decisions.txt", found)


def refusals() -> Iterator[tuple[str, Part[Any], str]]:
    """List acts that are refused by what was found right before the write."""
    other: Any = Listing(replace(DRAFT, body="Theirs.\n"))
    highlights = HighlightsPart(
        tag="1.1.0", title="1.1.0", commit="R", prerelease=False, tagged=True, forge=other, text="Ours."
    )
    yield "highlights that somebody else changed", highlights, UPDATE.id
    yield "highlights that are too long", replace(highlights, text="x" * LARGEST_BODY + "x"), CREATE.id
    one: Any = Listing(DRAFT)
    two: Any = Listing(DRAFT, replace(DRAFT, id=9, url="https://forge/9"))
    announced = AnnouncePart(tag="1.1.0", commit="R", latest=True, prerelease=False, forge=one, agreed=True)
    announced.checksums = lambda: True
    yield "announcement without checksums", announced, PUBLISH.id
    announced = AnnouncePart(tag="1.1.0", commit="R", latest=True, prerelease=False, forge=two, agreed=True)
    yield "announcement with two drafts", announced, PUBLISH.id


def test_each_refusal_of_an_act_reads_as_recorded() -> None:
    found = ""
    for case, part, act in refusals():
        outcome = part.act(replace(ANNOUNCE, id=act))
        assert isinstance(outcome, Refused)
        found += problems_as_text(case + (", unasked" if outcome.unasked else ""), [outcome.problem])

    assert_recorded(Path(__file__).parent / "data" / "refusals.txt", found)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["upload-refused"], True),
        (["otp-required"], False),
        (["otp-required", "permission-denied"], False),
        (["otp-required", "upload-refused"], True),
    ],
)
def test_files_are_built_again_after_a_refusal_that_may_be_of_them(codes: list[str], expected: bool) -> None:
    assert concerns_files(Refusal(*(Problem(code=one, message="m") for one in codes))) == expected
