"""What becomes of the page that stands on the website?"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal

from castoff.notes.website.pages import Rendered, digest_of

Action = Literal["create", "update", "unchanged", "edited"]

_LONGEST_DIFFERENCE = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
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
    ours = (previous is not None and _same(current, previous)) or _is_sealed(current, page.banner)
    return Decision(
        action="update" if ours else "edited",
        target=page.target,
        text=rendered.text,
        difference=_difference(page.target, current, rendered.text),
    )


def _same(one: str, other: str) -> bool:
    """Compare two pages; a checkout may have changed the line breaks."""
    return one.replace("\r\n", "\n") == other.replace("\r\n", "\n")


def _is_sealed(text: str, banner: str) -> bool:
    """Say whether a page is what castoff wrote, by the digest in its banner."""
    if "{digest}" not in banner:
        return False
    parts = re.split(r"\{(?:url|path|ref|digest)\}", banner.strip("\r\n"))
    names = re.findall(r"\{(url|path|ref|digest)\}", banner)
    pattern = re.escape(parts[0])
    for name, part in zip(names, parts[1:], strict=True):
        pattern += (r"([0-9a-f]{16})" if name == "digest" else r"[^\r\n]{0,500}?") + re.escape(part)
    match = re.search(rf"^{pattern}\r?\n", text, re.MULTILINE)
    if match is None:
        return False
    content = text[: match.start()] + text[match.end() :]
    return match[1] in (digest_of(content), digest_of(content.replace("\r\n", "\n")))


def _difference(name: str, old: str, new: str) -> str:
    before, after = old.splitlines(), new.splitlines()
    names = f"{name} on the website", f"{name} as released"
    if len(before) + len(after) > _LONGEST_DIFFERENCE:
        start = next((n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
        before, after = before[start : start + 200], after[start : start + 200]
    return "\n".join(difflib.unified_diff(before, after, *names, lineterm="")) + "\n"
