"""The port of a release's notes into a changelog."""

from __future__ import annotations

import difflib
from typing import Literal

from msgspec import Struct

from castoff.changelog.body import (
    BodyContext,
    Contributors,
    generated_marks,
    is_full_changelog,
    prepare_body,
)
from castoff.changelog.links import (
    all_spans,
    find_comparisons,
    link_references,
    linked_references,
    version_of_tag,
)
from castoff.changelog.news import fold, missing_news, news_in, scaffold_in, trimmed, without_compare_lines
from castoff.changelog.order import order_key
from castoff.changelog.release_edit import (
    ReleaseEdit,
    check_changelog_closed,
    check_untouched,
    definition_edits,
    heading_edits,
    moved_comparisons,
    new_heading,
    only_section,
    open_edit,
    place_of,
    unreleased_comparisons,
)
from castoff.changelog.sections import Changelog, Section, parse
from castoff.changelog.style import trailing_blanks
from castoff.errors import Refusal
from castoff.text.markdown import TextEdit, apply_edits, read_blocks
from castoff.text.markdown.inline import normal_label
from castoff.values import replace

PortOutcome = Literal["created", "filled", "unchanged", "by-hand", "replaced"]

_LONGEST_DIFFERENCE = 4000


class PortOptions(Struct, frozen=True, kw_only=True):
    """How to port.

    ``news`` is what stood under "unreleased" when the release was cut: None takes what stands there now,
    where the version is the newest and was never cut; "" takes nothing. ``root`` and ``tag`` follow from the
    release's address where they are not given; ``previous`` is the tag to compare with where
    the notes' own "Full Changelog" line names none.
    """

    contributors: Contributors = "drop"
    milestone_url: str | None = None
    news: str | None = None
    replace: bool = False
    root: str | None = None
    tag: str | None = None
    previous: str | None = None


class Ported(Struct, frozen=True, kw_only=True):
    """What came of porting.

    ``text`` is the whole changelog; the same text as before where the outcome is ``unchanged`` or ``by-hand``.
    ``line`` is the line of the version's heading in it. ``difference`` is a unified difference: of a section
    that was written by hand or replaced, from what stands there to what castoff writes. ``edited`` reports that a
    section with the outcome ``by-hand`` was filled from a release: it has generated lines, or links to the release.
    """

    text: str
    outcome: PortOutcome
    line: int
    difference: str = ""
    edited: bool = False


def port(
    text: str, version: str, body: str, url: str, date: str, options: PortOptions | None = None
) -> Ported:
    """Put the notes of a release into a changelog: fill the section that was cut, or create it in its place.

    ``body`` is the text of the published release, ``url`` its page, ``date`` its day (``2026-11-22``). Running it
    again changes nothing, and the order in which several releases are ported does not matter, as long as
    nothing stands under "unreleased" or ``news`` is given. No byte changes outside the section, its link
    definition and the comparison of the unreleased news.

    Errors: those of :func:`open_edit` and :func:`prepare_body`; ``changelog-doubled-heading``,
    ``changelog-label-clash``, ``changelog-would-damage``.
    """
    options = options or PortOptions()
    release_edit = open_edit(
        text, version, date, url=url, root=options.root, tag=options.tag, previous=options.previous
    )
    # The published notes know best which tag they were compared with.
    # The configured one is a fallback: a release may have been compared with another tag than the one before
    # it.
    release_edit = replace(release_edit, previous=_previous_told(body, release_edit.tag) or options.previous)
    check_changelog_closed(release_edit.changelog)
    section = only_section(release_edit)
    level = section.heading.level if section else release_edit.style.level
    notes = prepare_body(
        body,
        BodyContext(
            version=release_edit.version,
            level=level,
            contributors=options.contributors,
            root=release_edit.root,
            tag=release_edit.tag,
            previous=release_edit.previous,
            milestone_url=options.milestone_url,
            link_numbers=release_edit.changelog.links_numbers,
        ),
    )
    _check_labels(release_edit.changelog, section, notes)
    # No section: the version was never cut in this file, by an older castoff or by hand.
    if section is None:
        return _created(release_edit, notes, options)
    return _filled(release_edit, section, notes, options)


