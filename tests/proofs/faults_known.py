"""The faults that are tried: of the Python index, of the forge, of the remote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proofs.faulting import EFFECT, WHEEL, End, Fault

Effect = Mapping[str, object]
Effects = tuple[Effect, ...]

_UPLOAD = {"service": "python", "method": "POST", "subject": WHEEL}
_READ = {"service": "python", "method": "GET", "path": "/simple/proof*"}
_LISTING = {"service": "forge", "method": "GET", "path": "/repos/*/releases"}
_DRAFT = {"service": "forge", "method": "POST", "path": "/repos/*/releases"}
_ANNOUNCE = {"service": "forge", "method": "PATCH", "path": "/repos/*/releases/*"}
_NOTES = {"service": "forge", "method": "POST", "path": "/graphql"}
_MILESTONES = {"service": "forge", "path": "/repos/*/milestones*"}

_HAS_EFFECT: Effects = ({"status": 504, "when": "after"}, {"cut": "after"}, {"lost_reply": 0.2})
_NO_EFFECT: Effects = ({"status": 503, "when": "before"}, {"cut": "before"})
_REFUSING: Effects = ({"status": 422}, {"deny": "not you"}, {"status": 401})
_GARBAGE: Effects = (
    {"status": 200, "body": "<html><body>Come back later</body></html>"},
    {"status": 200, "body": '{"files": [{"filename": "pro'},
    {"status": 200, "body": ""},
    {"status": 200, "body": '{"meta": null, "files": 7}'},
    {"status": 200, "body": "[" * 100_000},
)


def faults() -> tuple[Fault, ...]:
    """List all faults; each has a name of its own."""
    return (*_uploads(), *_index_reads(), *_forge_writes(), *_forge_reads(), *_pushes())


def _uploads() -> Iterator[Fault]:
    for effect in _NO_EFFECT:
        yield _one("upload", _UPLOAD, effect, "done", times=1)
        yield _one("upload", _UPLOAD, effect, "person", code="upload-failed", wait=0.5)
    for effect in _HAS_EFFECT:
        yield _one("upload", _UPLOAD, effect, "done", named=EFFECT)
    yield _one("upload", _UPLOAD, {"delay": 0.7}, "done")
    for form in ("seconds", "date"):
        yield _one("upload", _UPLOAD, {"rate_limit": 1, "form": form}, "done", times=1)
    refusals: Effects = ({"rate_limit": 3600}, {"status": 400}, {"deny": "not your project"}, {"status": 401})
    for effect in refusals:
        yield _one("upload", _UPLOAD, effect, "person", code="upload-failed", wait=0.5)
    late: Effects = ({"late": {"seconds": 1}}, {"late": {"reads": 4}}, {"stale": {"reads": 6}})
    for effect in late:
        yield _one("upload", _UPLOAD, effect, "done")
    yield _one("upload", _UPLOAD, {"stale": {"seconds": 1}}, "done")
    yield _one(
        "upload", _UPLOAD, {"late": {"seconds": 900}}, "again", code="not-visible-yet", wait=1.0, later=1000.0
    )


def _throttling(what: str, where: Effect) -> Iterator[Fault]:
    for form in ("seconds", "date"):
        yield _one(what, where, {"rate_limit": 1, "form": form}, "done", times=1)
    yield _one(what, where, {"rate_limit": 3600}, "again", code="rate-limited", wait=1.0)


def _index_reads() -> Iterator[Fault]:
    effects: Effects = (
        {"status": 503},
        {"cut": "before"},
        {"cut": "after"},
        {"lost_reply": 0.1},
        {"deny": "no"},
    )
    for effect in (*effects, *_GARBAGE):
        yield _one("index", _READ, effect, "done", times=3)
        yield _one("index", _READ, effect, "again", code="still-waiting", wait=0.5)
    yield _one("index", _READ, {"rate_limit": 1}, "done", times=3)
    yield _one("index", _READ, {"rate_limit": 1, "form": "date"}, "done", times=3)
    yield _one("index", _READ, {"delay": 0.2}, "done")
    for effect in effects:
        yield _one("index once uploading", {**_READ, "after": 4}, effect, "again", wait=0.5)


def _forge_writes() -> Iterator[Fault]:
    for what, where in (("draft", _DRAFT), ("announce", _ANNOUNCE)):
        for effect in _NO_EFFECT:
            yield _one(what, where, effect, "done", times=1)
            yield _one(what, where, effect, "again", code="write-unclear", wait=0.5)
        for effect in _HAS_EFFECT:
            yield _one(what, where, effect, "done")
        for effect in _REFUSING:
            yield _one(what, where, effect, "person", wait=0.5)
        yield _one(what, where, {"delay": 0.5}, "done")
        yield from _throttling(what, where)


def _forge_reads() -> Iterator[Fault]:
    effects: Effects = ({"status": 502}, {"cut": "before"}, {"cut": "after"}, {"deny": "no"}, {"status": 401})
    for effect in (*effects, *_GARBAGE):
        yield _one("releases", _LISTING, effect, "again", code="still-waiting", wait=0.5)
    yield _one("releases", _LISTING, {"status": 502}, "done", times=2)
    yield _one("releases", _LISTING, {"rate_limit": 1}, "done", times=2)
    yield _one("releases", _LISTING, {"rate_limit": 3600}, "again", wait=0.5)
    yield _one("releases", _LISTING, {"delay": 0.2}, "done")
    for effect in (*effects, *_GARBAGE):
        yield _one("notes", _NOTES, effect, "done", times=1, wait=1.0)
        yield _one("notes", _NOTES, effect, "again", code="write-unclear", wait=0.3)
        yield _one("milestones", _MILESTONES, effect, "again", code="still-waiting", wait=0.5)


def _pushes() -> Iterator[Fault]:
    branch, tag = 'grep -q "refs/heads/main"', 'grep -q "refs/tags/"'
    die = "kill -9 $PPID"
    for what, which in (("claim", branch), ("tag", tag)):
        once = f"[ -e $GIT_DIR/had ] && exit 0; {which} || exit 0; touch $GIT_DIR/had; "
        yield Fault(
            name=f"{what}: refused", ends="person", hooks={"pre-receive": f"{which} && exit 1; exit 0"}
        )
        yield Fault(name=f"{what}: cut before, once", ends="done", hooks={"pre-receive": once + die})
        yield Fault(name=f"{what}: cut after, once", ends="done", hooks={"post-receive": once + die})
        yield Fault(
            name=f"{what}: cut after", ends="done", hooks={"post-receive": f"{which} && {die}; exit 0"}
        )
        yield Fault(
            name=f"{what}: cut before",
            ends="again",
            hooks={"pre-receive": f"{which} && {die}; exit 0"},
            wait=0.5,
        )


def _one(
    what: str,
    where: Effect,
    effect: Effect,
    ends: End,
    *,
    times: int | None = None,
    code: str | None = None,
    wait: float = 5.0,
    later: float = 0.0,
    named: str = "",
) -> Fault:
    shown = ", ".join(f"{key} {value}"[:40] for key, value in effect.items()).replace("\n", " ")
    often = "" if times is None else f", {times} times"
    rule: dict[str, object] = {**where, "effect": effect, **({"times": times} if times else {})}
    if named:
        rule["name"] = named
    return Fault(name=f"{what}: {shown}{often}", ends=ends, rules=(rule,), code=code, wait=wait, later=later)
