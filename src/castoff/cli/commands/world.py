"""`castoff world serve`: the embedded world for anybody's client."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.options import path


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
