"""`castoff demo`: a real release of a sample workspace, in the embedded world."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from castoff.cli.options import Common, common_options


@click.command("demo")
@click.option("--dir", "keep", type=click.Path(path_type=Path), help="Keep the sample and its world here.")
@click.option("--cargo", is_flag=True, help="Release crates instead of Python packages; needs cargo.")
@common_options
def command(common: Common, keep: Path | None, cargo: bool) -> int:
    """Release a sample workspace for real, against the embedded world: nothing leaves this machine.

    Builds, signatures, uploads, tag, draft and announcement are made by the same code and the same clients
    as in a real release.
    """
    sample = "cargo" if cargo else "python"
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return _play(common, keep.resolve(), sample)
    with tempfile.TemporaryDirectory(prefix="castoff-demo-", ignore_cleanup_errors=True) as folder:
        return _play(common, Path(folder), sample)


def _play(common: Common, folder: Path, sample: str) -> int:
    from castoff.cli.reporting import reporter_for
    from castoff.cli.running import show
    from castoff.wiring import play_demo

    reporter = reporter_for(common.events)
    reporter.note("a demo: everything goes to an embedded world, nothing outside this machine is written")
    result, world = play_demo(folder, sample, reporter)
    reporter.close()
    show(common, "demo", result, world)
    return 0
