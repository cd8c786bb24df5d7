"""The files that a release is built from, handed to other machines as one tar file.

A wheel with compiled code is built on each platform, where castoff and the repository need not be: what such a build
needs are the files, with the version written, and the name of the tag for tools that take the version from it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import Struct

from castoff.errors import CastoffError, Problem, UsageError
from castoff.io.files import shown
from castoff.io.machine import require_machine
from castoff.io.tree_archive import write_tree_archive
from castoff.model.intent import Claim, Resume
from castoff.model.joined_workspace import require_packages
from castoff.preflight.stage import require_reachable
from castoff.release.candidate import make_unsigned_commit
from castoff.release.flight import explained, with_flights
from castoff.session.checkout import check_out
from castoff.session.registry_versions import with_silence_named
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.tag_names import require_clear_tags
from castoff.session.version_guards import require_version


class ReleaseTree(Struct, frozen=True, kw_only=True):
    """The tree of a release that was written; no ``digest`` and no tags where its tag is pushed: nothing is built.

    ``tags``: those of packages first, that of the release last. ``problems`` are warnings.
    """

    version: str
    tags: tuple[str, ...] = ()
    digest: str | None = None
    problems: tuple[Problem, ...] = ()


def write_release_tree(services: Services, request: ReleaseRequest, file: Path) -> ReleaseTree:
    """Write the tree of a release to a tar file: that of a claimed version, or of what a level would claim.

    Nothing is claimed, and nothing is signed. Errors: those of the plan and of the edits, ``file-unwritable``.
    """
    with (
        open_session(services) as session,
        with_silence_named(services, session.snapshot.workspace.packages),
    ):
        require_packages(session.snapshot.workspace)
        require_clear_tags(session.snapshot.unclear_tags)
        known, claim, problems = _claim_of(session, request)
        release = known.release(claim)
        if release.tagged:
            return ReleaseTree(version=release.title)
        left_out = check_out(known.clone, release.commit, release.workspace)
        return ReleaseTree(
            version=release.title,
            tags=(*release.beside, release.tag),
            digest=_write(known, file),
            problems=(*problems, *left_out),
        )


def _claim_of(session: Session, request: ReleaseRequest) -> tuple[Session, Claim, tuple[Problem, ...]]:
    """Return the claim that is meant, with warnings; for a version that is to be begun, at a commit of the clone."""
    try:
        known = with_flights(session)
        intent = intent_of(known, request)
    except CastoffError as error:
        raise explained(session, error) from None
    require_reachable(known.snapshot)
    if isinstance(intent, Resume):
        return known, intent.claim, ()
    require_version(known, intent.version, request.level or "")
    commit, problems = make_unsigned_commit(known, intent.version)
    return known, Claim(version=intent.version, commit=commit), problems


def _write(session: Session, file: Path) -> str:
    made = session.clone.folder("archive") / "tree.tar"
    digest = write_tree_archive(session.clone.root, made)
    try:
        # Copied last: a file that is there is whole, unless the disk is full.
        shutil.copyfile(made, file)
    except OSError as error:
        require_machine(error)
        raise UsageError.of(
            "file-unwritable",
            f"`{shown(file)}` cannot be written",
            reason=error.strerror or str(error),
            remedy="correct the permissions of the file and its folder",
            file=shown(file),
        ) from None
    return digest
