"""`castoff world serve`: the embedded world for anybody's client."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("world")
def command() -> None:
    """Serve the embedded world: forge, registries, documentation host, on loopback."""


@command.command("serve")
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Keep its files here.")
@click.option("--faults", type=click.Path(path_type=Path), help="Begin with these faults (JSON).")
@click.option("--seed", type=click.Path(path_type=Path), help="Begin with what this file says (JSON).")
@click.option(
    "--env", "shell", type=click.Path(path_type=Path), help="Write the variables here, for a shell."
)
@click.option("--offline", is_flag=True, help="Show only what is in this world; no read leaves the machine.")
def serve(
    directory: Path | None, faults: Path | None, seed: Path | None, shell: Path | None, offline: bool
) -> int:
    """Start everything, print one line of JSON, and stay until SIGTERM.

    With the variables under `env`, any client talks to this world only. With `--env world.env`, a shell takes
    them over by `. ./world.env`.
    """
    from castoff.world.serve import serve as serve_world

    return serve_world(directory, faults=faults, seed=seed, shell=shell, outside=not offline)
