"""The configuration of a workspace that was released with other tools before.

Only what differs from the defaults is written, each with the reason for it; what has no meaning here is named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field

from castoff.changelog import CutOptions, cut
from castoff.config.cargo_release import take_over
from castoff.config.reader import NOTES_PATHS, parse_configuration
from castoff.config.values import Configuration, ReleaseSettings, Replace
from castoff.errors import CastoffError
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.preflight.mentions import Mention, mentions
from castoff.regexes import regex
from castoff.release_tools.reading import Left, PendingNews, SettingsEntry
from castoff.setup.cargo_release_hooks import move_hook
from castoff.setup.changelogs import reason_to_drop
from castoff.setup.lines import differing, written
from castoff.setup.npm_build import build_entries
from castoff.setup.other_tools import take_over_tools
from castoff.setup.surroundings import Surroundings, changelog_of, files_at_root, is_like_changelog
from castoff.setup.website_script import site_entries
from castoff.workflows.detection import release_workflows
from castoff.workflows.jobs import workflow_files

_IN_DOCUMENTS = regex(r"docs?/[^/]+\.md", re.IGNORECASE)
_SPECIAL = regex(r"[\\.^$*+?()\[\]|]")
_NUMBERS = r"[0-9]+(?:\.[0-9]+)+"


def document_entries(
    tree: Tree, packages: Sequence[Package], ruled: Collection[str]
) -> Iterator[SettingsEntry]:
    """Return a rule for each place that says a package's version now, but for files that have rules (``ruled``)."""
    versions = {package.version for package in packages}
    known = {*ruled, *(package.version_file for package in packages)}
    seen: set[tuple[str, str]] = set()
    for one in mentions(tree.paths(), tree.read, packages, versions):
        before = _before(one)
        if one.file in known or not before.strip() or (one.file, before) in seen:
            continue
        seen.add((one.file, before))
        yield _entry(one, before)


def _entry(one: Mention, before: str) -> SettingsEntry:
    # `re.escape` would also escape spaces and quotes, which is hard to read in a configuration file.
    search = _SPECIAL.sub(r"\\\g<0>", before)
    # `version 1.2.0` is not to be found in `conversion 1.2.0`.
    begin = r"\b" if not one.is_code and re.match(r"\w", before) else ""
    place = f"{one.file}:{one.line}"
    reason = f"{place} has {one.version}, which no release would change; remove this rule if the text is about the past"
    settings: dict[str, object] = {
        "file": one.file,
        # In code the version ends at the quote that it begins with; in prose the digits are all that is sure
        # to be a version.
        "search": begin + search + (f"[^{before[-1]}]*" if one.is_code else _NUMBERS),
        "replace": before.replace("\\", "\\\\") + "{version}",
    }
    if one.is_code:
        reason, settings = f"{place} has the version", {**settings, "prerelease": True}
    return SettingsEntry(table="replace", settings=settings, reason=reason, many=True)


def _before(one: Mention) -> str:
    """Return the words before, but no version, which a rule replaces itself, and no brace, which templates read."""
    _, _, words = one.before.rpartition(one.version)
    return re.split(r"[{}]", words)[-1].lstrip()


