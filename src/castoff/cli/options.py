"""Which options does every command take? They may stand before or after the command's name."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from castoff.flows.setting import Setting
    from castoff.ports import Reporter

P = ParamSpec("P")
R = TypeVar("R")

HALF_A_DAY = 43_200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What was said about the run as a whole."""

    directory: Path | None = None
    json: bool = False
    config: Path | None = None
    events: Path | None = None
    yes: bool = False
    no_input: bool = False
    wait: float | None = None

    def over(self, earlier: Common | None) -> Common:
        """Lay these options over those that stood before the command."""
        if earlier is None:
            return self
        return replace(
            self,
            directory=self.directory or earlier.directory,
            json=self.json or earlier.json,
            config=self.config or earlier.config,
            events=self.events or earlier.events,
            yes=self.yes or earlier.yes,
            no_input=self.no_input or earlier.no_input,
            wait=self.wait if self.wait is not None else earlier.wait,
        )

    @property
    def may_ask(self) -> bool:
        """Say whether a person is there to answer."""
        return not self.no_input and sys.stdin.isatty() and sys.stderr.isatty()


class _Shared(click.Option):
    """An option of every command: the help of each command names it in a line, the help of castoff explains it."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Keep the help of a command short enough for a screen."""
        return super().get_help_record(ctx) if ctx.parent is None else None


_shared = functools.partial(click.option, cls=_Shared)


def common_options(function: Callable[Concatenate[Common, P], R]) -> Callable[P, R]:
    """Give a command the common options, as one value."""

    @_shared("-C", "directory", type=click.Path(path_type=Path), help="Work in this folder.")
    @_shared("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @_shared("--config", type=click.Path(path_type=Path), help="Use this configuration file.")
    @_shared("--events", type=click.Path(path_type=Path), help="Write each event to this file, as NDJSON.")
    @_shared("--yes", is_flag=True, help="Answer every question with yes.")
    @_shared("--no-input", is_flag=True, help="Ask nothing.")
    @_shared(
        "--wait",
        is_flag=False,
        flag_value=HALF_A_DAY,
        type=click.FloatRange(min=0),
        metavar="[SECONDS]",
        help="Wait so long for what is late; half a day where no number follows.",
    )
    @functools.wraps(function)
    def with_options(
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        said = Common(
            directory=_path(kwargs.pop("directory")),
            json=bool(kwargs.pop("as_json")),
            config=_path(kwargs.pop("config")),
            events=_path(kwargs.pop("events")),
            yes=bool(kwargs.pop("yes")),
            no_input=bool(kwargs.pop("no_input")),
            wait=_number(kwargs.pop("wait")),
        )
        earlier = click.get_current_context().find_object(Common)
        return function(said.over(earlier), *args, **kwargs)

    return with_options


def required_level(level: str | None) -> str:
    """Give the level, or say what it may be."""
    from castoff.model.versions import LEVELS

    if level is None:
        raise click.UsageError(f"LEVEL is missing: it is {', '.join(LEVELS)}, or an exact version")
    return level


def open_for(common: Common, reporter: Reporter) -> Setting:
    """Wire a run to the outside."""
    from castoff.wiring import Options, open_setting

    options = Options(directory=common.directory or Path.cwd(), config=common.config, wait=common.wait)
    return open_setting(options, reporter)


def _path(value: object) -> Path | None:
    return value if isinstance(value, Path) else None


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
