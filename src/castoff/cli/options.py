"""Options of every command; they may stand before or after the command's name."""

from __future__ import annotations

import errno
import functools
import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Concatenate, NamedTuple, ParamSpec, TypeVar

import click

# `castoff --help` and completion come here: what only a given option needs is imported where it is read.
if TYPE_CHECKING:
    from pathlib import Path

    from castoff.ports import Reporter
    from castoff.session.services import Services


LONGEST_WAIT = 7 * 86_400.0
"""Seconds; a longer wait is a typing error, and no CI job and no token lasts that long."""

_SHOWN = 60


def path(value: str) -> Path:
    """Return a path that the system could have: not empty, no null character, no longer than it takes."""
    from pathlib import Path

    if not value:
        raise click.BadParameter("a path must not be empty")
    try:
        # The operating system decides what a path can be; limits differ between file systems. A missing
        # file is not an error here.
        os.lstat(value)
    except ValueError:
        raise click.BadParameter(f"`{_brief(value)}` has a null character") from None
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EINVAL):
            why = os.strerror(error.errno)
            raise click.BadParameter(f"`{_brief(value)}` cannot be a path: {why}") from None
    return Path(value)


def seconds(value: str | float) -> float:
    """Return a number of seconds to wait, up to a week."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not 0 <= found <= LONGEST_WAIT:  # false for what is not a number
        raise click.BadParameter(
            f"`{_brief(str(value))}` is not a number of seconds from 0 to {LONGEST_WAIT:.0f}"
        )
    return found


def duration(value: str) -> float:
    """Return the seconds of a duration such as `5h30m`, `90m` or `45s`; a number alone counts seconds."""
    # Bounded digits: a number of a thousand digits would take Python minutes to convert.
    found = re.fullmatch(r"(?:(\d{1,3})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s?)?", value)
    hours, minutes, rest = (int(one or 0) for one in found.groups()) if found else (0, 0, 0)
    total = hours * 3600.0 + minutes * 60.0 + rest
    if not 0 < total <= LONGEST_WAIT:
        raise click.BadParameter(
            f"`{_brief(value)}` is not a duration such as 5h30m, 90m or 45s, up to a week"
        )
    return total


def moment(value: str) -> float:
    """Return the seconds from now to a time in RFC 3339, which must lie ahead."""
    from datetime import datetime

    from castoff.io.clock import SystemClock

    try:
        wanted = datetime.fromisoformat(value)
    except ValueError:
        wanted = None
    if wanted is None or wanted.tzinfo is None:
        raise click.BadParameter(f"`{_brief(value)}` is not a time such as 2026-12-01T18:00:00Z")
    left = (wanted - SystemClock().now()).total_seconds()
    if not 0 < left <= LONGEST_WAIT:
        raise click.BadParameter(f"`{_brief(value)}` is not within the next week")
    return left


def digest(value: str) -> str:
    """Return a SHA-256 digest as registries write it: 64 hexadecimal digits in lower case."""
    # People copy digests from `sha256sum`, from an index and from forges, which write the algorithm's name
    # before it.
    found = value.lower().removeprefix("sha256:")
    if len(found) != 64 or not set(found) <= set("0123456789abcdef"):
        raise click.BadParameter(
            f"`{_brief(value)}` is not a SHA-256 digest: copy the 64 digits from the message"
        )
    return found


def endpoint(value: str) -> str:
    """Return the address of an OpenTelemetry collector, with the path that takes traces where it has none."""
    from castoff.text.addresses import split_url

    parts = split_url(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"`{_brief(value)}` is not an http or https address")
    return value if parts.path.strip("/") else f"{value.rstrip('/')}/v1/traces"


def text(value: str) -> str:
    """Return a text of one line."""
    if not value.isprintable():
        raise click.BadParameter("write one line, without control characters")
    return value


def refuse_without_effect(mode: str, given: Mapping[str, object]) -> None:
    """Raise a usage error if an option was given that has no effect in a mode (`without --doctor`).

    An option counts as given unless its value is None, False or empty.
    """
    names = [f"`{name}`" for name, value in given.items() if value not in (None, False, (), "")]
    if names:
        verb = "has" if len(names) == 1 else "have"
        raise click.UsageError(f"{', '.join(names)} {verb} no effect {mode}")


def require_folder(folder: Path, *, to_make: bool = False) -> None:
    """Raise a usage error unless this is a folder, or (``to_make``) can become one. Errors: ``no-such-folder``."""
    from castoff.errors import UsageError

    there = next((one for one in (folder, *folder.parents) if one.exists()), folder) if to_make else folder
    if not there.is_dir():
        raise UsageError.of(
            "no-such-folder", f"`{there}` is not a folder", remedy="pass the path of a folder"
        )


def require_built(built: Path | None, digests: Path | None) -> None:
    """Require that `--built` is a folder, and holds the files that `--digests` lists."""
    if built is not None:
        require_folder(built)
    if digests is not None:
        if built is None:
            raise click.UsageError("--digests needs --built")
        from castoff.wiring.ready_files import require_digests

        require_digests(built, digests)


def _brief(text: str) -> str:
    shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text[:_SHOWN])
    return shown if len(text) <= _SHOWN else f"{shown}..."


P = ParamSpec("P")
R = TypeVar("R")

HALF_A_DAY = 43_200.0


class Common(NamedTuple):
    """What was said about the run as a whole."""

    directory: Path | None = None
    json: bool = False
    config: Path | None = None
    events: Path | None = None
    yes: bool = False
    no_input: bool = False
    wait: float | None = None
    otlp: str | None = None
    built: Path | None = None
    """Folder of the files of the release where none are to be built."""
    seconds: float | None = None
    """How long the run may take."""

    def over(self, earlier: Common | None) -> Common:
        """Lay these options over those that stood before the command."""
        if earlier is None:
            return self
        return self._replace(
            directory=self.directory or earlier.directory,
            json=self.json or earlier.json,
            config=self.config or earlier.config,
            events=self.events or earlier.events,
            yes=self.yes or earlier.yes,
            no_input=self.no_input or earlier.no_input,
            wait=self.wait if self.wait is not None else earlier.wait,
            otlp=self.otlp or earlier.otlp,
        )

    @property
    def may_ask(self) -> bool:
        """Return whether a person is there to answer."""
        return not self.no_input and sys.stdin.isatty() and sys.stderr.isatty()


class _Shared(click.Option):
    """An option of every command: the help of each command names it in a line, the help of castoff explains it."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Keep the help of a command short enough for a screen."""
        return super().get_help_record(ctx) if ctx.parent is None else None


