"""The release that a command is about: the one named, else what castoff began or made last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from castoff.errors import NotYet, Refusal
from castoff.model.intent import to_resume
from castoff.session.other_branches import branch_named_if_elsewhere
from castoff.session.release import Release
from castoff.session.release_request import nothing_begun
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.snapshot import Snapshot


@contextmanager
def open_release(services: Services, version: str | None) -> Iterator[tuple[Session, Release]]:
    """Find a release that was begun or made; ``version`` may also be its tag.

    Errors: those of :func:`to_resume`, and ``NothingToDo`` if none is named and castoff made none.
    """
    with open_session(services) as session:
        snapshot = session.snapshot
        tagged = snapshot.tag_name.version(version) if version else None
        with branch_named_if_elsewhere(session, str(tagged) if tagged else version):
            claim = to_resume(snapshot.history, str(tagged) if tagged else version)
        if claim is None:
            raise nothing_begun(snapshot.history)
        yield session, session.release(claim)


def require_tag(session: Session, release: Release) -> None:
    """Refuse if the remote does not have the tag yet: ``not-tagged-yet``."""
    require_tags_of_remote(session.snapshot, release.tag)
    if release.tag not in session.snapshot.refs.tags:
        raise Refusal.of(
            "not-tagged-yet",
            f"{release.title} is not tagged on the remote yet",
            reason="a release is announced after its upload and its tag",
            remedy=f"run `castoff resume {release.title} --execute` first",
        )


def require_tags_of_remote(snapshot: Snapshot, tag: str) -> None:
    """Stop if the remote was asked for its tags and did not answer; error ``remote-unreachable``."""
    if snapshot.remote_url is not None and not snapshot.reachable:
        raise NotYet.of(
            "remote-unreachable",
            f"it is unknown whether the tag `{tag}` is on the remote",
            reason=snapshot.unreachable or f"`{snapshot.remote}` did not answer",
            remedy="make sure that `git ls-remote` works, and run it again",
        )
