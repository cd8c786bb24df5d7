"""What holds for any changelog and any notes."""

from __future__ import annotations

import datetime
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castoff.changelog import CutOptions, PortOptions, cut, parse, port
from castoff.changelog.doctor import examine, fix
from castoff.errors import CastoffError

ROOT = "https://github.com/acme/acme"

STYLES = {
    "kube": (
        f"[{{v}}]({ROOT}/releases/tag/{{v}}) / {{d}}\n===================\n",
        f"UNRELEASED\n===================\n * see {ROOT}/compare/{{last}}...main\n",
    ),
    "keep-a-changelog": ("## [{v}] - {d}\n\n", "## [Unreleased]\n"),
    "towncrier": ("# Acme {v} ({d})\n\n", ""),
    "plain": ("## v{v} ({d})\n\n", "## Unreleased\n"),
    "bare": ("## {v}\n\n", ""),
}

PIECES = st.sampled_from(
    [
        "* fix it by @jo in https://github.com/acme/acme/pull/7",
        "* closes #12 and (#13)",
        "```diff\n# 1.0.0 / 2020-01-01\n-a\n+b\n```",
        "~~~\n[9.9.9] / 2020-01-01\n=======\n~~~",
        "### `Config`\nText with `code`, a [link](docs/a.md) and <b>tags</b>.",
        "Setext\n------\nmore",
        "<!-- remark -->",
        "    indented code\n    # 1.0",
        "> # quoted 1.2.0 - 2020-01-01\n> text",
        "<details>\n<summary>more</summary>\n\ninside\n\n</details>",
        "1. one\n2. two\n   * three",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Ünïcode ハル \u2028 text",
        "a\\\nb",
        "***",
    ]
)
BODIES = st.lists(PIECES, min_size=1, max_size=6).map(
    lambda parts: (
        "<!-- Release notes generated using configuration in .github/release.yml at x -->\n\n## What's Changed\n"
        + "\n\n".join(parts)
        + "\n\n## New Contributors\n* @new made their first contribution in https://github.com/acme/acme/pull/9\n\n"
        + f"**Full Changelog**: {ROOT}/compare/0.0.1...x"
    )
)
VERSIONS = st.lists(
    st.builds("{}.{}.{}".format, st.integers(0, 3), st.integers(0, 12), st.integers(0, 3)),
    min_size=2,
    max_size=7,
    unique=True,
)


