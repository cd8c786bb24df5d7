"""What the parts after the announcement decide by their look alone, one row per condition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from decided import decided, decision_of, decision_text

from castoff.changelog import Ported
from castoff.errors import Problem
from castoff.model.acts import Off
from castoff.model.observations import Absent, Present, Unknown
from castoff.ports import DocsBuild, ForgeIssue, ForgePull, ForgeRelease
from castoff.postrelease.changelog import ChangelogLook, ChangelogPart
from castoff.postrelease.delivery import Deliver, Delivery, DeliveryLook, Proposal
from castoff.postrelease.docs import DocsLook, DocsPart, Documented
from castoff.postrelease.links import LinksLook, LinksPart
from castoff.postrelease.ported_changelog import ReleasePortOptions
from castoff.postrelease.website import WebsiteLook, WebsitePart
from castoff.reconcile.part import Part
from castoff.values import replace
from castoff.website import Decision as PageDecision
from recorded import assert_recorded

NOBODY: Any = None
SOMEBODY: Any = object()
DOWN = Unknown(reason="503", retry_after=7.0)
PROBLEM = Problem(code="changelog-doubled-heading", message="m")
OUT = ForgeRelease(
    id=7, tag="1.1.0", name="", body="text", draft=False, prerelease=False, url="https://forge/7"
)
OPEN = ForgePull(number=3, base="main", state="open", url="https://forge/3")


def delivery(*, issue_tracker: bool = True, by_pull_request: bool = False) -> Delivery:
    return Delivery(
        stage="changelog",
        branch="main",
        remote_url="u",
        remote=NOBODY,
        issue_tracker=SOMEBODY if issue_tracker else None,
        make=NOBODY,
        proposal="p",
        title="t",
        text="x",
        by_pull_request=by_pull_request,
    )


ON_ITS_OWN = Proposal(branch="p")
CHANGE = DeliveryLook(head="h", texts={"a": "b"}, proposal=ON_ITS_OWN)
PROPOSED = replace(CHANGE, proposal=Proposal(branch="p", head="q", pull=OPEN))
CLOSED = replace(CHANGE, proposal=Proposal(branch="p", pull=replace(OPEN, state="closed")))
PUSH = "do changelog:push later changelog:branch changelog:pull-request"


@pytest.mark.parametrize(
    ("look", "delivered", "expected"),
    [
        (CHANGE, delivery(), PUSH),
        (CHANGE, delivery(issue_tracker=False), "do changelog:push"),
        (CLOSED, delivery(), PUSH),
        (replace(CHANGE, fault=PROBLEM), delivery(), PUSH),
        (replace(CHANGE, denied=True), delivery(), "do changelog:branch later changelog:pull-request"),
        (CHANGE, delivery(by_pull_request=True), "do changelog:branch later changelog:pull-request"),
        (CHANGE, delivery(issue_tracker=False, by_pull_request=True), "do changelog:branch"),
        (CLOSED, delivery(by_pull_request=True), "person"),
        (
            replace(CHANGE, prepared=True),
            delivery(by_pull_request=True),
            "do changelog:pull-request",
        ),
        (replace(CHANGE, prepared=True), delivery(issue_tracker=False, by_pull_request=True), "person"),
        (PROPOSED, delivery(), "do changelog:branch"),
        (replace(PROPOSED, prepared=True), delivery(), "person"),
        (replace(PROPOSED, fault=PROBLEM), delivery(), "blocked changelog-doubled-heading"),
        (
            replace(CHANGE, fault=PROBLEM),
            delivery(by_pull_request=True),
            "blocked changelog-doubled-heading",
        ),
    ],
)
def test_delivery(look: DeliveryLook, delivered: Delivery, expected: str) -> None:
    assert decided(delivered.decide(look)) == expected


def test_acts_carry_what_they_deliver() -> None:
    decision: Any = delivery().decide(CHANGE)
    (act,) = decision.acts

    assert isinstance(act, Deliver)
    assert (act.how, act.seen) == ("push", CHANGE)
    assert all(one.seen is None for one in decision.later)


PORTED = Ported(text="new", outcome="filled", line=1)
THERE = ChangelogLook(release=OUT, head="h", text="old", ported=PORTED)


@pytest.mark.parametrize(
    ("look", "configured", "kept", "expected"),
    [
        (ChangelogLook(unknown=DOWN), False, False, "wait 7"),
        (
            ChangelogLook(unknown=DOWN),
            False,
            True,
            "wait 7 later changelog:push changelog:branch changelog:pull-request",
        ),
        (
            ChangelogLook(unknown=DOWN, denied=True),
            False,
            None,
            "wait 7 later changelog:branch changelog:pull-request",
        ),
        (ChangelogLook(), False, False, "off"),
        (
            ChangelogLook(),
            False,
            True,
            "person later changelog:push changelog:branch changelog:pull-request",
        ),
        (replace(THERE, unknown=DOWN), False, False, "wait 7"),
        (ChangelogLook(release=OUT), False, False, "off"),
        (ChangelogLook(release=OUT), True, False, "blocked changelog-missing"),
        (replace(THERE, ported=None, problem=PROBLEM), False, False, "blocked changelog-doubled-heading"),
        (
            replace(THERE, ported=replace(PORTED, outcome="unchanged")),
            False,
            False,
            "done the changelog holds the notes",
        ),
        (
            replace(THERE, ported=replace(PORTED, outcome="by-hand")),
            False,
            False,
            "done the section was written by hand and is kept",
        ),
        (replace(THERE, change=CHANGE), False, False, PUSH),
    ],
)
def test_changelog(look: ChangelogLook, configured: bool, kept: bool | None, expected: str) -> None:
    part = ChangelogPart(
        options=ReleasePortOptions(version="1.1.0", tag="1.1.0"),
        path="CHANGELOG.md",
        forge=NOBODY,
        delivery=delivery(),
        tree=NOBODY,
        milestone=NOBODY,
        configured=configured,
        is_kept=kept,
    )

    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("kept", "why"), [(False, "changelog"), (True, "`CHANGELOG.md`, which the release had")]
)
def test_a_changelog_that_is_gone_is_not_one_that_never_was(kept: bool, why: str) -> None:
    part = ChangelogPart(
        options=ReleasePortOptions(version="1.1.0", tag="1.1.0"),
        path="CHANGELOG.md",
        forge=NOBODY,
        delivery=delivery(),
        tree=NOBODY,
        milestone=NOBODY,
        is_kept=kept,
    )

    assert part.decide(ChangelogLook(release=OUT)) == Off(f"`{part.delivery.branch}` has no {why}")


@pytest.mark.parametrize(
    ("ported", "expected"),
    [
        (None, ""),
        (replace(PORTED, outcome="unchanged"), ""),
        (replace(PORTED, outcome="by-hand", difference="-a\n+b\n"), "-a\n+b\n"),
        (
            PORTED,
            "--- CHANGELOG.md\n+++ CHANGELOG.md with 1.1.0\n@@ -1 +1 @@\n-old\n+new\n",
        ),
    ],
    ids=["not compared", "nothing to do", "by hand", "filled"],
)
def test_difference_of_a_changelog(ported: Ported | None, expected: str) -> None:
    part = ChangelogPart(
        options=ReleasePortOptions(version="1.1.0", tag="1.1.0"),
        path="CHANGELOG.md",
        forge=NOBODY,
        delivery=delivery(),
        tree=NOBODY,
        milestone=NOBODY,
    )

    assert part.difference(replace(THERE, ported=ported)) == expected


def page(action: Any, target: str = "a.md") -> PageDecision:
    return PageDecision(action=action, target=target, text="new", difference="")


SITE = WebsiteLook(head="h", pages=(page("update"),), change=CHANGE)
LATER = "later changelog:push changelog:branch changelog:pull-request"


@pytest.mark.parametrize(
    ("look", "replacing", "expected"),
    [
        (WebsiteLook(unknown=DOWN), False, f"wait 7 {LATER}"),
        (replace(SITE, change=None, unknown=DOWN), False, f"wait 7 {LATER}"),
        (WebsiteLook(problem=PROBLEM), False, "blocked changelog-doubled-heading"),
        (WebsiteLook(no_branch=True), False, "blocked website-branch-missing"),
        (WebsiteLook(pause=""), False, f"person {LATER}"),
        (replace(SITE, pages=(page("update"), page("edited", "b.md"))), False, "blocked website-page-edited"),
        (replace(SITE, pages=(page("update"), page("edited", "b.md"))), True, PUSH),
        (replace(SITE, pages=(page("unchanged"),), change=None), False, "done"),
        (SITE, False, PUSH),
    ],
)
def test_website(look: WebsiteLook, replacing: bool, expected: str) -> None:
    part = WebsitePart(delivery=delivery(), tree=NOBODY, render=NOBODY, earlier=NOBODY, replacing=replacing)

    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        (Proposal(branch="p"), False),
        (Proposal(branch="p", head="old"), False),
        (Proposal(branch="p", head="whole"), True),
    ],
    ids=["no branch", "another text", "all pages"],
)
def test_a_branch_is_prepared_if_it_has_all_pages(proposal: Proposal, expected: bool) -> None:
    commits = {"old": {"a.md": "new", "b.md": "old"}, "whole": {"a.md": "new", "b.md": "new"}}
    tree: Any = lambda commit: SimpleNamespace(read=commits[commit].get)  # noqa: E731
    part = WebsitePart(delivery=delivery(), tree=tree, render=NOBODY, earlier=NOBODY)

    assert part._is_prepared(proposal, (page("update"), page("update", "b.md"))) is expected


BOTH = "later docs:issue:a docs:comment:a"
ISSUE = ForgeIssue(number=4, body="", is_open=True, url="https://forge/4")
QUEUED, BUILDING, FAILED, BUILT = (
    DocsBuild(state=state, url="https://host/a") for state in ("queued", "building", "failed", "built")
)


@pytest.mark.parametrize(
    ("look", "ledger", "expected"),
    [
        (DocsLook(DOWN), True, f"wait 7 {BOTH}"),
        (DocsLook(DOWN), False, "wait 7"),
        (DocsLook(FAILED, asked=True, issue=DOWN), True, f"wait 7 {BOTH}"),
        (DocsLook(BUILT, asked=True, issue=ISSUE, noted=DOWN), True, f"wait 7 {BOTH}"),
        (DocsLook(QUEUED), True, f"wait 60 {BOTH}"),
        (DocsLook(QUEUED, asked=True), True, "wait 60 later docs:issue:a"),
        (DocsLook(BUILDING), True, f"wait 60 {BOTH}"),
        (DocsLook(FAILED, asked=True), True, "do docs:issue:a"),
        (DocsLook(FAILED, asked=True, issue=ISSUE), True, "person"),
        (DocsLook(FAILED), False, "person"),
        (DocsLook(BUILT, asked=True), True, "done"),
        (DocsLook(BUILT, asked=True, issue=ISSUE, noted=Absent()), True, "do docs:comment:a"),
        (DocsLook(BUILT, asked=True, issue=ISSUE, noted=Present()), True, "done"),
        (DocsLook(BUILT, asked=True, issue=replace(ISSUE, is_open=False)), True, "done"),
    ],
)
def test_docs(look: DocsLook, ledger: bool, expected: str) -> None:
    part = DocsPart(
        documented=Documented(label="a", name="a", version="1.1.0"),
        host=NOBODY,
        ledger=SOMEBODY if ledger else None,
    )

    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (LinksLook(unknown=DOWN), "wait 7 later docs:links"),
        (LinksLook(release=OUT, unknown=DOWN), "wait 7 later docs:links"),
        (LinksLook(), "person later docs:links"),
        (LinksLook(release=OUT, text="text", problem=PROBLEM), "blocked changelog-doubled-heading"),
        (LinksLook(release=OUT, text="linked"), "do docs:links"),
        (LinksLook(release=OUT, text="linked", pending=True), "do docs:links"),
        (LinksLook(release=OUT, text="text", pending=True), "wait 60 later docs:links"),
        (LinksLook(release=OUT, text="text"), "done"),
    ],
)
def test_links(look: LinksLook, expected: str) -> None:
    part = LinksPart(tag="1.1.0", forge=NOBODY, host=NOBODY, documented=())

    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [(LinksLook(), "off"), (LinksLook(release=OUT, text="linked"), "do docs:links")],
    ids=["nobody published a release", "somebody did"],
)
def test_links_wait_for_nobody_where_no_draft_is_made(look: LinksLook, expected: str) -> None:
    part = LinksPart(tag="1.1.0", forge=NOBODY, host=NOBODY, documented=(), drafted=False)

    assert decision_of(part, look) == expected


def parts_and_looks() -> Iterator[tuple[str, Part[Any], Any]]:
    """List one look for each decision of each part."""
    changelog = ChangelogPart(
        options=ReleasePortOptions(version="1.1.0", tag="1.1.0"),
        path="CHANGELOG.md",
        forge=NOBODY,
        delivery=delivery(),
        tree=NOBODY,
        milestone=NOBODY,
    )
    proposing = replace(changelog, delivery=delivery(by_pull_request=True))
    alone = replace(changelog, delivery=delivery(issue_tracker=False, by_pull_request=True))
    for changed in (CHANGE, replace(CHANGE, denied=True), CLOSED, PROPOSED, replace(PROPOSED, prepared=True)):
        yield "change of the changelog", changelog, replace(THERE, change=changed)
    for changed in (CHANGE, CLOSED, replace(CHANGE, prepared=True)):
        yield "change by pull request", proposing, replace(THERE, change=changed)
    yield "change without pull requests", alone, replace(THERE, change=replace(CHANGE, prepared=True))
    for look in (
        ChangelogLook(unknown=DOWN),
        ChangelogLook(),
        replace(THERE, unknown=DOWN),
        ChangelogLook(release=OUT),
        replace(THERE, ported=None, problem=PROBLEM),
        replace(THERE, ported=replace(PORTED, outcome="by-hand")),
    ):
        yield "changelog", changelog, look
    yield "changelog that is configured", replace(changelog, configured=True), ChangelogLook(release=OUT)
    for kept in (False, True):
        yield f"changelog, kept: {kept}", replace(changelog, is_kept=kept), ChangelogLook()
    website = WebsitePart(delivery=delivery(), tree=NOBODY, render=NOBODY, earlier=NOBODY)
    edited = replace(page("edited"), difference="-old\n+new\n")
    for site in (
        WebsiteLook(unknown=DOWN),
        replace(SITE, change=None, unknown=DOWN),
        WebsiteLook(problem=PROBLEM),
        WebsiteLook(no_branch=True),
        WebsiteLook(pause="not announced"),
        replace(SITE, pages=(page("create"), page("unchanged", "b.md")), change=PROPOSED),
        replace(SITE, pages=(edited,)),
    ):
        yield "website", website, site
    docs = DocsPart(documented=Documented(label="a", name="a", version="1.1.0"), host=NOBODY, ledger=SOMEBODY)
    for build in (
        DocsLook(DOWN),
        DocsLook(QUEUED),
        DocsLook(BUILDING, asked=True),
        DocsLook(FAILED, asked=True),
        DocsLook(FAILED, asked=True, issue=ISSUE),
        DocsLook(BUILT, asked=True, issue=ISSUE, noted=Absent()),
    ):
        yield "docs", docs, build
    links = LinksPart(tag="1.1.0", forge=NOBODY, host=NOBODY, documented=())
    for linked in (
        LinksLook(unknown=DOWN),
        LinksLook(),
        LinksLook(release=OUT, text="linked"),
        LinksLook(release=OUT, text="text", pending=True),
        LinksLook(release=OUT, text="text", problem=PROBLEM),
    ):
        yield "links", links, linked
    yield "links without a draft", replace(links, drafted=False), LinksLook()


def test_each_decision_reads_as_recorded() -> None:
    found = "".join(
        decision_text(f"{number} {name}", part, look)
        for number, (name, part, look) in enumerate(parts_and_looks(), start=1)
    )

    assert_recorded(Path(__file__).parent / "data" / "decisions.txt", found)
