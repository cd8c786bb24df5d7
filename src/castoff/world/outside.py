"""Addresses and trust of the user's own clients, to which the embedded world passes reads on.

No address of an index stands here: they come from the user's environment and configuration, or from the
library that carries the default.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path


def python_index_address(environment: Mapping[str, str] | None = None) -> str | None:
    """Find the simple API that uv and pip would ask; ``None`` where nothing is known."""
    values = os.environ if environment is None else environment
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if values.get(name):
            return values[name].rpartition("=")[2] if name == "UV_DEFAULT_INDEX" else values[name]
    for file in _pip_files(values):
        address = _pip_setting(file, "index-url")
        if address:
            return address
    try:
        from pypi_simple import PYPI_SIMPLE_ENDPOINT
    except ImportError:
        return None
    return str(PYPI_SIMPLE_ENDPOINT)


def pip_certificate(environment: Mapping[str, str] | None = None) -> str | None:
    """Find the CA file of pip's own configuration, since the world's clients run without that file."""
    values = os.environ if environment is None else environment
    if values.get("PIP_CERT"):
        return values["PIP_CERT"]
    found = [_pip_setting(file, "cert") for file in _pip_files(values)]
    return next((path for path in found if path), None)


def without_loopback_proxy(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Keep what the user has in ``NO_PROXY``, and add loopback."""
    values = os.environ if environment is None else environment
    known = values.get("NO_PROXY") or values.get("no_proxy") or ""
    listed = ",".join([*(part for part in known.split(",") if part), "127.0.0.1", "localhost"])
    return {"NO_PROXY": listed, "no_proxy": listed}


def _pip_files(values: Mapping[str, str]) -> tuple[Path, ...]:
    """List pip's configuration files, the strongest first."""
    if values.get("PIP_CONFIG_FILE"):
        return (Path(values["PIP_CONFIG_FILE"]),)
    home = Path(values.get("HOME", "/nonexistent"))
    configured = Path(values.get("XDG_CONFIG_HOME") or home / ".config")
    files = [home / ".pip" / "pip.conf", configured / "pip" / "pip.conf", Path("/etc/pip.conf")]
    if values.get("VIRTUAL_ENV"):
        files.insert(0, Path(values["VIRTUAL_ENV"]) / "pip.conf")
    return tuple(files)


def _pip_setting(file: Path, key: str) -> str | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return None
    return parser.get("global", key, fallback=None)
