"""Wiring of a run to the outside, from command line and environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import AbstractContextManager
from functools import cached_property, partial
from pathlib import Path

import tomli
from msgspec import Struct

from castoff.config.reader import read_configuration
from castoff.config.values import Configuration
from castoff.errors import CastoffError, ConfigurationError, Problem, UsageError, WorkspaceError
from castoff.git import FolderTree, Git, Repository
from castoff.io.built_before import BuiltBefore
from castoff.io.clock import SystemClock, stated_now
from castoff.io.files import read_text
from castoff.io.process import Processes
from castoff.model.scope import Scope, folders_above, is_within
from castoff.ports import Reporter, Tree
from castoff.reconcile import Patience
from castoff.release.plan_contents import intervals_of, windows_of
from castoff.session.services import Embedded, Services, WorldContent
from castoff.session.workspaces import read_workspace
from castoff.values import replace
from castoff.wiring.adapters import Adapters, manifests
from castoff.wiring.caches import cache_of
from castoff.wiring.secrets import given_back, learn_settings, redactor_of

_FILES = ("rust-toolchain.toml", "rust-toolchain")


def toolchain_override(environment: Mapping[str, str], start: Path) -> dict[str, str]:
    """Return the variable that stands for `rustup override set` in the folder, or in one above it.

    rustup goes up from the current folder, and takes the first override or toolchain file (rustup book, "Overrides").
    The files are in the clone too, or linked above it.
    """
    if environment.get("RUSTUP_TOOLCHAIN"):
        return {}
    home = Path(environment.get("RUSTUP_HOME") or Path(environment.get("HOME", "/")) / ".rustup")
    try:
        overrides = tomli.loads((home / "settings.toml").read_text(encoding="utf-8")).get("overrides", {})
    except (OSError, ValueError):
        return {}
    folder = start.resolve()
    for one in (folder, *folder.parents):
        chosen = overrides.get(str(one)) if isinstance(overrides, dict) else None
        if isinstance(chosen, str):
            return {"RUSTUP_TOOLCHAIN": chosen}
        # At the same folder the override wins over the file, so the override is checked first (rustup book,
        # "Overrides").
        if any((one / name).is_file() for name in _FILES):
            return {}
    return {}


def without_programs(environment: Mapping[str, str], start: Path) -> dict[str, str]:
    """Return the variables with which no process of cargo's runs a program of the repository.

    Errors: ``toolchain-in-repository``.
    """
    from castoff.ecosystems.cargo.inert_settings import NO_WRAPPERS, toolchain_in

    named = None if environment.get("RUSTUP_TOOLCHAIN") else toolchain_in(start.resolve())
    return {**NO_WRAPPERS, **({"RUSTUP_TOOLCHAIN": named} if named else {})}


class Options(Struct, frozen=True, kw_only=True):
    """What the command line says about every run; ``built`` is a folder of files that `castoff build` made.

    ``seconds`` is how long the run may take.
    """

    directory: Path
    config: Path | None = None
    wait: float | None = None
    built: Path | None = None
    seconds: float | None = None


def open_setting(
    options: Options, reporter: Reporter, environment: Mapping[str, str] | None = None
) -> Services:
    """Open the user's repository with everything wired to the outside."""
    variables = dict(os.environ if environment is None else environment)
    # rustup knows overrides by path, and the temporary clone has another one.
    variables |= toolchain_override(variables, options.directory)
    if options.built is not None:
        variables |= without_programs(variables, options.directory)
    processes = Processes(variables, redactor_of(variables))
    repository = Repository.open(processes, options.directory)
    learn_settings(processes.redactor, repository.root, repository.start, variables)
    here = FolderTree(repository.root)
    places = _ConfigurationPlaces(repository, here)
    loaded = read_configuration(
        here,
        explicit=_explicit(options.config),
        folders=places.folders(),
        has_settings_of_crates=places.has_settings_of_crates,
    )
    configuration = _with_built(_with_links_followed(loaded.configuration, repository.root), options.built)
    processes = replace(processes, given=given_back(configuration, variables))
    repository = Repository(Git(processes, repository.root), repository.start)
    clock = SystemClock()
    adapters = Adapters(processes, configuration, clock, repository, options.built)
    cache = cache_of(configuration.build, repository.root, variables)
    services = Services(
        environment=variables,
        repository=repository,
        configuration=configuration,
        source=loaded.source,
        now=stated_now(variables),
        clock=clock,
        reporter=reporter,
        manifests=manifests(),
        builder=adapters.builder,
        registry=adapters.registry,
        registries_within=adapters.registries_within,
        users_registry=adapters.registry,
        forge=adapters.forge,
        changes=adapters.changes,
        milestones=adapters.milestones,
        labels=adapters.labels,
        issue_tracker=adapters.issue_tracker,
        docs=adapters.docs,
        trial=adapters.trial,
        built=BuiltBefore(cache and cache / "built"),
        patience=replace(
            _patience(variables, options.wait),
            intervals=intervals_of(configuration.limits),
            windows=windows_of(configuration.limits),
            until=None if options.seconds is None else clock.monotonic() + options.seconds,
        ),
        inert=options.built is not None,
        problems=(
            *loaded.problems,
            *(() if options.config else _uncommitted(repository, here, loaded.source)),
        ),
    )
    return replace(services, embedded=partial(_proof, services))


