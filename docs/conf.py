"""How is the site made from these pages? `nox -s docs` builds it, and takes every warning as an error."""

from __future__ import annotations

from importlib import metadata
from typing import Any

project = "castoff"
author = "The castoff maintainers"
release = metadata.version("castoff")
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
root_doc = "index"
html_theme = "furo"
html_title = "castoff"
myst_heading_anchors = 4
# Shell sessions with real output, diffs that quote others and cut JSON are shown as they are.
suppress_warnings = ["misc.highlighting_failure"]

_PARTS = ("tutorial", "how-to", "reference", "explanation")
_SIDE = """
```{{toctree}}
:hidden:
:glob:
:caption: {caption}

{folder}/**
```
"""


def _add_sides(_app: object, page: str, source: list[str]) -> None:
    """Put every page beside the first one, where a plain reader of the repository sees a list of links instead."""
    if page == root_doc:
        source[0] += "".join(
            _SIDE.format(folder=part, caption=part.replace("-", " ").capitalize()) for part in _PARTS
        )


def setup(app: Any) -> None:
    """Let Sphinx know."""
    app.connect("source-read", _add_sides)
