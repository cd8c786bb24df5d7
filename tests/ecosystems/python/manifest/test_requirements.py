from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Judge
from packaging.specifiers import SpecifierSet

from castoff.ecosystems.python.manifest.requirements import Dialect, moved, read_requirement
from castoff.ecosystems.python.names import name_of, normalised

MOVES = [
    ("exact pin", "==1.2.0", "1.2.0", "1.3.0", "==1.3.0"),
    ("exact pin with a space", "== 1.2.0", "1.2.0", "1.3.0", "== 1.3.0"),
    ("exact pin, short", "==1.2", "1.2.0", "1.3.0", "==1.3"),
    ("exact pin, too short for the new one", "==1.2", "1.2.0", "1.2.1", "==1.2.1"),
    ("exact pin of a development version", "==1.3.0.dev0", "1.3.0.dev0", "1.3.0", "==1.3.0"),
    ("arbitrary equality", "===1.2.0", "1.2.0", "1.3.0", "===1.3.0"),
    ("stale pin", "==1.1.0", "1.2.0", "1.3.0", "==1.3.0"),
    ("stale short pin", "==1.2", "1.2.5", "1.3.0", "==1.3"),
    ("compatible release", "~=1.2.0", "1.2.0", "1.3.0", "~=1.3.0"),
    ("compatible release, short", "~=1.2", "1.2.4", "1.3.0", "~=1.3"),
    ("stale compatible release", "~=1.1.0", "1.2.0", "1.3.0", "~=1.3.0"),
    ("a floor set by hand", "~=1.15", "1.45.0", "1.46.0", "~=1.15"),
    ("a low floor set by hand", ">=1", "1.45.0", "1.46.0", ">=1"),
    ("a floor by hand that shuts the new one out", "~=1.15", "1.45.0", "2.0.0", "~=2.0"),
    ("floor", ">=1.2.0", "1.2.0", "1.3.0", ">=1.3.0"),
    ("floor longer than the version", ">=1.2.0.1", "1.2.0", "1.3.0", ">=1.3.0"),
    ("stale floor", ">=1.1.0", "1.2.0", "1.3.0", ">=1.3.0"),
    ("floor and bound", ">=1.2.0,<2", "1.2.0", "1.3.0", ">=1.3.0,<2"),
    ("bound at a major", ">=1.2.0,<2", "1.2.0", "2.0.0", ">=2.0.0,<3"),
    ("bound at a minor", ">=1.2.0, <1.3.0", "1.2.0", "1.3.0", ">=1.3.0, <1.4.0"),
    ("bound with zeros", "<2.0.0", "1.2.0", "2.0.0", "<3.0.0"),
    ("bound against a pre-release", "<2", "1.2.0", "2.0.0rc1", "<3"),
    ("closed bound", ">=1.0.0,<=1.2.0", "1.2.0", "1.3.0", ">=1.3.0,<=1.3.0"),
    ("wildcard", "==1.2.*", "1.2.4", "1.3.0", "==1.3.*"),
    ("wildcard that still matches", "==1.*", "1.2.0", "1.3.0", "==1.*"),
    ("wildcard at a pre-release", "==1.2.*", "1.2.4", "1.3.0rc1", "==1.3.0rc1"),
    ("wider wildcard at a pre-release", "==1.*,!=1.2.1", "1.2.0", "1.3.0rc1", "==1.3.0rc1,!=1.2.1"),
    (
        "wildcard that excludes, at a pre-release",
        "==1.2.0,!=1.1.*",
        "1.2.0",
        "1.3.0rc1",
        "==1.3.0rc1,!=1.1.*",
    ),
    ("excluded older version", "!=1.1.0,>0.9", "1.2.0", "1.3.0", "!=1.1.0,>0.9"),
    ("nothing", "", "1.2.0", "1.3.0", ""),
    ("pre-release", "==1.2.0", "1.2.0", "1.3.0rc1", "==1.3.0rc1"),
    ("pre-release in a floor", "~=1.2", "1.2.0", "1.3.0rc1", "~=1.3rc1"),
    ("from pre-release to release", "==1.3.0rc1", "1.3.0rc1", "1.3.0", "==1.3.0"),
    ("two numbers", "==1.2", "1.2", "1.3", "==1.3"),
    ("already there, spelled shorter", "==0rc1", "0.0.0rc1", "0.0.0rc1", "==0rc1"),
    ("already there, arbitrary equality spelled shorter", "===0rc1", "0.0.0rc1", "0.0.0rc1", "===0.0.0rc1"),
    ("already there, a floor set by hand", ">=1", "1.0.1rc1", "1.0.1rc1", ">=1"),
    ("already there, a wildcard", "==1.0.*", "1.0.1rc1", "1.0.1rc1", "==1.0.1rc1"),
    ("already there, a stale pin", "==1.0.0", "1.0.1", "1.0.1", "==1.0.1"),
]


