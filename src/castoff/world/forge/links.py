"""Addresses that the forge gives out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of one repository: ``api`` is where the client asked, ``web`` where people look."""

    api: str
    web: str
    slug: str
    repository_id: int

    @property
    def owner(self) -> str:
        """The part of the slug before the slash."""
        return self.slug.partition("/")[0]

    @property
    def name(self) -> str:
        """The part of the slug after the slash."""
        return self.slug.partition("/")[2]

    def repo(self, tail: str = "") -> str:
        """Return an address of the API within the repository."""
        return f"{self.api}/repos/{self.slug}{tail}"

    def page(self, tail: str = "") -> str:
        """Return the address of a page of the repository."""
        return f"{self.web}/{self.slug}{tail}"


def escaped(text: str, *, keep: str = "/") -> str:
    """Escape a name for use in an address."""
    return quote(text, safe=keep, errors="replace")
