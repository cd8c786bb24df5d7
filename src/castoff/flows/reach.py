"""Where can people look at what is out? A link to each package, the tag, the release, the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from castoff.flows.setting import Setting
from castoff.flows.staging import Target
from castoff.model.addresses import forge_address
from castoff.model.observations import Present
from castoff.model.versions import spell
from castoff.reconcile import StageState

What = Literal["package", "tag", "release", "documentation", "issue", "changelog", "website"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing that is out, and its page."""

    what: What
    name: str
    url: str


def links_of(setting: Setting, target: Target, states: Sequence[StageState]) -> tuple[Link, ...]:
    """Give the links in the order in which a release makes what they lead to; only what is there is linked."""
    seen = {state.stage.name: state for state in states}
    found = [
        *_packages(setting, target, seen.get("publish")),
        *_tag(setting, target, seen.get("tag")),
        *_of_stage(seen.get("announce") or seen.get("draft"), "release", target.title),
        *_of_stage(seen.get("changelog"), "changelog", target.title),
        *_documentation(seen.get("docs")),
        *_of_stage(seen.get("website"), "website", target.title),
    ]
    return tuple(dict.fromkeys(found))


def _packages(setting: Setting, target: Target, state: StageState | None) -> Iterator[Link]:
    out = {part.name: part for part in state.parts} if state is not None else {}
    for wave in target.order.waves:
        for name in wave:
            package = target.workspace.package(name)
            part = out.get(package.id)
            if part is None or not any(isinstance(one.answer, Present) for one in part.seen):
                continue
            version = spell(target.claim.version, package.ecosystem)
            url = setting.registry(package.ecosystem).url(package, version)
            if url is not None:
                yield Link(what="package", name=package.id, url=url)


def _tag(setting: Setting, target: Target, state: StageState | None) -> Iterator[Link]:
    address = forge_address(target.remote_url, setting.environment)
    if address is not None and state is not None and state.state == "done":
        url = f"{address.web_url}/{address.slug}/tree/{quote(target.tag, safe='')}"
        yield Link(what="tag", name=target.tag, url=url)


def _of_stage(state: StageState | None, what: What, name: str) -> Iterator[Link]:
    for part in state.parts if state is not None else ():
        for one in part.seen:
            if isinstance(one.answer, Present) and one.answer.url and one.id != "release":
                yield Link(what=what, name=name, url=one.answer.url)


def _documentation(state: StageState | None) -> Iterator[Link]:
    for part in state.parts if state is not None else ():
        for one in part.seen:
            if isinstance(one.answer, Present) and one.answer.url and one.id != "links":
                what: What = "issue" if one.id.startswith(("issue:", "comment:")) else "documentation"
                yield Link(what=what, name=part.name, url=one.answer.url)
