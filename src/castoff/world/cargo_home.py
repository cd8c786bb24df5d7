"""cargo's way to the embedded registry: a throw-away home.

With the proxy, cargo is told nothing but where the proxy is: its command lines are those of the real release.
Without it, the source crates-io is replaced: no TLS, but no outside either, and ``publish = ["crates-io"]`` in a
manifest is refused by cargo.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_CREDENTIALS = """[registry]
global-credential-providers = ["cargo:token"]
"""
_REPLACED = """[registries.world]
index = "sparse+{url}/index/"

[registry]
default = "world"
global-credential-providers = ["cargo:token"]

[source.crates-io]
replace-with = "world"
"""


def replaced_source(directory: Path, url: str, token: str) -> dict[str, str]:
    """Write a home below ``directory`` that replaces the source; give the variables that make cargo use it."""
    home = _home(directory, _REPLACED.format(url=url))
    return {
        "CARGO_HOME": str(home),
        "CARGO_REGISTRIES_WORLD_TOKEN": token,
        "CARGO_REGISTRY_TOKEN": token,
    }


def proxied(directory: Path, proxy: str, certificate: Path, token: str) -> dict[str, str]:
    """Write an empty home below ``directory``; give the variables that lead cargo through the proxy."""
    home = _home(directory, _CREDENTIALS)
    return {
        "CARGO_HOME": str(home),
        "CARGO_HTTP_PROXY": proxy,
        "CARGO_HTTP_CAINFO": str(certificate),
        "CARGO_HTTP_CHECK_REVOKE": "false",
        "CARGO_REGISTRY_TOKEN": token,
    }


def warm(directory: Path, user_home: Path) -> None:
    """Return the throw-away home what the user's cargo has fetched before; the user's files stay as they are.

    Crates are linked where the disk allows it (cargo makes them anew, it never writes into them); the index
    cache is copied, since cargo rewrites it in place; the clone of an index that is a git repository is left out.
    """
    source, target = user_home / "registry", directory / "cargo-home" / "registry"
    for part, copy in (("cache", _link), ("index", shutil.copy2)):
        if (source / part).is_dir():
            shutil.copytree(
                source / part,
                target / part,
                copy_function=copy,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns(".git"),
            )


def _home(directory: Path, configuration: str) -> Path:
    home = directory / "cargo-home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(configuration, encoding="utf-8")
    return home


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
