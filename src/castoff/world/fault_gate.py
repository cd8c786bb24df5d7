"""The rules of the fault script, counted and carried out for each request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate

from msgspec import Struct

from castoff.values import replace
from castoff.world.faults import Cut, Delay, Deny, Effect, Hold, LostReply, RateLimit, Rule, Status
from castoff.world.messages import Late, Request, Response, json_response


class Dropped(Struct, frozen=True):
    """The connection is closed without an answer, or in the middle of one."""

    half_of: Response | None = None


Outcome = Response | Dropped
Handle = Callable[[Request], Response]


class Held(Struct, frozen=True):
    """A request that waits at a hold."""

    hold: str
    service: str
    method: str
    subject: str


class FaultGate:
    """Every request to an embedded service passes here; safe for many threads."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._changed = threading.Condition()
        self._rules = tuple(rules)
        self._seen = [0] * len(self._rules)
        self._held: dict[int, Held] = {}
        self._tickets = 0
        self._closed = threading.Event()

    def replace(self, rules: Sequence[Rule]) -> None:
        """Take other rules, their counts at zero; requests that are held stay held."""
        with self._changed:
            self._rules = tuple(rules)
            self._seen = [0] * len(self._rules)

    def close(self) -> None:
        """Let every waiting request go, and wait no more."""
        self._closed.set()
        self.release()

    def held(self, *, count: int = 0, within: float = 0.0) -> tuple[Held, ...]:
        """Return the held requests, as soon as there are ``count`` of them, or after ``within`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._held) >= count, timeout=within)
            return tuple(self._held.values())

    def release(self, hold: str | None = None) -> int:
        """Let the requests held under that name (or all) go on; return how many."""
        with self._changed:
            tickets = [ticket for ticket, held in self._held.items() if hold in (None, held.hold)]
            for ticket in tickets:
                del self._held[ticket]
            self._changed.notify_all()
            return len(tickets)

    def carry_out(
        self, service: str, request: Request, subject: str, handle: Handle
    ) -> tuple[Outcome, str | None]:
        """Answer a request as the rules want it; also name the rules that touched it."""
        rules = self._meeting(service, request, subject)
        names = ", ".join(rule.name for rule in rules) or None
        held = Held("", service, request.method, subject)
        for rule in rules:
            match rule.effect:
                case Late() as late:
                    request = replace(request, late=late)
                case effect:
                    outcome = self._before(effect, held)
                    if outcome is not None:
                        return outcome, names
        response = handle(request)
        for rule in rules:
            outcome = self._after(rule.effect, held, response)
            if outcome is not None:
                return outcome, names
        return response, names

    def _meeting(self, service: str, request: Request, subject: str) -> list[Rule]:
        with self._changed:
            chosen: list[Rule] = []
            for number, rule in enumerate(self._rules):
                if not rule.meets(service, request.method, request.path, subject):
                    continue
                seen = self._seen[number]
                # Counted under the lock: of two requests at once, exactly one is the N-th.
                self._seen[number] += 1
                if seen >= rule.after and (rule.times is None or seen < rule.after + rule.times):
                    chosen.append(rule)
            return chosen

    def _before(self, effect: Effect, held: Held) -> Outcome | None:
        match effect:
            case Delay():
                self._closed.wait(effect.seconds)
            case Hold(when="before"):
                self._hold(effect, held)
            case Status(when="before"):
                return _status(effect)
            case RateLimit():
                return _rate_limited(effect)
            case Deny():
                return json_response(403, _said(effect.text or "permission denied"))
            case Cut(when="before"):
                return Dropped()
            case _:
                pass
        return None

    def _after(self, effect: Effect, held: Held, response: Response) -> Outcome | None:
        match effect:
            case Hold(when="after"):
                self._hold(effect, held)
            case Status(when="after"):
                return _status(effect)
            case Cut(when="after"):
                return Dropped(response)
            case LostReply():
                self._closed.wait(effect.seconds)
                return Dropped()
            case _:
                pass
        return None

    def _hold(self, effect: Hold, held: Held) -> None:
        with self._changed:
            if self._closed.is_set():
                return
            ticket = self._tickets
            self._tickets += 1
            self._held[ticket] = replace(held, hold=effect.name)
            self._changed.notify_all()
            # Bounded: a hold that nobody releases lets the request go after its seconds.
            self._changed.wait_for(lambda: ticket not in self._held, timeout=effect.seconds)
            self._held.pop(ticket, None)


def _status(effect: Status) -> Response:
    return json_response(
        effect.code, _said(effect.body or f"the embedded world was told to answer {effect.code}")
    )


def _rate_limited(effect: RateLimit) -> Response:
    after = str(effect.seconds)
    if effect.as_date:
        # A date has whole seconds: round up, so that obeying it is enough.
        after = formatdate(int(time.time()) + 1 + effect.seconds, usegmt=True)
    return json_response(429, _said(f"too many requests, try again after {after}"), {"Retry-After": after})


def _said(text: str) -> dict[str, object]:
    """Say it in the words of every service: a forge's message and a Cargo registry's errors."""
    return {"message": text, "errors": [{"detail": text}], "error": text}
