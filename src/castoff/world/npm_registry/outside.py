"""Reads of outside packages, by the user's own npm configuration: registries of scopes, tokens, proxy and trust.

The registry fetches for its clients, so that they need no token and no way out; the address of each tarball is
written as this registry's own.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct

from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry.names import scope_of
from castoff.world.npm_registry.refusal import Refused
from castoff.world.proxy.passing import Outside, Target
from castoff.world.proxy.reads import Reads

_REDIRECTS = 5
_PASSED = ("content-type", "etag", "last-modified", "cache-control")
_CREDENTIAL = re.compile(r"(//[^=\s]+):(_authToken|_auth|username|_password)\s*=\s*(.+)")
_TARBALL = re.compile(rb'("tarball"\s*:\s*)("(?:[^"\\]|\\.)*")')
"""The key and its value; within a text of the document, the quotes would be escaped."""
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


class NpmConfiguration(Struct, frozen=True):
    """What the user's npm is configured with: registries by scope (`` for all others), and their credentials."""

    registries: Mapping[str, str] = {}
    credentials: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}

    def registry_of(self, name: str) -> str | None:
        """Return the registry that npm would ask for a package."""
        return self.registries.get(scope_of(name) or "") or self.registries.get("")

    def authorization(self, url: str) -> str | None:
        """Return the header for an address: that of the longest configured address that leads to it."""
        plain = re.sub(r"^https?:", "", url)
        found = [place for place in self.credentials if plain.startswith(place)]
        return self.credentials[max(found, key=len)] if found else None


def read_npm_configuration(environment: Mapping[str, str]) -> NpmConfiguration:
    """Ask the user's npm for its configuration; its tokens, which npm does not print, are read from its files."""
    npm = shutil.which("npm", path=environment.get("PATH"))
    if npm is None:
        return NpmConfiguration()
    try:
        listed = subprocess.run(
            [npm, "config", "list", "--json"],
            env=dict(environment),
            capture_output=True,
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        settings = json.loads(listed.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return NpmConfiguration()
    registries = {"": str(settings.get("registry") or "")}
    for key, value in settings.items():
        if key.startswith("@") and key.endswith(":registry"):
            registries[key[1:].removesuffix(":registry")] = str(value)
    files = [Path(str(settings[key])) for key in ("globalconfig", "userconfig") if settings.get(key)]
    variables = {"SSL_CERT_FILE": settings.get("cafile"), "HTTPS_PROXY": settings.get("https-proxy")}
    return NpmConfiguration(
        {scope: url for scope, url in registries.items() if url},
        read_credentials([*files, Path(".npmrc")], environment),
        {name: str(value) for name, value in variables.items() if value},
    )


def read_credentials(files: Iterable[Path], environment: Mapping[str, str]) -> dict[str, str]:
    """Read the `Authorization` header for each address that npm's files have credentials for."""
    found: dict[str, dict[str, str]] = {}
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for place, key, value in _CREDENTIAL.findall(text):
            spelled = _VARIABLE.sub(lambda named: environment.get(named[1], named[0]), value.strip())
            found.setdefault(place, {})[key] = spelled.strip("\"'")
    headers = {place: _header(values) for place, values in found.items()}
    return {place: header for place, header in headers.items() if header is not None}


def _header(values: Mapping[str, str]) -> str | None:
    if "_authToken" in values:
        return f"Bearer {values['_authToken']}"
    if "_auth" in values:
        return f"Basic {values['_auth']}"
    try:
        password = base64.b64decode(values["_password"]).decode()
    except (KeyError, ValueError, binascii.Error):
        return None
    return "Basic " + base64.b64encode(f"{values.get('username', '')}:{password}".encode()).decode()


class OutsideRegistry:
    """The registries of the user, read on demand; without a ``configuration``, npm is asked at the first read."""

    def __init__(
        self, environment: Mapping[str, str] | None = None, configuration: NpmConfiguration | None = None
    ) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        self._given = configuration
        self._tarballs: dict[tuple[str, str], str] = {}
        self._reads = Reads(self._connect)

    @cached_property
    def _configuration(self) -> NpmConfiguration:
        return self._given or read_npm_configuration(self._environment)

    @cached_property
    def _way(self) -> Outside:
        return Outside({**self._environment, **self._configuration.variables})

    def _connect(self, target: Target) -> http.client.HTTPConnection:
        return self._way.connect(target)

    def close(self) -> None:
        """Close the connections to the user's registries."""
        self._reads.close()

    def read(self, path: str, name: str, request: Request, base_url: str) -> Response:
        """Read below the registry of a package; ``path`` is the request's without its view."""
        registry = self._configuration.registry_of(name)
        if registry is None:
            return Refused("Not found", 404).response()
        escaped = path.replace(name, quote(name, safe="@"), 1)
        address = self._tarballs.get((name, path), registry.rstrip("/") + escaped)
        try:
            status, headers, body = self._fetch(address, request.headers.get("accept", "*/*"))
        except (OSError, http.client.HTTPException) as error:
            text = f"{name} cannot be read outside: {type(error).__name__}: {error}"
            return json_response(502, {"error": text})
        kept = {key.title(): value for key, value in headers.items() if key in _PASSED}
        if status == 200 and path == f"/{name}":
            body = self._rewritten(name, body, base_url)
            kept.pop("Etag", None)
        return Response(status, body, kept)

    def _fetch(self, address: str, accept: str) -> tuple[int, dict[str, str], bytes]:
        for _ in range(_REDIRECTS):
            parts = urlsplit(address)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            headers = {"Accept": accept}
            authorization = self._configuration.authorization(address)
            if authorization is not None:
                headers["Authorization"] = authorization
            query = f"?{parts.query}" if parts.query else ""
            target = Target(parts.scheme, parts.hostname or "", port)
            status, answered, body = self._reads.read(target, (parts.path or "/") + query, headers)
            location = answered.get("location")
            if status not in (301, 302, 303, 307, 308) or location is None:
                return status, answered, body
            address = urljoin(address, location)
        raise http.client.HTTPException("too many redirects")

    def _rewritten(self, name: str, body: bytes, base_url: str) -> bytes:
        """Write the addresses of tarballs as this registry's own; the rest of the document stays as it is.

        Parsing it would take most of the time of a rehearsal's installs: pnpm reads a thousand whole documents.
        """

        def written(found: re.Match[bytes]) -> bytes:
            address = str(json.loads(found[2]))
            path = f"/{name}/-/{address.rpartition('/')[2]}"
            self._tarballs[name, path] = address
            return found[1] + json.dumps(base_url + path).encode()

        return _TARBALL.sub(written, body)
