"""Rendering of the page: the template with every text escaped, and the draft as the forge renders it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from castoff.cli.page.view import WORDS, View

_FOLDER = Path(__file__).parent


def render_page(view: View, *, live: bool) -> str:
    """Return the page; a ``live`` one loads its script from the server, another one needs none."""
    return _template().render(view=view, words=WORDS, live=live)


def render_draft(text: str) -> str:
    """Render Markdown by GitHub's own parser, without anything that could run; empty if there is nothing to show.

    Images are left out, since the page loads nothing from elsewhere; mentions and numbers of pull requests become links
    only on the forge.
    """
    import nh3
    from readme_renderer.markdown import render

    rendered = render(text, variant="GFM") if text.strip() else ""
    # Cleaned again by a parser, not by a pattern: an attribute may hold what looks like the end of a tag.
    return nh3.clean(rendered or "", tags=nh3.ALLOWED_TAGS - {"img"}, attribute_filter=_kept)


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Drop the links of headings to themselves: they have no text that could be read aloud."""
    return None if (tag, attribute) == ("a", "href") and value.startswith("#") else value


def asset(name: str) -> bytes:
    """Return the style or the script of the page."""
    return (_FOLDER / name).read_bytes()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html")
