"""`castoff explain CODE`: what an error code means."""

from __future__ import annotations

import click

from castoff.cli.completion import complete_code
from castoff.cli.options import Common, common_options


@click.command("explain")
@click.argument("code", shell_complete=complete_code)
@common_options
def command(common: Common, code: str) -> None:
    """Explain an error code: its meaning, its reason and its remedy."""
    from castoff.explain import explain

    text = explain(code)
    if not common.json:
        click.echo(text)
        return
    from castoff.cli.render.json_shapes import print_json

    print_json("explanation", {"code": code, "text": text})
