"""The index that the user's own clients ask, and where they upload to.

What the environment says comes first, so that a rehearsal's children, and ours, know its world alone; then the
index that the configuration names among ``[[tool.uv.index]]``, then uv's and pip's own settings, at last the
default that the `pypi-simple` library carries. No address stands in castoff itself.
"""

from __future__ import annotations

import configparser
import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlunsplit

import tomli
from msgspec import Struct

from castoff.errors import CastoffError, ConfigurationError
from castoff.io.files import read_regular
from castoff.io.machine import require_machine
from castoff.model.child_environments import Kind, carries_credentials
from castoff.redaction import Redactor
from castoff.text.addresses import split_url
from castoff.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where to look and where to upload.

    ``simple`` is the address of the simple API without credentials, ``client_simple`` as a client takes it.
    ``publish`` is None where only the client knows it; ``others`` are further indexes that users read.
    ``is_pypi`` tells whether uploads go to PyPI (or its test instance), whose rules are known.
    """

    simple: str
    client_simple: str = field(repr=False)
    publish: str | None = None
    authorization: str | None = field(default=None, repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)
    is_default: bool = False
    is_pypi: bool = False

    @property
    def is_private(self) -> bool:
        """Return whether an index wants credentials, which code of packages does not see."""
        return self.authorization is not None or any(map(carries_credentials, self.others))

    @property
    def attempts(self) -> tuple[tuple[Kind, tuple[str, ...]], ...]:
        """Return the ways in which uv reads packages, one after the other until one succeeds, with their options.

        Uv builds source distributions, whose code runs in its environment. So a private index is read with its
        credentials and without builds first; what has to be built needs `release.pass-env.build`.
        """
        build: tuple[Kind, tuple[str, ...]] = (Kind.BUILD, ())
        return ((Kind.PYTHON_READ, ("--no-build",)), build) if self.is_private else (build,)


class _Declared(Struct, frozen=True):
    name: str
    url: str
    publish_url: str | None
    is_default: bool
    is_explicit: bool


def find_endpoints(
    environment: Mapping[str, str], redactor: Redactor, *, root: Path | None, named: str | None
) -> Endpoints:
    """Find the endpoints; ``root`` is the folder of the user's workspace, ``named`` the configured index.

    Errors: ``index-unknown`` where no index of the workspace has that name, ``index-without-publish-url`` where
    it has no address to upload to (the client would upload to its default index instead).
    """
    declared = tuple(_declared(root)) if root is not None else ()
    chosen = _chosen(declared, named)
    # The environment wins over files in both clients.
    publish = environment.get("UV_PUBLISH_URL") or environment.get("TWINE_REPOSITORY_URL")
    simple = _from_environment(environment)
    # A configured index applies to reads as well, unless the environment decides both.
    if simple is None or (chosen is not None and publish is None):
        first = chosen or next((one for one in declared if one.is_default), None)
        simple = first.url if first else _from_pip(environment)
    # Without a URL the client uploads to its default, which twine takes from `TWINE_REPOSITORY`.
    if publish is None:
        publish = _publish_of(chosen) if chosen else _publish_setting(root)
    others = () if chosen is None and simple == _from_environment(environment) else _others(declared, simple)
    # Learned before anything is printed: credentials in a URL must reach no log.
    for url in (simple or "", publish or "", *others):
        redactor.learn_url(url)
    found = _endpoints(simple, publish, others, _name_for_credentials(chosen, environment))
    return replace(found, is_pypi=_is_pypi(publish, environment))


def _is_pypi(publish: str | None, environment: Mapping[str, str]) -> bool:
    """Return whether uploads go to PyPI: clients go there by themselves, and the embedded index stands for it.

    A mirror to read from says nothing about it.
    """
    if "CASTOFF_DOCS_URL" in environment:  # inside an embedded world
        return "CASTOFF_OTHER_INDEX" not in environment
    if publish is None:
        return environment.get("TWINE_REPOSITORY", "pypi") in ("pypi", "testpypi")
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    host, own = split_url(publish).hostname or "", split_url(PYPI_SIMPLE_ENDPOINT).hostname or "-"
    return host == own or host.endswith(f".{own}")


def _endpoints(
    simple: str | None,
    publish: str | None,
    others: tuple[str, ...],
    credentials: tuple[str, str] | None,
) -> Endpoints:
    is_default = simple is None
    if simple is None:
        from pypi_simple import PYPI_SIMPLE_ENDPOINT

        simple = str(PYPI_SIMPLE_ENDPOINT)
    bare, found = _without_credentials(simple)
    login = credentials or found
    return Endpoints(
        simple=bare.rstrip("/") + "/",
        client_simple=simple,
        publish=publish,
        authorization=_basic(login) if login else None,
        others=others,
        is_default=is_default,
    )


def _from_environment(environment: Mapping[str, str]) -> str | None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        value = environment.get(name, "").strip()
        if value and name == "UV_DEFAULT_INDEX" and "=" in value.partition("://")[0]:
            return value.partition("=")[2]
        if value:
            return value
    return None


def _chosen(declared: tuple[_Declared, ...], named: str | None) -> _Declared | None:
    if named is None:
        return None
    for one in declared:
        if one.name == named:
            return one
    known = ", ".join(f"`{one.name}`" for one in declared if one.name)
    raise ConfigurationError.of(
        "index-unknown",
        f"there is no index named `{named}`",
        reason=f"`[[tool.uv.index]]` names {known}" if known else "the workspace declares no named index",
        remedy="correct `python.index`, or declare the index in the `pyproject.toml` of the workspace's folder",
        file="pyproject.toml",
    )


def _publish_of(chosen: _Declared) -> str:
    if chosen.publish_url is not None:
        return chosen.publish_url
    raise ConfigurationError.of(
        "index-without-publish-url",
        f"the index `{chosen.name}` has no `publish-url`",
        reason="without one, the client would upload to its default index",
        remedy="set `publish-url` in its table in `[[tool.uv.index]]`, or set `UV_PUBLISH_URL`",
        file="pyproject.toml",
    )


def _declared(root: Path) -> Iterator[_Declared]:
    for one in _uv_settings(root).get("index", ()):
        if isinstance(one, dict) and isinstance(one.get("url"), str):
            publish = one.get("publish-url")
            yield _Declared(
                str(one.get("name", "")),
                one["url"],
                publish if isinstance(publish, str) else None,
                one.get("default") is True,
                one.get("explicit") is True,
            )


def _publish_setting(root: Path | None) -> str | None:
    value = _uv_settings(root).get("publish-url") if root is not None else None
    return value if isinstance(value, str) else None


def _uv_settings(root: Path) -> dict[str, Any]:
    """Read uv's settings as uv does: those of the nearest folder, from the workspace's upwards, that has any.

    A ``uv.toml`` stands for the whole table in ``pyproject.toml``; a ``pyproject.toml`` without that table is passed
    over (uv, "Configuration files").
    """
    for folder in (root, *root.parents):
        own = _settings_text(folder / "uv.toml")
        if own is not None:
            return _parsed(folder / "uv.toml", own)
        tool = _project(folder / "pyproject.toml").get("tool", {})
        settings = tool.get("uv") if isinstance(tool, dict) else None
        if isinstance(settings, dict):
            return settings
    return {}


def _settings_text(file: Path) -> str | None:
    """Return the text of a client's settings, None if the file does not exist; error ``configuration-unreadable``.

    Without the address in a file that cannot be read, castoff would look and upload at the default index instead.
    """
    try:
        if not os.path.lexists(file) or file.is_char_device():  # pip takes /dev/null for "no configuration"
            return None
        if not file.is_file():
            raise _unreadable(file, "it is not a regular file")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        require_machine(error)
        raise _unreadable(file, getattr(error, "strerror", None) or type(error).__name__) from None


def _parsed(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomli.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(file, str(error)) from None


def _project(file: Path) -> dict[str, Any]:
    """Read a manifest; what is wrong with it is reported where manifests are read."""
    try:
        return tomli.loads(read_regular(file) or "")
    except (ValueError, RecursionError):
        return {}


def _unreadable(file: Path, reason: str) -> CastoffError:
    return ConfigurationError.of(
        "configuration-unreadable",
        f"`{file.name}`, which may name the index, exists but cannot be read",
        reason=reason,
        remedy="correct the file, or remove it",
        file=file.as_posix(),
    )


def _others(declared: tuple[_Declared, ...], simple: str | None) -> tuple[str, ...]:
    return tuple(one.url for one in declared if not one.is_explicit and one.url != simple)


def _from_pip(environment: Mapping[str, str]) -> str | None:
    for file in _pip_files(environment):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(_settings_text(file) or "")
        except configparser.Error as error:
            raise _unreadable(file, " ".join(str(error).split())) from None
        for section in ("install", "global"):
            if value := parser.get(section, "index-url", fallback="").strip():
                return value
    return None


def _pip_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """List pip's configuration files, the strongest first."""
    if file := environment.get("PIP_CONFIG_FILE"):
        yield Path(file)
        return
    if virtual := environment.get("VIRTUAL_ENV"):
        yield Path(virtual) / "pip.conf"
    if home := environment.get("HOME"):
        yield Path(environment.get("XDG_CONFIG_HOME") or f"{home}/.config") / "pip" / "pip.conf"
        yield Path(home) / ".pip" / "pip.conf"
    yield Path("/etc/pip.conf")


def _name_for_credentials(chosen: _Declared | None, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Read uv's variables for the credentials of a named index."""
    if chosen is None or not chosen.name:
        return None
    name = "".join(letter if letter.isalnum() else "_" for letter in chosen.name).upper()
    user, password = (environment.get(f"UV_INDEX_{name}_{one}", "") for one in ("USERNAME", "PASSWORD"))
    return (user, password) if user or password else None


def _without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = split_url(url)
    if parts.username is None and parts.password is None:
        return url, None
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    return bare, (unquote(parts.username or ""), unquote(parts.password or ""))


def _basic(login: tuple[str, str]) -> str:
    return "Basic " + b64encode(":".join(login).encode()).decode("ascii")
