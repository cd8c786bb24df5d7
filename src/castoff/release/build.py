"""Build of the files of a claimed version, apart from their upload.

Builds run code of the repository and of its build requirements. Made here, they can be uploaded by a process, or a CI
job, that runs no such code and alone holds the rights of the upload.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from castoff.model.intent import Resume
from castoff.model.workspace import Artifact
from castoff.preflight.stage import require_reachable
from castoff.release.candidate import build_artifacts, require_accepted
from castoff.release.flight import with_flights
from castoff.session.checkout import check_out
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.services import Services
from castoff.session.session import open_session
from castoff.session.tag_names import require_clear_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltRelease:
    """What was built of a version; nothing where its tag is pushed, since everything was uploaded before."""

    version: str
    artifacts: tuple[Artifact, ...] = ()


def build_release(services: Services, version: str | None, into: Path) -> BuiltRelease:
    """Build a claimed version from its release commit, judge the files as their registries will, and copy them.

    Without a version, that of the release in flight. The folder is made where something is built.
    Errors: those of a resumed release up to its first upload.
    """
    with open_session(services) as session:
        require_clear_tags(session.snapshot.unclear_tags)
        known = session if version is not None else with_flights(session)
        intent = intent_of(known, ReleaseRequest(level=None, version=version))
        assert isinstance(intent, Resume), "without a level, a request begins nothing"
        require_reachable(known.snapshot)
        release = known.release(intent.claim)
        if intent.claim.tagged:
            return BuiltRelease(version=release.title)
        check_out(known.clone, intent.claim.commit, release.workspace)
        artifacts = build_artifacts(known, release, known.clone.folder("artifacts"))
        require_accepted(services, release, artifacts, known.clone.root)
        into.mkdir(parents=True, exist_ok=True)
        for one in artifacts:
            shutil.copyfile(one.path, into / one.filename)
        return BuiltRelease(version=release.title, artifacts=artifacts)
