"""Services of a run: everything that reaches the world, wired once; the embedded world is another set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from castoff.config.values import Configuration
from castoff.errors import Problem
from castoff.git import Repository
from castoff.io.built_before import BuiltBefore
from castoff.io.verified import VerifiedBefore
from castoff.model.acts import Act
from castoff.model.scope import Scope
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package, Workspace
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
    Reporter,
    Trial,
)
from castoff.reconcile import Patience
from castoff.session.workspaces import scope_of

if TYPE_CHECKING:
    from castoff.reconcile.reconciler import Reconciler

DocsHostName = Literal["docs.rs", "readthedocs"]


class WebsiteCopy(Struct, frozen=True):
    """Repository of the website as an embedded world gets it: one commit on its branch.

    ``is_real``: that commit holds the files of the real one. Otherwise it holds none.
    """

    slug: str
    path: Path
    branch: str
    is_real: bool


class WorldContent(Struct, frozen=True):
    """What an embedded world is opened for: the workspace to release, and that of the last release if there was one."""

    workspace: Workspace
    before: Workspace | None
    website: WebsiteCopy | None = None


class Services(Struct, frozen=True, kw_only=True):
    """The ports of one run; ``registries_within`` makes registries that answer within so many seconds or not at all.

    ``users_registry`` makes those of the user's environment, also in a rehearsal.
    ``embedded`` opens them on an embedded world.

    ``tolerated`` are codes that this setting lives with: in a rehearsal, tools of the user's that are not here.
    ``inert``: files that were built elsewhere are uploaded, and no file of the repository may run or configure a tool.
    ``built`` is what earlier runs built for releases that are not out yet.
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
    registries_within: Callable[[float], Callable[[Ecosystem], Registry]]
    forge: Callable[[str | None], Forge | None]
    changes: Callable[[str | None], ChangeSource | None]
    milestones: Callable[[str | None], Milestones | None]
    labels: Callable[[str | None], Labels | None]
    issue_tracker: Callable[[str | None], IssueTracker | None]
    docs: Callable[[DocsHostName], DocsHost]
    trial: Callable[[Ecosystem], Trial]
    users_registry: Callable[[Ecosystem], Registry]
    embedded: Callable[[WorldContent], AbstractContextManager[Embedded]] | None = None
    patience: Patience = field(default_factory=Patience)
    problems: tuple[Problem, ...] = ()
    tolerated: frozenset[str] = frozenset()
    lanes: int = 32
    inert: bool = False
    built: BuiltBefore = field(default_factory=lambda: BuiltBefore(None))

    @property
    def scope(self) -> Scope:
        """Return what decides which packages belong to a release."""
        return scope_of(self.repository, self.configuration)

    def reconciler(self, before: Callable[[Act], None] | None = None) -> Reconciler:
        """Return what brings stages to their end; ``before`` is called before each act."""
        from castoff.reconcile.reconciler import Reconciler

        return Reconciler(self.clock, self.reporter, self.patience, lanes=self.lanes, before=before)


class Embedded(Struct, frozen=True, kw_only=True):
    """The ports of a run, aimed at an embedded world.

    ``at_turn`` gives a builder whose clients see of our packages only those that are listed. ``verified`` is
    what earlier runs verified. ``remote`` is the bare repository, ``dump`` gives all that happened there, ``merge``
    merges the open pull requests as a person would and returns their titles.
    """

    services: Services
    at_turn: Callable[[Package, Sequence[Package]], Builder]
    verified: VerifiedBefore
    remote: str
    dump: Callable[[], dict[str, object]]
    merge: Callable[[], tuple[str, ...]]
    is_seeded: bool = False
    """Whether the forge holds what a seed said of the real one."""


def chooses_kinds(services: Services, package: Package) -> bool:
    """Return whether the user's build decides which kinds of files a package has: wheels alone, an sdist alone."""
    python = services.configuration.python
    return package.ecosystem == "python" and (python.build is not None or python.artifacts is not None)
