"""The text of a changelog section, made from the notes of a release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from castoff.changelog.links import all_spans, link_references
from castoff.changelog.order import same_version
from castoff.changelog.titles import read_title
from castoff.errors import Refusal
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Heading, Span, TextEdit, apply_edits, read_blocks

Contributors = Literal["drop", "keep"]
GeneratedMark = Literal["comment", "heading", "entry"]

_FULL = regex(r"[ \t]*(?:\*\*|__)?Full Change ?log(?:\*\*|__)?[ \t]*:", re.IGNORECASE)
_FIRST = regex(r"[ \t]{0,8}[*+-][ \t]+@?\S{1,100} made (?:their|his|her) first contribution\b")
_FIRST_ALONE = regex(
    r"[ \t]{0,8}[*+-][ \t]+@?\S{1,100} made (?:their|his|her) first contribution"
    r"(?: in (?:https?://\S{1,300}/\d{1,7}|\[?#\d{1,7}\]?(?:\(https?://\S{1,300}/\d{1,7}\))?))?[ \t]*"
)
_CONTRIBUTORS = regex(r"(?:new|first[- ]time) contributors?\W{0,4}", re.IGNORECASE)
_GENERATED = regex(r"<!--\s*Release notes generated using configuration in ")
_CHANGED = regex(r"\[?What.?s Changed\W{0,4}(?:\]\([^\s()]{0,500}\))?", re.IGNORECASE)
_ENTRY = regex(r".* by @[\w\[\]-]{1,60} in (?:https?://\S{1,300}/pull/\d{1,7}|#\d{1,7})[ \t]*")
_SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#")
_LISTED = regex(r"[*+-][ \t]|\d{1,9}[.)][ \t]|[ \t]")
# A heading after the text that a reader only sees if every block is closed.
_SENTINEL = "# end of the notes"


class BodyContext(Struct, frozen=True, kw_only=True):
    """What the notes are prepared for.

    ``level`` is the level of the section's heading. ``root`` is the repository's address, without which
    nothing is linked; ``link_numbers`` says whether the changelog links issue numbers. ``previous`` is the tag
    to compare with in a "Full Changelog" line that the notes lack.
    """

    version: str
    level: int
    contributors: Contributors = "drop"
    root: str | None = None
    tag: str | None = None
    previous: str | None = None
    milestone_url: str | None = None
    link_numbers: bool = True


def prepare_body(body: str, context: BodyContext) -> str:
    """Turn a release's notes into a section's text: LF, no blank lines around it.

    Errors: ``changelog-body-empty``, ``changelog-open-block`` (a fence or comment that is never closed).
    """
    # The forge's editor stores CRLF; changelogs are compared and stored with LF.
    text = body.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = _without_own_title(_outer_blanks_cut(text), context.version)
    if not text.strip():
        raise Refusal.of(
            "changelog-body-empty",
            f"the notes of `{context.version}` are empty",
            reason="a section without notes would look forgotten",
            remedy="write the notes of the release first",
        )
    check_closed(text, "the notes")
    # Dropped by default: the list repeats lines of the notes, and a changelog is read for changes.
    if context.contributors == "drop":
        text = drop_contributors(text)
    text = _nested_under(_blanks_joined(text), context.level)
    if context.root is not None:
        text = _linked(text, context, context.root)
    text = _with_milestone(text, context.milestone_url)
    return _outer_blanks_cut(_with_trailer(text, context))


def check_closed(text: str, what: str, above: int = 0) -> None:
    """Stop where a fence, a comment or a tag is opened and never closed: it would swallow what follows.

    ``above`` counts the lines before the text. Errors: ``changelog-open-block`` with the line.
    """
    blocks = read_blocks(f"{text}\n\n{_SENTINEL}\n")
    last = blocks.headings[-1] if blocks.headings else None
    if last is not None and last.title == _SENTINEL.removeprefix("# ") and last.line == len(blocks.lines) - 1:
        return
    line = max((span.start for span in (*blocks.code, *blocks.html)), default=0) + 1
    raise Refusal.of(
        "changelog-open-block",
        f"line {line + above} of {what} opens a block that is not closed: `{blocks.lines[line - 1].strip()[:40]}`",
        reason="everything after it would become part of that block",
        remedy="close the fence, comment or tag",
        line=line + above,
    )


def is_full_changelog(line: str) -> bool:
    """Return whether a line is the generator's "Full Changelog" line."""
    return _FULL.match(line) is not None


