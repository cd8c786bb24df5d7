"""`castoff ci`: the workflows for the forge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for, path, refuse_without_effect, verbose_option

if TYPE_CHECKING:
    from castoff.workflows.plan import WorkflowFile


@click.command("ci")
@click.option(
    "--write",
    "folder",
    type=path,
    help="Write the files to this folder, the root of the repository.",
)
@click.option(
    "--trust",
    is_flag=True,
    help="Show the trusted publishers to enter at the registries, or npm's commands for it.",
)
@click.option("--execute", is_flag=True, help="With --trust: run npm's commands (default: print them).")
@verbose_option
@common_options
def command(common: Common, folder: Path | None, trust: bool, execute: bool, verbose: bool) -> int:
    """Generate the CI workflows of this repository.

    The workflows check labels on pull requests, create the draft when a tag is pushed (if `draft.by` is `ci`),
    update changelog and website after the announcement, watch documentation builds, and remind of due releases.
    """
    from castoff.cli.render.problems import problem_json
    from castoff.cli.render.reporter import reporter_for
    from castoff.cli.render.text import show_all
    from castoff.setup.ci import wanted_workflows, write_workflows

    if trust:
        refuse_without_effect("with `--trust`", {"--write": folder})
        return _show_publishers(common, execute=execute)
    refuse_without_effect("without `--trust`", {"--execute": execute})
    wanted = wanted_workflows(open_for(common, reporter_for(common.events, quiet=True)))
    root = (common.directory or Path.cwd()) / folder if folder is not None else None
    done = dict(write_workflows(wanted, root)) if root is not None else {}
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        files = [
            {"path": file.path, "purpose": file.purpose, "text": file.text, "done": done.get(file.path)}
            for file in wanted.files
        ]
        print_json("ci", {"files": files, "problems": [problem_json(one) for one in wanted.problems]})
    elif root is not None:
        for path, what in done.items():
            click.echo(f"{what}: {path}")
        _show_next(wanted.files)
    elif verbose:
        for file in wanted.files:
            click.echo(f"# {file.path}: {file.purpose}\n{file.text}")
    else:
        show_files(wanted.files)
    if not common.json:
        show_all(wanted.problems)
    return 4 if any(one.severity == "error" for one in wanted.problems) else 0


def show_files(files: Sequence[WorkflowFile]) -> None:
    """Show what each file is for; their texts have thousands of lines, most of them hashes."""
    from castoff.cli.render.words import show

    for file in files:
        show(f"{file.path}: {file.purpose}")
    if files:
        show("nothing was written: pass `--write .` to write these files, or -v to print them", err=True)


def _show_next(files: Sequence[WorkflowFile]) -> None:
    """Show what is left to a person once the files are there."""
    from castoff.cli.render.words import show

    if files:
        show("next: commit these files", err=True)
    if any(one.path.endswith("/castoff-resume.yml") for one in files):
        show("then set what uploads need in the settings of the repository and of the registries:", err=True)
        show("  `castoff ci --trust` shows the trusted publishers,", err=True)
        show("  docs/how-to/release-by-pull-request.md of castoff lists the rest", err=True)


def _show_publishers(common: Common, *, execute: bool) -> int:
    from castoff.cli.render.reporter import reporter_for
    from castoff.setup.trust import enter_publishers, render_publishers, wanted_publishers

    services = open_for(common, reporter_for(common.events, quiet=True))
    publishers = wanted_publishers(services)
    if execute:
        # npm asks for a second factor on the terminal.
        refuse_without_effect("with `--execute`", {"--json": common.json})
        count = enter_publishers(services, publishers, agreed=common.yes)
        click.echo(f"entered: {count} of {len(publishers)} packages")
        return 0
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        rows = [
            {
                "package": one.package,
                "registry": one.registry,
                "repository": one.repository,
                "workflow": one.workflow,
                "environment": one.environment,
                "command": list(one.command) or None,
            }
            for one in publishers
        ]
        print_json("ci", {"files": [], "problems": [], "trust": rows})
    else:
        click.echo(render_publishers(publishers), nl=False)
    return 0
