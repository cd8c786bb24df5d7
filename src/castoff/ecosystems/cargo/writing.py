"""How does castoff upload and withdraw through cargo, and what became of it?"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from castoff.ecosystems.cargo.protocol import CHANGES, Conversation
from castoff.errors import Problem
from castoff.http import retry_after
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.ports import Clock
from castoff.process import Completed, Hearing, Processes

_PASSING = frozenset({408, 409, 425})
"""Statuses below 500 after which one looks again: timed out, in conflict with another request, too early."""

_UNSAID = 60.0
"""Seconds to wait after a 429 that does not say how long."""


class Writer:
    """Carries writes through cargo; each is a process of its own.

    Cargo packs before it uploads, which takes a core: so many at a time prepare an upload as there are cores, and
    one more. How many are being sent is not limited here.
    """

    def __init__(self, processes: Processes, clock: Clock) -> None:
        self._processes = processes
        self._clock = clock
        self._preparing = threading.BoundedSemaphore((os.cpu_count() or 1) + 1)

    def publish(self, package: str, root: Path, target: Path, words: Sequence[str]) -> Outcome:
        """Upload a package from a tree; comes back when the registry has taken it, not when it is visible.

        Cargo would then poll the index for a minute; castoff looks itself, so cargo is told to end.
        """
        talk = Conversation("PUT")
        with ExitStack() as preparing:
            preparing.enter_context(self._preparing)

            def hear(line: str) -> Hearing:
                hearing = talk.hear(line)
                if talk.sent:
                    preparing.close()
                return hearing

            done = self._processes.follow(
                ["cargo", "publish", "--quiet", "--package", package, "--no-verify", *words],
                cwd=root,
                heard=hear,
                changes={**CHANGES, "CARGO_TARGET_DIR": str(target)},
            )
        return self._outcome(package, "upload", talk, done)

    def yank(self, package: str, version: str, folder: Path, words: Sequence[str]) -> Outcome:
        """Withdraw one version."""
        talk = Conversation("DELETE")
        done = self._processes.follow(
            ["cargo", "yank", f"{package}@{version}", *words], cwd=folder, heard=talk.hear, changes=CHANGES
        )
        return self._outcome(package, "yank", talk, done)

    def _outcome(self, package: str, what: str, talk: Conversation, done: Completed) -> Outcome:
        if done.code == 0 or talk.accepted:
            return Succeeded()
        words = _last_words(done)
        match talk.status:
            case 429:
                seconds = retry_after(talk.headers, self._clock.now())
                return Throttled(
                    retry_after=_UNSAID if seconds is None else seconds,
                    reason=f"the registry limits how often one may {what}",
                )
            case 401 | 403:
                return Refused(_denied(package, what, talk.status, words))
            case int(status) if 400 <= status < 500 and status not in _PASSING:
                return Refused(_refused(package, what, status, words))
            case int(status):
                return Unclear(reason=f"the registry answered {status} to the {what} of `{package}`")
            case None if talk.sent:
                return Unclear(reason=f"no answer came to the {what} of `{package}`: {words}")
            case None:
                return Unclear(
                    reason=f"cargo ended with {done.code} before the {what} of `{package}`: {words}"
                )


def _last_words(done: Completed) -> str:
    return " ".join(done.last_words.split())[-600:]


_WAYS_ON = (
    ", then go on with `castoff resume --execute`; "
    "or take the version back with `castoff abandon VERSION --execute`"
)


def _denied(package: str, what: str, status: int, words: str) -> Problem:
    return Problem(
        code="permission-denied",
        message=f"the registry does not let this token {what} `{package}` (status {status})",
        reason=words,
        remedy="use a token with the right scope, of an owner of the package (a new name needs a token that may create "
        "packages)" + (_WAYS_ON if what == "upload" else ""),
        package=package,
    )


def _refused(package: str, what: str, status: int, words: str) -> Problem:
    return Problem(
        code="upload-refused" if what == "upload" else "yank-refused",
        message=f"the registry refused to {what} `{package}` (status {status})",
        reason=words,
        remedy="correct what it names and release the next version; where an earlier run has just uploaded it, run "
        "`castoff resume` again in a minute",
        package=package,
    )
