"""Credential provider for cargo: a token for the crates of one release, byte for byte, and for nothing else.

The command `cargo-credential-castoff`, which cargo starts (The Cargo Book, "Credential Provider Protocol"). Before each
upload cargo names crate, version and checksum; only what stands in the digest list gets a token, so that no other bytes
can go up, whatever packed them. The token is exchanged at that moment, from a new identity token of the CI job: none is
older than its upload, however long the release takes, and none is kept.

    cargo publish --config 'registry.credential-provider = [
        "cargo-credential-castoff", "--digests", "SHA256SUMS", "--api", "ADDRESS"]'

``--digests`` is a list as `sha256sum` writes it. ``--api`` is the address of the registry's API; without it the
`config.json` of the index is asked, which an index that is a git repository does not have. ``--report`` is a file that
gets a refusal as JSON, since cargo passes on its text alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from msgspec import Struct

from castoff.ecosystems.cargo.exchange import CratesExchange, cargo_route
from castoff.errors import Problem
from castoff.io.http import Http, Reply
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import ExchangeRefused, ci_job, job_problem, refusal_problem
from castoff.redaction import Redactor

COMMAND = "cargo-credential-castoff"
MODULE = "castoff.ecosystems.cargo.credential_provider"
_VERSION = 1
_SPARSE = "sparse+"
_NO_TOKEN = "none"  # noqa: S105 - a word, and no secret

Answer = Mapping[str, Any]


class ProviderOptions(Struct, frozen=True, kw_only=True):
    """The arguments that cargo passes on from its configuration."""

    digests: Path | None = None
    api: str = ""
    report: Path | None = None


class Denied(Exception):
    """No token, for a problem of castoff's; ``retry`` tells whether it may pass."""

    def __init__(self, problem: Problem, *, retry: bool = False) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.retry = retry

    @property
    def words(self) -> str:
        """Return what cargo prints."""
        return (
            f"{self.problem.message}: {self.problem.reason}" if self.problem.reason else self.problem.message
        )


def main() -> None:
    """Answer cargo on standard output until it closes standard input."""
    sys.exit(serve(sys.stdin, sys.stdout, os.environ))


def serve(requests: TextIO, answers: TextIO, environment: Mapping[str, str]) -> int:
    """Answer each request, one line of JSON a piece."""
    _print(answers, {"v": [_VERSION]})
    for line in requests:
        _print(answers, answer(line, environment))
    return 0


def answer(line: str, environment: Mapping[str, str]) -> Answer:
    """Return what the protocol has for one request."""
    try:
        request = json.loads(line)
        options = options_of(request.get("args") or ())
    except (ValueError, AttributeError, TypeError) as error:
        return _error(f"the request cannot be read: {error}")
    if request.get("kind") != "get":
        return {"Err": {"kind": "operation-not-supported"}}
    # `cargo publish` asks for a token to read with before it packs, and fails without any; crates-io needs none to
    # read, so that this word never leaves the machine.
    if request.get("operation") == "read":
        return _granted(_NO_TOKEN)
    if request.get("operation") != "publish":
        return {"Err": {"kind": "not-found"}}
    try:
        require_listed(request, options.digests)
        token = _exchanged(request, options, environment)
    except Denied as denied:
        if options.report is not None:
            options.report.write_text(json.dumps(report_of(denied)), encoding="utf-8")
        return _error(denied.words)
    return _granted(token)


def _granted(token: str) -> Answer:
    # "never": cargo asks again for the next upload, which gets a token of its own.
    return {"Ok": {"kind": "get", "token": token, "cache": "never", "operation_independent": False}}


def options_of(arguments: Sequence[str]) -> ProviderOptions:
    """Read the arguments; ValueError for one that is not known or has no value."""
    given: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        value = next(words, None)
        if word not in ("--digests", "--api", "--report") or value is None:
            raise ValueError(f"{COMMAND} takes --digests FILE, --api ADDRESS and --report FILE, not `{word}`")
        given[word.removeprefix("--")] = value
    digests, report = given.get("digests"), given.get("report")
    return ProviderOptions(
        digests=Path(digests) if digests else None,
        api=given.get("api", ""),
        report=Path(report) if report else None,
    )


