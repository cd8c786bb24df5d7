"""The result of one question about a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.attestations import Publisher

Result = Literal["pass", "warn", "fail", "unknown", "off"]


class Digests(Struct, frozen=True, kw_only=True):
    """The digest of one file as its tag, its registry and its attestation have it; None where one has none."""

    tag: str | None = None
    registry: str | None = None
    attestation: str | None = None


class Verified(Struct, frozen=True, kw_only=True):
    """One question with its answer; ``note`` says what was seen or why nobody asked.

    ``digest`` and ``publisher`` are those of the file that a question is about.
    """

    id: str
    result: Result
    findings: tuple[Problem, ...] = ()
    note: str = ""
    package: str | None = None
    digest: Digests | None = None
    publisher: Publisher | None = None


def judged(name: str, problems: Sequence[Problem]) -> Verified:
    """Return the answer of a question by the worst of its problems."""
    worst: Result = "fail" if any(one.severity == "error" for one in problems) else "warn"
    return Verified(id=name, result=worst, findings=tuple(problems))


def failed(name: str, problem: Problem) -> Verified:
    """Return the answer of a question that a problem decides."""
    return Verified(id=name, result="fail", findings=(problem,))


def unknown(name: str, fact: str, reason: str) -> Verified:
    """Return the answer of a question that nobody could answer."""
    problem = Problem(
        code="cannot-be-known",
        severity="warning",
        message=fact,
        reason=reason,
        remedy="run `castoff verify` again later, or on a machine where it can be checked",
    )
    return Verified(id=name, result="unknown", findings=(problem,))
