"""The parts of a draft: what people wrote, what was generated, and whether the generated part is whole.

The generated part reaches from the last "What's Changed" heading to the "Full Changelog" line. It is found by its
shape: there are no markers of our own. Its lines are keyed by what they speak of (a pull request's number), so
that an edited line is still known, and whatever has no such key was written by hand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.notes.render import COMMENT, FULL_CHANGELOG, HEADING, NEW_CONTRIBUTORS_HEADING
from castoff.regexes import regex
from castoff.text.fences import OpenBlock, closed
from castoff.values import replace

# Observed limit of GitHub for the body of a release; longer texts are answered with 422.
LARGEST_BODY = 125_000

Role = Literal["comment", "heading", "category", "change", "new-heading", "new", "footer"]
Key = tuple[Role, str]

# With the typographic apostrophe as well, which editors of people put in.
_WHAT_CHANGED = regex(r"#{1,2} +\[?What['’]s Changed\b", re.IGNORECASE)
_NEW_HEADING = regex(r"#{1,2} +New Contributors\s*\Z", re.IGNORECASE)
_CATEGORY = "###"
_URL = r"https?://[^\s/]+/[^\s/]+/[^\s/]+/pull/([0-9]{1,9})(?![0-9])"
_CHANGE = regex(rf"[*-] .* in {_URL}")
_NEW = regex(rf"[*-] @\S+(?: with @\S+)? made their first contribution in {_URL}(?!.* in https?://)")


class Line(Struct, frozen=True):
    """One line with its own line end (empty on the last); ``key`` is ``None`` where no generator made it."""

    text: str
    end: str
    key: Key | None

    @property
    def is_blank(self) -> bool:
        """Return whether nothing but spaces stands here."""
        return not self.text.strip()


class Parts(Struct, frozen=True):
    """A body in three parts, which together are the body: ``generated`` is empty where there is none."""

    before: tuple[Line, ...]
    generated: tuple[Line, ...]
    after: tuple[Line, ...]

    @property
    def header(self) -> str:
        """What people wrote before the generated part, without the generator's comment."""
        return _text(line for line in self.before if not _has(line, "comment")).strip()


class Departure(Struct, frozen=True):
    """A generated line that is not in the body as it was made: ``found`` is ``None`` where it is gone."""

    name: str
    expected: str
    found: str | None
    number: int | None = None


def split(body: str) -> Parts:
    """Split a body of any line ends into what stands before, in and after the generated part."""
    lines = _lines(body)
    start = _start(lines)
    if start is None:
        return Parts(tuple(lines), (), ())
    end = _end(lines, start)
    return Parts(tuple(lines[:start]), _told_apart(lines[start : end + 1]), tuple(lines[end + 1 :]))


def join(header: str, generated: str) -> str:
    """Put what people wrote before the generated text, as the forge does; a fence left open is closed."""
    return f"{closed(header.rstrip())}\n\n{generated}" if header.strip() else generated


def with_header(body: str, header: str) -> str:
    """Replace what people wrote before the generated part; all else stays, byte for byte.

    The generator's comment stays first where it stood before the header, else it stands before the list.
    """
    parts = split(body)
    comments = [line for line in parts.before if _has(line, "comment")]
    written = [line for line in parts.before if not line.is_blank]
    # GitHub puts its comment first; a person may have moved it, and then it stays there.
    first = len(written) > len(comments) > 0 and _has(written[0], "comment")
    comment = comments[0].text if comments else ""
    blocks = [comment, closed(header.strip())] if first else [closed(header.strip()), comment]
    rest = _text(parts.generated) + _text(parts.after)
    end = "\r\n" if "\r\n" in body else "\n"
    lines = "\n\n".join(block for block in blocks if block)
    lines = re.sub(r"\r\n|\r|\n", end, lines)
    return f"{lines}{end * 2}{rest}" if lines and rest else lines + rest


def departures(body: str, generated: str) -> tuple[Departure, ...]:
    """Name the generated lines that are missing in a body, or stand in it with another text.

    The generator's comment is not counted: nobody reads it.
    """
    present: dict[Key, list[str]] = {}
    wanted = split(generated).generated
    for line in recognised(split(body).generated, wanted):
        if line.key is not None:
            present.setdefault(line.key, []).append(line.text.rstrip())
    found = []
    for line in wanted:
        texts = present.get(line.key, []) if line.key is not None else []
        # Trailing blanks are no edit: browsers and editors strip them.
        if line.key is not None and line.text.rstrip() not in texts:
            found.append(Departure(_name(line.key), line.text, next(iter(texts), None), _number(line.key)))
    return tuple(found)


