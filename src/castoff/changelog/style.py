"""The style of a changelog: what is added looks like what is there.

The form that the titles of a changelog share, and titles in that form.
Only what the newest titles have in common is form: marks around the version, the place and spelling of the day, a
project's name or an emoji in front. A name of one release (``1.0.0 "Blue Whale"``) or a remark is not.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from castoff.changelog.links import find_comparisons
from castoff.changelog.order import order_key
from castoff.changelog.sections import Changelog, Section
from castoff.changelog.titles import Title, TitleLink, write_like
from castoff.regexes import regex
from castoff.text.markdown import Lines
from castoff.text.markdown.blocks import HeadingForm

_NEWEST = 5
_SIGNS = regex(r"[!-/:-@\[-`{-~–—·•]*")
_DOUBLED_SIGN = regex(r"([-–—/|,:·•])(?:[ \t]+\1)+")
_USUAL_WORDS = {"version", "release", "released", "on", "at", "date", "of", "from"}
_CLOSERS = "*_`\"')]"
_ANCHOR = regex(r"<a [^<>]{0,200}>(?:</a>)?[ \t]*")


class _Parts(Struct, frozen=True, kw_only=True):
    """A title cut at its version, its day and its link.

    ``lead`` is before the first of name and day, ``between`` separates them, ``tail`` follows. ``inside`` is what the
    link's text has around the version. If the day is part of the link's text, ``outside`` is around the link.
    """

    lead: str
    inside: tuple[str, str]
    between: str
    tail: str
    outside: tuple[str, str]
    dated: bool
    date_first: bool
    date_linked: bool

    @property
    def order(self) -> tuple[bool, bool]:
        return self.dated, self.date_first


class TitleForm(Struct, frozen=True):
    """The form of the titles of one changelog: ``titles`` has the newest first, and may be empty."""

    titles: tuple[Title, ...]
    is_setext: bool

    @property
    def sample(self) -> Title | None:
        """Return the title that new ones imitate: the newest of those that begin as most of the newest few do."""
        newest = self.titles[:_NEWEST]
        # A title without a day may be a release in progress, so a dated one is the better sample.
        newest = tuple(title for title in newest if title.date is not None) or newest
        # One `v1.2.0` among titles without the `v` is a slip; three of five are a new form.
        begins = Counter((title.prefix, title.project) for title in newest)
        return max(newest, key=lambda title: begins[title.prefix, title.project], default=None)

    def write(self, version: str, day: datetime.date, link: str | None) -> str:
        """Write a title; ``link`` is an address, or "" for a link by reference, or None for no link."""
        sample = self.sample
        if sample is None:
            return _linked(version, link) + self._usual_separator + day.isoformat()
        parts = self._shared(sample)
        title = _compose(parts, sample, version, day, link)
        # Titles with remarks can leave half of a pair behind; the plain form is then safer than broken
        # Markdown.
        if _is_balanced(title):
            return title
        plain = _Parts(
            lead="",
            inside=("", ""),
            between=self._usual_separator,
            tail="",
            outside=("", ""),
            dated=parts.dated,
            date_first=False,
            date_linked=False,
        )
        return _compose(plain, sample, version, day, link)

    def date_suffix(self, day: datetime.date) -> str:
        """Write what follows the version in a title that lacks its day; "" if titles have no day, or begin with it."""
        sample = self.sample
        if sample is None:
            return self._usual_separator + day.isoformat()
        parts = self._shared(sample)
        if sample.date is None or parts.date_first:
            return ""
        between = parts.between.lstrip(_CLOSERS)
        tail = parts.tail if not parts.date_linked else ""
        suffix = f"{between}{write_like(sample.date.written, day)}{tail}"
        return (
            suffix if _is_balanced(suffix) else self._usual_separator + write_like(sample.date.written, day)
        )

    @property
    def _usual_separator(self) -> str:
        return " / " if self.is_setext else " - "

    def _shared(self, sample: Title) -> _Parts:
        own = _parts(sample)
        found = (_parts(title) for title in self.titles[:_NEWEST] if title is not sample)
        others = [parts for parts in found if parts.order == own.order]
        leads = [other.outside[0] + other.lead + other.inside[0] for other in others]
        tails = [other.inside[1] + other.tail + other.outside[1] for other in others]
        between = _form(own.between, [other.inside[1] + other.between for other in others], whole=True)
        # A word at its start may be left out (`1.0.0/0.5b0 (2026-01-01)`), but not the space after it.
        if between.strip() and not between[0].isspace() and own.between.removesuffix(between)[-1:].isspace():
            between = f" {between}"
        return _Parts(
            lead=_form(own.lead, leads, alone=True),
            inside=(_form(own.inside[0], leads, alone=True), _form(own.inside[1], tails, whole=True)),
            between=_DOUBLED_SIGN.sub(r"\1", between) or " ",
            # A separator at the end belongs to a remark that was left out, unless other titles end with it
            # as well.
            tail=_form(own.tail, tails, whole=True)
            .rstrip()
            .rstrip("" if others and own.tail in tails else ":,-–—|/ \t"),
            outside=(
                _form(own.outside[0], leads, alone=True),
                _form(own.outside[1], tails, whole=True).rstrip(),
            ),
            dated=own.dated,
            date_first=own.date_first,
            date_linked=own.date_linked,
        )


def _parts(title: Title) -> _Parts:
    text, link, date = title.text, title.link, title.date
    name = _name_at(title)
    begin, end, inside, outside = 0, len(text), ("", ""), ("", "")
    date_linked = False
    if link is not None:
        whole = link.text_at[0] - 1, _end_of_link(text, link)
        date_linked = date is not None and link.text_at[0] <= date.at[0] < link.text_at[1]
        if date_linked:
            begin, end = link.text_at
            outside = text[: whole[0]], text[whole[1] :]
        else:
            inside = text[link.text_at[0] : name[0]], text[name[1] : link.text_at[1]]
            name = whole
    slots = sorted([name, date.at] if date else [name])
    return _Parts(
        lead=text[begin : slots[0][0]],
        inside=inside,
        between=text[slots[0][1] : slots[1][0]] if date else "",
        tail=text[slots[-1][1] : end],
        outside=outside,
        dated=date is not None,
        date_first=date is not None and date.at < name,
        date_linked=date_linked,
    )


def _compose(parts: _Parts, sample: Title, version: str, day: datetime.date, link: str | None) -> str:
    start, stop = _name_at(sample)
    at = sample.version_at[0] + len(sample.prefix), sample.version_at[1]
    name = sample.text[start : at[0]] + version + sample.text[at[1] : stop]
    name = parts.inside[0] + name + parts.inside[1]
    if not parts.date_linked:
        name = _linked(name, link)
    slots = [name]
    if sample.date is not None:
        written = write_like(sample.date.written, day)
        slots = [written, name] if parts.date_first else [name, written]
    title = parts.lead + parts.between.join(slots) + parts.tail
    if parts.date_linked:
        title = parts.outside[0] + _linked(title, link) + parts.outside[1]
    return title


def _linked(text: str, link: str | None) -> str:
    if link is None:
        return text
    return f"[{text}]({link})" if link else f"[{text}]"


def _name_at(title: Title) -> tuple[int, int]:
    """Return where the version is, with backticks around it: a link has to go around them."""
    start, stop = title.version_at
    while title.text[start - 1 : start] == "`" and title.text[stop : stop + 1] == "`":
        start, stop = start - 1, stop + 1
    return start, stop


def _end_of_link(text: str, link: TitleLink) -> int:
    if link.form == "shortcut":
        return link.text_at[1] + 1
    return link.target_at[1] + 1 + (text[link.target_at[1] : link.target_at[1] + 1] == ">")


def _form(own: str, others: Sequence[str], *, alone: bool = False, whole: bool = False) -> str:
    """Leave out the words of a stretch of a title that the other titles do not have there.

    With ``alone`` the words of the only title are form: they name the project. With ``whole`` they are a remark: if one
    of them is left out, all are, since what "the good one" and "the bad one" share is no form.
    """
    pieces = re.split(r"([ \t]+)", _ANCHOR.sub("", own))
    signs = {word for word in pieces if _is_sign(word)}
    shared = {
        word
        for word in pieces[::2]
        if word in signs or (all(word in other.split() for other in others) if others else alone)
    }
    kept = shared if not whole or shared.issuperset(pieces[::2]) else signs
    pairs = zip(pieces[::2], [*pieces[1::2], ""], strict=True)
    return "".join(word + space for word, space in pairs if word in kept)


def _is_sign(word: str) -> bool:
    return _SIGNS.fullmatch(word) is not None or word.strip(_CLOSERS + "([,:").lower() in _USUAL_WORDS


def _is_balanced(title: str) -> bool:
    pairs = all(title.count(a) == title.count(b) for a, b in ("()", "[]"))
    return pairs and all(title.count(mark) % 2 == 0 for mark in ("`", "**", '"'))


class ChangelogStyle(Struct, frozen=True, kw_only=True):
    """How a changelog writes its sections.

    ``underline`` is the fixed length of setext underlines, 0 where they are as long as their titles.
    ``references`` says that titles are linked by definitions, ``comparisons`` that such links lead to a
    comparison with the release before. ``blank_after`` counts the blank lines between a heading and its text,
    ``gap`` those before the next section.
    """

    level: int
    form: HeadingForm
    underline: int
    underline_sign: str
    references: bool
    comparisons: bool
    blank_after: int
    gap: int
    titles: TitleForm

    @property
    def sample(self) -> Title | None:
        """Return the title that new ones imitate."""
        return self.titles.sample

    def title(self, version: str, day: datetime.date, *, link: str | None) -> str:
        """Write a title: ``link`` is an address, or "" for a reference, or None for no link."""
        return self.titles.write(version, day, link)

    def heading(self, title: str, newline: str) -> str:
        """Write a heading with its line break."""
        if self.form == "bold":
            return f"{title if title.startswith(('**', '__')) else f'**{title}**'}{newline}"
        if self.form == "setext":
            return f"{title}{newline}{self.underline_sign * (self.underline or max(3, len(title)))}{newline}"
        return f"{'#' * self.level} {title}{newline}"


def read_style(changelog: Changelog) -> ChangelogStyle:
    """Tell the style of a changelog by what most of its sections do."""
    out = [section for section in changelog.released if not section.pending]
    levels = Counter((section.heading.form, section.heading.level) for section in out)
    # The most frequent kind of heading counts, not the newest: one section with another level is a mistake.
    usual = [one for one in out if levels[one.heading.form, one.heading.level] == max(levels.values())]
    usual.sort(key=lambda section: order_key(section.version or ""), reverse=True)
    shape = usual[0] if usual else changelog.unreleased
    lengths = _underlines(changelog, out or list(changelog.sections))
    return ChangelogStyle(
        level=shape.heading.level if shape else 2,
        form=shape.heading.form if shape else "atx",
        underline=fixed_underline(lengths),
        # CommonMark, "Setext headings": `=` is level 1, `-` is level 2.
        underline_sign="-" if shape and shape.heading.level == 2 else "=",
        references=_by_reference(out),
        comparisons=any(_is_comparison(changelog.target(section)) for section in out),
        blank_after=_most((_blanks_after(changelog, s) for s in out), 0 if _setext(shape) else 1),
        gap=_most((_blanks_before_end(changelog, s) for s in out if s.end < changelog.footer), 1) or 1,
        titles=TitleForm(tuple(one.title for one in usual if one.title), _setext(shape)),
    )


def fixed_underline(lengths: list[tuple[int, int]]) -> int:
    """Return the length that underlines have whatever their title's (pairs of both); 0 where they follow it."""
    if not lengths:
        return 0
    length, count = Counter(line for line, _ in lengths).most_common(1)[0]
    fitting = sum(line == title for line, title in lengths)
    # Tie-break: if as many underlines fit their titles as have the most common length, they follow the
    # title.
    return 0 if fitting >= count else length


