"""The faults that are tried on a Cargo registry: each at the upload of each crate, and at the reads of its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proofs.cargo_small import NAMES
from proofs.faulting import EFFECT, End, Fault

Effect = Mapping[str, object]
Effects = tuple[Effect, ...]

_NO_EFFECT: Effects = ({"status": 503, "when": "before"}, {"cut": "before"})
_HAS_EFFECT: Effects = ({"status": 504, "when": "after"}, {"cut": "after"}, {"lost_reply": 0.2})
_GARBAGE: Effects = (
    {"status": 200, "body": "<html><body>Come back later</body></html>"},
    {"status": 200, "body": '{"name": "beacon", "vers": '},
    {"status": 200, "body": ""},
    {"status": 200, "body": "[" * 50_000},
)


def cargo_faults() -> tuple[Fault, ...]:
    """List all faults; each has a name of its own."""
    return tuple(fault for name in NAMES for fault in (*_uploads(name), *_reads(name)))


def _uploads(name: str) -> Iterator[Fault]:
    what, where = f"upload of {name}", {"service": "cargo", "method": "PUT", "subject": f"{name}@1.1.0"}
    for effect in _NO_EFFECT:
        yield fault_of(what, where, effect, "done", times=1)
    yield fault_of(what, where, {"status": 503}, "again", code="write-unclear", wait=0.5)
    for effect in _HAS_EFFECT:
        yield fault_of(what, where, effect, "done", named=EFFECT)
    for form in ("seconds", "date"):
        yield fault_of(what, where, {"rate_limit": 1, "form": form}, "done", times=1)
    yield fault_of(what, where, {"rate_limit": 3600}, "again", code="rate-limited", wait=1.0)
    yield fault_of(what, where, {"rate_limit": 3600, "form": "date"}, "again", code="rate-limited", wait=1.0)
    denied: Effects = ({"deny": "this crate is not yours"}, {"status": 401})
    for effect in denied:
        yield fault_of(what, where, effect, "person", code="permission-denied")
    yield fault_of(what, where, {"status": 400}, "person", code="upload-refused", wait=0.5)
    yield fault_of(what, where, {"delay": 0.7}, "done")
    yield from _late(what, where)


def _late(what: str, where: Effect) -> Iterator[Fault]:
    late: Effects = ({"late": {"seconds": 0}}, {"late": {"reads": 4}}, {"stale": {"reads": 6}})
    for effect in late:
        yield fault_of(what, where, effect, "done")
    yield fault_of(what, where, {"late": {"seconds": 4}}, "done", wait=15.0)
    yield fault_of(what, where, {"stale": {"seconds": 4}}, "done", wait=15.0)
    ninety = {"late": {"seconds": 90}}
    yield fault_of(what, where, ninety, "again", code="not-visible-yet", wait=1.0, later=90.0)
    yield fault_of(what, where, ninety, "done", wait=15.0, meanwhile=90.0)


def _reads(name: str) -> Iterator[Fault]:
    what, where = f"index of {name}", {"service": "cargo", "method": "GET", "path": f"*/{name}"}
    effects: Effects = ({"status": 503}, {"cut": "before"}, {"cut": "after"}, {"deny": "no"})
    for effect in (*effects, *_GARBAGE):
        yield fault_of(what, where, effect, "done", times=2)
    yield fault_of(what, where, {"rate_limit": 1}, "done", times=2)
    yield fault_of(f"{what}, for long,", where, {"status": 503}, "again", wait=0.5)


def fault_of(
    what: str,
    where: Effect,
    effect: Effect,
    ends: End,
    *,
    named: str = "",
    times: int | None = None,
    code: str | None = None,
    wait: float = 5.0,
    later: float = 0.0,
    meanwhile: float = 0.0,
) -> Fault:
    """Make a fault of an effect on the requests of ``where``, named after ``what`` they are."""
    shown = ", ".join(f"{key} {value}"[:40] for key, value in effect.items()).replace("\n", " ")
    often = "" if times is None else f", {times} times"
    passing = ", while time passes" if meanwhile else ""
    rule: dict[str, object] = {**where, "effect": effect, **({"times": times} if times else {})}
    return Fault(
        name=f"{what}: {shown}{often}{passing}",
        ends=ends,
        rules=(rule | ({"name": named} if named else {}),),
        code=code,
        wait=wait,
        later=later,
        meanwhile=meanwhile,
    )
