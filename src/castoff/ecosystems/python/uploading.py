"""How is one file uploaded, and what became of it?

The real client does it: `uv publish`, or `twine`, one process a file, so that its configuration, credentials,
keyring and trusted publishing apply. Credentials reach it through its environment alone, never its arguments.

What became of it is decided from codes and data, never from prose:

- exit code 0: succeeded;
- a status that was seen as data (see :mod:`castoff.watching`, plain http only), or that uv's
  own log states in a fixed record (``Response code for URL: NNN``, any address): 401 and 403 are refusals for
  good, 429 asks to wait (``Retry-After`` where it was seen, else a minute), other 4xx are refusals, 5xx unclear;
- no status, and nobody asked the index (seen over plain http only): the client itself refused, for good;
- no status: unclear, with the client's last words for people to read. The pass looks before it does anything.

uv is told not to try again on its own, since a write that may have happened is followed by a look; twine cannot
be told, it repeats what was answered with 5xx (the same file, which an index takes twice).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from castoff.ecosystems.python.indexes import Endpoints
from castoff.errors import Problem
from castoff.http import retry_after
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.workspace import Artifact
from castoff.process import Completed, Processes
from castoff.watching import Watched, Watcher

_PATIENCE = 1800.0
_UV = ("uv", "publish", "--verbose", "--no-progress")
_TWINE = ("twine", "upload", "--non-interactive", "--disable-progress-bar")
_WITHOUT_RETRY_AFTER = 60.0
_RECORD = re.compile(r"^DEBUG Response code for \S+: (\d{3})\b", re.M)
_LOG_LINE = re.compile(r"^(?:DEBUG|TRACE|INFO|WARN) [^\n]*\n?", re.M)
_RETRIED = frozenset({408, 425})


class Uploader:
    """Uploads through one client to one endpoint."""

    def __init__(
        self, processes: Processes, endpoints: Endpoints, client: str, now: Callable[[], datetime]
    ) -> None:
        self._processes = processes
        self._endpoints = endpoints
        self._client = client
        self._now = now
        self._watcher = Watcher()

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload one file; ``root`` is where the client reads its own configuration."""
        publish = self._endpoints.publish
        is_twine = self._client == "twine"
        target = {"TWINE_REPOSITORY_URL" if is_twine else "UV_PUBLISH_URL": publish} if publish else {}
        with self._watcher.watch(publish, self._processes.environment) as (watched, variables):
            done = self._processes.run(
                [*(_TWINE if is_twine else _UV), artifact.path],
                cwd=root,
                timeout=_PATIENCE,
                changes={"UV_HTTP_RETRIES": "0", **target, **variables},
            )
        return outcome_of(artifact, done, watched, self._now())


def outcome_of(artifact: Artifact, done: Completed, watched: Watched, now: datetime) -> Outcome:
    """Say what became of an upload."""
    if done.code == 0:
        return Succeeded()
    status = watched.status if watched.status is not None else _stated(done)
    words = last_words(done)
    match status:
        case 401 | 403:
            return Refused(_denied(artifact, status, words))
        case 429:
            asked = retry_after(watched.headers, now)
            return Throttled(
                retry_after=asked if asked is not None else _WITHOUT_RETRY_AFTER,
                reason=f"the index takes no more uploads for now ({artifact.filename})",
            )
        case int() if 400 <= status < 500 and status not in _RETRIED:
            return Refused(_refused(artifact, status, words))
        case None if watched.asked is False:
            return Refused(_not_sent(artifact, words), unasked=True)
        case _:
            return Unclear(reason=words or f"the client ended with code {done.code}")


def last_words(done: Completed) -> str:
    """Give the end of what a client said, without the records of its log."""
    words = _LOG_LINE.sub("", done.errors).strip() or done.text.strip()
    return words if len(words) <= 1500 else "..." + words[-1500:]


def _stated(done: Completed) -> int | None:
    found = _RECORD.findall(done.errors)
    return int(found[-1]) if found else None


def _denied(artifact: Artifact, status: int, words: str) -> Problem:
    return Problem(
        code="permission-denied",
        message=f"the index did not let `{artifact.filename}` be uploaded ({status})",
        reason=words,
        remedy=f"see that the token may upload `{artifact.package}` there, then run `castoff resume`",
        package=artifact.package,
    )


def _not_sent(artifact: Artifact, words: str) -> Problem:
    return Problem(
        code="upload-not-sent",
        message=f"the client did not try to upload `{artifact.filename}`",
        reason=words,
        remedy="give it what it asks for (most often a token: `UV_PUBLISH_TOKEN`), then run `castoff resume --execute`",
        package=artifact.package,
    )


def _refused(artifact: Artifact, status: int, words: str) -> Problem:
    return Problem(
        code="upload-refused",
        message=f"the index refused `{artifact.filename}` ({status})",
        reason=words,
        remedy="if the name was taken before, the version is burnt: `castoff abandon` it and release the next one; "
        "otherwise mend what the index says",
        package=artifact.package,
    )
