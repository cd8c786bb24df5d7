"""The faults that are tried on an npm registry: each at the upload of each package, and at the reads of it.

npm repeats an upload that was answered with 5xx or 429, ten seconds later, so these are tried for long only.
"""

from __future__ import annotations

from collections.abc import Iterator

from proofs.cargo_faults import Effect, Effects, fault_of
from proofs.faulting import EFFECT, Fault
from proofs.npm_small import NAMES

_HAS_EFFECT: Effects = (
    {"status": 409, "when": "after"},
    {"status": 403, "when": "after"},
    {"cut": "after"},
    {"lost_reply": 0.2},
)
_GARBAGE: Effects = (
    {"status": 200, "body": "<html><body>Come back later</body></html>"},
    {"status": 200, "body": '{"name": "beacon", "versions": '},
    {"status": 200, "body": ""},
)


def npm_faults() -> tuple[Fault, ...]:
    """List all faults; each has a name of its own."""
    return tuple(fault for name in NAMES for fault in (*_uploads(name), *_reads(name)))


def _uploads(name: str) -> Iterator[Fault]:
    what, where = f"upload of {name}", {"service": "npm", "method": "PUT", "subject": f"{name}@1.1.0"}
    for effect in _HAS_EFFECT:
        yield fault_of(what, where, effect, "done", named=EFFECT)
    # "Failed to save packument": the version is not there, and a second try succeeds (npm/cli#7376).
    yield fault_of(what, where, {"status": 409, "when": "before"}, "done", times=1)
    yield fault_of(what, where, {"cut": "before"}, "done", times=1)
    yield fault_of(what, where, {"status": 401}, "person", code="permission-denied")
    yield fault_of(what, where, {"status": 402}, "person", code="permission-denied")
    yield fault_of(what, where, {"status": 400}, "person", code="upload-refused", wait=0.5)
    yield fault_of(what, where, {"delay": 0.7}, "done")
    yield from _late(what, where)


def _late(what: str, where: Effect) -> Iterator[Fault]:
    late: Effects = ({"late": {"seconds": 0}}, {"late": {"reads": 3}}, {"stale": {"reads": 6}})
    for effect in late:
        yield fault_of(what, where, effect, "done", wait=30.0)
    ninety = {"late": {"seconds": 90}}
    yield fault_of(what, where, ninety, "again", code="not-visible-yet", wait=1.0, later=90.0)
    yield fault_of(what, where, ninety, "done", wait=30.0, meanwhile=90.0)


def _reads(name: str) -> Iterator[Fault]:
    what, where = f"packument of {name}", {"service": "npm", "method": "GET", "path": f"*/{name}"}
    for effect in ({"cut": "before"}, {"cut": "after"}, {"deny": "no"}, *_GARBAGE):
        yield fault_of(what, where, effect, "done", times=1)
