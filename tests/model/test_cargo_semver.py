"""Are versions and requirements judged as Cargo's resolver judges them?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.model.semver import Version, read_requirement, read_version


@pytest.mark.parametrize(
    ("requirement", "yes", "no"),
    [
        ("1.2.3", "1.2.3 1.2.4 1.9.0", "1.2.2 2.0.0 0.9.0 1.3.0-rc.1"),
        ("^1", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"),
        ("^0.2", "0.2.0 0.2.9", "0.1.9 0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.2 0.0.4"),
        ("^0.0", "0.0.0 0.0.9", "0.1.0"),
        ("^0", "0.0.0 0.9.9", "1.0.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.9", "2.0.0"),
        ("*", "0.0.1 9.9.9", "1.0.0-rc.1"),
        ("1.*", "1.0.0 1.9.0", "2.0.0"),
        ("1.2.*", "1.2.0 1.2.9", "1.3.0"),
        ("1.x", "1.5.0", "2.0.0"),
        ("=1.2.3", "1.2.3 1.2.3+build", "1.2.4 1.2.3-rc.1"),
        ("=1.2", "1.2.0 1.2.9", "1.3.0"),
        (">=1.2, <1.5", "1.2.0 1.4.9", "1.1.9 1.5.0"),
        (">1", "2.0.0", "1.9.9 1.0.0"),
        (">1.2.3", "1.2.4", "1.2.3"),
        ("<=1", "1.9.9 0.1.0", "2.0.0"),
        ("<1.2", "1.1.9", "1.2.0"),
        ("<1.0.0, >=0.51.0", "0.51.0 0.99.9", "1.0.0 0.50.0"),
        (">=4", "4.0.0 5.0.0", "3.9.9 5.0.0-rc.1"),
        ("1.3.0-rc.1", "1.3.0-rc.1 1.3.0-rc.2 1.3.0 1.4.0", "1.3.0-beta.9 1.4.0-rc.1 2.0.0"),
        ("=1.3.0-rc.1", "1.3.0-rc.1", "1.3.0 1.3.0-rc.2"),
        (">1.2", "1.3.0 2.0.0", "1.2.9 1.1.0"),
        (">1.3.0-rc.1", "1.3.0-rc.2 1.3.0", "1.3.0-rc.1 1.3.0-beta.2"),
        (">=1.3.0-rc.1", "1.3.0-rc.1 1.3.0", "1.3.0-beta.2"),
        ("<1.3.0-rc.2", "1.3.0-rc.1 1.2.9", "1.3.0-rc.2 1.3.0"),
        ("<=1.3.0-rc.2", "1.3.0-rc.2 1.2.9", "1.3.0-rc.3 1.3.0"),
        ("<=1.2.3", "1.2.3 1.2.2", "1.2.4"),
        ("<1.2.3", "1.2.2", "1.2.3"),
        ("<=1.2", "1.2.9 1.1.0", "1.3.0"),
        ("~1.3.0-rc.1", "1.3.0-rc.1 1.3.5", "1.3.0-beta.1 1.4.0"),
        (" = 1.2.3 ", "1.2.3", "1.2.4"),
    ],
)
def test_a_requirement_admits_what_cargo_admits(requirement: str, yes: str, no: str) -> None:
    read = read_requirement(requirement)
    assert read is not None

    verdicts = {text: read.admits(_version(text)) for text in [*yes.split(), *no.split()]}

    assert verdicts == dict.fromkeys(yes.split(), True) | dict.fromkeys(no.split(), False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "1,",
        "a",
        "1.2.3.4",
        ">=1 <2",
        "1 || 2",
        "==1",
        "!=1",
        "*.1",
        "1.*.2",
        "1-rc.1",
        "^*",
        "01",
        "1.2-x",
    ],
)
def test_what_is_no_requirement_is_none(text: str) -> None:
    assert read_requirement(text) is None


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.3-", "1.2.3-01", "1.02.3", "1.2.3 -a"]
)
def test_what_is_no_version_is_none(text: str) -> None:
    assert read_version(text) is None


def test_versions_sort_as_semver_says() -> None:
    texts = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
    ]
    texts += ["1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0", "2.0.0"]

    assert sorted(map(_version, reversed(texts))) == list(map(_version, texts))


@given(st.text(alphabet="0123456789.*^~=<>, -+xarc", max_size=40))
def test_no_text_brings_the_readers_down(text: str) -> None:
    read_requirement(text)
    read_version(text)


@given(*[st.integers(0, 30)] * 3)
def test_a_version_admits_itself_in_every_style(major: int, minor: int, patch: int) -> None:
    version = Version(major, minor, patch)

    for style in ("={}", "^{}", "~{}", ">={}", "<={}", "{}"):
        requirement = read_requirement(style.format(version))
        assert requirement is not None and requirement.admits(version)


def _version(text: str) -> Version:
    version = read_version(text)
    assert version is not None
    return version


@pytest.mark.parametrize("text", ["1.2.0", "1.2.0-rc.1", "1.2.0-alpha"])
def test_a_version_is_written_as_it_was_read(text: str) -> None:
    assert str(read_version(text)) == text
