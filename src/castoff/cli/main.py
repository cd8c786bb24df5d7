"""The commands, and how every run ends.

The only place that catches everything: what a user or a server did becomes a message and an exit code, what
castoff did wrong becomes code 1 and a request to report it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options

if TYPE_CHECKING:
    from castoff.errors import Problem


EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "status": ("castoff status", "castoff status 1.3.0 --exit-code"),
    "plan": ("castoff plan minor", "castoff plan minor --pre rc"),
    "check": ("castoff check", "castoff check --only labels"),
    "rehearse": ("castoff rehearse minor", "castoff rehearse minor --pull-request"),
    "release": ("castoff release minor --execute", "castoff release minor --pull-request --execute"),
    "resume": ("castoff resume --execute", "castoff resume 1.3.0 --execute --yes"),
    "build": ("castoff build --to dist",),
    "tree": ("castoff tree minor --to tree.tar", "castoff tree --to tree.tar"),
    "tag": ("castoff tag --to tags", "castoff tag 1.3.0 --built dist --to tags"),
    "notes": ("castoff notes", "castoff notes --from 1.2.0"),
    "highlights": ("castoff highlights",),
    "draft": ("castoff draft", "castoff draft --execute"),
    "approve": ("castoff approve 1.3.0", "castoff approve 1.3.0 --execute --otp 123456"),
    "announce": ("castoff announce", "castoff announce --execute"),
    "milestone": ("castoff milestone", "castoff milestone --execute"),
    "changelog": ("castoff changelog --execute", "castoff changelog --doctor CHANGELOG.md"),
    "docs": ("castoff docs", "castoff docs 1.3.0 --execute"),
    "website": ("castoff website", "castoff website --source . --target ../website"),
    "verify": ("castoff verify 1.3.0",),
    "yank": ("castoff yank 1.3.0", "castoff yank 1.3.0 --execute"),
    "abandon": ("castoff abandon 1.3.0", "castoff abandon 1.3.0 --execute"),
    "init": ("castoff init", "castoff init --website ../website --execute"),
    "ci": ("castoff ci", "castoff ci --write ."),
    "demo": ("castoff demo", "castoff demo --cargo"),
    "explain": ("castoff explain release-in-flight",),
    "page": ("castoff page", "castoff page --static public --events events.ndjson"),
    "world": ("castoff world serve --env world.env",),
}


SHARED = "Options of every command (--json, --yes, ...): castoff --help"


def as_epilog(name: str) -> str:
    """Write the last lines of a command's help."""
    shown = EXAMPLES.get(name, ())
    word = "Example" if len(shown) == 1 else "Examples"
    return f"{SHARED}\n\n{word}: {' | '.join(shown)}" if shown else SHARED


COMMANDS: dict[str, tuple[str, str]] = {
    "status": ("castoff.cli.commands.status", "Show the state of a release."),
    "plan": ("castoff.cli.commands.plan", "Show what a release would do, without writing."),
    "check": ("castoff.cli.commands.check", "Check whether a release can start."),
    "rehearse": ("castoff.cli.commands.rehearse", "Rehearse a release against embedded services."),
    "release": ("castoff.cli.commands.release", "Release the workspace."),
    "resume": ("castoff.cli.commands.resume", "Finish a release, from any machine."),
    "build": ("castoff.cli.commands.build", "Build the files of a claimed release."),
    "tree": ("castoff.cli.commands.tree", "Write the files that a release is built from."),
    "tag": ("castoff.cli.commands.tag", "Make the tag of a claimed release."),
    "notes": ("castoff.cli.commands.notes", "Generate the release notes."),
    "highlights": ("castoff.cli.commands.highlights", "Write the highlights of a release."),
    "draft": ("castoff.cli.commands.draft", "Create or update the draft release on the forge."),
    "approve": ("castoff.cli.commands.approve", "Publish the packages that a release staged."),
    "announce": ("castoff.cli.commands.announce", "Publish the draft release."),
    "milestone": ("castoff.cli.commands.milestone", "Close the milestone and open the next."),
    "changelog": ("castoff.cli.commands.changelog", "Update, check or repair the changelog."),
    "docs": ("castoff.cli.commands.docs", "Show the state of the documentation builds."),
    "website": ("castoff.cli.commands.website", "Copy pages of the workspace to its website."),
    "verify": ("castoff.cli.commands.verify", "Verify a published release."),
    "yank": ("castoff.cli.commands.yank", "Yank a released version from every registry."),
    "abandon": ("castoff.cli.commands.abandon", "Abandon an unfinished release."),
    "init": ("castoff.cli.commands.init", "Create a castoff.toml for this workspace."),
    "ci": ("castoff.cli.commands.ci", "Generate the CI workflows."),
    "demo": ("castoff.cli.commands.demo", "Release a sample workspace against embedded services."),
    "explain": ("castoff.cli.commands.explain", "Explain an error code."),
    "page": ("castoff.cli.commands.page", "Show the release as a page, live or as files."),
    "world": ("castoff.cli.commands.world", "Run the embedded services."),
}

