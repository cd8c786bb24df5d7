"""Other release branches of the remote, each read as a session of its own on the same clone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from castoff.errors import CastoffError, UsageError
from castoff.model.refs import lock_of
from castoff.model.versions import read
from castoff.session.release_branches import Place, other_heads
from castoff.session.session import Session
from castoff.session.snapshot import snapshot_at
from castoff.values import replace


def other_branches(session: Session) -> Iterator[Session]:
    """Read the release branches that have commits or a claim of their own.

    A branch that cannot be read (its manifests are from another time, say) is left out: no release is made from it.
    """
    seen, clone = session.snapshot, session.clone
    if not seen.reachable:
        return
    here = Place(seen.branch, seen.head, seen.remote, seen.remote_url, seen.refs)
    heads = other_heads(here, clone, session.configuration.release.branches)
    for name, head in heads.items():
        if _is_here(session, head) and lock_of(name) not in (seen.refs.claims or {}):
            continue
        where = Place(name, head, seen.remote, seen.remote_url, seen.refs)
        try:
            there = snapshot_at(where, clone, session.services)
        except CastoffError:
            continue
        yield replace(session, snapshot=there)


@contextmanager
def branch_named_if_elsewhere(session: Session, version: str | None) -> Iterator[None]:
    """Name the branch in ``unknown-version`` if the version is in flight on another one."""
    try:
        yield
    except UsageError as error:
        wanted = read(version) if version else None
        branch = next(
            (
                other.snapshot.branch
                for other in other_branches(session)
                if wanted in [claim.version for claim in other.snapshot.history.unfinished]
            ),
            None,
        )
        if branch is None:
            raise
        raise UsageError(
            *(
                replace(
                    one,
                    reason=f"it is in flight on `{branch}`",
                    remedy=f"run `git switch {branch}`, then the same command",
                )
                for one in error.problems
            )
        ) from None


def _is_here(session: Session, head: str) -> bool:
    """Return whether a branch has no commits of its own: it is where this one was, or is of before the last release.

    A branch that was merged here since may still have a release in flight.
    """
    seen, clone = session.snapshot, session.clone
    if not clone.is_ancestor(head, seen.head):
        return False
    last = seen.history.previous
    if head == seen.head or (last is not None and clone.is_ancestor(head, last.commit)):
        return True
    since = clone.first_parents(head, seen.head, ())
    return bool(since) and since[-1][1] == head
