"""The embedded world: its services on their ports, one log, one gate for faults."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from castoff.errors import ConfigurationError
from castoff.world import clients
from castoff.world.authority import ThrowAwayAuthority
from castoff.world.bare import BareRepository, git_environment, git_settings
from castoff.world.cargo_registry import CargoRegistry
from castoff.world.cargo_registry import upload_subject as crate_subject
from castoff.world.clients import python_index_address, without_loopback_proxy, without_secrets
from castoff.world.clock import WorldClock
from castoff.world.control import ControlDoor
from castoff.world.docs_host import DocsHost
from castoff.world.fault_gate import FaultGate
from castoff.world.faults import Rule
from castoff.world.forge import Forge
from castoff.world.identity import Issuer, Job
from castoff.world.journal import Journal
from castoff.world.messages import Rejected, Request
from castoff.world.npm_registry import NpmRegistry
from castoff.world.npm_registry import upload_subject as npm_subject
from castoff.world.npm_registry.outside import OutsideRegistry
from castoff.world.npm_registry.refusal import Refused
from castoff.world.proxy import (
    CargoDoor,
    Door,
    ForgeDoor,
    Outside,
    ProxyPort,
)
from castoff.world.python_index import PythonIndex
from castoff.world.python_index import upload_subject as python_subject
from castoff.world.seed import WorldSeed
from castoff.world.server import HOST, Server, Site

Made = TypeVar("Made")


class Services(Struct, frozen=True):
    """One of each kind."""

    python: PythonIndex
    cargo: CargoRegistry
    npm: NpmRegistry
    docs: DocsHost
    forge: Forge
    identity: Issuer

    def dump(self, *, uploads_sorted: bool) -> dict[str, object]:
        """Return what each service holds; uploads in their order, or sorted."""
        parts = {
            "python": self.python.dump(),
            "cargo": self.cargo.dump(),
            "npm": self.npm.dump(),
            "docs": self.docs.dump(),
            "forge": self.forge.dump(),
        }
        return {name: _sorted_uploads(part) if uploads_sorted else part for name, part in parts.items()}


_OF_EVERY_REPOSITORY = ("web_url", "tokens", "default_permission", "viewer")
"""Keys of the forge's seed that hold for all its repositories."""


def plant(
    seed: WorldSeed,
    repository: Path,
    clock: WorldClock,
    *,
    outside_index: str | None,
    outside_registry: OutsideRegistry | None = None,
    beside: Sequence[BareRepository] = (),
) -> Services:
    """Grow the services from a seed; :class:`ConfigurationError` where it is wrong.

    ``outside_index`` and ``outside_registry`` answer for Python projects and npm packages that are not the world's.
    ``beside`` are the other repositories of the forge.
    """
    job = _seeded("job", lambda: Job.of(seed.job, seed.slug)) if seed.job else None
    identity = Issuer(clock, job)
    python = _seeded(
        "python_publishers",
        lambda: PythonIndex(clock=clock, outside=outside_index, issuer=identity, **seed.python_publishers),
    )
    _seeded("python", lambda: python.seed(seed.python))
    docs = _seeded("docs", lambda: DocsHost(clock=clock, settings=seed.docs))
    cargo = _seeded("cargo", lambda: CargoRegistry(clock=clock, settings=seed.cargo, issuer=identity))
    # docs.rs builds what is published, without being asked.
    cargo.on_upload = docs.crates.queue
    docs.is_yanked = cargo.is_yanked
    npm = _seeded(
        "npm", lambda: NpmRegistry(clock=clock, settings=seed.npm, outside=outside_registry, issuer=identity)
    )
    shared = {key: seed.forge[key] for key in _OF_EVERY_REPOSITORY if key in seed.forge}
    others = [
        Forge(one.slug, one.path, seed={**shared, "default_branch": one.head}, clock=clock.now)
        for one in beside
        # The seed may list the repository of the release among the others.
        if one.path != repository
    ]
    forge = Forge(seed.slug, repository, seed=seed.forge, clock=clock.now, others=others)
    return Services(python, cargo, npm, docs, forge, identity)


