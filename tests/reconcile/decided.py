"""Decisions in one line, for tables."""

from __future__ import annotations

from collections.abc import Iterable

from castoff.model.acts import Act, Blocked, Decision, Do, Done, Off, Person, Wait
from castoff.reconcile.part import Part, S


def decision_of(part: Part[S], look: S) -> str:
    """Return the decision about a look; the ids by which it is described differ."""
    ids = [one.id for one in part.describe(look)]
    assert ids
    assert len(set(ids)) == len(ids)
    return decided(part.decide(look))


def decided(decision: Decision) -> str:
    """Return the kind of a decision with what it names: ids of acts, a code, seconds; then what may follow."""
    match decision:
        case Do(acts, later):
            return _line("do", _ids(acts), _later(later))
        case Done(detail, later):
            return _line("done", detail, _later(later))
        case Wait():
            seconds = "" if decision.seconds is None else f"{decision.seconds:g}"
            return _line("wait", seconds, _later(decision.later))
        case Person(acts, _, later):
            return _line("person", _ids(acts), _later(later))
        case Blocked(problem):
            return f"blocked {problem.code}"
        case Off():
            return "off"


def _ids(acts: Iterable[Act]) -> str:
    return " ".join(act.id for act in acts)


def _later(acts: tuple[Act, ...]) -> str:
    return f"later {_ids(acts)}" if acts else ""


def _line(*words: str) -> str:
    return " ".join(word for word in words if word)
