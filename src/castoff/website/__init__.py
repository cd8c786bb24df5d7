"""The website: pages of the workspace as they read in the website's repository.

:func:`render_pages` makes the pages from the text at the released ref; :func:`decide` says what becomes of the
page that is there, and keeps what somebody wrote on the site by hand.
"""

from __future__ import annotations

from castoff.website.pages import Decision, Rendered, decide, render_page, render_pages
from castoff.website.rules import DEFAULT_BANNER, HeadingRule, Missing, Origin, Page

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
