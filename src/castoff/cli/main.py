"""Which commands are there, and how does every run end?

The only place that catches everything: what a user or a server did becomes a message and an exit code, what
castoff did wrong becomes code 1 and a request to report it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from castoff.cli.examples import as_epilog
from castoff.cli.options import Common, common_options

if TYPE_CHECKING:
    from castoff.errors import Problem

COMMANDS: dict[str, tuple[str, str]] = {
    "status": ("castoff.cli.commands.status", "Say what the world shows of a release, and what comes next."),
    "plan": ("castoff.cli.commands.plan", "Show what a release would do; writes nothing."),
    "check": ("castoff.cli.commands.check", "Check labels, milestone, metadata and known traps."),
    "rehearse": ("castoff.cli.commands.rehearse", "Carry a release out against the embedded world."),
    "release": ("castoff.cli.commands.release", "Release the workspace; acts only with --execute."),
    "resume": ("castoff.cli.commands.resume", "Go on with a release, from any machine."),
    "notes": ("castoff.cli.commands.notes", "Show the notes as the forge would generate them."),
    "highlights": ("castoff.cli.commands.highlights", "Write what comes first in the notes."),
    "draft": ("castoff.cli.commands.draft", "Make the draft on the forge."),
    "announce": ("castoff.cli.commands.announce", "Publish the draft; always asks."),
    "milestone": ("castoff.cli.commands.milestone", "Close the milestone, open the next one."),
    "changelog": ("castoff.cli.commands.changelog", "Port the notes into the changelog, or mend it."),
    "docs": ("castoff.cli.commands.docs", "Watch the documentation builds."),
    "website": ("castoff.cli.commands.website", "Bring pages of the workspace to its website."),
    "verify": ("castoff.cli.commands.verify", "Check a release from outside, at any time."),
    "yank": ("castoff.cli.commands.yank", "Take a version back everywhere, facade first."),
    "abandon": ("castoff.cli.commands.abandon", "Give a begun version up."),
    "init": ("castoff.cli.commands.init", "Write a castoff.toml with what differs from the defaults."),
    "ci": ("castoff.cli.commands.ci", "Write the workflows for the forge."),
    "demo": ("castoff.cli.commands.demo", "Release a sample workspace in the embedded world."),
    "explain": ("castoff.cli.commands.explain", "Explain an error code."),
    "world": ("castoff.cli.commands.world", "Serve the embedded world."),
}

INTERRUPTED = 130


class LazyGroup(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of a release."""
        return [name for name, (module, _) in COMMANDS.items() if _exists(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None or not _exists(entry[0]):
            return None
        command = importlib.import_module(entry[0]).command
        assert isinstance(command, click.Command)
        command.epilog = as_epilog(cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that is not there, name the nearest."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"No such command `{args[0][:60]}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        rows = [(name, text) for name, (module, text) in COMMANDS.items() if _exists(module)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples: castoff demo | castoff plan minor | castoff rehearse minor | castoff release minor --execute",
)
@click.version_option(package_name="castoff", message="%(prog)s %(version)s")
@common_options
def castoff(common: Common) -> None:
    """Carry out the release of a workspace: many packages, one version, the facade last."""
    click.get_current_context().obj = common


def run(arguments: Sequence[str]) -> int:
    """Run the command line; gives the exit code."""
    from castoff.errors import CastoffError

    try:
        code = castoff.main(list(arguments), prog_name="castoff", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (BrokenPipeError, SystemExit):  # click ends so where a reader is gone (`| head`)
        sys.stderr.close()
        return 0
    except CastoffError as error:
        return _report(error.problems, arguments, error.exit_code)
    except click.ClickException as error:
        return _misused(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(arguments)
    except Exception as error:  # noqa: BLE001 - no traceback ever reaches a user
        return _failed(error, arguments)
    return code if isinstance(code, int) else 0


def _report(problems: Sequence[Problem], arguments: Sequence[str], exit_code: int) -> int:
    from castoff.cli.problems import show_problems

    show_problems(problems, as_json="--json" in arguments, exit_code=exit_code)
    return exit_code


def _misused(error: click.ClickException, arguments: Sequence[str]) -> int:
    from castoff.errors import Problem

    if "--json" not in arguments:
        error.show()
        return 2
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "castoff"
    problem = Problem(
        code="bad-usage",
        message=error.format_message(),
        reason="the command line cannot be understood",
        remedy=f"see `{command} --help`",
    )
    return _report((problem,), arguments, 2)


def _interrupted(arguments: Sequence[str]) -> int:
    from castoff.errors import Problem

    if "--json" not in arguments:
        click.echo("interrupted: run it again to go on", err=True)
        return INTERRUPTED
    problem = Problem(code="interrupted", message="the run was interrupted", remedy="run it again to go on")
    return _report((problem,), arguments, INTERRUPTED)


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    """Tell what the machine refused from what castoff did wrong."""
    from castoff.cli.failures import bug, machine_trouble, traceback_asked_for

    trouble = machine_trouble(error)
    if trouble is not None:
        return _report((trouble,), arguments, 4)
    _report((bug(error),), arguments, 1)
    if text := traceback_asked_for():
        click.echo(text, err=True)
    return 1


def _exists(module: str) -> bool:
    from pathlib import Path

    return (Path(__file__).parent / "commands" / f"{module.rpartition('.')[2]}.py").is_file()
