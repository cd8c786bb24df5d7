"""The website: pages of the workspace as they read in the website's repository.

:func:`render_pages` makes the pages from the text at the released ref; :func:`decide` says what becomes of the
page that is there, and keeps what somebody wrote on the site by hand.
"""

from __future__ import annotations

from castoff.notes.website.deciding import Decision, decide
from castoff.notes.website.pages import Rendered, render_page, render_pages
from castoff.notes.website.rules import DEFAULT_BANNER, HeadingRule, Origin, Page
from castoff.notes.website.targets import Missing

__all__ = [
    "DEFAULT_BANNER",
    "Decision",
    "HeadingRule",
    "Missing",
    "Origin",
    "Page",
    "Rendered",
    "decide",
    "render_page",
    "render_pages",
]
