"""Other release branches of the remote, each read as a session of its own on the same clone."""

from __future__ import annotations

from collections.abc import Iterator

from castoff.errors import CastoffError
from castoff.model.refs import lock_of
from castoff.session.session import Session
from castoff.session.snapshot import Place, is_release_branch, snapshot_at
from castoff.values import replace


def other_branches(session: Session) -> Iterator[Session]:
    """Read the release branches that have commits or a claim of their own.

    A branch that cannot be read (its manifests are from another time, say) is left out: no release is made from it.
    """
    seen, clone = session.snapshot, session.clone
    refs, url = seen.refs, seen.remote_url
    allowed = session.configuration.release.branches
    heads = {
        name: head
        for name, head in refs.heads.items()
        if name != seen.branch and is_release_branch(name, allowed)
    }
    missing = sorted(name for name, head in heads.items() if not clone.has(head))
    if not seen.reachable or url is None or (missing and not clone.fetch(url, missing)):
        return
    for name, head in sorted(heads.items()):
        if clone.is_ancestor(head, seen.head) and lock_of(name) not in (refs.claims or {}):
            continue
        where = Place(name, head, seen.remote, url, refs)
        try:
            there = snapshot_at(where, clone, session.services)
        except CastoffError:
            continue
        yield replace(session, snapshot=there)
