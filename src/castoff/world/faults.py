r"""Faults by script: a JSON document becomes rules.

The document, given at the start (``--faults FILE``) or with ``PUT /_faults``, which replaces all rules and
starts their counts again::

    {"rules": [
      {"service": "python", "method": "POST", "subject": "acme_core-*",
       "after": 0, "times": 1, "effect": {"status": 504, "when": "after"}}
    ]}

A rule meets a request when all of its conditions hold; one that is left out holds always.

================  ==================================================================================
``service``       name of the service: ``python``, ``cargo``, ``npm``, ``forge``, ``docs``, ``identity`` (glob)
``method``        ``GET``, ``POST``, ... (``HEAD`` is its own)
``path``          glob over the decoded path without the query; ``*`` matches ``/`` too
``path_regex``    regular expression that must match the whole path
``subject``       glob over what the request is about: the file name of a Python upload, ``name@version`` of a
                  crate or npm package that is uploaded, yanked or unyanked, otherwise the path
``after``         leave so many matching requests alone first (0)
``times``         then touch so many (all)
``name``          how the log calls the rule (``rule 1``, ``rule 2``, ...)
================  ==================================================================================

``effect`` is one of these. The "effect" of a request is what it does to the service:

``{"status": 503, "when": "before", "body": "text"}``
    answer so without the effect
``{"status": 504, "when": "after"}``
    have the effect, then answer so
``{"rate_limit": 3, "form": "seconds"}``
    429 with ``Retry-After: 3``; with the form ``"date"`` as HTTP date
``{"cut": "before"}``
    close the connection, without the effect
``{"cut": "after"}``
    have the effect, send half of the answer, close
``{"lost_reply": 0}``
    have the effect, stay silent so many seconds, close
``{"delay": 0.2}``
    wait so many seconds first
``{"hold": "name", "when": "before", "seconds": 60}``
    wait, before or after the effect, for ``POST /_release-hold``, or so many seconds
``{"deny": "text"}``
    403: permission denied
``{"late": {"seconds": 4}}``, ``{"late": {"reads": 2}}``
    what this upload stores is shown only after so many seconds, after so many reads of its index page; what
    a POST creates on the forge is there by its id at once, and in lists only then
``{"stale": {"seconds": 4}}``, ``{"stale": {"reads": 6}}``
    the same, but meanwhile every second read shows it

All rules that meet a request act, in their order; the first that answers it ends the matter. ``late`` and
``stale`` are set on the upload, not on the read. Unknown keys, wrong types, impossible values and rules that can
have no effect are errors.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase, translate
from typing import Any, Literal

from msgspec import Struct

from castoff.errors import CastoffError, ConfigurationError
from castoff.world.messages import Late

When = Literal["before", "after"]


class Status(Struct, frozen=True):
    """Answer with a status, before or after the effect."""

    code: int
    when: When = "before"
    body: str = ""


class RateLimit(Struct, frozen=True):
    """Answer 429 with ``Retry-After``, in seconds or as an HTTP date."""

    seconds: int
    as_date: bool = False


class Cut(Struct, frozen=True):
    """Close the connection: before the effect, or in the middle of the answer."""

    when: When


class LostReply(Struct, frozen=True):
    """Have the effect, and never answer."""

    seconds: float = 0.0


class Delay(Struct, frozen=True):
    """Wait first."""

    seconds: float


class Hold(Struct, frozen=True):
    """Wait for the control door, or so many seconds."""

    name: str
    when: When = "before"
    seconds: float = 60.0


class Deny(Struct, frozen=True):
    """Answer 403."""

    text: str


Effect = Status | RateLimit | Cut | LostReply | Delay | Hold | Deny | Late


class Rule(Struct, frozen=True, kw_only=True):
    """One fault: which requests it meets, and what happens to them."""

    name: str
    effect: Effect
    service: re.Pattern[str] | None = None
    method: str | None = None
    path: re.Pattern[str] | None = None
    subject: re.Pattern[str] | None = None
    after: int = 0
    times: int | None = None

    def meets(self, service: str, method: str, path: str, subject: str) -> bool:
        """Return whether the conditions hold, the count aside."""
        return (
            (self.method is None or self.method == method)
            and _holds(self.service, service)
            and _holds(self.path, path)
            and _holds(self.subject, subject)
        )


def parse_faults(text: str | bytes, *, file: str | None = None) -> tuple[Rule, ...]:
    """Read a fault script; :class:`ConfigurationError` names the rule and the key that is wrong."""
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise ConfigurationError.of(
            "world-faults-invalid", f"the fault script is not JSON: {error}", file=file
        ) from error
    try:
        fields = _object(document, "the fault script", {"rules"})
        rules = fields.get("rules", [])
        if not isinstance(rules, list):
            raise _Wrong("`rules` is not a list")
        return tuple(_rule(rule, number) for number, rule in enumerate(rules, 1))
    except _Wrong as wrong:
        raise _invalid(str(wrong), file) from wrong


class _Wrong(Exception):
    """What is wrong, in words."""


def _invalid(text: str, file: str | None) -> CastoffError:
    return ConfigurationError.of(
        "world-faults-invalid",
        text,
        reason="a rule that is misread would prove nothing",
        remedy="see docs/reference/world.md for all keys",
        file=file,
    )


def _holds(pattern: re.Pattern[str] | None, text: str) -> bool:
    # Bounded: an expression of the user's on a long path could run for ever.
    return pattern is None or pattern.fullmatch(text[:4096]) is not None


_RULE_KEYS = {"name", "service", "method", "path", "path_regex", "subject", "after", "times", "effect"}


def _rule(value: Any, number: int) -> Rule:
    where = f"rule {number}"
    fields = _object(value, where, _RULE_KEYS)
    if "path" in fields and "path_regex" in fields:
        raise _Wrong(f"{where}: `path` and `path_regex` exclude each other")
    effect = _effect(fields.get("effect"), where)
    method = _text(fields, "method", where)
    times = fields.get("times")
    rule = Rule(
        name=_text(fields, "name", where) or where,
        effect=effect,
        service=_glob(_text(fields, "service", where)),
        method=method.upper() if method is not None else None,
        path=_path(fields, where),
        subject=_glob(_text(fields, "subject", where)),
        after=_count(fields.get("after", 0), f"{where}: `after`"),
        times=None if times is None else _count(times, f"{where}: `times`"),
    )
    _require_effect(rule, fields, where)
    return rule


def _require_effect(rule: Rule, fields: dict[str, Any], where: str) -> None:
    """Refuse a rule that can meet no request, or whose effect no request that it meets can have.

    A rehearsal with such a rule would prove nothing, and look as if it had passed.
    """
    if rule.times == 0:
        raise _Wrong(f"{where}: `times` is 0, so the rule meets no request")
    services = [name for name in _STORES if _holds(rule.service, name)]
    if not services:
        raise _Wrong(f"{where}: `service` is none of {', '.join(_STORES)}")
    if rule.method is not None and rule.method not in _METHODS:
        raise _Wrong(f"{where}: `method` is none of {', '.join(_METHODS)}")
    if isinstance(rule.effect, Late) and not any(_may_store(rule, fields, name) for name in services):
        raise _Wrong(
            f"{where}: `late` and `stale` hold back what a request stores, and this rule meets no request "
            "that stores anything: an upload, or what a POST creates on the forge"
        )


def _may_store(rule: Rule, fields: dict[str, Any], service: str) -> bool:
    store = _STORES[service]
    if store is None or rule.method not in (None, *store.methods):
        return False
    if rule.path is None or not store.ends:
        return True
    path = fields.get("path")
    if path is None:
        # Refused only if it is certain: an expression is not analysed.
        return True  # an expression may end in anything
    last = str(path).rstrip("/").rpartition("/")[2]
    return any(fnmatchcase(end, last) for end in store.ends)


class _Store(Struct, frozen=True):
    """How a service is given something to store: the methods, and the last parts of the paths (any if empty)."""

    methods: tuple[str, ...]
    ends: tuple[str, ...] = ()


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_STORES: dict[str, _Store | None] = {
    "python": _Store(("POST",), ("legacy",)),
    "cargo": _Store(("PUT",), ("new",)),
    "npm": _Store(("PUT", "POST")),
    "forge": _Store(
        ("POST",),
        ("releases", "assets", "issues", "comments", "pulls", "reviews", "labels", "milestones"),
    ),
    "docs": None,
    "identity": None,
}


def _path(fields: dict[str, Any], where: str) -> re.Pattern[str] | None:
    expression = _text(fields, "path_regex", where)
    if expression is None:
        return _glob(_text(fields, "path", where))
    try:
        return re.compile(expression)
    except re.error as error:
        raise _Wrong(f"{where}: `path_regex`: {error}") from error


def _effect(value: Any, where: str) -> Effect:
    if not isinstance(value, dict):
        raise _Wrong(f"{where} has no `effect`")
    kinds = [kind for kind in _EFFECTS if kind in value]
    if len(kinds) != 1:
        raise _Wrong(f"{where}: `effect` must have exactly one of {', '.join(f'`{k}`' for k in _EFFECTS)}")
    kind = kinds[0]
    allowed = _EFFECTS[kind]
    _object(value, f"{where}: `effect`", {kind, *allowed})
    return _effect_of(kind, value, f"{where}: `{kind}`")


_EFFECTS: dict[str, tuple[str, ...]] = {
    "status": ("when", "body"),
    "rate_limit": ("form",),
    "cut": (),
    "lost_reply": (),
    "delay": (),
    "hold": ("when", "seconds"),
    "deny": (),
    "late": (),
    "stale": (),
}


def _effect_of(kind: str, value: dict[str, Any], where: str) -> Effect:
    argument = value[kind]
    match kind:
        case "status":
            code = _count(argument, where)
            if not 200 <= code <= 599:
                raise _Wrong(f"{where} is not between 200 and 599")
            return Status(code, _when(value.get("when", "before"), where), str(value.get("body", "")))
        case "rate_limit":
            if value.get("form", "seconds") not in ("seconds", "date"):
                raise _Wrong(f"{where}: `form` is neither `seconds` nor `date`")
            return RateLimit(_count(argument, where), value.get("form") == "date")
        case "cut":
            return Cut(_when(argument, where))
        case "lost_reply":
            return LostReply(_duration(argument, where))
        case "delay":
            return Delay(_duration(argument, where))
        case "hold":
            when = _when(value.get("when", "before"), where)
            return Hold(str(argument), when, _duration(value.get("seconds", 60), where))
        case "deny":
            return Deny(str(argument))
        case _:
            return _lateness(argument, where, alternating=kind == "stale")


def _lateness(value: Any, where: str, *, alternating: bool) -> Late:
    fields = _object(value, where, {"seconds", "reads"})
    if not fields:
        raise _Wrong(f"{where} has neither `seconds` nor `reads`")
    return Late(
        _duration(fields.get("seconds", 0), where), _count(fields.get("reads", 0), where), alternating
    )


def _object(value: Any, where: str, allowed: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{where} is not an object")
    for key in value:
        if key not in allowed:
            raise _Wrong(f"{where} has the unknown key `{key}`; it may have {', '.join(sorted(allowed))}")
    return value


def _text(fields: dict[str, Any], key: str, where: str) -> str | None:
    value = fields.get(key)
    if value is not None and not isinstance(value, str):
        raise _Wrong(f"{where}: `{key}` is not text")
    return value


def _glob(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(translate(text))


def _count(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _Wrong(f"{where} is not a whole number from 0")
    return value


def _duration(value: Any, where: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1e6:
        raise _Wrong(f"{where} is not a number of seconds")
    return float(value)


def _when(value: Any, where: str) -> When:
    if value == "before":
        return "before"
    if value == "after":
        return "after"
    raise _Wrong(f"{where} is neither `before` nor `after`")
