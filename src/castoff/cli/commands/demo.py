"""`castoff demo`: a real release of a sample workspace, in the embedded world."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from castoff.cli.options import Common, common_options, path
from castoff.errors import UsageError


@click.command("demo")
@click.option("--dir", "keep", type=path, help="Keep the sample workspace in this folder.")
@click.option("--cargo", is_flag=True, help="Release crates instead of Python packages; needs cargo.")
@click.option("--npm", is_flag=True, help="Release npm packages instead of Python packages; needs npm.")
@common_options
def command(common: Common, keep: Path | None, cargo: bool, npm: bool) -> int:
    """Release a sample workspace against embedded services on this machine.

    Builds, signatures, uploads, tag, draft and announcement use the code and the clients of a real release.
    """
    if cargo and npm:
        raise click.UsageError("--cargo and --npm exclude each other")
    sample = "cargo" if cargo else "npm" if npm else "python"
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UsageError.of(
                "demo-folder-in-use",
                f"`{keep}` is not a folder, or is below a file",
                reason="the demo stores its sample workspace in a folder",
                remedy="pass an empty or a new folder with `--dir`",
            ) from None
        return _play(common, keep.resolve(), sample)
    with tempfile.TemporaryDirectory(prefix="castoff-demo-", ignore_cleanup_errors=True) as folder:
        return _play(common, Path(folder), sample)


def _play(common: Common, folder: Path, sample: str) -> int:
    from castoff.cli.release_run import show
    from castoff.cli.render.reporter import reporter_for
    from castoff.wiring.sample import play_demo

    reporter = reporter_for(common.events)
    reporter.note("demo: all writes go to embedded services on this machine")
    result, world = play_demo(folder, sample, reporter)
    reporter.close()
    show(common, "demo", result, world)
    return 0
