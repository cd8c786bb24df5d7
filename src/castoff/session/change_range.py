"""What was merged in a range: commits from git, matched with pull requests from the forge; nothing is judged here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from castoff.errors import ConfigurationError, NotYet, Problem, UsageError
from castoff.git import Clone
from castoff.model.addresses import Address, forge_address
from castoff.model.changes import Change, Commit
from castoff.model.observations import Unknown
from castoff.notes.configuration import DEFAULT, PATHS, ReadConfiguration, read_configuration
from castoff.notes.labels import KindLabels, kind_labels, label_of_own
from castoff.notes.range import ChangesInRange, changes_in_range, named_pull_request
from castoff.ports import ChangeSource, Tree
from castoff.session.session import Session

# An imported history may name thousands of numbers of another repository; each is a question to the forge.
MOST_PICKED = 200
"""So many pull requests are looked for by number alone: what cherry-picks and imported history name."""


class Gathered(Struct, frozen=True, kw_only=True):
    """What a range holds; ``repository`` is its name as the forge has it now, ``server`` the forge's address."""

    source: ChangeSource
    address: Address
    commits: tuple[Commit, ...]
    held: ChangesInRange
    read: ReadConfiguration
    kinds: KindLabels

    @property
    def repository(self) -> str:
        """Name the repository, `owner/name`."""
        return self.source.repository

    @property
    def server(self) -> str:
        """Return the forge's address for people."""
        return self.address.web_url


def gather(
    session: Session,
    since: str | None,
    until: str,
    *,
    expected: Collection[str] = (),
) -> Gathered:
    """Gather what lies between a tag (None: the beginning) and a commit; ``expected`` commits need no change.

    Errors: ``forge-unreachable``, ``no-forge``, those of the configuration of the notes.
    """
    source, address = source_of(session)
    commits = commits_between(session.clone, since, until)
    read = notes_configuration(session.clone.tree(until), session.configuration.notes.config)
    found = source.of_commits([commit.sha for commit in commits])
    if isinstance(found, Unknown):
        raise unreachable(found)
    held = _with_picked(source, commits, found, expected)
    given = dict(session.configuration.notes.kinds or ())
    return Gathered(
        source=source,
        address=address,
        commits=commits,
        held=held,
        read=read,
        kinds=kind_labels(read.configuration, given),
    )


def gathered_since_release(session: Session) -> Gathered:
    """Gather what lies between the last release and the head; the commits of releases in flight need no change.

    Errors: those of :func:`gather`.
    """
    history = session.snapshot.history
    tag = session.snapshot.tag_of(history.previous) if history.previous else None
    return gather(
        session, tag, session.snapshot.head, expected=[claim.commit for claim in history.unfinished]
    )


def known_contributors(gathered: Gathered) -> frozenset[str]:
    """Ask who of the authors contributed before this range; error ``forge-unreachable``."""
    changes = gathered.held.changes
    logins = sorted({change.identity for change in changes if change.identity})
    if not logins:
        return frozenset()
    known = gathered.source.earlier_contributors(logins, min(change.merged_at for change in changes))
    if isinstance(known, Unknown):
        raise unreachable(known)
    return known


def notes_configuration(tree: Tree, configured: str | None) -> ReadConfiguration:
    """Read the notes' configuration as it is in a tree: where it says so, else where the forge looks."""
    # GitHub reads the first of its usual names that exists, and ignores others.
    for path in (configured,) if configured else PATHS:
        text = tree.read(path)
        if text is not None:
            return read_configuration(text, path=path)
    return ReadConfiguration(DEFAULT, ())


def label_of_own_pulls(tree: Tree, configured: str | None) -> str | None:
    """Name the label that keeps castoff's own pull requests out of the notes; None too where nobody can read it."""
    try:
        return label_of_own(notes_configuration(tree, configured).configuration)
    # The label is a courtesy to the notes; a broken file is reported by the check `notes-configuration`.
    except ConfigurationError:
        return None


def commits_between(clone: Clone, since: str | None, until: str) -> tuple[Commit, ...]:
    """List the commits of a range, each before its parents."""
    # With its full name: a branch may be named like the tag, and git would take either.
    span = f"refs/tags/{since}..{until}" if since else until
    listing = clone.git.must("log", "--topo-order", "-z", "--format=%H%x1f%P%x1f%s%x1f%b", span)
    return tuple(_commit(entry) for entry in listing.split("\0") if entry)


def paths_of(clone: Clone, commits: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the paths that each of these commits touched, a merge compared with its first parent."""
    if not commits:
        return {}
    # One process for all commits, which are given on standard input: thousands of ids are too long for
    # arguments.
    words = ("--no-walk=unsorted", "-m", "--first-parent", "--name-only", "-z", "--format=%x01%H")
    given = "".join(f"{commit}\n" for commit in commits).encode()
    found: dict[str, tuple[str, ...]] = {}
    for entry in clone.git.must("log", "--stdin", *words, given=given).split("\x01")[1:]:
        commit, *paths = (part.strip("\n") for part in entry.split("\0"))
        found[commit] = tuple(path for path in paths if path)
    return found


def source_of(session: Session) -> tuple[ChangeSource, Address]:
    """Return what knows the changes of the remote's repository; error ``no-forge``."""
    source = session.services.changes(session.snapshot.remote_url)
    address = forge_address(session.snapshot.remote_url, session.services.environment)
    if source is None or address is None:
        raise UsageError.of(
            "no-forge",
            "the remote's host is not a supported forge",
            reason="the forge has the titles, authors and labels of changes",
            remedy="set `release.remote`, or pass a file of changes with `--changes`",
        )
    return source, address


def unreachable(found: Unknown) -> NotYet:
    """Report that the forge could not be queried."""
    return NotYet(
        Problem(
            code="forge-unreachable",
            message="the forge could not be queried for the changes",
            reason=found.reason,
            remedy="run it again later; reading them requires a token (GH_TOKEN)",
        )
    )


def _with_picked(
    source: ChangeSource, commits: Sequence[Commit], found: tuple[Change, ...], expected: Collection[str]
) -> ChangesInRange:
    """Look for what cherry-picks name as well: their commits are new, so the forge connects them with nothing."""
    held = changes_in_range(commits, found, expected=expected)
    known = {change.number for change in found}
    named = dict.fromkeys(named_pull_request(commit.subject) for commit in held.without_change)
    wanted = [number for number in named if number is not None and number not in known][:MOST_PICKED]
    if not wanted:
        return held
    picked = source.of_numbers(wanted)
    if isinstance(picked, Unknown):
        raise unreachable(picked)
    return changes_in_range(commits, (*found, *picked), expected=expected) if picked else held


def _commit(entry: str) -> Commit:
    sha, parents, subject, text = entry.strip("\n").split("\x1f", 3)
    return Commit(sha=sha, parents=tuple(parents.split()), subject=subject, body=text)
