"""The parts of the documentation stage on fakes of their ports: what a look asks for, and what an act writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from castoff.errors import Problem
from castoff.model.acts import Outcome, Succeeded, Unclear
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.ports import DocsBuild, ForgeIssue, ForgeRelease, NewRelease, SymbolList
from castoff.postrelease.docs import (
    LONGEST,
    DocsLook,
    DocsPart,
    Documented,
    Ledger,
    ReportBuild,
    built_marker,
    marker,
    relevant,
)
from castoff.postrelease.links import LinksLook, LinksPart, WriteLinks
from castoff.values import replace

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
DOWN = Unknown(reason="503")
KIT = Documented(label="kit", name="kit-docs", version="1.1.0")
ISSUE = ForgeIssue(number=4, body=marker("kit", "1.1.0"), is_open=True, url="https://forge/4")
CLOSED = replace(ISSUE, is_open=False)
NOTED = built_marker("kit", "1.1.0")
BUILDS = {
    state: DocsBuild(state=state, url="https://host/kit")
    for state in ("queued", "building", "failed", "built")
}


@dataclass(slots=True)
class Tracker:
    """The issues of a forge; it keeps the questions and what was written."""

    listed: Sequence[ForgeIssue] | Unknown = ()
    noted: Sequence[str] | Unknown = ()
    log: list[tuple[object, ...]] = field(default_factory=list)

    def issues(self, since: datetime) -> Sequence[ForgeIssue] | Unknown:
        self.log.append(("issues", since))
        return self.listed

    def comments(self, number: int) -> Sequence[str] | Unknown:
        self.log.append(("comments", number))
        return self.noted

    def comment(self, number: int, body: str) -> Outcome:
        self.log.append(("comment", number, body))
        return Succeeded()

    def open_issue(self, title: str, body: str) -> Outcome:
        self.log.append(("open", title, body))
        return Succeeded()


@dataclass(slots=True)
class Host:
    """A documentation host with one state for each name."""

    builds: Mapping[str, DocsBuild | Unknown]
    shown: str | Unknown = "error: it broke"
    lists: Mapping[str, SymbolList | Unknown] = field(default_factory=dict)
    pages: Mapping[str, str | Unknown] = field(default_factory=dict)

    def look(self, name: str, version: str) -> DocsBuild | Unknown:
        assert version == "1.1.0"
        return self.builds[name]

    def log(self, name: str, version: str) -> str | Unknown:
        assert (name, version) == ("kit-docs", "1.1.0")
        return self.shown

    def symbols(self, name: str, version: str) -> SymbolList | Unknown:
        assert version == "1.1.0"
        return self.lists[name]

    def page(self, url: str) -> str | Unknown:
        return self.pages[url]


def docs(state: str | Unknown, tracker: Tracker | None, shown: str | Unknown = "error: it broke") -> DocsPart:
    build = state if isinstance(state, Unknown) else BUILDS[state]
    made: Any = Host({"kit-docs": build}, shown)
    ledger = None if tracker is None else Ledger(tracker, SINCE)  # type: ignore[arg-type]
    return DocsPart(documented=KIT, host=made, ledger=ledger)


@pytest.mark.parametrize(
    ("state", "tracker", "issue", "noted", "asked"),
    [
        (DOWN, Tracker([ISSUE]), None, None, []),
        ("queued", Tracker([ISSUE]), None, None, []),
        ("building", Tracker([ISSUE]), None, None, []),
        ("failed", None, None, None, []),
        ("failed", Tracker(), None, None, ["issues"]),
        ("failed", Tracker([ISSUE]), ISSUE, None, ["issues"]),
        ("failed", Tracker(DOWN), DOWN, None, ["issues"]),
        ("built", Tracker(), None, None, ["issues"]),
        ("built", Tracker([ISSUE]), ISSUE, Absent(), ["issues", "comments"]),
        ("built", Tracker([ISSUE], [NOTED]), ISSUE, Present(url=ISSUE.url), ["issues", "comments"]),
        ("built", Tracker([ISSUE], ["well"]), ISSUE, Absent(), ["issues", "comments"]),
        ("built", Tracker([ISSUE], DOWN), ISSUE, DOWN, ["issues", "comments"]),
        ("built", Tracker([CLOSED]), CLOSED, None, ["issues"]),
        ("built", Tracker(DOWN), DOWN, None, ["issues"]),
    ],
    ids=[
        "no answer",
        "queued",
        "building",
        "failed, without issues",
        "failed",
        "failed and reported",
        "failed, the forge is silent",
        "built at once",
        "built after a failure",
        "built and noted",
        "built, another comment",
        "built, no comments to read",
        "built, the issue is closed",
        "built, the forge is silent",
    ],
)  # fmt: skip
def test_the_forge_is_asked_only_for_what_decides(
    state: str | Unknown, tracker: Tracker | None, issue: object, noted: Answer | None, asked: list[str]
) -> None:
    tracker = deepcopy(tracker)  # it notes what it is asked, and tests may run twice in one process
    seen = docs(state, tracker).look()

    assert (seen.issue, seen.noted, seen.asked) == (issue, noted, bool(asked))
    assert [one[0] for one in (tracker.log if tracker else [])] == asked
    assert not asked or (tracker is not None and tracker.log[0][1] == SINCE)


def test_the_issues_are_listed_once_until_something_is_written() -> None:
    tracker = Tracker([ISSUE])
    part = docs("failed", tracker)

    part.look()
    part.look()
    part.act(ReportBuild(id="docs:issue:kit", stage="docs", target="t", undo="free", url="https://host/kit"))
    part.look()

    assert [one[0] for one in tracker.log] == ["issues", "open", "issues"]


def test_two_issues_of_one_failure_count_as_the_older_one() -> None:
    newer, other = replace(ISSUE, number=9), replace(ISSUE, number=1, body=marker("kit", "1.1.1"))

    assert docs("failed", Tracker([newer, ISSUE, other])).look().issue == ISSUE


SHOWN = Observation(id="kit", answer=Present(url="https://host/kit"), state="built")
OF_ISSUE = Observation(id="issue:kit", answer=Present(url=ISSUE.url), identity="4", state="open")


@pytest.mark.parametrize(
    ("look", "shown"),
    [
        (DocsLook(DOWN), [Observation(id="kit", answer=DOWN)]),
        (DocsLook(BUILDS["queued"]), [Observation(id="kit", answer=Absent())]),
        (DocsLook(BUILDS["building"]), [replace(SHOWN, state="building")]),
        (DocsLook(BUILDS["built"], asked=True), [SHOWN]),
        (DocsLook(BUILDS["failed"]), [replace(SHOWN, state="failed")]),
        (
            DocsLook(BUILDS["failed"], asked=True),
            [replace(SHOWN, state="failed"), Observation(id="issue:kit", answer=Absent())],
        ),
        (
            DocsLook(BUILDS["failed"], asked=True, issue=DOWN),
            [replace(SHOWN, state="failed"), Observation(id="issue:kit", answer=DOWN)],
        ),
        (DocsLook(BUILDS["built"], asked=True, issue=CLOSED), [SHOWN, replace(OF_ISSUE, state="closed")]),
        (
            DocsLook(BUILDS["built"], asked=True, issue=ISSUE, noted=Absent()),
            [SHOWN, OF_ISSUE, Observation(id="comment:kit", answer=Absent())],
        ),
        (
            DocsLook(BUILDS["built"], asked=True, issue=ISSUE, noted=DOWN),
            [SHOWN, OF_ISSUE, Observation(id="comment:kit", answer=DOWN)],
        ),
    ],
)  # fmt: skip
def test_the_build_its_issue_and_the_comment_are_shown(look: DocsLook, shown: list[Observation]) -> None:
    assert list(docs("built", Tracker()).describe(look)) == shown


def test_a_decision_carries_what_its_act_needs() -> None:
    part = docs("failed", Tracker())
    issue = ReportBuild(
        id="docs:issue:kit", stage="docs", target="the issue on the documentation of `kit`", undo="free"
    )
    decided: list[Any] = [
        part.decide(DocsLook(BUILDS["failed"], asked=True)),
        part.decide(DocsLook(BUILDS["built"], asked=True, issue=ISSUE, noted=Absent())),
        part.decide(DocsLook(DOWN)),
    ]
    opened, noted = decided[0].acts[0], decided[1].acts[0]

    assert opened == issue
    assert (opened.url, opened.issue) == ("https://host/kit", None)
    assert (noted.id, noted.url, noted.issue) == ("docs:comment:kit", "https://host/kit", ISSUE)
    assert [one.id for one in decided[2].later] == ["docs:issue:kit", "docs:comment:kit"]


@pytest.mark.parametrize(
    ("state", "words"), [("queued", "has not started yet"), ("building", "is being built")]
)
def test_a_wait_says_what_for(state: str, words: str) -> None:
    decision: Any = docs(state, None).decide(DocsLook(BUILDS[state]))

    assert decision.reason == f"the documentation of `kit` {words}"


@pytest.mark.parametrize(("issue", "end"), [(None, ""), (ISSUE, ", see https://forge/4")])
def test_a_person_is_told_of_a_failure_and_its_issue(issue: ForgeIssue | None, end: str) -> None:
    decision: Any = docs("failed", None).decide(
        DocsLook(BUILDS["failed"], asked=issue is not None, issue=issue)
    )

    assert decision.reason == f"the documentation of `kit` failed to build: https://host/kit{end}"


REPORT = ReportBuild(id="docs:issue:kit", stage="docs", target="t", undo="free", url="https://host/kit")
NEXT = (
    "The release itself is published. The documentation is built again on request to the host, or with the next "
    "version; a later success is noted here.\n"
)


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("error: it broke", "```text\nerror: it broke\n```"),
        ("error: `x`\n```\n", "````text\nerror: `x`\n```\n````"),
        ("error: `````", "``````text\nerror: `````\n``````"),
        ("", "The host shows no log."),
    ],
)
def test_an_issue_has_the_log_in_a_fence_of_its_own(log: str, shown: str) -> None:
    tracker = Tracker()

    assert docs("failed", tracker, log).act(REPORT) == Succeeded()

    assert tracker.log == [
        (
            "open",
            "The documentation of kit 1.1.0 failed to build",
            "<!-- castoff docs failed kit 1.1.0 -->\n"
            f"The documentation of `kit` 1.1.0 failed to build: https://host/kit\n\n{shown}\n\n{NEXT}",
        )
    ]


def test_without_the_log_no_issue_is_opened() -> None:
    tracker = Tracker()

    assert docs("failed", tracker, DOWN).act(REPORT) == Unclear(reason="503")
    assert tracker.log == []


def test_a_later_success_is_noted_on_the_issue() -> None:
    tracker = Tracker()

    assert docs("built", tracker).act(replace(REPORT, issue=ISSUE)) == Succeeded()

    assert tracker.log == [
        (
            "comment",
            4,
            "<!-- castoff docs built kit 1.1.0 -->\nThe documentation of `kit` 1.1.0 has been built: https://host/kit\n",
        )
    ]


def numbered(count: int, *, error: int | None = None) -> str:
    return "\n".join("error: x" if n == error else f"line {n}" for n in range(count))


@pytest.mark.parametrize(
    ("log", "first", "last", "count"),
    [
        (numbered(10), "line 0", "line 9", 10),
        (numbered(80), "line 0", "line 79", 80),
        (numbered(81), "...", "line 80", 81),
        (numbered(300, error=2), "line 0", "line 299", 80 + 1 + 25),
        (numbered(300, error=3), "line 0", "line 299", 80 + 1 + 25),
        (numbered(300, error=4), "...", "line 299", 1 + 80 + 1 + 25),
        (numbered(105, error=3), "line 0", "line 104", 105),
        (numbered(106, error=3), "line 0", "line 105", 106),
        (numbered(300, error=290), "...", "line 299", 1 + 13),
        (numbered(10) + "\n\n \n", "line 0", "line 9", 10),
        ("x" * 900, "x" * 500, "x" * 500, 1),
        ("\n\n", "", "", 1),
    ],
    ids=[
        "short",
        "as long as is shown",
        "one longer",
        "an early error",
        "at the edge",
        "beyond the edge",
        "all but fits",
        "one left out",
        "a late error",
        "blank lines at the end",
        "a wide line",
        "nothing",
    ],
)
def test_the_part_of_a_log_that_matters(log: str, first: str, last: str, count: int) -> None:
    shown = relevant(log).split("\n")

    assert (shown[0], shown[-1], len(shown)) == (first, last, count)


def test_a_log_that_is_too_long_keeps_both_ends() -> None:
    wide = "\n".join(f"{n:03}" + "x" * 497 for n in range(60))

    shown = relevant(wide)

    half = LONGEST // 2
    assert shown == wide[:half] + "\n...\n" + wide[-half:]


OUT = ForgeRelease(
    id=8,
    tag="1.1.0",
    name="One",
    body="[[Kit]]",
    draft=False,
    prerelease=True,
    url="https://forge/8",
    target="R",
)
LIST = SymbolList(
    kind="rustdoc", data=b'<a href="struct.Kit.html">Kit</a>', package="kit", url="https://host/kit/all.html"
)
LINKED = "[`Kit`](https://host/kit/struct.Kit.html)"


@dataclass(slots=True)
class Releases:
    """The releases of a forge; it keeps what was written."""

    listed: Sequence[ForgeRelease] | Unknown
    written: list[tuple[int, NewRelease]] = field(default_factory=list)

    def releases(self) -> Sequence[ForgeRelease] | Unknown:
        return self.listed

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        self.written.append((number, release))
        return Succeeded()


def links(
    release: ForgeRelease | Unknown | None,
    host: Host | None = None,
    documented: Sequence[Documented] = (KIT,),
) -> LinksPart:
    listed: Any = release if isinstance(release, Unknown) else [release] if release else []
    forge: Any = Releases(listed)
    made: Any = host or Host({"kit-docs": BUILDS["built"]}, lists={"kit-docs": LIST})
    return LinksPart(tag="1.1.0", forge=forge, host=made, documented=documented)


TWO = (KIT, Documented(label="core", name="core", version="1.1.0"))
CORE = SymbolList(
    kind="rustdoc",
    data=b'<a href="struct.Keel.html">Keel</a>',
    package="core",
    url="https://host/core/all.html",
)


def test_a_text_without_references_asks_no_host() -> None:
    plain = replace(OUT, body="Kit")

    assert links(plain, Host({})).look() == LinksLook(release=plain, text="Kit")


@pytest.mark.parametrize("release", [None, DOWN, replace(OUT, draft=True), replace(OUT, tag="1.0.0")])
def test_without_a_published_release_no_text_is_read(release: ForgeRelease | Unknown | None) -> None:
    assert links(release).look() == LinksLook(unknown=DOWN if release is DOWN else None)


@pytest.mark.parametrize(
    ("host", "text", "unknown", "pending"),
    [
        (Host({"kit-docs": BUILDS["built"]}, lists={"kit-docs": LIST}), LINKED, None, False),
        (Host({"kit-docs": BUILDS["queued"]}), "`` Kit ``", None, True),
        (Host({"kit-docs": BUILDS["building"]}), "`` Kit ``", None, True),
        (Host({"kit-docs": BUILDS["failed"]}), "`` Kit ``", None, True),
        (Host({"kit-docs": DOWN}), "[[Kit]]", DOWN, False),
        (Host({"kit-docs": BUILDS["built"]}, lists={"kit-docs": DOWN}), "[[Kit]]", DOWN, False),
    ],
    ids=["built", "queued", "building", "failed", "no answer", "no list"],
)
def test_symbols_are_linked_once_the_documentation_is_built(
    host: Host, text: str, unknown: Unknown | None, pending: bool
) -> None:
    assert links(OUT, host).look() == LinksLook(release=OUT, text=text, unknown=unknown, pending=pending)


@pytest.mark.parametrize(
    ("core", "text"),
    [
        ("built", f"{LINKED} [`Keel`](https://host/core/struct.Keel.html)"),
        ("failed", f"{LINKED} `` Keel ``"),
        ("queued", "`` Kit `` `` Keel ``"),
        ("building", "`` Kit `` `` Keel ``"),
    ],
)
def test_all_packages_are_waited_for_and_those_that_failed_are_left_out(core: str, text: str) -> None:
    host = Host({"kit-docs": BUILDS["built"], "core": BUILDS[core]}, lists={"kit-docs": LIST, "core": CORE})
    seen = links(replace(OUT, body="[[Kit]] [[Keel]]"), host, TWO).look()

    assert (seen.text, seen.pending) == (text, core in ("queued", "building"))
    assert [one.path for one in seen.unresolved] == (["Keel"] if core == "failed" else [])


PAGE = "https://host/kit/struct.Kit.html"


@pytest.mark.parametrize(
    ("page", "text"),
    [('<a id="method.open">', f"[`Kit::open`]({PAGE}#method.open)"), ("", "`` Kit::open ``"), (DOWN, None)],
    ids=["there", "missing", "no answer"],
)
def test_a_method_is_looked_up_on_the_page_of_its_item(page: str | Unknown, text: str | None) -> None:
    host = Host({"kit-docs": BUILDS["built"]}, lists={"kit-docs": LIST}, pages={PAGE: page})
    seen = links(replace(OUT, body="[[Kit::open]]"), host).look()

    assert seen.text == ("[[Kit::open]]" if text is None else text)
    assert seen.unknown == (DOWN if text is None else None)


def test_what_is_no_utf_8_is_read_all_the_same_and_what_is_no_inventory_is_reported() -> None:
    odd = replace(LIST, data=b"\xff" + LIST.data)
    broken = replace(LIST, kind="sphinx", data=b"none")

    assert links(OUT, Host({"kit-docs": BUILDS["built"]}, lists={"kit-docs": odd})).look().text == LINKED
    problem = links(OUT, Host({"kit-docs": BUILDS["built"]}, lists={"kit-docs": broken})).look().problem
    assert isinstance(problem, Problem)
    assert problem.code == "links-inventory-invalid"


def test_the_text_is_written_as_it_was_decided() -> None:
    part = links(OUT)
    decision: Any = part.decide(part.look())

    assert part.act(decision.acts[0]) == Succeeded()

    forge: Any = part.forge
    assert forge.written == [
        (8, NewRelease(tag="1.1.0", name="One", body=LINKED, draft=False, prerelease=True, target="R"))
    ]


@pytest.mark.parametrize(
    "now", [None, DOWN, replace(OUT, body="edited")], ids=["gone", "no answer", "edited"]
)
def test_a_text_that_changed_meanwhile_is_not_written_over(now: ForgeRelease | Unknown | None) -> None:
    part = links(now)
    act = WriteLinks(id="docs:links", stage="docs", target="t", undo="free", before=OUT.body, text=LINKED)

    assert part.act(act) == Unclear(reason="the release changed while castoff looked up its symbols")
    assert part.forge.written == []  # type: ignore[attr-defined]


HERE = Present(url=OUT.url)
A_PROBLEM = Problem(code="links-inventory-invalid", message="m")


@pytest.mark.parametrize(
    ("look", "shown"),
    [
        (LinksLook(), Observation(id="links", answer=Absent())),
        (LinksLook(unknown=DOWN), Observation(id="links", answer=DOWN)),
        (LinksLook(release=OUT, unknown=DOWN), Observation(id="links", answer=DOWN)),
        (LinksLook(release=OUT, problem=A_PROBLEM), Observation(id="links", answer=HERE, state="unfit")),
        (LinksLook(release=OUT, text=OUT.body), Observation(id="links", answer=HERE)),
        (LinksLook(release=OUT, text=OUT.body, pending=True), Observation(id="links", answer=Absent())),
        (LinksLook(release=OUT, text=LINKED), Observation(id="links", answer=Absent())),
    ],
)
def test_a_release_is_shown_with_its_links(look: LinksLook, shown: Observation) -> None:
    assert links(OUT).describe(look) == (shown,)
