"""With what does a flow work? Everything that reaches the world, wired once; the embedded world is another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from castoff.configuration.values import Configuration
from castoff.errors import Problem
from castoff.git import Repository
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
)
from castoff.ports_after import Desk, DocsHost, Trial
from castoff.reconcile import Patience

DocsHostName = Literal["docs.rs", "readthedocs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The ports of one run; ``embedded`` opens them on an embedded world with what was released before in it.

    ``tolerated`` are codes that this setting lives with: in a rehearsal, tools of the user's that are not here.
    ``lacking`` says which parts of the embedded world are needed and not installed, ``no_site`` why the website's
    repository is out of reach here.
    """

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
    changes: Callable[[str | None], ChangeSource | None]
    milestones: Callable[[str | None], Milestones | None]
    labels: Callable[[str | None], Labels | None]
    desk: Callable[[str | None], Desk | None]
    docs: Callable[[DocsHostName], DocsHost]
    trial: Callable[[Ecosystem], Trial]
    embedded: Callable[[Workspace | None], AbstractContextManager[Embedded]] | None = None
    patience: Patience = field(default_factory=Patience)
    problems: tuple[Problem, ...] = ()
    lacking: Callable[[], tuple[Problem, ...]] = tuple
    tolerated: frozenset[str] = frozenset()
    no_site: str | None = None
    lanes: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The ports of a run, aimed at an embedded world.

    ``at_turn`` gives a builder whose clients see of our packages only those that are listed. ``remote`` is the
    bare repository, ``dump`` gives all that happened there.
    """

    setting: Setting
    at_turn: Callable[[Package, Sequence[Package]], Builder]
    remote: str
    dump: Callable[[], dict[str, object]]