def _previous_told(body: str, tag: str) -> str | None:
    """Return the tag that the notes' own "Full Changelog" line compares with."""
    lines = (line for line in body.splitlines() if is_full_changelog(line))
    bases = [one.base for line in lines for one in find_comparisons(line) if one.head == tag]
    # The last line counts: highlights may quote the notes of an older release.
    return bases[-1] if bases else None


def _created(release_edit: ReleaseEdit, notes: str, options: PortOptions) -> Ported:
    log, nl = release_edit.changelog, release_edit.newline
    edits, news = _news_taken(release_edit, options)
    content = fold(missing_news(_numbers_linked(release_edit, news, notes), notes), notes)
    at, followed = place_of(release_edit)
    block = (
        new_heading(release_edit, link=True) + nl * release_edit.style.blank_after + content.replace("\n", nl)
    )
    # Something follows: blank lines as between the other sections.
    if followed or at < log.footer or at < len(log.text):
        block += nl * (1 + release_edit.style.gap)
    # At the end of the file, only a final line end is kept as it was.
    elif log.text.endswith(("\n", "\r")) or not log.text:
        block += nl
    edits.append(TextEdit(at, at, _break_before(release_edit, at) + block))
    return _done(release_edit, edits, "created")


def _filled(release_edit: ReleaseEdit, section: Section, notes: str, options: PortOptions) -> Ported:
    title = section.title
    held = trimmed(release_edit.changelog.text[section.body : section.end])
    if title is None or _holds(held, notes):
        return _done(release_edit, _settled(release_edit, section), "unchanged")
    residue = without_compare_lines(held)
    is_news = options.news is not None and residue == without_compare_lines(trimmed(options.news))
    # Lines of castoff's own may be missing from an older section; that is no edit by a person.
    grown = _essence(held) == _essence(notes)  # only lines of castoff's own are missing
    # Only text that castoff put there, or that waited for this release, may be merged with the notes.
    foldable = not residue or is_news or grown or section.pending or _waits(release_edit, section)
    wanted = (
        fold(missing_news(_numbers_linked(release_edit, residue, notes), notes), notes) if foldable else notes
    )
    difference = "" if not residue else _difference(release_edit, held, wanted)
    if not foldable and not options.replace:
        return Ported(
            text=release_edit.changelog.text,
            outcome="by-hand",
            line=section.line,
            difference=difference,
            edited=_was_filled(release_edit, section, held),
        )
    edits = [
        *heading_edits(release_edit, section, title, link=True),
        _content_edit(release_edit, section, wanted),
    ]
    return _done(release_edit, edits, "filled" if foldable else "replaced", "" if foldable else difference)


def _was_filled(release_edit: ReleaseEdit, section: Section, held: str) -> bool:
    """Report whether a section was filled from a release, and edited later."""
    target = release_edit.changelog.target(section)
    generated = next(generated_marks(read_blocks(held)), None) is not None
    return generated or (target is not None and target == release_edit.url)


def _holds(held: str, notes: str) -> bool:
    """Return whether a section is the notes, or ends in them."""
    # Unreleased entries stand before the notes, so the end is compared.
    if held == notes or held.endswith("\n\n" + notes):
        return True
    told, essence = set(held.split("\n")), _essence(notes)
    complete = all(line in told for line in notes.split("\n"))
    return (complete and _essence(held) == essence) or _essence(held).endswith("\n\n" + essence)


def _essence(text: str) -> str:
    """Return the notes without what castoff may add to them, and without blank lines."""
    # castoff adds these lines itself, so their absence is no edit.
    own = ("**Milestone**:", "**Full Changelog**:")
    return "\n\n".join(line for line in text.split("\n") if line.strip() and not line.startswith(own))


