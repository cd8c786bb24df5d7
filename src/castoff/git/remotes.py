"""Exchange with a remote: the output of `git ls-remote` and `git push` as data, and the user's `pre-push` hook.

The user's `pre-push` hook, run as git runs it, but without credentials.
Git would start the hook with the environment of the push, which needs credentials for the remote. So castoff starts it
before the push, with the environment of hooks: the same arguments, the same lines on standard input (githooks,
pre-push). What it prints cannot be taken for an answer of the remote.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from castoff.errors import Problem
from castoff.git.runner import Git
from castoff.io.process import Completed
from castoff.model.acts import Outcome, Refused, Succeeded, Unclear
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.refs import CLAIMS, Refs, TagRef

_DENIED_REMEDY = (
    "make sure that you may push there; if the branch is "
    "protected, release with `castoff release LEVEL --pull-request`"
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


def push_outcome(done: Completed, spec: str) -> Outcome:
    """Judge a push by its code and the flag of its porcelain line (git-push, OUTPUT): `!` is a rejection.

    `=` on a branch or claim means that this very commit was there already, though it was not when we looked:
    somebody else, who made the same commit, came first. `[remote failure]` is an unclear end.
    """
    flags = _flags(done.text)
    rejected = [row for row in flags if row[0] == "!"]
    same = [row for row in flags if row[0] == "=" and (":refs/heads/" in spec or f":{CLAIMS}" in spec)]
    if done.code == 0 and not rejected and not same:
        return Succeeded()
    if same:
        return Refused(_lost(spec, "the remote had this very commit already"))
    if not rejected or rejected[0][-1].startswith("[remote failure]"):
        return Unclear(reason=done.last_words or f"git push ended with code {done.code}")
    if not rejected[0][-1].startswith("[remote rejected]"):
        return Refused(_lost(spec, done.last_words))
    return Refused(
        Problem(code="push-denied", message=_not_taken(spec), reason=done.last_words, remedy=_DENIED_REMEDY)
    )


def _flags(text: str) -> list[list[str]]:
    """Split the lines of the refs: flag, refs, summary; they follow the remote's name."""
    _, _, said = f"\n{text}".partition("\nTo ")
    rows = [line.split("\t") for line in said.split("\n")]
    return [row for row in rows if len(row) == 3 and len(row[0]) == 1]


def _lost(spec: str, reason: str) -> Problem:
    return Problem(
        code="push-rejected",
        message=_not_taken(spec),
        reason=reason,
        remedy="another push came first: run castoff again",
    )


def _not_taken(spec: str) -> str:
    return f"the remote did not accept `{spec.rpartition(':')[2]}`"


_PATIENCE = 1800.0
_NONE = "0" * 40


def objection_of_hook(git: Git, url: str, specs: Sequence[str]) -> Outcome | None:
    """Return why nothing may be pushed, None if there is no hook or it agrees.

    ``specs`` are those of the push: `SOURCE:REF`, or `:REF` to delete one.
    """
    hook = git.folder / git.run("rev-parse", "--git-path", "hooks/pre-push").text.strip()
    if not os.access(hook, os.X_OK):
        return None
    refs = [spec.rpartition(":")[2] for spec in specs]
    listed = git.run("ls-remote", url, *refs)
    if listed.code != 0:
        return Unclear(reason=listed.last_words or f"git ls-remote ended with code {listed.code}")
    rows = (line.partition("\t") for line in listed.text.splitlines())
    there = {ref: made for made, _, ref in rows}
    done = git.processes.run(
        [*_interpreter(hook), hook, url, url],
        kind=Kind.HOOK,
        cwd=git.folder,
        given="".join(_lines(git, specs, there)).encode(),
        timeout=_PATIENCE,
    )
    return None if done.code == 0 else Refused(_hook_failed(done))


def _interpreter(hook: Path) -> list[str]:
    """Return `sh` for a script without a first line that names its interpreter, as git does."""
    with hook.open("rb") as file:
        return [] if file.read(4)[:2] in (b"#!", b"\x7fE") else ["sh"]


def _lines(git: Git, specs: Sequence[str], there: Mapping[str, str]) -> Iterator[str]:
    for spec in specs:
        source, _, ref = spec.rpartition(":")
        source = source.removeprefix("+")
        made = git.must("rev-parse", "--verify", source) if source else _NONE
        if made != there.get(ref, _NONE):
            yield f"{source or '(delete)'} {made} {ref} {there.get(ref, _NONE)}\n"


def _hook_failed(done: Completed) -> Problem:
    reason = "\n".join(filter(None, (done.text.strip(), done.errors.strip())))[-1500:]
    return Problem(
        code="push-hook-failed",
        message="your `pre-push` hook refused the push",
        reason=reason or f"it ended with code {done.code} and printed nothing",
        remedy="fix the problem that the hook reports, then run castoff "
        f"again{withheld_words(Kind.HOOK, done.withheld)}",
    )