def _underlines(changelog: Changelog, sections: list[Section]) -> list[tuple[int, int]]:
    lines = changelog.blocks.lines
    headings = [section.heading for section in sections]
    return [(len(lines[h.underline].strip()), len(h.title)) for h in headings if h.underline is not None]


def underline_lengths(changelog: Changelog) -> list[tuple[int, int]]:
    """Return the lengths of every setext underline of a section and of its title."""
    return _underlines(changelog, list(changelog.sections))


def _is_blank(text: str) -> bool:
    """Return whether a text holds nothing but white space."""
    return not text.strip()


def _setext(section: Section | None) -> bool:
    return section is not None and section.heading.form == "setext"


def _by_reference(sections: list[Section]) -> bool:
    forms = [section.title.link.form for section in sections if section.title and section.title.link]
    named = sum(form != "inline" for form in forms)
    return named > 0 and 2 * named >= len(forms)


def _is_comparison(target: str | None) -> bool:
    return target is not None and next(find_comparisons(target), None) is not None


def _most(counts: Iterable[int | None], default: int) -> int:
    known = Counter(count for count in counts if count is not None)
    # Tie-break: the smaller number of blank lines.
    return max(known, key=lambda count: (known[count], -count)) if known else default


def _blanks_after(changelog: Changelog, section: Section) -> int | None:
    body = changelog.text[section.body : section.end]
    return None if _is_blank(body) else _leading_blanks(body)


def _blanks_before_end(changelog: Changelog, section: Section) -> int | None:
    body = changelog.text[section.body : section.end]
    return None if _is_blank(body) else trailing_blanks(body)


def _leading_blanks(text: str) -> int:
    lines = Lines(text)
    return next((number for number in range(len(lines)) if not lines.is_blank(number)), 0)


def trailing_blanks(text: str) -> int:
    """Count the blank lines at the end of a text."""
    lines = Lines(text)
    last = len(lines) - 1
    return next((last - number for number in range(last, -1, -1) if not lines.is_blank(number)), 0)
