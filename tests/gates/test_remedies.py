"""Every remedy is followed by a test, or listed with the reason why no test machine can follow it."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from castoff.explain import codes

FOLDER = Path(__file__).parents[1] / "remedies"
NOT_FOLLOWABLE: dict[str, str] = tomllib.loads((FOLDER / "not_followable.toml").read_text("utf-8"))


def _followed() -> Iterator[str]:
    for path in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"remedies.{path.stem}")
        for name, value in vars(module).items():
            if name.startswith("test_"):
                yield from getattr(value, "followed_codes", ())


@pytest.fixture(scope="module")
def followed() -> frozenset[str]:
    return frozenset(_followed())


def test_every_code_has_a_test_that_follows_its_remedy(followed: frozenset[str]) -> None:
    assert set(codes()) - followed - NOT_FOLLOWABLE.keys() == set()


def test_no_test_follows_an_unknown_code(followed: frozenset[str]) -> None:
    assert followed - set(codes()) == set()


def test_the_list_of_what_cannot_be_followed_is_true_short_and_has_reasons(followed: frozenset[str]) -> None:
    assert NOT_FOLLOWABLE.keys() & followed == set()
    assert NOT_FOLLOWABLE.keys() - set(codes()) == set()
    assert list(NOT_FOLLOWABLE) == sorted(NOT_FOLLOWABLE)
    assert len(NOT_FOLLOWABLE) * 10 < len(codes())
    assert [code for code, reason in NOT_FOLLOWABLE.items() if len(reason.split()) < 5] == []
