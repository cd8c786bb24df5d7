"""Does the label check name every offender, and only offenders?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notes_cases import KUBE, change, change_lists

from castoff.model.changes import Change, Commit, Milestone
from castoff.notes.configuration import DEFAULT, NotesConfiguration, read_configuration
from castoff.notes.labels import (
    DEFAULT_KINDS,
    AskForLabel,
    Kind,
    LabelPolicy,
    SetMilestone,
    check_commits,
    check_labels,
    check_milestone,
    kind_labels,
    kind_of_title,
    kind_of_words,
    label_of_own,
    proposals,
)
from castoff.values import replace
from recorded import assert_recorded, problems_as_text

RECORD = Path(__file__).parent / "data" / "label_problems.txt"

KUBE_KINDS = kind_labels(read_configuration(KUBE).configuration)
POLICY = LabelPolicy(kinds=KUBE_KINDS)
MILESTONE = Milestone(number=7, title="2.0.0")


def config(text: str) -> Any:
    return kind_labels(read_configuration("changelog:\n" + text).configuration)


def test_the_labels_of_kube() -> None:
    assert KUBE_KINDS.labels == (
        "changelog-add",
        "changelog-change",
        "changelog-deprecate",
        "changelog-remove",
        "changelog-fix",
        "changelog-exclude",
    )
    assert KUBE_KINDS.prefix == "changelog-"
    assert [KUBE_KINDS.kind_of((label,)) for label in KUBE_KINDS.labels] == [
        "added",
        "changed",
        "deprecated",
        "removed",
        "fixed",
        None,
    ]
    assert not KUBE_KINDS.takes_all


def test_without_any_configuration_there_are_the_six_kinds() -> None:
    assert kind_labels(DEFAULT) is DEFAULT_KINDS
    assert kind_labels(DEFAULT, {"bug": "fixed"}).kinds == (("bug", "fixed"),)


def test_a_given_kind_wins_over_the_title() -> None:
    configuration = read_configuration(
        "changelog:\n  categories:\n  - {title: Fixed, labels: [docs]}\n"
    ).configuration

    assert kind_labels(configuration, {"docs": "changed"}).kind_of(("docs",)) == "changed"


WORDS: list[tuple[str, Kind | None]] = [
    ("Bug Fixes 🐛", "fixed"),
    ("Exciting New Features 🎉", "added"),
    ("Security fixes", "security"),
    ("Removed features", "removed"),
    ("kind/feature", "added"),
    ("changelog-deprecate", "deprecated"),
    ("Dependencies", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "kind"), WORDS, ids=[w[0] for w in WORDS])
def test_words_name_kinds(text: str, kind: Kind | None) -> None:
    assert kind_of_words(text) == kind


TITLES: list[tuple[str, Kind | None]] = [
    ("fix: a", "fixed"),
    ("feat(core)!: a", "added"),
    ("Fix(a): b", "fixed"),
    ("docs: a", None),
    ("Fix a thing", None),
]


@pytest.mark.parametrize(("title", "kind"), TITLES, ids=[t[0] for t in TITLES])
def test_a_conventional_title_suggests_a_kind(title: str, kind: Kind | None) -> None:
    assert kind_of_title(title) == kind


CASES: list[tuple[str, tuple[str, ...], list[tuple[str, str]]]] = [
    ("one label", ("changelog-fix",), []),
    ("excluded on purpose", ("changelog-exclude",), []),
    ("one label and others", ("changelog-fix", "docs", "rust"), []),
    ("two labels", ("changelog-fix", "changelog-add"), [("change-kinds-several", "error")]),
    ("listed and excluded", ("changelog-fix", "changelog-exclude"), [("change-kinds-several", "error")]),
    ("an unknown label", ("changelog-fixed",), [("change-kind-unknown", "error")]),
    ("a label in other letters", ("Changelog-Fix",), [("change-kind-unknown", "error")]),
    ("an unknown one and a right one", ("changelog-fix", "changelog-x"), [("change-kind-unknown", "error")]),
    ("no label", (), [("change-kind-missing", "warning")]),
    ("only others", ("docs",), [("change-kind-missing", "warning")]),
]


@pytest.mark.parametrize(("labels", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_labels(labels: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    found = check_labels([change(5, labels=labels, url="https://github.com/o/r/pull/5")], POLICY)

    assert [(problem.code, problem.severity) for problem in found] == expected
    assert all(p.url == "https://github.com/o/r/pull/5" and p.pull_request == 5 for p in found)


def test_each_problem_of_a_label_reads_as_recorded() -> None:
    strict = replace(POLICY, strict=True)
    one, two = change(5, "Fix `x`\x1b[2J"), change(6, milestone=6, milestone_title="1.9.0")
    cases = [
        *((name, check_labels([change(5, labels=labels)], POLICY)) for name, labels, _ in CASES),
        ("no label, strictly", check_labels([one], strict)),
        ("no kinds at all", check_labels([one], replace(POLICY, kinds=DEFAULT_KINDS))),
        ("milestones", check_milestone([one, two], MILESTONE, POLICY)),
        ("milestones, strictly", check_milestone([one, two], MILESTONE, strict)),
        ("a commit", check_commits([Commit(sha="a" * 40, subject="quick")], POLICY)),
        ("a commit, strictly", check_commits([Commit(sha="a" * 40, subject="quick")], strict)),
    ]

    assert_recorded(RECORD, "".join(problems_as_text(*case) for case in cases))


def test_a_wrong_label_names_the_nearest_one() -> None:
    (problem,) = check_labels([change(5, labels=("changelog-fixed",))], POLICY)

    assert (
        problem.message == "change #5 has the label `changelog-fixed`, which does not set a kind: `A title`"
    )
    assert problem.remedy == "did you mean `changelog-fix`?"


def test_a_missing_label_is_an_error_where_that_is_configured() -> None:
    (problem,) = check_labels([change(5)], replace(POLICY, strict=True))

    assert (problem.code, problem.severity) == ("change-kind-missing", "error")
    assert "`changelog-add`" in problem.remedy


def test_two_labels_of_the_same_category_do_not_contradict_each_other() -> None:
    kinds = config("  categories:\n  - {title: Fixed, labels: [bug, fix]}\n")

    assert check_labels([change(5, labels=("bug", "fix"))], LabelPolicy(kinds=kinds)) == ()


def test_where_a_catch_all_lists_the_change_no_label_is_needed() -> None:
    kinds = config("  categories:\n  - {title: Fixed, labels: [bug]}\n  - {title: Other, labels: ['*']}\n")

    assert check_labels([change(5)], LabelPolicy(kinds=kinds)) == ()
    assert len(check_labels([change(5)], LabelPolicy(kinds=kinds, strict=True))) == 1


OPTIONAL: list[tuple[str, dict[str, Any], bool]] = [
    ("an author", {"author": "dependabot[bot]"}, True),
    ("an author by pattern", {"author": "renovate[bot]"}, True),
    ("an author in other letters", {"author": "Dependabot[bot]"}, True),
    ("an agent", {"agent": "Copilot"}, True),
    ("all files", {"paths": ("docs/a.md", "docs/b/c.md")}, True),
    ("some files", {"paths": ("docs/a.md", "src/b.rs")}, False),
    ("no files known", {}, False),
]


@pytest.mark.parametrize(("fields", "optional"), [c[1:] for c in OPTIONAL], ids=[c[0] for c in OPTIONAL])
def test_exceptions_need_neither_label_nor_milestone(fields: dict[str, Any], optional: bool) -> None:
    policy = LabelPolicy(
        kinds=KUBE_KINDS,
        strict=True,
        optional_authors=("dependabot[bot]", "renovate*", "Copilot"),
        optional_paths=("docs/*",),
    )
    one = change(5, **fields)

    assert (check_labels([one], policy) == ()) is optional
    assert (check_milestone([one], MILESTONE, policy) == ()) is optional
    assert (proposals([one], policy, MILESTONE) == ()) is optional


def test_pull_requests_of_castoff_need_neither_label_nor_milestone() -> None:
    own = [change(5, head="castoff/release-1.1.0"), change(6, head="castoff/changelog-1.1.0")]
    strict = replace(POLICY, strict=True)

    assert check_labels(own, strict) == ()
    assert check_milestone(own, MILESTONE, strict) == ()
    assert check_labels([change(7, head="topic")], strict) != ()


@pytest.mark.parametrize(
    ("excluded", "given"),
    [((), None), (("wontfix", "ignore-for-release"), "ignore-for-release"), (("internal",), "internal")],
    ids=["none is excluded", "the one that says so", "any"],
)
def test_castoffs_own_pull_requests_get_a_label_that_is_excluded(
    excluded: tuple[str, ...], given: str | None
) -> None:
    assert label_of_own(NotesConfiguration(exclude_labels=excluded)) == given


def test_an_exception_does_not_excuse_two_labels() -> None:
    policy = replace(POLICY, optional_authors=("ada",))

    assert len(check_labels([change(5, labels=("changelog-fix", "changelog-add"))], policy)) == 1


def test_milestones_are_known_by_their_number() -> None:
    changes = [change(1, milestone=7), change(3, milestone=6, milestone_title="1.9.0"), change(2)]

    found = check_milestone(changes, MILESTONE, POLICY)

    assert [(p.code, p.pull_request, p.severity) for p in found] == [
        ("change-milestone-missing", 2, "warning"),
        ("change-milestone-other", 3, "warning"),
    ]
    assert "is in the milestone `1.9.0`" in found[1].message


def test_commits_without_a_pull_request_are_named_with_a_link() -> None:
    (problem,) = check_commits(
        [Commit(sha="a" * 40, subject="quick\x1b fix")], POLICY, url="https://github.com/o/r/commit/"
    )

    assert problem.code == "commit-without-change"
    assert problem.message == "commit `aaaaaaaaaaaa` has no pull request: `quick  fix`"
    assert problem.url == "https://github.com/o/r/commit/" + "a" * 40


def test_what_could_be_mended_is_proposed() -> None:
    changes = [
        change(1, labels=("changelog-fix",), milestone=7),
        change(2, "feat: b", labels=("changelog-x",), milestone=6),
        change(3, "c", labels=("changelog-fix", "changelog-add"), milestone=7),
    ]

    assert proposals(changes, POLICY, MILESTONE) == (
        AskForLabel(2, "feat: b", KUBE_KINDS.labels, "changelog-add", ("changelog-x",)),
        SetMilestone(2, 7),
        AskForLabel(3, "c", KUBE_KINDS.labels, None, ("changelog-fix", "changelog-add")),
    )


@given(change_lists(), st.booleans())
def test_changes_without_problems_get_no_proposal(changes: list[Change], strict: bool) -> None:
    policy = replace(POLICY, strict=strict)

    accused = {problem.pull_request for problem in check_labels(changes, policy)}

    asked = {item.change for item in proposals(changes, policy)}
    assert accused == asked
