"""Positions of the parts of a Markdown text, to the character.

Structure comes from a CommonMark parser; positions are offsets into the text as it was given, so that an
edit touches what it means to touch and no other byte.
"""

from __future__ import annotations

from castoff.text.markdown.blocks import Blocks, Definition, Heading, LineRange, Lines, read_blocks
from castoff.text.markdown.inline import Span, TextEdit, apply_edits, find_spans

__all__ = [
    "Blocks",
    "Definition",
    "Heading",
    "LineRange",
    "Lines",
    "Span",
    "TextEdit",
    "apply_edits",
    "find_spans",
    "read_blocks",
]
