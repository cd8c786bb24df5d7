"""Which concrete adapters serve a run? The only place that names them; each is imported when it is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from castoff.configuration.values import Configuration
from castoff.errors import UsageError
from castoff.flows.setting import DocsHostName
from castoff.forges.tokens import forge_token
from castoff.git import Repository
from castoff.http import Http
from castoff.model.addresses import Address, forge_address
from castoff.model.versions import Ecosystem
from castoff.ports import (
    Builder,
    ChangeSource,
    Clock,
    Forge,
    Labels,
    Manifests,
    Milestones,
    Registry,
)
from castoff.ports_after import Desk, DocsHost, Trial
from castoff.process import Processes

if TYPE_CHECKING:
    from castoff.forges.github import GitHub


def manifests() -> tuple[Manifests, ...]:
    """Give the readers of all ecosystems."""
    from castoff.manifests.cargo import CargoManifests
    from castoff.manifests.python import PythonManifests

    return (CargoManifests(), PythonManifests())


@dataclass(frozen=True, slots=True)
class Bench:
    """Makes adapters that share one environment, and so one world."""

    processes: Processes
    configuration: Configuration
    clock: Clock
    repository: Repository
    clients: dict[Address, GitHub] = field(default_factory=dict, init=False)

    def builder(self, ecosystem: Ecosystem, commit_time: int) -> Builder:
        """Make the builder of one ecosystem."""
        if ecosystem == "python":
            from castoff.ecosystems.python.builder import PythonBuilder

            return PythonBuilder(
                self.processes, self.configuration.python, commit_time, home=self.repository.root
            )
        if ecosystem == "cargo":
            from castoff.ecosystems.cargo.builder import CargoBuilder

            return CargoBuilder(self.processes, self.configuration.cargo)
        raise UsageError.of("ecosystem-unknown", f"castoff cannot build `{ecosystem}` packages yet")

    def registry(self, ecosystem: Ecosystem) -> Registry:
        """Make the registry of one ecosystem."""
        if ecosystem == "python":
            from castoff.ecosystems.python.registry import PythonRegistry

            return PythonRegistry(
                self.processes,
                Http(self.processes.redactor),
                self.configuration.python,
                home=self.repository.root,
                now=self.clock.now,
            )
        if ecosystem == "cargo":
            from castoff.ecosystems.cargo.registry import CargoRegistry

            home = self.repository.root
            return CargoRegistry(self.processes, self.configuration.cargo, self.clock, checkout=home)
        raise UsageError.of("ecosystem-unknown", f"castoff cannot publish `{ecosystem}` packages yet")

    def forge(self, remote_url: str | None) -> Forge | None:
        """Make the forge that a remote lies on, None where castoff speaks with none there."""
        return self._github(remote_url)

    def changes(self, remote_url: str | None) -> ChangeSource | None:
        """Make what knows the changes of a remote's repository."""
        github = self._github(remote_url)
        if github is None:
            return None
        from castoff.forges.github_changes import GitHubChanges

        return GitHubChanges(github)

    def milestones(self, remote_url: str | None) -> Milestones | None:
        """Make what knows the milestones of a remote's repository."""
        github = self._github(remote_url)
        if github is None:
            return None
        from castoff.forges.github_milestones import GitHubMilestones

        return GitHubMilestones(github)

    def labels(self, remote_url: str | None) -> Labels | None:
        """Make what changes the labels in a remote's repository."""
        github = self._github(remote_url)
        if github is None:
            return None
        from castoff.forges.github_labels import GitHubLabels

        return GitHubLabels(github)

    def desk(self, remote_url: str | None) -> Desk | None:
        """Make what knows the issues and pull requests of a remote's repository."""
        github = self._github(remote_url)
        if github is None:
            return None
        from castoff.forges.github_desk import GitHubDesk

        return GitHubDesk(github)

    def docs(self, name: DocsHostName) -> DocsHost:
        """Make a documentation host; CASTOFF_DOCS_URL says where else than at its usual address."""
        http = Http(self.processes.redactor)
        given = self.processes.environment.get("CASTOFF_DOCS_URL", "").strip()
        if name == "docs.rs":
            from castoff.hosts.docs_rs import DOCS_RS, DocsRs

            return DocsRs(http, self.clock, given or DOCS_RS)
        from castoff.hosts.read_the_docs import READ_THE_DOCS, ReadTheDocs

        token = self.processes.environment.get("READTHEDOCS_TOKEN") or None
        return ReadTheDocs(http, self.clock, given or READ_THE_DOCS, token=token)

    def trial(self, ecosystem: Ecosystem) -> Trial:
        """Make what uses a release as its users do."""
        if ecosystem == "cargo":
            from castoff.ecosystems.cargo.trial import CargoTrial

            return CargoTrial(self.processes, self.configuration.cargo)
        from castoff.ecosystems.python.builder import PythonBuilder
        from castoff.ecosystems.python.fresh import PythonTrial

        return PythonTrial(
            PythonBuilder(self.processes, self.configuration.python, 0, home=self.repository.root)
        )

    def _github(self, remote_url: str | None) -> GitHub | None:
        """Make one client for each repository, which remembers what it was answered; its token is found once."""
        address: Address | None = forge_address(remote_url, self.processes.environment)
        if address is None:
            return None
        if address not in self.clients:
            self.clients[address] = self._client(address)
        return self.clients[address]

    def _client(self, address: Address) -> GitHub:
        from castoff.forges.github import GitHub

        return GitHub(
            Http(self.processes.redactor),
            self.clock,
            api_url=address.api_url,
            web_url=address.web_url,
            slug=address.slug,
            token=forge_token(self.processes, self.repository.root, address),
        )
