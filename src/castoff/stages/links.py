"""Are the symbols in the release's text linked to the documentation that was built?

A reference that cannot be linked yet stands there as code. When no build is under way any more, references become
links, once; what the documentation does not know stays code and is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from castoff.errors import CastoffError
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Person, Unclear, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.notes.links import (
    Inventory,
    Symbol,
    Unresolved,
    find_references,
    link_symbols,
    pages_needed,
    read_objects_inventory,
    read_rustdoc_item,
    read_rustdoc_items,
)
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.ports_after import DocsBuild, DocsHost
from castoff.stages.changelog import published
from castoff.stages.docs import LOOK_AGAIN, Documented
from castoff.stages.part import Seen

LINK = Act(id="docs:links", stage="docs", target="the symbols in the release's text", undo="free")
_PAGES = 50


@dataclass(slots=True, kw_only=True)
class LinksPart:
    """The symbol links of one release; ``documented`` has the facade's documentation first."""

    tag: str
    forge: Forge
    host: DocsHost
    documented: Sequence[Documented]
    name: str = "links"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    unresolved: tuple[Unresolved, ...] = field(default=(), init=False)
    _release: ForgeRelease | None = field(default=None, init=False)
    _text: str = field(default="", init=False)
    _pending: bool = field(default=False, init=False)
    _error: CastoffError | None = field(default=None, init=False)

    def look(self) -> Seen:
        """Read the release; only where it has references, ask the documentation host too."""
        self.unresolved, self._pending, self._error = (), False, None
        release = published(self.forge, self.tag)
        if release is None or isinstance(release, Unknown):
            return (Observation(id="links", answer=release or Absent()),)
        self._release, self._text = release, release.body
        if not find_references(release.body):
            return (Observation(id="links", answer=Present(url=release.url)),)
        try:
            inventory = self._inventory(release.body)
        except CastoffError as error:
            self._error = error
            return (Observation(id="links", answer=Present(url=release.url, digest="unfit")),)
        if isinstance(inventory, Unknown):
            return (Observation(id="links", answer=inventory),)
        linked = link_symbols(release.body, inventory)
        self._text, self.unresolved, self._pending = linked.text, linked.unresolved, inventory is None
        answer = Present(url=release.url) if self._text == release.body and inventory else Absent()
        return (Observation(id="links", answer=answer),)

    def decide(self, seen: Seen) -> Decision:
        """Write the text once it differs."""
        answer = seen[0].answer
        if isinstance(answer, Unknown):
            return Wait(reason=answer.reason, seconds=answer.retry_after)
        if self._release is None:
            return Person((), "symbols are linked when the release is announced")
        if self._error is not None:
            return Blocked(self._error.problems[0])
        if self._text != self._release.body:
            return Do((LINK,))
        if self._pending:
            return Wait(reason="symbols are linked when the documentation is built", seconds=LOOK_AGAIN)
        return Done()

    def act(self, act: Act) -> Outcome:
        """Write the release's text, where nobody changed it since it was read."""
        before = self._release
        now = published(self.forge, self.tag)
        if before is None or now is None or isinstance(now, Unknown) or now.body != before.body:
            return Unclear(reason="the release changed while its symbols were looked up")
        return self.forge.update_release(
            now.id,
            NewRelease(
                tag=now.tag,
                name=now.name,
                body=self._text,
                draft=False,
                prerelease=now.prerelease,
                target=now.target,
            ),
        )

    def _inventory(self, body: str) -> Inventory | Unknown | None:
        """Read what all builds document; None while one of them is under way, or none succeeded."""
        builds: list[tuple[Documented, DocsBuild]] = []
        for one in self.documented:
            build = self.host.look(one.name, one.version)
            if isinstance(build, Unknown):
                return build
            builds.append((one, build))
        built = [one for one, build in builds if build.state == "built"]
        if not built or any(build.state in ("queued", "building") for _, build in builds):
            return None
        found = Inventory(())
        for one in built:
            listed = self._listed(one)
            if isinstance(listed, Unknown):
                return listed
            found = found + listed
        return self._with_members(body, found)

    def _listed(self, one: Documented) -> Inventory | Unknown:
        symbols = self.host.symbols(one.name, one.version)
        if isinstance(symbols, Unknown):
            return symbols
        if symbols.kind == "sphinx":
            return read_objects_inventory(symbols.data, symbols.url)
        return read_rustdoc_items(symbols.data.decode("utf-8", "replace"), symbols.package, symbols.url)

    def _with_members(self, body: str, found: Inventory) -> Inventory | Unknown:
        """Read the pages of the items whose methods, variants or fields are meant."""
        members: list[Symbol] = []
        for item in pages_needed(find_references(body), found)[:_PAGES]:
            page = self.host.page(item.url)
            if isinstance(page, Unknown):
                return page
            members.extend(read_rustdoc_item(page, item).symbols)
        return found + Inventory(tuple(members))
