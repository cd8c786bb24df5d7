"""Upload and withdrawal through cargo, and their outcomes.

The registry's answer to a write of cargo's, read from the protocol lines that cargo logs on request.
Cargo's exit code does not say whether an upload was refused, throttled or lost, and it prints Retry-After
nowhere. With ``http.debug`` it logs each request and answer as HTTP's own lines (request line, status line,
headers), which are data; the sentences around them are not read. Cargo hides the token in these lines, and
none of them is kept or shown.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from castoff.ecosystems.cargo.credential_provider import COMMAND, MODULE
from castoff.ecosystems.cargo.inert_settings import NO_WRAPPERS, toolchain_in
from castoff.errors import Problem
from castoff.io.http import retry_after
from castoff.io.process import Completed, Hearing, Processes
from castoff.io.scratch import scratch_prefix
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.child_environments import Kind
from castoff.model.credentials import withheld
from castoff.ports import Clock
from castoff.regexes import regex

CHANGES = {"CARGO_HTTP_DEBUG": "true", "CARGO_LOG": "network=debug", "CARGO_TERM_COLOR": "never"}
"""What cargo's environment needs for it."""

_LOGGED = regex(r"^\s*[0-9.]+(?:n|u|µ|m)?s\s+(?:TRACE|DEBUG|INFO|WARN|ERROR)\s")
_WIRE = regex(r"http-debug: ([<>]) (.*)$")
_REQUEST = regex(r"(GET|PUT|POST|DELETE|HEAD|CONNECT) (\S+)(?: HTTP/[0-9.]+)?$")
_STATUS = regex(r"HTTP/[0-9.]+ ([0-9]{3})\b")
_HEADER = regex(r"([A-Za-z0-9-]{1,64}):[ \t]*(.{0,200})$")
_STRUCT_BEGINS = regex(r"\{\s*$")


class Conversation(Struct):
    """Follows one cargo process whose write is ``method`` (PUT for an upload, DELETE for a yank).

    ``sent`` says that the write left, ``status`` what came back, ``headers`` what came with it (lower case).
    ``accepted`` says that cargo took the answer and went on to something else.
    """

    method: Literal["PUT", "DELETE"]
    sent: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    accepted: bool = False
    _reading: bool = False
    _inside: bool = False

    def hear(self, line: str) -> Hearing:
        """Take in one line of cargo's; stop where its write is done and it only waits for the index."""
        # Cargo logs some values as structs over several lines; none of them is HTTP.
        if self._inside:
            self._inside = line.rstrip() != "}"
            return "drop"
        wire = _WIRE.search(line)
        if wire is not None:
            return self._wire(wire.group(1), wire.group(2).rstrip("\r"))
        if _LOGGED.match(line):
            self._inside = _STRUCT_BEGINS.search(line) is not None
            return "drop"
        return "keep"

    def _wire(self, direction: str, text: str) -> Hearing:
        if direction == ">":
            request = _REQUEST.match(text)
            if request is not None:
                return self._request(request.group(1))
        elif self._reading:
            self._answer(text)
        return "drop"

    def _request(self, method: str) -> Hearing:
        # The first request of this method is the write; cargo follows it with reads of the index.
        if method == self.method and not self.sent:
            self.sent = self._reading = True
            return "drop"
        self._reading = False
        if self.status is not None and 200 <= self.status < 300:
            # A further request after a 2xx means that cargo read the answer and found no error in it:
            # crates-io reports some errors with 200.
            self.accepted = True
            return "stop"
        return "drop"

    def _answer(self, text: str) -> None:
        status = _STATUS.match(text)
        if status is not None:
            number = int(status.group(1))
            # 1xx are interim answers (RFC 9110, section 15.2).
            self.status = number if number >= 200 else self.status
            self.headers.clear()
            return
        header = _HEADER.match(text)
        if header is not None and header.group(1).lower() == "retry-after":
            self.headers["retry-after"] = header.group(2).strip()


