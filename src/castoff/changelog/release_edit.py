"""What cutting a section and filling one share: headings, places, comparisons, definitions."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from castoff.changelog.body import check_closed
from castoff.changelog.links import ComparisonLink, find_comparisons, read_release_address, version_of_tag
from castoff.changelog.order import OrderKey, bare, is_version, order_key
from castoff.changelog.sections import Changelog, Section, parse
from castoff.changelog.structure import conflict_lines, require_clear, unclear_lines
from castoff.changelog.style import ChangelogStyle, read_style
from castoff.changelog.titles import Title, is_unreleased, read_day, read_title, write_like
from castoff.errors import Refusal, UsageError
from castoff.text.markdown import TextEdit
from castoff.text.markdown.inline import normal_label

_OTHER_MARKUP = (".rst", ".adoc", ".asciidoc", ".org", ".html")


class ReleaseEdit(Struct, frozen=True, dict=True):
    """One release's edit of one changelog: what is there, and what shall be said.

    ``root`` is the repository's address, ``tag`` the release's, ``previous`` the tag before it where the
    caller knows it; ``branch`` what the unreleased news are compared with, None as before.
    """

    changelog: Changelog
    version: str
    day: datetime.date
    url: str | None
    root: str | None
    tag: str
    previous: str | None
    branch: str | None = None

    @cached_property
    def style(self) -> ChangelogStyle:
        """Return the style of the file."""
        return read_style(self.changelog)

    @property
    def newline(self) -> str:
        """Return the line break of the file."""
        return self.changelog.blocks.lines.newline

    @property
    def link(self) -> str | None:
        """Return what the heading links to: the comparison where the file does so and the tag before is known."""
        if self.style.comparisons and self.previous and self.root:
            return f"{self.root}/compare/{self.previous}...{self.tag}"
        return self.url


def open_edit(
    text: str,
    version: str,
    date: str,
    *,
    url: str | None,
    root: str | None,
    tag: str | None,
    previous: str | None,
) -> ReleaseEdit:
    """Check what was asked for, and read the changelog.

    Errors: ``changelog-version-invalid``, ``changelog-date-invalid``, ``changelog-url-invalid``,
    ``changelog-conflict-markers``.
    """
    if not is_version(version):
        raise UsageError.of(
            "changelog-version-invalid",
            f"`{version[:60]}` is not a version",
            reason="sections are ordered by version",
            remedy="use a version such as `1.2.0` or `1.2.0-rc.1`",
        )
    day = read_day(date)
    if day is None:
        raise UsageError.of(
            "changelog-date-invalid", f"`{date[:60]}` is not a day", remedy="use a date such as `2026-11-22`"
        )
    if url is not None and not _is_address(url):
        raise UsageError.of(
            "changelog-url-invalid",
            f"`{url[:120]}` cannot be linked to",
            reason="a link starts with http:// or https:// and has no spaces, quotes or brackets",
            remedy="pass the URL of the release's page",
        )
    changelog = parse(text)
    _check_no_conflict(changelog)
    found = read_release_address(url) if url else None
    bare_version = bare(version)
    return ReleaseEdit(
        changelog=changelog,
        version=bare_version,
        day=day,
        url=url,
        root=root or (found.root if found else None),
        tag=tag or (found.tag if found else _tag_like(changelog, bare_version)),
        previous=previous,
    )


def require_markdown(path: str) -> None:
    """Stop for a changelog in another markup: headings and links in Markdown would damage it.

    Errors: ``changelog-not-markdown``.
    """
    if path.lower().endswith(_OTHER_MARKUP):
        raise Refusal.of(
            "changelog-not-markdown",
            f"`{path}` is not Markdown",
            reason="castoff writes headings, links and notes of releases in Markdown",
            remedy='set `mode = "off"` in `[changelog]`; a command of `version.run`, such as towncrier, can write it',
            file=path,
        )


def only_section(release_edit: ReleaseEdit) -> Section | None:
    """Return the version's section, where there is one.

    Errors: ``changelog-doubled-heading`` with the lines where there are several.
    """
    found = release_edit.changelog.find(release_edit.version)
    if len(found) > 1:
        lines = ", ".join(str(section.line) for section in found)
        raise Refusal.of(
            "changelog-doubled-heading",
            f"`{release_edit.version}` has {len(found)} headings, on lines {lines}",
            reason="castoff cannot know which of the sections is the right one",
            remedy="remove all but one, or let `castoff changelog --doctor --fix` remove the empty ones",
            line=found[1].line,
        )
    return found[0] if found else None


def heading_edits(
    release_edit: ReleaseEdit, section: Section, title: Title, *, link: bool
) -> Iterator[TextEdit]:
    """Make the edits that give a section's own heading its day and, with ``link``, its link."""
    base = section.heading.title_at[0]
    new = title.text
    # The date is written in the form of the file's other dates.
    if title.date is not None:
        start, stop = title.date.at
        new = new[:start] + write_like(title.date.written, release_edit.day) + new[stop:]
    elif title.placeholder_at is not None:
        sample = release_edit.style.sample
        written = sample.date.written if sample and sample.date else None
        start, stop = title.placeholder_at
        new = new[:start] + write_like(written, release_edit.day) + new[stop:]
    else:
        new += release_edit.style.titles.date_suffix(release_edit.day)
    if title.development_at is not None:  # it stands before the day, so its offsets are still true
        start, stop = title.development_at
        new = new[:start] + new[stop:]
    if link and release_edit.link is not None and release_edit.changelog.target(section) is None:
        new = _linked_title(release_edit, new)
    yield TextEdit(base, base + len(title.text), new)
    if section.heading.underline is not None and not release_edit.style.underline:
        lines = release_edit.changelog.blocks.lines
        at = lines.start(section.heading.underline), lines.stop(section.heading.underline)
        yield TextEdit(*at, release_edit.style.underline_sign * max(3, len(new)))


