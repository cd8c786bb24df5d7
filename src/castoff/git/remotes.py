"""What did a remote answer? The output of `git ls-remote` and `git push`, read as data."""

from __future__ import annotations

from castoff.errors import Problem
from castoff.model.acts import Outcome, Refused, Succeeded, Unclear
from castoff.model.refs import CLAIMS, Refs, TagRef
from castoff.process import Completed

_DENIED_REMEDY = (
    "see that you may push there; where the branch is protected, "
    "release with `castoff release LEVEL --pull-request`"
)


def parse_refs(text: str) -> Refs:
    """Read the output of `git ls-remote`: `object TAB ref`, peeled tags as `ref^{}`."""
    heads: dict[str, str] = {}
    objects: dict[str, str] = {}
    peeled: dict[str, str] = {}
    for line in text.split("\n"):
        name, _, ref = line.partition("\t")
        if ref.startswith("refs/heads/"):
            heads[ref[11:]] = name
        elif ref.startswith("refs/tags/") and ref.endswith("^{}"):
            peeled[ref[10:-3]] = name
        elif ref.startswith("refs/tags/"):
            objects[ref[10:]] = name
    tags = {name: TagRef(object=value, peeled=peeled.get(name)) for name, value in objects.items()}
    return Refs(heads=heads, tags=tags)


def push_outcome(done: Completed, spec: str, *, hook: bool = False) -> Outcome:
    """Judge a push by its code and the flag of its porcelain line (git-push, OUTPUT): `!` is a rejection.

    `=` on a branch or claim means that this very commit was there already, though it was not when we looked:
    somebody else, who made the same commit, came first. Code 1 without a line for the ref means that nothing was sent:
    the user's own pre-push hook said no, where there is one (``hook``). `[remote failure]` is an unclear end.
    """
    flags = _flags(done.text)
    rejected = [row for row in flags if row[0] == "!"]
    same = [row for row in flags if row[0] == "=" and (":refs/heads/" in spec or f":{CLAIMS}" in spec)]
    if done.code == 0 and not rejected and not same:
        return Succeeded()
    if same:
        return Refused(_lost(spec, "the remote had this very commit already"))
    if hook and done.code == 1 and not flags:
        return Refused(_hook_said_no("\n".join(filter(None, (done.text.strip(), done.last_words)))))
    if not rejected or rejected[0][-1].startswith("[remote failure]"):
        return Unclear(reason=done.last_words or f"git push ended with code {done.code}")
    if not rejected[0][-1].startswith("[remote rejected]"):
        return Refused(_lost(spec, done.last_words))
    return Refused(
        Problem(code="push-denied", message=_not_taken(spec), reason=done.last_words, remedy=_DENIED_REMEDY)
    )


def _flags(text: str) -> list[list[str]]:
    """Split the lines of the refs: flag, refs, summary; what a hook printed stands before the remote's name."""
    _, _, said = f"\n{text}".partition("\nTo ")
    rows = [line.split("\t") for line in said.split("\n")]
    return [row for row in rows if len(row) == 3 and len(row[0]) == 1]


def _lost(spec: str, reason: str) -> Problem:
    return Problem(
        code="push-rejected",
        message=_not_taken(spec),
        reason=reason,
        remedy="somebody else pushed first: run castoff again",
    )


def _hook_said_no(reason: str) -> Problem:
    return Problem(
        code="push-hook-failed",
        message="your `pre-push` hook refused the push",
        reason=reason or "it ended with a code other than 0 and said nothing",
        remedy="do what the hook asks for, then run castoff again",
    )


def _not_taken(spec: str) -> str:
    return f"the remote did not take `{spec.rpartition(':')[2]}`"