def _numbers_linked(release_edit: ReleaseEdit, news: str, notes: str) -> str:
    """Link the numbers in the news; what the notes link as a pull request is one."""
    # A file that leaves `#12` plain is not changed to links: its style wins.
    if release_edit.root is None or not release_edit.changelog.links_numbers:
        return news
    blocks = read_blocks(notes)
    told = linked_references(blocks, all_spans(blocks))
    pulls = frozenset(one.number for one in told if one.kind == "pull" and one.root == release_edit.root)
    return apply_edits(news, link_references(read_blocks(news), release_edit.root, pulls))


def _settled(release_edit: ReleaseEdit, section: Section) -> list[TextEdit]:
    """Make the edits that a section with the right notes may still need: link and day of its heading."""
    return list(heading_edits(release_edit, section, section.title, link=True)) if section.title else []


def _waits(release_edit: ReleaseEdit, section: Section) -> bool:
    """Return whether a section still waits for its notes: it alone has no link where its neighbours have."""
    log = release_edit.changelog
    if log.target(section) is not None:
        return False
    others = [s for s in log.released if s is not section and not s.pending]
    others.sort(key=lambda s: order_key(s.version or ""), reverse=True)
    # The style of the newest sections counts; old ones may stem from another tool.
    near = others[:8]
    # More than half of them link to their release: then a section without a link is one that still waits.
    return bool(near) and 2 * sum(log.target(s) is not None for s in near) > len(near)


def _news_taken(release_edit: ReleaseEdit, options: PortOptions) -> tuple[list[TextEdit], str]:
    """Take the news out of the unreleased section for a version that was never cut."""
    log, waiting = release_edit.changelog, release_edit.changelog.unreleased
    if waiting is None or options.news == "":
        return [], options.news or ""
    standing = news_in(log.text[waiting.body : waiting.end])
    if options.news is None and not _is_next(release_edit):
        return [], ""
    news = standing if options.news is None else trimmed(options.news)
    # Changed since the cut: what stands there now is somebody's next news, and stays.
    if not standing or standing != news_in(news):
        return [], news
    return [_emptied(release_edit, waiting)], news


def _is_next(release_edit: ReleaseEdit) -> bool:
    """Return whether what stands under "unreleased" leads to this version."""
    log, key = release_edit.changelog, order_key(release_edit.version)
    # A hotfix of an older line: the unreleased news belong to the newer one.
    if log.newest is not None and order_key(log.newest.version or "") > key:
        return False
    bases = [version_of_tag(one.base) for one in unreleased_comparisons(log)]
    return all(order_key(base) < key for base in bases if base is not None)


def _emptied(release_edit: ReleaseEdit, waiting: Section) -> TextEdit:
    """Make the edit that leaves the comparison and the empty groups under "unreleased", and nothing else."""
    log, nl = release_edit.changelog, release_edit.newline
    lines = log.blocks.lines
    first, last = lines.line_of(waiting.body), lines.line_of(max(waiting.body, waiting.end - 1))
    kept = [
        lines[n] for n in range(first, last + 1) if without_compare_lines(lines[n]) == "" and lines[n].strip()
    ]
    moved = [_with_moved_base(release_edit, line) for line in kept]
    # The gap to the next section stays as the file has it.
    gap = trailing_blanks(log.text[waiting.body : waiting.end])
    blanks = "" if waiting.end >= len(log.text) else nl * max(gap, 1)
    scaffold = scaffold_in(log.text[waiting.body : waiting.end])
    if scaffold:
        moved += ["", *scaffold.split("\n")]
    return TextEdit(waiting.body, waiting.end, "".join(line + nl for line in moved) + blanks)


def _with_moved_base(release_edit: ReleaseEdit, line: str) -> str:
    # The line is parsed in a file of its own, so that the positions of its comparison are those within the
    # line.
    alone = replace(release_edit, changelog=parse(f"# Unreleased\n{line}\n"))
    moved = apply_edits(alone.changelog.text, moved_comparisons(alone))
    return moved.split("\n")[1]


