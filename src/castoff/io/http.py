"""HTTP requests of castoff's own: reads, and everything at the forge.

Only answers come out, never exceptions of the library: a failed exchange is a `Failure` with its reason. Answers are
bounded in size and time, after decoding: a few kilobytes of gzip may stand for gigabytes.
Redirects keep credentials only on the same host (the library's rule). Nothing is retried here.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from castoff.errors import MachineFailure, Problem
from castoff.io.machine import require_machine
from castoff.redaction import Redactor

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10.0, 60.0)
_REFUSAL = 100_000
"""So many bytes of a refusal are read: it is a sentence, and a longer one is no help."""

_PATIENCE = 600.0
"""Seconds for a whole answer: a server that sends a byte a minute never runs into the time between two reads."""

LARGEST = 64 << 20
"""Decoded bytes of an answer at most; the largest ones known (an index's page of thousands of files) have a third."""

_CHUNK = 1 << 16

REFUSED, NOT_KNOWN = "connection refused", "name not known"
"""Causes that do not pass in a minute: nobody listens there, or the name has no target."""

_CAUSES = {
    REFUSED: re.compile(r"Connection refused|WinError 10061"),
    NOT_KNOWN: re.compile(
        r"NameResolutionError|not known|nodename nor servname|name resolution|getaddrinfo failed"
    ),
    # The library has one exception class for several causes; these texts only shorten the message and
    # decide nothing.
    "timed out": re.compile(r"Timeout|timed out"),
    "the connection was cut": re.compile(
        r"RemoteDisconnected|Connection aborted|Connection reset|Connection broken"
    ),
    "no network": re.compile(r"Network is unreachable|No route to host"),
}


class Reply(Struct, frozen=True, kw_only=True):
    """An answer: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8", "replace")


class Failure(Struct, frozen=True, kw_only=True):
    """No answer; ``sent`` says whether the request may have reached the server."""

    reason: str
    sent: bool


class Http:
    """One door: connections that all threads share, its own user agent, secrets cleaned from every reason."""

    def __init__(
        self,
        redactor: Redactor,
        *,
        user_agent: str = "castoff",
        environment: Mapping[str, str] | None = None,
        seconds_left: Callable[[], float] | None = None,
    ) -> None:
        self._redactor = redactor
        self._seconds_left = seconds_left
        self._user_agent = user_agent
        self._environment = environment or {}
        self._idle: deque[requests.Session] = deque()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        largest: int = LARGEST,
    ) -> Reply | Failure:
        """Send one request and read the whole answer, ``largest`` decoded bytes at most."""
        import requests

        from castoff.io.route import proxies_for, trusted_certificates

        try:
            with self._session() as session:
                try:
                    request = _prepared(session, method, url, headers or {}, body)
                except (requests.exceptions.RequestException, ValueError) as error:
                    # Before a connection exists nothing can have been written.
                    return self._failure(error, sent=False)
                proxies = proxies_for(request.url or "", self._environment)
                trusted = trusted_certificates(self._environment)
                settings = session.merge_environment_settings(request.url, proxies, True, trusted, None)
                with session.send(request, timeout=self._timeout(), **settings) as reply:
                    return self._read(reply, largest)
        except requests.exceptions.ConnectTimeout as error:
            return self._failure(error, sent=False)
        # A cut connection may have delivered the request: only a connection that was never made counts as
        # "not sent".
        except requests.exceptions.ConnectionError as error:
            return self._failure(error, sent="NewConnectionError" not in repr(error))
        except requests.exceptions.RequestException as error:
            return self._failure(error, sent=True)
        except OSError as error:  # a file of certificates that the environment names and nobody can read
            require_machine(error)
            raise MachineFailure(_unready(error)) from None

    def _read(self, reply: requests.Response, largest: int) -> Reply | Failure:
        """Read a body within bounds; of a refusal only the beginning."""
        is_refusal = reply.status_code >= 400
        # An error page is cut rather than refused: its first lines usually have the reason.
        largest, end = _REFUSAL if is_refusal else largest, time.monotonic() + _PATIENCE
        found = bytearray()
        for chunk in reply.iter_content(_CHUNK):
            found += chunk
            if len(found) > largest and not is_refusal:
                return self._too_much(reply, f"its answer is larger than {largest >> 20} MiB")
            if len(found) > largest:
                break
            if time.monotonic() > end:
                return self._too_much(reply, f"its answer was not complete after {_PATIENCE:.0f} seconds")
        headers = {name.lower(): value for name, value in reply.headers.items()}
        body = self._cleaned(bytes(found[:largest])) if is_refusal else bytes(found)
        return Reply(status=reply.status_code, headers=headers, body=body)

    def _too_much(self, reply: requests.Response, why: str) -> Failure:
        return Failure(
            reason=self.clean(f"`{urlsplit(reply.url).hostname}` was not understood: {why}"), sent=True
        )

    def _timeout(self) -> tuple[float, float]:
        """Return the seconds to wait for a connection and between two reads."""
        if self._seconds_left is None:
            return _TIMEOUT
        # urllib3 raises ValueError for a timeout of 0.
        left = max(0.01, self._seconds_left())  # the library takes no zero
        return min(_TIMEOUT[0], left), min(_TIMEOUT[1], left)

    def clean(self, text: str) -> str:
        """Take secrets out of what a server said: some repeat what they were sent, most often in a refusal."""
        return self._redactor.clean(text)

    def _cleaned(self, refusal: bytes) -> bytes:
        return self.clean(refusal.decode("utf-8", "replace")).encode()

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """Lend a session, with its connections, to one request at a time.

        Pools of threads come and go, and a connection costs more than a request: the certificates are read for each.
        """
        try:
            session = self._idle.pop()
        except IndexError:
            session = self._opened()
        try:
            yield session
        finally:
            self._idle.append(session)

    def _opened(self) -> requests.Session:
        from castoff.io.route import RoutedSession

        session = RoutedSession(self._environment)
        session.headers["User-Agent"] = self._user_agent
        # Decoders of other encodings are whatever happens to be installed, and none of them is bounded.
        session.headers["Accept-Encoding"] = "gzip, deflate"
        # Redirect bodies are read without a bound by requests before it follows them.
        session.hooks["response"].append(_without_body_of_redirects)
        return session

    def _failure(self, error: Exception, *, sent: bool) -> Failure:
        require_machine(error)
        return Failure(reason=self._redactor.clean(_in_words(error))[:300], sent=sent)


def _without_body_of_redirects(reply: requests.Response, **_: object) -> None:
    """Close a redirect: the library would read all of its body, without a bound, and use none of it."""
    if reply.is_redirect:
        reply.close()


def _unready(error: OSError) -> Problem:
    return Problem(
        code="machine-failed",
        message=f"castoff cannot open a connection: {error.strerror or error}",
        reason="a file that the environment names (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE) cannot be used",
        remedy="correct or unset the variable, and run the same command again: completed steps are not repeated",
    )


def _in_words(error: Exception) -> str:
    """Return which host did not answer, and why in two words, without the names that the library has for things."""
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
        raise requests.exceptions.InvalidSchema(f"`{url[:100]}` is not an HTTP URL")
    # The library notices it only while it sends. Values are not shown: most often it is a token.
    if unfit := [name for name, value in headers.items() if not _is_latin(value)]:
        raise requests.exceptions.InvalidHeader(f"the header {unfit[0]} has letters that HTTP cannot carry")
    as_it_is = (lambda request: request) if any(name.lower() == "authorization" for name in headers) else None
    return session.prepare_request(
        requests.Request(method, url, headers=dict(headers), data=body, auth=as_it_is)
    )


def _is_latin(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read ``Retry-After`` in seconds from now: a number or an HTTP date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        digits = value.lstrip("0") or "0"
        return 86_400.0 if len(digits) > 6 else float(min(int(digits), 86_400))
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, min((when - now).total_seconds(), 86_400.0))
