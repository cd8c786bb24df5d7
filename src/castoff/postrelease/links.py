"""The part that links symbols in the release's text to the documentation that was built.

A reference that cannot be linked yet is written as code. When all builds have ended, references become
links, once; what the documentation does not know stays code and is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Off, Outcome, Person, Unclear, Wait, only_if
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import DocsBuild, DocsHost, Forge, ForgeRelease, NewRelease
from castoff.postrelease.changelog import published
from castoff.postrelease.docs import LOOK_AGAIN, Documented
from castoff.reconcile.part import Seen, wait_for
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.notes.links import Inventory, Symbol, Unresolved

LINK = Act(id="docs:links", stage="docs", target="the symbols in the release's text", undo="free")
# A bound on requests: a text that names more than so many items is no release note.
_PAGES = 50
_LATER = only_if("if the text names symbols", (LINK,))


class LinksLook(Struct, frozen=True, kw_only=True):
    """The release, None where it is not announced, and its text with the links that could be made.

    ``unknown`` is an answer that is missing; ``pending``: builds are running, so that links may follow.
    """

    release: ForgeRelease | None = None
    text: str = ""
    unknown: Unknown | None = None
    problem: Problem | None = None
    unresolved: tuple[Unresolved, ...] = ()
    pending: bool = False


class WriteLinks(Act, frozen=True, kw_only=True):
    """A new text of the release, in place of the one that was read."""

    beside = Act.beside | {"before", "text"}

    before: str
    text: str


def _link(release: ForgeRelease, text: str) -> WriteLinks:
    return WriteLinks(
        id=LINK.id, stage=LINK.stage, target=LINK.target, undo=LINK.undo, before=release.body, text=text
    )


class LinksPart(Struct, kw_only=True):
    """The symbol links of one release; ``documented`` has the facade's documentation first.

    ``drafted`` tells whether a release is expected on the forge at all.
    """

    tag: str
    forge: Forge
    host: DocsHost
    documented: Sequence[Documented]
    drafted: bool = True
    name: str = "links"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> LinksLook:
        """Read the release; only where it has references, ask the documentation host too."""
        from castoff.notes.links import find_references, link_symbols

        release = published(self.forge, self.tag)
        if release is None or isinstance(release, Unknown):
            return LinksLook(unknown=release)
        seen = LinksLook(release=release, text=release.body)
        # Most texts name no symbol, and then the documentation host is not asked at all.
        if not find_references(release.body):
            return seen
        try:
            inventory = self._inventory(release.body)
        except CastoffError as error:
            return replace(seen, problem=error.problems[0])
        if isinstance(inventory, Unknown):
            return replace(seen, unknown=inventory)
        linked = link_symbols(release.body, inventory)
        return replace(seen, text=linked.text, unresolved=linked.unresolved, pending=inventory is None)

    def decide(self, seen: LinksLook) -> Decision:
        """Write the text once it differs."""
        if seen.unknown is not None:
            return wait_for(seen.unknown, _LATER)
        if seen.release is None:
            if not self.drafted:
                return Off("`draft.by` is off, and the forge has no release with symbols to link")
            return Person((), "symbols are linked when the release is announced", later=_LATER)
        if seen.problem is not None:
            return Blocked(seen.problem)
        if seen.text != seen.release.body:
            return Do((_link(seen.release, seen.text),))
        if seen.pending:
            reason = "symbols are linked when the documentation is built"
            return Wait(reason=reason, seconds=LOOK_AGAIN, later=_LATER)
        return Done()

    def describe(self, seen: LinksLook) -> Seen:
        """Show whether the release's text has its links."""
        if seen.unknown is not None or seen.release is None:
            return (Observation(id="links", answer=seen.unknown or Absent()),)
        there = Present(url=seen.release.url)
        if seen.problem is not None:
            return (Observation(id="links", answer=there, state="unfit"),)
        is_linked = seen.text == seen.release.body and not seen.pending
        return (Observation(id="links", answer=there if is_linked else Absent()),)

    def act(self, act: Act) -> Outcome:
        """Write the release's text, where nobody changed it since it was read."""
        assert isinstance(act, WriteLinks)
        now = published(self.forge, self.tag)
        # The forge has no conditional update, so the text is compared right before it is replaced.
        if now is None or isinstance(now, Unknown) or now.body != act.before:
            return Unclear(reason="the release changed while castoff looked up its symbols")
        return self.forge.update_release(
            now.id,
            NewRelease(
                tag=now.tag,
                name=now.name,
                body=act.text,
                draft=False,
                prerelease=now.prerelease,
                target=now.target,
            ),
        )

    def _inventory(self, body: str) -> Inventory | Unknown | None:
        """Read what all builds document; None while one of them is running, or none succeeded."""
        from castoff.notes.links import Inventory

        builds: list[tuple[Documented, DocsBuild]] = []
        for one in self.documented:
            build = self.host.look(one.name, one.version)
            if isinstance(build, Unknown):
                return build
            builds.append((one, build))
        built = [one for one, build in builds if build.state == "built"]
        # Linking waits for all builds: a symbol that seems unique may have a second one in a later package.
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
        from castoff.notes.links import read_objects_inventory, read_rustdoc_items

        symbols = self.host.symbols(one.name, one.version)
        if isinstance(symbols, Unknown):
            return symbols
        if symbols.kind == "sphinx":
            return read_objects_inventory(symbols.data, symbols.url)
        return read_rustdoc_items(symbols.data.decode("utf-8", "replace"), symbols.package, symbols.url)

    def _with_members(self, body: str, found: Inventory) -> Inventory | Unknown:
        """Read the pages of the items whose methods, variants or fields are meant."""
        from castoff.notes.links import Inventory, find_references, pages_needed, read_rustdoc_item

        members: list[Symbol] = []
        for item in pages_needed(find_references(body), found)[:_PAGES]:
            page = self.host.page(item.url)
            if isinstance(page, Unknown):
                return page
            members.extend(read_rustdoc_item(page, item).symbols)
        return found + Inventory(tuple(members))
