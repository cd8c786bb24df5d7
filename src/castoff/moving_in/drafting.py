"""Which configuration does a workspace need that was released in other ways before?

Only what differs from the defaults is written, each with the reason for it; what has no meaning here is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from castoff.configuration.reading import NOTES_PATHS, parse_configuration
from castoff.configuration.release_toml import take_over
from castoff.configuration.values import Configuration, Release, Replace
from castoff.errors import CastoffError, Problem
from castoff.model.workspace import Package
from castoff.moving_in.changelogs import is_changelog, reason_to_drop
from castoff.moving_in.documents import document_entries
from castoff.moving_in.hooks import Left, move_hook
from castoff.moving_in.lines import Entry, differing, written
from castoff.moving_in.site import site_entries
from castoff.notes.changelog import CutOptions, cut
from castoff.notes.release_workflows import ReleaseWorkflow, release_workflows
from castoff.ports import Tree

_HEAD = (
    "# What differs here from castoff's defaults, and why. `castoff plan minor` shows what would happen;\n"
    "# docs/reference/configuration.md of castoff has every key.\n"
)
_SOURCES: Mapping[str, str] = {
    "release.message": "`pre-release-commit-message`",
    "release.tag": "`tag-name` and `tag-prefix`",
    "release.tag-message": "`tag-message`",
    "release.sign": "`sign-commit` and `sign-tag`",
    "release.remote": "`push-remote`",
    "release.branches": "`allow-branch`",
    "release.exclude": "crates with `release = false`",
    "cargo.features": "`enable-features`",
    "cargo.all-features": "`enable-all-features`",
    "cargo.registry": "`registry`",
    "cargo.verify": "`verify`",
}
_USUAL = Release().branches


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known of a workspace: files, packages, crates' folders, how its tags are named, its branch, its site.

    ``current`` is the version that it is at, ``problems`` is what no setting can mend. ``site`` holds the files of
    the website's repository, ``slug`` names that repository.
    """

    tree: Tree
    packages: Sequence[Package] = ()
    folders: Sequence[str] = ()
    tag: str | None = None
    branch: str | None = None
    current: str | None = None
    problems: Sequence[Problem] = ()
    repository: str | None = None
    site: Tree | None = None
    slug: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The text of a `castoff.toml` ("" where the defaults are right), what was found, and what was left out."""

    text: str
    found: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


@dataclass(slots=True)
class _Draft:
    """What is gathered on the way."""

    around: Surroundings
    entries: list[Entry] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def draft_configuration(around: Surroundings) -> Drafted:
    """Draft the configuration; errors: ``toml-invalid`` of `release.toml`."""
    draft = _Draft(around)
    for problem in around.problems:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file or "the workspace"
        reason = f"{problem.reason}: {problem.remedy}" if problem.remedy else problem.reason
        draft.left.append(Left(where=where, what=problem.message, reason=reason, needs_you=True))
    _take_over(draft)
    _branch(draft)
    _notes(draft)
    _writer(draft)
    _changelog(draft)
    _documents(draft)
    if around.site is not None:
        pages, left = site_entries(around.site, around.repository, around.slug)
        draft.entries.extend(pages)
        draft.left.extend(left)
    body = written(draft.entries)
    text = f"{_HEAD}\n{body}" if body else ""
    if text:
        parse_configuration(text)
    return Drafted(text=text, found=tuple(draft.found), left=tuple(draft.left))


def _documents(draft: _Draft) -> None:
    ruled = {str(entry.settings["file"]) for entry in draft.entries if "file" in entry.settings}
    draft.entries.extend(document_entries(draft.around.tree, draft.around.packages, ruled))


def _take_over(draft: _Draft) -> None:
    taken = take_over(draft.around.tree)
    if taken.source is None:
        return
    is_file = taken.source == "release.toml"
    draft.found.append(
        "`release.toml` of cargo-release" if is_file else f"`{taken.source}`, cargo-release's settings"
    )
    configuration = taken.configuration
    for table in ("release", "cargo"):
        for name, setting in differing(getattr(configuration, table)).items():
            if (table, name) == ("release", "tag") and setting == draft.around.tag:
                continue  # as the tags are named anyway
            source = _SOURCES.get(f"{table}.{name}", "a setting")
            draft.entries.append(
                Entry(table=table, settings={name: setting}, reason=f"{source} in {taken.source}")
            )
    _rules(draft, configuration, taken.source)
    for run in configuration.version.run:
        moved = move_hook(draft.around.tree, run, draft.around.folders, draft.around.current)
        draft.entries.extend(moved.entries)
        draft.left.extend(moved.left)
    for problem in taken.problems:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file or taken.source
        draft.left.append(
            Left(where=where, what=problem.message, reason=problem.reason, needs_you=bool(problem.remedy))
        )


def _rules(draft: _Draft, configuration: Configuration, source: str) -> None:
    """Take the replacements over, but those on a changelog that castoff keeps itself."""
    by_file: dict[str, list[Replace]] = {}
    for rule in configuration.replace:
        by_file.setdefault(rule.file, []).append(rule)
    ours = _changelog_of(draft.around.tree)
    for file, rules in by_file.items():
        keeps = file != ours or not _can_cut(draft.around.tree.read(file))
        for rule in rules:
            reason = None if keeps else reason_to_drop(file, rule.search, rule.replace)
            what = f"the replacement of `{rule.search[:60]}` in `{file}`"
            if reason is not None:
                draft.left.append(Left(where=source, what=what, reason=reason))
                continue
            draft.entries.append(
                Entry(
                    table="replace",
                    settings=_with_file_first(differing(rule), rule),
                    reason=f"`pre-release-replacements` in {source}",
                    many=True,
                )
            )


def _with_file_first(settings: dict[str, object], rule: Replace) -> dict[str, object]:
    return {"file": rule.file, "search": rule.search, "replace": rule.replace, **settings}


def _can_cut(text: str | None) -> bool:
    """Try out whether castoff can give a version its section in this changelog."""
    if text is None:
        return False
    try:
        return cut(text, "99999.0.0", "2000-01-01", CutOptions(tag="99999.0.0")).outcome != "unchanged"
    except CastoffError:
        return False


def _branch(draft: _Draft) -> None:
    branch = draft.around.branch
    named = any("branches" in entry.settings for entry in draft.entries if entry.table == "release")
    if branch is None or named or any(fnmatchcase(branch, pattern) for pattern in _USUAL):
        return
    settings = {"branches": [branch, _USUAL[-1]]}
    reason = f"releases are made from `{branch}`; the pattern stands for hotfix branches"
    draft.entries.append(Entry(table="release", settings=settings, reason=reason))


def _notes(draft: _Draft) -> None:
    path = next((path for path in NOTES_PATHS if draft.around.tree.read(path) is not None), None)
    if path is not None:
        draft.found.append(f"`{path}`, which is read where it stands: the notes need no setting")


def _writer(draft: _Draft) -> None:
    """Where a workflow makes the release on the push of a tag, it stays the one writer until it is removed."""
    writers = [one for one in _workflows(draft.around.tree) if one.writes_on_tag and not one.is_ours]
    if not writers:
        return
    first = writers[0]
    reason = (
        f"{first.path}:{first.line} makes the release on the push of a tag ({first.what}), and a draft has one "
        "writer. Drop this line with that job, and castoff drafts, so that the header can be written before the upload"
    )
    draft.entries.append(Entry(table="draft", settings={"by": "ci"}, reason=reason))
    if not first.is_draft:
        draft.left.append(
            Left(
                where=f"{first.path}:{first.line}",
                what=first.what,
                reason="it publishes at once; let it make a draft, or drop it, so that a person announces",
                needs_you=True,
            )
        )
    for other in writers[1:]:
        what = f"a second writer of releases, {other.what}"
        reason = "two writers make two drafts: keep one"
        draft.left.append(Left(where=f"{other.path}:{other.line}", what=what, reason=reason, needs_you=True))


def _workflows(tree: Tree) -> tuple[ReleaseWorkflow, ...]:
    files = {
        path: text
        for path in tree.paths()
        if path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml"))
        if (text := tree.read(path)) is not None
    }
    return release_workflows(files)


def _changelog_of(tree: Tree) -> str | None:
    """Name the one changelog that castoff keeps."""
    if tree.read("CHANGELOG.md") is not None:
        return "CHANGELOG.md"
    others = (path for path in _top(tree) if is_changelog(path) and path.lower().endswith(".md"))
    return next(others, None)


def _changelog(draft: _Draft) -> None:
    tree = draft.around.tree
    ours = _changelog_of(tree)
    if ours == "CHANGELOG.md":
        draft.found.append("`CHANGELOG.md`, in whose style new sections are written")
    elif ours is not None:
        reason = "the changelog of this workspace"
        draft.entries.append(Entry(table="changelog", settings={"file": ours}, reason=reason))
    elif odd := [path for path in _top(tree) if is_changelog(path) and "." in path]:
        draft.left.append(
            Left(where=odd[0], what="the changelog", reason="castoff writes Markdown only", needs_you=True)
        )


def _top(tree: Tree) -> Iterator[str]:
    return (path for path in tree.paths() if "/" not in path)
