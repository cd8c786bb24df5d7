"""Links in a changelog: issue numbers, and comparisons of two versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from msgspec import Struct

from castoff.changelog.order import VERSION, bare
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Span, TextEdit, find_spans
from castoff.text.markdown.inline import normal_label

# GitHub's own rule for references: not within words, addresses, other links or code; seven digits at most.
_NAKED = regex(r"(?<![\w/&#.@=\[\\-])#([1-9]\d{0,6})\b(?![\w-])")
_NUMBERED = regex(r"#([1-9]\d{0,6})")
_LINKED = regex(
    r"(?P<root>https?://[^\s/]+/[^\s]+?)/(?:-/)?(?P<kind>issues|pulls?|merge_requests)/(?P<number>[1-9]\d{0,6})/?(?:[#?][^\s]*)?"
)


class Naked(Struct, frozen=True):
    """An issue number without a link: the number and where it stands."""

    number: int
    start: int
    end: int


class IssueLink(Struct, frozen=True):
    """A link to an issue or a pull request: ``numbered`` where its text is the number, ``[#12](...)``."""

    number: int
    kind: str
    root: str
    span: Span
    numbered: bool


def all_spans(blocks: Blocks) -> Iterator[Span]:
    """Return the spans of every paragraph and heading, in order."""
    labels = frozenset(normal_label(definition.label) for definition in blocks.definitions)
    lines = blocks.lines
    for span in blocks.prose:
        end = lines.stop(min(span.end, len(lines)) - 1)
        yield from find_spans(blocks.text, lines.start(span.start), end, labels)


def naked_references(blocks: Blocks, spans: Iterable[Span]) -> Iterator[Naked]:
    """Find the issue numbers that stand in plain text: no code, link, image, tag or address."""
    lines = blocks.lines
    taken = iter(sorted((span.start, span.end) for span in spans))
    current = next(taken, None)
    for prose in blocks.prose:
        start, end = lines.start(prose.start), lines.stop(min(prose.end, len(lines)) - 1)
        for match in _NAKED.finditer(blocks.text, start, end):
            while current is not None and current[1] <= match.start():
                current = next(taken, None)
            if current is None or match.end() <= current[0]:
                yield Naked(int(match[1]), *match.span())


def linked_references(blocks: Blocks, spans: Iterable[Span]) -> Iterator[IssueLink]:
    """Find the links to issues and pull requests, bare addresses included."""
    # References may be defined anywhere in the file, most often at its end.
    destinations = {normal_label(d.label): d.destination for d in blocks.definitions}
    for span in spans:
        target = span.destination or destinations.get(normal_label(span.label or ""), "")
        # Bounded: the expression backtracks, and nobody writes such an address.
        match = _LINKED.fullmatch(target) if len(target) < 1000 else None
        if match is None or span.kind not in ("link", "autolink", "url"):
            continue
        text = blocks.text[span.text_at[0] : span.text_at[1]]
        numbered = _NUMBERED.fullmatch(text.strip())
        yield IssueLink(
            number=int(match["number"]),
            kind=match["kind"],
            root=match["root"],
            span=span,
            numbered=span.kind == "link" and numbered is not None and numbered[1] == match["number"],
        )


def link_references(blocks: Blocks, root: str, pulls: frozenset[int] = frozenset()) -> list[TextEdit]:
    """Make the edits that link the naked numbers of a text to the repository at ``root``.

    ``pulls`` are numbers known to be pull requests; those that the text itself links as such count too.
    """
    spans = list(all_spans(blocks))
    # GitHub redirects `/issues/12` to a pull request, so a wrong guess still leads there.
    known = pulls | {one.number for one in linked_references(blocks, spans) if one.kind in ("pull", "pulls")}
    return [
        TextEdit(one.start, one.end, f"[#{one.number}]({reference_address(root, one.number, known)})")
        for one in naked_references(blocks, spans)
    ]


def reference_address(root: str, number: int, pulls: frozenset[int] | set[int]) -> str:
    """Return the address of an issue or, where it is known to be one, of a pull request."""
    return f"{root}/{'pull' if number in pulls else 'issues'}/{number}"


_ADDRESS = regex(r"https?://[^\s<>()\[\]\"`]++")
_TAG = regex(rf"(?P<prefix>(?:[\w@.-]{{1,80}}?[-/_@])?)(?P<version>[vV]?{VERSION})")
_BRANCHES = {"main", "master", "head", "develop", "dev", "trunk", "next", "devel", "default"}
_LINE = regex(r"(?:[\w.-]{1,80}[/_-])?[vV]?\d{1,9}(?:\.\d{1,9}){0,2}\.x")
"""A maintenance branch, such as ``1.0.x`` or ``release/2.x``; no tag ends so."""


class ComparisonLink(Struct, frozen=True, kw_only=True):
    """A link ``root/compare/BASE...HEAD``, with the offsets of the whole, of the base and of the head."""

    at: tuple[int, int]
    root: str
    base: str
    base_at: tuple[int, int]
    head: str
    head_at: tuple[int, int]

    @property
    def to_branch(self) -> bool:
        """Return whether the comparison runs to a branch, and so keeps changing."""
        return self.head.lower() in _BRANCHES or _LINE.fullmatch(unquote(self.head)) is not None


def find_comparisons(text: str, start: int = 0, end: int | None = None) -> Iterator[ComparisonLink]:
    """Find every comparison in a stretch of text."""
    for match in _ADDRESS.finditer(text, start, len(text) if end is None else end):
        # What ends a sentence is no part of an address, as GitHub links it.
        address = match[0].rstrip("?!.,:*_~';")
        root, mark, tail = address.partition("/compare/")
        base, dots, head = tail.partition("..")
        if not (mark and dots and base and head.lstrip(".")):
            continue
        at = match.start() + len(root) + len(mark)
        # Two dots or three: both are comparisons on GitHub.
        head_from = at + len(base) + 2 + (len(head) - len(head.lstrip(".")))
        yield ComparisonLink(
            at=(match.start(), match.start() + len(address)),
            root=root,
            base=base,
            base_at=(at, at + len(base)),
            head=head.lstrip("."),
            head_at=(head_from, match.start() + len(address)),
        )


def version_of_tag(tag: str) -> str | None:
    """Return the version that a tag names (``v1.2.0``, ``name-1.2.0``, ``name/v1.2.0``); None for other names."""
    match = _TAG.fullmatch(unquote(tag)) if len(tag) <= 200 else None
    return bare(match["version"]) if match else None


def project_of_tag(tag: str) -> str:
    """Return what stands before the version in a tag, without the mark between."""
    match = _TAG.fullmatch(unquote(tag)) if len(tag) <= 200 else None
    return match["prefix"].rstrip("-/_@") if match else ""


class ReleaseAddress(Struct, frozen=True):
    """What the address of a release says: the repository's address and the tag."""

    root: str
    tag: str


def read_release_address(url: str) -> ReleaseAddress | None:
    """Read the address of a release on a forge (GitHub, Forgejo, Gitea: ``root/releases/tag/TAG``; GitLab)."""
    # The first that occurs: GitHub, Forgejo and Gitea first, then GitLab's.
    for mark in ("/releases/tag/", "/-/releases/", "/-/tags/", "/src/tag/", "/tree/"):
        root, found, tag = url.partition(mark)
        if found and tag and root.startswith(("https://", "http://")):
            return ReleaseAddress(root, unquote(tag.split("#", 1)[0].split("?", 1)[0].strip("/")))
    return None
