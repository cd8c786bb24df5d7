"""Pages that a website's own script pulls from the workspace.

Recognised are calls of a shell function with a file of our repository and a page: `sync owner/name/branch/FILE
PAGE [HEADER]`, and what `sd` then does to headings of that page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct, field

from castoff.ports import Tree
from castoff.regexes import regex
from castoff.release_tools.reading import Left, SettingsEntry
from castoff.setup.shell import Command, commands
from castoff.setup.values import UNKNOWN, Values, without_marks

_FILE = regex(r"(?P<slug>[\w.-]+/[\w.-]+)/(?P<branch>[\w.-]+)/(?P<path>[\w./-]+\.md)")
_PARAGRAPH = regex(r"#+ (?P<first>[^\[\\]+?)\[\\w\\W\]\*(?P<last>#+ [\w .-]+)")
_NAMELESS = (
    "the remote of that clone is not on a supported forge, so the website's repository is unknown: set it "
    "with `git remote set-url origin URL`, and run this again"
)
_SETEXT = regex(r"(?P<title>.+?)\\n(?P<line>[=-]{3,})")


class _Page(Struct):
    """One page as it is pulled over."""

    source: str
    to: str
    header: str = ""
    drop: list[str] = field(default_factory=list)
    headings: list[dict[str, str]] = field(default_factory=list)


def site_entries(
    site: Tree, repository: str | None, slug: str | None
) -> tuple[tuple[SettingsEntry, ...], tuple[Left, ...]]:
    """Return the entries of the website, and what was left of its scripts; ``repository`` is the workspace's name."""
    pages: dict[str, _Page] = {}
    left: list[Left] = []
    for path in site.paths():
        if not path.endswith(".sh"):
            continue
        for command in commands(without_marks(site.read(path) or "")):
            _read(command, path, repository, pages, left)
    if pages and slug is None:
        what = f"the pages {', '.join(f'`{page}`' for page in pages)}"
        left.append(Left(where="the website", what=what, reason=_NAMELESS, need="decision"))
    if not pages or slug is None:
        return (), tuple(left)
    site_of = SettingsEntry(table="website", settings={"repository": slug}, reason="the website's repository")
    return (site_of, *(_entry(page) for page in pages.values())), tuple(left)


def _read(
    command: Command, path: str, repository: str | None, pages: dict[str, _Page], left: list[Left]
) -> None:
    words = [Values().expanded(word)[0] for word in command.words]
    where = f"{path}:{command.line}"
    if words[:1] == ["sd"] and words[-1] in pages and len(words) == 4:
        _rule(words, pages[words[-1]], where, left)
        return
    match = _FILE.fullmatch(words[1]) if len(words) >= 3 else None
    if match is None or UNKNOWN in "".join(words) or not words[2].endswith(".md"):
        return
    if repository is not None and match["slug"].lower() != repository.lower():
        reason = f"it comes from {match['slug']}, another repository"
        left.append(Left(where=where, what=f"the page `{words[2]}`", reason=reason, need="decision"))
        return
    header = words[3].replace("\\n", "\n") if len(words) > 3 else ""
    pages[words[2]] = _Page(source=match["path"], to=words[2], header=header)


def _rule(words: Sequence[str], page: _Page, where: str, left: list[Left]) -> None:
    search, replace = words[1], words[2]
    if (found := _PARAGRAPH.fullmatch(search)) is not None:
        page.drop.append(found["first"].strip())
        page.header = replace.replace("\\n", "\n").removesuffix(found["last"]).strip()
    elif (found := _SETEXT.fullmatch(search)) is not None and replace.startswith("#"):
        title = found["title"].strip("^$")
        ours = re.sub(r"\$\{?(\d)\}?", r"\\\1", replace)
        page.headings.append({"search": f"^{title}$", "replace": ours})
    else:
        what = f"the rule `{search[:60]}` of `{page.to}`"
        left.append(
            Left(where=where, what=what, reason="it is not a rule on headings or sections", need="decision")
        )


def _entry(page: _Page) -> SettingsEntry:
    settings: dict[str, object] = {"from": page.source, "to": page.to}
    if page.header:
        settings["header"] = page.header
    if page.drop:
        settings["drop"] = page.drop
    if page.headings:
        settings["headings"] = page.headings
    return SettingsEntry(
        table="website.pages", settings=settings, reason=f"`{page.to}` is made from it", many=True
    )