def require_listed(request: Mapping[str, Any], digests: Path | None) -> None:
    """Require that the crate stands in the digest list, with this very checksum."""
    filename = f"{request.get('name')}-{request.get('vers')}.crate"
    if digests is None:
        raise _not_listed(filename, "there is no digest list: pass `--digests FILE`")
    try:
        listed = read_digests(digests.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _not_listed(filename, f"the digest list cannot be read: {error}") from None
    if filename not in listed:
        raise _not_listed(filename, "the release has no file of that name")
    if listed[filename] != request.get("cksum"):
        raise Denied(
            Problem(
                code="crate-bytes-differ",
                message=f"cargo packed `{filename}` with other bytes than were built for this release",
                reason=f"the release lists {listed[filename]}, cargo packed {request.get('cksum')}",
                remedy="build the files again with the cargo that uploads them (`castoff build`, or the release's "
                "workflow from its first job): a crate without a committed lock file changes with its index; then "
                "continue with `castoff resume --execute`",
            )
        )


def read_digests(text: str) -> dict[str, str]:
    """Read a list as `sha256sum` writes it: file names with their digests."""
    rows = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {row[1].removeprefix("*"): row[0].lower() for row in rows if len(row) == 2}


def _exchanged(request: Mapping[str, Any], options: ProviderOptions, environment: Mapping[str, str]) -> str:
    if problem := job_problem(ci_job(environment), "cargo"):
        raise Denied(problem)
    redactor = Redactor.of_environment(environment)
    api = options.api or _api_of(request, environment, redactor)
    got, identity = CratesExchange(environment, redactor, api).exchange()
    if isinstance(got, Unknown):
        raise Denied(_unknown(got.reason), retry=True)
    if isinstance(got, ExchangeRefused):
        raise Denied(refusal_problem("cargo", str(request.get("name")), got, identity))
    return got.token


def _api_of(request: Mapping[str, Any], environment: Mapping[str, str], redactor: Redactor) -> str:
    registry = request.get("registry") or {}
    index = str(registry.get("index-url", ""))
    if not index.startswith(_SPARSE):
        raise Denied(_unknown("the index does not say where its API is: pass `--api ADDRESS`"))
    http = Http(redactor, environment=cargo_route(environment))
    found = http.ask("GET", index.removeprefix(_SPARSE).rstrip("/") + "/config.json")
    try:
        return str(json.loads(found.body)["api"]) if isinstance(found, Reply) else ""
    except (ValueError, KeyError, TypeError):
        raise Denied(_unknown("the `config.json` of the index names no API"), retry=True) from None


def report_of(denied: Denied) -> Mapping[str, object]:
    """Return what a report says of a refusal."""
    problem = denied.problem
    parts = {
        "code": problem.code,
        "message": problem.message,
        "reason": problem.reason,
        "remedy": problem.remedy,
    }
    return {**parts, "retry": denied.retry}


def _not_listed(filename: str, why: str) -> Denied:
    return Denied(
        Problem(
            code="crate-not-listed",
            message=f"`{filename}` is not part of this release, so it gets no token",
            reason=why,
            remedy="upload it with a token of your own, or release it with castoff",
        )
    )


def _unknown(why: str) -> Problem:
    return Problem(
        code="exchange-unknown",
        message="whether this job gets a token of the registry is not known",
        reason=why,
        remedy="run the same command again in a minute; if it stays so, look at the status page of the registry and of "
        "the CI service",
    )


def _error(message: str) -> Answer:
    return {"Err": {"kind": "other", "message": message, "caused-by": []}}


def _print(stream: TextIO, value: Answer) -> None:
    stream.write(json.dumps(value) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