def _seeded(key: str, make: Callable[[], Made]) -> Made:
    """Make a service; what is wrong in its part of the seed is the seed's fault."""
    try:
        return make()
    # A seed is input of a person; services complain about it in their own ways.
    except (ValueError, KeyError, TypeError, AttributeError, OSError, Rejected, Refused) as error:
        fact = f"{error} is missing" if isinstance(error, KeyError) else error
        raise ConfigurationError.of(
            "world-seed-invalid",
            f"`{key}` in the seed of the embedded world is wrong: {fact}",
            remedy="see docs/reference/world.md for all keys",
        ) from error


def _sorted_uploads(part: dict[str, object]) -> dict[str, object]:
    uploads = part.get("uploads")
    if not isinstance(uploads, list):
        return part
    return {**part, "uploads": sorted(uploads, key=lambda upload: sorted(map(str, upload.items())))}


class World:
    """Everything that a release speaks to, on loopback, between ``with`` and its end.

    ``python``, ``cargo``, ``npm``, ``identity``, ``docs``, ``forge``, ``control`` are servers with a ``url``;
    ``services`` holds what they serve, ``repository`` the bare repository, ``journal`` the log, ``gate`` the faults.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        seed: WorldSeed | None = None,
        faults: Sequence[Rule] = (),
        environment: Mapping[str, str] | None = None,
        outside: bool = True,
        tls: bool = True,
    ) -> None:
        """Build all services; ``directory`` is a temporary one if not given.

        ``environment`` (the process's own if not given) says where the user's clients read from outside;
        without ``outside``, no read leaves. ``tls``: clients come through the proxies.
        """
        self.seed = seed or WorldSeed()
        self.clock = WorldClock(self.seed.clock)
        self.journal = Journal()
        self.gate = FaultGate(faults)
        self._user = dict(os.environ if environment is None else environment)
        self._tls = tls
        self._outside = outside
        self._stack = ExitStack()
        with ExitStack() as undo:
            # A world that could not be built closes what was opened; one that was keeps it open until its end.
            undo.callback(self._stack.close)
            self._build(directory)
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Held requests are let go first: a server waits for its open connections.
        self.gate.close()
        self._stack.close()

    @property
    def control_url(self) -> str:
        """Return the address of the control door."""
        return self.control.url

    @property
    def python_index(self) -> PythonIndex:
        """Return the Python index, for seeds and views."""
        return self.services.python

    @property
    def npm_registry(self) -> NpmRegistry:
        """Return the npm registry, for views."""
        return self.services.npm

    @property
    def cargo_registry(self) -> CargoRegistry:
        """Return the Cargo registry, for seeds."""
        return self.services.cargo

    def environment(self) -> dict[str, str]:
        """Return the variables that make any client talk to this world, to be laid over one's own."""
        return dict(self._variables)

    def child_environment(self) -> dict[str, str]:
        """Return the whole environment for a client: the user's without tokens, and this world's."""
        # Last, since the settings of the user and those of the world share one counter.
        kept = git_environment((self.repository, *self.beside), git_settings(self._user))
        return {**without_secrets(self._user), **self.environment(), **kept}

    def warm_cargo_home(self) -> None:
        """Copy what the user's cargo has fetched before, so that a rehearsal fetches less."""
        home = self._user.get("CARGO_HOME") or str(Path(self._user.get("HOME", "/nonexistent")) / ".cargo")
        clients.warm_cargo_home(self.directory, Path(home))

    def dump(self, uploads_sorted: bool = False) -> dict[str, object]:
        """Return all that two worlds can be compared by: no times, no ids, no ports.

        Uploads stand in the order of their arrival; ``uploads_sorted`` is for runs that upload in parallel.
        """
        return {
            "schema": "castoff/world",
            "schema_version": 2,
            "git": self.repository.dump(),
            **({"beside": {one.slug: self._dump_of(one) for one in self.beside}} if self.beside else {}),
            **self.services.dump(uploads_sorted=uploads_sorted),
        }

    def _dump_of(self, beside: BareRepository) -> dict[str, object]:
        return {**beside.dump(), "pull_requests": self.services.forge.pulls_of(beside.slug)}

    def _build(self, directory: Path | None) -> None:
        self.directory = self._directory(directory)
        self.repository = BareRepository(self.directory, self.seed.slug, copy_of=self.seed.repository)
        self.beside = tuple(
            BareRepository(self.directory, slug, copy_of=path) for slug, path in self.seed.beside
        )
        index = python_index_address(self._user) if self._outside else None
        registry = OutsideRegistry(self._user) if self._outside else None
        if registry is not None:
            self._stack.callback(registry.close)
        self.services = plant(
            self.seed,
            self.repository.path,
            self.clock,
            outside_index=index,
            outside_registry=registry,
            beside=self.beside,
        )
        services = self.services
        self.authority = ThrowAwayAuthority(self.directory)
        context = self.authority.context_for(HOST)
        # uv insists on TLS for trusted publishing; cargo and the forge are reached by proxies, which speak it.
        self.python = self._serve(Site("python", services.python, python_subject), context)
        self.cargo = self._serve(Site("cargo", services.cargo, crate_subject))
        self.npm = self._serve(Site("npm", services.npm, npm_subject, _npm_writes), context)
        self.docs = self._serve(Site("docs", services.docs))
        self.identity = self._serve(Site("identity", services.identity))
        self.forge = self._serve(Site("forge", services.forge, writes=_forge_writes))
        door = ControlDoor(
            journal=self.journal,
            gate=self.gate,
            clock=self.clock,
            python=services.python,
            npm=services.npm,
            docs=services.docs,
            dump=self.dump,
        )
        # The control door stands outside of what it steers: no faults, no log.
        self.control = self._stack.enter_context(Server(Site("control", door)))
        self.cargo_proxy: ProxyPort | None = None
        self.forge_proxy: ProxyPort | None = None
        if self._tls:
            outside = Outside(self._user, enabled=self._outside)
            self.cargo_proxy = self._proxy(CargoDoor(services.cargo, outside), outside)
            door_of_forge = ForgeDoor(self.forge.site, self.seed.slug, services.forge.web)
            self.forge_proxy = self._proxy(door_of_forge, outside)
        # Written once: a client that reads its settings while they are written could go astray.
        self._variables = self._client_variables()

    def _client_variables(self) -> dict[str, str]:
        trusted = self.authority.bundle(self._user if self._outside else None)
        return {
            **without_loopback_proxy(self._user),
            **git_environment((self.repository, *self.beside)),
            **clients.python_clients(self.python.url),
            **clients.trust(trusted),
            **self._cargo_environment(),
            **clients.forge_client(self.forge.url, self.seed.slug),
            **self._proxied(),
            **clients.npm_clients(self.npm.url, trusted, self.directory),
            **self._job_variables(),
            "CASTOFF_DOCS_URL": self.docs.url,
        }

    def _job_variables(self) -> dict[str, str]:
        job = self.services.identity.job
        return {} if job is None else job.variables(self.identity.url)

    def _proxied(self) -> dict[str, str]:
        proxy = self.forge_proxy
        if proxy is None:
            return {}
        index = (python_index_address(self._user) or "") if self._outside else ""
        # An index of the user's own on loopback, as in another world, is reached past the proxy.
        local = urlsplit(index).hostname in ("127.0.0.1", "localhost")
        trusted = self.authority.bundle(self._user) if local else self.authority.certificate
        return clients.through(proxy.url, trusted, self.directory, self._user)

    def _serve(self, site: Site, context: ssl.SSLContext | None = None) -> Server:
        server = Server(site, journal=self.journal, gate=self.gate, context=context)
        return self._stack.enter_context(server)

    def _proxy(self, door: Door, outside: Outside) -> ProxyPort:
        port = ProxyPort(
            door, authority=self.authority, outside=outside, journal=self.journal, gate=self.gate
        )
        return self._stack.enter_context(port)

    def _directory(self, directory: Path | None) -> Path:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            return directory.resolve()
        made = Path(tempfile.mkdtemp(prefix="castoff-world-"))
        self._stack.callback(shutil.rmtree, made, ignore_errors=True)
        return made

    def _cargo_environment(self) -> dict[str, str]:
        if self.cargo_proxy is None:
            return clients.cargo_with_replaced_source(self.directory, self.cargo.url, clients.TOKEN)
        certificate = self.authority.certificate
        return clients.cargo_behind_proxy(self.directory, self.cargo_proxy.url, certificate, clients.TOKEN)


def _npm_writes(request: Request) -> bool:
    return request.method in ("PUT", "DELETE") or (
        request.method == "POST" and "/-/npm/v1/security/" not in request.path
    )


def _forge_writes(request: Request) -> bool:
    if request.method == "POST" and request.path.endswith("/graphql"):
        return b"mutation" in request.body
    return request.method not in ("GET", "HEAD", "OPTIONS") and not request.path.endswith("/generate-notes")
