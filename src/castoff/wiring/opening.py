"""How is a run wired to the outside, from what the command line and the environment say?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from castoff.clock import SystemClock, stated_now
from castoff.configuration.reading import read_configuration
from castoff.configuration.values import Configuration
from castoff.errors import ConfigurationError, Problem, UsageError, WorkspaceError
from castoff.flows.planning import intervals_of
from castoff.flows.setting import Setting
from castoff.git import FolderTree, Repository
from castoff.ports import Reporter, Tree
from castoff.process import Processes
from castoff.reconcile import Patience
from castoff.wiring.adapters import Bench, manifests
from castoff.wiring.embedding import is_inside, missing_parts, open_proof
from castoff.wiring.secrets import redactor_of


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
    processes = Processes(variables, redactor_of(variables))
    repository = Repository.open(processes, options.directory)
    here = FolderTree(repository.root)
    loaded = read_configuration(here, explicit=_explicit(options.config))
    clock = SystemClock()
    bench = Bench(processes, loaded.configuration, clock, repository)
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
        desk=bench.desk,
        docs=bench.docs,
        trial=bench.trial,
        lacking=lambda: missing_parts(here, inside=is_inside(variables)),
        patience=replace(
            _patience(variables, options.wait), intervals=intervals_of(loaded.configuration.limits)
        ),
        problems=(
            *loaded.problems,
            *(() if options.config else _uncommitted(repository, here, loaded.source)),
        ),
    )
    return replace(setting, embedded=lambda before: open_proof(setting, before))


def open_files(options: Options) -> tuple[Tree, Configuration]:
    """Open the files of a folder, or of the repository that it is in where the manifests stand there."""
    try:
        root = Repository.open(Processes(dict(os.environ)), options.directory).root
    except WorkspaceError:
        root = options.directory
    inside = any((root / name).is_file() for name in ("Cargo.toml", "pyproject.toml", "package.json"))
    tree = FolderTree(root if inside else options.directory)
    return tree, read_configuration(tree, explicit=_explicit(options.config)).configuration


def open_folder(options: Options) -> tuple[Tree, Configuration]:
    """Open the files of exactly this folder, whatever repository it is in."""
    tree = FolderTree(options.directory)
    return tree, read_configuration(tree, explicit=_explicit(options.config)).configuration


def _uncommitted(repository: Repository, here: Tree, source: str | None) -> tuple[Problem, ...]:
    """Tell where the configuration is not the one that others have: they could not resume what begins here."""
    file = (source or "").partition(" ")[0]
    head = repository.head()
    if source is None or head is None or here.read(file) is None:
        return ()
    if repository.tree(head).read(file) == here.read(file):
        return ()
    return (
        Problem(
            code="configuration-not-committed",
            message=f"`{file}` is not what was committed",
            reason="a release goes on from any machine, and each must see the same configuration",
            remedy="commit and push it before a release; a plan or a rehearsal may go without",
            file=file,
        ),
    )


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
