"""Probe of PyPI's exchange of an identity token: whether this job is a trusted publisher. uv exchanges to upload.

Source: warehouse ``oidc/views.py``. A token covers all projects that have this publisher, and nobody but PyPI can read
from it which ones: an exchange proves the publisher, not each project. A pending publisher makes its project by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from castoff.io.http import Failure, Http
from castoff.io.identity import request_identity_token
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import Exchange, Exchanged, ExchangeRefused
from castoff.redaction import Redactor
from castoff.text.addresses import split_url


def probe(http: Http, environment: Mapping[str, str], redactor: Redactor, index: str) -> tuple[Exchange, str]:
    """Exchange a new identity token at the host of an address of the index; also return the identity token."""
    # uv speaks https whatever the scheme of the address that it uploads to.
    base = f"https://{split_url(index).netloc.rpartition('@')[2]}/_/oidc"
    asked = http.ask("GET", f"{base}/audience")
    audience = None if isinstance(asked, Failure) else _object(asked.body).get("audience")
    if not isinstance(audience, str):
        why = asked.reason if isinstance(asked, Failure) else f"it answered {asked.status}"
        return Unknown(reason=f"the index named no audience for identity tokens: {why}"), ""
    identity = request_identity_token(http, environment, redactor, audience)
    if isinstance(identity, Unknown):
        return identity, ""
    headers = {"Content-Type": "application/json"}
    answer = http.ask(
        "POST", f"{base}/mint-token", headers=headers, body=json.dumps({"token": identity}).encode()
    )
    if isinstance(answer, Failure):
        return Unknown(reason=answer.reason), identity
    document = _object(answer.body)
    token = document.get("token")
    if answer.status == 200 and isinstance(token, str):
        redactor.learn_token(token)
        return Exchanged(token), identity
    if answer.status in (403, 422):
        return ExchangeRefused(status=answer.status, text=_words(document) or answer.text[:300]), identity
    return Unknown(reason=f"the index answered {answer.status} to the exchange of a token"), identity


def _words(document: Mapping[str, object]) -> str:
    errors = document.get("errors")
    listed = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return "; ".join(f"{one.get('code')}: {one.get('description')}" for one in listed) or str(
        document.get("message") or ""
    )


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
