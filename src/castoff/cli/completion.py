"""Completion in the shell: values of arguments, and click's scripts without their faults."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem, FishComplete, ZshComplete, add_completion_class


def complete_level(_context: click.Context, _argument: click.Parameter, begun: str) -> list[str]:
    """Return the levels that begin with what was typed."""
    from castoff.model.versions import LEVELS

    return [level for level in (*LEVELS, "auto") if level.startswith(begun)]


def complete_code(_context: click.Context, _argument: click.Parameter, begun: str) -> list[str]:
    """Return the error codes that begin with what was typed."""
    from castoff.explain import codes

    return [code for code in codes() if code.startswith(begun)]


def complete_version(_context: click.Context, _argument: click.Parameter, begun: str) -> list[str]:
    """Return the released versions that begin with what was typed, the newest first, by the tags of the repository."""
    from castoff.errors import CastoffError
    from castoff.git import Git
    from castoff.git.log import tagged_versions
    from castoff.io.process import Processes

    try:
        found = tagged_versions(Git(Processes(os.environ), Path.cwd()))
        return [one for one in found if one.startswith(begun)]
    except CastoffError:
        # A shell shows what completion prints; outside of a repository there is nothing to offer.
        return []


class Zsh(ZshComplete):
    """The script for zsh; it loads zsh's completion where the start-up file did not (`compdef` is a part of it)."""

    _FIRST = "#compdef %(prog_name)s\n"
    source_template = _FIRST + (
        "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"
        + ZshComplete.source_template.removeprefix(_FIRST)
    )


class Fish(FishComplete):
    """The script for fish; it splits what castoff prints at each comma, so descriptions hold another one."""

    def format_completion(self, item: CompletionItem) -> str:
        """Return one line; U+201A looks like a comma and is none."""
        if item.help:
            item.help = item.help.replace(",", "\N{SINGLE LOW-9 QUOTATION MARK}")
        return super().format_completion(item)


def scripts() -> dict[str, str]:
    """Return the scripts of the shells, by the path below `share/` where each shell looks for them."""
    from click.shell_completion import BashComplete, ShellComplete

    from castoff.cli.main import castoff

    places: dict[str, type[ShellComplete]] = {
        "bash-completion/completions/castoff": BashComplete,
        "zsh/site-functions/_castoff": Zsh,
        "fish/vendor_completions.d/castoff.fish": Fish,
    }
    # `BashComplete.source` runs bash to look at its version, which says nothing about the reader's.
    return {
        path: ShellComplete.source(kind(castoff, {}, "castoff", "_CASTOFF_COMPLETE")).lstrip() + "\n"
        for path, kind in places.items()
    }


def register() -> None:
    """Put these in the place of click's."""
    add_completion_class(Zsh)
    add_completion_class(Fish)
