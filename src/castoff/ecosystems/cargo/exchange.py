"""Exchange of an identity token for a token of crates-io, which cargo does not make itself.

Source: crates-io ``controllers/trustpub/tokens``. No host is named: the API's address is what the index says
(``config.json``), and its host is the audience, as the registry's own default has it (``trustpub_audience``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import tomli

from castoff.io.http import Failure, Http
from castoff.io.identity import request_identity_token
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import Exchange, Exchanged, ExchangeRefused
from castoff.redaction import Redactor
from castoff.text.addresses import split_url

_PATH = "/api/v1/trusted_publishing/tokens"


class CratesExchange:
    """Exchanges at one registry; ``api`` is the address of its API."""

    def __init__(self, environment: Mapping[str, str], redactor: Redactor, api: str) -> None:
        self._environment = environment
        self._redactor = redactor
        self._api = api.rstrip("/")
        self._runner = Http(redactor, environment=environment)
        self._registry = Http(redactor, environment=cargo_route(environment))

    def exchange(self) -> tuple[Exchange, str]:
        """Return a new token for all crates that trust this job, or why there is none; and the identity token."""
        audience = split_url(self._api).netloc
        identity = request_identity_token(self._runner, self._environment, self._redactor, audience)
        if isinstance(identity, Unknown):
            return identity, ""
        answer = self._registry.ask(
            "POST",
            f"{self._api}{_PATH}",
            headers={"Content-Type": "application/json"},
            body=json.dumps({"jwt": identity}).encode(),
        )
        if isinstance(answer, Failure):
            return Unknown(reason=answer.reason), identity
        document = _object(answer.body)
        token = document.get("token")
        if answer.status == 200 and isinstance(token, str):
            self._redactor.learn_token(token)
            return Exchanged(token), identity
        if 400 <= answer.status < 500 and answer.status != 429:
            return ExchangeRefused(status=answer.status, text=_detail(document, answer.text)), identity
        return Unknown(reason=f"the registry answered {answer.status} to the exchange of a token"), identity

    def give_back(self, token: str) -> None:
        """End a token before its time; what fails here ends by itself after half an hour."""
        self._registry.ask("DELETE", f"{self._api}{_PATH}", headers={"Authorization": f"Bearer {token}"})


def cargo_route(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with cargo's own proxy and certificates where it has some (The Cargo Book, `http`)."""
    home = Path(environment.get("CARGO_HOME") or Path(environment.get("HOME", "/")) / ".cargo")
    settings = _settings(home)
    proxy = environment.get("CARGO_HTTP_PROXY") or str(settings.get("proxy") or "")
    certificates = environment.get("CARGO_HTTP_CAINFO") or str(settings.get("cainfo") or "")
    route = dict(environment)
    if proxy:
        address = proxy if "://" in proxy else f"http://{proxy}"
        route |= {"https_proxy": address, "HTTPS_PROXY": address, "no_proxy": "", "NO_PROXY": ""}
    if certificates:
        route["REQUESTS_CA_BUNDLE"] = certificates
    return route


def _settings(home: Path) -> Mapping[str, object]:
    try:
        table = tomli.loads((home / "config.toml").read_text(encoding="utf-8")).get("http")
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError):
        return {}
    return table if isinstance(table, dict) else {}


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _detail(document: Mapping[str, object], text: str) -> str:
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    detail = first.get("detail") if isinstance(first, dict) else None
    return detail if isinstance(detail, str) else text[:300]
