"""The only clock; ``CASTOFF_NOW`` (RFC 3339) replaces it in notes and changelog."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from castoff.errors import UsageError


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds from some fixed point."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def stated_now(environment: Mapping[str, str]) -> datetime:
    """Return the time that notes and changelog shall carry: ``CASTOFF_NOW``, else now.

    Errors: ``bad-time`` where ``CASTOFF_NOW`` is not RFC 3339 with an offset.
    """
    text = environment.get("CASTOFF_NOW")
    if not text:
        return datetime.now(UTC)
    when = _time(text)
    if when is None:
        raise UsageError.of(
            "bad-time",
            f"`CASTOFF_NOW` is not a time: `{text[:60]}`",
            reason="the format is RFC 3339 with an offset, for example 2026-01-31T12:00:00Z",
            remedy="correct it or unset it",
        )
    return when


def _time(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC) if when.tzinfo else None
    except (ValueError, OverflowError):
        return None