_HEAD = (
    "# Settings that differ from castoff's defaults, with the reason.\n"
    "# `castoff plan minor` shows their effect; docs/reference/configuration.md of\n"
    "# castoff lists every key.\n"
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
_USUAL = ReleaseSettings().branches


class ProposedConfiguration(Struct, frozen=True, kw_only=True):
    """The text of a `castoff.toml` ("" where the defaults are right), what was found, and what was left out."""

    text: str
    found: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    news: tuple[PendingNews, ...] = ()
    changelog: str = "CHANGELOG.md"


class _Draft(Struct):
    """What is gathered on the way."""

    around: Surroundings
    entries: list[SettingsEntry] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    news: list[PendingNews] = field(default_factory=list)


def draft_configuration(around: Surroundings) -> ProposedConfiguration:
    """Draft the configuration; errors: ``toml-invalid`` of `release.toml`."""
    draft = _Draft(around)
    _take_over(draft)
    _branch(draft)
    _notes(draft)
    _tools(draft)
    _problems(draft)
    _writer(draft)
    _changelog(draft)
    _changelogs_of_packages(draft)
    _documents(draft)
    if not any("build" in one.settings for one in draft.entries if one.table == "npm"):
        draft.entries.extend(build_entries(around.tree, around.packages))
    if around.site is not None:
        pages, left = site_entries(around.site, around.repository, around.slug)
        draft.entries.extend(pages)
        draft.left.extend(left)
    body = written(draft.entries)
    text = f"{_HEAD}\n{body}" if body else ""
    # The proposal must be valid by castoff's own rules before it is shown.
    if text:
        parse_configuration(text)
    return ProposedConfiguration(
        text=text,
        found=tuple(draft.found),
        left=tuple(draft.left),
        news=tuple(draft.news),
        changelog=_changelog_entry(draft) or changelog_of(around.tree) or "CHANGELOG.md",
    )


def _changelog_entry(draft: _Draft) -> str | None:
    files = (one.settings.get("file") for one in draft.entries if one.table == "changelog")
    return next((str(one) for one in files if one is not None), None)


def _problems(draft: _Draft) -> None:
    """Name what no setting can fix; packages that stay behind by a setting are fixed."""
    excluded = [name for entry in draft.entries for name in entry.settings.get("exclude", ())]
    apart = any(entry.settings.get("only-changed") for entry in draft.entries)
    for problem in draft.around.problems:
        if problem.package is not None and problem.package in excluded:
            continue
        # Versions that differ are what `only-changed` means.
        if apart and problem.code in ("stray-version", "several-versions"):
            continue
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file or "the workspace"
        reason = f"{problem.reason}: {problem.remedy}" if problem.remedy else problem.reason
        draft.left.append(Left(where=where, what=problem.message, reason=reason, need="decision"))


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
                SettingsEntry(table=table, settings={name: setting}, reason=f"{source} in {taken.source}")
            )
    _rules(draft, configuration, taken.source)
    for run in configuration.version.run:
        moved = move_hook(draft.around.tree, run, draft.around.folders, draft.around.current)
        draft.entries.extend(moved.entries)
        draft.left.extend(moved.left)
    for problem in taken.problems:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file or taken.source
        draft.left.append(
            Left(
                where=where,
                what=problem.message,
                reason=problem.reason,
                need="decision" if problem.remedy else "none",
            )
        )


