"""Which concrete adapters serve a run? The only place that names them all; each is imported when it is wanted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from castoff.clock import SystemClock, stated_now
from castoff.configuration.reading import read_configuration
from castoff.configuration.values import Configuration
from castoff.errors import ConfigurationError, UsageError
from castoff.flows.identity import throw_away_identity
from castoff.flows.setting import Embedded, Setting
from castoff.flows.silence import Silence
from castoff.flows.survey import read_workspace
from castoff.forges.tokens import forge_token
from castoff.git import FolderTree, Git, Repository, Worktree
from castoff.http import Http
from castoff.model.addresses import Address, forge_address
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package, Workspace
from castoff.ports import (
    Builder,
    ChangeSource,
    Clock,
    Forge,
    Labels,
    Manifests,
    Milestones,
    Registry,
    Reporter,
    Tree,
)
from castoff.process import Processes
from castoff.reconcile import Patience
from castoff.redaction import Redactor

if TYPE_CHECKING:
    from castoff.flows.release import Result
    from castoff.forges.github import GitHub
    from castoff.world.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says about every run."""

    directory: Path
    config: Path | None = None
    wait: float | None = None


def open_setting(
    options: Options, reporter: Reporter, environment: Mapping[str, str] | None = None
) -> Setting:
    """Open the user's repository with everything wired to the outside."""
    variables = dict(os.environ if environment is None else environment)
    processes = Processes(variables, Redactor.of_environment(variables))
    repository = Repository.open(processes, options.directory)
    head = repository.head()
    tree: Tree = repository.tree(head) if head else FolderTree(repository.root)
    loaded = read_configuration(tree, explicit=_explicit(options.config))
    clock = SystemClock()
    bench = _Bench(processes, loaded.configuration, clock, repository)
    setting = Setting(
        environment=variables,
        repository=repository,
        configuration=loaded.configuration,
        source=loaded.source,
        now=stated_now(variables),
        clock=clock,
        reporter=reporter,
        manifests=manifests(),
        builder=bench.builder,
        registry=bench.registry,
        forge=bench.forge,
        changes=bench.changes,
        milestones=bench.milestones,
        labels=bench.labels,
        patience=_patience(variables, options.wait),
        problems=loaded.problems,
    )
    return replace(setting, embedded=lambda before: _embedded(setting, before))


def manifests() -> tuple[Manifests, ...]:
    """Give the readers of all ecosystems."""
    from castoff.manifests.cargo import CargoManifests
    from castoff.manifests.python import PythonManifests

    return (CargoManifests(), PythonManifests())


def aimed_at(setting: Setting, world: World, repository: Repository) -> Embedded:
    """Give a setting's ports aimed at an embedded world, in which the repository stands for the user's."""
    processes = Processes(world.child_environment(), Redactor.of_environment(setting.environment))
    python = replace(setting.configuration.python, index=None)
    configuration = replace(setting.configuration, python=python)
    bench = _Bench(processes, configuration, setting.clock, repository)

    def at_turn(package: Package, seen: Sequence[Package]) -> Builder:
        view = f"{package.ecosystem}-{package.name}"
        world.python_index.store.set_view(view, [one.name for one in seen if one.ecosystem == "python"])
        there = processes.with_environment(_view(world, setting, view))
        return replace(bench, processes=there).builder(package.ecosystem, 0)

    return Embedded(
        setting=replace(
            setting,
            environment=processes.environment,
            repository=repository,
            configuration=configuration,
            builder=bench.builder,
            registry=bench.registry,
            forge=bench.forge,
            changes=bench.changes,
            milestones=bench.milestones,
            labels=bench.labels,
            patience=replace(setting.patience, grace=0.0),
            tolerated=frozenset({"hook-tool-missing"}),
        ),
        at_turn=at_turn,
        remote=world.repository.url,
        dump=world.dump,
    )


def _view(world: World, setting: Setting, view: str) -> dict[str, str | None]:
    """Let Python clients see the view first, and what is not ours where the user's clients find it."""
    index = f"{world.python.url}/view/{view}/simple/"
    outside = setting.environment.get("UV_DEFAULT_INDEX") or setting.environment.get("PIP_INDEX_URL")
    return {"UV_INDEX": index, "UV_DEFAULT_INDEX": outside, "PIP_INDEX_URL": index}


@dataclass(frozen=True, slots=True)
class _Bench:
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