@pytest.mark.parametrize(
    ("spec", "old", "new", "expected"), [pytest.param(*row[1:], id=row[0]) for row in MOVES]
)
def test_a_specifier_keeps_its_style(spec: str, old: str, new: str, expected: str) -> None:
    result = moved(spec, old, new)
    assert result.spec == expected
    assert result.admits


POETRY_MOVES = [
    ("caret", "^1.2.0", "^1.3.0"),
    ("short caret", "^1.2", "^1.3"),
    ("tilde", "~1.2.0", "~1.3.0"),
    ("bare version", "1.2.0", "1.3.0"),
    ("equals", "=1.2.0", "=1.3.0"),
    ("double equals", "==1.2.0", "==1.3.0"),
    ("wildcard", "1.2.*", "1.3.*"),
    ("anything", "*", "*"),
    ("floor and bound", ">=1.2.0,<2.0", ">=1.3.0,<2.0"),
    ("alternatives are left alone", "^1.2.0 || ^2.0", "^1.2.0 || ^2.0"),
]


@pytest.mark.parametrize(("spec", "expected"), [pytest.param(*row[1:], id=row[0]) for row in POETRY_MOVES])
def test_poetrys_constraints_keep_their_style(spec: str, expected: str) -> None:
    assert moved(spec, "1.2.0", "1.3.0", "poetry").spec == expected


@pytest.mark.parametrize(
    ("spec", "old", "expected"),
    [
        pytest.param("<1.0+x", "1.2.0", "<1.0+x", id="an upper bound with a local version"),
        pytest.param(">=1+x", "1.2.0", ">=1+x", id="a floor with a local version"),
        pytest.param("~=1", "1.3.0", "~=1", id="a compatible release of one number"),
        pytest.param("~=0", "1.3.0", "~=1", id="a stale one"),
    ],
)
@pytest.mark.parametrize("keeps", [False, True])
def test_what_is_no_clause_of_pep_440_stops_nothing(
    spec: str, old: str, expected: str, *, keeps: bool
) -> None:
    assert moved(spec, old, "1.3.0", "poetry", keeps=keeps).spec == expected


@pytest.mark.parametrize("spec", ["!=1.3.0", ">1.5", "==1.2.0,!=1.3.0"])
def test_what_no_move_can_mend_is_said(spec: str) -> None:
    assert not moved(spec, "1.2.0", "1.3.0").admits


@pytest.mark.parametrize(
    ("text", "name", "extras", "spec", "marker"),
    [
        ("Good", "good", (), "", None),
        ("Go_od.x", "go-od-x", (), "", None),
        (
            " good [B, a] (>=1.0, <2) ; python_version < '3'",
            "good",
            ("a", "b"),
            ">=1.0, <2",
            "python_version < '3'",
        ),
        ("good==1.2.0;extra=='x'", "good", (), "==1.2.0", "extra=='x'"),
        ("good>=1!0,<2!1", "good", (), ">=1!0,<2!1", None),
        ("good[all]~=1.2", "good", ("all",), "~=1.2", None),
        ("good @ https://host/x.whl ; python_version < '3'", "good", (), "", "python_version < '3'"),
    ],
)
def test_a_requirement_is_read(
    text: str, name: str, extras: tuple[str, ...], spec: str, marker: str | None
) -> None:
    found = read_requirement(text)
    assert found is not None
    assert (found.name, found.extras, found.spec, found.marker) == (name, extras, spec, marker)
    assert text[found.start : found.start + len(spec)] == spec
    assert name_of(text) == name


@pytest.mark.parametrize("text", ["", "a b", "a ^1.2", "a 1.2", "a==", "a[b", "-a", "a>=1,,<2"])
def test_what_is_no_requirement_is_not_read(text: str) -> None:
    assert read_requirement(text) is None


