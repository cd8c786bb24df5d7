"""Which notes would the forge generate for a range? Commits from git, changes from the forge, text by our engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from castoff.errors import NotYet, Problem, UsageError
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.model.addresses import Address, forge_address
from castoff.model.changes import Change, Commit
from castoff.model.observations import Unknown
from castoff.notes.configuration import DEFAULT, PATHS, ReadConfiguration, read_configuration
from castoff.notes.engine import Notes, NotesRequest, sort_into_notes
from castoff.notes.range import ChangesInRange, changes_in_range
from castoff.notes.render import body
from castoff.ports import ChangeSource, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The range of one release: from the tag before (None: from the beginning) to a commit.

    ``target`` is the ref that the generator's comment names: the tag where it is there, else what was asked for.
    """

    previous_tag: str | None
    tag: str
    target: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenNotes:
    """The notes as values and as text, what the range held, and what is odd about the configuration."""

    notes: Notes
    body: str
    range: ChangesInRange
    problems: tuple[Problem, ...] = ()


def write_notes(setting: Setting, seen: Survey, worktree: Worktree, span: Span) -> WrittenNotes:
    """Write the notes of a span; error ``forge-unreachable`` where the forge could not be asked."""
    source, address = _source(setting, seen)
    commits = commits_between(worktree, span.previous_tag, span.commit)
    found = source.of_commits([commit.sha for commit in commits])
    if isinstance(found, Unknown):
        raise _unreachable(found)
    held = changes_in_range(commits, found)
    read = notes_configuration(worktree.tree(span.commit), setting.configuration.notes.config)
    request = NotesRequest(
        repository=address.slug,
        tag=span.tag,
        target=span.target,
        previous_tag=span.previous_tag,
        known_contributors=_known(source, held.changes),
        server=address.web_url,
    )
    notes = sort_into_notes(read.configuration, held.changes, request)
    return WrittenNotes(notes=notes, body=body(notes), range=held, problems=read.warnings)


def notes_configuration(tree: Tree, configured: str | None) -> ReadConfiguration:
    """Read the notes' configuration as it is in a tree: where it says so, else where the forge looks."""
    for path in (configured,) if configured else PATHS:
        text = tree.read(path)
        if text is not None:
            return read_configuration(text, path=path)
    return ReadConfiguration(DEFAULT, ())


def commits_between(worktree: Worktree, since: str | None, until: str) -> tuple[Commit, ...]:
    """List the commits of a range, each before its parents."""
    span = f"refs/tags/{since}..{until}" if since else until
    listing = worktree.git.must("log", "--topo-order", "-z", "--format=%H%x1f%P%x1f%s%x1f%b", span)
    return tuple(_commit(entry) for entry in listing.split("\0") if entry)


def span_of(seen: Survey, worktree: Worktree, since: str | None, until: str | None, tag: str) -> Span:
    """Say which range is meant: from the last release to the branch's head where nothing is said."""
    known = {seen.tag_name.of(claim.version): claim for claim in seen.history.released}
    commit = _resolved(worktree, until) if until else seen.head
    if since is None:
        before = [claim for claim in seen.history.released if claim.commit != commit]
        before = [claim for claim in before if worktree.is_ancestor(claim.commit, commit)]
        since = seen.tag_name.of(before[0].version) if before else None
    elif (
        since not in known and not worktree.git.run("rev-parse", "--verify", "-q", f"refs/tags/{since}").text
    ):
        raise UsageError.of("unknown-tag", f"there is no tag `{since}`", remedy="name a tag of the remote")
    is_tag = until in known
    return Span(
        previous_tag=since,
        tag=until if is_tag and until else tag,
        target=until or seen.branch,
        commit=commit,
    )


def _resolved(worktree: Worktree, ref: str) -> str:
    for name in (f"refs/tags/{ref}", f"refs/remotes/origin/{ref}", ref):
        done = worktree.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if done.code == 0:
            return done.text.strip()
    raise UsageError.of("unknown-ref", f"there is no commit `{ref}`", remedy="name a tag, branch or commit")


def _source(setting: Setting, seen: Survey) -> tuple[ChangeSource, Address]:
    source = setting.changes(seen.remote_url)
    address = forge_address(seen.remote_url, setting.environment)
    if source is None or address is None:
        raise UsageError.of(
            "no-forge",
            "the remote is on no forge that castoff speaks with",
            reason="titles, authors and labels of changes are kept by the forge",
            remedy="see `release.remote`, or give the changes in a file with `--changes`",
        )
    return source, address


def _unreachable(found: Unknown) -> NotYet:
    return NotYet(
        Problem(
            code="forge-unreachable",
            message="the forge could not be asked for the changes",
            reason=found.reason,
            remedy="run it again later; a token (GH_TOKEN) lifts the limits for anonymous readers",
        )
    )


def _known(source: ChangeSource, changes: Sequence[Change]) -> frozenset[str]:
    """Ask who of the authors contributed before this range; nobody new is announced where that is unknown."""
    logins = sorted({change.identity for change in changes if change.identity})
    if not logins:
        return frozenset()
    known = source.earlier_contributors(logins, min(change.merged_at for change in changes))
    if isinstance(known, Unknown):
        raise _unreachable(known)
    return known


def _commit(entry: str) -> Commit:
    sha, parents, subject, text = entry.strip("\n").split("\x1f", 3)
    return Commit(sha=sha, parents=tuple(parents.split()), subject=subject, body=text)
