from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.config.templates import PLACEHOLDERS, TemplateRelease, defects, fill, used
from castoff.errors import ConfigurationError
from castoff.model.versions import read


def occasion(version: str, previous: str | None = "1.2.3") -> dict[str, str]:
    new = read(version)
    assert new is not None
    return TemplateRelease(
        version=new,
        previous=read(previous) if previous else None,
        day=date(2026, 11, 22),
        name="harbour",
        tag=f"v{version}",
        previous_tag=f"v{previous}" if previous else None,
    ).values()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("release {version}", "release 1.3.0-rc.1"),
        ("{name} {pep440} / {semver}", "harbour 1.3.0rc1 / 1.3.0-rc.1"),
        ("{previous}...{version}", "1.2.3...1.3.0-rc.1"),
        ("{previous-tag}...{tag}", "v1.2.3...v1.3.0-rc.1"),
        ("{date}", "2026-11-22"),
        ("{major}.{minor}.{patch}", "1.3.0"),
        ('kube = { version = "{version}" }', 'kube = { version = "1.3.0-rc.1" }'),
        ("a{2,3} ${VERSION} {} {x y} { version }", "a{2,3} ${VERSION} {} {x y} { version }"),
        ("{open}version{close}", "{version}"),
        ("", ""),
    ],
    ids=[
        "version",
        "two spellings",
        "previous",
        "tags",
        "date",
        "numbers",
        "braces around",
        "no placeholders",
        "text itself",
        "empty",
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    assert fill(template, occasion("1.3.0-rc.1")) == text


def test_a_value_is_never_read_as_a_template() -> None:
    assert fill("{name}", {"name": "{version}{{x}}"}) == "{version}{{x}}"


@pytest.mark.parametrize(
    ("template", "code", "word"),
    [
        ("{verson}", "unknown-placeholder", "`{version}`"),
        ("{prev-version}", "unknown-placeholder", "`{previous}`"),
        ("{qq}", "unknown-placeholder", "known placeholders"),
        ("{{version}}", "double-braces", "`{version}`"),
        ("{{ prev_version }}", "double-braces", "`{previous}`"),
    ],
)
def test_what_is_no_placeholder_is_an_error_that_names_the_nearest(
    template: str, code: str, word: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fill(template, occasion("1.3.0"))

    problem = caught.value.problems[0]
    assert problem.code == code
    assert word in problem.remedy


def test_a_first_release_has_no_previous_version() -> None:
    with pytest.raises(ConfigurationError) as caught:
        fill("since {previous}", occasion("0.1.0", previous=None))

    assert caught.value.problems[0].code == "placeholder-without-value"


def test_used_names_the_placeholders() -> None:
    assert used("{version} {open}name{close} {date}") == {"version", "date"}


@given(st.text(alphabet="{}abcversion -_${", max_size=60))
def test_a_template_without_defects_can_be_filled(template: str) -> None:
    values = dict.fromkeys(PLACEHOLDERS, "1")

    if defects(template, PLACEHOLDERS):
        with pytest.raises(ConfigurationError):
            fill(template, values)
    else:
        assert "{version}" not in fill(template, values)


@given(st.text(max_size=200).filter(lambda text: "{" not in text))
def test_text_without_braces_stays_as_it_is(text: str) -> None:
    assert fill(text, {}) == text