@st.composite
def changelogs(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A changelog of some style, and versions that are not in it yet."""
    style = draw(st.sampled_from(sorted(STYLES)))
    versions = draw(VERSIONS)
    ordered = sorted(versions, key=lambda v: tuple(map(int, v.split("."))), reverse=True)
    there = draw(st.sets(st.sampled_from(ordered), min_size=1, max_size=len(ordered) - 1))
    heading, waiting = STYLES[style]
    text = draw(st.sampled_from(["", "# Changelog\n\n", "<!-- next-header -->\n"]))
    if style == "towncrier":
        text = text.replace("# Changelog\n\n", "")
    if waiting:
        text += waiting.format(last="0.0.0") + "\n"
    for version in ordered:
        if version in there:
            pieces = draw(st.lists(PIECES, min_size=1, max_size=3))
            day = datetime.date(2020, 1, 1) + datetime.timedelta(days=100 * ordered[::-1].index(version))
            text += heading.format(v=version, d=day) + "\n\n".join(pieces) + "\n\n"
    if style == "keep-a-changelog":
        text += f"[unreleased]: {ROOT}/compare/0.0.0...HEAD\n"
        text += "".join(f"[{v}]: {ROOT}/releases/tag/{v}\n" for v in ordered if v in there)
    text = text.rstrip("\n") + draw(st.sampled_from(["", "\n", "\n\n"]))
    text = draw(st.sampled_from(["", "\ufeff"])) + text
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return text, [version for version in ordered if version not in there]


def put(text: str, version: str, body: str) -> str:
    done = port(text, version, body, f"{ROOT}/releases/tag/{version}", "2024-02-03", PortOptions(news=""))
    assert done.outcome in ("created", "unchanged", "filled")
    return done.text


def kept(text: str, without: str) -> list[str]:
    """Every line outside a version's section, its definition and the comparison of what is unreleased."""
    log = parse(text)
    mine = log.find(without)
    start, end = (mine[0].start, mine[0].end) if mine else (0, 0)
    lines = (text[:start] + text[end:]).splitlines(keepends=True)
    own = (f"[{without}]:", f"[v{without}]:")
    return [
        line.rstrip("\r\n")
        for line in lines
        if line.strip() and not line.startswith(own) and not line.rstrip().endswith(("...HEAD", "...main"))
    ]


@given(changelogs(), BODIES)
@settings(max_examples=150, deadline=None)
def test_porting_again_changes_no_byte(made: tuple[str, list[str]], body: str) -> None:
    text, missing = made
    once = put(text, missing[0], body)
    again = port(once, missing[0], body, f"{ROOT}/releases/tag/{missing[0]}", "2024-02-03")
    assert again.outcome == "unchanged"
    assert again.text == once


@given(changelogs(), BODIES)
@settings(max_examples=150, deadline=None)
def test_no_line_outside_the_section_changes(made: tuple[str, list[str]], body: str) -> None:
    text, missing = made
    after = put(text, missing[0], body)
    assert kept(after, missing[0]) == kept(text, missing[0])
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    assert ("\r\n" in after, "\n" in after.replace("\r\n", "")) == (
        "\r\n" in text,
        "\n" in text.replace("\r\n", ""),
    )
    assert after.endswith(("\n", "\r")) == text.endswith(("\n", "\r"))


@given(changelogs(), BODIES, st.randoms())
@settings(max_examples=150, deadline=None)
def test_the_order_in_which_releases_are_ported_does_not_matter(
    made: tuple[str, list[str]], body: str, dice: random.Random
) -> None:
    text, missing = made
    shuffled = missing[:]
    dice.shuffle(shuffled)
    one, other = text, text
    for version in missing:
        one = put(one, version, body)
    for version in shuffled:
        other = put(other, version, body)
    assert one == other


@given(changelogs(), BODIES)
@settings(max_examples=100, deadline=None)
def test_sections_stay_in_the_order_of_their_versions(made: tuple[str, list[str]], body: str) -> None:
    text, missing = made
    for version in missing:
        text = put(text, version, body)
    numbers = [tuple(map(int, (s.version or "").split("."))) for s in parse(text).released]
    assert all(newer > older for newer, older in itertools.pairwise(numbers))


@given(changelogs(), BODIES)
@settings(max_examples=100, deadline=None)
def test_the_doctor_finds_nothing_new_after_porting(made: tuple[str, list[str]], body: str) -> None:
    text, missing = made
    before = {(f.kind, f.release) for f in examine(text)}
    after = put(text, missing[0], body)
    new = {(f.kind, f.release) for f in examine(after) if f.severity == "defect"} - before
    assert not {kind for kind, release in new if release == missing[0]}


@given(changelogs(), BODIES)
@settings(max_examples=100, deadline=None)
def test_cutting_first_or_not_ends_in_the_same_section(made: tuple[str, list[str]], body: str) -> None:
    text, missing = made
    done = cut(text, missing[0], "2024-02-03", CutOptions())
    assert cut(done.text, missing[0], "2024-02-03", CutOptions()).text == done.text
    through = put(done.text, missing[0], body)
    straight = put(text, missing[0], body)
    mine, other = parse(through).find(missing[0])[0], parse(straight).find(missing[0])[0]
    assert through[mine.start : mine.end].strip() == straight[other.start : other.end].strip()


@given(
    st.text(max_size=400)
    | st.lists(st.sampled_from("#[]()=-`<!>*\n\r \t1.20/v\\:"), max_size=120).map("".join)
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_examined_and_mended_without_failing(text: str) -> None:
    assert fix(fix(text).text).text == fix(text).text
    for call in (
        lambda: cut(text, "1.2.0", "2024-02-03"),
        lambda: port(text, "1.2.0", "notes", f"{ROOT}/releases/tag/1.2.0", "2024-02-03"),
        lambda: port("# Changelog\n", "1.2.0", text, f"{ROOT}/releases/tag/1.2.0", "2024-02-03"),
    ):
        try:
            call()
        except CastoffError as error:
            assert error.problems[0].code.startswith("changelog-")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 1_000_000, id="brackets"),
        pytest.param("]" * 1_000_000, id="closing brackets"),
        pytest.param("![" * 40_000 + "[a](b)" * 10_000, id="images around links"),
        pytest.param("[a](" * 60_000, id="links without an end"),
        pytest.param("`" * 500_000, id="one run of ticks"),
        pytest.param("".join("`" * n + " " for n in range(1, 600)), id="runs of ticks, all different"),
        pytest.param("<!-- " * 40_000, id="comments without an end"),
        pytest.param("> " * 100_000, id="quotations"),
        pytest.param("".join("  " * n + "- a\n" for n in range(600)), id="nested lists"),
        pytest.param("## 1.0.0 - 2020-01-01\n" * 20_000, id="one heading over and over"),
        pytest.param("https://" * 50_000, id="addresses"),
        pytest.param("/compare/" * 50_000, id="comparisons"),
        pytest.param("#1 " * 50_000, id="numbers"),
        pytest.param("[x]: y\n" * 30_000, id="definitions"),
        pytest.param("1." * 200_000, id="a long version"),
        pytest.param("## " + "a " * 200_000 + "1.2.0", id="a long title"),
        pytest.param("<a name=" * 60_000, id="tags"),
        pytest.param("* @x made their first contribution in y\n" * 20_000, id="first contributions"),
    ],
)
def test_hostile_text_is_examined_in_reasonable_time(text: str) -> None:
    examine(text)
