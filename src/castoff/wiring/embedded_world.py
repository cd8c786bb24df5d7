"""Ports aimed at an embedded world: for the rehearsal of one commit's uploads, or of a whole release."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import tomli

from castoff.ecosystems.python.names import name_of
from castoff.git import FolderTree, Git, Repository
from castoff.io.files import prebuilt_folder, read_text
from castoff.io.http import Http, Reply
from castoff.io.process import Processes
from castoff.io.verified import VerifiedBefore
from castoff.model.addresses import forge_address
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package, Workspace
from castoff.ports import Builder, Ruled, Tree
from castoff.reconcile import Patience
from castoff.redaction import Redactor
from castoff.release.throwaway_identity import throw_away_identity
from castoff.session.reporters import StepsOnly
from castoff.session.services import Embedded, Services, WorldContent
from castoff.session.session import Session
from castoff.values import replace
from castoff.wiring.adapters import Adapters
from castoff.wiring.caches import cache_of
from castoff.wiring.secrets import given_back

if TYPE_CHECKING:
    from castoff.world.world import World

_CARGO_BACKENDS = frozenset({"maturin", "setuptools-rust"})
"""Build requirements that run cargo, normalised."""

_TOLERATED = frozenset(
    {
        "hook-tool-missing",
        "commit-without-change",
        "draft-second-writer",
        "notes-label-unknown",
        "provenance-not-possible",
        "release-in-flight",
        "second-writer",
        "token-missing",
    }
)
"""What is so only because the embedded world is one: no workflows run, and the forge knows no earlier release."""

_VISIBLE_HERE = 60.0
"""Seconds until an upload must be visible in the embedded world, whose indexes show it at once."""


@contextmanager
def open_proof(services: Services, content: WorldContent) -> Iterator[Embedded]:
    """Open an embedded world for the uploads of one commit, with what was released before in it."""
    from castoff.world.world import World

    crates = _needs_crates(FolderTree(services.repository.root), content.workspace)
    with World(environment=services.environment) as world:
        if crates:
            # Copies the user's downloads: a temporary `CARGO_HOME` would fetch every crate and the index again.
            world.warm_cargo_home()
        fill_registries(world, content.before)
        fill_npm(world, content.before, continued=True)
        adopt_rules(world, services, content.workspace)
        quiet = replace(services, reporter=StepsOnly(services.reporter), embedded=None)
        yield aimed_at(quiet, world, services.repository)


@contextmanager
def open_rehearsal(session: Session, content: WorldContent, start: Path | None = None) -> Iterator[Embedded]:
    """Open an embedded world for a whole release, with a clone's branch and tags in its repository.

    ``start`` is a seed whose forge the rehearsal begins with; registries hold what the last release brought. Errors:
    ``world-seed-invalid``, ``bad-forge-seed``.
    """
    from castoff.world.seed import WorldSeed, parse_seed
    from castoff.world.world import World

    crates = _needs_crates(FolderTree(session.services.repository.root), content.workspace)
    # Without variables: `GITHUB_API_URL` of the user must not change the repository's name in the
    # rehearsal.
    address = forge_address(_outside_url(session.services), {})
    website = content.website
    seed = WorldSeed(
        slug=address.slug if address else "local/workspace",
        beside=() if website is None else ((website.slug, website.path),),
        forge={} if start is None else parse_seed(read_text(start), start.parent, file=str(start)).forge,
    )
    with World(seed=seed, environment=session.services.environment) as world:
        if crates:
            world.warm_cargo_home()
        fill_registries(world, content.before)
        fill_npm(world, content.before, continued=True)
        adopt_rules(world, session.services, content.workspace)
        session.clone.publish_to(world.repository.url, session.snapshot.branch)
        processes = _processes(session.services, world)
        # The user's signing key may need a touch or a passphrase; a rehearsal never asks for one.
        for key, value in throw_away_identity(processes, world.directory).items():
            session.clone.git.must("config", "--local", "--replace-all", key, value)
        repository = Repository(Git(processes, session.clone.root), session.services.repository.start)
        yield replace(aimed_at(session.services, world, repository), is_seeded=start is not None)


def aimed_at(services: Services, world: World, repository: Repository) -> Embedded:
    """Return a setting's ports aimed at an embedded world, in which the repository stands for the user's."""
    processes = _processes(services, world)
    # The configured index is the real one; the world's address comes from the environment.
    python = replace(services.configuration.python, index=None)
    home = services.repository.root
    cache = cache_of(services.configuration.build, home, services.environment)
    verified = VerifiedBefore(cache and cache / "verified", services.clock)
    verified.drop_old()
    # Git ignores the folder of what was built elsewhere as a rule, so that a clone does not have it.
    if python.artifacts is not None:
        python = replace(python, artifacts=str(prebuilt_folder(python.artifacts, repository.root, home)))
    npm = services.configuration.npm
    if npm.artifacts is not None:
        npm = replace(npm, artifacts=str(prebuilt_folder(npm.artifacts, repository.root, home)))
    # The world of a rehearsal runs no CI job: its clients upload with its own token; exchanges are probed apart.
    release = replace(services.configuration.release, tokenless=False)
    configuration = replace(services.configuration, python=python, npm=npm, release=release)
    adapters = Adapters(processes, configuration, services.clock, repository)

    def at_turn(package: Package, seen: Sequence[Package]) -> Builder:
        view = f"{package.ecosystem}-{package.name.replace('@', '').replace('/', '--')}"
        names: dict[Ecosystem, list[str]] = {}
        for one in seen:
            names.setdefault(one.ecosystem, []).append(one.name)
        world.python_index.store.set_view(view, names.get("python", []))
        world.npm_registry.set_view(view, names.get("npm", []))
        there = processes.with_environment(_view(world, services, view))
        return replace(adapters, processes=there).builder(package.ecosystem, 0)

    return Embedded(
        services=replace(
            services,
            environment=processes.environment,
            repository=repository,
            configuration=configuration,
            builder=adapters.builder,
            registry=adapters.registry,
            registries_within=adapters.registries_within,
            forge=adapters.forge,
            changes=adapters.changes,
            milestones=adapters.milestones,
            labels=adapters.labels,
            issue_tracker=adapters.issue_tracker,
            docs=adapters.docs,
            trial=adapters.trial,
            patience=_hurried(services.patience),
            tolerated=_TOLERATED,
            problems=tuple(replace(problem, severity="warning") for problem in services.problems),
        ),
        at_turn=at_turn,
        verified=verified,
        remote=world.repository.url,
        dump=world.dump,
        merge=lambda: tuple(
            title
            for slug in dict.fromkeys((world.seed.slug, *(one.slug for one in world.beside)))
            for title in merge_pulls(world.forge.url, slug, processes.environment["GH_TOKEN"])
        ),
    )


def merge_pulls(url: str, slug: str, token: str) -> tuple[str, ...]:
    """Merge the open pull requests of an embedded forge, the oldest first; return the titles of those merged."""
    http, pulls = Http(Redactor()), f"{url}/repos/{slug}/pulls"
    # `direction=asc`: the oldest first, so that every rehearsal merges in the same order.
    headers = {"Authorization": f"Bearer {token}"}
    listed = http.ask("GET", f"{pulls}?state=open&direction=asc", headers=headers)
    rows = json.loads(listed.body) if isinstance(listed, Reply) and listed.status == 200 else []
    merged = []
    for row in rows:
        # A seeded forge holds pull requests of others too; nobody merges those in a rehearsal.
        if not str(row["head"]["ref"]).startswith("castoff/"):
            continue
        answer = http.ask("PUT", f"{pulls}/{row['number']}/merge", headers=headers, body=b"{}")
        # A pull request that cannot be merged stays open, and the rehearsal reports what waits for it.
        if isinstance(answer, Reply) and answer.status == 200:
            merged.append(str(row["title"]))
    return tuple(merged)


def _processes(services: Services, world: World) -> Processes:
    from castoff.world.npm_registry.accounts import OTP

    given = given_back(services.configuration, services.environment, but=world.environment())
    # An index at a loopback address would not be recognised as PyPI, so the variable says which rules
    # apply.
    other = {} if world.python_index.store.is_pypi else {"CASTOFF_OTHER_INDEX": "1"}
    environment = {
        **world.child_environment(),
        **other,
        **_npm_at(f"{world.npm.url}/"),
        # An embedded index takes attestations from trusted publishers, as PyPI does; here a token uploads.
        "UV_PUBLISH_NO_ATTESTATIONS": "true",
        "npm_config_otp": OTP,  # the code of the person who approves what is staged there
    }
    return Processes(environment, Redactor.of_environment(services.environment), given=given)


def _hurried(patience: Patience) -> Patience:
    # A rehearsal's index does not know how many projects the account made, and counts none.
    return replace(patience, grace=0.0, visible=min(patience.visible, _VISIBLE_HERE), windows={})


def _needs_crates(tree: Tree, workspace: Workspace) -> bool:
    """Return whether cargo runs in a release: for crates, or for extension modules that are built from them."""
    return any(
        one.ecosystem == "cargo" or _is_built_by_cargo(tree.read(one.manifest) or "")
        for one in workspace.packages
    )


def _is_built_by_cargo(manifest: str) -> bool:
    try:
        system = tomli.loads(manifest).get("build-system", {})
    except (ValueError, RecursionError):
        return False
    wanted = system.get("requires", []) if isinstance(system, dict) else []
    # PEP 518: `requires` are PEP 508 strings; other values are the build front end's error, not ours.
    return any(name_of(one) in _CARGO_BACKENDS for one in wanted if isinstance(one, str))


def adopt_rules(world: World, services: Services, workspace: Workspace) -> None:
    """Let the embedded index stand for the index of a workspace: PyPI, or one whose rules are not known.

    Limits on new projects would only be waited for: `plan` shows them, and a rehearsal lists them as not provable.
    """
    store = world.python_index.store
    packages = [one for one in workspace.packages if one.ecosystem == "python"]
    if packages:
        registry = services.registry("python")
        store.is_pypi = isinstance(registry, Ruled) and any(map(registry.has_known_rules, packages))
    store.file_limit = services.configuration.python.file_limit * 2**20
    store.new_projects.a_user = store.new_projects.an_address = None


def fill_registries(world: World, before: Workspace | None) -> None:
    """Put what was released before into the registries, as its manifests said it."""
    from castoff.world.python_index.minimal import Seed

    if before is not None:
        pins = before.pins()
        world.python_index.seed(
            Seed(name=one.name, version=one.version, requires_dist=pins[one.id])
            for one in before.packages
            if one.ecosystem == "python"
        )


def fill_npm(world: World, before: Workspace | None, *, continued: bool = False) -> None:
    """Put npm packages that were released before into the registry, as their manifests said them.

    ``continued``: the user's own registry has them. Lock files name versions of the workspace's own packages, which
    other packages need, so their contents must be the real ones.
    """
    packages = () if before is None else before.packages
    npm = [one for one in packages if one.ecosystem == "npm"]
    world.npm_registry.seed(({"name": one.name, "version": one.version} for one in npm), continued=continued)


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


def _view(world: World, services: Services, view: str) -> dict[str, str | None]:
    """Let Python clients see the view first, and what is not ours where the user's clients find it."""
    index = f"{world.python.url}/view/{view}/simple/"
    # uv's variable wins: uv is the client that runs (uv, "Package indexes").
    outside = services.environment.get("UV_DEFAULT_INDEX") or services.environment.get("PIP_INDEX_URL")
    return {
        "UV_INDEX": index,
        "UV_DEFAULT_INDEX": outside,
        "PIP_INDEX_URL": index,
        **_npm_at(f"{world.npm.url}/view/{view}/"),
    }


def _npm_at(url: str) -> dict[str, str]:
    """Lead npm to a registry whatever manifests and settings of the repository name."""
    return {"npm_config_registry": url, "CASTOFF_NPM_REGISTRY": url}


def _outside_url(services: Services) -> str | None:
    repository = services.repository
    name = repository.remote_name(services.configuration.release.remote, repository.branch())
    return repository.remote_url(name) if name else None