@contextmanager
def open_rehearsal(
    setting: Setting, stand_in: Worktree, branch: str, before: Workspace | None
) -> Iterator[Embedded]:
    """Open an embedded world for a whole release, with a clone's branch and tags in its repository."""
    from castoff.world.seed import WorldSeed
    from castoff.world.world import World

    address = forge_address(_outside_url(setting), {})
    seed = WorldSeed(slug=address.slug if address else "local/workspace")
    with World(seed=seed, environment=setting.environment) as world:
        fill_registries(world, before)
        stand_in.publish_to(world.repository.url, branch)
        processes = Processes(world.child_environment(), Redactor.of_environment(setting.environment))
        for key, value in throw_away_identity(processes, world.directory).items():
            stand_in.git.must("config", "--local", "--replace-all", key, value)
        repository = Repository(Git(processes, stand_in.root))
        yield aimed_at(setting, world, repository)


def fill_registries(world: World, before: Workspace | None) -> None:
    """Put what was released before into the registries, as its manifests said it."""
    from castoff.world.python_index.minimal import Seed

    packages = [] if before is None else [p for p in before.packages if p.ecosystem == "python"]
    edges = () if before is None else before.edges
    world.python_index.seed(
        Seed(
            name=package.name,
            version=package.version,
            requires_dist=tuple(
                f"{e.target}{e.requirement or ''}"
                for e in edges
                if e.origin == package.id and e.kind == "normal"
            ),
        )
        for package in packages
    )


def _outside_url(setting: Setting) -> str | None:
    name = setting.repository.remote_name(setting.configuration.release.remote)
    return setting.repository.remote_url(name) if name else None


@contextmanager
def _embedded(setting: Setting, before: Workspace | None) -> Iterator[Embedded]:
    from castoff.world.world import World

    with World(environment=setting.environment) as world:
        fill_registries(world, before)
        quiet = replace(setting, reporter=Silence(), embedded=None)
        yield aimed_at(quiet, world, setting.repository)


def _explicit(path: Path | None) -> tuple[str, str] | None:
    if path is None:
        return None
    try:
        return path.as_posix(), path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError.of(
            "configuration-unreadable",
            f"`{path}` cannot be read",
            reason=type(error).__name__,
            remedy="name a readable TOML file with `--config`",
            file=path.as_posix(),
        ) from None


def _patience(environment: Mapping[str, str], wait: float | None) -> Patience:
    patience = Patience(grace=grace_of(environment))
    if wait is None:
        return patience
    return replace(patience, visible=wait, unknown=wait, throttle=wait, settle=min(wait, patience.settle))


def grace_of(environment: Mapping[str, str]) -> float:
    """Read PUBLISH_GRACE_SLEEP: seconds; error ``bad-grace``."""
    text = environment.get("PUBLISH_GRACE_SLEEP", "").strip()
    try:
        grace = float(text) if text else 0.0
    except ValueError:
        grace = -1.0
    if not 0.0 <= grace <= 86_400.0:
        raise UsageError.of(
            "bad-grace",
            "`PUBLISH_GRACE_SLEEP` is no number of seconds",
            remedy="set it to a number from 0 to 86400, or unset it",
        )
    return grace


def play_demo(folder: Path, sample: str, reporter: Reporter) -> tuple[Result, dict[str, object]]:
    """Make the sample workspace and an embedded world, and release the one in the other."""
    from castoff.flows.demo import connect, make_sample
    from castoff.flows.release import Wish, run_release
    from castoff.world.seed import WorldSeed
    from castoff.world.world import World

    slug = "acme/lighthouse" if sample == "cargo" else "acme/harbour"
    with World(folder / "world", seed=WorldSeed(slug=slug)) as world:
        environment = {
            **world.child_environment(),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        processes = Processes(environment)
        checkout = make_sample(processes, examples() / sample, folder, tag="1.0.0")
        connect(processes, checkout, world.repository.url)
        setting = open_setting(Options(directory=checkout), reporter, environment)
        fill_registries(world, read_workspace(FolderTree(checkout), setting.manifests, ()))
        return run_release(setting, Wish(level="minor", agreed=True)), world.dump()


def examples() -> Path:
    """Find the sample workspaces: inside the installed package, or in the source tree."""
    here = Path(__file__).resolve().parent
    packed = here / "examples"
    return packed if packed.is_dir() else here.parents[1] / "examples"
