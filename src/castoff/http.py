"""How does castoff speak HTTP itself? This is the only door for reads and for the forge; one session a door.

Only answers come out, never exceptions of the library: a failed exchange is a `Failure` with its reason.
Redirects keep credentials only on the same host (the library's rule). Nothing is retried here.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from castoff.redaction import Redactor

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10.0, 60.0)
_REFUSAL = 100_000
"""So many bytes of a refusal are read: it is a sentence, and a longer one is no help."""

REFUSED, NOT_KNOWN = "connection refused", "name not known"
"""Causes that do not pass in a minute: nobody listens there, or the name leads nowhere."""

_CAUSES = {
    REFUSED: re.compile(r"Connection refused|WinError 10061"),
    NOT_KNOWN: re.compile(
        r"NameResolutionError|not known|nodename nor servname|name resolution|getaddrinfo failed"
    ),
    "timed out": re.compile(r"Timeout|timed out"),
    "the connection was cut": re.compile(
        r"RemoteDisconnected|Connection aborted|Connection reset|Connection broken"
    ),
    "no network": re.compile(r"Network is unreachable|No route to host"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """Give the body as text."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No answer; ``sent`` says whether the request may have reached the server."""

    reason: str
    sent: bool


class Http:
    """One door: its own connections per thread, its own user agent, secrets cleaned from every reason."""

    def __init__(self, redactor: Redactor, *, user_agent: str = "castoff") -> None:
        self._redactor = redactor
        self._user_agent = user_agent
        self._local = threading.local()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply | Failure:
        """Send one request and read the whole answer."""
        import requests

        session = self._session()
        try:
            request = _prepared(session, method, url, headers or {}, body)
        except (requests.exceptions.RequestException, ValueError) as error:
            return self._failure(error, sent=False)
        settings = session.merge_environment_settings(request.url, _proxies(url), None, None, None)
        try:
            reply = session.send(request, timeout=_TIMEOUT, **settings)
        except requests.exceptions.ConnectTimeout as error:
            return self._failure(error, sent=False)
        except requests.exceptions.ConnectionError as error:
            return self._failure(error, sent="NewConnectionError" not in repr(error))
        except requests.exceptions.RequestException as error:
            return self._failure(error, sent=True)
        headers_seen = {name.lower(): value for name, value in reply.headers.items()}
        body_seen = reply.content if reply.status_code < 400 else self._cleaned(reply.content[:_REFUSAL])
        return Reply(status=reply.status_code, headers=headers_seen, body=body_seen)

    def clean(self, text: str) -> str:
        """Take secrets out of what a server said: some repeat what they were sent, most often in a refusal."""
        return self._redactor.clean(text)

    def _cleaned(self, refusal: bytes) -> bytes:
        return self.clean(refusal.decode("utf-8", "replace")).encode()

    def _session(self) -> requests.Session:
        import requests

        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = self._user_agent
            self._local.session = session
        return session

    def _failure(self, error: Exception, *, sent: bool) -> Failure:
        return Failure(reason=self._redactor.clean(_in_words(error))[:300], sent=sent)


def _in_words(error: Exception) -> str:
    """Say which host did not answer, and why in two words, without the names that the library has for things."""
    inner = error.args[0] if error.args else error
    why = re.sub(r"^HTTPS?Connection(?:Pool)?\([^()]{0,300}\): ", "", str(getattr(inner, "reason", inner)))
    why = next(
        (cause for cause, told in _CAUSES.items() if told.search(f"{type(error).__name__}: {why}")), why
    )
    request = getattr(error, "request", None)
    host = urlsplit(request.url or "").hostname if request is not None else None
    return f"`{host}` did not answer: {why}" if host else f"{type(error).__name__}: {why}"


def _prepared(
    session: requests.Session, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> requests.PreparedRequest:
    """Make a request ready; raises where it is none. A token of ours is not replaced by what netrc holds."""
    import requests

    if not url.lower().startswith(("http://", "https://")):
        raise requests.exceptions.InvalidSchema(f"`{url[:100]}` is no address of HTTP")
    as_it_is = (lambda request: request) if any(name.lower() == "authorization" for name in headers) else None
    return session.prepare_request(
        requests.Request(method, url, headers=dict(headers), data=body, auth=as_it_is)
    )


def _proxies(url: str) -> dict[str, str]:
    """Ask no proxy for what is on this machine, whatever the environment says; else leave it to that."""
    host = urlsplit(url).hostname or ""
    here = host in ("localhost", "::1") or host.startswith("127.")
    return {"http": "", "https": ""} if here else {}


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read ``Retry-After`` in seconds from now: a number or an HTTP date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        digits = value.lstrip("0") or "0"
        return 86_400.0 if len(digits) > 6 else float(min(int(digits), 86_400))
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, min((when - now).total_seconds(), 86_400.0))