def _content_edit(release_edit: ReleaseEdit, section: Section, content: str) -> TextEdit:
    """Replace a section's content; the blank lines that end it stay as they are, where there are any."""
    log, nl, style = release_edit.changelog, release_edit.newline, release_edit.style
    old = log.text[section.body : section.end]
    end = section.end
    final = end >= len(log.text)
    tail = nl if final and (log.text.endswith(("\n", "\r"))) else ""
    if not final:
        blanks = trailing_blanks(old) if old.strip() else style.gap
        tail = nl * (1 + max(1, blanks))
    elif old.strip():
        tail = old[len(old.rstrip()) :]
    start = "" if section.body and log.text[section.body - 1] in "\r\n" else nl
    return TextEdit(section.body, end, start + nl * style.blank_after + content.replace("\n", nl) + tail)


def _break_before(release_edit: ReleaseEdit, at: int) -> str:
    """Return the line breaks that a heading needs before it."""
    log, nl = release_edit.changelog, release_edit.newline
    lines = log.blocks.lines
    before = log.text[:at]
    if not before.strip("\ufeff"):
        return ""
    if not before.endswith(("\n", "\r")):
        return nl * 2
    last = lines.line_of(at - 1)
    if lines.is_blank(last) or lines[last].strip() == "<!-- next-header -->":
        return ""
    return nl


def _done(
    release_edit: ReleaseEdit, edits: list[TextEdit], outcome: PortOutcome, difference: str = ""
) -> Ported:
    log = release_edit.changelog
    # Two edits must not overlap: a comparison inside a replaced section is moved by that replacement.
    taken = [edit for edit in edits if edit.end > edit.start]
    moves = (m for m in moved_comparisons(release_edit) if not any(e.start <= m.start < e.end for e in taken))
    first = apply_edits(log.text, [*edits, *moves])
    # Definitions are placed after the section exists: their place depends on their neighbours.
    second = parse(first)
    text = apply_edits(first, definition_edits(replace(release_edit, changelog=second), settle=True))
    # The last line of defence: every other section must read the same after the edit.
    check_untouched(log, text, release_edit.version)
    if text == log.text:
        outcome = "unchanged"
    elif outcome == "unchanged":
        outcome = "filled"
    line = next((section.line for section in parse(text).find(release_edit.version)), 1)
    return Ported(text=text, outcome=outcome, line=line, difference=difference)


def _check_labels(log: Changelog, section: Section | None, notes: str) -> None:
    """Stop where the notes define a label that another part of the file defines otherwise."""
    start, end = (section.start, section.end) if section else (0, 0)
    for definition in read_blocks(notes).definitions:
        other = log.definitions.get(normal_label(definition.label))
        if other is None or other.destination == definition.destination:
            continue
        # Defined inside the section that is replaced: that definition goes.
        if start <= other.destination_at[0] < end:
            continue
        raise Refusal.of(
            "changelog-label-clash",
            f"the notes define `[{definition.label[:40]}]`, and so does line {other.line + 1}, with another address",
            reason="Markdown allows one definition of a label in a file, so links would break",
            remedy="rename the label in the notes, or write the link out",
            line=other.line + 1,
        )


def _difference(release_edit: ReleaseEdit, held: str, wanted: str) -> str:
    old, new = held.split("\n"), wanted.split("\n")
    names = f"{release_edit.version} in the changelog", f"{release_edit.version} as released"
    # `difflib` takes quadratic time.
    if len(old) + len(new) > _LONGEST_DIFFERENCE:
        lines = [f"--- {names[0]}", f"+++ {names[1]}", *(f"-{x}" for x in old), *(f"+{x}" for x in new)]
        return "\n".join(lines) + "\n"
    return "\n".join(difflib.unified_diff(old, new, *names, lineterm="")) + "\n"
