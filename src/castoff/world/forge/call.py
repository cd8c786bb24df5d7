"""One request, as a handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

from msgspec import Struct

from castoff.world.forge.access import Actor, require
from castoff.world.forge.answers import Answer, not_found
from castoff.world.forge.fields import Fields
from castoff.world.forge.limits import Limits
from castoff.world.forge.plumbing import BareRepository
from castoff.world.forge.state import State
from castoff.world.messages import Request


class Links(Struct, frozen=True):
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


Item = TypeVar("Item")

# GitHub cuts larger values down without an error, so a client that asks for 500 sees 100.
LARGEST_PAGE = 100
USUAL_PAGE = 30


class Page(Struct, frozen=True):
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
            # Beyond the end, `prev` leads back to the last page that has items.
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
    # An unreadable page is the first one for GitHub, not an error.
    return int(text) if text.isdecimal() and len(text) < 10 else default


class Call(Struct, frozen=True, kw_only=True):
    """One request on its way: what was asked, by whom, and the world that it is asked of.

    ``complaints`` takes what the forge cannot answer although the real service could.
    """

    request: Request
    params: dict[str, str]
    actor: Actor
    state: State
    git: BareRepository
    limits: Limits
    links: Links
    now: datetime
    complaints: list[str]

    def require(self, level: str) -> None:
        """Refuse the request unless its sender has a level, where the route alone cannot decide it."""
        require(self.actor, level, private=self.state.private, writing=True)

    def fields(self) -> Fields:
        """Read the JSON object in the body."""
        return Fields.parse(self.request.body)

    def asked(self, name: str, default: str = "") -> str:
        """Return one value of the query."""
        values = self.request.query.get(name)
        return values[-1] if values else default

    def whole(self, name: str) -> int:
        """Return a number out of the path; what is no number does not exist."""
        text = self.params[name]
        # Ids are 64-bit numbers: a longer one cannot exist, and Python would read it for minutes.
        if not text.isdecimal() or len(text) > 18:
            raise not_found()
        return int(text)

    def paged(
        self, items: Sequence[Item], show: Callable[[Item], object], *, usual: int = USUAL_PAGE
    ) -> Answer:
        """Answer with one page of a list and the Link header."""
        # What a fault holds back is missing in lists alone, so it goes before the pages are cut.
        items = self.state.listed(items)
        page = Page.asked(self.request.query, usual)
        link = page.link(self.here(), self.request.query, len(items))
        return Answer([show(item) for item in page.cut(items)], headers={"Link": link} if link else {})

    def here(self) -> str:
        """Return the address of this list by the repository's number, as GitHub's own links do."""
        prefix = f"/repos/{self.state.slug}".lower()
        path = self.request.path
        if path.lower().startswith(prefix):
            # Clients must follow Link as it is: a name built from it would break after a rename.
            path = f"/repositories/{self.links.repository_id}{path[len(prefix) :]}"
        return self.links.api + escaped(path)
