"""Identity tokens of the CI job that castoff runs in, requested from its runner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from castoff.io.http import Failure, Http
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import REQUEST_TOKEN, REQUEST_URL
from castoff.redaction import Redactor


def request_identity_token(
    http: Http, environment: Mapping[str, str], redactor: Redactor, audience: str
) -> str | Unknown:
    """Request a new token for one audience, as actions/toolkit does; each exchange needs a new one."""
    url, token = environment.get(REQUEST_URL, ""), environment.get(REQUEST_TOKEN, "")
    if not url or not token:
        return Unknown(reason="this process may not request identity tokens")
    answer = http.ask(
        "GET",
        f"{url}{'&' if '?' in url else '?'}audience={quote(audience, safe='')}",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )
    if isinstance(answer, Failure):
        return Unknown(reason=answer.reason)
    try:
        value = json.loads(answer.body)["value"]
    except (ValueError, KeyError, TypeError):
        value = None
    if answer.status != 200 or not isinstance(value, str):
        return Unknown(reason=f"the runner answered {answer.status} to the request for an identity token")
    redactor.learn_token(value)
    return value
