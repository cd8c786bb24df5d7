"""With what does a flow work? Everything that reaches the world, wired once; the embedded world is another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from castoff.configuration.values import Configuration
from castoff.errors import Problem
from castoff.git import Repository, Worktree
from castoff.model.versions import Ecosystem
from castoff.ports import Builder, Clock, Forge, Manifests, Registry, Reporter
from castoff.reconcile import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The ports of one run. ``embedded`` opens the same ports on an embedded world, seeded from a worktree."""

    environment: Mapping[str, str]
    repository: Repository
    configuration: Configuration
    source: str | None
    now: datetime
    clock: Clock
    reporter: Reporter
    manifests: Sequence[Manifests]
    builder: Callable[[Ecosystem, int], Builder]
    registry: Callable[[Ecosystem], Registry]
    forge: Callable[[str | None], Forge | None]
    embedded: Callable[[Worktree], AbstractContextManager[Setting]] | None = None
    patience: Patience = field(default_factory=Patience)
    problems: tuple[Problem, ...] = ()
    lanes: int = 16