def _rules(draft: _Draft, configuration: Configuration, source: str) -> None:
    """Take the replacements over, but those on a changelog that castoff keeps itself."""
    by_file: dict[str, list[Replace]] = {}
    for rule in configuration.replace:
        by_file.setdefault(rule.file, []).append(rule)
    ours = changelog_of(draft.around.tree)
    for file, rules in by_file.items():
        keeps = file != ours or not _can_cut(draft.around.tree.read(file))
        for rule in rules:
            reason = None if keeps else reason_to_drop(file, rule.search, rule.replace)
            what = f"the replacement of `{rule.search[:60]}` in `{file}`"
            if reason is not None:
                draft.left.append(Left(where=source, what=what, reason=reason))
                continue
            draft.entries.append(
                SettingsEntry(
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
        # A trial with a version above all others: if it can be cut, castoff maintains this file.
        return cut(text, "99999.0.0", "2000-01-01", CutOptions(tag="99999.0.0")).outcome != "unchanged"
    except CastoffError:
        return False


def _branch(draft: _Draft) -> None:
    branch = draft.around.branch
    named = any("branches" in entry.settings for entry in draft.entries if entry.table == "release")
    if branch is None or named or any(fnmatchcase(branch, pattern) for pattern in _USUAL):
        return
    settings = {"branches": [branch, _USUAL[-1]]}
    reason = f"releases are made from `{branch}`; the pattern matches hotfix branches"
    draft.entries.append(SettingsEntry(table="release", settings=settings, reason=reason))


def _notes(draft: _Draft) -> None:
    path = next((path for path in NOTES_PATHS if draft.around.tree.read(path) is not None), None)
    if path is not None:
        draft.found.append(f"`{path}`, which castoff reads in place: the notes need no setting")


def _writer(draft: _Draft) -> None:
    """Where a workflow makes the release on the push of a tag, it stays the one writer until it is removed."""
    tree = draft.around.tree
    # What has to be removed as a second writer of versions cannot stay the writer of the draft.
    removed = {one.where for one in draft.left if one.need == "writer"}
    writers = [
        one
        for one in release_workflows(workflow_files(tree), tree)
        if one.writes_on_tag and not one.is_ours and f"{one.path}:{one.line}" not in removed
    ]
    if not writers:
        return
    first = writers[0]
    reason = (
        f"{first.path}:{first.line} creates the release when a tag is pushed ({first.what}), and a draft has one "
        "writer. Remove this line with that job to let castoff create the draft, so that the highlights "
        "can be written before the upload"
    )
    draft.entries.append(SettingsEntry(table="draft", settings={"by": "ci"}, reason=reason))
    if not first.is_draft:
        draft.left.append(
            Left(
                where=f"{first.path}:{first.line}",
                what=first.what,
                reason="it publishes at once; let it create a draft, or remove it, so that a person announces",
                need="decision",
            )
        )
    for other in writers[1:]:
        what = f"a second writer of releases, {other.what}"
        reason = "two writers create two drafts: keep one"
        draft.left.append(Left(where=f"{other.path}:{other.line}", what=what, reason=reason, need="decision"))


def _tools(draft: _Draft) -> None:
    taken = take_over_tools(draft.around, draft.entries)
    draft.entries.extend(taken.entries)
    draft.found.extend(taken.found)
    draft.left.extend(taken.left)
    draft.news.extend(taken.news)


def _changelog(draft: _Draft) -> None:
    tree = draft.around.tree
    ours = changelog_of(tree)
    if ours == "CHANGELOG.md":
        draft.found.append("`CHANGELOG.md`; new sections are written in its style")
    elif ours is not None and _changelog_entry(draft) is None:
        reason = "the changelog of this workspace"
        draft.entries.append(SettingsEntry(table="changelog", settings={"file": ours}, reason=reason))
    elif odd := [path for path in files_at_root(tree) if "." in path and is_like_changelog(tree, path)]:
        draft.left.append(
            Left(where=odd[0], what="the changelog", reason="castoff writes Markdown only", need="decision")
        )
    elif below := [
        path for path in tree.paths() if _IN_DOCUMENTS.match(path) and is_like_changelog(tree, path)
    ]:
        reason = f'set `file = "{below[0]}"` in `[changelog]` if castoff should write it'
        draft.left.append(Left(where=below[0], what="the changelog", reason=reason, need="decision"))


def _changelogs_of_packages(draft: _Draft) -> None:
    """Name the changelogs that nobody writes any more: they would be published as they are."""
    tree = draft.around.tree
    ours = _changelog_entry(draft) or changelog_of(tree) or "CHANGELOG.md"
    named = {one.what for one in draft.left} | {one.where for one in draft.left}
    folders = sorted({one.path for one in draft.around.packages} - {"", "."})
    paths = {f"{folder}/CHANGELOG.md": f"the changelog of `{folder}`" for folder in folders}
    there = [one for one in paths if one != ours and tree.read(one) is not None]
    there = [one for one in there if not {one, paths[one]} & named]
    if there:
        what = paths[there[0]] if len(there) == 1 else f"the changelogs of {len(there)} packages"
        reason = "castoff keeps one changelog for the release: let them lead to it, or remove them"
        draft.left.append(Left(where=there[0], what=what, reason=reason, need="decision"))
