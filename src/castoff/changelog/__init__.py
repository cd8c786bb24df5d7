"""The changelog: its sections, the release commit's cut, and the notes of a release put into it.

:func:`parse` reads any of the styles in use, :func:`cut` is what the release commit does, and :func:`port`
what follows the announcement. All of them take text and give text.
"""

from __future__ import annotations

from castoff.changelog.cut import Cut, CutOptions, cut
from castoff.changelog.port import Ported, PortOptions, port
from castoff.changelog.release_edit import require_markdown
from castoff.changelog.sections import Changelog, Section, parse

__all__ = [
    "Changelog",
    "Cut",
    "CutOptions",
    "PortOptions",
    "Ported",
    "Section",
    "cut",
    "parse",
    "port",
    "require_markdown",
]
