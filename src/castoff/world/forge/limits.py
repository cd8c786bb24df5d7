"""How often may a client ask?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from castoff.world.forge.answers import RateLimited, Refused
from castoff.world.forge.records import Json

HOUR = 3600
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)


@dataclass(slots=True, kw_only=True)
class Secondary:
    """After ``after`` writes, the next ``times`` are refused with ``status`` and ``Retry-After``."""

    after: int
    times: int = 1
    retry_after: int = 2
    status: int = 403


@dataclass(slots=True, kw_only=True)
class Limits:
    """The primary limit per token and hour, and a secondary one where it was seeded.

    ``remaining`` and ``reset`` (seconds since 1970) are what every token starts with.
    """

    limit: int = 5000
    remaining: int | None = None
    reset: int | None = None
    secondary: Secondary | None = None
    _used: dict[tuple[str, str], int] = field(default_factory=dict)
    _reset: dict[tuple[str, str], int] = field(default_factory=dict)
    _writes: int = 0

    def spend(self, key: str, resource: str, now: datetime, *, write: bool, login: str) -> None:
        """Count a request, or refuse it with the words and headers of the real service."""
        self._refresh(key, resource, now)
        if self._left(key, resource) <= 0:
            who = f"user ID {login}" if login else "127.0.0.1"
            message = f"API rate limit exceeded for {who}. (But here's the good news: wait until the reset.)"
            raise RateLimited(403, message, headers=self.headers(key, resource, now))
        self._used[key, resource] = self._used.get((key, resource), 0) + 1
        if write:
            self._spend_write()

    def give_back(self, key: str, resource: str) -> None:
        """Take one request back: conditional requests that found nothing new are free."""
        self._used[key, resource] = max(0, self._used.get((key, resource), 0) - 1)

    def headers(self, key: str, resource: str, now: datetime) -> dict[str, str]:
        """Give the headers that every answer carries."""
        view = self.view(key, resource, now)
        return {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in view.items()}

    def view(self, key: str, resource: str, now: datetime) -> Json:
        """Give one resource as ``/rate_limit`` shows it."""
        self._refresh(key, resource, now)
        left = max(0, self._left(key, resource))
        return {
            "limit": self._limit(resource),
            "remaining": left,
            "reset": self._reset[key, resource],
            "used": self._limit(resource) - left,
            "resource": resource,
        }

    def _limit(self, resource: str) -> int:
        return 30 if resource == "search" else self.limit

    def _left(self, key: str, resource: str) -> int:
        start = self._limit(resource)
        if self.remaining is not None and resource != "search":
            start = self.remaining
        return start - self._used.get((key, resource), 0)

    def _refresh(self, key: str, resource: str, now: datetime) -> None:
        moment = int(now.timestamp())
        if (key, resource) not in self._reset:
            self._reset[key, resource] = self.reset if self.reset is not None else moment + HOUR
        if moment >= self._reset[key, resource]:
            self._reset[key, resource] = moment + HOUR
            self._used[key, resource] = 0
            self.remaining = None

    def _spend_write(self) -> None:
        self._writes += 1
        rule = self.secondary
        if rule is None or rule.times <= 0 or self._writes <= rule.after:
            return
        rule.times -= 1
        raise Refused(rule.status, _SECONDARY, headers={"Retry-After": str(rule.retry_after)})
