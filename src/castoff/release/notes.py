"""Notes that the forge would generate for a range: commits from git, changes from the forge, text by our engine."""

from __future__ import annotations

from msgspec import Struct

from castoff.errors import Problem, UsageError
from castoff.git import Clone
from castoff.notes.engine import Notes, NotesRequest, sort_into_notes
from castoff.notes.range import ChangesInRange
from castoff.notes.render import body
from castoff.session.change_range import Gathered, gather, known_contributors
from castoff.session.session import Session
from castoff.values import replace


class NotesRange(Struct, frozen=True, kw_only=True):
    """The range of one release: from the tag before (None: from the beginning) to a commit.

    ``target`` is the ref that the generator's comment names: the tag where it is there, else what was asked for.
    ``picks`` says that cherry-picks are told of as well, which the forge's own generator leaves out.
    """

    previous_tag: str | None
    tag: str
    target: str
    commit: str
    picks: bool = False


class WrittenNotes(Struct, frozen=True, kw_only=True):
    """The notes as values and as text, what the range held, and what is odd about the configuration."""

    notes: Notes
    body: str
    range: ChangesInRange
    problems: tuple[Problem, ...] = ()


def write_notes(session: Session, span: NotesRange) -> WrittenNotes:
    """Write the notes of a span; error ``forge-unreachable`` where the forge could not be queried."""
    return written_from(gather(session, span.previous_tag, span.commit), span)


def written_from(gathered: Gathered, span: NotesRange) -> WrittenNotes:
    """Write the notes of what was gathered."""
    request = NotesRequest(
        repository=gathered.repository,
        tag=span.tag,
        target=span.target,
        previous_tag=span.previous_tag,
        known_contributors=known_contributors(gathered),
        server=gathered.server,
    )
    held = gathered.held
    changes = held.with_cherry_picks() if span.picks else held.changes
    in_time = sorted(changes, key=lambda change: (change.merged_at, change.number))
    notes = sort_into_notes(gathered.read.configuration, in_time, request)
    untold = replace(held, cherry_picks=()) if span.picks else held
    notes = replace(notes, left_out=(*notes.left_out, *untold.left_out()))
    return WrittenNotes(notes=notes, body=body(notes), range=held, problems=gathered.read.warnings)


def notes_of_release(session: Session, commit: str, tag: str) -> WrittenNotes:
    """Write the notes of a release as the forge would generate them for the pushed tag.

    A release of another branch than the default one is made of cherry-picks, and its notes tell of them. Errors:
    ``forge-unreachable``.
    """
    span = span_of(session, None, commit, tag)
    picks = is_of_picks(session)
    return write_notes(session, replace(span, tag=tag, target=tag, picks=picks))


def is_of_picks(session: Session) -> bool:
    """Return whether a release of this branch is made of cherry-picks: of every branch but the default one."""
    default = (
        session.clone.default_branch(session.snapshot.remote_url) if session.snapshot.remote_url else None
    )
    return default is not None and default != session.snapshot.branch


def span_of(session: Session, since: str | None, until: str | None, tag: str) -> NotesRange:
    """Return which range is meant: from the last release to the branch's head where nothing is said.

    A stable version counts from the last stable one, a candidate from whatever came before it.
    """
    known = {session.snapshot.tag_of(claim): claim for claim in session.snapshot.history.released}
    commit = resolved(session.clone, until) if until else session.snapshot.head
    if since is None:
        before = [claim for claim in session.snapshot.history.released if claim.commit != commit]
        before = [claim for claim in before if session.clone.is_ancestor(claim.commit, commit)]
        version = session.snapshot.tag_name.version(until if until in known else tag)
        stable = [claim for claim in before if claim.version.is_stable]
        if stable and version is not None and version.is_stable:
            before = stable  # candidates on the way are part of what is told
        since = session.snapshot.tag_of(before[0]) if before else None
    elif since not in known:
        require_tag(session.clone, since)
    is_tag = until in known
    return NotesRange(
        previous_tag=since,
        tag=until if is_tag and until else tag,
        target=until or session.snapshot.branch,
        commit=commit,
    )


def require_tag(clone: Clone, tag: str) -> None:
    """Raise ``unknown-tag`` if the remote has no such tag."""
    if clone.git.run("rev-parse", "--verify", "-q", f"refs/tags/{tag}").code != 0:
        raise UsageError.of(
            "unknown-tag", f"there is no tag `{tag}`", remedy="pass a tag that is on the remote"
        )


def resolved(clone: Clone, ref: str) -> str:
    """Return the commit that a tag, branch or commit names; error ``unknown-ref``."""
    for name in (f"refs/tags/{ref}", f"refs/remotes/origin/{ref}", ref):
        done = clone.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if done.code == 0:
            return done.text.strip()
    raise UsageError.of("unknown-ref", f"there is no commit `{ref}`", remedy="pass a tag, branch or commit")
