"""A changelog with a published release ported into it: text in, text out."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from castoff.changelog import Ported, PortOptions, Section, parse, port
from castoff.ports import ForgeRelease
from castoff.values import replace


class ReleasePortOptions(Struct, frozen=True, kw_only=True):
    """Options with which a release is ported.

    ``news`` is the text that the release commit cut into the section, None where it cut none; ``day`` is the day
    that it wrote there.
    """

    version: str
    tag: str
    previous: str | None = None
    contributors: Literal["drop", "keep"] = "drop"
    news: str | None = None
    day: date | None = None
    milestone_url: str | None = None
    replace: bool = False


def port_release(text: str, release: ForgeRelease, options: ReleasePortOptions) -> Ported:
    """Port a published release; its symbol links are taken over, references that wait for theirs stay code.

    Errors: those of :func:`castoff.changelog.port`.
    """
    from castoff.notes.links import link_symbols

    body = link_symbols(release.body, None).text
    day = options.day or (release.published_at or release.created_at)
    upgraded = _with_links(text, options.version, body)
    ported = port(
        upgraded,
        options.version,
        body,
        release.url,
        "" if day is None else day.strftime("%Y-%m-%d"),
        PortOptions(
            contributors=options.contributors,
            milestone_url=options.milestone_url,
            news=options.news,
            replace=options.replace,
            tag=options.tag,
            previous=options.previous,
        ),
    )
    if ported.outcome == "by-hand":
        return replace(ported, text=text)
    if ported.outcome == "unchanged" and ported.text != text:
        return replace(ported, outcome="filled")
    return ported


def cut_by(text: str | None, before: str | None, version: str) -> tuple[str | None, date | None]:
    """Return the news and the day that a release commit wrote into its changelog.

    ``text`` is the file at the release commit, ``before`` at its parent. A section that stood there before was
    written by a person, and so holds no news of castoff's cutting.
    """
    section = _section(text, version)
    if text is None or section is None:
        return None, None
    earlier = _section(before, version)
    if earlier is not None and not earlier.pending:
        return None, section.date
    return text[section.body : section.end], section.date


def _with_links(text: str, version: str, body: str) -> str:
    from castoff.notes.links.text import carry_links, links_in

    links, section = links_in(body), _section(text, version)
    if section is None or not links:
        return text
    held = text[section.body : section.end]
    return text[: section.body] + carry_links(held, links) + text[section.end :]


def _section(text: str | None, version: str) -> Section | None:
    found = parse(text).find(version) if text is not None else ()
    return found[0] if len(found) == 1 else None
