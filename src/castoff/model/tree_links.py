"""Symbolic links of a tree, and the folders that they give another name.

Every client follows links to the folders of members (cargo, uv, npm, pnpm, Yarn), also where a link is above them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from castoff.model.scope import folders_above, is_within

_MOST_LINKS = 20  # on one path; git and the clients give up on loops as well


@runtime_checkable
class SymbolicLinks(Protocol):
    """Files among which there are symbolic links."""

    def links(self) -> Mapping[str, str]:
        """Return the target, as it is written, of each symbolic link by its path."""
        ...


class Links(Struct, frozen=True):
    """The symbolic links of a tree: their targets, as written, by path."""

    targets: Mapping[str, str] = {}

    def real(self, folder: str) -> str:
        """Follow the links on the way to a folder, as the clients' globs and git's checkout do."""
        # One link after the other, since the target of a link may lie behind another link.
        for _ in range(_MOST_LINKS if self.targets else 0):
            parts = folder.split("/")
            heads = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
            link = next((head for head in heads if head in self.targets), None)
            if link is None:
                return folder
            rest = folder[len(link) :]
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(link), self.targets[link]) + rest)
        return folder

    def seen(self, folders: Iterable[str]) -> dict[str, str]:
        """Return the names that links give some folders or those above them, each with the folder itself."""
        known = list(folders)
        # Most links lead to files: they are passed over without a look at every folder.
        above = {one for folder in known for one in folders_above(folder)} if self.targets else set()
        found: dict[str, str] = {}
        for link in sorted(self.targets):
            real = self.real(link)
            # A link to a folder above itself has no end; clients pass over what it repeats.
            if real in above and not is_within(link, real):
                found |= {link + one[len(real) :]: one for one in known if is_within(one, real)}
        return found


def links_of(files: object) -> Links:
    """Return the symbolic links of a tree, none if it does not list them."""
    return Links(files.links() if isinstance(files, SymbolicLinks) else {})
