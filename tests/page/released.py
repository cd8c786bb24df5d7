"""A release in the middle of its uploads, of any size, with hostile texts wherever one comes from outside."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HOSTILE = "1.1.0 <script>document.title = 'owned'</script>"
BODY = (
    "## What's Changed\n\n* Fix <img src=x alt='><script>' onerror=\"document.title='owned'\"> by @ann in "
    "https://github.com/acme/zz/pull/7\n\n"
    "```diff\n- old\n+ new\n```\n\n<script>document.title = 'owned'</script>\n\n"
    "[here](javascript:document.title='owned')\n"
)


def names(count: int) -> list[str]:
    return [*(f"unit-{number:03d}" for number in range(count - 1)), "zz"]


def status(
    count: int, *, up: int, draft: str = "https://github.com/acme/zz/releases/1", **changes: str
) -> dict[str, Any]:
    """Return what `status --json` prints when ``up`` of so many packages are uploaded; ``changes`` are states."""
    every = names(count)
    first, rest = every[: max(1, count // 4)], every[max(1, count // 4) : -1]
    states = {
        "version": "done",
        "publish": "done" if up == count else "todo",
        "tag": "todo",
        "announce": "todo",
    }
    stages: list[dict[str, Any]] = [
        {"name": name, "state": state, "required": True, "observations": []}
        for name, state in (states | changes).items()
    ]
    stages[1]["observations"] = [
        {"id": f"{one}-1.1.0.crate", "part": one, "answer": "present" if one in every[:up] else "absent"}
        for one in every
    ]
    return {
        "schema": "castoff/status",
        "version": "1.1.0",
        "phase": "in-flight",
        "stages": stages,
        "draft": {"url": draft, "age_seconds": 4000, "title": HOSTILE, "body": BODY},
        "waves": [first, rest, ["zz"]],
        "needs": {**dict.fromkeys(rest, first), "zz": [*first, *rest]},
        "schedule": [
            {"act": act(one), "not_before_seconds": 60.0 * number} for number, one in enumerate(every[up:])
        ],
        "problems": [],
    }


def act(name: str) -> str:
    return f"publish:cargo:{name}:{name}-1.1.0.crate"


class Run:
    """The file of a run's events, written line by line."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._count = 0
        self._began = datetime.now(UTC)

    def tell(self, kind: str, *, after: float = 0.0, **facts: object) -> None:
        self._count += 1
        at = (
            (self._began + timedelta(seconds=after)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"seq": self._count, "at": at, "type": kind, **facts}) + "\n")

    def upload(self, name: str, *, after: float = 0.0, outcome: str | None = "done") -> None:
        facts = {"act": act(name), "target": f"{name}-1.1.0.crate", "package": name}
        self.tell("act-begin", after=after, **facts)
        if outcome is not None:
            self.tell("act-end", outcome=outcome, after=after, **facts)
