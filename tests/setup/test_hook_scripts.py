from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moving_in_trees import SHARED_HOOK

from castoff.setup.scripts import (
    CheckCommand,
    Dropped,
    Exchange,
    NotUnderstood,
    Recognised,
    RecommendedVersion,
    ReplacementRule,
    is_complete,
    read_script,
)
from castoff.setup.shell import commands, said
from castoff.setup.values import as_template, placeholder


def rules(script: str) -> list[tuple[str, str, str]]:
    """Give file, search and replacement of each rule."""
    found = read_script(script)
    return [
        (one.file, one.exchange.search, one.exchange.replace)
        for one in found
        if isinstance(one, ReplacementRule)
    ]


def test_a_hook_of_the_kind_that_kube_has_is_understood_completely() -> None:
    found = read_script(SHARED_HOOK)

    assert is_complete(found)
    assert [one for one in found if not isinstance(one, Dropped)] == [
        ReplacementRule(10, "rocket-derive/README.md", Exchange("{previous}", "{version}", literal=True)),
        ReplacementRule(11, "README.md", Exchange("{previous}", "{version}", literal=True)),
        RecommendedVersion(18, "fuel", "README.md"),
    ]
    reasons = [one.reason for one in found if isinstance(one, Dropped)]
    assert len(reasons) == 5
    assert sum("heading" in reason for reason in reasons) == 2
    assert any("links issue numbers" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(
            'sed -i "s/$PREV_VERSION/$NEW_VERSION/g" README.md',
            [("README.md", "{previous}", "{version}")],
            id="sed, the old version",
        ),
        pytest.param(
            "sed -i.bak -E -e \"s|tool=[0-9.]+|tool=${NEW_VERSION}|g\" -e 's/a(b)c/\\1/' docs/a.md",
            [("docs/a.md", "tool=[0-9.]+", "tool={version}"), ("docs/a.md", "a(b)c", r"\g<1>")],
            id="sed, several extended expressions",
        ),
        pytest.param(
            "sed -i 's/v\\([0-9.]*\\)+ (x)/v\\1/' a.md",
            [("a.md", r"v([0-9.]*)\+ \(x\)", r"v\g<1>")],
            id="sed, basic expressions",
        ),
        pytest.param(
            "sed -i -E 's/v[[:digit:]]+/&!/' a.md", [("a.md", "v[0-9]+", r"\g<0>!")], id="classes and the whole match"
        ),
        pytest.param(
            "FILES=( a.md b.md )\nfor file in ${FILES[@]}; do\n  sed -i \\\n    -e 's/x/y/' \\\n    \"./$file\"\ndone",
            [("a.md", "x", "y"), ("b.md", "x", "y")],
            id="a loop over a list",
        ),
        pytest.param(
            "sd -s 'v1' \"v$NEW_VERSION\" a.md b.md",
            [("a.md", "v1", "v{version}"), ("b.md", "v1", "v{version}")],
            id="sd with fixed texts, two files",
        ),
        pytest.param(
            "sd 'v(?<major>\\d+)' 'v${major}-$NEW' a.md", [("a.md", r"v(?P<major>\d+)", r"v\g<major>-\g<NEW>")],
            id="sd with named groups",
        ),
        pytest.param(
            "perl -pi -e \"s/$PREV_VERSION/$NEW_VERSION/g\" a.md", [("a.md", "{previous}", "{version}")], id="perl"
        ),
        pytest.param(
            "V=${NEW_VERSION}; sed -i \"s/{version}/$V/\" a.md",
            [("a.md", r"\{version\}", "{version}")],
            id="braces that look like a placeholder stay text",
        ),
    ],
)  # fmt: skip
def test_edits_become_rules(script: str, expected: list[tuple[str, str, str]]) -> None:
    assert rules(script) == expected
    assert is_complete(read_script(script))