def _with_links_followed(configuration: Configuration, root: Path) -> Configuration:
    """Let what a release writes name the files that symbolic links lead to: an editor would write there, git does not.

    A link out of the repository stays, and is reported when it is read.
    """

    def followed(file: str) -> str:
        real = Path(os.path.realpath(root / file))
        top = Path(os.path.realpath(root))
        return real.relative_to(top).as_posix() if real.is_relative_to(top) and real != top else file

    log = configuration.changelog
    changelog = log if log.file is None else replace(log, file=followed(log.file))
    rules = tuple(replace(one, file=followed(one.file)) for one in configuration.replace)
    return replace(configuration, changelog=changelog, replace=rules)


def _with_built(configuration: Configuration, built: Path | None) -> Configuration:
    """Take Python files from a folder instead of building them; packing a crate runs no code of it."""
    if built is None:
        return configuration
    return replace(configuration, python=replace(configuration.python, build=None, artifacts=str(built)))


_TABLE = r"^ *(\[(workspace\.metadata|package\.metadata|tool)\.castoff[].]|castoff *=)"
_THEIR_TABLE = r"^ *\[workspace\.metadata\.release[].]"
"""The table of cargo-release."""


class _ConfigurationPlaces:
    """Where configuration may stand in a checkout; git finds the places, since nobody opens a thousand manifests."""

    def __init__(self, repository: Repository, here: Tree) -> None:
        self._repository = repository
        self._here = here

    def folders(self) -> Iterator[str]:
        """Give where the configuration is looked for: at the root, from the start upwards, in the only place below it.

        The last is for runs that start at the root, as those of CI do: they release what a run in that place does.
        """
        root, start = self._repository.root, self._repository.start
        yield from (".", *folders_above(start))
        places = {one for one in self._files if _has_manifest((root / one).parent)}
        places |= {one for one in self._manifests if _is_configuration(self._here.read(one) or "")}
        theirs = {one for one in places if _is_of_cargo_release(one, self._here)}
        # Settings of cargo-release count where castoff itself is not configured, and there only those of a workspace:
        # it has files for single crates too.
        found = _folders(places - theirs) or _outermost(_folders(theirs))
        # Beside the start, a configuration is that of another workspace.
        below = [folder for folder in found if is_within(folder, start)]
        # With several configurations below there is no default: a release of the wrong one could not be undone.
        yield from below if len(below) == 1 and _is_released(self._here, start, below[0]) else ()

    def has_settings_of_crates(self) -> bool:
        """Return whether cargo-release is told anything in a manifest below the root, or in a file beside one."""
        return any(
            path.endswith("/release.toml") or "metadata.release" in (self._here.read(path) or "")
            for path in (*self._files, *self._manifests)
        )

    @cached_property
    def _files(self) -> tuple[str, ...]:
        return self._repository.tracked("*/castoff.toml", "*/release.toml")

    @cached_property
    def _manifests(self) -> tuple[str, ...]:
        return self._repository.holding(f"{_TABLE}|metadata\\.release", "*/Cargo.toml", "*/pyproject.toml")