def is_first_contribution(line: str) -> bool:
    """Return whether a line is an entry of the generator's list of new contributors."""
    return _FIRST.match(line) is not None


def is_first_contribution_alone(line: str) -> bool:
    """Return whether an entry of the list of new contributors has no words beside those of the generator."""
    return _FIRST_ALONE.fullmatch(line) is not None


def is_contributors_title(text: str) -> bool:
    """Return whether a heading's title heads the list of new contributors."""
    return len(text) < 60 and _CONTRIBUTORS.fullmatch(text.strip("*_# ")) is not None


def generated_marks(blocks: Blocks) -> Iterator[tuple[int, GeneratedMark]]:
    """Return the lines by which generated notes are known: the generator's comment, heading or entries."""
    lines = blocks.lines
    for span in blocks.html:
        if _GENERATED.match(lines[span.start].strip()):
            yield span.start, "comment"
    for heading in blocks.headings:
        if len(heading.title) < 600 and _CHANGED.fullmatch(heading.title):
            yield heading.line, "heading"
    for prose in blocks.prose:
        for line in range(prose.start, min(prose.end, len(lines))):
            if is_generated_entry(lines[line]):
                yield line, "entry"


def is_generated_entry(line: str) -> bool:
    """Return whether a line is one that the generator writes for a change: ``* title by @login in URL``."""
    return (
        line[:2] in ("* ", "- ")
        and " by @" in line
        and len(line) < 2000
        and _ENTRY.fullmatch(line) is not None
    )


def drop_contributors(text: str) -> str:
    """Take the list of new contributors out as a whole: heading, entries, and a list that lost its heading."""
    blocks = read_blocks(text)
    lines = blocks.lines
    # Code may quote generated notes.
    opaque = {line for span in blocks.code for line in range(span.start, span.end)}
    gone: set[int] = set()
    for heading in blocks.headings:
        if is_contributors_title(heading.title) and not heading.nested:
            gone |= _contributors_block(blocks, heading)
    gone |= {n for n in range(len(lines)) if n not in opaque and is_first_contribution(lines[n])}
    kept: list[str] = []
    dropping = False
    for number in range(len(lines)):
        if number in gone:
            dropping = True
        elif not (dropping and lines.is_blank(number) and (not kept or not kept[-1].strip())):
            dropping = dropping and lines.is_blank(number)
            kept.append(lines[number])
    return "\n".join(kept)


def is_relative(destination: str) -> bool:
    """Return whether a link's destination is relative to where the text stands."""
    return bool(destination) and _SCHEME.match(destination) is None


def relative_links(spans: list[Span]) -> Iterator[Span]:
    """Return the links and images whose own destination is relative."""
    for span in spans:
        if span.kind in ("link", "image") and span.destination and is_relative(span.destination):
            yield span


def _contributors_block(blocks: Blocks, heading: Heading) -> set[int]:
    """Return the lines from the heading to its list's last entry."""
    lines = blocks.lines
    stop = next((h.line for h in blocks.headings if h.line > heading.line), len(lines))
    region = range(heading.end_line, stop)
    entries = [line for line in region if is_first_contribution(lines[line])]
    if not entries:
        beyond = next((n for n in region if not (lines.is_blank(n) or _LISTED.match(lines[n]))), stop)
        while beyond > heading.end_line and lines.is_blank(beyond - 1):
            beyond -= 1
        entries = [beyond - 1]
    return set(range(heading.line, entries[-1] + 1))


def _blanks_joined(text: str) -> str:
    """Leave one blank line of several, as the generator puts before its last line; code and HTML keep theirs."""
    blocks = read_blocks(text)
    lines = blocks.lines
    opaque = {line for span in (*blocks.code, *blocks.html) for line in range(span.start, span.end)}
    kept = (
        lines[number]
        for number in range(len(lines))
        if number in opaque or not number or not (lines.is_blank(number) and lines.is_blank(number - 1))
    )
    return "\n".join(kept)


