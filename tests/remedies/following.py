"""Tests that follow a remedy: the situation, the error, the remedy carried out, the error gone.

A test in this folder names its codes with :func:`follows` and calls :func:`follow` for each; the many cheap cases are
rows (:class:`Case`) of a table (:func:`cases`). Both record what was followed, and fail if a code was named but not
followed. ``tests/gates/test_remedies.py`` collects the codes from the same marks.

``told`` quotes the remedy that the case carries out, from the problem's remedy or from its explanation. A remedy that
is reworded to something else therefore fails its test.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from castoff.errors import CastoffError, Problem
from castoff.explain import explain

Test = TypeVar("Test", bound=Callable[..., None])
Look = Callable[[], object]
"""Return the problems of the situation as it is now, or raise a CastoffError."""

_followed: list[str] = []


@dataclass(frozen=True, slots=True)
class Case:
    """One row: the code, the situation before and after the remedy, and the words of the remedy."""

    code: str
    before: Any
    after: Any
    told: str


def follows(*codes: str) -> Callable[[Test], Test]:
    """Mark a test that follows the remedies of these codes; it fails if it follows others, or fewer."""

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def checked(*args: Any, **kwargs: Any) -> None:
            _followed.clear()
            test(*args, **kwargs)
            assert set(_followed) == set(codes), "the codes that were followed are not the codes of the mark"

        checked.followed_codes = codes  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return decorate


def cases(rows: Sequence[Case]) -> Callable[[Test], Test]:
    """Parametrize a test with ``case``; each row must be followed."""

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def checked(*args: Any, case: Case, **kwargs: Any) -> None:
            _followed.clear()
            test(*args, case=case, **kwargs)
            assert _followed == [case.code]

        checked.followed_codes = tuple(row.code for row in rows)  # type: ignore[attr-defined]
        return pytest.mark.parametrize("case", rows, ids=[row.code for row in rows])(checked)

    return decorate


def follow(code: str, look: Look, *, told: str, do: Callable[[], object], then: Look | None = None) -> None:
    """Require the code and the words of its remedy, carry the remedy out, require the code to be gone.

    ``then`` is the second look if it is another one. Any error in the second look fails: a remedy that leads from
    one error to the next is not a remedy.
    """
    problem = require(code, look, told=told)
    do()
    left = problems_of(then or look)
    assert code not in [one.code for one in left], (problem, left)
    errors = [one for one in left if one.severity == "error"]
    assert errors == [], f"{code}: the remedy leads to other errors: {errors}"
    _followed.append(code)


def follow_row(case: Case, look: Callable[[Any], object]) -> None:
    """Follow a row: look at the situation before the remedy and at the one after it."""
    situation = [case.before]
    follow(
        case.code,
        lambda: look(situation[0]),
        told=case.told,
        do=lambda: situation.append(case.after) or situation.pop(0),
    )


def require(code: str, look: Look, *, told: str) -> Problem:
    """Return the problem with this code; its remedy or its page must hold ``told``."""
    found = problems_of(look)
    problem = next((one for one in found if one.code == code), None)
    assert problem is not None, f"{code} did not appear: {found}"
    texts = [" ".join(text.split()) for text in (problem.remedy, explain(code))]
    assert told, "a case quotes the remedy that it follows"
    assert any(told in text for text in texts), f"{told!r} is not in {texts}"
    return problem


def problems_of(look: Look) -> list[Problem]:
    """Return the problems that a look gives or raises: a problem, problems, or something that has problems."""
    try:
        value = look()
    except CastoffError as error:
        return list(error.problems)
    return list(_problems(value))


def _problems(value: object) -> Iterable[Problem]:
    if isinstance(value, Problem):
        return [value]
    held = getattr(value, "problems", value)
    if isinstance(held, (list, tuple, set, frozenset)):
        return [one for one in held if isinstance(one, Problem)]
    return []