# As shells report a process that SIGINT (2) ended: 128 + 2.
INTERRUPTED = 130


class LazyGroup(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of a release."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = importlib.import_module(entry[0]).command
        assert isinstance(command, click.Command)
        command.epilog = as_epilog(cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that is not there, name the nearest."""
        # Click's own suggestion would import every command; difflib compares names only.
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"No such command `{args[0][:60]}`.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; to an interruption, add what it interrupted."""
        from castoff.cli.endings import Terminated

        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, Terminated) as end:
            from castoff.cli.render.reporter import interruption

            for line in interruption(ctx):
                end.add_note(line)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        # Click's version of this method imports each command for its help line: 20 imports for `castoff
        # --help` (docs/explanation/speed.md).
        rows = [(name, text) for name, (_, text) in COMMANDS.items()]
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
    """Release a workspace of many packages with one version, the facade last."""
    click.get_current_context().obj = common


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    from castoff.cli.endings import ended_by_signals

    # Set by click's completion scripts (click, "Shell Completion").
    if "_CASTOFF_COMPLETE" in os.environ:
        from castoff.cli.completion import register

        register()
    try:
        with ended_by_signals():
            code = castoff.main(list(arguments), prog_name="castoff", standalone_mode=False)
            # Flush inside of the `try`: a closed pipe must raise here, not at interpreter shutdown, where
            # Python prints a traceback.
            sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - no traceback ever reaches a user
        return ending_of(error, arguments)
    # Commands without an exit code return None.
    return code if isinstance(code, int) else 0


def ending_of(error: BaseException, arguments: Sequence[str]) -> int:
    """Report what ended a command, and return its exit code.

    What fails while a run is tidied up after a signal (a folder in which a compiler still writes, say) is not what
    ended the run.
    """
    from castoff.cli.endings import Terminated, signal_behind
    from castoff.errors import CastoffError

    if not isinstance(error, click.Abort):
        error = signal_behind(error) or error
    match error:
        case click.exceptions.Exit(exit_code=code):
            return code
        case BrokenPipeError() | SystemExit():  # click ends so where a reader is gone (`| head`)
            return 0
        case CastoffError(problems=problems, exit_code=code):
            return _report(problems, arguments, code)
        case click.ClickException():
            return _misused(error, arguments)
        case Terminated(exit_code=code):
            return _interrupted(error, arguments, code)
        case click.Abort() | KeyboardInterrupt():
            return _interrupted(error, arguments, INTERRUPTED)
        case Exception():
            return _failed(error, arguments)
        case _:
            raise error


def _report(problems: Sequence[Problem], arguments: Sequence[str], exit_code: int) -> int:
    from castoff.cli.render.problems import show_problems

    try:
        # `--json` is searched in the arguments because parsing may be what failed.
        show_problems(problems, as_json="--json" in arguments, exit_code=exit_code)
    except OSError as error:
        from castoff.io.machine import machine_problem

        # stdout cannot be written (a full disk), which may be what ended the run: stderr is what is left.
        failure = None if exit_code else machine_problem(error)
        show_problems([*problems, *filter(None, [failure])], as_json=False, exit_code=exit_code)
        # Whoever reads the file must not take an empty one for an answer.
        return 4 if failure else exit_code
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
        reason="the command line is not valid",
        remedy=f"see `{command} --help`",
    )
    return _report((problem,), arguments, 2)


def _interrupted(end: BaseException, arguments: Sequence[str], exit_code: int) -> int:
    """Report what is done, what is not, and the command that goes on: always the same one."""
    from castoff.errors import Problem

    # Click raises its own error from Ctrl-C; the notes are on what it was raised from.
    facts: Sequence[str] = getattr(end, "__notes__", ()) or getattr(end.__cause__, "__notes__", ())
    # The same command resumes: what is done is seen, and not done again.
    again = command_again(arguments)
    if "--json" not in arguments:
        for line in ("interrupted", *facts, f"to go on: {again}"):
            click.echo(line, err=True)
        return exit_code
    problem = Problem(
        code="interrupted",
        message="the run was interrupted",
        reason="; ".join(facts),
        remedy=f"run the command again to continue: `{again}`",
    )
    return _report((problem,), arguments, exit_code)


def command_again(arguments: Sequence[str]) -> str:
    """Return the command line to run again, without a one-time password: that is a secret, and used up by then."""
    import shlex

    words = [
        "CODE" if before == "--otp" else "--otp=CODE" if word.startswith("--otp=") else word
        for before, word in zip(("", *arguments), arguments, strict=False)
    ]
    return shlex.join(("castoff", *words))


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    """Report what the machine refused, or what castoff did wrong."""
    from castoff.cli.endings import bug, traceback_asked_for
    from castoff.io.machine import machine_problem

    # A full disk or too many open files is no fault of castoff, and a person can fix it: exit code 4.
    failure = machine_problem(error)
    if failure is not None:
        return _report((failure,), arguments, 4)
    _report((bug(error),), arguments, 1)
    if text := traceback_asked_for():
        click.echo(text, err=True)
    return 1
