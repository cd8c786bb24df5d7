"""Which symbols does a text link to, and how does another text with the same references take the links over?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from castoff.notes.links.text import find_references
from castoff.notes.markdown import Edit, apply_edits

_LINKED = re.compile(
    r"\[`([A-Za-z_]\w{0,100}(?:(?:::|\.)[A-Za-z_]\w{0,100}){0,12}(?:\(\)|!)?)`\]\((https?://[^\s()<>]{1,1000})\)"
)


def links_in(text: str) -> Mapping[str, str]:
    """Give the addresses of the symbols that a text links to, by the path as written; the first of each counts."""
    found: dict[str, str] = {}
    for match in _LINKED.finditer(text):
        found.setdefault(match[1], match[2])
    return found


def carry_links(text: str, links: Mapping[str, str]) -> str:
    """Turn references that wait in a text into the links that another text has for them already.

    Only a reference with exactly the same path counts; all others stay as they are.
    """
    edits = [
        Edit(one.start, one.end, f"[`{one.path}`]({links[one.path]})")
        for one in find_references(text)
        if one.path in links
    ]
    return apply_edits(text, edits)
