"""Pages of REST lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

Item = TypeVar("Item")

LARGEST_PAGE = 100
USUAL_PAGE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """The page that was asked for; numbers out of range are moved into it, as GitHub does."""

    number: int
    size: int

    @classmethod
    def asked(cls, query: dict[str, list[str]], usual: int = USUAL_PAGE) -> Page:
        """Read ``page`` and ``per_page``."""
        number = _whole(query.get("page"), 1)
        size = _whole(query.get("per_page"), usual)
        return cls(max(1, number), min(LARGEST_PAGE, size) if size > 0 else usual)

    def cut(self, items: Sequence[Item]) -> list[Item]:
        """Return the items of this page."""
        return list(items[(self.number - 1) * self.size : self.number * self.size])

    def link(self, url: str, query: dict[str, list[str]], total: int) -> str:
        """Write the Link header: empty where everything fits on one page."""
        last = max(1, -(-total // self.size))
        relations: list[tuple[str, int]] = []
        if self.number > 1:
            relations += [("prev", min(self.number - 1, last))]
        if self.number < last:
            relations += [("next", self.number + 1), ("last", last)]
        if self.number > 1:
            relations += [("first", 1)]
        return ", ".join(f'<{self._at(url, query, page)}>; rel="{name}"' for name, page in relations)

    @staticmethod
    def _at(url: str, query: dict[str, list[str]], page: int) -> str:
        pairs = [(key, value) for key, values in query.items() if key != "page" for value in values]
        return f"{url}?{urlencode([*pairs, ('page', str(page))], errors='replace')}"


def _whole(values: list[str] | None, default: int) -> int:
    text = values[-1] if values else ""
    return int(text) if text.isdecimal() and len(text) < 10 else default
