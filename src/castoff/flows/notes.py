"""Which notes would the forge generate for a range? Commits from git, changes from the forge, text by our engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from castoff.errors import Problem, UsageError
from castoff.flows.gathering import Gathered, gather, known_contributors
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.notes.engine import Notes, NotesRequest, sort_into_notes
from castoff.notes.range import ChangesInRange
from castoff.notes.render import body


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The range of one release: from the tag before (None: from the beginning) to a commit.

    ``target`` is the ref that the generator's comment names: the tag where it is there, else what was asked for.
    ``picks`` says that cherry-picks are told of as well, which the forge's own generator leaves out.
    """

    previous_tag: str | None
    tag: str
    target: str
    commit: str
    picks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenNotes:
    """The notes as values and as text, what the range held, and what is odd about the configuration."""

    notes: Notes
    body: str
    range: ChangesInRange
    problems: tuple[Problem, ...] = ()


def write_notes(setting: Setting, seen: Survey, worktree: Worktree, span: Span) -> WrittenNotes:
    """Write the notes of a span; error ``forge-unreachable`` where the forge could not be asked."""
    return written_from(gather(setting, seen, worktree, span.previous_tag, span.commit), span)


def written_from(gathered: Gathered, span: Span) -> WrittenNotes:
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


def notes_of_release(
    setting: Setting, seen: Survey, worktree: Worktree, commit: str, tag: str
) -> WrittenNotes:
    """Write the notes of a release as the forge would generate them for the pushed tag.

    A release of another branch than the default one is made of cherry-picks, and its notes tell of them. Errors:
    ``forge-unreachable``.
    """
    span = span_of(seen, worktree, None, commit, tag)
    picks = is_of_picks(seen, worktree)
    return write_notes(setting, seen, worktree, replace(span, tag=tag, target=tag, picks=picks))


def is_of_picks(seen: Survey, worktree: Worktree) -> bool:
    """Say whether a release of this branch is made of cherry-picks: of every branch but the default one."""
    default = worktree.default_branch(seen.remote_url) if seen.remote_url else None
    return default is not None and default != seen.branch


def span_of(seen: Survey, worktree: Worktree, since: str | None, until: str | None, tag: str) -> Span:
    """Say which range is meant: from the last release to the branch's head where nothing is said.

    A stable version counts from the last stable one, a candidate from whatever came before it.
    """
    known = {seen.tag_name.of(claim.version): claim for claim in seen.history.released}
    commit = resolved(worktree, until) if until else seen.head
    if since is None:
        before = [claim for claim in seen.history.released if claim.commit != commit]
        before = [claim for claim in before if worktree.is_ancestor(claim.commit, commit)]
        version = seen.tag_name.version(until if until in known else tag)
        stable = [claim for claim in before if claim.version.is_stable]
        if stable and version is not None and version.is_stable:
            before = stable  # candidates on the way are part of what is told
        since = seen.tag_name.of(before[0].version) if before else None
    elif since not in known:
        require_tag(worktree, since)
    is_tag = until in known
    return Span(
        previous_tag=since,
        tag=until if is_tag and until else tag,
        target=until or seen.branch,
        commit=commit,
    )


def require_tag(worktree: Worktree, tag: str) -> None:
    """Refuse what is no tag of the remote: ``unknown-tag``."""
    if worktree.git.run("rev-parse", "--verify", "-q", f"refs/tags/{tag}").code != 0:
        raise UsageError.of("unknown-tag", f"there is no tag `{tag}`", remedy="name a tag of the remote")


def resolved(worktree: Worktree, ref: str) -> str:
    """Give the commit that a tag, branch or commit names; error ``unknown-ref``."""
    for name in (f"refs/tags/{ref}", f"refs/remotes/origin/{ref}", ref):
        done = worktree.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if done.code == 0:
            return done.text.strip()
    raise UsageError.of("unknown-ref", f"there is no commit `{ref}`", remedy="name a tag, branch or commit")