@pytest.mark.parametrize(
    "script",
    [
        "python3 scripts/bump.py",
        "find . -name '*.md' | xargs sed -i 's/a/b/'",
        'sed -i "1s/.*/$HEADER/" a.md',
        "sed -i 's/a/b/e' a.md",
        'sed -i "s/a/$(whoami)/" a.md',
        'sed -i s/a/b/ "$(find . -name x)"',
        "echo done > state.txt",
        "cargo run -p xtask",
        "source ./other.sh",
        "sed -i -E 's/(a/b/' a.md",
        "eval \"$COMMAND\"",
        "rm -rf build",
        "rm -f README.md.orig README.md",
        "rm -f",
        "rm -f -- -x",
        "rm --one-file-system a.orig",
        "rm -rf build > /dev/null",
        "python3 scripts/bump.py >/dev/null 2>&1",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said_with_its_line(script: str) -> None:
    found = read_script("#!/bin/sh\n" + script)

    assert [(type(one), one.line) for one in found] == [(NotUnderstood, 2)]


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("git add -A", "commits"),
        ('git commit -m "release"', "commit"),
        ("git push origin main", "pushes"),
        ("cargo update --workspace", "lock files"),
        ('sed -i "s/Unreleased/$NEW_VERSION/" CHANGELOG.md', "heading"),
        ('sed -i "s/\\.\\.\\.main/...v${NEW_VERSION}/" CHANGES.md', "comparison link"),
        ("cat > CHANGELOG.md <<EOL\n# Unreleased\n\n$(cat CHANGELOG.md)\nEOL", "heading"),
    ],
)
def test_what_castoff_does_itself_is_dropped_with_the_reason(script: str, word: str) -> None:
    (found,) = read_script(script)

    assert isinstance(found, Dropped)
    assert word in found.reason


@pytest.mark.parametrize(
    "script",
    [
        "set -eu\necho hello\nexit 0",
        'if [ -z "$NEW_VERSION" ]; then echo "missing" >&2; exit 1; fi',
        'ROOT="$( cd "$(dirname "$0")/.." ; pwd -P )"; cd "$ROOT"',
        "# sed -i s/a/b/ a.md",
        "sed -n 's/a/b/p' a.md",
        'rm "$CRATE_ROOT/README.md.bak"',
        "rm -f README.md.orig",
        "rm -rfv -- README.md~ a.md.rej",
        "rm --force README.md.bak",
        "rm README.md.rej > /dev/null",
        "command -v cargo >/dev/null 2>&1",
        "x=1",
        "",
    ],
)
def test_what_changes_nothing_is_left_out(script: str) -> None:
    assert read_script(script) == ()


def test_a_command_that_only_looks_becomes_a_check() -> None:
    assert read_script("cargo test --all-features") == (CheckCommand(1, ("cargo", "test", "--all-features")),)


def test_arguments_of_the_hook_are_known_by_their_numbers() -> None:
    found = read_script('VERSION="${1:?usage}"\nsed -i "s/v.*/v$VERSION/" a.md', (placeholder("version"),))

    assert [one.exchange.replace for one in found if isinstance(one, ReplacementRule)] == ["v{version}"]


def test_a_path_below_the_crate_is_told_apart() -> None:
    (found,) = read_script('sed -i "s/a/b/" "${CRATE_ROOT}/README.md"')

    assert found == ReplacementRule(1, "README.md", Exchange("a", "b", literal=True), of_crate=True)


@given(st.text(alphabet="ab$'\"`(){}[]|&;<>#\\ \n=!*", max_size=80))
def test_any_text_is_read_to_its_end(script: str) -> None:
    found: tuple[Recognised, ...] = read_script(script)

    lines = script.count("\n") + 1
    assert all(1 <= one.line <= lines for one in found)


@pytest.mark.parametrize("unit", ["$(", '"$(', "`", "((", "${", "<<A\n", "'", "a=(", "$((("])
def test_a_hostile_script_costs_no_more_than_its_length(unit: str) -> None:
    read_script(unit * 3000)


def test_a_text_of_words_comes_back_as_those_words() -> None:
    (command,) = commands("""echo 'a b' "c d" e\\ f # rest""")

    assert [said(word) for word in command.words] == ["echo", "a b", "c d", "e f"]


@given(st.text(max_size=40))
def test_a_text_from_outside_never_becomes_a_placeholder(text: str) -> None:
    assert "{version}" not in as_template(text.replace("{", "")) or "\ue000" in text
