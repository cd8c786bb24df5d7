"""Symbol links: short references in the notes become links into the built documentation.

``[[Api::patch]]`` becomes a link where the inventory of the built documentation knows the symbol once. Until
then it is written as code between double backticks, which reads the same as any other code and is found again
later: :func:`link_symbols` turns it into the link, once, in the release and in the changelog alike.
"""

from __future__ import annotations

from castoff.notes.links.inventory import (
    Inventory,
    Resolution,
    Symbol,
    read_objects_inventory,
    read_rustdoc_item,
    read_rustdoc_items,
    resolve,
)
from castoff.notes.links.text import (
    LinkedText,
    Reference,
    Unresolved,
    find_references,
    link_symbols,
    pages_needed,
)

__all__ = [
    "Inventory",
    "LinkedText",
    "Reference",
    "Resolution",
    "Symbol",
    "Unresolved",
    "find_references",
    "link_symbols",
    "pages_needed",
    "read_objects_inventory",
    "read_rustdoc_item",
    "read_rustdoc_items",
    "resolve",
]