def _outer_blanks_cut(text: str) -> str:
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines).rstrip()


def _without_own_title(text: str, version: str) -> str:
    """Cut a first heading that only repeats the version: the section has its own."""
    first = next((h for h in read_blocks(text).headings if h.line == 0), None)
    title = read_title(first.title) if first else None
    if first is None or title is None or not (title.firm and same_version(title.version, version)):
        return text
    return _outer_blanks_cut("\n".join(text.split("\n")[first.end_line :]))


def _nested_under(text: str, level: int) -> str:
    """Demote the headings so that the highest stands one level under the section's."""
    blocks = read_blocks(text)
    headings = [heading for heading in blocks.headings if not heading.nested]
    by = level + 1 - min((heading.level for heading in headings), default=level + 1)
    # Notes that are deep enough keep their levels: nothing is promoted.
    if by <= 0:
        return text
    return apply_edits(text, [edit for heading in headings for edit in demotion(blocks, heading, by)])


def demotion(blocks: Blocks, heading: Heading, by: int) -> Iterator[TextEdit]:
    """Make the edits that put a heading ``by`` levels down, to the sixth at most."""
    # Markdown has six levels; deeper headings would become text.
    lines, level = blocks.lines, min(6, heading.level + by)
    if heading.underline is None:
        at = lines.start(heading.line) + lines[heading.line].index("#")
        yield TextEdit(at, at, "#" * (level - heading.level))
        return
    start, stop = lines.start(heading.underline), lines.stop(heading.underline)
    # Underlined headings have two levels, so only the first can stay underlined.
    if level == 2:
        yield TextEdit(start, stop, lines[heading.underline].replace("=", "-"))
        return
    first = heading.line
    while first > 0 and heading.swallowed and not lines.is_blank(first - 1):
        first -= 1
    title = " ".join(lines[line].strip() for line in range(first, heading.underline))
    yield TextEdit(lines.start(first), stop, f"{'#' * level} {title}")


def _linked(text: str, context: BodyContext, root: str) -> str:
    blocks = read_blocks(text)
    edits = link_references(blocks, root) if context.link_numbers else []
    for span in relative_links(list(all_spans(blocks))):
        if span.destination_at is not None and span.destination and not span.destination.startswith("/"):
            # A page of the forge cannot be shown as an image.
            kind = "raw" if span.kind == "image" else "blob"
            path = span.destination.removeprefix("./")
            # Above the root there is nothing: browsers drop these parts as well.
            while path.startswith("../"):
                path = path.removeprefix("../")
            edits.append(TextEdit(*span.destination_at, f"{root}/{kind}/{context.tag}/{path}"))
    return apply_edits(text, edits)


def _with_milestone(text: str, url: str | None) -> str:
    # Once: who ran it before, or wrote the link by hand, has the line.
    if url is None or url.split("?", 1)[0] in text:
        return text
    return _before_trailer(text, f"**Milestone**: {url}")


def _before_trailer(text: str, line: str) -> str:
    lines = text.split("\n")
    # From the end, since highlights may quote another one.
    at = next((n for n in range(len(lines) - 1, -1, -1) if is_full_changelog(lines[n])), None)
    if at is None:
        return f"{text}\n\n{line}"
    blank = [] if at and not lines[at - 1].strip() else [""]
    return "\n".join([*lines[:at], *blank, line, "", *lines[at:]])


def _with_trailer(text: str, context: BodyContext) -> str:
    """Give generated notes the "Full Changelog" line that they lack, where it is known what to compare."""
    if context.root is None or context.previous is None or context.tag is None:
        return text
    generated = next(generated_marks(read_blocks(text)), None) is not None
    # Notes that people wrote get no line that they did not ask for.
    if not generated or any(map(is_full_changelog, text.split("\n"))):
        return text
    return f"{text}\n\n**Full Changelog**: {context.root}/compare/{context.previous}...{context.tag}"
