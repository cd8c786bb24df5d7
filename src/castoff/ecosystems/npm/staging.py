"""Staged versions on an npm registry: uploaded, downloaded and compared, approved or rejected through npm.

Source of the commands and of what they need: `npm help stage` (npm 11.15 and later). The dist-tag is fixed when a
version is staged. Approval and rejection take a one-time password, which npm reads from the environment, never from an
argument.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from castoff.ecosystems.npm.client_runs import ClientRuns, error_code_of, printed_by, reason_of
from castoff.errors import Problem
from castoff.io.process import Completed
from castoff.model.child_environments import Kind
from castoff.model.observations import Unknown
from castoff.model.workspace import Package

_FIRST = (11, 15)
"""The first npm with `npm stage`."""

_IDENTITIES = ("ACTIONS_ID_TOKEN_REQUEST_URL", "NPM_ID_TOKEN")
"""Variables by which npm finds the identity of a job (npm docs, "Trusted publishing")."""

_NOT_THERE = frozenset({"E400", "E404", "E405", "E501"})
"""What registries without staging answer to the list of staged versions."""

_NO_LOGIN = frozenset({"E401", "E403", "ENEEDAUTH"})


class StagedVersion(Struct, frozen=True):
    """A version that waits for its approval, with the dist-tag that it gets then."""

    id: str
    version: str
    tag: str


class NotListed(Struct, frozen=True):
    """This token may stage, and not see what is staged, as that of a CI job (`npm help stage`, "Token Behavior")."""


class Staging(Struct, frozen=True):
    """The staged versions of the packages of a checkout."""

    runs: ClientRuns

    def is_known_to_client(self) -> bool:
        """Return whether npm here can stage."""
        with self.runs.folder(".") as folder:
            done = self.runs.processes.run(["npm", "--version"], kind=Kind.TOOL, cwd=folder)
        found = re.match(r"(\d+)\.(\d+)\.", done.text.strip()) if done.code == 0 else None
        return found is not None and (int(found[1]), int(found[2])) >= _FIRST

    def is_known_to_registry(self, package: Package) -> bool | Unknown:
        """Return whether a registry lists staged versions.

        It lists none to CI jobs, which publish by their identity (trusted publishing): there, it is taken to have them.
        """
        done = self._list(package)
        if done.code == 0:
            return True
        code = error_code_of(done)
        if code in _NO_LOGIN:
            return any(self.runs.processes.environment.get(name) for name in _IDENTITIES)
        return False if code in _NOT_THERE else Unknown(reason=f"npm: {reason_of(done)}")

    def find(self, package: Package, version: str) -> StagedVersion | NotListed | Unknown | None:
        """Find a version that waits for its approval."""
        done = self._list(package)
        if done.code != 0 and error_code_of(done) in _NO_LOGIN:
            return NotListed()
        listed = printed_by(done) if done.code == 0 else None
        if not isinstance(listed, list):
            return Unknown(reason=f"npm: {reason_of(done)}")
        for one in listed:
            if (
                isinstance(one, dict)
                and (one.get("packageName"), one.get("version")) == (package.name, version)
                and isinstance(one.get("id"), str)
            ):
                return StagedVersion(one["id"], version, str(one.get("tag")))
        return None

    def publish(self, package: Package, file: Path, words: list[str]) -> Completed:
        """Stage a tarball; ``words`` are dist-tag and access."""
        return self.runs.run(package, Kind.NPM_UPLOAD, "stage", "publish", file, *words)

    def approve(self, package: Package, staged: StagedVersion) -> Completed:
        """Publish a staged version."""
        return self.runs.run(package, Kind.NPM_UPLOAD, "stage", "approve", staged.id)

    def reject(self, package: Package, staged: StagedVersion) -> Completed:
        """Remove a staged version."""
        return self.runs.run(package, Kind.NPM_UPLOAD, "stage", "reject", staged.id)

    def download(self, package: Package, staged: StagedVersion) -> bytes | Unknown:
        """Fetch the tarball of a staged version."""
        with self.runs.folder(package.root) as folder:
            done = self.runs.run_in(folder, package, Kind.NPM_READ, "stage", "download", staged.id)
            files = list(folder.glob("*.tgz"))
            if done.code != 0 or len(files) != 1:
                return Unknown(reason=f"npm did not download what is staged: {reason_of(done)}")
            return files[0].read_bytes()

    def _list(self, package: Package) -> Completed:
        return self.runs.run(package, Kind.NPM_READ, "stage", "list", package.name)


def outdated_tag(package: Package, staged: StagedVersion, tag: str) -> Problem | None:
    """Report a version whose approval would move a dist-tag back; ``tag`` is the right one by now."""
    if staged.tag == tag:
        return None
    return Problem(
        code="staged-tag-outdated",
        message=f"`{package.id}` {staged.version} is staged as `{staged.tag}`, and must be `{tag}` by now",
        reason="another version was published since it was staged; the dist-tag of a staged version cannot be changed",
        remedy=f"run `castoff abandon {staged.version} --execute --otp CODE`, which rejects what is staged, then "
        "release the version again",
        package=package.id,
    )
