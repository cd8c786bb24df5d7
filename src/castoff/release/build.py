"""Build of the files of a claimed version, apart from their upload.

Builds run code of the repository and of its build requirements. Made here, they can be uploaded by a process, or a CI
job, that runs no such code and alone holds the rights of the upload.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from castoff.errors import UsageError
from castoff.io.files import read_text
from castoff.model.intent import Resume
from castoff.model.observations import Unknown
from castoff.model.shards import Shard, ShardFile, ShardResult, read_shard
from castoff.model.workspace import Artifact
from castoff.preflight.stage import require_reachable
from castoff.release.candidate import build_artifacts, require_accepted
from castoff.release.flight import with_flights
from castoff.release.publish_rehearsal import UploadRehearsal, packed_again
from castoff.release.stages import publish_stage
from castoff.session.checkout import check_out
from castoff.session.registry_versions import with_silence_named
from castoff.session.release import Release
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.services import Services, WorldContent
from castoff.session.session import Session, open_session
from castoff.session.tag_names import require_clear_tags


class BuiltRelease(Struct, frozen=True, kw_only=True):
    """What was built of a version; nothing where its tag is pushed, since everything was uploaded before."""

    version: str
    artifacts: tuple[Artifact, ...] = ()
    shard: Shard | None = None
    verified: tuple[str, ...] = ()
    """Packages that were used as their users will, in an embedded world: the shard's share."""


def build_release(
    services: Services, version: str | None, into: Path, shard: Shard | None = None
) -> BuiltRelease:
    """Build a claimed version from its release commit, judge the files as their registries will, and copy them.

    Without a version, that of the release in flight. The folder is made where something is built. A ``shard`` verifies
    its share of the packages as well. Errors: those of a resumed release up to its first upload.
    """
    with (
        open_session(services) as session,
        with_silence_named(services, session.snapshot.workspace.packages),
    ):
        known, release = claimed_in(session, version)
        if release.tagged:
            return BuiltRelease(version=release.title, shard=shard)
        check_out(known.clone, release.commit, release.workspace)
        artifacts = _beside_what_is_up(
            known, release, build_artifacts(known, release, known.clone.folder("artifacts"))
        )
        require_accepted(known, release, artifacts)
        share = shard.share([name for wave in release.waves for name in wave]) if shard is not None else ()
        if share:
            _verify(known, release, artifacts, share)
        into.mkdir(parents=True, exist_ok=True)
        for one in artifacts:
            # Copied last: a folder with files in it is one whose files passed every check.
            shutil.copyfile(one.path, into / one.filename)
        return BuiltRelease(version=release.title, artifacts=artifacts, shard=shard, verified=share)


def _beside_what_is_up(
    session: Session, release: Release, artifacts: tuple[Artifact, ...]
) -> tuple[Artifact, ...]:
    """Pack again what is not uploaded yet where a package that it needs is up in other bytes: crates hold its digest.

    A registry that cannot be asked, by a job without read credentials for example, is noted, and nothing else.
    """
    (state,) = session.observe(publish_stage(session, release, artifacts))
    for part in state.parts:
        for reason in dict.fromkeys(
            one.answer.reason for one in part.seen if isinstance(one.answer, Unknown)
        ):
            session.services.reporter.note(f"{part.name}: not known whether it is uploaded already: {reason}")
    return packed_again(session, release, artifacts, state)


def claimed_release(services: Services, version: str | None) -> Release:
    """Return a claimed version, that in flight without one. Errors: those of a resumed release up to its build."""
    with open_session(services) as session:
        return claimed_in(session, version)[1]


def claimed_in(session: Session, version: str | None) -> tuple[Session, Release]:
    """Return a claimed version, that in flight without one, with a session that knows the version as begun.

    Errors: those of a resumed release up to its build.
    """
    require_clear_tags(session.snapshot.unclear_tags)
    known = with_flights(session, version)
    intent = intent_of(known, ReleaseRequest(level=None, version=version))
    assert isinstance(intent, Resume), "without a level, a request begins nothing"
    require_reachable(known.snapshot)
    return known, known.release(intent.claim)


def _verify(session: Session, release: Release, artifacts: Sequence[Artifact], share: Sequence[str]) -> None:
    """Try the packages of a share, each with what its registry will show at its turn. Errors: those of a rehearsal."""
    services = session.services
    assert services.embedded is not None, "what runs for a user has an embedded world"
    services.reporter.note(f"verifying {len(share)} of {len(release.workspace.packages)} packages")
    with (
        services.embedded(WorldContent(release.workspace, session.workspace_before())) as embedded,
        session.clone.scrubbed(),
    ):
        UploadRehearsal(embedded, session, release).prove_share(artifacts, share)


def read_shard_result(file: Path) -> ShardResult:
    """Read what `castoff build --shard I/N --json` printed. Errors: ``shard-result-unreadable``."""
    try:
        found = json.loads(read_text(file))
        shard = read_shard(str(found["shard"]))
        if found["schema"] != "castoff/build" or shard is None:
            raise ValueError("it is not the result of a shard")
        return ShardResult(
            version=str(found["version"]),
            shard=shard,
            files=tuple(
                ShardFile(
                    package=str(one["package"]), filename=str(one["filename"]), digest=str(one["digest"])
                )
                for one in found["artifacts"]
            ),
            verified=tuple(str(one) for one in found["verified"]),
        )
    # The file came from another job, so nothing about its shape can be relied on; deep nesting raises
    # RecursionError.
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError.of(
            "shard-result-unreadable",
            f"`{file.name}` cannot be read as the result of a shard",
            reason=f"{type(error).__name__}: {str(error)[:200]}",
            remedy="pass files with what `castoff build VERSION --shard I/N --json` printed",
        ) from error
