"""Which secrets stand in files that clients read? They are learned to be kept out of texts, used for nothing else."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from castoff.redaction import Redactor

_LARGEST = 1_000_000
_NETRC = re.compile(r"\bpassword\s+(\S{1,1000})")
_NPM = re.compile(r"^[^#;\s][^=\n]{0,500}(?:_authToken|_password|_auth)\s*=\s*(\S{1,2000})", re.M)


def redactor_of(environment: Mapping[str, str]) -> Redactor:
    """Know the secrets of an environment, and of the files that its clients would read."""
    redactor = Redactor.of_environment(environment)
    for secret in _in_files(environment):
        redactor.learn(secret)
    return redactor


def _in_files(environment: Mapping[str, str]) -> Iterator[str]:
    home = environment.get("HOME", "")
    if home:
        yield from _NETRC.findall(_text(Path(environment.get("NETRC") or f"{home}/.netrc")))
        yield from _of_pypirc(_text(Path(home) / ".pypirc"))
        yield from _NPM.findall(_text(Path(environment.get("npm_config_userconfig") or f"{home}/.npmrc")))
        for line in _text(Path(home) / ".git-credentials").splitlines():
            yield from re.findall(r"://[^:@/\s]{0,500}:([^@/\s]{1,1000})@", line)
    if cargo := environment.get("CARGO_HOME") or (f"{home}/.cargo" if home else ""):
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
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
