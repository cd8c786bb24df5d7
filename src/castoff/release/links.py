"""Links to what was released: each package, the tag, the release, the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from castoff.model.addresses import forge_address
from castoff.model.observations import Present
from castoff.ports import DocsBuild, ForgeIssue
from castoff.postrelease.docs import DocsLook
from castoff.reconcile import StageState
from castoff.session.release import Release
from castoff.session.services import Services

What = Literal["package", "tag", "release", "documentation", "issue", "changelog", "website"]


class Link(Struct, frozen=True, kw_only=True):
    """One thing that is out, and its page."""

    what: What
    name: str
    url: str


def links_of(services: Services, release: Release, states: Sequence[StageState]) -> tuple[Link, ...]:
    """Return the links in the order in which a release makes what they lead to; only what is there is linked."""
    seen = {state.stage.name: state for state in states}
    found = [
        *_packages(services, release, seen.get("publish")),
        *_tag(services, release, seen.get("tag")),
        *_of_stage(seen.get("announce") or seen.get("draft"), "release", release.title),
        *_of_stage(seen.get("changelog"), "changelog", release.title),
        *_documentation(seen.get("docs")),
        *_of_stage(seen.get("website"), "website", release.title),
    ]
    return tuple(dict.fromkeys(found))


def _packages(services: Services, release: Release, state: StageState | None) -> Iterator[Link]:
    out = {part.name: part for part in state.parts} if state is not None else {}
    for wave in release.waves:
        for name in wave:
            package = release.workspace.package(name)
            part = out.get(package.id)
            if part is None or not any(isinstance(one.answer, Present) for one in part.seen):
                continue
            version = release.native(package)
            url = services.registry(package.ecosystem).url(package, version)
            if url is not None:
                yield Link(what="package", name=package.id, url=url)


def _tag(services: Services, release: Release, state: StageState | None) -> Iterator[Link]:
    address = forge_address(release.remote_url, services.environment)
    if address is not None and state is not None and state.state == "done":
        url = f"{address.web_url}/{address.slug}/tree/{quote(release.tag, safe='')}"
        yield Link(what="tag", name=release.tag, url=url)


def _of_stage(state: StageState | None, what: What, name: str) -> Iterator[Link]:
    for part in state.parts if state is not None else ():
        for one in part.seen:
            if isinstance(one.answer, Present) and one.answer.url and one.id != "release":
                yield Link(what=what, name=name, url=one.answer.url)


def _documentation(state: StageState | None) -> Iterator[Link]:
    for part in state.parts if state is not None else ():
        if isinstance(part.look, DocsLook):
            build, issue = part.look.build, part.look.issue
            if isinstance(build, DocsBuild) and build.state != "queued":
                yield Link(what="documentation", name=part.name, url=build.url)
            if isinstance(issue, ForgeIssue):
                yield Link(what="issue", name=part.name, url=issue.url)
