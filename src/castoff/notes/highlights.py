"""Changes that deserve a word of their own before the generated list.

Big features, big fixes, changes of the interface with their samples, and thanks to the people. It is a proposal for
an editor, never a text to be published unseen.

Parts of a pull request's description that users of a release should read.
Notices (a `release-note` fence, a section such as "Release notes" or "Migration", an alert) and `diff` fences. The
rest is for reviewers. A description is text from outside: what is taken from it is closed in itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from castoff.model.changes import Change
from castoff.notes.contributors import Contributor, thanks
from castoff.notes.labels import KindLabels, kind_of_title
from castoff.regexes import regex
from castoff.text.fences import OpenBlock, closed
from castoff.text.one_line import one_line

# Descriptions come from outside; GitHub's own limit is below this.
LARGEST_DESCRIPTION = 300_000

_HEADING = regex(r" {0,3}(#{1,6})[ \t]+(.*)")
_TELLING = regex(
    r"(release[ -]?notes?|notices?|highlights?|migration|migrating|upgrad(e|ing)|breaking changes?"
    r"|(public )?(interface|api) changes?|changelog)\b",
    re.IGNORECASE,
)
_BREAKING_HEADING = regex(r"breaking changes?\b", re.IGNORECASE)
_BREAKING = regex(r"^BREAKING[ -]CHANGE: *\S", re.MULTILINE)
_ALERT = regex(r" {0,3}> ?\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)
_FENCE = regex(r" {0,3}(?:`{3,}|~{3,}) *([\w-]*)")
_NOTHING = regex(r"[\s_*`.>-]*(none|n/?a|no|nothing|tbd|todo)?[\s_*`.!-]*", re.IGNORECASE)


class Description(Struct, frozen=True):
    """What a description holds: notices and `diff` fences as Markdown, and whether it says "breaking"."""

    notices: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    is_breaking: bool = False


class _Line(Struct, frozen=True):
    text: str
    inside: bool


def read_description(body: str) -> Description:
    """Read a description; each text that is returned is complete Markdown, with its headings made small."""
    lines = list(_lines(without_comments(body[:LARGEST_DESCRIPTION])))
    sections = [(title, text) for title, text in _sections(lines) if _says_something(text)]
    fences = list(_fences(lines))
    notices = [text for language, text in fences if language == "release-note" and _says_something(text)]
    notices += [text for title, text in sections if _TELLING.match(title)]
    taken = "\n".join(notices)
    notices += [text for text in _alerts(lines) if text not in taken]
    diffs = [f"```diff\n{text}\n```" for language, text in fences if language == "diff" and text.strip()]
    return Description(
        notices=tuple(closed(_small_headings(text)) for text in dict.fromkeys(notices)),
        # Order kept, doubles removed: the same sample is often in a notice and on its own.
        diffs=tuple(dict.fromkeys(diff for diff in diffs if diff not in taken)),
        is_breaking=any(_BREAKING_HEADING.match(title) for title, _ in sections)
        or _BREAKING.search(body[:LARGEST_DESCRIPTION]) is not None,
    )


def without_comments(text: str) -> str:
    """Take HTML comments out; one that is never closed reaches to the end."""
    kept = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start + 4)
        # An unclosed comment hides the rest, as on the forge.
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join([*kept, text[at:]])


def _lines(text: str) -> Iterator[_Line]:
    block = OpenBlock()
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        yield _Line(line, block.takes(line))


def _sections(lines: list[_Line]) -> Iterator[tuple[str, str]]:
    """Yield the title and text of each section that a telling heading opens, up to a heading as high."""
    title, level = "", 7
    collected: list[str] = []
    for line in lines:
        heading = None if line.inside else _HEADING.match(line.text)
        # A deeper heading belongs to the section that is read.
        if heading is not None and len(heading[1]) <= level:
            yield title, "\n".join(collected).strip("\n")
            title, level, collected = heading[2].strip(" #:*"), len(heading[1]), []
            level = level if _TELLING.match(title) else 7
        else:
            collected.append(line.text)
    yield title, "\n".join(collected).strip("\n")


def _fences(lines: list[_Line]) -> Iterator[tuple[str, str]]:
    """Yield language and text of each fence, also of one that is never closed."""
    opened: str | None = None
    text: list[str] = []
    block = OpenBlock()
    for line in lines:
        before = bool(block.fence)
        block.takes(line.text)
        if before and block.fence:
            text.append(line.text)
        elif before:
            yield opened or "", "\n".join(text)
        elif block.fence:
            match = _FENCE.match(line.text)
            opened, text = (match[1].casefold() if match else ""), []
    if block.fence:
        yield opened or "", "\n".join(text)


def _alerts(lines: list[_Line]) -> Iterator[str]:
    text: list[str] | None = None
    for line in [*lines, _Line("", inside=False)]:
        quoted = not line.inside and line.text.lstrip().startswith(">")
        if text is not None and quoted and not _ALERT.fullmatch(line.text):
            text.append(line.text.lstrip()[1:].removeprefix(" "))
            continue
        if text and _says_something("\n".join(text)):
            yield "\n".join(text).strip()
        text = [] if quoted and _ALERT.fullmatch(line.text) else None


def _says_something(text: str) -> bool:
    return _NOTHING.fullmatch(text.strip()[:40]) is None


def _small_headings(text: str) -> str:
    """Make headings smaller, so that they stay below the heading of the highlight (level 3)."""
    result = []
    for line in _lines(text):
        heading = None if line.inside else _HEADING.match(line.text)
        if heading is not None:
            result.append(f"{'#' * min(6, max(4, len(heading[1]) + 1))} {heading[2]}")
        else:
            result.append(line.text)
    return "\n".join(result).strip("\n")


Role = Literal["feature", "fix", "interface"]
LABELS = frozenset(("highlight", "highlights", "release-highlight"))

_BIG = 400
# `feat(scope)!: ...` of Conventional Commits.
_BREAKING_TITLE = regex(r"[a-zA-Z]{1,12}(?:\([^()]{0,60}\))?!:")
_BREAKING_LABEL = regex(r"(?:^|[^a-z])breaking(?:[^a-z]|$)|(?:^|[^a-z])(?:semver|bump)[^a-z]?major", re.I)
_REVERT = regex(r'revert[: "]', re.IGNORECASE)


class Highlight(Struct, frozen=True, kw_only=True):
    """A change that is proposed; ``text`` is Markdown from its description, ``reasons`` say why it is here."""

    number: int
    role: Role
    title: str
    url: str
    text: str
    reasons: tuple[str, ...]
    score: int


class HighlightsProposal(Struct, frozen=True, kw_only=True):
    """What the header could say: the news that were kept by hand come first, the thanks last."""

    news: str = ""
    features: tuple[Highlight, ...] = ()
    fixes: tuple[Highlight, ...] = ()
    interface: tuple[Highlight, ...] = ()
    thanks: str = ""


def propose(
    changes: Sequence[Change],
    kinds: KindLabels,
    *,
    people: Sequence[Contributor] = (),
    news: str = "",
    reverted: Collection[int] = (),
    most: int = 5,
) -> HighlightsProposal:
    """Propose highlights.

    Args:
        changes: what the release holds; ``url`` and ``body`` should be known.
        kinds: which label is of which kind; what is excluded is proposed only with a label of
            :data:`LABELS`.
        people: the contributors, for the thanks.
        news: what the changelog already says about this release, kept by hand; it is carried in as it is.
        reverted: numbers of changes that were taken back.
        most: how many features, and how many fixes, at most. Changes of the interface are all shown.
    """
    found = [h for change in changes if (h := _highlight(change, kinds, reverted)) is not None]
    # Best first; ties by number, so that the proposal is the same on every run.
    found.sort(key=lambda highlight: (-highlight.score, highlight.number))
    return HighlightsProposal(
        news=news.strip("\n"),
        features=tuple(h for h in found if h.role == "feature")[:most],
        fixes=tuple(h for h in found if h.role == "fix")[:most],
        interface=tuple(h for h in found if h.role == "interface"),
        thanks=thanks(people),
    )


def render(proposal: HighlightsProposal) -> str:
    """Write the header as Markdown, ending with one line end; empty where there is nothing to say."""
    blocks = []
    if proposal.news or proposal.features or proposal.fixes:
        blocks.append("## Highlights")
    if proposal.news:
        blocks.append(closed(proposal.news))
    blocks += [_block(highlight) for highlight in (*proposal.features, *proposal.fixes)]
    if proposal.interface:
        blocks.append("## Interface Changes")
        blocks += [_block(highlight) for highlight in proposal.interface]
    if proposal.thanks:
        blocks += ["## Contributors", proposal.thanks]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def link_text(title: str) -> str:
    """Make a title the text of a link: brackets that do not match would end it early."""
    text = one_line(title).strip()
    depth = 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if depth < 0:
            break
    # Balanced brackets may stand in a link's text (CommonMark, "Links"); a backslash at its end would escape
    # the closing one.
    if depth == 0 and not text.endswith("\\"):
        return text
    return re.sub(r"([\[\]\\])", r"\\\1", text)


def _block(highlight: Highlight) -> str:
    title = link_text(highlight.title)
    heading = f"### [{title}]({highlight.url})" if highlight.url else f"### {title} (#{highlight.number})"
    return f"{heading}\n\n{highlight.text}" if highlight.text else heading


def _highlight(change: Change, kinds: KindLabels, reverted: Collection[int]) -> Highlight | None:
    labelled = any(label in LABELS for label in change.labels)
    excluded = any(label in kinds.exclude for label in change.labels)
    if change.number in reverted or _REVERT.match(change.title) or (excluded and not labelled):
        return None
    description = read_description(change.body)
    breaking = _breaking_marks(change, description)
    role = _role(change, kinds, description, bool(breaking))
    reasons = _reasons(change, description, breaking, role)
    if role is None or not reasons or (_is_bot(change) and not labelled and not breaking):
        return None
    return Highlight(
        number=change.number,
        role=role,
        title=change.title,
        url=change.url or "",
        text="\n\n".join((*description.notices, *description.diffs)),
        reasons=reasons,
        score=_score(change, description, labelled=labelled, breaking=bool(breaking)),
    )


def _role(change: Change, kinds: KindLabels, description: Description, breaking: bool) -> Role | None:
    kind = kinds.kind_of(change.labels) or kind_of_title(change.title)
    if breaking or (kind in ("changed", "deprecated", "removed") and description.diffs):
        return "interface"
    match kind:
        case "added" | "changed" | "deprecated" | "removed":
            return "feature"
        case "fixed" | "security":
            return "fix"
        case None:
            return "feature" if description.notices or LABELS & set(change.labels) else None


def _breaking_marks(change: Change, description: Description) -> tuple[str, ...]:
    marks = [f"label `{label}`" for label in change.labels if _BREAKING_LABEL.search(label)]
    if _BREAKING_TITLE.match(change.title):
        marks.append("`!` in its title")
    if description.is_breaking:
        marks.append("its description says that it breaks something")
    return tuple(marks)


def _reasons(
    change: Change, description: Description, breaking: tuple[str, ...], role: Role | None
) -> tuple[str, ...]:
    reasons = [*breaking]
    reasons += [f"label `{label}`" for label in change.labels if label in LABELS or label == "security"]
    if description.notices:
        reasons.append("its description has a notice")
    if description.diffs:
        reasons.append("its description shows a difference")
    size = change.additions + change.deletions
    if size >= _BIG and role is not None:
        reasons.append(f"{size} lines changed")
    return tuple(dict.fromkeys(reasons))


def _score(change: Change, description: Description, *, labelled: bool, breaking: bool) -> int:
    told = 1000 * len(description.notices[:1]) + 500 * len(description.diffs[:1])
    marked = 4000 * labelled + 2000 * breaking + 1500 * ("security" in change.labels)
    return told + marked + min(change.additions + change.deletions, 999)


def _is_bot(change: Change) -> bool:
    return change.is_bot or (change.author or "").endswith("[bot]")
