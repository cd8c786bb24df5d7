"""How does the embedded world hang together? Its services on their ports, one log, one gate for faults."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from castoff.errors import ConfigurationError
from castoff.world import cargo_home
from castoff.world.bare import BareRepository
from castoff.world.cargo_registry import CargoRegistry
from castoff.world.cargo_registry import upload_subject as crate_subject
from castoff.world.cargo_registry.rejection import Rejected
from castoff.world.clock import WorldClock
from castoff.world.control import ControlDoor
from castoff.world.docs_host import DocsHost
from castoff.world.fault_gate import FaultGate
from castoff.world.faults import Rule
from castoff.world.forge import Forge
from castoff.world.journal import Journal
from castoff.world.messages import Request
from castoff.world.npm_registry import NpmRegistry
from castoff.world.npm_registry import upload_subject as npm_subject
from castoff.world.outside import pip_certificate, python_index_address, without_loopback_proxy
from castoff.world.proxy import (
    CargoDoor,
    Door,
    ForgeDoor,
    Outside,
    ProxyPort,
    ThrowAwayAuthority,
    authority_is_available,
)
from castoff.world.python_index import PythonIndex, upload_subject
from castoff.world.python_index.artifact import UploadRefused
from castoff.world.secrets import without_secrets
from castoff.world.seed import WorldSeed
from castoff.world.server import Server, Site

Made = TypeVar("Made")
TOKEN = "world-token"  # noqa: S105 - a token of the embedded world opens nothing


class World:
    """Everything that a release speaks to, on loopback, between ``with`` and its end."""

    def __init__(
        self,
        directory: Path | None = None,
        *,
        seed: WorldSeed | None = None,
        faults: Sequence[Rule] = (),
        environment: Mapping[str, str] | None = None,
        outside: bool = True,
        tls: bool | None = None,
    ) -> None:
        """Build all services; ``directory`` is a temporary one if not given.

        ``environment`` (the process's own if not given) says where the user's clients read from outside;
        without ``outside``, no read leaves. ``tls``: cargo and gh come through the proxy; by default where
        its parts are installed.
        """
        self.seed = seed or WorldSeed()
        self._user = dict(os.environ if environment is None else environment)
        self._stack = ExitStack()
        self.directory = self._directory(directory)
        self.clock = WorldClock(self.seed.clock)
        self.journal = Journal()
        self.gate = FaultGate(faults)
        self.repository = BareRepository(self.directory, self.seed.slug, copy_of=self.seed.repository)
        self.python_index = PythonIndex(
            clock=self.clock, outside=python_index_address(self._user) if outside else None
        )
        _seeded("python", lambda: self.python_index.seed(self.seed.python))
        self.cargo_registry = _seeded(
            "cargo", lambda: CargoRegistry(clock=self.clock, settings=self.seed.cargo)
        )
        self.docs_host = _seeded("docs", lambda: DocsHost(clock=self.clock, settings=self.seed.docs))
        self.npm_registry = _seeded("npm", lambda: NpmRegistry(clock=self.clock, seeds=self.seed.npm))
        self.cargo_registry.on_upload = self.docs_host.crates.queue
        self.forge_service = Forge(
            self.seed.slug, self.repository.path, seed=self.seed.forge, clock=self.clock.now
        )
        self.door = ControlDoor(
            journal=self.journal,
            gate=self.gate,
            clock=self.clock,
            python=self.python_index,
            docs=self.docs_host,
            dump=self.dump,
        )
        self.python = self._server(Site("python", self.python_index, upload_subject))
        self.cargo = self._server(Site("cargo", self.cargo_registry, crate_subject))
        self.npm = self._server(Site("npm", self.npm_registry, npm_subject))
        self.docs = self._server(Site("docs", self.docs_host))
        self.forge = self._server(Site("forge", self.forge_service, writes=_forge_writes))
        self.cargo_proxy: ProxyPort | None = None
        self.forge_proxy: ProxyPort | None = None
        if _with_tls(tls):
            self.cargo_proxy, self.forge_proxy = self._proxies(outside)
        # The control door is outside of what it steers: no faults, no log.
        self.control = Server(Site("control", self.door))

    def __enter__(self) -> Self:
        for server in (self.python, self.cargo, self.npm, self.docs, self.forge, self.control):
            self._stack.enter_context(server)
        for proxy in (self.cargo_proxy, self.forge_proxy):
            if proxy is not None:
                self._stack.enter_context(proxy)
        self._stack.callback(self.gate.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def control_url(self) -> str:
        """Give the address of the control door."""
        return self.control.url

    def environment(self) -> dict[str, str]:
        """Give the variables that make any client talk to this world, to be laid over one's own."""
        return {
            **without_loopback_proxy(self._user),
            **self.repository.environment(),
            **self._python_environment(),
            **self._cargo_environment(),
            **self._npm_environment(),
            **self._forge_environment(),
        }

    def gh_environment(self) -> dict[str, str]:
        """Give what GitHub's own command line needs besides, to come here; only with ``tls``."""
        if self.forge_proxy is None:
            return {}
        certificate = str(self.forge_proxy.authority.certificate)
        return {
            "HTTPS_PROXY": self.forge_proxy.url,
            "SSL_CERT_FILE": certificate,
            "GH_CONFIG_DIR": str(self.directory / "gh"),
            "GH_NO_UPDATE_NOTIFIER": "1",
        }

    def warm_cargo_home(self) -> None:
        """Copy what the user's cargo has fetched before, so that a rehearsal fetches less."""
        home = self._user.get("CARGO_HOME") or str(Path(self._user.get("HOME", "/nonexistent")) / ".cargo")
        cargo_home.warm(self.directory, Path(home))

    def child_environment(self) -> dict[str, str]:
        """Give the whole environment for a client: the user's without tokens, and this world's."""
        return {**without_secrets(self._user), **self.environment()}

    def dump(self, uploads_sorted: bool = False) -> dict[str, object]:
        """Give all that two worlds can be compared by: no times, no ids, no ports.

        Uploads stand in the order of their arrival; ``uploads_sorted`` is for runs that upload in parallel.
        """
        services: dict[str, dict[str, object]] = {
            "python": self.python_index.dump(),
            "cargo": self.cargo_registry.dump(),
            "npm": self.npm_registry.dump(),
            "docs": self.docs_host.dump(),
        }
        if uploads_sorted:
            services = {name: _sorted_uploads(part) for name, part in services.items()}
        return {
            "schema": "castoff/world",
            "version": 1,
            "git": self.repository.dump(),
            "forge": self.forge_service.dump(),
            **services,
        }

    def _server(self, site: Site) -> Server:
        return Server(site, journal=self.journal, gate=self.gate)

    def _directory(self, directory: Path | None) -> Path:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            return directory.resolve()
        made = Path(tempfile.mkdtemp(prefix="castoff-world-"))
        self._stack.callback(shutil.rmtree, made, ignore_errors=True)
        return made

    def _python_environment(self) -> dict[str, str]:
        index, publish = f"{self.python.url}/simple/", f"{self.python.url}/legacy/"
        environment = {
            "UV_PUBLISH_URL": publish,
            "UV_PUBLISH_TOKEN": TOKEN,
            "UV_DEFAULT_INDEX": index,
            "UV_INDEX": "",
            "PIP_INDEX_URL": index,
            "PIP_CONFIG_FILE": os.devnull,
            "TWINE_REPOSITORY_URL": publish,
            "TWINE_USERNAME": "__token__",
            "TWINE_PASSWORD": TOKEN,
            "TWINE_NON_INTERACTIVE": "1",
        }
        certificate = pip_certificate(self._user)
        return environment | ({"PIP_CERT": certificate} if certificate else {})

    def _cargo_environment(self) -> dict[str, str]:
        if self.cargo_proxy is None:
            return cargo_home.replaced_source(self.directory, self.cargo.url, TOKEN)
        certificate = self.cargo_proxy.authority.certificate
        return cargo_home.proxied(self.directory, self.cargo_proxy.url, certificate, TOKEN)

    def _npm_environment(self) -> dict[str, str]:
        settings = self.directory / "npmrc"
        authority = self.npm.url.removeprefix("http:")
        settings.write_text(f"{authority}/:_authToken={TOKEN}\n", encoding="utf-8")
        return {
            "npm_config_registry": f"{self.npm.url}/",
            "npm_config_userconfig": str(settings),
            "npm_config_update_notifier": "false",
        }

    def _proxies(self, reads_leave: bool) -> tuple[ProxyPort, ProxyPort]:
        authority = ThrowAwayAuthority(self.directory)
        outside = Outside(self._user, enabled=reads_leave)
        doors: tuple[Door, Door] = (CargoDoor(self.cargo_registry, outside), ForgeDoor(self.forge.site))
        first, second = (
            ProxyPort(door, authority=authority, outside=outside, journal=self.journal, gate=self.gate)
            for door in doors
        )
        return first, second

    def _forge_environment(self) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_REPOSITORY": self.seed.slug,
            "GH_TOKEN": TOKEN,
            "GITHUB_TOKEN": TOKEN,
            "CASTOFF_DOCS_URL": self.docs.url,
        }


def _with_tls(wanted: bool | None) -> bool:
    return authority_is_available() if wanted is None else wanted


def _seeded(key: str, make: Callable[[], Made]) -> Made:
    """Make a service; what is wrong in its part of the seed is the seed's fault."""
    try:
        return make()
    except (ValueError, KeyError, TypeError, OSError, Rejected, UploadRefused) as error:
        raise ConfigurationError.of(
            "world-seed-invalid",
            f"`{key}` in the seed of the embedded world is wrong: {error}",
            remedy="see docs/reference/world.md for all keys",
        ) from error


def _forge_writes(request: Request) -> bool:
    if request.method == "POST" and request.path.endswith("/graphql"):
        return b"mutation" in request.body
    return request.method not in ("GET", "HEAD", "OPTIONS") and not request.path.endswith("/generate-notes")


def _sorted_uploads(part: dict[str, object]) -> dict[str, object]:
    uploads = part.get("uploads")
    if not isinstance(uploads, list):
        return part
    return {**part, "uploads": sorted(uploads, key=lambda upload: sorted(map(str, upload.items())))}
