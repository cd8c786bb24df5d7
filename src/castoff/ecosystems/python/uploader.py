"""Upload of Python artifacts through uv or twine.

One process a file, so that the client's configuration, credentials, keyring and trusted publishing apply.
Credentials reach it through its environment alone, never its arguments.

Both clients end with one exit code for every failure, and explain it in prose only. So the exit code decides: 0 is
success, everything else is unclear, and a look at the index follows (an upload without an answer may have arrived).
What the index does not show is tried again, a bounded number of times; then a person reads what the client reports.

uv is told not to try again on its own, since a write that may have happened is followed by a look; twine cannot
be told, it repeats what was answered with 5xx (the same file, which an index takes twice).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from castoff.ecosystems.python.indexes import Endpoints
from castoff.errors import Problem
from castoff.io.files import is_regular
from castoff.io.process import Completed, Processes
from castoff.io.scratch import scratch_prefix
from castoff.model.acts import Outcome, Succeeded, Unclear
from castoff.model.attestations import ATTESTATION
from castoff.model.child_environments import Kind
from castoff.model.credentials import withheld
from castoff.model.workspace import Artifact
from castoff.regexes import regex

_PATIENCE = 1800.0
_UV = ("uv", "publish", "--no-progress")
_TWINE = ("twine", "upload", "--non-interactive", "--disable-progress-bar")
_NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
_LOGIN = regex(r"^\s*(?:username|password)\s*[=:].*(?:\n[ \t]+\S.*)*$", re.M | re.I)
"""A credential in `.pypirc`, with its continuation lines (configparser)."""


class Uploader:
    """Uploads through one client to one endpoint."""

    def __init__(
        self, processes: Processes, endpoints: Endpoints, client: str, *, tokenless: bool = False
    ) -> None:
        self._processes = processes
        self._endpoints = endpoints
        self._client = client
        self._tokenless = tokenless

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload one file; ``root`` is the folder where the client looks for its own configuration."""
        publish = self._endpoints.publish
        is_twine = self._client == "twine"
        target = {"TWINE_REPOSITORY_URL" if is_twine else "UV_PUBLISH_URL": publish} if publish else {}
        attestation = self._attestation(artifact)
        words = ["--attestations"] if attestation and is_twine else []
        without = withheld(self._processes.environment, "python") if self._tokenless else {}
        with self._tokenless_words(is_twine=is_twine) as more:
            done = self._processes.run(
                [*(_TWINE if is_twine else _UV), *more, *words, artifact.path, *attestation],
                kind=Kind.PYTHON_UPLOAD,
                cwd=root,
                timeout=_PATIENCE,
                # A blind retry of an upload whose answer was lost meets "already exists" and hides what
                # happened.
                changes={
                    "UV_HTTP_RETRIES": "0",
                    **target,
                    **without,
                    **(_NO_KEYRING if self._tokenless else {}),
                },
            )
        return outcome_of(artifact, done, " ".join((_TWINE if is_twine else _UV)[:2]))

    @contextmanager
    def _tokenless_words(self, *, is_twine: bool) -> Iterator[tuple[str, ...]]:
        """Give the options with which a client exchanges an identity token and uses no other credential.

        uv does so with ``always``. twine does so at PyPI where it finds no credential in its options, variables,
        `.pypirc` and keyring (twine 7, ``auth.Resolver``), so that it gets the user's file without them.
        """
        if not self._tokenless:
            yield ()
            return
        if not is_twine:
            yield ("--trusted-publishing", "always")
            return
        settings = Path(self._processes.environment.get("HOME", "/")) / ".pypirc"
        if not is_regular(settings):
            yield ()
            return
        text = settings.read_text(encoding="utf-8", errors="replace")
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("twine")) as folder:
            file = Path(folder) / ".pypirc"
            file.write_text(_LOGIN.sub("", text), encoding="utf-8")
            yield ("--config-file", str(file))

    def _attestation(self, artifact: Artifact) -> tuple[str, ...]:
        """Return the attestation beside a file, which both clients upload if it is named as well."""
        file = Path(artifact.path + ATTESTATION)
        is_off = self._processes.environment.get("UV_PUBLISH_NO_ATTESTATIONS")
        return (str(file),) if file.is_file() and not is_off else ()


def outcome_of(artifact: Artifact, done: Completed, client: str) -> Outcome:
    """Return the outcome of an upload by the exit code of the client."""
    # uv and twine have one exit code for all failures, so only success is definite.
    if done.code == 0:
        return Succeeded()
    words = done.last_words or f"it ended with code {done.code}"
    problem = Problem(
        code="upload-failed",
        message=f"`{client}` could not upload `{artifact.filename}`, and the index does not list it",
        reason=words,
        remedy="fix the reported problem (often a missing token, or a token that may not upload "
        f"`{artifact.name}`), then run `castoff resume --execute`; if an earlier attempt may have uploaded "
        "the file, run it again after 15 minutes, since listings are delayed, before you abandon the "
        "version with `castoff abandon`",
        package=artifact.package,
    )
    return Unclear(reason=words, problem=problem)
