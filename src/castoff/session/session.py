"""Session of one run: its services, the clone that it works in, and the snapshot of workspace and remote.

Functions that need more than one of the three take the session. Values never change: a later look at the remote, or
other services, make another session on the same clone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from castoff.config.templates import TemplateRelease
from castoff.config.values import Configuration
from castoff.errors import Refusal, WorkspaceError
from castoff.git import Clone
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Workspace
from castoff.reconcile import StageState, observe
from castoff.reconcile.part import Stage
from castoff.session.release import Release, release_of_claim
from castoff.session.services import Services
from castoff.session.snapshot import Snapshot, ordered, take_snapshot
from castoff.session.workspaces import manifest_tree, read_workspace
from castoff.values import replace


def template_release_of(snapshot: Snapshot, version: ReleaseVersion, today: date) -> TemplateRelease:
    """Say of which release templates speak."""
    previous = snapshot.history.previous
    return TemplateRelease(
        version=version,
        previous=previous.version if previous else None,
        day=today,
        name=_facade_name(snapshot) or repository_name(snapshot.remote_url),
        tag=snapshot.tag_name.of(version),
        previous_tag=snapshot.tag_of(previous) if previous else None,
        spelling=snapshot.tag_name.ecosystem,
    )


def _facade_name(snapshot: Snapshot) -> str | None:
    """Return the facade's name without the ecosystem of an id: it is part of tags, in which git takes no colon."""
    facade = snapshot.order.facade
    return snapshot.workspace.package(facade).name if facade is not None else None


def repository_name(url: str | None) -> str:
    """Return the last word of a remote's address, without `.git`."""
    last = (url or "").rstrip("/").replace(":", "/").rpartition("/")[2]
    return last.removesuffix(".git") or "release"


@dataclass(frozen=True, slots=True)
class Session:
    """What one run works with."""

    services: Services
    clone: Clone
    snapshot: Snapshot

    @property
    def configuration(self) -> Configuration:
        """Return the configuration."""
        return self.services.configuration

    def look_again(self) -> Session:
        """Return a session with a new snapshot of the remote, on the same clone and the same branch."""
        return replace(self, snapshot=take_snapshot(self.services, self.clone, of=self.snapshot.branch))

    def release(self, claim: Claim) -> Release:
        """Return the release of a claim: workspace and order are read at its commit.

        Errors: those of the workspace, ``dependency-cycle``.
        """
        tree = manifest_tree(self.clone, claim.commit)
        workspace = read_workspace(tree, self.services.manifests, self.snapshot.scope)
        order = ordered(workspace, self.configuration.release)
        return release_of_claim(self.snapshot, claim, workspace, order)

    def workspace_before(self) -> Workspace | None:
        """Read the workspace as it was at the last release; None where there was none that can be read."""
        previous = self.snapshot.history.previous
        if previous is None:
            return None
        tree = self.snapshot.at(previous.commit)
        try:
            return read_workspace(tree, self.services.manifests, self.snapshot.scope).at(previous.version)
        # History may hold manifests that no tool could read; then nothing is compared.
        except (WorkspaceError, Refusal):
            return None

    def template_release(self, version: ReleaseVersion) -> TemplateRelease:
        """Return the values that templates of the configuration may name, for a release made today."""
        return template_release_of(self.snapshot, version, self.services.now.date())

    def reconcile(self, stage: Stage) -> StageState:
        """Bring a stage to its end; errors are those of its parts."""
        return self.services.reconciler().run(stage)

    def observe(self, *stages: Stage) -> tuple[StageState, ...]:
        """Look at stages once, and write nothing."""
        return observe(stages, lanes=self.services.lanes)


@contextmanager
def open_session(services: Services) -> Iterator[Session]:
    """Clone the repository, and look at workspace and remote; the clone is removed afterwards.

    Errors: what makes a release unthinkable, such as ``no-workspace`` and ``no-commits``.
    """
    with Clone.of(services.repository) as clone:
        yield Session(services, clone, take_snapshot(services, clone))
