"""`castoff page`: a page about the release, live on this machine or as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for, path
from castoff.errors import UsageError

if TYPE_CHECKING:
    from castoff.cli.page.source import PageSource
    from castoff.io.loopback_server import LoopbackServer


@click.command("page")
@click.argument("version", required=False)
@click.option("--static", type=path, metavar="DIR", help="Write the page to this folder, and end.")
@click.option("--status", "stored", type=path, metavar="FILE", help="Use this output of `status --json`.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the live page (default: any)."
)
@common_options
def command(common: Common, version: str | None, static: Path | None, stored: Path | None, port: int) -> int:
    """Serve a live page about VERSION, or about the release in flight, on this machine.

    Shows waves, stages, schedule, draft, log, and what a person must do next. `--events FILE` names the file that a
    run writes. The page is for the browser of this machine only, and writes nothing.
    """
    from castoff.cli.page.source import PageSource

    source = PageSource(
        stored_status(stored) if stored is not None else _looking(common, version), common.events
    )
    source.refresh()
    if static is not None:
        source.write(static)
        click.echo(f"written: {static / 'index.html'}", err=True)
        return 0
    return _serve(source, port)


def open_server(source: PageSource, port: int) -> LoopbackServer:
    """Listen on a port, 0 for any. Errors: ``port-in-use``."""
    from castoff.io.loopback_server import LoopbackServer

    try:
        return LoopbackServer(source.answer, port)
    except OSError:
        raise UsageError.of(
            "port-in-use",
            f"port {port} is in use",
            reason="another program listens there, most likely another page",
            remedy="pass another port, or none: then a free one is chosen",
        ) from None


def _serve(source: PageSource, port: int) -> int:
    import threading

    server = open_server(source, port)
    click.echo(server.url)
    click.echo("Ctrl-C ends the page; it changes nothing", err=True)
    ended = threading.Event()
    threading.Thread(target=source.keep_fresh, args=(ended,), daemon=True).start()
    try:
        server.serve()
    except KeyboardInterrupt:
        return 0
    finally:
        ended.set()
    return 0


def _looking(common: Common, version: str | None) -> Callable[[], Mapping[str, object]]:
    from castoff.cli.render.json_shapes import status_json
    from castoff.release.status import look
    from castoff.session.reporters import Silence

    return lambda: status_json(look(open_for(common, Silence()), version))


def stored_status(file: Path) -> Callable[[], Mapping[str, object]]:
    """Return what reads a status from a file. Errors: ``status-unreadable``."""
    import msgspec

    from castoff.io.files import read_text

    def read() -> Mapping[str, object]:
        try:
            found = msgspec.json.decode(read_text(file))
        except msgspec.DecodeError:
            found = None
        if not isinstance(found, dict) or found.get("schema") != "castoff/status":
            raise UsageError.of(
                "status-unreadable",
                f"`{file}` is not the output of `castoff status --json`",
                remedy="write it with `castoff status --json > FILE`",
            )
        return found

    return read
