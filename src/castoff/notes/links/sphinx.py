"""Which symbols does documentation built by Sphinx or MkDocs have?"""

from __future__ import annotations

from importlib import import_module
from urllib.parse import quote, urljoin

from castoff.errors import ConfigurationError, Refusal
from castoff.notes.links.inventory import Inventory, Symbol


def read_objects_inventory(data: bytes, url: str) -> Inventory:
    """Read an ``objects.inv``; ``url`` is the address of the documentation's root, with a slash at its end.

    Terms, labels and pages are no symbols and are left out. Needs the library for that format, which comes
    with an extra.

    Errors: ``links-library-missing``, ``links-inventory-invalid``.
    """
    try:
        library = import_module("sphobjinv")  # only some projects need it
    except ImportError:
        raise ConfigurationError.of(
            "links-library-missing",
            "`objects.inv` cannot be read: the library `sphobjinv` is not installed",
            remedy="install it next to castoff",
        ) from None
    try:
        objects = library.Inventory(zlib=data) if data.startswith(b"# Sphinx inventory version 2") else None
    except Exception as error:
        raise _invalid(str(error)) from error
    if objects is None:
        raise _invalid("it does not begin as one")
    found = [
        Symbol(entry.name, entry.role, urljoin(url, _address(entry.uri_expanded)))
        for entry in objects.objects
        if entry.domain != "std" and entry.name and not entry.name.isspace()
    ]
    return Inventory(tuple(found))


def _address(uri: str) -> str:
    """Encode what would end a Markdown link."""
    return quote(uri, safe="/:#?&=%+~,;@!$*'.-_")


def _invalid(reason: str) -> Exception:
    return Refusal.of(
        "links-inventory-invalid",
        "the documentation's `objects.inv` cannot be read",
        reason=reason[:200],
        remedy="look whether the documentation was built completely",
    )
