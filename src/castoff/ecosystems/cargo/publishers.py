"""Publishers of crates as crates-io names them: the CI job behind a version, or a person's token.

Source: crates-io ``views.rs`` (`trustpub_data`). The registry says which repository, run and commit, and not which
workflow. Its data access policy allows one request a second.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from castoff.ecosystems.cargo.exchange import cargo_route
from castoff.io.http import Failure, Http
from castoff.model.attestations import NoProvenance, Origin, Provenance, Publisher, issuer_of
from castoff.model.observations import Unknown
from castoff.ports import Clock
from castoff.redaction import Redactor

_PAUSE = 1.0


class Publishers:
    """Asks for the publishers of crates, one a second; safe for several threads."""

    def __init__(self, environment: Mapping[str, str], redactor: Redactor, clock: Clock) -> None:
        self._environment = environment
        self._redactor = redactor
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0
        self._http: Http | None = None

    def ask(self, api: str, name: str, version: str) -> Origin:
        """Return who published a version; ``api`` is the address of the registry's API."""
        reply = self._turn().ask("GET", f"{api.rstrip('/')}/api/v1/crates/{name}/{version}")
        if isinstance(reply, Failure):
            return Unknown(reason=f"crates-io: {reply.reason}")
        if reply.status != 200:
            return Unknown(
                reason=f"crates-io answered {reply.status} for the publisher of `{name}` {version}"
            )
        try:
            shown = json.loads(reply.body)["version"]
            return _origin(shown["trustpub_data"], shown["checksum"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return Unknown(
                reason=f"crates-io's answer about `{name}` {version} cannot be read: {error!r:.200}"
            )

    def _turn(self) -> Http:
        """Wait for the next second that is free."""
        with self._lock:
            now = self._clock.monotonic()
            wait = max(0.0, self._next - now)
            self._next = now + wait + _PAUSE
            if self._http is None:
                self._http = Http(self._redactor, environment=cargo_route(self._environment))
            http = self._http
        if wait:
            self._clock.sleep(wait)
        return http


def _origin(shown: Any, checksum: str) -> Origin:
    if shown is None:
        return NoProvenance("crates-io names a person's token as its publisher, not a job")
    publisher = Publisher(
        issuer=issuer_of(shown["provider"]),
        repository=str(shown.get("repository") or shown.get("project_path") or ""),
        commit=str(shown.get("sha") or ""),
    )
    return Provenance(digest=f"sha256:{checksum}", publisher=publisher)
