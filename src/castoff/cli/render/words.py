"""Numbers, durations and lists as people read them."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

import click

from castoff.redaction import plain
from castoff.regexes import regex

_LETTER = regex(r"\x1b\[[0-9;]*m|\S")
"""A change of colour, or a character that is not white space."""


def safe(text: str) -> str:
    """Make a text from anywhere one harmless line."""
    return " ".join(plain(text).split("\n"))


MANY = 12
"""As many entries of a list are shown; the rest is counted."""


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str], most: int = MANY) -> str:
    """Return the first words of a list, and how many more there are."""
    shown = ", ".join(safe(word) for word in words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


def duration(seconds: float) -> str:
    """Return a rough length of time."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def short_duration(seconds: float) -> str:
    """Return a length of time that was measured, below ten seconds with a tenth."""
    return f"{seconds:.1f} s" if seconds < 9.95 else duration(seconds)


def show(text: str = "", *, hang: int = 2, err: bool = False) -> None:
    """Print a line; on a terminal, one that is too wide is broken between words, with ``hang`` spaces before the rest.

    A pipe gets whole lines, as `grep` wants them.
    """
    if (sys.stderr if err else sys.stdout).isatty():
        text = wrapped(text, shutil.get_terminal_size().columns, hang)
    click.echo(text, err=err)


def wrapped(text: str, width: int, hang: int) -> str:
    """Break lines between words; what would be copied (paths, options, codes) stays whole.

    Colours take no width.
    """
    lines = click.unstyle(text).split("\n")
    broken = "\n".join(
        textwrap.fill(
            line,
            width,
            subsequent_indent=" " * (len(line) - len(line.lstrip(" ")) + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines
    )
    return broken if click.unstyle(text) == text else _coloured_again(broken, text)


def _coloured_again(broken: str, text: str) -> str:
    """Put the colours of ``text`` into the same words with other white space between them."""
    letters = iter(_LETTER.findall(text))
    whole: list[str] = []
    for letter in broken:
        if letter.isspace():
            whole.append(letter)
            continue
        for one in letters:
            whole.append(one)
            if one == letter:
                break
    return "".join([*whole, *letters])
