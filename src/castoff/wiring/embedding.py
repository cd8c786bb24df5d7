"""How are the ports aimed at an embedded world? For the proof of one commit's uploads, or for a whole rehearsal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from castoff.errors import UsageError
from castoff.flows.identity import throw_away_identity
from castoff.flows.setting import Embedded, Setting
from castoff.flows.silence import Silence
from castoff.git import Git, Repository, Worktree
from castoff.model.addresses import forge_address
from castoff.model.workspace import Package, Workspace
from castoff.ports import Builder
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

    _need_authority(setting)
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

    _need_authority(setting)
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


def _need_authority(setting: Setting) -> None:
    """Crates are read through the proxy, whose parts are an extra; in an embedded world nothing is read outside."""
    from castoff.world.proxy import authority_is_available

    has_crates = (setting.repository.root / "Cargo.toml").is_file()
    if not has_crates or authority_is_available() or "CASTOFF_DOCS_URL" in setting.environment:
        return
    raise UsageError.of(
        "rehearse-extra-missing",
        "rehearsing crates needs parts that the base install leaves out",
        reason="cargo reads the crates that yours depend on through a proxy that ends TLS on loopback",
        remedy="install `castoff[rehearse]`",
    )


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
