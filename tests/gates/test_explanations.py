from __future__ import annotations

from pathlib import Path

import pytest
from source_codes import CODE, codes_raised, codes_without_reason, literals

from castoff.errors import REASONS, Problem, UsageError
from castoff.explain import codes, explain, reference_text

ROOT = Path(__file__).parents[2]


def test_every_code_that_is_raised_has_its_explanation() -> None:
    missing = {code: place for code, place in codes_raised().items() if code not in codes()}

    assert missing == {}


def test_every_problem_has_a_reason_of_its_own_or_of_its_code() -> None:
    without = codes_without_reason()

    assert {code: place for code, place in without.items() if code not in REASONS} == {}
    assert Problem(code="unknown-key", message="x").reason == REASONS["unknown-key"]
    assert Problem(code="unknown-key", message="x", reason="another").reason == "another"


def test_every_explanation_is_of_a_code_that_is_in_use() -> None:
    assert set(codes()) - literals() == set()


@pytest.mark.parametrize("code", codes())
def test_an_explanation_has_its_code_as_heading_and_says_something(code: str) -> None:
    heading, _, text = explain(code).partition("\n")

    assert CODE.fullmatch(code)
    assert heading == f"# {code}"
    assert 60 <= len(text.strip()) <= 3000
    assert text.endswith("\n")


def test_an_unknown_code_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        explain("unknow-key")

    assert caught.value.problems[0].code == "unknown-code"
    assert "`unknown-key`" in caught.value.problems[0].remedy


@pytest.mark.parametrize("code", ["../errors", "", "a\x1b[2Jb", "x" * 10_000])
def test_an_unknown_code_is_only_a_word(code: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain(code)

    assert caught.value.problems[0].message.isprintable()


def test_the_page_of_the_codes_is_current() -> None:
    assert (ROOT / "docs/reference/errors.md").read_text("utf-8") == reference_text()
