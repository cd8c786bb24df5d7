"""A file of the workspace as a page of the website."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

from msgspec import Struct

from castoff.changelog.sections import every_heading
from castoff.errors import ConfigurationError, Refusal
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Heading, TextEdit, apply_edits, read_blocks
from castoff.website.rules import HeadingRule, Missing, Origin, Page, link_edits

_LEVEL = regex(r"(#{1,6})[ \t]+")
_LINK = regex(r"\[([^\[\]]*)\]\([^\s()]*\)")
_LONGEST = 1000
_DIGEST = 16


class Rendered(Struct, frozen=True, kw_only=True):
    """A page of the website: its place, its text, how often each rule matched, and links to what is not there.

    ``drops`` and ``headings`` count in the order of the page's own lists.
    """

    page: Page
    text: str
    drops: tuple[int, ...]
    headings: tuple[int, ...]
    missing: tuple[Missing, ...]


def render_pages(pages: Sequence[Page], texts: Mapping[str, str], origin: Origin) -> tuple[Rendered, ...]:
    """Render every page; ``texts`` are the files of the workspace at the released ref.

    Errors: ``website-source-missing``, ``website-rule-unmatched``.
    """
    for page in pages:
        if page.source not in texts:
            raise Refusal.of(
                "website-source-missing",
                f"the page `{page.target}` comes from `{page.source}`, which does not exist",
                reason=f"the workspace at `{origin.ref}` has no such file",
                remedy="correct `from` of the page, or remove the page",
                file=page.source,
            )
    places = {page.source: page.target for page in pages}
    return tuple(render_page(page, texts[page.source], origin, places) for page in pages)


def render_page(page: Page, text: str, origin: Origin, pages: Mapping[str, str]) -> Rendered:
    """Render one page; ``pages`` maps each file that is a page of the site to its place there.

    Errors: ``website-rule-unmatched`` where a rule matched nothing: the file is not what the rule expects.
    """
    # A byte order mark in the middle of a page (after the banner) would be shown as a character.
    text = text.removeprefix("\ufeff")
    blocks = read_blocks(text)
    # Order: sections and links are edited by offsets of the source; headings are rewritten in the result,
    # because a dropped section must not match a heading rule.
    dropped, drops = _dropped(blocks, every_heading(blocks), page.drop)
    moved, missing = link_edits(blocks, page, origin, pages)
    text = apply_edits(text, [*dropped, *moved])
    edits, counts = _rewritten(read_blocks(text), page.headings)
    _check_matched(page, drops, counts)
    return Rendered(
        page=page,
        text=_with_head(apply_edits(text, edits), page, origin, blocks.lines.newline),
        drops=tuple(drops),
        headings=tuple(counts),
        missing=tuple(missing),
    )


def digest_of(text: str) -> str:
    """Return the digest that a banner holds, of the page without its banner."""
    # 64 bits detect edits, not attacks; a longer digest would dominate the banner. `surrogatepass`: JSON of
    # the forge can contain lone surrogates.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def _dropped(
    blocks: Blocks, headings: Sequence[Heading], names: Sequence[str]
) -> tuple[list[TextEdit], list[int]]:
    edits: list[TextEdit] = []
    counts = [0] * len(names)
    for index, heading in enumerate(headings):
        hits = [number for number, name in enumerate(names) if _plain(heading.title) == _plain(name)]
        # A heading in a list or quotation has no section of its own.
        if heading.nested or not hits:
            continue
        stop = _end_of_section(headings, index)
        edits.append(
            TextEdit(blocks.lines.start(heading.line), blocks.lines.start(stop or len(blocks.lines)), "")
        )
        for number in hits:
            counts[number] += 1
    return edits, counts


def _end_of_section(headings: Sequence[Heading], index: int) -> int | None:
    """Return the line on which a section ends; of the page's only title, where its introduction does."""
    level = headings[index].level
    first = next((other.line for other in islice(headings, index + 1, None) if not other.nested), None)
    below = (other for other in islice(headings, index + 1, None) if not other.nested)
    peer = next((other.line for other in below if other.level <= level), None)
    is_title = not any(other.level <= level for other in islice(headings, index))
    return first if is_title and peer is None and first is not None else peer


def _rewritten(blocks: Blocks, rules: Sequence[HeadingRule]) -> tuple[list[TextEdit], list[int]]:
    edits: list[TextEdit] = []
    counts = [0] * len(rules)
    patterns = [_pattern(rule) for rule in rules]
    for heading in every_heading(blocks) if rules else ():
        # Guard: a user's regular expression on a long line can take exponential time.
        if len(heading.title) > _LONGEST:
            continue
        for number, rule in enumerate(rules):
            match = patterns[number].search(_searched(blocks, heading, rule))
            if match is not None:
                counts[number] += 1
                edits += _heading_edits(blocks, heading, match, rule.replace)
                # The first rule that matches wins, so rules never apply to each other's result.
                break
    return edits, counts


def _pattern(rule: HeadingRule) -> re.Pattern[str]:
    try:
        pattern = re.compile(rule.search)
        # `re` checks the replacement only when it is used: a wrong group would raise in the middle of a
        # page.
        pattern.sub(rule.replace, "")  # reads the replacement, whatever is found
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        raise ConfigurationError.of(
            "website-rule-invalid",
            f"the heading rule `{rule.search[:80]}` to `{rule.replace[:80]}` cannot be used",
            reason=str(error)[:200],
            remedy="correct the regular expression or the groups of the replacement",
        ) from None
    return pattern


def _searched(blocks: Blocks, heading: Heading, rule: HeadingRule) -> str:
    """Return what a rule searches: the title, and the underline too where the rule speaks of a line break."""
    if heading.underline is None or ("\\n" not in rule.search and "\n" not in rule.search):
        return heading.title
    return f"{heading.title}\n{blocks.lines[heading.underline].strip()}"


