"""`castoff world serve`: the embedded world for anybody's client."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.options import Common, common_options, open_for, path


@click.group("world")
def command() -> None:
    """Run embedded services on loopback: forge, registries and documentation host."""


@command.command("serve")
@click.option("--dir", "directory", type=path, help="Store files in this folder.")
@click.option("--faults", type=path, help="Load faults from this JSON file.")
@click.option("--seed", type=path, help="Load the initial content from this JSON file.")
@click.option("--env", "shell", type=path, help="Write the environment to this file, for a shell.")
@click.option("--offline", is_flag=True, help="Serve only local content, without reading from the network.")
def serve(
    directory: Path | None, faults: Path | None, seed: Path | None, shell: Path | None, offline: bool
) -> int:
    """Start the services, print one line of JSON, and run until SIGTERM.

    With the variables under `env`, any client talks to this world only. With `--env world.env`, a shell takes
    them over by `. ./world.env`.
    """
    from castoff.world.serve import serve as serve_world

    return serve_world(directory, faults=faults, seed=seed, shell=shell, outside=not offline)


@command.command("seed")
@click.option("--to", type=path, help="Write the seed to this file (default: print it).")
@common_options
def seed(common: Common, to: Path | None) -> int:
    """Print a seed with the state of the real services, for `world serve` and `rehearse`.

    Reads the repository, the registries and, with a token that may read it, the forge: labels, milestones, open and
    merged pull requests, releases. Exits with 3 if a service did not answer. Drafts and private titles are part of it.
    """
    import json
    import os

    from castoff.cli.render.reporter import reporter_for
    from castoff.cli.render.text import show_all
    from castoff.cli.render.words import safe, show
    from castoff.io.files import write_text
    from castoff.release.world_seed import read_world_state
    from castoff.session.session import open_session

    services = open_for(common, reporter_for(common.events, quiet=True))
    root = services.repository.root
    # Paths in a seed count from its folder.
    repository = str(root) if to is None else os.path.relpath(root, to.absolute().parent)
    with open_session(services) as session:
        state = read_world_state(session, repository.replace(os.sep, "/"))
    text = json.dumps(state.document, indent=2, ensure_ascii=False) + "\n"
    if to is None:
        click.echo(text, nl=False)
    else:
        write_text(to, text, private=True)
        show(
            f"wrote `{safe(str(to))}`: use it with `castoff rehearse LEVEL --seed {safe(str(to))}`", err=True
        )
    show_all(state.problems)
    return 3 if state.problems else 0
