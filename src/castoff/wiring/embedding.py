"""How are the ports aimed at an embedded world? For the proof of one commit's uploads, or for a whole rehearsal."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from castoff.errors import Problem, UsageError
from castoff.flows.identity import throw_away_identity
from castoff.flows.setting import Embedded, Setting
from castoff.flows.silence import Silence
from castoff.git import FolderTree, Git, Repository, Worktree
from castoff.model.addresses import forge_address
from castoff.model.workspace import Package, Workspace
from castoff.ports import Builder, Tree
from castoff.process import Processes
from castoff.redaction import Redactor
from castoff.wiring.adapters import Bench

if TYPE_CHECKING:
    from castoff.world.world import World

_TOLERATED = frozenset(
    {
        "hook-tool-missing",
        "commit-without-change",
        "draft-second-writer",
        "notes-label-unknown",
        "token-missing",
    }
)
"""What is so only because the embedded world is one: no workflows run, and the forge knows nothing."""


@contextmanager
def open_proof(setting: Setting, before: Workspace | None) -> Iterator[Embedded]:
    """Open an embedded world for the uploads of one commit, with what was released before in it."""
    from castoff.world.world import World

    _need_authority(setting, inside=is_inside(setting.environment))
    with World(environment=setting.environment) as world:
        _warm(world, setting)
        fill_registries(world, before)
        quiet = replace(setting, reporter=Silence(), embedded=None)
        yield aimed_at(quiet, world, setting.repository)


@contextmanager
def open_rehearsal(
    setting: Setting, stand_in: Worktree, branch: str, before: Workspace | None
) -> Iterator[Embedded]:
    """Open an embedded world for a whole release, with a clone's branch and tags in its repository."""
    from castoff.world.seed import WorldSeed
    from castoff.world.world import World

    _need_authority(setting, inside=False)
    address = forge_address(_outside_url(setting), {})
    seed = WorldSeed(slug=address.slug if address else "local/workspace")
    with World(seed=seed, environment=setting.environment) as world:
        _warm(world, setting)
        fill_registries(world, before)
        stand_in.publish_to(world.repository.url, branch)
        processes = Processes(world.child_environment(), Redactor.of_environment(setting.environment))
        for key, value in throw_away_identity(processes, world.directory).items():
            stand_in.git.must("config", "--local", "--replace-all", key, value)
        repository = Repository(Git(processes, stand_in.root))
        yield aimed_at(setting, world, repository)


def aimed_at(setting: Setting, world: World, repository: Repository) -> Embedded:
    """Give a setting's ports aimed at an embedded world, in which the repository stands for the user's."""
    processes = Processes(world.child_environment(), Redactor.of_environment(setting.environment))
    python = replace(setting.configuration.python, index=None)
    configuration = replace(setting.configuration, python=python)
    bench = Bench(processes, configuration, setting.clock, repository)

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
            desk=bench.desk,
            docs=bench.docs,
            trial=bench.trial,
            patience=replace(setting.patience, grace=0.0),
            tolerated=_TOLERATED,
            lacking=tuple,
            no_site="its repository is not in the rehearsal",
            problems=tuple(replace(problem, severity="warning") for problem in setting.problems),
        ),
        at_turn=at_turn,
        remote=world.repository.url,
        dump=world.dump,
    )


def _warm(world: World, setting: Setting) -> None:
    """Spare cargo the crates that the user's cargo has fetched before; what is there is only read."""
    if (setting.repository.root / "Cargo.toml").is_file():
        world.warm_cargo_home()


def is_inside(environment: Mapping[str, str]) -> bool:
    """Say whether a run is in an embedded world already."""
    return "CASTOFF_DOCS_URL" in environment


def missing_parts(tree: Tree, *, inside: bool) -> tuple[Problem, ...]:
    """Say which parts of the embedded world are not installed, and are needed for what a tree holds.

    Crates are read through the proxy, whose parts are an extra. ``inside`` an embedded world, where only that world's
    crates can be read, those do without it that need no others.
    """
    from castoff.world.proxy import authority_is_available, rehearse_extra_missing

    if authority_is_available() or tree.read("Cargo.toml") is None or (inside and not _needs_others(tree)):
        return ()
    return (rehearse_extra_missing("rehearsing crates needs parts that the base install leaves out"),)


def _need_authority(setting: Setting, *, inside: bool) -> None:
    if missing := missing_parts(FolderTree(setting.repository.root), inside=inside):
        raise UsageError(*missing)


def _needs_others(tree: Tree) -> bool:
    """Say whether a manifest names a crate that does not lie in the tree."""
    for path in tree.paths():
        if PurePosixPath(path).name == "Cargo.toml":
            try:
                document = tomllib.loads(tree.read(path) or "")
            except tomllib.TOMLDecodeError:
                continue
            if any(_is_elsewhere(one) for table in _dependency_tables(document) for one in table.values()):
                return True
    return False


def _dependency_tables(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the tables of dependencies: of the package, of its targets, of the workspace."""
    targets = document.get("target", {})
    for part in (document, document.get("workspace", {}), *targets.values()):
        for name in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield part.get(name, {})


def _is_elsewhere(dependency: object) -> bool:
    return not isinstance(dependency, dict) or not {"path", "workspace"} & dependency.keys()


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


def fill_crates(world: World, before: Workspace) -> None:
    """Put crates into the registry that are nowhere else, as their manifests said them; for samples."""
    from castoff.world.cargo_registry.record import read_record

    names = {package.id: package.name for package in before.packages}
    needs: dict[str, list[dict[str, str]]] = {package.id: [] for package in before.packages}
    for e in before.edges:
        if e.kind in ("normal", "build") and e.requirement and e.origin in needs and e.target in names:
            needs[e.origin].append({"name": names[e.target], "requirement": e.requirement, "kind": e.kind})
    record = {
        p.name: {p.version: {"requirements": needs[p.id]}} for p in before.packages if p.ecosystem == "cargo"
    }
    for published, _ in read_record(record):
        world.cargo_registry.store.add(published, seeded=True)


def _view(world: World, setting: Setting, view: str) -> dict[str, str | None]:
    """Let Python clients see the view first, and what is not ours where the user's clients find it."""
    index = f"{world.python.url}/view/{view}/simple/"
    outside = setting.environment.get("UV_DEFAULT_INDEX") or setting.environment.get("PIP_INDEX_URL")
    return {"UV_INDEX": index, "UV_DEFAULT_INDEX": outside, "PIP_INDEX_URL": index}


def _outside_url(setting: Setting) -> str | None:
    name = setting.repository.remote_name(setting.configuration.release.remote)
    return setting.repository.remote_url(name) if name else None
