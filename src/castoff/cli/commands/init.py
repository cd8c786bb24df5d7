"""`castoff init`: a castoff.toml with what differs from the defaults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for, path

if TYPE_CHECKING:
    from castoff.release_tools.reading import Left
    from castoff.setup.init import Initial


@click.command("init")
@click.option("--website", type=path, help="Clone of the website's repository to inspect.")
@click.option("--execute", is_flag=True, help="Write the file (default: print it).")
@common_options
def command(common: Common, website: Path | None, execute: bool) -> int:
    """Create a castoff.toml for this workspace, with only what differs from the defaults.

    Reads manifests, tags, .github/release.yml, workflows, the changelog and the configuration of other release tools,
    and lists the settings that it could not take over. Pending change files become news in the changelog. Never
    overwrites an existing castoff.toml.
    """
    from castoff.cli.render.reporter import reporter_for
    from castoff.setup.init import draft_initial, write_initial

    services = open_for(common, reporter_for(common.events, quiet=True))
    initial = draft_initial(services, website)
    if execute:
        initial = write_initial(services, initial)
    _show(common, initial)
    return 4 if initial.problems else 0


def _show(common: Common, initial: Initial) -> None:
    if common.json:
        _show_json(initial)
        return
    from castoff.cli.render.text import show_all
    from castoff.cli.render.words import safe, show

    if initial.difference:
        click.echo(initial.difference)
    elif initial.done == "printed":
        click.echo(initial.drafted.text, nl=False)
    for text in initial.drafted.found:
        show(f"found: {safe(text)}", err=True)
    for need, word in _WORDS.items():
        show_left(word, [one for one in initial.drafted.left if one.need == need])
    _show_news(initial)
    show_all(initial.problems)
    if not initial.difference:
        for_you = initial.done == "not-needed" and (
            bool(initial.problems) or any(one.needs_you for one in initial.drafted.left)
        )
        end = _NO_SETTING if for_you else _ENDS[initial.done]
        if initial.done == "written" and initial.news_written:
            end = f"wrote `{initial.drafted.changelog}` and `castoff.toml`: commit both, then run `castoff plan minor`"
        show(end, err=True)


def show_left(word: str, left: Sequence[Left]) -> None:
    """Show what is not taken over; what has one reason stands together, above it."""
    from castoff.cli.render.words import MANY, safe, show

    by_reason: dict[str, list[Left]] = {}
    for one in left:
        by_reason.setdefault(one.reason, []).append(one)
    for reason, alike in by_reason.items():
        # What a person has to do is listed whole, up to a screen; of the rest, one says enough.
        shown = alike[: MANY if alike[0].needs_you else 1]
        for one in shown:
            show(f"{word}: {safe(one.where)}: {safe(one.what)}", hang=4, err=True)
        if len(alike) > len(shown):
            show(f"    and {len(alike) - len(shown)} more like it (see --json)", err=True)
        show(f"  {safe(reason)}", hang=0, err=True)


def _show_news(initial: Initial) -> None:
    from castoff.cli.render.words import count, show

    drafted = initial.drafted
    if not drafted.news:
        return
    files = count(len(drafted.news), "pending change file")
    if initial.news:
        done = "are now" if initial.news_written else "would be"
        show(
            f"news: the texts of {files} {done} under the unreleased heading of {drafted.changelog}", err=True
        )
    else:
        show(f"news: the texts of {files} are in {drafted.changelog} already", err=True)
    levels = {one.level for one in drafted.news}
    if level := next((one for one in ("major", "minor", "patch") if one in levels), None):
        show(f"news: by these files the next release is `castoff release {level}`", err=True)


def _show_json(initial: Initial) -> None:
    from castoff.cli.render.json_shapes import print_json
    from castoff.cli.render.problems import problem_json

    news = initial.drafted.news
    left = [
        {
            "where": one.where,
            "what": one.what,
            "reason": one.reason,
            "needs_you": one.needs_you,
            "need": one.need,
        }
        for one in initial.drafted.left
    ]
    print_json(
        "init",
        {
            "path": "castoff.toml",
            "done": initial.done,
            "text": initial.drafted.text,
            "difference": initial.difference,
            "found": list(initial.drafted.found),
            "left": left,
            "news": [
                {"path": one.path, "text": one.text, "kind": one.kind, "level": one.level} for one in news
            ],
            "changelog": initial.news,
            "problems": [problem_json(one) for one in initial.problems],
        },
    )


_WORDS = {
    "none": "not needed",
    "decision": "for you",
    "writer": "second writer",
    "removal": "remove",
}
_NO_SETTING = "no `castoff.toml` is needed, but the points above need a decision"
_ENDS = {
    "printed": "nothing was written: pass --execute to write `castoff.toml`",
    "written": "wrote `castoff.toml`: commit it, then run `castoff plan minor`",
    "unchanged": "`castoff.toml` already has this content",
    "not-needed": "no `castoff.toml` is needed: the defaults fit this workspace",
}
