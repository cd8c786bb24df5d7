"""Are the changes proposed that deserve a word, and does a new proposal lose none that people wrote?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notes_cases import change, change_lists

from castoff.model.changes import Change
from castoff.notes.contributors import contributors
from castoff.notes.draft import join, split
from castoff.notes.highlights import Description, link_text, propose, read_description, render
from castoff.notes.labels import DEFAULT_KINDS
from castoff.notes.three_way import merge
from castoff.text.fences import closed
from castoff.values import replace

DIFF = "```diff\n-old\n+new\n```"

DESCRIPTIONS = [
    ("nothing", "Some text for reviewers.", Description()),
    ("a release note", "x\n```release-note\nUsers gain y.\n```\nz", Description(notices=("Users gain y.",))),
    ("no release note", "```release-note\nNONE\n```", Description()),
    ("an open release note", "```release-note\nUsers gain y.", Description(notices=("Users gain y.",))),
    (
        "a section",
        "# Why\nx\n## Release notes\nUsers gain y.\n\n## Tests\nz",
        Description(notices=("Users gain y.",)),
    ),
    ("a section without text", "## Release notes\n\nN/A\n", Description()),
    (
        "a section with smaller headings",
        "## Migration guide\na\n### Step\nb\n## Other\nc",
        Description(notices=("a\n#### Step\nb",)),
    ),
    ("a heading in a fence", "```\n## Release notes\nx\n```", Description()),
    ("a heading in a comment", "<!--\n## Release notes\nx\n-->", Description()),
    ("a template's hint", "## Release notes\n<!-- say it -->\n", Description()),
    ("an open comment", "a <!-- ## Release notes\nx", Description()),
    (
        "an alert",
        "x\n> [!IMPORTANT]\n> Users must y.\n> At once.\n\nz",
        Description(notices=("Users must y.\nAt once.",)),
    ),
    ("a quote", "> Users must y.", Description()),
    ("a difference", f"x\n{DIFF}\ny", Description(diffs=(DIFF,))),
    ("an open difference", "```diff\n-old", Description(diffs=("```diff\n-old\n```",))),
    ("another fence", "```rust\nfn a() {}\n```", Description()),
    (
        "a difference in a section",
        f"## Interface changes\nNow:\n{DIFF}",
        Description(notices=(f"Now:\n{DIFF}",)),
    ),
    ("a breaking section", "## Breaking changes\nAll.", Description(notices=("All.",), is_breaking=True)),
    ("no breaking section", "## Breaking changes\nNone.", Description()),
    ("a breaking footer", "x\n\nBREAKING CHANGE: y", Description(is_breaking=True)),
    ("an open fence in a section", "## Notice\n```\nx", Description(notices=("```\nx\n```",))),
    ("windows line ends", "## Notice\r\nx\r\n", Description(notices=("x",))),
]


@pytest.mark.parametrize(
    ("body", "expected"), [c[1:] for c in DESCRIPTIONS], ids=[c[0] for c in DESCRIPTIONS]
)
def test_descriptions(body: str, expected: Description) -> None:
    assert read_description(body) == expected


ADD, CHANGE, FIX = ("changelog-add",), ("changelog-change",), ("changelog-fix",)
NOTICE = "## Release notes\nA word."

ROLES: list[tuple[str, dict[str, Any], str | None]] = [
    ("a feature with a notice", {"labels": ADD, "body": NOTICE}, "features"),
    ("a big feature", {"labels": ADD, "additions": 500}, "features"),
    ("a small feature", {"labels": ADD, "additions": 5}, None),
    ("a feature by its title", {"title": "feat: a", "body": NOTICE}, "features"),
    ("a fix with a notice", {"labels": FIX, "body": NOTICE}, "fixes"),
    ("a big fix", {"labels": FIX, "deletions": 500}, "fixes"),
    ("a security fix", {"labels": ("changelog-security", "security")}, "fixes"),
    ("a marked one", {"labels": ("highlight",)}, "features"),
    ("an excluded one", {"labels": ("changelog-exclude",), "body": NOTICE}, None),
    ("an excluded one that is marked", {"labels": ("changelog-exclude", "highlight")}, "features"),
    ("a change with a difference", {"labels": CHANGE, "body": DIFF}, "interface"),
    ("a breaking label", {"labels": (*ADD, "breaking")}, "interface"),
    ("a breaking label with more words", {"labels": (*FIX, "type: breaking-change")}, "interface"),
    ("a major label", {"labels": (*FIX, "semver-major")}, "interface"),
    ("no breaking label", {"labels": (*FIX, "heartbreaking")}, None),
    ("a breaking title", {"title": "fix(api)!: a"}, "interface"),
    ("a breaking description", {"labels": FIX, "body": "BREAKING CHANGE: a"}, "interface"),
    ("a big one without a kind", {"additions": 5000}, None),
    ("a bot", {"labels": ADD, "additions": 5000, "author": "renovate[bot]"}, None),
    ("a revert", {"title": 'Revert "feat: a"', "labels": ADD, "body": NOTICE}, None),
]


@pytest.mark.parametrize(("fields", "role"), [c[1:] for c in ROLES], ids=[c[0] for c in ROLES])
def test_roles(fields: dict[str, Any], role: str | None) -> None:
    proposal = propose([change(1, **fields)], DEFAULT_KINDS)

    found = {name: getattr(proposal, name) for name in ("features", "fixes", "interface")}
    assert [name for name, highlights in found.items() if highlights] == ([role] if role else [])


def test_what_was_taken_back_is_not_proposed() -> None:
    assert propose([change(1, labels=ADD, body=NOTICE)], DEFAULT_KINDS, reverted={1}).features == ()


def test_the_biggest_come_first_and_not_too_many() -> None:
    changes = [change(n, labels=ADD, additions=400 + n) for n in range(1, 9)]

    proposal = propose(changes, DEFAULT_KINDS, most=2)

    assert [h.number for h in proposal.features] == [8, 7]
    assert proposal.features[0].reasons == ("408 lines changed",)


def test_the_header_reads_as_a_maintainer_would_write_it() -> None:
    changes = [
        change(1, "Add `Api::x`", labels=ADD, body=NOTICE, url="https://github.com/o/r/pull/1"),
        change(
            2, "Take `Arc`", labels=CHANGE, body=DIFF, url="https://github.com/o/r/pull/2", author="grace"
        ),
    ]
    people = contributors(changes, frozenset({"ada"}))

    assert render(propose(changes, DEFAULT_KINDS, people=people, news="By hand.\n")) == (
        "## Highlights\n\n"
        "By hand.\n\n"
        "### [Add `Api::x`](https://github.com/o/r/pull/1)\n\n"
        "A word.\n\n"
        "## Interface Changes\n\n"
        "### [Take `Arc`](https://github.com/o/r/pull/2)\n\n"
        f"{DIFF}\n\n"
        "## Contributors\n\n"
        "Thanks to @ada. Welcome to @grace, with a first contribution.\n"
    )


def test_nothing_to_say_is_no_header() -> None:
    assert render(propose([], DEFAULT_KINDS)) == ""


LINKS = [
    ("a [b] c", "a [b] c"),
    ("a [b", "a \\[b"),
    ("a ](evil) b", "a \\](evil) b"),
    ("a\nb", "a b"),
    ("a\\", "a\\\\"),
]


# Without backslashes: mutmut names tests to pytest by these ids, which then looks for them with others.
@pytest.mark.parametrize(
    ("title", "text"), LINKS, ids=[c[0].replace("\\", "/").replace("\n", " ") for c in LINKS]
)
def test_a_title_cannot_end_its_link(title: str, text: str) -> None:
    assert link_text(title) == text


# Merging

BASE = "## Highlights\n\n### [A](https://github.com/o/r/pull/1)\n\nOne.\n\n### [B](https://github.com/o/r/pull/2)\n\nTwo.\n"
NEW = BASE + "\n### [C](https://github.com/o/r/pull/3)\n\nThree.\n"


def test_untouched_text_follows_the_new_proposal() -> None:
    made = merge(BASE, NEW, base=BASE)

    assert made.text == NEW
    assert made.added == ("### [C](https://github.com/o/r/pull/3)",)


def test_a_rewritten_block_stays_and_new_ones_come() -> None:
    mine = BASE.replace("[A](", "[A much better title](").replace("One.", "By hand.")

    assert merge(mine, NEW, base=BASE).text == mine + "\n### [C](https://github.com/o/r/pull/3)\n\nThree.\n"


def test_a_block_that_was_taken_out_stays_out() -> None:
    mine = BASE.partition("\n\n### [B]")[0] + "\n"

    assert "Two." not in merge(mine, NEW, base=BASE).text


def test_a_block_that_changed_on_both_sides_waits_for_a_person() -> None:
    mine = BASE.replace("One.", "By hand.")

    made = merge(mine, BASE.replace("One.", "Uno."), base=BASE)

    assert made.text == mine
    assert made.waiting == ("### [A](https://github.com/o/r/pull/1)",)


def test_a_block_that_both_sides_changed_alike_needs_no_person() -> None:
    both = BASE.replace("One.", "Uno.")

    made = merge(both, both, base=BASE)

    assert (made.text, made.waiting, made.updated) == (both, (), ())


def test_a_block_that_people_changed_and_the_proposal_did_not_is_no_conflict() -> None:
    assert merge(BASE.replace("One.", "By hand."), BASE, base=BASE).waiting == ()


def test_a_block_that_is_not_proposed_any_more_goes_where_nobody_touched_it() -> None:
    shorter = BASE.partition("\n\n### [B]")[0] + "\n"

    assert merge(BASE, shorter, base=BASE).text == shorter
    assert merge(BASE, shorter, base=BASE).dropped == ("### [B](https://github.com/o/r/pull/2)",)
    assert "By hand." in merge(BASE.replace("Two.", "By hand."), shorter, base=BASE).text


def test_a_heading_stays_while_something_stands_below_it() -> None:
    mine = BASE.replace("Two.", "By hand.")

    assert merge(mine, "", base=BASE).text.startswith("## Highlights\n\n### [B]")


def test_without_a_base_everything_was_written_by_hand() -> None:
    assert merge("By hand.\n", NEW).text == "By hand.\n\n" + NEW


blocks = st.lists(
    st.sampled_from(
        [
            "## Highlights",
            "### [A](https://github.com/o/r/pull/1)",
            "### [A2](https://github.com/o/r/pull/1)",
            "### B (#2)",
            "### By hand",
            "#### small",
            "One.",
            "Two.",
            "",
            "```",
            "````",
            "<!-- x",
            "-->",
            "## What's Changed",
        ]
    )
    | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
    max_size=12,
).map("\n".join)


@given(blocks, blocks, st.none() | blocks)
def test_merging_loses_no_line_that_people_wrote(mine: str, proposed: str, base: str | None) -> None:
    made = merge(mine, proposed, base=base).text

    known = {line.strip() for line in (base or "").split("\n")}
    result = {line.strip() for line in made.split("\n")}
    assert {line.strip() for line in mine.split("\n")} - known - {""} <= result


@given(blocks, blocks, st.none() | blocks)
def test_merging_again_changes_nothing(mine: str, proposed: str, base: str | None) -> None:
    once = merge(mine, proposed, base=base).text

    assert merge(once, proposed, base=proposed).text == once


@given(st.text(max_size=300) | blocks)
def test_any_description_is_read_and_what_is_taken_is_closed(body: str) -> None:
    found = read_description(body)

    for text in (*found.notices, *found.diffs):
        assert closed(text) == text


@given(change_lists(), st.lists(blocks, min_size=12, max_size=12), blocks)
def test_no_header_swallows_the_generated_part(changes: list[Change], bodies: list[str], news: str) -> None:
    described = [
        replace(one, body=body, labels=(*one.labels, "highlight"))
        for one, body in zip(changes, bodies, strict=False)
    ]
    header = render(propose(described, DEFAULT_KINDS, news=news))
    generated = "## What's Changed\n* a by @b in https://github.com/o/r/pull/1\n\n\n**Full Changelog**: u"

    parts = split(join(header, generated))

    assert "".join(line.text + line.end for line in parts.generated) == generated
