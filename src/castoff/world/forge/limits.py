"""Rate limits: per hour, per minute, and for what creates content.

Sources: "Rate limits for the REST API" and "Rate limits and query limits for the GraphQL API" in GitHub's
documentation. GitHub's limits on concurrent requests and on its processor time are not made here.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from datetime import datetime

from msgspec import Struct, field

from castoff.world.forge.answers import RateLimited, Refused
from castoff.world.forge.records import Json

HOUR, MINUTE = 3600, 60
# Requests an hour without a token; searches are counted by the minute ("Rate limits for the REST API").
_ANONYMOUS = {"core": 60, "search": 10, "graphql": 0}
_SEARCH = 30
# GITHUB_TOKEN has 1,000 requests an hour for each repository, not the 5,000 of a person.
_WORKFLOW = 1000
# Points a minute: a read costs one, a write five (the same page, "Calculating points").
_POINTS = {"core": 900, "search": 900, "graphql": 2000}
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)


class Secondary(Struct, kw_only=True):
    """After ``after`` writes, the next ``times`` are refused with ``status`` and ``Retry-After``."""

    after: int
    times: int = 1
    retry_after: int = 2
    status: int = 403


class ContentLimit(Struct, frozen=True, kw_only=True):
    """How many requests that create something are taken in a minute, and in an hour."""

    minute: int = 80
    hour: int = 500


class Limits(Struct, kw_only=True):
    """The limits of every token; ``remaining`` and ``reset`` (seconds since 1970) are what it starts with."""

    limit: int = 5000
    remaining: int | None = None
    reset: int | None = None
    secondary: Secondary | None = None
    content: ContentLimit = field(default_factory=ContentLimit)
    _used: dict[tuple[str, str], int] = field(default_factory=dict)
    _reset: dict[tuple[str, str], int] = field(default_factory=dict)
    _writes: int = 0
    _created: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _points: dict[tuple[str, str], deque[tuple[float, int]]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def spend(self, key: str, resource: str, now: datetime, *, write: bool, login: str) -> None:
        """Count a request, or refuse it with the words and headers of the real service."""
        self._refresh(key, resource, now)
        # GraphQL answers the anonymous that they must sign in, whatever is left.
        # The primary limit first: GitHub answers it even where a secondary one is exceeded too.
        if self._left(key, resource) <= 0 and (key or resource != "graphql"):
            who = f"user ID {login}" if login else "127.0.0.1"
            message = f"API rate limit exceeded for {who}. (But here's the good news: wait until the reset.)"
            raise RateLimited(403, message, headers=self.headers(key, resource, now))
        self.charge(key, resource, 1)
        self._spend_points(key, resource, now, 5 if write else 1)
        if write:
            self._spend_write()

    def charge(self, key: str, resource: str, points: int) -> None:
        """Count what a request costs of the limit per hour."""
        self._used[key, resource] = self._used.get((key, resource), 0) + points

    def spend_content(self, key: str, now: datetime) -> None:
        """Count a request that creates something, or refuse it until there is room for it again."""
        times, moment = self._created[key], now.timestamp()
        while times and times[0] <= moment - HOUR:
            # The window moves with each request: GitHub does not count by the clock's minutes.
            times.popleft()
        for most, span in ((self.content.minute, MINUTE), (self.content.hour, HOUR)):
            recent = [each for each in times if each > moment - span]
            if len(recent) >= most:
                # Room comes back when the oldest request that still counts leaves the window.
                raise _exceeded(recent[-most] + span - moment if most else span)
        times.append(moment)

    def give_back(self, key: str, resource: str) -> None:
        """Take one request back: conditional requests that found nothing new are free."""
        self._used[key, resource] = max(0, self._used.get((key, resource), 0) - 1)

    def headers(self, key: str, resource: str, now: datetime) -> dict[str, str]:
        """Return the headers that every answer carries."""
        view = self.view(key, resource, now)
        return {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in view.items()}

    def view(self, key: str, resource: str, now: datetime) -> Json:
        """Return one resource as ``/rate_limit`` shows it."""
        self._refresh(key, resource, now)
        left = max(0, self._left(key, resource))
        limit = self._limit(key, resource)
        return {
            "limit": limit,
            "remaining": left,
            "reset": self._reset[key, resource],
            "used": limit - left,
            "resource": resource,
        }

    def _limit(self, key: str, resource: str) -> int:
        if not key:
            return _ANONYMOUS[resource]
        if resource == "search":
            return _SEARCH
        # The token of a workflow has less for each repository than a person's.
        # Told by the token's prefix, as GitHub documents it: `ghs_` is that of an installation.
        return min(self.limit, _WORKFLOW) if key.startswith("ghs_") else self.limit

    def _left(self, key: str, resource: str) -> int:
        start = self._limit(key, resource)
        # A seeded rest is that of the core limit; searches have a bucket of their own.
        if self.remaining is not None and resource != "search":
            start = self.remaining
        return start - self._used.get((key, resource), 0)

    def _refresh(self, key: str, resource: str, now: datetime) -> None:
        moment = int(now.timestamp())
        span = MINUTE if resource == "search" else HOUR
        # The hour begins with the first request of a token, not when the world begins.
        if (key, resource) not in self._reset:
            self._reset[key, resource] = self.reset if self.reset is not None else moment + span
        if moment >= self._reset[key, resource]:
            self._reset[key, resource] = moment + span
            self._used[key, resource] = 0
            # A seeded rest holds for the first hour alone, so that waiting for the reset helps.
            self.remaining = None

    def _spend_points(self, key: str, resource: str, now: datetime, points: int) -> None:
        spent, moment = self._points[key, resource], now.timestamp()
        while spent and spent[0][0] <= moment - MINUTE:
            spent.popleft()
        if sum(each for _, each in spent) + points > _POINTS[resource]:
            raise _exceeded(spent[0][0] + MINUTE - moment)
        spent.append((moment, points))

    def _spend_write(self) -> None:
        self._writes += 1
        rule = self.secondary
        # A scripted refusal ends by itself, so that a client which obeys `Retry-After` gets through.
        if rule is None or rule.times <= 0 or self._writes <= rule.after:
            return
        rule.times -= 1
        raise Refused(rule.status, _SECONDARY, headers={"Retry-After": str(rule.retry_after)})


def _exceeded(seconds: float) -> Refused:
    """Return the refusal of a secondary limit; whoever waits as long as it asks is let through."""
    # Whole seconds, rounded up: whoever obeys the header must not come too early.
    return Refused(403, _SECONDARY, headers={"Retry-After": str(max(1, math.ceil(seconds)))})
