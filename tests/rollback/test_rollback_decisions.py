"""What the parts that take a version back decide by their look alone, one row per condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from decided import decision_of, decision_text

from castoff.errors import Problem
from castoff.model.acts import (
    Act,
    Blocked,
    Decision,
    Do,
    Done,
    Outcome,
    Person,
    Refused,
    StageName,
    Succeeded,
    Unclear,
    Wait,
)
from castoff.model.graph import order_of
from castoff.model.intent import Claim
from castoff.model.observations import Absent, Answer, Observation, Present, Staged, Unknown, Withdrawn
from castoff.model.refs import Refs, TagSource
from castoff.model.versions import read
from castoff.model.workspace import Package, Workspace
from castoff.ports import ForgePull, ForgeRelease, Listing, NewPull, NewRelease
from castoff.reconcile import PartState, StageState
from castoff.reconcile.part import Part, Stage
from castoff.rollback.claim_revert import RevertLook, RevertPart
from castoff.rollback.recovery_options import is_withdrawn, recovery_options
from castoff.rollback.withdrawal import LIMITS
from castoff.rollback.withdrawal_notice import (
    LatestLook,
    LatestPart,
    NoDraftPart,
    NoticePart,
    heir_of,
    note_of,
)
from castoff.rollback.withdrawn_package import WithdrawPart
from castoff.session.release import Release
from castoff.values import replace
from recorded import assert_recorded

NOBODY: Any = None
SOMEBODY: Any = object()
DOWN = Unknown(reason="503", retry_after=7.0)
PAGE = ForgeRelease(id=7, tag="1.1.0", name="", body="", draft=False, prerelease=False, url="https://forge/7")
MARKED = replace(PAGE, id=8, body=note_of(date(2026, 1, 1), "broken", None))
NOTES = (
    "## What's Changed\n* One by @ada in https://github.com/o/r/pull/1\n\n\n**Full Changelog**: 1.0.0...1.1.0"
)
DRAFT = replace(PAGE, id=9, draft=True, body=NOTES)


@pytest.mark.parametrize(
    ("look", "ecosystem", "expected"),
    [
        (Listing(unknown="503", retry_after=7.0), "cargo", "wait 7"),
        (Listing(), "cargo", "done"),
        (Listing(files={"a": DOWN, "b": Present()}), "cargo", "wait 7"),
        (Listing(files={"a": Withdrawn()}), "cargo", "done"),
        (Listing(files={"a": Withdrawn(), "b": Present()}), "cargo", "do yank:cargo:core"),
        (Listing(files={"a": Present()}), "python", "person yank:python:core"),
    ],
)
def test_withdraw(look: Listing, ecosystem: Any, expected: str) -> None:
    package = Package(
        name="core", ecosystem=ecosystem, path="", manifest="m", version="1.1.0", version_file="m"
    )

    assert decision_of(WithdrawPart(package=package, version="1.1.0", registry=NOBODY), look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        ((), "done"),
        ((MARKED,), "done"),
        ((MARKED, PAGE), "do notice:write:7"),
    ],
)
def test_notice(look: tuple[ForgeRelease, ...] | Unknown, expected: str) -> None:
    assert decision_of(NoticePart(tag="1.1.0", forge=NOBODY, note="x"), look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        (LatestLook(None), "done"),
        (LatestLook("2.0.0", PAGE), "done"),
        (LatestLook("1.1.0"), "done there is no other stable release"),
        (LatestLook("1.1.0", PAGE), "do notice:latest"),
    ],
)
def test_latest(look: LatestLook | Unknown, expected: str) -> None:
    assert decision_of(LatestPart(tag="1.1.0", forge=NOBODY, version_of=NOBODY), look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        ((), "done"),
        ((DRAFT,), "do draft:delete:9"),
        ((replace(DRAFT, body="Hello!\n\n" + DRAFT.body),), "done"),
    ],
)
def test_draft_that_is_given_up(look: tuple[ForgeRelease, ...] | Unknown, expected: str) -> None:
    part = NoDraftPart(tag="1.1.0", forge=NOBODY)

    assert decision_of(part, look) == expected


def test_a_draft_that_stays_is_shown_as_kept() -> None:
    shown = NoDraftPart(tag="1.1.0", forge=NOBODY).describe((DRAFT, replace(DRAFT, id=5, body="Hello!")))

    assert [(one.id, one.state) for one in shown] == [("draft:9", None), ("draft:5", "kept")]
    assert NoDraftPart(tag="1.1.0", forge=NOBODY).describe(())[0].answer == Absent()


STANDS = RevertLook(Refs(heads={"main": "h"}), "h", stands=True)
OPEN = ForgePull(number=3, base="main", state="open", url="https://forge/3")


@pytest.mark.parametrize(
    ("look", "issue_tracker", "expected"),
    [
        (DOWN, True, "wait 7"),
        (replace(STANDS, stands=False), True, "done"),
        (replace(STANDS, stands=False, pull=OPEN), True, "done"),
        (replace(STANDS, pull=OPEN), True, "person"),
        (STANDS, True, "do version:revert later version:revert-pull-request"),
        (STANDS, False, "do version:revert"),
        (replace(STANDS, denied=True), True, "do version:revert-pull-request"),
    ],
)
def test_revert(look: RevertLook | Unknown, issue_tracker: bool, expected: str) -> None:
    part = RevertPart(
        title="1.1.0",
        branch="main",
        commit="R",
        subject="Release 1.1.0",
        remote_url="u",
        clone=NOBODY,
        stands=NOBODY,
        make=NOBODY,
        issue_tracker=SOMEBODY if issue_tracker else None,
    )

    assert decision_of(part, look) == expected


class Remote:
    """A remote with these heads, of which the clone has what it ``has``; pushes to it are kept."""

    def __init__(
        self, heads: Mapping[str, str] | None, *, has: Sequence[str] = (), code: str | None = None
    ) -> None:
        self.refs = None if heads is None else Refs(heads=heads)
        self.has = set(has).__contains__
        self.outcome: Outcome = Refused(Problem(code=code, message="m")) if code else Succeeded()
        self.pushed: list[str] = []

    def ls_remote(self, url: str) -> Refs | None:
        return self.refs

    def fetch(self, url: str, branches: Sequence[str]) -> bool:
        return False

    def is_ancestor(self, commit: str, of: str) -> bool:
        return (commit, of) != ("R", "of another claim")

    def push(self, url: str, spec: str) -> Outcome:
        self.pushed.append(spec)
        return self.outcome


class Pulls:
    """The pull requests of a forge; those that are opened are kept."""

    def __init__(self, *listed: ForgePull, silent: bool = False) -> None:
        self.listed: tuple[ForgePull, ...] | Unknown = DOWN if silent else listed
        self.opened: list[NewPull] = []

    def pulls(self, head: str) -> tuple[ForgePull, ...] | Unknown:
        assert head == PROPOSAL
        return self.listed

    def open_pull(self, pull: NewPull) -> Outcome:
        self.opened.append(pull)
        return Succeeded()


PROPOSAL = "castoff/revert-1.1.0"
CLAIM = {"main": "R"}
PROPOSED = {**CLAIM, PROPOSAL: "reverted"}


def revert_part(remote: Remote, pulls: Pulls | None = None) -> RevertPart:
    clone: Any = remote
    tracker: Any = pulls
    return RevertPart(
        title="1.1.0",
        branch="main",
        commit="R",
        subject="Release 1.1.0",
        remote_url="u",
        clone=clone,
        stands="reverted".__ne__,
        make=lambda commit: f"revert on {commit}",
        issue_tracker=tracker,
        label="skip",
    )


@pytest.mark.parametrize(
    ("remote", "pulls", "expected"),
    [
        (Remote(None), None, Unknown(reason="the remote could not be queried for its branch")),
        (Remote({}), None, Unknown(reason="the remote could not be queried for its branch")),
        (Remote(CLAIM), None, Unknown(reason="the remote's branch could not be fetched")),
        (Remote({"main": "reverted"}, has=["reverted"]), None, "reverted"),
        (Remote(CLAIM, has=["R"]), None, "stands"),
        (Remote(CLAIM, has=["R"]), Pulls(OPEN), "stands"),
        (Remote(PROPOSED, has=["R"]), None, "stands"),
        (Remote(PROPOSED, has=["R"]), Pulls(silent=True), DOWN),
        (Remote(PROPOSED, has=["R"]), Pulls(replace(OPEN, state="closed"), OPEN), "proposed"),
        (Remote(PROPOSED, has=["R"]), Pulls(replace(OPEN, base="other")), "stands"),
        (Remote(PROPOSED, has=["R"]), Pulls(replace(OPEN, state="merged")), "stands"),
    ],
)
def test_look_at_a_claim_that_is_reverted(
    remote: Remote, pulls: Pulls | None, expected: str | Unknown
) -> None:
    seen = revert_part(remote, pulls).look()

    if isinstance(expected, str):
        assert remote.refs is not None
        assert seen == RevertLook(
            remote.refs,
            remote.refs.heads["main"],
            stands=expected != "reverted",
            pull=OPEN if expected == "proposed" else None,
        )
    else:
        assert seen == expected


@pytest.mark.parametrize(
    ("code", "pulls", "expected"),
    [
        (None, None, Succeeded()),
        ("push-rejected", Pulls(), Unclear(reason="the branch moved")),
        ("push-hook-failed", Pulls(), "push-hook-failed"),
        ("push-denied", None, "push-denied"),
        (
            "push-denied",
            Pulls(),
            Unclear(reason="`main` does not accept pushes: opening a pull request instead"),
        ),
    ],
)
def test_revert_is_pushed_on_the_head_that_was_seen(
    code: str | None, pulls: Pulls | None, expected: Outcome | str
) -> None:
    remote = Remote(CLAIM, has=["R"], code=code)
    part = revert_part(remote, pulls)
    decision: Any = part.decide(part.look())

    outcome = part.act(decision.acts[0])

    assert (outcome.problem.code if isinstance(outcome, Refused) else outcome) == expected
    assert remote.pushed == ["revert on R:refs/heads/main"]
    assert part.look() == RevertLook(
        Refs(heads=CLAIM), "R", stands=True, denied=isinstance(pulls, Pulls) and code == "push-denied"
    )


@pytest.mark.parametrize(
    ("heads", "has", "pushes"),
    [
        (CLAIM, ["R"], True),
        (PROPOSED, ["R", "reverted"], False),
        (PROPOSED, ["R"], True),
        ({**CLAIM, PROPOSAL: "of another claim"}, ["R", "of another claim"], True),
        ({**CLAIM, PROPOSAL: "not reverted"}, ["R", "not reverted"], True),
    ],
    ids=["no branch yet", "made", "not fetched", "for an earlier claim", "another change"],
)
def test_revert_is_proposed_once(heads: dict[str, str], has: list[str], pushes: bool) -> None:
    remote, pulls = Remote(heads, has=has), Pulls()
    part = revert_part(remote, pulls)
    decision: Any = part.decide(RevertLook(Refs(heads=heads), "R", stands=True, denied=True))

    assert part.act(decision.acts[0]) == Succeeded()

    assert remote.pushed == ([f"revert on R:refs/heads/{PROPOSAL}"] if pushes else [])
    assert pulls.opened == [
        NewPull(
            head=PROPOSAL,
            base="main",
            title='Revert "Release 1.1.0"',
            body="This reverts commit R.\n\nMerging it abandons 1.1.0.\n",
            label="skip",
        )
    ]


class Pages:
    """The releases of a forge; what is written to them is kept."""

    def __init__(self, *listed: ForgeRelease, latest: str | Unknown | None = None) -> None:
        self.listed: tuple[ForgeRelease, ...] | Unknown = listed
        self.latest = lambda: latest
        self.written: list[tuple[int, NewRelease | None]] = []

    def releases(self) -> tuple[ForgeRelease, ...] | Unknown:
        return self.listed

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        self.written.append((number, release))
        return Succeeded()

    def delete_release(self, number: int) -> Outcome:
        self.written.append((number, None))
        return Succeeded()


OTHER = replace(PAGE, id=10, tag="1.2.0", name="Two", body="text", target="T")


def test_parts_of_the_notice_look_at_the_releases_of_the_tag() -> None:
    forge: Any = Pages(OTHER, PAGE, DRAFT, latest="1.1.0")
    silent: Any = Pages(latest="1.1.0")
    silent.listed = DOWN
    looks = [
        (NoticePart(tag="1.1.0", forge=forge, note="x"), (PAGE, DRAFT)),
        (NoticePart(tag="1.1.0", forge=silent, note="x"), DOWN),
        (NoDraftPart(tag="1.1.0", forge=forge), (DRAFT,)),
        (NoDraftPart(tag="1.1.0", forge=silent), DOWN),
        (LatestPart(tag="1.1.0", forge=forge, version_of=read), LatestLook("1.1.0", OTHER)),
        (LatestPart(tag="1.1.0", forge=silent, version_of=read), DOWN),
        (LatestPart(tag="1.2.0", forge=silent, version_of=read), LatestLook("1.1.0")),
    ]

    assert [part.look() for part, _ in looks] == [look for _, look in looks]  # type: ignore[attr-defined]


def test_a_notice_stands_above_the_text_and_the_latest_release_keeps_its_own() -> None:
    edited = replace(PAGE, body="Edited.", target="R")
    forge: Any = Pages(OTHER, edited, latest="1.1.0")
    parts: list[Any] = [
        NoticePart(tag="1.1.0", forge=forge, note="> x"),
        LatestPart(tag="1.1.0", forge=forge, version_of=read),
    ]
    acts = [part.decide(look).acts[0] for part, look in zip(parts, ((PAGE,), parts[1].look()), strict=True)]

    assert [part.act(act) for part, act in zip(parts, acts, strict=True)] == [Succeeded(), Succeeded()]

    as_they_are = {"draft": False, "prerelease": False}
    assert forge.written == [
        (7, NewRelease(tag="1.1.0", name="", body="> x\n\nEdited.", target="R", **as_they_are)),
        (10, NewRelease(tag="1.2.0", name="Two", body=None, target="T", latest=True, **as_they_are)),
    ]


@pytest.mark.parametrize(
    ("listed", "reason"),
    [(DOWN, "503"), ((OTHER,), "the release no longer exists")],
    ids=["silent", "deleted"],
)
def test_a_notice_is_not_written_to_a_page_that_is_not_seen(listed: Any, reason: str) -> None:
    forge: Any = Pages()
    part = NoticePart(tag="1.1.0", forge=forge, note="x")
    decision: Any = part.decide((PAGE,))
    forge.listed = listed

    assert part.act(decision.acts[0]) == Unclear(reason=reason)
    assert forge.written == []


NEXT, OLDER = replace(PAGE, id=10, tag="1.2.0"), replace(PAGE, id=11, tag="1.0.0")


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ((), None),
        ((PAGE,), None),
        ((replace(NEXT, draft=True),), None),
        ((replace(NEXT, prerelease=True),), None),
        ((replace(NEXT, body=MARKED.body),), None),
        ((replace(NEXT, tag="nightly"),), None),
        ((replace(NEXT, tag="1.2.0-rc.1"),), None),
        ((OLDER, PAGE, NEXT), "1.2.0"),
        ((NEXT, OLDER), "1.2.0"),
    ],
    ids=[
        "none",
        "the withdrawn one",
        "a draft",
        "a pre-release of the forge",
        "withdrawn as well",
        "no version",
        "a pre-release by its version",
        "the highest",
        "whatever their order",
    ],
)
def test_the_release_that_becomes_the_latest(
    releases: tuple[ForgeRelease, ...], expected: str | None
) -> None:
    heir = heir_of("1.1.0", releases, read)

    assert (heir.tag if heir else None) == expected


def package(name: str, ecosystem: Any = "cargo") -> Package:
    return Package(
        name=name, ecosystem=ecosystem, path=name, manifest=f"{name}/m", version="1.1.0", version_file="m"
    )


def release(*packages: Package) -> Release:
    version = read("1.1.0")
    assert version is not None
    return Release(
        claim=Claim(version=version, commit="R"),
        workspace=Workspace(packages=packages),
        order=order_of(Workspace(packages=packages)),
        tag="v1.1.0",
        title="1.1.0",
        remote_url="u",
        branch="main",
    )


UPLOAD = Act(id="publish:cargo:core", stage="publish", target="t", undo="never")
PROBLEM = Problem(code="push-rejected", message="m")
UP, MISSING, LATE, GONE, ASKED = (
    ((Present(),), Done()),
    ((Absent(),), Do((UPLOAD,))),
    ((DOWN,), Wait(reason="503")),
    ((Withdrawn(),), Done()),
    ((Present(),), Person((UPLOAD,), "approve it")),
)
HALF = ((Present(), Absent()), Do((UPLOAD,)))
HELD = ((Staged(identity="1"),), Person((UPLOAD,), "approve it"))
HALF_KNOWN = ((Present(), DOWN), Wait(reason="503"))
SHOWN = tuple[tuple[Answer, ...], Decision]


def stage(name: StageName, *parts: SHOWN) -> StageState:
    # A part that stages a package is no package, whatever it shows.
    names = ["core", "util", "top", "stage:core"] if name == "publish" else [name]
    found = [
        PartState(part, tuple(Observation(id=str(n), answer=one) for n, one in enumerate(answers)), decision)
        for part, (answers, decision) in zip(names, parts, strict=False)
    ]
    return StageState(Stage(name, ()), tuple(found))


def options(*states: StageState, tagged: bool = False, of: Release | None = None) -> list[str]:
    made = of or release(*map(package, ("core", "util", "top")))
    return [
        f"{one.command.removeprefix('castoff ')}: {one.does}"
        for one in recovery_options(made, states, lambda: "1.1.1", tagged=tagged)
    ]


RESUME, ABANDON = "resume 1.1.0 --execute: completes the release; ", "abandon 1.1.0 --execute: "
YANK = "yank 1.1.0 --execute: yanks every package, the facade first, and marks the release on the forge as withdrawn"
WITHOUT = "resume 1.1.0 --without draft --execute: finishes it without a release on the forge"
REVERTS = "reverts the release commit"
CLAIMED, DRAFTED, UNDRAFTED = stage("version", UP), stage("draft", UP), stage("draft", MISSING)


@pytest.mark.parametrize(
    ("states", "tagged", "expected"),
    [
        ([CLAIMED, stage("publish", UP, UP, UP)], False, []),
        ([CLAIMED, stage("publish", UP, UP, UP), stage("announce", ASKED)], True, []),
        ([stage("version", ((Absent(),), Blocked(PROBLEM))), stage("publish", MISSING)], False, []),
        (
            [CLAIMED, stage("publish", MISSING, MISSING, MISSING)],
            False,
            [f"{RESUME}0 of 3 packages are uploaded", f"{ABANDON}{REVERTS}; nothing was uploaded"],
        ),
        (
            [CLAIMED, stage("publish", UP, MISSING, MISSING)],
            False,
            [f"{RESUME}1 of 3 packages are uploaded", f"{ABANDON}yanks core, then {REVERTS}"],
        ),
        (
            [CLAIMED, stage("publish", UP, HALF, MISSING)],
            False,
            [
                f"{RESUME}1 of 3 packages are uploaded, 1 in part",
                f"{ABANDON}yanks util, core, then {REVERTS}",
            ],
        ),
        (
            [CLAIMED, stage("publish", GONE, MISSING, MISSING)],
            False,
            [f"{RESUME}1 of 3 packages are uploaded", f"{ABANDON}yanks core, then {REVERTS}"],
        ),
        ([CLAIMED, stage("publish", UP, MISSING)], True, [f"{RESUME}1 of 3 packages are uploaded", YANK]),
        (
            [CLAIMED, stage("publish", UP, UP, LATE)],
            False,
            ["status 1.1.0: checks again; 2 to 3 of 3 packages are uploaded: 503"],
        ),
        (
            [CLAIMED, stage("publish", UP, UP, HALF_KNOWN)],
            False,
            ["status 1.1.0: checks again; 2 to 3 of 3 packages are uploaded: 503"],
        ),
        (
            [stage("version", LATE), stage("publish", UP, MISSING)],
            False,
            ["status 1.1.0: checks again; 1 of 3 packages are uploaded: 503"],
        ),
        (
            [CLAIMED, stage("publish", UP, UP, MISSING), stage("docs", LATE)],
            True,
            [f"{RESUME}2 of 3 packages are uploaded", YANK],
        ),
        (
            [CLAIMED, stage("publish", UP, UP, UP), UNDRAFTED],
            True,
            [f"{RESUME}3 of 3 packages are uploaded", WITHOUT],
        ),
        (
            [CLAIMED, stage("publish", UP, UP, UP), UNDRAFTED],
            False,
            [f"{RESUME}3 of 3 packages are uploaded"],
        ),
        (
            [CLAIMED, stage("publish", UP, UP, UP), DRAFTED, stage("tag", MISSING)],
            True,
            [f"{RESUME}3 of 3 packages are uploaded"],
        ),
        (
            [CLAIMED, stage("publish", ASKED, ASKED, UP), UNDRAFTED],
            False,
            [
                "approve 1.1.0 --execute: publishes what is staged; 3 of 3 packages are published",
                f"{ABANDON}yanks top, util, core, then {REVERTS}",
            ],
        ),
        (
            [CLAIMED, stage("publish", UP, HELD, HELD, UP), UNDRAFTED],
            False,
            [
                "approve 1.1.0 --execute: publishes what is staged; 1 of 3 packages are published",
                f"{ABANDON}yanks core, then {REVERTS}",
            ],
        ),
    ],
    ids=[
        "all done",
        "only the announcement is left",
        "the version is of another",
        "nothing is up",
        "one is up",
        "one in part",
        "one is withdrawn",
        "tagged",
        "one has no answer",
        "a file has no answer",
        "the claim has no answer",
        "what is not required has no answer",
        "all is up, tagged, no draft",
        "all is up, no draft",
        "all is up, with a draft",
        "staged",
        "one of the staged is approved",
    ],
)
def test_the_ways_out_of_an_incomplete_release(
    states: list[StageState], tagged: bool, expected: list[str]
) -> None:
    assert options(*states, tagged=tagged) == expected


def test_the_ways_out_fit_one_package_its_ecosystem_and_the_kind_of_its_claim() -> None:
    one = stage("publish", MISSING)
    tagged = replace(package("core"), tags=TagSource(tool="hatch-vcs", file="f"))

    assert options(CLAIMED, one, of=release(package("core"))) == [
        f"{RESUME}0 of 1 package is uploaded",
        f"{ABANDON}{REVERTS}; nothing was uploaded",
    ]
    assert options(CLAIMED, one, of=release(package("core", "npm")))[1] == (
        f"{ABANDON}rejects what is staged, if anything, and {REVERTS}; nothing was published"
    )
    assert options(CLAIMED, one, of=release(tagged))[1] == (
        f"{ABANDON}deletes `refs/castoff/1.1.0`; nothing was uploaded"
    )


def test_what_users_are_left_with_is_said_for_each_way() -> None:
    made = release(package("core"), package("util", "python"))
    begun = stage("publish", UP, MISSING)

    def leaves(*states: StageState, tagged: bool, free: str | None = "1.1.1") -> list[tuple[str, ...]]:
        return [one.leaves for one in recovery_options(made, states, lambda: free, tagged=tagged)]

    whole = ("users get 1.1.0 complete, as planned",)
    assert leaves(CLAIMED, begun, tagged=True) == [
        whole,
        ("the tag `v1.1.0` stays", LIMITS["cargo"], LIMITS["python"]),
    ]
    assert leaves(CLAIMED, begun, tagged=False)[1] == (
        "1.1.0 is burned, the next free version is 1.1.1",
        LIMITS["cargo"],
    )
    assert leaves(CLAIMED, begun, tagged=False, free=None)[1][0] == "1.1.0 is burned"
    assert leaves(CLAIMED, stage("publish", MISSING), tagged=False)[1] == (
        "users notice nothing, and 1.1.0 can be used again",
    )
    assert leaves(CLAIMED, stage("publish", UP, UP), UNDRAFTED, tagged=True)[1] == (
        "users get 1.1.0; its notes are neither on the forge nor in the changelog",
    )
    assert leaves(CLAIMED, stage("publish", LATE), tagged=False) == [
        ("nothing is written until every service answers",)
    ]


@pytest.mark.parametrize(
    ("states", "withdrawn"),
    [
        ([stage("publish", GONE, GONE)], True),
        ([stage("publish", GONE, UP)], False),
        ([stage("publish", GONE, MISSING)], False),
        ([stage("publish")], False),
        ([], False),
        ([CLAIMED, stage("publish", GONE), DRAFTED], True),
    ],
)
def test_a_release_is_withdrawn_once_all_that_was_uploaded_is(
    states: list[StageState], withdrawn: bool
) -> None:
    assert is_withdrawn(states) is withdrawn


def parts_and_looks() -> Iterator[tuple[str, Part[Any], Any]]:
    """List one look for each decision of each part."""
    for ecosystem in ("cargo", "python", "npm"):
        withdraw = WithdrawPart(package=package("core", ecosystem), version="1.1.0", registry=NOBODY)
        yield f"withdraw from {ecosystem}", withdraw, Listing(files={"a": Withdrawn(), "b": Present()})
    yield "withdraw", withdraw, Listing(unknown="503", retry_after=7.0)
    yield "withdraw", withdraw, Listing(files={"a": Withdrawn(), "b": Absent()})
    yield "withdraw", withdraw, Listing()
    yield "withdraw", withdraw, Listing(files={"a": Staged(identity="1")})
    notice = NoticePart(tag="1.1.0", forge=NOBODY, note="x")
    for releases in (DOWN, (), (MARKED,), (MARKED, PAGE), (replace(PAGE, draft=True),)):
        yield "notice", notice, releases
    latest = LatestPart(tag="1.1.0", forge=NOBODY, version_of=NOBODY)
    for look in (
        DOWN,
        LatestLook(None),
        LatestLook("2.0.0", PAGE),
        LatestLook("1.1.0"),
        LatestLook("1.1.0", PAGE),
    ):
        yield "latest", latest, look
    for drafts in (DOWN, (), (DRAFT,), (replace(DRAFT, body="Hello!\n\n" + DRAFT.body),)):
        yield "draft that is given up", NoDraftPart(tag="1.1.0", forge=NOBODY), drafts
    revert = RevertPart(
        title="1.1.0",
        branch="main",
        commit="R",
        subject="Release 1.1.0",
        remote_url="u",
        clone=NOBODY,
        stands=NOBODY,
        make=NOBODY,
        issue_tracker=SOMEBODY,
    )
    reverted = replace(STANDS, stands=False)
    for seen in (DOWN, reverted, replace(reverted, pull=OPEN), replace(STANDS, pull=OPEN), STANDS):
        yield "revert", revert, seen
    yield "revert on a protected branch", revert, replace(STANDS, denied=True)


def test_each_decision_reads_as_recorded() -> None:
    found = "".join(
        decision_text(f"{number} {name}", part, look)
        for number, (name, part, look) in enumerate(parts_and_looks(), start=1)
    )

    assert_recorded(Path(__file__).parent / "data" / "decisions.txt", found)