_PASSING = frozenset({408, 409, 425})
"""Statuses below 500 after which one looks again: timed out, in conflict with another request, too early."""

_UNSAID = 60.0
"""Seconds to wait after a 429 that does not say how long."""


class Grant(Struct, frozen=True, kw_only=True):
    """An upload by trusted publishing, of one file with these very bytes; ``api`` is the registry's."""

    filename: str
    digest: str
    api: str

    def words(self, scratch: Path) -> tuple[str, ...]:
        """Write the digest list; return the options that make cargo ask castoff's provider."""
        digests = scratch / "SHA256SUMS"
        digests.write_text(f"{self.digest}  {self.filename}\n", encoding="utf-8")
        program = _provider(scratch)
        report = str(scratch / _REPORT)
        provider = [str(program), "--digests", str(digests), "--api", self.api, "--report", report]
        return ("--config", f"registry.credential-provider={json.dumps(provider)}")

    def denied(self, scratch: Path, package: str) -> Outcome | None:
        """Return the outcome of an upload to which the provider gave no token; None if it gave one."""
        try:
            found = json.loads((scratch / _REPORT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        code, message, reason, remedy = (
            str(found.get(key, "")) for key in ("code", "message", "reason", "remedy")
        )
        if found.get("retry"):
            return Unclear(reason=f"{message}: {reason}")
        # Cargo sent nothing: no look at the index can show that crate.
        problem = Problem(code=code, message=message, reason=reason, remedy=remedy, package=package)
        return Refused(problem, unasked=True)


def _provider(scratch: Path) -> Path:
    """Return the provider's program: beside this interpreter, which may not be in PATH, else one that starts it.

    cargo passes arguments in its protocol alone, so that the interpreter itself cannot be the program.
    """
    installed = Path(sys.executable).with_name(COMMAND)
    if installed.is_file():
        return installed
    program = scratch / COMMAND
    command = shlex.join([sys.executable, "-P", "-m", MODULE])
    program.write_text(f"#!/bin/sh\nexec {command}\n", encoding="utf-8")
    program.chmod(0o700)
    return program


_REPORT = "refusal.json"


class CrateWrite(Struct, frozen=True):
    """A write of one version of a package, which is named by its id: `upload` or `yank`."""

    package: str
    version: str
    what: str

    @property
    def ways_on(self) -> str:
        """Return how a release goes on, or comes to an end, after what a remedy asks for."""
        if self.what != "upload":
            return ""
        return (
            f", then continue with `castoff resume {self.version} --execute`; "
            f"or withdraw the version with `castoff abandon {self.version} --execute`"
        )


class Writer:
    """Carries writes through cargo; each is a process of its own.

    Cargo packs before it uploads, which takes a core: so many at a time prepare an upload as there are cores, and
    one more. How many are being sent is not limited here.
    """

    def __init__(self, processes: Processes, clock: Clock) -> None:
        self._processes = processes
        self._clock = clock
        self._preparing = threading.BoundedSemaphore((os.cpu_count() or 1) + 1)

    def publish(
        self, write: CrateWrite, root: Path, target: Path, words: Sequence[str], grant: Grant | None = None
    ) -> Outcome:
        """Upload a package from the folder of its workspace in the tree.

        cargo runs in an empty folder, where it finds no settings, no wrapper and no toolchain file of the repository.

        Return as soon as the registry has taken it, which is before it is visible.

        Cargo would then poll the index for a minute; castoff looks itself, so cargo is told to end.
        """
        talk = Conversation("PUT")
        name = write.package.removeprefix("cargo:")
        with (
            ExitStack() as preparing,
            tempfile.TemporaryDirectory(prefix=scratch_prefix("publish")) as scratch,
        ):
            empty = Path(scratch) / "empty"
            empty.mkdir()
            preparing.enter_context(self._preparing)

            def hear(line: str) -> Hearing:
                hearing = talk.hear(line)
                if talk.sent:
                    # The upload itself needs no core, so the next package may be packed.
                    preparing.close()
                return hearing

            done = self._processes.follow(
                # Verified before, all packages together; verifying again here would build each package a
                # second time.
                [
                    *("cargo", "publish", "--quiet", "--no-verify", "--package", name),
                    *("--manifest-path", str(root / "Cargo.toml"), *words),
                    *(grant.words(Path(scratch)) if grant is not None else ()),
                ],
                kind=Kind.CARGO_UPLOAD,
                cwd=empty,
                heard=hear,
                changes={
                    **CHANGES,
                    **NO_WRAPPERS,
                    **self._toolchain(root),
                    **(withheld(self._processes.environment, "cargo") if grant is not None else {}),
                    "CARGO_TARGET_DIR": str(target),
                },
            )
            if grant is not None and not talk.sent and (denied := grant.denied(Path(scratch), write.package)):
                return denied
        return self._outcome(write, talk, done)

    def _toolchain(self, root: Path) -> dict[str, str]:
        """Name the toolchain of the repository, whose file cargo does not see: another one may pack other bytes."""
        if self._processes.environment.get("RUSTUP_TOOLCHAIN"):
            return {}
        channel = toolchain_in(root)
        return {"RUSTUP_TOOLCHAIN": channel} if channel is not None else {}

    def yank(self, package: str, version: str, folder: Path, words: Sequence[str]) -> Outcome:
        """Withdraw one version of a package, named by its id."""
        talk = Conversation("DELETE")
        words = [f"{package.removeprefix('cargo:')}@{version}", *words]
        done = self._processes.follow(
            ["cargo", "yank", *words], kind=Kind.CARGO_UPLOAD, cwd=folder, heard=talk.hear, changes=CHANGES
        )
        return self._outcome(CrateWrite(package, version, "yank"), talk, done)

    def _outcome(self, write: CrateWrite, talk: Conversation, done: Completed) -> Outcome:
        # Cargo is ended while it polls the index, so its exit code says nothing after an accepted upload.
        if done.code == 0 or talk.accepted:
            return Succeeded()
        words, act = _last_words(done), f"{write.what} of `{write.package}`"
        match talk.status:
            case 429:
                seconds = retry_after(talk.headers, self._clock.now())
                return Throttled(
                    retry_after=_UNSAID if seconds is None else seconds,
                    reason=f"the registry limits the rate of: {write.what}",
                )
            case 401 | 403:
                return Refused(_denied(write, talk.status, words))
            # A refusal for this very request: sending the same bytes again cannot succeed.
            case int(status) if 400 <= status < 500 and status not in _PASSING:
                return Refused(_refused(write, status, words))
            case int(status):
                return Unclear(reason=f"the registry answered {status} to the {act}")
            # Sent without an answer is the case in which a crate may be stored: look, never repeat blindly.
            case None if talk.sent:
                return Unclear(reason=f"no answer came to the {act}: {words}")
            case None:
                return Unclear(reason=f"cargo ended with {done.code} before the {act}: {words}")


def _last_words(done: Completed) -> str:
    return " ".join(done.last_words.split())[-600:]


def _denied(write: CrateWrite, status: int, words: str) -> Problem:
    return Problem(
        code="permission-denied",
        message=f"the registry does not let this token {write.what} `{write.package}` (status {status})",
        reason=words,
        remedy="use a token with the right scope, of an owner of the package (a new name requires a token that may "
        "create packages)" + write.ways_on,
        package=write.package,
    )


def _refused(write: CrateWrite, status: int, words: str) -> Problem:
    return Problem(
        code="upload-refused" if write.what == "upload" else "yank-refused",
        message=f"the registry refused to {write.what} `{write.package}` (status {status})",
        reason=words,
        remedy="correct the reported problem and release the next version; if an earlier run has just "
        "uploaded it, run the "
        "same command again in a minute"
        if write.what == "upload"
        else "correct the reported problem, and run "
        f"`castoff yank {write.version} --execute` again: it continues with the remaining packages",
        package=write.package,
    )
