"""Is every fault of `.github/release.yml` found, with its line, and nothing that is no fault?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notes_cases import KUBE

from castoff.errors import CastoffError, ConfigurationError, Problem
from castoff.notes.configuration import read_configuration
from castoff.text.yaml import LARGEST_TEXT, read_yaml
from castoff.world.forge.generated_notes import InvalidConfiguration, parse
from recorded import assert_recorded, problems_as_text

RECORD = Path(__file__).parent / "data" / "configuration_problems.txt"


def warnings(text: str, labels: tuple[str, ...] | None = None) -> tuple[Problem, ...]:
    return read_configuration(text, forge_labels=labels).warnings


def category(title: str, *labels: str) -> str:
    return f"    - title: {title}\n      labels: [{', '.join(labels)}]\n"


def below(*categories: str) -> str:
    return "changelog:\n  categories:\n" + "".join(categories)


def test_the_file_of_kube_is_read_without_a_word() -> None:
    read = read_configuration(KUBE)

    assert read.warnings == ()
    assert read.configuration.exclude_labels == ("changelog-exclude",)
    assert [(c.title, c.labels) for c in read.configuration.categories] == [
        ("Added", ("changelog-add",)),
        ("Changed", ("changelog-change",)),
        ("Deprecated", ("changelog-deprecate",)),
        ("Removed", ("changelog-remove",)),
        ("Fixed", ("changelog-fix",)),
    ]


SYNTAX = [
    ("a tab as indentation", "changelog:\n\texclude: 1\n", 2),
    ("an open list", "changelog: [\n", 2),
    ("an open quote", 'changelog: "\n', 2),
    ("an unknown alias", "changelog: *a\n", 1),
    ("a null character", "a: \x00", None),
    ("two keys in a line", "a: b: c", 1),
    ("an alias inside itself", "a: &a [*a]", 1),
    ("too deep", "[" * 5000, None),
    ("too large", "a" * (LARGEST_TEXT + 1), None),
    ("a directive that is none", "%FOO\n", 2),
    ("a lone surrogate", "a: \ud800", None),
]


@pytest.mark.parametrize(("text", "line"), [c[1:] for c in SYNTAX], ids=[c[0] for c in SYNTAX])
def test_what_is_no_yaml_is_refused(text: str, line: int | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(text)

    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("notes-configuration-syntax", line)
    assert problem.file == ".github/release.yml"


REFUSED = [
    ("a list at the top", "- a", "the property '#/' is of type array, it must be of type object", 1),
    ("a text at the top", "a", "the property '#/' is of type string", 1),
    ("changelog is null", "changelog:\n", "'#/changelog' is of type null", 1),
    ("changelog is a list", "changelog: []\n", "'#/changelog' is of type array", 1),
    ("exclude is a list", "changelog:\n  exclude: [a]\n", "'#/changelog/exclude' is of type array", 2),
    (
        "labels are null",
        "changelog:\n  exclude:\n    labels:\n",
        "'#/changelog/exclude/labels' is of type null, it must be of type array",
        3,
    ),
    (
        "labels are a text",
        "changelog:\n  exclude:\n    labels: a\n",
        "'#/changelog/exclude/labels' is of type",
        3,
    ),
    ("authors are a text", "changelog:\n  exclude:\n    authors: a\n", "'#/changelog/exclude/authors' is", 3),
    (
        "categories are an object",
        "changelog:\n  categories: {}\n",
        "'#/changelog/categories' is of type object",
        2,
    ),
    ("categories are null", "changelog:\n  categories:\n", "'#/changelog/categories' is of type null", 2),
    (
        "a category is a text",
        "changelog:\n  categories: [a]\n",
        "'#/changelog/categories/0' is of type string",
        2,
    ),
    (
        "no title",
        "changelog:\n  categories:\n  - labels: [a]\n",
        "'#/changelog/categories/0' has no `title`",
        3,
    ),
    (
        "no labels",
        "changelog:\n  categories:\n  - title: a\n",
        "'#/changelog/categories/0' has no `labels`",
        3,
    ),
    (
        "label for labels",
        "changelog:\n  categories:\n  - title: a\n    label: [a]\n",
        "'#/changelog/categories/0' has no `labels`",
        3,
    ),
    (
        "a title is null",
        below("    - {title: , labels: [a]}\n"),
        "'#/changelog/categories/0/title' is of type null",
        3,
    ),
    ("a title is a number", below("    - {title: 1, labels: [a]}\n"), "/title' is of type integer", 3),
    ("a label is a number", below("    - {title: a, labels: [1.0]}\n"), "/labels/0' is of type number", 3),
    ("a label is a boolean", below("    - {title: a, labels: [no]}\n"), "/labels/0' is of type boolean", 3),
    ("a label is a date", below("    - {title: a, labels: [2026-01-01]}\n"), "/labels/0' is of type date", 3),
    ("a label is a list", below("    - {title: a, labels: [[a]]}\n"), "/labels/0' is of type array", 3),
]


@pytest.mark.parametrize(("text", "message", "line"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_the_forge_refuses_is_an_error(text: str, message: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(text)

    (problem,) = [problem for problem in caught.value.problems if problem.severity == "error"]
    assert problem.code == "notes-configuration-refused"
    assert message in problem.message
    assert problem.line == line


def test_all_violations_are_named_together() -> None:
    text = "changelog:\n  exclude: {labels: a, authors: b}\n  categories: [{title: 1}]\n"

    with pytest.raises(ConfigurationError) as caught:
        read_configuration(text)

    assert len(caught.value.problems) == 4


def test_a_misspelt_key_that_is_the_cause_is_named_too() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration("changelog:\n  categories:\n  - title: a\n    label: [a]\n")

    assert [problem.remedy for problem in caught.value.problems][1] == "did you mean `labels`?"


def test_a_value_that_needs_quotes_is_shown_with_them() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(below(category("A", "no")))

    assert caught.value.problems[0].remedy == "quote it: `'no'`"


ODD = [
    ("empty", "", "notes-configuration-empty", 1),
    ("only a comment", "# nothing\n", "notes-configuration-empty", 1),
    ("an empty object", "{}", "notes-configuration-empty", 1),
    ("an unknown key at the top", "changelog: {}\nversion: 1\n", "notes-configuration-unknown-key", 2),
    ("an unknown key below", "changelog:\n  category: []\n", "notes-configuration-unknown-key", 2),
    (
        "an unknown key in exclude",
        "changelog:\n  exclude:\n    label: []\n",
        "notes-configuration-unknown-key",
        3,
    ),
    ("a doubled key", "changelog: {}\nchangelog: {}\n", "notes-configuration-duplicate-key", 2),
    ("a category without labels", below("    - {title: A, labels: []}\n"), "notes-category-unreachable", 3),
    ("a category twice", below(category("A", "a"), category("A", "b")), "notes-category-duplicate", 5),
    ("a label twice", below(category("A", "a"), category("B", "a")), "notes-category-unreachable", 5),
    ("a catch-all first", below(category("A", "'*'"), category("B", "b")), "notes-catch-all-not-last", 5),
    ("two catch-alls", below(category("A", "'*'"), category("B", "'*'")), "notes-catch-all-not-last", 5),
    ("a bot", "changelog:\n  exclude:\n    authors: [dependabot]\n", "notes-author-without-bot", 3),
    (
        "an author with an at",
        "changelog:\n  exclude:\n    authors: ['@ada']\n",
        "notes-author-matches-nobody",
        3,
    ),
    (
        "an app's path",
        "changelog:\n  exclude:\n    authors: [app/dependabot]\n",
        "notes-author-matches-nobody",
        3,
    ),
    (
        "a bot with capitals",
        "changelog:\n  exclude:\n    authors: ['Dependabot[bot]']\n",
        "notes-author-matches-nobody",
        3,
    ),
    ("a pattern of labels", below(category("A", "'uplift*'")), "notes-label-pattern", 3),
    (
        "a pattern of excluded labels",
        "changelog:\n  exclude:\n    labels: ['skip-*']\n",
        "notes-label-pattern",
        None,
    ),
    ("everything excluded", "changelog:\n  exclude:\n    labels: ['*']\n", "notes-exclude-everything", 3),
    (
        "an excluded label in a category",
        "changelog:\n  exclude: {labels: [a]}\n  categories:\n" + category("A", "a"),
        "notes-category-unreachable",
        4,
    ),
]


@pytest.mark.parametrize(("text", "code", "line"), [c[1:] for c in ODD], ids=[c[0] for c in ODD])
def test_what_is_odd_is_a_warning(text: str, code: str, line: int) -> None:
    (warning,) = warnings(text)

    assert (warning.code, warning.severity, warning.line) == (code, "warning", line)


LABELS = ("bug", "feature")


def problems_of(text: str, labels: tuple[str, ...] | None = None) -> tuple[Problem, ...]:
    try:
        return warnings(text, labels)
    except ConfigurationError as error:
        return error.problems


def test_each_problem_reads_as_recorded() -> None:
    cases = [
        *((name, text, None) for name, text, *_ in REFUSED),
        *((name, text, None) for name, text, *_ in ODD),
        ("a value that needs quotes", below(category("A", "no")), None),
        ("a key that no key is like", "changelog:\n  zzz: []\n", None),
        ("a key that is misspelt", "changelog:\n  catagories: []\n", None),
        ("an author that no login is like", "changelog:\n  exclude:\n    authors: ['a b']\n", None),
        ("an author that is nearly a login", "changelog:\n  exclude:\n    authors: ['@ada']\n", None),
        ("a label that the forge does not have", below(category("A", "Bug"), category("B", "zzz")), LABELS),
    ]

    assert_recorded(
        RECORD, "".join(problems_as_text(name, problems_of(text, labels)) for name, text, labels in cases)
    )


@pytest.mark.parametrize(
    ("author", "login"),
    [
        ("@dependabot[bot]", "dependabot[bot]"),
        ("app/dependabot", "dependabot[bot]"),
        ("app/acme-helper", "acme-helper[bot]"),
        ("https://github.com/ada", "ada"),
        ("Renovate[bot]", "renovate[bot]"),
    ],
)
def test_the_login_that_is_meant_is_named(author: str, login: str) -> None:
    (warning,) = warnings(f"changelog:\n  exclude:\n    authors: ['{author}']\n")

    assert warning.remedy == f"write `{login}`"


@pytest.mark.parametrize(
    "author", ["ada", "Ada-99", "dependabot[bot]", "acme-helper[bot]", "Copilot", "ada_acme", "ghost"]
)
def test_what_can_be_a_login_is_not_odd(author: str) -> None:
    assert warnings(f"changelog:\n  exclude:\n    authors: ['{author}']\n") == ()


def test_a_label_with_a_star_that_exists_is_not_odd() -> None:
    text = below(category("A", "'c*'"))

    assert read_configuration(text, forge_labels=["c*"]).warnings == ()
    assert [one.code for one in read_configuration(text, forge_labels=["c"]).warnings] == [
        "notes-label-pattern"
    ]


@pytest.mark.parametrize("title", ["N", "y", "Y", "n"])
def test_a_single_letter_is_a_text_as_in_ruby(title: str) -> None:
    text = below(category(title, "a"))

    assert read_configuration(text).configuration.categories[0].title == title
    assert parse(text, "x").categories[0].title == title


@pytest.mark.parametrize("title", ["no", "Yes", "on", "off", "true", "12", "~", "2026-01-01"])
def test_both_readers_refuse_what_is_no_text(title: str) -> None:
    with pytest.raises(ConfigurationError):
        read_configuration(below(category(title, "a")))
    with pytest.raises(InvalidConfiguration):
        parse(below(category(title, "a")), "x")


def test_the_nearest_key_is_named() -> None:
    (warning,) = warnings("changelog:\n  catagories: []\n")

    assert warning.remedy == "did you mean `categories`?"


FINE = [
    ("no category", "changelog:\n  exclude:\n    labels: [a]\n"),
    ("a catch-all last", below(category("A", "a"), category("B", "'*'"))),
    (
        "a catch-all with an exclusion before others",
        below("    - {title: A, labels: ['*'], exclude: {labels: [x]}}\n", category("X", "x")),
    ),
    (
        "a label again after an exclusion",
        below("    - {title: A, labels: [a], exclude: {authors: [b]}}\n", category("B", "a")),
    ),
    ("one label of two is new", below(category("A", "a"), category("B", "a", "b"))),
    (
        "anchors",
        "changelog:\n  exclude: &e {labels: [x]}\n  categories:\n  - {title: A, labels: [a], exclude: *e}\n",
    ),
    (
        "merge keys",
        below("    - &a {title: A, labels: [a]}\n", "    - {<<: *a, title: B, labels: [b]}\n"),
    ),
    ("windows line ends", below(category("A", "a")).replace("\n", "\r\n")),
    ("a byte order mark", "\ufeff" + below(category("A", "a"))),
    ("two documents", below(category("A", "a")) + "---\nother: 1\n"),
]


@pytest.mark.parametrize("text", [c[1] for c in FINE], ids=[c[0] for c in FINE])
def test_what_is_fine_is_not_accused(text: str) -> None:
    assert warnings(text) == ()


def test_the_last_of_doubled_keys_counts() -> None:
    read = read_configuration("changelog:\n  exclude: {labels: [a]}\n  exclude: {labels: [b]}\n")

    assert read.configuration.exclude_labels == ("b",)


def test_labels_that_the_forge_does_not_have_are_named_with_the_nearest() -> None:
    text = (
        "changelog:\n  exclude: {labels: [skip]}\n  categories:\n"
        + category("A", "Bug")
        + category("B", "featrue")
    )

    found = warnings(text, ("bug", "feature"))

    assert [(w.code, w.message, w.remedy) for w in found] == [
        ("notes-label-unknown", "the forge has no label `skip`", "create the label, or remove it here"),
        ("notes-label-unknown", "the forge has no label `Bug`", "did you mean `bug`?"),
        ("notes-label-unknown", "the forge has no label `featrue`", "did you mean `feature`?"),
    ]


def test_aliases_do_not_blow_up() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [
        f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], y{n}: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 18)
    ]

    read_yaml("\n".join(lines), file="f")


@given(st.text(alphabet="changelog:ectsiud \n-[]{}&*!|>'\"%#@,?<~\t\\0", max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused_with_our_error(text: str) -> None:
    try:
        read_configuration(text, forge_labels=("a",))
    except CastoffError as error:
        assert error.exit_code == 2


yaml_values = st.recursive(
    st.sampled_from(["~", "1", "no", "a", "'*'", "''"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.dictionaries(
            st.sampled_from(["exclude", "labels", "authors", "title", "categories", "x"]), inner, max_size=3
        ).map(lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}")
    ),
    max_leaves=10,
)


@given(yaml_values)
def test_any_shape_is_read_or_refused_with_our_error(value: str) -> None:
    try:
        read_configuration(f"changelog: {value}", forge_labels=("a",))
    except CastoffError as error:
        assert error.problems[0].code == "notes-configuration-refused"
