"""`castoff explain CODE`: what an error code means."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("code")
def command(code: str) -> None:
    """Explain an error code: what it means, why castoff stops, what to do."""
    from castoff.explain import explain

    click.echo(explain(code))
