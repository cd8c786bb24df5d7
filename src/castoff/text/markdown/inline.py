"""Code, links, images, tags and addresses in a paragraph, with their places.

A paragraph's emphasis is of no interest here; what must be known is where text is plain, since only plain
text may be edited, and where each link's destination stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from msgspec import Struct

from castoff.regexes import regex

SpanKind = Literal["code", "link", "image", "autolink", "html", "url"]

LONGEST = 200_000
"""Longer paragraphs (characters) are left as they are: nobody wrote them."""

_SPECIAL = regex(r"\\.|`+|<|!\[|\[|\]|https?://", re.DOTALL)
_AUTOLINK = regex(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*+)>")
_TAG = regex(r"</?[A-Za-z][A-Za-z0-9-]*+(?:\s[^<>]{0,2000}+)?/?>")
_ADDRESS = regex(r"https?://[^\s<>`\"\]]++")
_TITLE = regex(r"\s*+(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))", re.DOTALL)
_LABEL = regex(r"\[([^\[\]]{1,999}+)\]")
_DEEPEST = 32


class Span(Struct, frozen=True, kw_only=True):
    """A stretch that is not plain text, by offsets.

    ``text`` is a link's text or code's content; ``destination`` stands at ``destination_at`` where the link
    carries it itself; ``label`` names a definition where it does not.
    """

    kind: SpanKind
    start: int
    end: int
    text_at: tuple[int, int]
    destination: str | None = None
    destination_at: tuple[int, int] | None = None
    label: str | None = None


def normal_label(label: str) -> str:
    """Return the form in which CommonMark compares labels."""
    return " ".join(label.split()).casefold()


def find_spans(text: str, start: int, end: int, labels: Collection[str] = ()) -> tuple[Span, ...]:
    """Find the spans of a paragraph (offsets ``start`` to ``end``), in order; links may hold code and images.

    ``labels`` are the normal forms of the labels that the text defines. Linear in the paragraph's length;
    a paragraph longer than :data:`LONGEST` has none.
    """
    if end - start > LONGEST:
        return ()
    found = _Scan(text, start, end, labels).run()
    return tuple(sorted(found, key=lambda span: (span.start, -span.end)))


class _Opener(Struct):
    start: int
    text: int
    image: bool
    clean: bool = True


class _Scan:
    """One walk over a paragraph."""

    def __init__(self, text: str, start: int, end: int, labels: Collection[str]) -> None:
        self.text, self.at, self.end, self.labels = text, start, end, labels
        self.openers: list[_Opener] = []
        self.dead = 0  # openers below this height stand around a link: a link holds no link
        self.found: list[Span] = []
        self.runs = self._tick_runs(start)
        self.no_comment_end = False

    def run(self) -> list[Span]:
        while (match := _SPECIAL.search(self.text, self.at, self.end)) is not None:
            sign = match[0]
            self.at = match.end()
            if sign[0] == "`":
                self._code(match)
            elif sign == "<":
                self._angle(match.start())
            elif sign in ("[", "!["):
                # A label may hold no bracket (CommonMark, "Link label"): the opener around this one can be no
                # shortcut.
                for opener in self.openers[-1:]:
                    opener.clean = False
                self.openers.append(_Opener(match.start(), match.end(), sign == "!["))
            elif sign == "]":
                self._close(match.start())
            elif sign[0] == "h":
                self._address(match.start())
        return self.found

    def _tick_runs(self, start: int) -> dict[int, list[int]]:
        runs: dict[int, list[int]] = {}
        for match in re.finditer(r"`+", self.text[start : self.end]):
            runs.setdefault(len(match[0]), []).append(start + match.start())
        # The first of each length is then the last of its list, where taking it costs nothing.
        for places in runs.values():
            places.reverse()
        return runs

    def _code(self, match: re.Match[str]) -> None:
        places = self.runs.get(len(match[0]), [])
        # Runs that lie before are never asked for again: the walk stays linear.
        while places and places[-1] < match.end():
            places.pop()
        if places:
            close = places.pop()
            self.at = close + len(match[0])
            self.found.append(
                Span(kind="code", start=match.start(), end=self.at, text_at=(match.end(), close))
            )

    def _angle(self, start: int) -> None:
        if (auto := _AUTOLINK.match(self.text, start, self.end)) is not None:
            self._add("autolink", start, auto.end(), auto.span(1), auto[1], auto.span(1))
        elif self.text.startswith("<!--", start):
            # Looked for once: a paragraph of `<!--` alone would be searched to its end at each of them.
            stop = -1 if self.no_comment_end else self.text.find("-->", start + 4, self.end)
            self.no_comment_end = stop < 0
            if stop >= 0:
                self._add("html", start, stop + 3, (start, stop + 3))
        elif (tag := _TAG.match(self.text, start, self.end)) is not None:
            self._add("html", start, tag.end(), tag.span())

    def _address(self, start: int) -> None:
        match = _ADDRESS.match(self.text, start, self.end)
        if match is None:
            return
        stop = start + len(_trimmed(match[0]))
        self._add("url", start, stop, (start, stop), self.text[start:stop], (start, stop))

    def _add(
        self,
        kind: SpanKind,
        start: int,
        end: int,
        text_at: tuple[int, int],
        destination: str | None = None,
        destination_at: tuple[int, int] | None = None,
    ) -> None:
        self.at = end
        self.found.append(
            Span(
                kind=kind,
                start=start,
                end=end,
                text_at=text_at,
                destination=destination,
                destination_at=destination_at,
            )
        )

    def _close(self, bracket: int) -> None:
        if not self.openers:
            return
        opener = self.openers.pop()
        # Brackets around a link that was found are text; an image may hold a link all the same.
        inside, self.dead = len(self.openers) >= self.dead, min(self.dead, len(self.openers))
        if not (opener.image or inside):
            return
        # The inline form comes first (CommonMark, "Links").
        span = self._inline(opener, bracket) or self._reference(opener, bracket)
        if span is None:
            return
        self.found.append(span)
        self.at = span.end
        if not opener.image:
            self.dead = len(self.openers)

    def _inline(self, opener: _Opener, bracket: int) -> Span | None:
        at = bracket + 1
        if at >= self.end or self.text[at] != "(":
            return None
        place = _destination(self.text, _after_space(self.text, at + 1, self.end), self.end)
        if place is None:
            return None
        start, stop, after = place
        if (title := _TITLE.match(self.text, after, self.end)) is not None and title.end() > after:
            after = title.end()
        after = _after_space(self.text, after, self.end)
        if after >= self.end or self.text[after] != ")":
            return None
        return Span(
            kind="image" if opener.image else "link",
            start=opener.start,
            end=after + 1,
            text_at=(opener.text, bracket),
            destination=self.text[start:stop],
            destination_at=(start, stop),
        )

    def _reference(self, opener: _Opener, bracket: int) -> Span | None:
        if not self.labels:
            return None
        named = _LABEL.match(self.text, bracket + 1, self.end)
        if named is not None and normal_label(named[1]) in self.labels:
            label, stop = named[1], named.end()
        # A full reference with an unknown label is text as a whole; only without one is the text itself the label.
        elif named is None and opener.clean and bracket - opener.text < 1000:
            label = self.text[opener.text : bracket]
            stop = bracket + (3 if self.text.startswith("[]", bracket + 1) else 1)
        else:
            return None
        if normal_label(label) not in self.labels:
            return None
        return Span(
            kind="image" if opener.image else "link",
            start=opener.start,
            end=stop,
            text_at=(opener.text, bracket),
            label=label,
        )


def _trimmed(address: str) -> str:
    """Cut what ends a sentence off a bare address, as GitHub does."""
    surplus = address.count(")") - address.count("(")
    stop = len(address)
    while stop:
        # A closing bracket belongs to the address if one opens in it (GitHub Flavored Markdown, "Autolinks").
        if address[stop - 1] == ")" and surplus > 0:
            surplus -= 1
        elif address[stop - 1] not in "?!.,:*_~'\";":
            break
        stop -= 1
    return address[:stop]


def _after_space(text: str, at: int, end: int) -> int:
    while at < end and text[at] in " \t\r\n":
        at += 1
    return at


def _destination(text: str, at: int, end: int) -> tuple[int, int, int] | None:
    """Return start, stop and what follows of a link's destination."""
    if at < end and text[at] == "<":
        for stop in _walk(text, at + 1, end):
            if text[stop] == ">":
                return at + 1, stop, stop + 1
            if text[stop] in "<\r\n":
                return None
        return None
    depth, stop = 0, at
    for stop in _walk(text, at, end):
        sign = text[stop]
        if sign in " \t\r\n" or (sign == ")" and depth == 0):
            return at, stop, stop
        depth += (sign == "(") - (sign == ")")
        # The depth that cmark takes; deeper ones are text there as well.
        if depth > _DEEPEST or sign == "<":
            return None
    return None


def _walk(text: str, at: int, end: int) -> Iterator[int]:
    while at < end:
        yield at
        # What a backslash escapes ends nothing.
        at += 2 if text[at] == "\\" else 1


class TextEdit(Struct, frozen=True):
    """Put ``new`` where ``start`` to ``end`` stood (offsets; an empty span inserts)."""

    start: int
    end: int
    new: str


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """Apply edits by position; one that overlaps an earlier one is left out, as is a doubled one."""
    parts: list[str] = []
    at = 0
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end, edit.new)):
        # Two repairs of one place: the first one is made, and the next look finds what is left.
        if edit.start < at or edit.end > len(text):
            continue
        parts += (text[at : edit.start], edit.new)
        at = edit.end
    parts.append(text[at:])
    return "".join(parts)