VERSIONS = st.builds(
    lambda numbers, suffix: ".".join(map(str, numbers)) + suffix,
    st.lists(st.integers(0, 30), min_size=1, max_size=3),
    st.sampled_from(["", "", "a1", "rc2", ".dev0"]),
)
RELEASES = st.builds(
    lambda numbers, suffix: ".".join(map(str, numbers)) + suffix,
    st.lists(st.integers(0, 30), min_size=3, max_size=3),
    st.sampled_from(["", "", "rc1", "b2"]),
)
CLAUSES = st.one_of(
    st.builds(lambda op, v: op + v, st.sampled_from(["==", ">=", "<", "<=", "== ", ">= "]), VERSIONS),
    st.builds(lambda a, b: f"~={a}.{b}", st.integers(0, 30), st.integers(0, 30)),
    st.builds(lambda a, b: f"=={a}.{b}.*", st.integers(0, 30), st.integers(0, 30)),
)


@given(st.lists(CLAUSES, max_size=3).map(",".join), RELEASES, RELEASES)
def test_what_moved_lets_the_new_version_in_and_moves_no_more(spec: str, old: str, new: str) -> None:
    result = moved(spec, old, new)
    assert result.admits == SpecifierSet(result.spec).contains(new, prereleases=True)
    if result.admits:
        assert moved(result.spec, new, new).spec == result.spec
    assert [part.rstrip("0123456789.*abcrdev") for part in result.spec.split(",")] == [
        part.rstrip("0123456789.*abcrdev") for part in spec.split(",")
    ]


@given(st.text("abAB019.-_ []()@;<>=!~,*'", max_size=20))
def test_reading_agrees_with_the_standard_reader(text: str) -> None:
    try:
        judge = Judge(text)
    except InvalidRequirement:
        return
    found = read_requirement(text)
    assert found is not None, text
    assert found.name == normalised(judge.name)
    if judge.url is None:
        assert SpecifierSet(found.spec) == judge.specifier


@given(st.text(max_size=30), st.sampled_from(["pep440", "poetry"]))
def test_no_text_breaks_the_reader(text: str, dialect: Dialect) -> None:
    read_requirement(text)
    moved(text, "1.2.0", "1.3.0", dialect)


def test_hostile_requirements_are_read_in_linear_time() -> None:
    for text in (
        "a" * 200_000,
        "a[" + "b," * 100_000,
        "a" + "==1," * 50_000,
        "a-" * 100_000,
        "a(" + " " * 100_000,
    ):
        read_requirement(text)


@pytest.mark.parametrize(
    ("spec", "new", "expected", "dialect"),
    [
        pytest.param(">=1.2.0", "1.3.0", ">=1.2.0", "pep440", id="a floor"),
        pytest.param(">=1.2.0,<2", "1.3.0", ">=1.2.0,<2", "pep440", id="a floor below a bound"),
        pytest.param(">=1.2.0,<2", "2.0.0", ">=1.2.0,<3", "pep440", id="the bound moves, the floor stays"),
        pytest.param("~=1.2", "1.3.0", "~=1.2", "pep440", id="a compatible release that admits it"),
        pytest.param("~=1.2.0", "1.3.0", "~=1.3.0", "pep440", id="a compatible release that does not"),
        pytest.param(">=1.4.0", "1.3.0", ">=1.3.0", "pep440", id="a floor above the new version"),
        pytest.param("==1.2.0", "1.3.0", "==1.3.0", "pep440", id="an exact pin"),
        pytest.param("==1.2.*", "1.3.0", "==1.3.*", "pep440", id="a wildcard"),
        pytest.param(
            ">=1.2.0", "1.3.0rc1", ">=1.3.0rc1", "pep440", id="no resolver takes a candidate unasked"
        ),
        pytest.param("1.2.0", "1.3.0", "1.3.0", "poetry", id="Poetry's exact pin"),
        pytest.param("^1.2.0", "1.3.0", "^1.2.0", "poetry", id="a caret that admits it"),
        pytest.param("^1.2", "2.0.0", "^2.0", "poetry", id="a caret that does not"),
        pytest.param("^0.2.0", "0.3.0", "^0.3.0", "poetry", id="a caret below 1"),
        pytest.param("^0.0", "0.1.0", "^0.1", "poetry", id="a caret of zeros"),
        pytest.param("~1.2", "1.2.9", "~1.2", "poetry", id="a tilde that admits it"),
        pytest.param("~1.2", "1.3.0", "~1.3", "poetry", id="a tilde that does not"),
        pytest.param("~1", "1.3.0", "~1", "poetry", id="a tilde on a major version"),
    ],
)
def test_what_admits_the_new_version_stays_where_it_is_kept(
    spec: str, new: str, expected: str, dialect: Dialect
) -> None:
    assert moved(spec, "1.2.0", new, dialect, keeps=True).spec == expected
