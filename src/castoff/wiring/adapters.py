"""The concrete adapters of a run: the only place that names them; each is imported when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from castoff.config.values import Configuration
from castoff.forges.tokens import forge_token
from castoff.git import Repository
from castoff.io.http import Http
from castoff.io.process import Processes
from castoff.model.addresses import Address, forge_address
from castoff.model.selection import Discovery
from castoff.model.versions import Ecosystem, ReleaseVersion
from castoff.model.workspace import Edited, Workspace
from castoff.ports import (
    Builder,
    ChangeSource,
    Clock,
    DocsHost,
    Forge,
    IssueTracker,
    Labels,
    Manifests,
    Milestones,
    Registry,
    Tree,
    Trial,
)
from castoff.session.services import DocsHostName
from castoff.values import replace
from castoff.wiring.ready_files import ReadyFiles

if TYPE_CHECKING:
    from castoff.forges.github import GitHub


def manifests() -> tuple[Manifests, ...]:
    """Return the readers of all ecosystems."""
    return (
        ManifestsWhereFound("cargo", ("Cargo.toml",), _cargo_manifests),
        ManifestsWhereFound("npm", ("package.json",), _npm_manifests),
        ManifestsWhereFound("python", ("pyproject.toml", "setup.cfg", "setup.py"), _python_manifests),
    )


def _cargo_manifests() -> Manifests:
    from castoff.ecosystems.cargo.manifest.manifests import CargoManifests

    return CargoManifests()


def _npm_manifests() -> Manifests:
    from castoff.ecosystems.npm.manifest.manifests import NpmManifests

    return NpmManifests()


def _python_manifests() -> Manifests:
    from castoff.ecosystems.python.manifest.manifests import PythonManifests

    return PythonManifests()


@dataclass(frozen=True)
class ManifestsWhereFound:
    """The reader of an ecosystem, imported for the first tree that has a file of one of these ``names``."""

    ecosystem: Ecosystem
    names: tuple[str, ...]
    make: Callable[[], Manifests]

    def discover(self, tree: Tree, exclude: Sequence[str] = ()) -> Discovery:
        """Find all workspaces of a tree, and what belongs to none; nothing is raised."""
        return self._reader.discover(tree, exclude) if self._is_in(tree) else Discovery()

    def join(self, tree: Tree, chosen: Sequence[Workspace], exclude: Sequence[str]) -> Workspace:
        """Return some of the discovered workspaces as one, with the edges among them."""
        return self._reader.join(tree, chosen, exclude)

    def edited(
        self,
        tree: Tree,
        workspace: Workspace,
        version: ReleaseVersion,
        *,
        raised: Collection[str] | None = None,
    ) -> Edited:
        """Compute the texts of all manifests (and version files) for the version, only what must change."""
        return self._reader.edited(tree, workspace, version, raised=raised)

    def neighbours(
        self, tree: Tree, texts: Mapping[str, str], workspace: Workspace, version: ReleaseVersion
    ) -> Edited:
        """Compute what ``texts`` break beside the workspace: requirements by path on released packages."""
        if not self._is_in(tree):
            return Edited(texts={}, edits=())
        return self._reader.neighbours(tree, texts, workspace, version)

    def _is_in(self, tree: Tree) -> bool:
        return any(
            path.endswith(self.names) and path.rpartition("/")[2] in self.names for path in tree.paths()
        )

    @cached_property
    def _reader(self) -> Manifests:
        return self.make()


@dataclass(frozen=True)
class Adapters:
    """Makes adapters that share one environment, and so one world; ``built`` has files that replace a build."""

    processes: Processes
    configuration: Configuration
    clock: Clock
    repository: Repository
    built: Path | None = None
    clients: dict[Address, GitHub] = field(default_factory=dict, init=False)

    def builder(self, ecosystem: Ecosystem, commit_time: int) -> Builder:
        """Make the builder of one ecosystem."""
        builder = self._builder(ecosystem, commit_time)
        # Python's builder takes what was built elsewhere by itself (`python.artifacts`), for any number of platforms.
        return builder if self.built is None or ecosystem == "python" else ReadyFiles(builder, self.built)

    def _builder(self, ecosystem: Ecosystem, commit_time: int) -> Builder:
        if ecosystem == "python":
            from castoff.ecosystems.python.builder import PythonBuilder

            return PythonBuilder(
                self.processes, self.configuration.python, commit_time, home=self.repository.root
            )
        if ecosystem == "cargo":
            from castoff.ecosystems.cargo.builder import CargoBuilder

            return CargoBuilder(self.processes, self.configuration.cargo)
        from castoff.ecosystems.npm.builder import NpmBuilder

        return NpmBuilder(self.processes, self.configuration.npm, commit_time, home=self.repository.root)

    def registry(self, ecosystem: Ecosystem) -> Registry:
        """Make the registry of one ecosystem."""
        if ecosystem == "python":
            from castoff.ecosystems.python.registry import PythonRegistry

            return PythonRegistry(
                self.processes,
                self._http,
                self.configuration.python,
                home=self.repository.root,
                now=self.clock.now,
                tokenless=self.configuration.release.tokenless,
            )
        if ecosystem == "cargo":
            from castoff.ecosystems.cargo.registry import CargoRegistry

            home = self.repository.root
            # cargo reads `.cargo/config.toml` from the checkout upwards (The Cargo Book, "Configuration"),
            # so it runs there.
            return CargoRegistry(
                self.processes,
                self.configuration.cargo,
                self.clock,
                checkout=home,
                tokenless=self.configuration.release.tokenless,
            )
        from castoff.ecosystems.npm.registry import NpmRegistry

        return NpmRegistry(
            self.processes,
            self.configuration.npm,
            self.clock,
            http=self._http,
            home=self.repository.root,
            tokenless=self.configuration.release.tokenless,
        )

    def registries_within(self, seconds: float) -> Callable[[Ecosystem], Registry]:
        """Return what makes registries whose clients have so many seconds from now, all questions together."""
        # One deadline for all questions: three registries that hang must not take three times as long.
        end = self.clock.monotonic() + seconds
        hurried = replace(self.processes, seconds_left=lambda: end - self.clock.monotonic())
        return replace(self, processes=hurried).registry

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
        from castoff.forges.github_issues import GitHubMilestones

        return GitHubMilestones(github)

    def labels(self, remote_url: str | None) -> Labels | None:
        """Make what changes the labels in a remote's repository."""
        github = self._github(remote_url)
        if github is None:
            return None
        from castoff.forges.github_issues import GitHubLabels

        return GitHubLabels(github)

    def issue_tracker(self, remote_url: str | None) -> IssueTracker | None:
        """Make what knows the issues and pull requests of a remote's repository."""
        github = self._github(remote_url)
        if github is None:
            return None
        from castoff.forges.github_issues import GitHubIssueTracker

        return GitHubIssueTracker(github)

    def docs(self, name: DocsHostName) -> DocsHost:
        """Make a documentation host; CASTOFF_DOCS_URL says where else than at its usual address."""
        http = self._http
        given = self.processes.environment.get("CASTOFF_DOCS_URL", "").strip()
        if name == "docs.rs":
            from castoff.docs_hosts.docs_rs import DOCS_RS, DocsRs

            return DocsRs(http, self.clock, given or DOCS_RS)
        from castoff.docs_hosts.read_the_docs import READ_THE_DOCS, ReadTheDocs

        token = self.processes.environment.get("READTHEDOCS_TOKEN") or None
        return ReadTheDocs(http, self.clock, given or READ_THE_DOCS, token=token)

    def trial(self, ecosystem: Ecosystem) -> Trial:
        """Make what uses a release as its users do."""
        if ecosystem == "cargo":
            from castoff.ecosystems.cargo.trial import CargoTrial

            home = self.repository.root
            return CargoTrial(self.processes, self.configuration.cargo, checkout=home)
        if ecosystem == "npm":
            from castoff.ecosystems.npm.trial import NpmTrial

            return NpmTrial(self.processes, imports=self.configuration.npm.verify == "import")
        from castoff.ecosystems.python.builder import PythonBuilder, PythonTrial

        return PythonTrial(
            PythonBuilder(self.processes, self.configuration.python, 0, home=self.repository.root)
        )

    @cached_property
    def _http(self) -> Http:
        """What speaks HTTP, trusting what the clients of this environment trust.

        One for all adapters, so that each of a thousand packages does not open a connection of its own.
        """
        processes = self.processes
        return Http(
            processes.redactor, environment=processes.environment, seconds_left=processes.seconds_left
        )

    def _github(self, remote_url: str | None) -> GitHub | None:
        """Make one client for each repository, which remembers what it was answered; its token is found once."""
        address: Address | None = forge_address(remote_url, self.processes.environment)
        if address is None:
            return None
        # One client per repository, so that its cache and its rate limits are shared, and `gh auth token`
        # runs once.
        if address not in self.clients:
            self.clients[address] = self._client(address)
        return self.clients[address]

    def _client(self, address: Address) -> GitHub:
        from castoff.forges.github import GitHub

        return GitHub(
            self._http,
            self.clock,
            api_url=address.api_url,
            web_url=address.web_url,
            slug=address.slug,
            token=forge_token(self.processes, self.repository.root, address),
        )