def new_heading(release_edit: ReleaseEdit, *, link: bool) -> str:
    """Write the heading of a section that is not there yet, in the file's style."""
    style = release_edit.style
    target = None
    if style.references:
        target = ""
    elif link and release_edit.link is not None:
        target = release_edit.link
    return style.heading(
        style.title(release_edit.version, release_edit.day, link=target), release_edit.newline
    )


def place_of(release_edit: ReleaseEdit) -> tuple[int, bool]:
    """Return the offset at which a new section belongs by the order of versions, and whether one follows it.

    Errors: ``changelog-heading-unclear`` if a heading that is not understood leaves the place open.
    """
    log, key = release_edit.changelog, order_key(release_edit.version)
    released = [section for section in log.released if not section.pending]
    newest = all(order_key(section.version or "") < key for section in released)
    marked = _marked_place(log, newest=newest)
    if marked is not None:
        return marked, marked < len(log.text)
    if newest:
        require_clear(log)
    return _ordered_place(log, released, key)


def _marked_place(log: Changelog, *, newest: bool) -> int | None:
    """Return the place that a marker names, if headings alone do not."""
    first = log.sections[0] if log.sections else None
    # The marker of cargo-release (`<!-- next-header -->`) only counts for the newest version and without an
    # unreleased section.
    if log.marker is None or not newest or log.unreleased is not None or not log.descending:
        return None
    lines = log.blocks.lines
    below = lines.line_of(log.marker) if log.marker < len(log.text) else len(lines)
    place = lines.start(below + 1) if below < len(lines) and lines.is_blank(below) else log.marker
    if first is None:
        return place
    blocked = any(
        log.blocks.lines.start(one.line - 1) > log.marker for one in unclear_lines(log, marked=False)
    )
    return place if log.marker < first.start and blocked else None


def _ordered_place(log: Changelog, released: list[Section], key: OrderKey) -> tuple[int, bool]:
    # Most files have the newest version first; some are kept the other way round.
    if log.descending:
        for section in released:
            if order_key(section.version or "") < key:
                return section.start, True
        last = released[-1] if released else log.unreleased
        return (last.end, last.end < log.footer) if last else (log.footer, False)
    for section in reversed(released):
        if order_key(section.version or "") < key:
            return section.end, section.end < log.footer
    return (released[0].start, True) if released else (log.footer, False)


