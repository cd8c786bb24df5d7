"""Probe of npm's exchange of an identity token: whether this job may publish a package. npm itself exchanges to upload.

The exchange is per package (npm's `lib/utils/oidc.js`); its token is forgotten, and ends by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from castoff.io.http import Failure, Http
from castoff.io.identity import request_identity_token
from castoff.io.process import Processes
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import Exchange, Exchanged, ExchangeRefused
from castoff.regexes import regex
from castoff.text.addresses import split_url

_CREDENTIAL = regex(r"^\s*[^#;=\n]*(?:_authToken|_auth|_password|username|tokenHelper)\s*=.*$", re.M)


def probe(http: Http, processes: Processes, registry: str, name: str) -> tuple[Exchange, str]:
    """Exchange a new identity token for one package; also return the identity token."""
    environment, redactor = processes.environment, processes.redactor
    identity = request_identity_token(http, environment, redactor, f"npm:{split_url(registry).hostname}")
    if isinstance(identity, Unknown):
        return identity, ""
    spelled = quote(name, safe="@")
    answer = http.ask(
        "POST",
        f"{registry.rstrip('/')}/-/npm/v1/oidc/token/exchange/package/{spelled}",
        headers={"Authorization": f"Bearer {identity}"},
        body=b"",
    )
    if isinstance(answer, Failure):
        return Unknown(reason=answer.reason), identity
    document = _object(answer.body)
    token = document.get("token")
    if answer.status in (200, 201) and isinstance(token, str):
        redactor.learn_token(token)
        return Exchanged(token), identity
    if answer.status in (400, 401, 403, 404, 422):
        text = str(document.get("message") or document.get("error") or answer.text[:300])
        return ExchangeRefused(status=answer.status, text=text), identity
    return Unknown(reason=f"the registry answered {answer.status} to the exchange of a token"), identity


def without_credentials(settings: str) -> str:
    """Return the text of an `.npmrc` without its tokens: npm uses one silently when its exchange is refused."""
    return _CREDENTIAL.sub("", settings)


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
