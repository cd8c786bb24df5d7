"""The update of a draft's generated part, which keeps every word that people wrote.

The body is edited in place. A line that was generated and not touched since is brought up to date or taken out; a
line that is missing is put where it belongs; everything else stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from castoff.notes.draft import Key, Line, join, recognised, split
from castoff.notes.render import COMMENT
from castoff.values import replace


class Regenerated(Struct, frozen=True):
    """The new body; ``kept`` are lines whose text differs from the generated one, left as people wrote them."""

    body: str
    kept: tuple[str, ...]


def regenerate(body: str, generated: str, *, previous: str | None = None) -> Regenerated:
    """Bring the generated part of a body up to date.

    Args:
        body: what the forge has now, edited or not, with any line ends.
        generated: what the engine makes now.
        previous: what was generated last, where that is known. A line that still reads so was not touched
            by anybody. Without it, a line that differs from the generated one counts as written by hand.

    Returns:
        The new body. Line ends follow the body's first one. Running it again changes nothing.
    """
    parts = split(body)
    comment, wanted = _comment_of(generated)
    # Nothing generated (a first release without a tag to compare): keep the body as it is.
    if not wanted:
        return Regenerated(body, ())
    if not parts.generated:
        return Regenerated(_appended(body, generated), ())
    old = {line.key: line.text for line in split(previous or "").generated if line.key is not None}
    kept: list[str] = []
    end = _line_end(body)
    # Fast and exact path: the result is equal to GitHub's text byte for byte.
    if _untouched(parts.generated, wanted, old):
        region = [replace(line, end=end) for line in wanted]
    else:
        region, kept = _patched(parts.generated, wanted, old, end)
    region[-1] = replace(region[-1], end=end if parts.after else parts.generated[-1].end)
    before = [
        replace(line, text=comment or line.text) if _is_comment(line) else line for line in parts.before
    ]
    text = "".join(line.text + line.end for line in (*before, *region, *parts.after))
    return Regenerated(text, tuple(kept))


def _appended(body: str, generated: str) -> str:
    if not body.strip():
        return generated
    kept = body.rstrip()
    return kept + join(kept, generated)[len(kept) :].replace("\n", _line_end(body))


def _comment_of(generated: str) -> tuple[str | None, tuple[Line, ...]]:
    parts = split(generated)
    comment = next((line.text for line in parts.before if _is_comment(line)), None)
    return comment, parts.generated


def _is_comment(line: Line) -> bool:
    return line.key is not None and line.text.startswith(COMMENT)


def _untouched(current: Sequence[Line], wanted: Sequence[Line], old: dict[Key, str]) -> bool:
    """Return whether nobody wrote anything into the generated part, so that it can be replaced as a whole."""
    now = {line.key: line.text for line in wanted if line.key is not None}
    keys = [line.key for line in current if line.key is not None]
    present = set(keys)
    # Reordered lines are an edit by people, even if each line is unchanged.
    if [key for key in keys if key in now] != [key for key in now if key in present]:
        return False
    return all(
        line.is_blank or (line.key is not None and line.text in (now.get(line.key), old.get(line.key)))
        for line in current
    )


def _patched(
    current: Sequence[Line], wanted: Sequence[Line], old: dict[Key, str], end: str
) -> tuple[list[Line], list[str]]:
    now = {line.key: line for line in wanted if line.key is not None}
    lines, kept = _updated(recognised(current, wanted), now, old, end)
    present = {line.key for line in lines}
    previous: Key | None = None
    for line in wanted:
        if line.key is None:
            continue
        if line.key not in present:
            lines.insert(_place_of(line.key, lines, previous), replace(line, end=end))
        previous = line.key
    return _with_blank_lines(lines, wanted, end), kept


def _updated(
    current: Sequence[Line], now: dict[Key, Line], old: dict[Key, str], end: str
) -> tuple[list[Line], list[str]]:
    lines, kept = [], []
    obsolete = set()
    for line in current:
        line_now = replace(line, end=line.end or end)
        wanted = now.get(line.key) if line.key is not None else None
        untouched = line.key is not None and old.get(line.key) == line.text
        if wanted is None and untouched and line.key is not None:
            if not _is_title(line):
                continue
            obsolete.add(line.key)
        if wanted is not None and untouched:
            line_now = replace(line_now, text=wanted.text)
        # An edited line is kept and reported; castoff cannot tell which of both texts is right.
        elif line.key not in (None, *obsolete) and (wanted is None or wanted.text != line.text):
            kept.append(line.text)
        lines.append(line_now)
    return _without_empty(lines, obsolete), kept


def _without_empty(lines: Sequence[Line], obsolete: set[Key]) -> list[Line]:
    """Take out titles that are not generated any more, where nothing is left below them."""
    result: list[Line] = []
    below: Line | None = None
    for line in reversed(lines):
        # A title stays if people wrote something below it.
        if line.key in obsolete and (below is None or _is_title(below)):
            continue
        if not line.is_blank:
            below = line
        result.append(line)
    return result[::-1]


def _is_title(line: Line) -> bool:
    return line.key is not None and line.key[0] in ("heading", "category", "new-heading", "footer")


def _place_of(key: Key, lines: Sequence[Line], previous: Key | None) -> int:
    """Return where to put a missing line: after the one before it and what people wrote right below that.

    The last line ends the generated part, the heading begins it.
    """
    if key[0] == "footer":
        return len(lines)
    if previous is None:
        # A heading of before stays above what is new, also where nothing is to be listed under it any more.
        return int(bool(lines) and lines[0].key is not None and lines[0].key[0] == "heading")
    index = next(index for index, line in enumerate(lines) if line.key == previous) + 1
    # Text that people wrote directly below a line belongs to that line.
    while index < len(lines) and lines[index].key is None and not lines[index].is_blank:
        index += 1
    return index


def _with_blank_lines(lines: Sequence[Line], wanted: Sequence[Line], end: str) -> list[Line]:
    """Set the blank lines before a generated line as the generator does, where nothing else stands there."""
    blanks = _blanks_before(wanted)
    result: list[Line] = []
    gap: list[Line] = []
    for line in lines:
        if line.is_blank and line.key is None:
            gap.append(line)
            continue
        after_generated = not result or result[-1].key is not None
        if line.key in blanks and after_generated:
            gap = [Line("", end, None)] * blanks[line.key]
        result += [*gap, line]
        gap = []
    return result + gap


def _blanks_before(wanted: Sequence[Line]) -> dict[Key | None, int]:
    found: dict[Key | None, int] = {}
    count = 0
    for line in wanted:
        if line.key is None:
            count += 1
        else:
            found[line.key] = count
            count = 0
    return found


def _line_end(body: str) -> str:
    at = body.find("\n")
    # GitHub's web editor stores CRLF (form submission, HTML standard); the API stores what it gets.
    return "\r\n" if at > 0 and body[at - 1] == "\r" else "\n"