def moved_comparisons(release_edit: ReleaseEdit) -> Iterator[TextEdit]:
    """Make the edits that let the unreleased news be compared with this version, where it is the newer one."""
    for comparison in unreleased_comparisons(release_edit.changelog):
        base = version_of_tag(comparison.base)
        if base is not None and order_key(base) < order_key(release_edit.version):
            yield TextEdit(*comparison.base_at, release_edit.tag)
            if release_edit.branch is not None and release_edit.branch != comparison.head:
                yield TextEdit(*comparison.head_at, release_edit.branch)


def unreleased_comparisons(log: Changelog) -> list[ComparisonLink]:
    """Return the comparisons between the last release and a branch that belong to the unreleased news."""
    spans = [(log.unreleased.start, log.unreleased.end)] if log.unreleased else []
    spans += [d.destination_at for d in log.blocks.definitions if is_unreleased(d.label)]
    return [one for start, end in spans for one in find_comparisons(log.text, start, end) if one.to_branch]


def definition_edits(release_edit: ReleaseEdit, *, settle: bool = False) -> Iterator[TextEdit]:
    """Make the edit that defines the link of a heading such as ``[1.2.0]``, where the file links so.

    With ``settle`` a definition that leads to another comparison or page of the same tag, as the cut may have written
    it before the release was out, is changed.
    """
    log = release_edit.changelog
    sample = release_edit.style.sample
    label = (sample.prefix if sample else "") + release_edit.version
    section = next(iter(log.find(release_edit.version)), None)
    if section and section.title and section.title.link and section.title.link.form != "inline":
        label = section.title.link.target
    if release_edit.link is None or not release_edit.style.references:
        return
    standing = log.definitions.get(normal_label(label))
    if standing is not None:
        if (
            settle
            and standing.destination != release_edit.link
            and _leads_to(standing.destination, release_edit.tag)
        ):
            yield TextEdit(*standing.destination_at, release_edit.link)
        return
    line = f"[{label}]: {release_edit.link}"
    at = _definition_place(release_edit)
    if at is not None:
        yield TextEdit(at, at, line + release_edit.newline)
        return
    nl = release_edit.newline
    ended = log.text.endswith(("\n", "\r"))
    start = "" if ended or not log.text else nl
    start += "" if _takes_definition(log) else nl
    yield TextEdit(len(log.text), len(log.text), start + line + (nl if ended else ""))


def _leads_to(destination: str, tag: str) -> bool:
    """Return whether an address is a release's page, or compares it with another."""
    page = read_release_address(destination)
    return any(one.head == tag for one in find_comparisons(destination)) or (
        page is not None and page.tag == tag
    )


def defined_as_before(release_edit: ReleaseEdit) -> str | None:
    """Return the address of a version as the definition of the one before has its own; None where there is none.

    A comparison leads from the tag before, where that is known; the page of a release is known by its tag.
    """
    rows = release_edit.changelog.blocks.definitions
    named = [(order_key(t.version), d.destination) for d in rows if (t := read_title(d.label)) is not None]
    # The nearest older version shows the form that the file uses.
    below = [one for one in named if one[0] < order_key(release_edit.version)]
    if not below:
        return None
    destination = max(below)[1]
    compared = next(find_comparisons(destination), None)
    if compared is not None:
        return (
            f"{compared.root}/compare/{release_edit.previous}...{release_edit.tag}"
            if release_edit.previous
            else None
        )
    page = read_release_address(destination)
    if page is None or not destination.endswith(page.tag):
        return None
    return destination.removesuffix(page.tag) + release_edit.tag


def check_changelog_closed(log: Changelog) -> None:
    """Stop where the changelog leaves a fence or a comment open: the sections after it cannot be seen.

    Errors: ``changelog-open-block`` with the line.
    """
    start = log.sections[-1].start if log.sections else 0
    check_closed(log.text[start:], "the changelog", log.blocks.lines.line_of(start))


