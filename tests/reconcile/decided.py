"""Decisions in one line, for tables."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import asdict

from castoff.model.acts import Act, Blocked, Decision, Do, Done, Off, Person, Wait
from castoff.model.observations import Observation
from castoff.reconcile.part import Part, S
from recorded import problems_as_text


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


def decision_text(case: str, part: Part[S], look: S) -> str:
    """Write down everything that people see of a look and of what is decided by it."""
    return "".join([_decision(case, part.decide(look)), *map(_observation, part.describe(look))])


def _decision(case: str, decision: Decision) -> str:
    if isinstance(decision, Blocked):
        return problems_as_text(f"{case}: blocked", [decision.problem])
    reason = decision.detail if isinstance(decision, Done) else getattr(decision, "reason", "")
    acts = [("", one) for one in getattr(decision, "acts", ())]
    acts += [("later ", one) for one in getattr(decision, "later", ())]
    head = f"== {case}: {type(decision).__name__.lower()} {reason}".rstrip()
    return f"{head}\n" + "".join(f"  {when}{_act(one)}\n" for when, one in acts)


def _act(one: Act) -> str:
    return f"{one.id} ({one.stage}, {one.undo}): {one.target}" + (
        f", {one.condition}" if one.condition else ""
    )


def _observation(one: Observation) -> str:
    known = [
        f"{name}={getattr(one, name)}" for name in ("identity", "state", "expected") if getattr(one, name)
    ]
    said = [f"{name}={value}" for name, value in asdict(one.answer).items() if value not in (None, "")]
    kind = type(one.answer).__name__.lower()
    return f"  - {' '.join([one.id, kind, *said, *known])}\n"