def recognised(current: Sequence[Line], wanted: Sequence[Line]) -> list[Line]:
    """Return the lines of a body with the keys of what was generated.

    A duplicate is user-written; a category whose title was changed is known by the first change below it.
    """
    texts = {line.key: line.text for line in wanted if line.key is not None}
    own = _own_lines(current, texts)
    category_of = _categories(wanted)
    present = {line.key for line in current}
    result: list[Line] = []
    for index, line in enumerate(current):
        key = line.key if index in own else None
        # A renamed category is known by the first change below it, so its heading is not added a second
        # time.
        if key is not None and key[0] == "category" and key not in texts:
            renamed = category_of.get(_next_change(current, index))
            key = renamed if renamed is not None and renamed not in present else None
        result.append(replace(line, key=key))
    return result


def _own_lines(current: Sequence[Line], texts: dict[Key, str]) -> set[int]:
    """Return the index of the one line for each key that was generated: the exact one, else the first."""
    best: dict[Key, int] = {}
    for index, line in enumerate(current):
        if line.key is None:
            continue
        # Of two lines with one key, the unedited one is the generated line, and the other a person's.
        exact = line.text == texts.get(line.key)
        if line.key not in best or (exact and current[best[line.key]].text != texts.get(line.key)):
            best[line.key] = index
    return set(best.values())


def _categories(wanted: Sequence[Line]) -> dict[Key | None, Key]:
    found: dict[Key | None, Key] = {}
    category: Key | None = None
    for line in wanted:
        if line.key is None:
            continue
        if line.key[0] == "category":
            category = line.key
        elif line.key[0] == "change" and category is not None:
            found[line.key] = category
    return found


def _next_change(lines: Sequence[Line], index: int) -> Key | None:
    for line in lines[index + 1 :]:
        if line.key is not None:
            return line.key if line.key[0] == "change" else None
    return None


def doubled_lines(body: str, generated: str) -> tuple[Departure, ...]:
    """Return the generated lines that a body has more often than they were generated."""
    wanted = Counter(line.key for line in split(generated).generated if line.key is not None)
    there = Counter(line.key for line in split(body).generated if line.key is not None)
    lines = {line.key: line.text for line in split(body).generated if line.key is not None}
    return tuple(
        Departure(_name(key), lines[key], lines[key], _number(key))
        for key, count in there.items()
        if count > wanted[key] > 0
    )


def missing_lines(body: str, generated: str) -> tuple[Departure, ...]:
    """Name the generated lines that are gone from a body."""
    return tuple(departure for departure in departures(body, generated) if departure.found is None)


def draft_problems(body: str, generated: str) -> tuple[Problem, ...]:
    """Return what keeps a draft from being announced: lost lines are errors, edited ones warnings."""
    problems = [
        Problem(
            code="draft-line-missing" if departure.found is None else "draft-line-edited",
            message=f"{departure.name} {'is missing from' if departure.found is None else 'was edited in'} the draft",
            severity="error" if departure.found is None else "warning",
            reason="it was generated from the merged changes, and readers rely on a complete list",
            remedy=f"the line is: {departure.expected}",
            pull_request=departure.number,
        )
        for departure in departures(body, generated)
    ]
    problems += [
        Problem(
            code="draft-line-doubled",
            severity="warning",
            message=f"{doubled.name} is in the draft more than once",
            reason="readers would count the change twice",
            remedy=f"delete all but one of these lines: {doubled.expected}",
            pull_request=doubled.number,
        )
        for doubled in doubled_lines(body, generated)
    ]
    if len(body) > LARGEST_BODY:
        problems.append(too_long(body))
    return tuple(problems)


def hidden_lines(lost: Sequence[Departure]) -> Problem:
    """Return the problem of lines that a reader would not see, although castoff put them back."""
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return Problem(
        code="draft-lines-hidden",
        message=f"{lost[0].name}{more} cannot be restored in the draft",
        reason="a comment (`<!--`) or a code block that starts in the generated part would hide the restored lines, "
        "and castoff does not change text that people wrote",
        remedy="end the comment or the code block above the generated lines, or move it above `What's Changed`, and "
        "run `castoff draft --execute`",
    )


