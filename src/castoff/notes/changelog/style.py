"""In which style is a changelog written, so that what is added looks like what is there?"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from castoff.notes.changelog.compare import find_comparisons
from castoff.notes.changelog.dates import write_like
from castoff.notes.changelog.sections import Changelog, Section
from castoff.notes.changelog.titles import Title
from castoff.notes.markdown import Lines
from castoff.notes.markdown.blocks import HeadingForm


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """How a changelog writes its sections.

    ``underline`` is the fixed length of setext underlines, 0 where they are as long as their titles.
    ``references`` says that titles are linked by definitions, ``comparisons`` that such links lead to a
    comparison with the release before. ``blank_after`` counts the blank lines between a heading and its text,
    ``gap`` those before the next section. ``sample`` is the title that new ones imitate.
    """

    level: int
    form: HeadingForm
    underline: int
    underline_sign: str
    references: bool
    comparisons: bool
    blank_after: int
    gap: int
    sample: Title | None

    def title(self, version: str, day: datetime.date, *, link: str | None, project: str = "") -> str:
        """Write a title: ``link`` is an address, or "" for a reference, or None for no link."""
        sample = self.sample
        lead, name = _lead(sample, version, project)
        if link is not None:
            name = f"[{name}]({link})" if link else f"[{name}]"
        before, after, written = _around_date(sample, " / " if self.form == "setext" else " - ")
        return f"{lead}{name}{before}{write_like(written, day)}{after}"

    def heading(self, title: str, newline: str) -> str:
        """Write a heading with its line break."""
        if self.form == "setext":
            return f"{title}{newline}{self.underline_sign * (self.underline or max(3, len(title)))}{newline}"
        return f"{'#' * self.level} {title}{newline}"


def house_style(changelog: Changelog) -> House:
    """Tell the style of a changelog by what most of its sections do."""
    out = [section for section in changelog.released if not section.pending]
    levels = Counter((section.heading.form, section.heading.level) for section in out)
    usual = [one for one in out if levels[one.heading.form, one.heading.level] == max(levels.values())]
    model = max(usual, key=lambda s: (s.date or datetime.date.min, -s.line), default=None)
    shape = model or changelog.unreleased
    lengths = _underlines(changelog, out or list(changelog.sections))
    return House(
        level=shape.heading.level if shape else 2,
        form=shape.heading.form if shape else "atx",
        underline=fixed_underline(lengths),
        underline_sign="-" if shape and shape.heading.level == 2 else "=",
        references=_by_reference(out),
        comparisons=any(_is_comparison(changelog.target(section)) for section in out),
        blank_after=_most((_blanks_after(changelog, s) for s in out), 0 if _setext(shape) else 1),
        gap=_most((_blanks_before_end(changelog, s) for s in out if s.end < changelog.footer), 1) or 1,
        sample=model.title if model else None,
    )


def fixed_underline(lengths: list[tuple[int, int]]) -> int:
    """Give the length that underlines have whatever their title's (pairs of both); 0 where they follow it."""
    if not lengths:
        return 0
    length, count = Counter(line for line, _ in lengths).most_common(1)[0]
    fitting = sum(line == title for line, title in lengths)
    return 0 if fitting >= count else length


def _underlines(changelog: Changelog, sections: list[Section]) -> list[tuple[int, int]]:
    lines = changelog.blocks.lines
    headings = [section.heading for section in sections]
    return [(len(lines[h.underline].strip()), len(h.title)) for h in headings if h.underline is not None]


def underline_lengths(changelog: Changelog) -> list[tuple[int, int]]:
    """Give the lengths of every setext underline of a section and of its title."""
    return _underlines(changelog, list(changelog.sections))


def _is_blank(text: str) -> bool:
    """Say whether a text holds nothing but white space."""
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


def _lead(sample: Title | None, version: str, project: str) -> tuple[str, str]:
    """Give what stands before the link, and the link's text."""
    if sample is None:
        return (f"{project} " if project else ""), version
    opening = sample.link.text_at[0] if sample.link else sample.version_at[0]
    inner = sample.text[opening : sample.version_at[0]] + sample.prefix + version
    outer = sample.text[: opening - 1] if sample.link else sample.text[:opening]
    return outer, inner


def _around_date(sample: Title | None, usual: str) -> tuple[str, str, str | None]:
    """Give what stands before and after the day, and the day as the sample writes it."""
    if sample is None or sample.date is None:
        return usual, "", None
    start = sample.version_at[1]
    if sample.link is not None:
        start = max(start, sample.link.text_at[1] + 1)
        if sample.link.form != "shortcut":
            start = max(start, sample.link.target_at[1] + 1)
    before = sample.text[start : sample.date.at[0]] if start <= sample.date.at[0] else usual
    after = {"(": ")", "[": "]"}.get(before[-1:], "")
    return before or " ", after, sample.date.written
