"""The release commit's edit of a changelog: the section of the version, with the news that were waiting."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from castoff.changelog.links import link_references
from castoff.changelog.news import is_compare_line, news_in, scaffold_in, trimmed
from castoff.changelog.release_edit import (
    ReleaseEdit,
    check_changelog_closed,
    check_untouched,
    defined_as_before,
    definition_edits,
    heading_edits,
    moved_comparisons,
    new_heading,
    only_section,
    open_edit,
    place_of,
)
from castoff.changelog.sections import Section, parse
from castoff.changelog.style import trailing_blanks
from castoff.text.markdown import TextEdit, apply_edits, read_blocks
from castoff.values import replace

CutOutcome = Literal["cut", "created", "dated", "unchanged"]


class CutOptions(Struct, frozen=True, kw_only=True):
    """What is known of the release: the repository's address, its tag, and the tag before it.

    ``branch`` is a maintenance branch that the release is made from: the unreleased news are compared with it. None
    leaves the branch that the file names.
    """

    root: str | None = None
    tag: str | None = None
    previous: str | None = None
    branch: str | None = None


class Cut(Struct, frozen=True, kw_only=True):
    """What came of cutting: the whole text, what happened, the heading's line, and the news that were moved."""

    text: str
    outcome: CutOutcome
    line: int
    news: str


def cut(text: str, version: str, date: str, options: CutOptions | None = None) -> Cut:
    """Return a version its section: the news under "unreleased", or an empty one in its place.

    The unreleased heading stays, with its comparison moved to the new version. The heading is linked where the
    file links to comparisons, and where definitions link the headings, defined as the one before is; :func:`port`
    sees to the link once more, when the release's page exists. Numbers in the news are linked where the file links
    them. Running it again changes nothing.

    Errors: those of :func:`open_edit`; ``changelog-doubled-heading``, ``changelog-open-block``,
    ``changelog-would-damage``.
    """
    options = options or CutOptions()
    release_edit = open_edit(
        text, version, date, url=None, root=options.root, tag=options.tag, previous=options.previous
    )
    release_edit = replace(release_edit, branch=options.branch)
    check_changelog_closed(release_edit.changelog)
    section = only_section(release_edit)
    # Cut before, by an earlier run or by hand.
    if section is not None and not section.pending:
        held = trimmed(text[section.body : section.end])
        return Cut(text=text, outcome="unchanged", line=section.line, news=held)
    if section is not None and section.title is not None:
        held = trimmed(text[section.body : section.end])
        edits = list(heading_edits(release_edit, section, section.title, link=_compares(release_edit)))
        return _done(release_edit, edits, "dated", held)
    waiting = release_edit.changelog.unreleased
    at, _ = place_of(release_edit)
    # A hotfix of an older line does not take the entries that wait for the next version.
    if waiting is None or not _is_newest(release_edit):
        return _done(release_edit, [_empty_section(release_edit, at)], "created", "")
    edit, news = _cut_from(release_edit, waiting)
    return _done(release_edit, [edit], "cut", news)


def _compares(release_edit: ReleaseEdit) -> bool:
    return release_edit.style.comparisons and release_edit.previous is not None


def _is_newest(release_edit: ReleaseEdit) -> bool:
    """Return whether no section stands between the unreleased news and the new one's place."""
    log = release_edit.changelog
    if log.unreleased is None:
        return False
    at, _ = place_of(release_edit)
    return at == log.unreleased.end or not log.released


def _empty_section(release_edit: ReleaseEdit, at: int) -> TextEdit:
    log, nl = release_edit.changelog, release_edit.newline
    before = log.text[:at]
    start = (
        ""
        if not before.strip("\ufeff")
        or before.endswith(("\n\n", "\r\n\r\n"))
        or before.rstrip("\r\n").endswith("<!-- next-header -->")
        else nl
    )
    if before and not before.endswith(("\n", "\r")):
        start = nl * 2
    tail = nl * release_edit.style.gap if at < len(log.text) else ""
    return TextEdit(at, at, start + new_heading(release_edit, link=_compares(release_edit)) + tail)


def _cut_from(release_edit: ReleaseEdit, waiting: Section) -> tuple[TextEdit, str]:
    """Make the edit that puts the new heading between the comparison and the news."""
    log, nl = release_edit.changelog, release_edit.newline
    held = log.text[waiting.body : waiting.end]
    news = _numbers_linked(release_edit, news_in(held))
    blanks = trailing_blanks(held) if held.strip() else 0
    gap = nl * (
        max(blanks, release_edit.style.gap) if waiting.end < len(log.text) else release_edit.style.gap
    )
    own = [line for line in trimmed(held).split("\n") if is_compare_line(line)]
    scaffold = scaffold_in(held).split("\n") if scaffold_in(held) else []
    # A blank line between them, since Markdown would join the two to one paragraph.
    if own and scaffold:
        own.append("")
    leading = nl * release_edit.style.blank_after if (own or scaffold) and _begins_blank(held) else ""
    kept = leading + "".join(line + nl for line in (*own, *scaffold)) if own or scaffold else ""
    start = "" if waiting.body and log.text[waiting.body - 1] in "\r\n" else nl
    block = new_heading(release_edit, link=_compares(release_edit))
    if news:
        block += nl * release_edit.style.blank_after + news.replace("\n", nl) + nl
    final = waiting.end >= len(log.text)
    tail = "" if final else gap
    if final and not log.text.endswith(("\n", "\r")):
        block = block.rstrip("\r\n")
    return TextEdit(
        waiting.body, waiting.end, start + kept + nl * release_edit.style.gap + block + tail
    ), news


def _begins_blank(text: str) -> bool:
    return text.split("\n", 1)[0].strip() == ""


def _numbers_linked(release_edit: ReleaseEdit, news: str) -> str:
    if release_edit.root is None or not release_edit.changelog.links_numbers:
        return news
    return apply_edits(news, link_references(read_blocks(news), release_edit.root))


def _done(release_edit: ReleaseEdit, edits: list[TextEdit], outcome: CutOutcome, news: str) -> Cut:
    log = release_edit.changelog
    first = apply_edits(log.text, edits)
    # The page of the release does not exist yet; only a form that the file already uses can be predicted.
    link = (release_edit.link if _compares(release_edit) else None) or defined_as_before(release_edit)
    moved = replace(release_edit, changelog=parse(first), url=link)
    second = apply_edits(first, moved_comparisons(moved))
    final = replace(moved, changelog=parse(second))
    text = apply_edits(second, definition_edits(final))
    check_untouched(log, text, release_edit.version)
    line = next((section.line for section in parse(text).find(release_edit.version)), 1)
    return Cut(text=text, outcome=outcome, line=line, news=news)