_shared = functools.partial(click.option, cls=_Shared)


def time_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add the options for the end of a run, `--until` and `--for`."""
    function = click.option(
        "--until", type=moment, metavar="TIME", help="Stop at this time, with exit code 3."
    )(function)
    return click.option(
        "--for",
        "lasting",
        type=duration,
        metavar="DURATION",
        help="Stop after this time (5h30m), with exit code 3.",
    )(function)


def seconds_left(until: float | None, lasting: float | None, *, execute: bool) -> float | None:
    """Return how long the run may take, None without an end."""
    if not execute:
        refuse_without_effect("without `--execute`", {"--until": until, "--for": lasting})
    if until is not None and lasting is not None:
        raise click.UsageError("--until and --for exclude each other")
    return lasting if until is None else until


def common_options(function: Callable[Concatenate[Common, P], R]) -> Callable[P, R]:
    """Return a command the common options, as one value."""

    @_shared("-C", "directory", type=path, help="Run in this folder.")
    @_shared("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @_shared("--config", type=path, help="Use this configuration file.")
    @_shared("--events", type=path, help="Write events to this file, as NDJSON.")
    @_shared("--otlp", type=endpoint, metavar="ENDPOINT", help="Send the run as an OpenTelemetry trace.")
    @_shared("--yes", is_flag=True, help="Answer yes to every prompt.")
    @_shared("--no-input", is_flag=True, help="Never prompt.")
    @_shared(
        "--wait",
        is_flag=False,
        flag_value=HALF_A_DAY,
        type=seconds,
        metavar="[SECONDS]",
        help="How long to wait for slow services, in seconds (default: 12 hours).",
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
            otlp=_text(kwargs.pop("otlp")),
        )
        context = click.get_current_context()
        common = said.over(context.find_object(Common))
        _refuse_unused(context.command.name or "", common)
        context.obj = common
        return function(common, *args, **kwargs)

    return with_options


verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="List everything, also what is as expected."
)


_LOOKS = frozenset({"status", "plan", "notes", "init", "ci", "explain"})
"""Commands that look once, or not at all: `--wait` with them would promise a wait that never comes."""


def _refuse_unused(command: str, common: Common) -> None:
    """Refuse shared options that promise what a command does not do; `--yes` and `--no-input` promise nothing."""
    if command in _LOOKS:
        refuse_without_effect(f"with `castoff {command}`", {"--wait": common.wait is not None})
    if command in ("explain", "demo"):
        refuse_without_effect(f"with `castoff {command}`", {"--config": common.config})
    if command == "explain":
        given = {"--events": common.events, "--otlp": common.otlp}
        refuse_without_effect("with `castoff explain`", given)


def required_level(common: Common, level: str | None, pre: str | None) -> str:
    """Return the level, decided where it is `auto`, or say what it may be."""
    from castoff.model.versions import LEVELS

    if level is None:
        raise click.UsageError(f"LEVEL is missing: use {', '.join(LEVELS)}, auto, or an exact version")
    return decided(common, level, pre)


def decided(common: Common, level: str, pre: str | None = None) -> str:
    """Return the level; for `auto` the one that labels ask for, with the reason on stderr."""
    if level != "auto":
        return level
    from castoff.cli.render.reporter import reporter_for
    from castoff.session.level import decided_level

    # Which version is meant must not change between `auto` and `auto --pre rc`, as it would after the first candidate.
    refuse_without_effect("with the level `auto`", {"--pre": pre})
    found = decided_level(open_for(common, reporter_for(None, quiet=True)))
    click.echo(f"level {found.level}: {found.reason}", err=True)
    return found.level


update_option = click.option(
    "--update",
    "updating",
    is_flag=True,
    help="With --pull-request, auto: end with 0 if none is due.",
)


def decided_update(common: Common, level: str | None, *, proposing: bool) -> str | None:
    """Return the version that is proposed or the level that labels ask for, None if there is none; prints why."""
    if level != "auto" or not proposing:
        raise click.UsageError("--update needs --pull-request and the LEVEL auto")
    if common.json:
        raise click.UsageError("--update has no JSON: `castoff plan auto --json` has")
    from castoff.cli.render.reporter import reporter_for
    from castoff.session.level import NothingToPropose, level_to_propose

    found = level_to_propose(open_for(common, reporter_for(None, quiet=True)))
    if isinstance(found, NothingToPropose):
        click.echo(f"nothing to propose: {found.reason}", err=True)
        return None
    click.echo(f"level {found.level}: {found.reason}", err=True)
    return found.level


def open_for(common: Common, reporter: Reporter, *, environment: Mapping[str, str] | None = None) -> Services:
    """Wire a run to the outside."""
    from pathlib import Path

    from castoff.wiring import Options, open_setting

    options = Options(
        directory=common.directory or Path.cwd(),
        config=common.config,
        wait=common.wait,
        built=common.built.absolute() if common.built is not None else None,
        seconds=common.seconds,
    )
    return open_setting(options, reporter, environment)


def _path(value: object) -> Path | None:
    from pathlib import Path

    return value if isinstance(value, Path) else None


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
