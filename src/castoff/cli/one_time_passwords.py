"""One-time passwords of the npm registry: given, found in the environment, or asked for; never stored."""

from __future__ import annotations

import os

import click

from castoff.cli.options import Common, text

_VARIABLE = "npm_config_otp"

otp_option = click.option(
    "--otp",
    type=text,
    metavar="CODE",
    help="The one-time password of your npm account (default: NPM_CONFIG_OTP, or castoff asks).",
)


def with_code(code: str | None) -> dict[str, str] | None:
    """Return the environment with a code for npm, which reads the name in either case; None to leave it as it is."""
    if code is None:
        return None
    others = {name: value for name, value in os.environ.items() if name.lower() != _VARIABLE}
    return {**others, _VARIABLE: code}


def has_code() -> bool:
    """Return whether the environment has a code for npm."""
    return any(name.lower() == _VARIABLE and value for name, value in os.environ.items())


def prompted(common: Common) -> str | None:
    """Ask for a code, if a person is there to answer."""
    return str(click.prompt("one-time password", hide_input=True, err=True)) if common.may_ask else None
