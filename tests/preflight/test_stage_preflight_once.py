"""A thing that many checks miss is told once."""

from __future__ import annotations

from castoff.errors import UsageError
from castoff.preflight.stage import Check, Found, errors_of, run_checks


def test_what_many_checks_miss_is_one_error() -> None:
    def ask() -> Found:
        raise UsageError.of("program-missing", "`cargo` was not found", remedy="install `cargo`")

    answers = run_checks([Check(f"free:{number}", "preflight", ask) for number in range(12)])

    assert [one.result for one in answers] == ["fail"] * 12
    assert [one.code for one in errors_of(answers)] == ["program-missing"]
