"""How is a word coloured? Not at all where `NO_COLOR` is set (no-color.org); click takes colours out of pipes."""

from __future__ import annotations

import os

import click


def styled(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """Give a text in a colour, for terminals whose user did not say no to colours."""
    if os.environ.get("NO_COLOR"):
        return text
    return click.style(text, fg=fg, bold=bold or None)
