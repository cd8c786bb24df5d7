"""Does the publish stage of this very commit work? It is carried out against an embedded world first.

Each package is uploaded when what it needs is visible there, and then used as its users will use it, from an
index that shows only what will be there at its turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from castoff.flows.setting import Embedded
from castoff.flows.staging import Target, publish_stage
from castoff.model.acts import Outcome, Refused, Succeeded
from castoff.model.graph import Needs
from castoff.model.observations import Sameness
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Builder, Listing, Registry
from castoff.reconcile import Reconciler


def prove(embedded: Embedded, target: Target, artifacts: Sequence[Artifact], root: Path) -> None:
    """Carry the publish stage out there; what would fail later fails here, with the same message."""
    closure = closures(target.order.needs)
    registries: dict[Ecosystem, Registry] = {}

    def proving(ecosystem: Ecosystem) -> Registry:
        if ecosystem not in registries:
            inner = embedded.setting.registry(ecosystem)
            registries[ecosystem] = ProvingRegistry(inner, artifacts, target, closure, embedded.at_turn)
        return registries[ecosystem]

    setting = replace(embedded.setting, registry=proving)
    stage = publish_stage(setting, target, artifacts, root)
    Reconciler(setting.clock, setting.reporter, setting.patience, lanes=setting.lanes).run(stage)


def closures(needs: Needs) -> Mapping[str, frozenset[str]]:
    """Give for each package all that it needs, directly or not."""
    found: dict[str, frozenset[str]] = {}
    for name in needs:
        _deep(name, needs, found)
    return found


def _deep(start: str, needs: Needs, found: dict[str, frozenset[str]]) -> None:
    """Fill in bottom up, so that long chains need no deep recursion."""
    stack = [start]
    while stack:
        name = stack[-1]
        open_needs = [one for one in needs[name] if one not in found]
        if open_needs:
            stack.extend(open_needs)
            continue
        found[name] = frozenset(needs[name]).union(*(found[one] for one in needs[name]))
        stack.pop()


@dataclass(slots=True)
class ProvingRegistry:
    """An embedded registry that tries each package out when its last file is up."""

    inner: Registry
    artifacts: Sequence[Artifact]
    target: Target
    closure: Mapping[str, frozenset[str]]
    at_turn: Callable[[Package, Sequence[Package]], Builder]
    _up: dict[str, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ecosystem(self) -> Ecosystem:
        """Name the ecosystem."""
        return self.inner.ecosystem

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload, then try the package out where it is complete."""
        outcome = self.inner.upload(artifact, root)
        if not isinstance(outcome, Succeeded):
            return outcome
        owner = self.target.workspace.owner(artifact)
        mine = tuple(one for one in self.artifacts if self.target.workspace.owner(one) == owner)
        with self._lock:
            up = self._up.setdefault(owner.id, set())
            up.add(artifact.filename)
            complete = len(up) == len(mine)
        return self._tried(owner, mine, root) if complete else outcome

    def look(self, package: Package, version: str) -> Listing:
        """Look there."""
        return self.inner.look(package, version)

    def versions(self, package: Package) -> Sequence[str] | None:
        """Look there."""
        return self.inner.versions(package)

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Compare there."""
        return self.inner.compare(artifact, listed)

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Resolve there."""
        return self.inner.resolvable(requirements)

    def yank(self, package: Package, version: str) -> Outcome:
        """Yank there."""
        return self.inner.yank(package, version)

    def requirement(self, package: Package, version: str) -> str:
        """Spell as there."""
        return self.inner.requirement(package, version)

    def url(self, package: Package, version: str) -> str | None:
        """Link there."""
        return self.inner.url(package, version)

    def _tried(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> Outcome:
        names = sorted(self.closure[package.id] | {package.id})
        seen = [self.target.workspace.package(one) for one in names]
        problems = self.at_turn(package, seen).verify(package, artifacts, root)
        errors = [problem for problem in problems if problem.severity == "error"]
        return Refused(errors[0]) if errors else Succeeded()
