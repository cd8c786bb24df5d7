"""The git remote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from castoff.model.acts import Outcome
from castoff.model.refs import Refs


class Remote(Protocol):
    """A clone, and the remote that it speaks with: what claim and tag ask and push."""

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags; None where it could not be queried."""
        ...

    def has(self, commit: str) -> bool:
        """Return whether a commit is in the clone."""
        ...

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        """Bring a remote's tags and some branches into the clone; says whether that worked."""
        ...

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Return whether a commit lies in the history of another; False where one of them is not in the clone."""
        ...

    def push(self, url: str, spec: str) -> Outcome:
        """Push one ref, never by force; Refused carries ``push-rejected`` where it is no fast-forward."""
        ...
