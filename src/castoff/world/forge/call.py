"""One request, as a handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from castoff.world.forge.access import Actor, require
from castoff.world.forge.answers import Answer, not_found
from castoff.world.forge.fields import Fields
from castoff.world.forge.limits import Limits
from castoff.world.forge.links import Links, escaped
from castoff.world.forge.paging import USUAL_PAGE, Page
from castoff.world.forge.plumbing import BareRepository
from castoff.world.forge.state import State
from castoff.world.messages import Request

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
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
        if not text.isdecimal() or len(text) > 18:
            raise not_found()
        return int(text)

    def paged(
        self, items: Sequence[Item], show: Callable[[Item], object], *, usual: int = USUAL_PAGE
    ) -> Answer:
        """Answer with one page of a list and the Link header."""
        items = self.state.listed(items)
        page = Page.asked(self.request.query, usual)
        link = page.link(self.here(), self.request.query, len(items))
        return Answer([show(item) for item in page.cut(items)], headers={"Link": link} if link else {})

    def here(self) -> str:
        """Return the address of this list by the repository's number, as GitHub's own links do."""
        prefix = f"/repos/{self.state.slug}".lower()
        path = self.request.path
        if path.lower().startswith(prefix):
            path = f"/repositories/{self.links.repository_id}{path[len(prefix) :]}"
        return self.links.api + escaped(path)