def _heading_edits(
    blocks: Blocks, heading: Heading, match: re.Match[str], replace: str
) -> Iterator[TextEdit]:
    lines = blocks.lines
    new = match.expand(replace)
    rest = heading.title[match.end() :]
    level = _LEVEL.match(new) if match.start() == 0 else None
    start = heading.title_at[0]
    # Without a level in the replacement, the heading keeps its markers, also as a setext heading.
    if level is None:
        yield TextEdit(start + match.start(), min(start + match.end(), heading.title_at[1]), new)
        return
    last = heading.underline if heading.underline is not None else heading.line
    title = f"{level[1]} {new[level.end() :]}{rest}".rstrip()
    yield TextEdit(lines.start(heading.line), lines.stop(last), title)


def _with_head(body: str, page: Page, origin: Origin, newline: str) -> str:
    header = page.header.replace("\r\n", "\n").rstrip("\n").replace("\n", newline)
    rest = body
    front = ""
    # Front matter must be the first bytes of a page (Jekyll, Hugo, Docusaurus), so the banner follows it.
    if header.startswith("---"):
        front, header = header + newline, ""
    elif (matter := re.match(r"---[ \t]*\r?\n.*?\n---[ \t]*\r?\n", body, re.DOTALL)) is not None:
        front, rest = matter[0], body[matter.end() :]
    content = (header + newline if header else "") + rest
    banner = _banner(page, origin, front + content)
    return front + (banner + newline if banner else "") + content


def _banner(page: Page, origin: Origin, content: str) -> str:
    url = origin.address(origin.file_pattern, page.source, origin.branch)
    values = {"{url}": url, "{path}": page.source, "{ref}": origin.ref, "{digest}": digest_of(content)}
    banner = page.banner
    for name, value in values.items():
        banner = banner.replace(name, value)
    return banner.strip("\r\n")


def _plain(title: str) -> str:
    """Return a heading's text as it reads: without links, code marks and emphasis."""
    title = title.lstrip("# ") if title.startswith("#") else title
    return " ".join(_LINK.sub(r"\1", title[:_LONGEST]).replace("`", "").replace("*", "").split())


def _check_matched(page: Page, drops: Sequence[int], counts: Sequence[int]) -> None:
    idle = [f"drop = `{name}`" for name, count in zip(page.drop, drops, strict=True) if not count]
    idle += [
        f"headings.search = `{rule.search}`"
        for rule, count in zip(page.headings, counts, strict=True)
        if not count
    ]
    if idle:
        raise Refusal.of(
            "website-rule-unmatched",
            f"{' and '.join(idle)} of the page `{page.target}` matched nothing in `{page.source}`",
            reason="the page would be published without the change of that rule",
            remedy="correct the rule, or remove it",
            file=page.source,
        )


Action = Literal["create", "update", "unchanged", "edited"]

_LONGEST_DIFFERENCE = 4000


class Decision(Struct, frozen=True, kw_only=True):
    """What to do: write the page, leave it, or stop since somebody edited it on the site.

    ``difference`` goes from what stands there to what castoff would write; "" where nothing is there.
    """

    action: Action
    target: str
    text: str
    difference: str


def decide(rendered: Rendered, current: str | None, previous: str | None = None) -> Decision:
    """Decide about one page; ``current`` is its text on the site, None where it is not there.

    ``previous`` is the page as castoff renders it from the release before. The page may be written over where
    it is that text, or where the digest in its banner is that of its content; else somebody edited it there.
    """
    page = rendered.page
    if current is None:
        return Decision(action="create", target=page.target, text=rendered.text, difference="")
    if _same(current, rendered.text):
        return Decision(action="unchanged", target=page.target, text=current, difference="")
    # Either proof is enough: pages from before the banner have no digest, and a page of an older template
    # has no equal rendering.
    ours = (previous is not None and _same(current, previous)) or _is_sealed(current, page.banner)
    return Decision(
        action="update" if ours else "edited",
        target=page.target,
        text=rendered.text,
        difference=_difference(page.target, current, rendered.text),
    )


def _same(one: str, other: str) -> bool:
    """Compare two pages; a checkout may have changed the line breaks."""
    # `core.autocrlf` in the website's repository changes line breaks, not content.
    return one.replace("\r\n", "\n") == other.replace("\r\n", "\n")


def _is_sealed(text: str, banner: str) -> bool:
    """Return whether a page is what castoff wrote, by the digest in its banner."""
    if "{digest}" not in banner:
        return False
    parts = re.split(r"\{(?:url|path|ref|digest)\}", banner.strip("\r\n"))
    names = re.findall(r"\{(url|path|ref|digest)\}", banner)
    pattern = re.escape(parts[0])
    for name, part in zip(names, parts[1:], strict=True):
        pattern += (r"([0-9a-f]{16})" if name == "digest" else r"[^\r\n]{0,500}?") + re.escape(part)
    match = re.search(rf"^{pattern}\r?\n", text, re.MULTILINE)
    # Somebody removed or changed the banner: the page counts as edited.
    if match is None:
        return False
    content = text[: match.start()] + text[match.end() :]
    return match[1] in (digest_of(content), digest_of(content.replace("\r\n", "\n")))


def _difference(name: str, old: str, new: str) -> str:
    before, after = old.splitlines(), new.splitlines()
    names = f"{name} on the website", f"{name} as released"
    # difflib is quadratic in the worst case (Python's documentation of `difflib`).
    if len(before) + len(after) > _LONGEST_DIFFERENCE:
        start = next((n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
        before, after = before[start : start + 200], after[start : start + 200]
    return "\n".join(difflib.unified_diff(before, after, *names, lineterm="")) + "\n"
