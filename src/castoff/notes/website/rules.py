"""What is asked of a page: where it comes from, where it goes, and what changes on the way?"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_BANNER = "<!-- Generated from {url}: changes must be made there. castoff {digest} -->"
"""The banner of a page that names no other. ``{digest}`` is how edits by hand are found."""


@dataclass(frozen=True, slots=True)
class HeadingRule:
    r"""Rewrite the headings whose text ``search`` (a regular expression) finds.

    ``replace`` comes in place of what was found; ``\1`` and ``\g<name>`` are groups. Where it begins with ``## ``
    or the like, the heading gets that level; else it keeps its own. A search that holds a line break also sees
    the underline of a setext heading, after the title.
    """

    search: str
    replace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: the file in the workspace, the page in the website's repository, and the rules between.

    ``banner`` may hold ``{url}``, ``{path}``, ``{ref}`` and ``{digest}``; "" is none. ``header`` follows it, but
    comes first where it is front matter. ``drop`` names headings whose sections are left out, subsections
    included; of the page's title only the text up to the next heading.
    """

    source: str
    target: str
    banner: str = DEFAULT_BANNER
    header: str = ""
    drop: tuple[str, ...] = ()
    headings: tuple[HeadingRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the pages come from: the repository's address, the released ref, the branch to make changes on.

    ``files`` are the paths that exist at the ref, where they are known. The patterns are GitHub's by default.
    """

    root: str
    ref: str
    branch: str = "main"
    files: frozenset[str] | None = None
    file_pattern: str = "{root}/blob/{ref}/{path}"
    folder_pattern: str = "{root}/tree/{ref}/{path}"
    raw_pattern: str = "{root}/raw/{ref}/{path}"

    def address(self, pattern: str, path: str, ref: str) -> str:
        """Fill a pattern; the path is already encoded."""
        return pattern.replace("{root}", self.root).replace("{ref}", ref).replace("{path}", path)
