"""Which changes deserve a word of their own before the generated list?

Big features, big fixes, changes of the interface with their samples, and thanks to the people. It is a proposal for
an editor, never a text to be published unseen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from castoff.model.changes import Change
from castoff.notes.contributors import Contributor, thanks
from castoff.notes.descriptions import Description, read_description
from castoff.notes.fences import closed
from castoff.notes.kinds import KindLabels, kind_of_title
from castoff.notes.render import one_line

Role = Literal["feature", "fix", "interface"]
LABELS = frozenset(("highlight", "highlights", "release-highlight"))

_BIG = 400
_BREAKING_TITLE = re.compile(r"[a-zA-Z]{1,12}(?:\([^()]{0,60}\))?!:")
_BREAKING_LABEL = re.compile(
    r"(?:^|[^a-z])breaking(?:[^a-z]|$)|(?:^|[^a-z])(?:semver|bump)[^a-z]?major", re.I
)
_REVERT = re.compile(r'revert[: "]', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A change that is proposed; ``text`` is Markdown from its description, ``reasons`` say why it is here."""

    number: int
    role: Role
    title: str
    url: str
    text: str
    reasons: tuple[str, ...]
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
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
) -> Proposal:
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
    found.sort(key=lambda highlight: (-highlight.score, highlight.number))
    return Proposal(
        news=news.strip("\n"),
        features=tuple(h for h in found if h.role == "feature")[:most],
        fixes=tuple(h for h in found if h.role == "fix")[:most],
        interface=tuple(h for h in found if h.role == "interface"),
        thanks=thanks(people),
    )


def render(proposal: Proposal) -> str:
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