def check_untouched(before: Changelog, after: str, version: str) -> None:
    """Stop unless every other section still stands as it stood.

    Errors: ``changelog-would-damage`` with the line of the first section that would change.
    """
    log = parse(after)
    ours = order_key(version)
    old = [section for section in before.released if order_key(section.version or "") != ours]
    new = [section for section in log.released if order_key(section.version or "") != ours]
    for index, section in enumerate(old):
        # Compared as text without outer blanks: only blank lines around a section may change.
        same = index < len(new) and _content(before, section) == _content(log, new[index])
        if not same:
            _refuse_damage(section.heading.title, section.line)
    if len(new) > len(old) or len(log.find(version)) != 1:
        known = {section.heading.title for section in old}
        extra = next((s for s in new if s.heading.title not in known), None)
        _refuse_damage(extra.heading.title if extra else version, extra.line if extra else 1)


def _refuse_damage(title: str, line: int) -> None:
    raise Refusal.of(
        "changelog-would-damage",
        f"the section `{title[:60]}` (line {line}) would change",
        reason="the notes contain a heading, a definition or an open block",
        remedy="change the notes so that none of their headings looks like a release",
        line=line,
    )


def _content(log: Changelog, section: Section) -> tuple[str, str]:
    """Return what a section says; definitions at its end only become the footer when one of them names a version."""
    lines = log.blocks.lines
    defined = {definition.line for definition in log.blocks.definitions}
    end = section.end
    while end > section.body:
        line = lines.line_of(end - 1)
        if line not in defined and not lines.is_blank(line):
            break
        end = lines.start(line)
    return section.heading.title, log.text[section.body : max(end, section.body)].strip()


def _is_address(url: str) -> bool:
    return url.startswith(("https://", "http://")) and not any(c in "<>()[]\"'`\\" or c <= " " for c in url)


def _check_no_conflict(log: Changelog) -> None:
    lines = [line + 1 for line in conflict_lines(log.blocks)]
    if lines:
        raise Refusal.of(
            "changelog-conflict-markers",
            "the changelog has merge conflict markers on "
            + ("line " if len(lines) == 1 else "lines ")
            + ", ".join(map(str, lines[:6])),
            reason="the lines between them belong to two versions of the file",
            remedy="resolve the conflict first",
            line=lines[0],
        )


def _tag_like(log: Changelog, version: str) -> str:
    """Name the tag of a version as the comparison of the unreleased news names the last one."""
    for comparison in unreleased_comparisons(log):
        base = version_of_tag(comparison.base)
        if base is not None and comparison.base.endswith(base):
            return comparison.base[: len(comparison.base) - len(base)] + version
    return version


def _linked_title(release_edit: ReleaseEdit, text: str) -> str:
    title = read_title(text)
    if title is None or release_edit.link is None:
        return text
    if title.link is not None:
        stop = title.link.text_at[1] + 1
        return text if release_edit.style.references else f"{text[:stop]}({release_edit.link}){text[stop:]}"
    start, stop = title.version_at
    target = "" if release_edit.style.references else f"({release_edit.link})"
    return f"{text[:start]}[{text[start:stop]}]{target}{text[stop:]}"


def _definition_place(release_edit: ReleaseEdit) -> int | None:
    """Return the offset of the line before which the version's definition belongs; None for the end."""
    log, key = release_edit.changelog, order_key(release_edit.version)
    lines = log.blocks.lines
    rows = [d for d in log.blocks.definitions if lines.start(d.line) >= log.footer]
    named = [(d, title.version) for d in rows if (title := read_title(d.label)) is not None]
    for definition, version in named:
        if order_key(version) < key:
            return lines.start(definition.line)
    after = [d.line for d, _ in named] or [d.line for d in rows if is_unreleased(d.label)]
    if not after:
        return None
    at = lines.start(max(after) + 1)
    return at if at > lines.stop(max(after)) else None


def _takes_definition(log: Changelog) -> bool:
    """Return whether a definition may follow the last line: a paragraph would swallow it."""
    lines = log.blocks.lines
    last = len(lines) - 1
    return lines.is_blank(last) or any(definition.line == last for definition in log.blocks.definitions)