def too_long(body: str) -> Problem:
    """Report that the forge would refuse a text for its length."""
    return Problem(
        code="draft-too-long",
        message=f"the text has {len(body)} characters, and the forge accepts {LARGEST_BODY}",
        reason="the forge refuses a longer one",
        remedy="shorten the highlights, or exclude kinds of changes with `exclude` in the notes' configuration",
    )


def key_of(text: str) -> Key | None:
    """Return what a generated line speaks of, ``None`` for a line that no generator makes."""
    if text.startswith(COMMENT):
        return ("comment", "")
    if text.startswith(FULL_CHANGELOG):
        return ("footer", "")
    if text.startswith("#"):
        return _heading_key(text)
    new = _NEW.match(text)
    if new is not None:
        return ("new", new[1])
    change = _CHANGE.match(text)
    return ("change", change[1]) if change is not None else None


def _heading_key(text: str) -> Key | None:
    if _WHAT_CHANGED.match(text):
        return ("heading", "")
    if _NEW_HEADING.match(text):
        return ("new-heading", "")
    if text.startswith(_CATEGORY) and not text.startswith(_CATEGORY + "#"):
        return ("category", text[len(_CATEGORY) :].strip())
    return None


def _lines(body: str) -> list[Line]:
    """Cut a body into lines; nothing inside a fence or an HTML comment of several lines has a key."""
    lines = []
    block = OpenBlock()
    for raw in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", body):
        text = raw.rstrip("\r\n")
        key = None if block.takes(text) else key_of(text)
        lines.append(Line(text, raw[len(text) :], key))
    return lines


def _start(lines: list[Line]) -> int | None:
    """Return the last "What's Changed"; with nothing to list, what else a generator begins with."""
    # The last one counts: highlights may quote an older release's notes.
    heading = _find(lines, "heading", reversed(range(len(lines))))
    if heading is not None:
        return heading
    footer = _find(lines, "footer", reversed(range(len(lines))))
    new = _find(lines, "new-heading", reversed(range(len(lines) if footer is None else footer)))
    return footer if new is None else new


def _end(lines: list[Line], start: int) -> int:
    """Return the footer; where somebody took it away, the last line that a generator made."""
    footer = _find(lines, "footer", range(start, len(lines)))
    if footer is not None:
        return footer
    # Without a footer the part ends at its last recognizable line; what follows is a person's.
    made: tuple[Role, ...] = ("heading", "change", "new-heading", "new")
    return max(i for i in range(start, len(lines)) if any(_has(lines[i], role) for role in made))


def _find(lines: list[Line], role: Role, order: Iterable[int]) -> int | None:
    return next((index for index in order if _has(lines[index], role)), None)


def _has(line: Line, role: Role) -> bool:
    return line.key is not None and line.key[0] == role


def _told_apart(lines: list[Line]) -> tuple[Line, ...]:
    """Give categories with the same title, which are legal, different keys."""
    seen: dict[Key, int] = {}
    result = []
    for line in lines:
        key = line.key
        if key is not None and key[0] == "category":
            seen[key] = seen.get(key, 0) + 1
            # Two categories may have one title (`notes-category-duplicate`); a line break cannot be in a
            # title, so the key stays unique.
            key = key if seen[key] == 1 else ("category", f"{key[1]}\n{seen[key]}")
        result.append(replace(line, key=key))
    return tuple(result)


def _name(key: Key) -> str:
    role, value = key
    match role:
        case "comment":
            return "the generator's comment"
        case "heading":
            return f"the heading `{HEADING}`"
        case "category":
            return f"the category `{value.partition(chr(10))[0]}`"
        case "change":
            return f"the line of change #{value}"
        case "new-heading":
            return f"the heading `{NEW_CONTRIBUTORS_HEADING}`"
        case "new":
            return f"the welcome for change #{value}"
        case "footer":
            return "the line `Full Changelog`"


def _number(key: Key) -> int | None:
    return int(key[1]) if key[0] in ("change", "new") else None


def _text(lines: Iterable[Line]) -> str:
    return "".join(line.text + line.end for line in lines)
