"""Where do the parts of a Markdown text stand, to the character?

Structure comes from a CommonMark parser; positions are offsets into the text as it was given, so that an
edit touches what it means to touch and no other byte.
"""

from __future__ import annotations

from castoff.notes.markdown.blocks import Blocks, Definition, Heading, LineRange, read_blocks
from castoff.notes.markdown.edits import Edit, apply_edits
from castoff.notes.markdown.inline import Span, find_spans
from castoff.notes.markdown.lines import Lines

__all__ = [
    "Blocks",
    "Definition",
    "Edit",
    "Heading",
    "LineRange",
    "Lines",
    "Span",
    "apply_edits",
    "find_spans",
    "read_blocks",
]