def _is_configuration(manifest: str) -> bool:
    return bool(re.search(f"{_TABLE}|{_THEIR_TABLE}", manifest, re.MULTILINE))


def _has_manifest(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("Cargo.toml", "pyproject.toml", "package.json"))


def _is_of_cargo_release(path: str, here: Tree) -> bool:
    return path.endswith("/release.toml") or (
        path.endswith("/Cargo.toml") and bool(re.search(_THEIR_TABLE, here.read(path) or "", re.MULTILINE))
    )


def _folders(paths: Iterable[str]) -> set[str]:
    return {path.rpartition("/")[0] for path in paths}


def _outermost(folders: Set[str]) -> set[str]:
    return {one for one in folders if folders.isdisjoint(folders_above(one)[1:])}


def _is_released(here: Tree, start: str, folder: str) -> bool:
    """Return whether what is in a folder is released; also where only its configuration can say what is."""
    try:
        found = read_workspace(here, manifests(), Scope(start=start))
    except CastoffError:
        return True
    return folder in {*found.roots, *(one.path for one in found.packages)}


def open_files(options: Options) -> tuple[Tree, Configuration]:
    """Open the files of a folder, or of the repository that it is in where the manifests stand there."""
    try:
        root = Repository.open(Processes(dict(os.environ)), options.directory).root
    except WorkspaceError as error:
        # Other errors (such as `repository-unreadable`) must not be taken for a plain folder.
        if any(problem.code != "not-a-repository" for problem in error.problems):
            raise
        root = options.directory
    tree = FolderTree(root if _has_manifest(root) else options.directory)
    return tree, read_configuration(tree, explicit=_explicit(options.config)).configuration


def open_folder(options: Options) -> tuple[Tree, Configuration]:
    """Open the files of exactly this folder, whatever repository it is in."""
    tree = FolderTree(options.directory)
    return tree, read_configuration(tree, explicit=_explicit(options.config)).configuration


def _uncommitted(repository: Repository, here: Tree, source: str | None) -> tuple[Problem, ...]:
    """Report a configuration that is not the one that others have: they could not resume what begins here."""
    file = (source or "").partition(" ")[0]
    if source is None or here.read(file) is None:
        return ()
    found = repository.checked_out(file)
    if found.commit is None or not found.changed:
        return ()
    return (
        Problem(
            code="configuration-not-committed",
            message=f"`{file}` differs from its committed version",
            reason="a release can continue on any machine, and each must see the same configuration",
            remedy=f"commit and push it before a release (`git add {file}`); plans and rehearsals use "
            "the file as it is",
            file=file,
        ),
    )


def _proof(services: Services, content: WorldContent) -> AbstractContextManager[Embedded]:
    # Only a release and its rehearsal need the embedded services.
    from castoff.wiring.embedded_world import open_proof

    return open_proof(services, content)


def _explicit(path: Path | None) -> tuple[str, str] | None:
    if path is None:
        return None
    try:
        return path.as_posix(), read_text(path)
    except UsageError as error:
        cause = error.problems[0]
        raise ConfigurationError.of(
            "configuration-unreadable",
            f"`{path}` cannot be read",
            reason=cause.reason or cause.message,
            remedy="pass a readable TOML file with `--config`",
            file=path.as_posix(),
        ) from None


def _patience(environment: Mapping[str, str], wait: float | None) -> Patience:
    patience = Patience(grace=grace_of(environment))
    if wait is None:
        return patience
    # `--wait` can shorten `settle` (the wait before a write is repeated), but not extend it.
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
            "`PUBLISH_GRACE_SLEEP` is not a number of seconds",
            remedy="set it to a number from 0 to 86400, or unset it",
        )
    return grace
