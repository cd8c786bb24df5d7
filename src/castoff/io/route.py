"""The way to a server by an environment's own settings: proxies and trusted certificates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

# A module of its own, so that only commands that send a request load the library: it is a tenth of a plan's imports.
import requests
from requests.utils import address_in_network, is_ipv4_address, is_valid_cidr

from castoff.io.files import is_regular

if TYPE_CHECKING:
    from typing import Any


class RoutedSession(requests.Session):
    """A session that takes proxies from an environment that is given, for the first address and for redirects.

    The library reads those of this process; a rehearsal gives its clients others, and its embedded index leads
    on to the outside by redirects.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Keep the environment whose clients this session accompanies."""
        super().__init__()
        self._environment = environment

    def rebuild_proxies(self, prepared_request: requests.PreparedRequest, proxies: Any) -> dict[str, str]:  # noqa: ARG002
        """Choose the proxies of the address that a redirect leads to."""
        return proxies_for(prepared_request.url or "", self._environment)


def proxies_for(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy for an address by ``http_proxy``, ``https_proxy``, ``all_proxy``, ``no_proxy``; "" for none.

    Lower case wins over upper case, as in curl and requests. No proxy is asked for what is on this machine,
    whatever the environment says.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    known = {
        name.lower(): value for name, value in sorted(environment.items()) if name.lower().endswith("_proxy")
    }
    proxy = known.get(f"{parts.scheme}_proxy") or known.get("all_proxy") or ""
    here = host in ("localhost", "::1") or host.startswith("127.")
    if here or any(_names(one.strip().lower(), host) for one in known.get("no_proxy", "").split(",")):
        proxy = ""
    return {"http": proxy, "https": proxy}


def _names(listed: str, host: str) -> bool:
    """Return whether an entry of ``no_proxy`` names a host: itself, a domain above it, its network, or all hosts."""
    name = listed.rpartition(":")[0] if listed.rpartition(":")[2].isdigit() else listed
    if is_valid_cidr(name):
        return is_ipv4_address(host) and address_in_network(host, name)
    domain = name.lstrip("*").lstrip(".")
    return name == "*" or (bool(domain) and (host == domain or host.endswith(f".{domain}")))


def trusted_certificates(environment: Mapping[str, str]) -> str | None:
    """Return the file with the certificates that the environment's clients trust, None for their own."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if file := environment.get(name):
            return file
    file = environment.get("SSL_CERT_FILE", "")  # uv and OpenSSL go without it if it is missing
    return file if file and is_regular(Path(file)) else None
