"""Records: texts that a test compares word for word with a file beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from castoff.errors import Problem


def assert_recorded(record: Path, found: str) -> None:
    """Compare with a record; with CASTOFF_WRITE_CASES=1 it is written anew: read the difference before you commit."""
    if os.environ.get("CASTOFF_WRITE_CASES"):
        record.parent.mkdir(exist_ok=True)
        record.write_text(found, encoding="utf-8")

    assert found == record.read_text("utf-8")


def problems_as_text(case: str, problems: Iterable[Problem]) -> str:
    """Write down what a case reports, everything of a problem that a person sees."""
    return f"== {case}\n" + "".join(map(_problem, problems))


def _problem(one: Problem) -> str:
    place = ":".join(str(part) for part in (one.file, one.line) if part is not None)
    about = [place, one.package, f"#{one.pull_request}" if one.pull_request else None, one.commit, one.url]
    head = " ".join([one.severity, one.code, *(f"[{part}]" for part in about if part)])
    return f"{head}: {one.message}\n  {one.reason}\n  {one.remedy}\n"
