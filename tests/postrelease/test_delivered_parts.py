"""The parts that deliver changed files on fakes of their ports: what a look finds, and what an act writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from castoff.errors import Problem, Refusal
from castoff.model.acts import Outcome, Refused, Succeeded, Unclear
from castoff.model.observations import Unknown
from castoff.model.refs import Refs
from castoff.ports import ForgePull, ForgeRelease, NewPull
from castoff.postrelease.changelog import ChangelogLook, ChangelogPart
from castoff.postrelease.delivery import Deliver, Delivery, DeliveryLook, Proposal
from castoff.postrelease.ported_changelog import ReleasePortOptions
from castoff.postrelease.website import WebsiteLook, WebsitePart
from castoff.values import replace
from castoff.website import Decision as PageDecision
from castoff.website import Page, Rendered

DOWN = Unknown(reason="503", retry_after=7.0)
SILENT = Unknown(reason="the remote could not be queried for its branches")
OPEN = ForgePull(number=3, base="main", state="open", url="https://forge/3")
MERGED, CLOSED = replace(OPEN, state="merged"), replace(OPEN, state="closed")
MAIN, AHEAD = {"main": "h"}, {"main": "h", "p": "q"}


class Remote:
    """A remote with these heads, all of them in the clone but those that are ``missing``."""

    def __init__(
        self, heads: Mapping[str, str] | None, *, missing: str = "", code: str | None = None
    ) -> None:
        self.refs = None if heads is None else Refs(heads=heads)
        self.has = missing.__ne__
        self.outcome: Outcome = Refused(Problem(code=code, message="m")) if code else Succeeded()
        self.pushed: list[str] = []

    def ls_remote(self, url: str) -> Refs | None:
        return self.refs

    def fetch(self, url: str, branches: Sequence[str]) -> bool:
        return True

    def push(self, url: str, spec: str) -> Outcome:
        self.pushed.append(spec)
        return self.outcome


class Pulls:
    """The pull requests of a forge by their branch; those that are opened are kept."""

    def __init__(self, listed: Mapping[str, Sequence[ForgePull] | Unknown]) -> None:
        self.listed = listed
        self.opened: list[NewPull] = []

    def pulls(self, head: str) -> Sequence[ForgePull] | Unknown:
        return self.listed.get(head, ())

    def open_pull(self, pull: NewPull) -> Outcome:
        self.opened.append(pull)
        return Succeeded()


def delivery(
    heads: Mapping[str, str] | None, pulls: Pulls | None = None, *, by_pull_request: bool = False, **how: Any
) -> Delivery:
    remote: Any = Remote(heads, **how)
    tracker: Any = pulls
    return Delivery(
        stage="changelog",
        branch="main",
        remote_url="u",
        remote=remote,
        issue_tracker=tracker,
        make=lambda commit, texts: f"{'+'.join(texts.values())} on {commit}",
        proposal="p",
        title="t",
        text="x",
        by_pull_request=by_pull_request,
        label="skip",
    )


ALL_MERGED = {name: [MERGED] for name in ("p", "p-2", "p-3", "p-4", "p-5")}


@pytest.mark.parametrize(
    ("heads", "pulls", "by_pull_request", "expected"),
    [
        (MAIN, None, True, Proposal(branch="p")),
        (AHEAD, None, True, Proposal(branch="p", head="q")),
        (AHEAD, {"p": [CLOSED, OPEN]}, True, Proposal(branch="p", head="q", pull=OPEN)),
        (MAIN, {"p": [CLOSED, MERGED]}, True, Proposal(branch="p", pull=CLOSED)),
        (AHEAD, {"p": [replace(OPEN, base="other")]}, True, Proposal(branch="p", head="q")),
        (AHEAD, {"p": [MERGED]}, True, Proposal(branch="p-2")),
        (AHEAD, {"p": [MERGED], "p-2": [OPEN]}, True, Proposal(branch="p-2", pull=OPEN)),
        (AHEAD, {"p": DOWN}, True, DOWN),
        (AHEAD, {"p": DOWN}, False, Proposal(branch="p")),
        (
            MAIN,
            ALL_MERGED,
            True,
            Unknown(reason="5 pull requests from `p` were merged without the desired result"),
        ),
    ],
)
def test_the_branch_for_a_pull_request_is_the_first_that_was_not_merged(
    heads: Mapping[str, str],
    pulls: Mapping[str, Sequence[ForgePull] | Unknown] | None,
    by_pull_request: bool,
    expected: Proposal | Unknown,
) -> None:
    delivered = delivery(heads, Pulls(pulls) if pulls else None, by_pull_request=by_pull_request)

    assert delivered.head() == "h"
    assert delivered.proposed() == expected


@pytest.mark.parametrize(
    ("heads", "missing", "expected"),
    [
        (None, "", SILENT),
        ({}, "", None),
        (MAIN, "", "h"),
        (MAIN, "h", Unknown(reason="the branch `main` could not be fetched")),
    ],
)
def test_the_head_of_a_branch_is_fetched(
    heads: Mapping[str, str] | None, missing: str, expected: str | Unknown | None
) -> None:
    assert delivery(heads, missing=missing).head() == expected


SEEN = DeliveryLook(head="h", texts={"a": "new"}, proposal=Proposal(branch="p"), proposed={"a": "theirs"})
EDITED = replace(SEEN, proposal=Proposal(branch="p", head="q"))


@pytest.mark.parametrize(
    ("how", "seen", "pushed"),
    [
        ("push", SEEN, "new on h:refs/heads/main"),
        ("push", EDITED, "new on h:refs/heads/main"),
        ("branch", SEEN, "new on h:refs/heads/p"),
        ("branch", EDITED, "theirs on q:refs/heads/p"),
    ],
)
def test_a_change_goes_on_top_of_the_head_that_was_seen(how: Any, seen: DeliveryLook, pushed: str) -> None:
    delivered: Any = delivery(AHEAD, Pulls({}))

    assert delivered.act(act(how, seen)) == Succeeded()
    assert delivered.remote.pushed == [pushed]
    assert delivered.issue_tracker.opened == []


def act(how: Any, seen: DeliveryLook) -> Deliver:
    return Deliver(id=f"changelog:{how}", stage="changelog", target="t", undo="free", how=how, seen=seen)


def test_a_pull_request_is_opened_from_the_branch_that_was_seen() -> None:
    delivered: Any = delivery(AHEAD, Pulls({}))

    assert delivered.act(act("pull-request", EDITED)) == Succeeded()
    assert delivered.issue_tracker.opened == [
        NewPull(head="p", base="main", title="t", body="x", label="skip")
    ]
    assert delivered.remote.pushed == []


@pytest.mark.parametrize(
    ("code", "pulls", "outcomes", "denied"),
    [
        (
            "push-rejected",
            Pulls({}),
            [Unclear(reason="the branch moved: the change is created again on its new head")] * 2,
            False,
        ),
        (
            "push-denied",
            Pulls({}),
            [Unclear(reason="`main` does not accept pushes: opening a pull request instead"), "push-denied"],
            True,
        ),
        ("push-denied", None, ["push-denied"] * 2, False),
        ("push-hook-failed", Pulls({}), ["push-hook-failed"] * 2, False),
    ],
    ids=["the branch moved", "protected", "no pull requests", "a hook"],
)
def test_only_a_protected_branch_gets_a_pull_request(
    code: str, pulls: Pulls | None, outcomes: list[Outcome | str], denied: bool
) -> None:
    delivered = delivery(AHEAD, pulls, code=code)

    found = [delivered.act(act("push", SEEN)) for _ in outcomes]

    assert [one.problem.code if isinstance(one, Refused) else one for one in found] == outcomes
    assert delivered.denied is denied


RELEASE = ForgeRelease(
    id=7,
    tag="1.1.0",
    name="",
    body="* One",
    draft=False,
    prerelease=False,
    url="https://forge/7",
    published_at=datetime(2026, 1, 1, tzinfo=UTC),
)
OLD = "# Changelog\n\n## 1.0.0 (2025-01-01)\n\n* Zero\n"
DOUBLED = OLD + "\n## 1.1.0\n\n* One\n\n## 1.1.0\n\n* One\n"


def changelog(
    delivered: Delivery,
    files: Mapping[str, str | None],
    *,
    path: str = "CHANGELOG.md",
    releases: Sequence[ForgeRelease] | Unknown = (RELEASE,),
    milestone: str | Unknown | None = None,
) -> ChangelogPart:
    forge: Any = SimpleNamespace(releases=lambda: releases)
    tree: Any = lambda commit: SimpleNamespace(read={path: files[commit]}.get)  # noqa: E731
    return ChangelogPart(
        options=ReleasePortOptions(version="1.1.0", tag="1.1.0"),
        path=path,
        forge=forge,
        delivery=delivered,
        tree=tree,
        milestone=lambda: milestone,
    )


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (changelog(delivery(MAIN), {}, releases=DOWN), ChangelogLook(unknown=DOWN)),
        (changelog(delivery(MAIN), {}, releases=[replace(RELEASE, draft=True)]), ChangelogLook()),
        (changelog(delivery(MAIN), {}, milestone=DOWN), ChangelogLook(release=RELEASE, unknown=DOWN)),
        (changelog(delivery(None), {}), ChangelogLook(release=RELEASE, unknown=SILENT)),
        (changelog(delivery({}), {}), ChangelogLook(release=RELEASE)),
        (changelog(delivery(MAIN), {"h": None}), ChangelogLook(release=RELEASE)),
    ],
    ids=["no answer", "a draft", "no milestone", "no head", "no branch", "no file"],
)
def test_what_keeps_the_notes_from_the_changelog(part: ChangelogPart, expected: ChangelogLook) -> None:
    assert part.look() == expected


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("CHANGELOG.md", DOUBLED, "changelog-doubled-heading"),
        ("CHANGES.rst", OLD, "changelog-not-markdown"),
    ],
)
def test_a_defect_of_the_changelog_names_its_file(path: str, text: str, code: str) -> None:
    problem = changelog(delivery(MAIN), {"h": text}, path=path).look().problem

    assert problem is not None
    assert (problem.code, problem.file) == (code, path)


def test_notes_are_ported_to_the_branch_and_to_its_proposal() -> None:
    looked = changelog(delivery(MAIN), {"h": OLD}).look()
    assert looked.ported is not None
    ported = looked.ported.text
    assert "* One" in ported

    edited = OLD + "\nBy hand.\n"
    proposals = {"same": ported, "old": edited, "doubled": DOUBLED}
    found = {}
    for name, text in proposals.items():
        heads = {"main": "h", "p": name}
        change = changelog(delivery(heads, Pulls({})), {"h": OLD, name: text}).look().change
        assert change is not None
        assert change.texts == {"CHANGELOG.md": ported}
        assert change.proposal == Proposal(branch="p", head=name)
        found[name] = change
    again = changelog(delivery(MAIN), {"h": ported}).look()

    assert (found["same"].prepared, found["same"].proposed) == (True, {"CHANGELOG.md": ported})
    assert not found["old"].prepared
    assert "* One" in found["old"].proposed["CHANGELOG.md"]
    assert "By hand." in found["old"].proposed["CHANGELOG.md"]
    fault = found["doubled"].fault
    assert fault is not None
    assert (fault.code, fault.file) == ("changelog-doubled-heading", "CHANGELOG.md")
    assert looked.change == DeliveryLook(
        head="h", texts={"CHANGELOG.md": ported}, proposal=Proposal(branch="p")
    )
    assert (again.change, again.head, again.text) == (None, "h", ported)


def test_without_an_answer_about_pull_requests_the_notes_wait() -> None:
    delivered = delivery(MAIN, Pulls({"p": DOWN}), by_pull_request=True)
    looked = changelog(delivered, {"h": OLD}).look()

    assert (looked.unknown, looked.change) == (DOWN, None)


PAGES = tuple(
    Rendered(page=Page(source=name, target=name), text="new", drops=(), headings=(), missing=())
    for name in ("a.md", "b.md")
)


def website(
    delivered: Delivery,
    sites: Mapping[str, Mapping[str, str]],
    rendered: Sequence[Rendered] | str | Unknown = PAGES,
    earlier: Mapping[str, str] | None = None,
) -> WebsitePart:
    def before() -> Mapping[str, str]:
        assert earlier is not None, "the release before is not asked for"
        return earlier

    tree: Any = lambda commit: SimpleNamespace(read=sites[commit].get)  # noqa: E731
    return WebsitePart(delivery=delivered, tree=tree, render=lambda: rendered, earlier=before)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (website(delivery(MAIN), {}, "not announced"), WebsiteLook(pause="not announced")),
        (website(delivery(MAIN), {}, DOWN), WebsiteLook(unknown=DOWN)),
        (website(delivery(None), {}), WebsiteLook(unknown=SILENT)),
        (website(delivery({}), {}), WebsiteLook(no_branch=True)),
    ],
    ids=["not yet", "not known", "no head", "no branch"],
)
def test_what_keeps_pages_from_being_compared(part: WebsitePart, expected: WebsiteLook) -> None:
    assert part.look() == expected


def test_pages_that_cannot_be_rendered_are_a_problem() -> None:
    def fail() -> Sequence[Rendered]:
        raise Refusal(PROBLEM)

    part = website(delivery(MAIN), {})
    part.render = fail

    assert part.look() == WebsiteLook(problem=PROBLEM)


PROBLEM = Problem(code="website-rule-unmatched", message="m")


def created(target: str) -> PageDecision:
    return PageDecision(action="create", target=target, text="new", difference="")


@pytest.mark.parametrize(
    ("delivered", "sites", "expected"),
    [
        (
            delivery(MAIN),
            {"h": {"a.md": "new"}},
            DeliveryLook(
                head="h", texts={"b.md": "new"}, proposal=Proposal(branch="p"), proposed={"b.md": "new"}
            ),
        ),
        (
            delivery(AHEAD),
            {"h": {"a.md": "new"}, "q": {"a.md": "new", "b.md": "new"}},
            DeliveryLook(
                head="h",
                texts={"b.md": "new"},
                proposal=Proposal(branch="p", head="q"),
                proposed={"b.md": "new"},
                prepared=True,
            ),
        ),
        (delivery(MAIN), {"h": {"a.md": "new", "b.md": "new"}}, None),
        (delivery(MAIN, Pulls({"p": DOWN}), by_pull_request=True), {"h": {"a.md": "new"}}, DOWN),
    ],
    ids=["one is missing", "both are proposed", "both are there", "no answer about pull requests"],
)
def test_pages_that_differ_are_delivered(
    delivered: Delivery, sites: Mapping[str, Mapping[str, str]], expected: DeliveryLook | Unknown | None
) -> None:
    looked = website(delivered, sites).look()

    assert looked.head == "h"
    assert [page.action == "unchanged" for page in looked.pages] == [True, expected is None]
    assert looked.change == (None if isinstance(expected, Unknown) else expected)
    assert looked.unknown == (expected if isinstance(expected, Unknown) else None)


@pytest.mark.parametrize(("earlier", "action"), [({"b.md": "old"}, "update"), ({}, "edited")])
def test_the_release_before_tells_who_wrote_a_page(earlier: dict[str, str], action: str) -> None:
    looked = website(delivery(MAIN), {"h": {"a.md": "new", "b.md": "old"}}, earlier=earlier).look()

    assert [page.action for page in looked.pages] == ["unchanged", action]
