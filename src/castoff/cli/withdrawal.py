"""Confirmation and output of `yank` and `abandon`, which differ in one word only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

from castoff.cli.options import Common, open_for
from castoff.cli.render.problems import line_of, place_of, problem_json, show_together, styled
from castoff.cli.render.reporter import reporter_for
from castoff.cli.render.words import safe, show
from castoff.rollback.withdrawal import Agrees, Withdrawal
from castoff.session.services import Services

Story = Callable[[Services, Agrees], Withdrawal]


def take_back(
    common: Common,
    name: str,
    story: Story,
    *,
    execute: bool,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Carry a story out and show how it ended: 0 all is done (or only shown), 4 something is left for a person."""
    reporter = reporter_for(common.events, quiet=common.json)

    def agrees(found: Withdrawal) -> bool:
        if not execute or not found.acts:
            return False
        if not common.json:
            _show_acts(found)
        # Asked after the acts are shown: yes is an answer to that very list.
        return _asked(common, name)

    ended = story(open_for(common, reporter, environment=environment), agrees)
    reporter.close()
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        print_json(name, withdrawal_json(ended))
    else:
        _show(ended, name, execute=execute)
    # Without `--execute` nothing can be incomplete: the output is the plan.
    return 4 if execute and not ended.is_done else 0


def withdrawal_json(ended: Withdrawal) -> dict[str, object]:
    """Return how taking a version back stands; ``acts`` are those that are left."""
    from castoff.cli.render.json_shapes import acts_json, stages_json

    return {
        "version": ended.version,
        "executed": ended.executed,
        "done": ended.is_done,
        # JSON keeps the old key `burnt`: schema_version 2 is public.
        "burnt": ended.burned,
        "next_free": ended.next_free,
        "acts": acts_json(ended.acts),
        "stages": stages_json(ended.states),
        "limits": list(ended.limits),
        "problems": [problem_json(problem) for problem in (*ended.by_hand, *ended.problems)],
    }


def _asked(common: Common, name: str) -> bool:
    if common.yes:
        return True
    # A prompt without a terminal would wait forever in CI.
    if not common.may_ask:
        show(f"cannot prompt without a terminal; pass --yes to {name} it", err=True)
        return False
    return click.confirm(f"{name} it?", default=False, err=True)


def _show_acts(found: Withdrawal) -> None:
    show(f"{safe(found.version)} is withdrawn by these acts, in this order:", err=True)
    for act in found.acts:
        show(f"  {line_of(act)}", err=True)


def _show(ended: Withdrawal, name: str, *, execute: bool) -> None:
    from castoff.cli.render.text import show_states

    show(styled(safe(ended.version), bold=True))
    show_states(ended.states)
    if not ended.executed and ended.acts:
        show("\nremaining acts, in this order:")
        for act in ended.acts:
            show(f"  {line_of(act)}")
    _show_by_hand(ended)
    show_together(ended.problems)
    if ended.limits:
        show("\nwhat this does not undo:")
        for text in ended.limits:
            show(f"  - {text}")
    if name == "abandon":
        show("\n" + _outlook(ended))
    if not ended.executed and ended.acts:
        show("nothing was done" + ("" if execute else ": pass --execute to act"), err=True)


def _show_by_hand(ended: Withdrawal) -> None:
    """List what only a person can do: one line a package, and once what to do there."""
    if not ended.by_hand:
        return
    show("\nyank these on the registry's site, in this order:")
    for problem in ended.by_hand:
        show(f"  {safe(problem.package or '')}: {place_of(problem)}")
    show(f"  first: {safe(ended.by_hand[0].remedy)}")
    show("  then run the same command again")


def _outlook(ended: Withdrawal) -> str:
    if not ended.burned:
        return f"nothing of {ended.version} was uploaded: the version can be used again"
    free = (
        f"the next free version is {ended.next_free}"
        if ended.next_free
        else "the next free version is unknown"
    )
    return f"{ended.version} is burned: part of it was uploaded; {free}"
