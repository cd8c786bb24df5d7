"""A tree of files in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Files:
    """The files of a commit, as text by path."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    @property
    def texts(self) -> dict[str, str]:
        """Return a copy of the texts by path."""
        return dict(self._texts)

    def read(self, path: str) -> str | None:
        return self._texts.get(path)

    def paths(self) -> Sequence[str]:
        return sorted(self._texts)
