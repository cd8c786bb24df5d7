"""Secrets of a run: those in files of clients, which no text and no child process sees, and what the user passes on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import tomli

from castoff.config.values import Configuration
from castoff.io.files import is_regular
from castoff.model.child_environments import Given
from castoff.redaction import Redactor
from castoff.regexes import regex

_LARGEST = 1_000_000
# The format is that of ftp(1): `machine NAME login NAME password SECRET`, on one line or several.
_NETRC = regex(r"\bpassword\s+(\S{1,1000})")


def redactor_of(environment: Mapping[str, str]) -> Redactor:
    """Know the secrets of an environment, and of the files that its clients would read."""
    redactor = Redactor.of_environment(environment)
    for secret in _in_files(environment):
        redactor.learn_token(secret)
    home = environment.get("HOME", "")
    named = environment.get("npm_config_userconfig") or environment.get("NPM_CONFIG_USERCONFIG")
    if named or home:
        redactor.learn_npmrc(_text(Path(named or f"{home}/.npmrc")), environment)
    if home:
        redactor.learn_npmrc(_text(Path(home) / ".yarnrc.yml"), environment)
    return redactor


def learn_settings(redactor: Redactor, root: Path, start: str, environment: Mapping[str, str]) -> None:
    """Learn the credentials in npm's and Yarn's settings, from the folder ``start`` of a repository up to its root.

    Builds see the files, but what they print of them is not shown, nor do they see the variables that these name.
    """
    for folder in (PurePosixPath(start), *PurePosixPath(start).parents):
        for name in (".npmrc", ".yarnrc.yml"):
            redactor.learn_npmrc(_text(root / folder / name), environment)


def given_back(
    configuration: Configuration, environment: Mapping[str, str], *, but: Mapping[str, str] | None = None
) -> Given:
    """Return the variables that the user gives back to a kind of process (`release.pass-env`).

    ``but`` are variables of an embedded world, which count there instead of the user's.
    """
    named = configuration.release.pass_env
    return {
        kind: {name: environment[name] for name in names if name in environment and name not in (but or {})}
        for kind, names in (("build", named.build), ("hooks", named.hooks), ("checks", named.checks))
    }


def _in_files(environment: Mapping[str, str]) -> Iterator[str]:
    home = environment.get("HOME", "")
    if home:
        yield from _NETRC.findall(_text(Path(environment.get("NETRC") or f"{home}/.netrc")))
        yield from _of_pypirc(_text(Path(home) / ".pypirc"))
        for line in _text(Path(home) / ".git-credentials").splitlines():
            # git-credential-store(1): one URL per line.
            yield from re.findall(r"://[^:@/\s]{0,500}:([^@/\s]{1,1000})@", line)
    if cargo := environment.get("CARGO_HOME") or (f"{home}/.cargo" if home else ""):
        # cargo still reads the name without an extension (The Cargo Book, "Configuration").
        for name in ("credentials.toml", "credentials"):
            yield from _tokens(_toml(_text(Path(cargo) / name)))


def _tokens(value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in ("token", "secret-key") and isinstance(inner, str):
            yield inner
        else:
            yield from _tokens(inner)


def _of_pypirc(text: str) -> Iterator[str]:
    import configparser

    # Raw: `%` in a password is not an interpolation (packaging.python.org, "The .pypirc file").
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in parser.sections():
        if password := parser.get(section, "password", fallback=""):
            yield password


def _toml(text: str) -> object:
    try:
        return tomli.loads(text)
    except (ValueError, RecursionError):
        return {}


def _text(path: Path) -> str:
    if not is_regular(path):  # a named pipe would block
        return ""
    try:
        with path.open("rb") as file:
            # A file with invalid bytes may still contain a token, so it is read as far as possible.
            return file.read(_LARGEST).decode("utf-8", "replace")
    # No file or no permission: clients of this user cannot read it either.
    except OSError:
        return ""
