"""Environments of the clients that talk to the embedded world: variables, homes, and what the user keeps.

Variables of the user that a client must never see are tokens, and ways outside. An ssh agent is kept, since tags may be
signed with its keys; git is told elsewhere to open no ssh connection. No address of an index stands here: they come
from the user's environment and configuration, or from the library that carries the default.

cargo gets a throw-away home. With the proxy, it is told nothing but where the proxy is: its command lines are those of
the real release. Without it, the source crates-io is replaced: no TLS, but no outside either, and
``publish = ["crates-io"]`` in a manifest is refused by cargo.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

TOKEN = "world-token"  # noqa: S105 - a token of the embedded world opens nothing


def python_clients(url: str) -> dict[str, str]:
    """Lead uv, pip and twine to the index at ``url``."""
    index, publish = f"{url}/simple/", f"{url}/legacy/"
    return {
        "UV_PUBLISH_URL": publish,
        "UV_PUBLISH_TOKEN": TOKEN,
        "UV_DEFAULT_INDEX": index,
        "UV_INDEX": "",
        "PIP_INDEX_URL": index,
        "PIP_CONFIG_FILE": os.devnull,
        "TWINE_REPOSITORY_URL": publish,
        "TWINE_USERNAME": "__token__",
        "TWINE_PASSWORD": TOKEN,
        "TWINE_NON_INTERACTIVE": "1",
    }


def trust(certificates: Path) -> dict[str, str]:
    """Let clients trust what a file lists: uv and OpenSSL's users, requests (twine), pip, in this order."""
    return dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"), str(certificates))


def npm_clients(url: str, certificates: Path, directory: Path) -> dict[str, str]:
    """Lead npm, pnpm, yarn and bun to the registry at ``url``, with settings of their own below ``directory``.

    ``certificates`` is what they trust. npm's global settings may name a file of their own, so the variable of
    Node alone is not enough. pnpm reads variables with its own prefix, yarn and bun their own ones.
    """
    settings = directory / "npmrc"
    place = url.removeprefix("https:").removeprefix("http:")
    settings.write_text(f"registry={url}/\n{place}/:_authToken={TOKEN}\n", encoding="utf-8")
    trusted = str(certificates)
    return {
        "npm_config_registry": f"{url}/",
        "npm_config_userconfig": str(settings),
        "npm_config_cafile": trusted,
        "npm_config_update_notifier": "false",
        "NODE_EXTRA_CA_CERTS": trusted,
        "pnpm_config_registry": f"{url}/",
        "pnpm_config_userconfig": str(settings),
        "pnpm_config_cafile": trusted,
        "YARN_NPM_REGISTRY_SERVER": url,
        "YARN_NPM_AUTH_TOKEN": TOKEN,
        "YARN_HTTPS_CA_FILE_PATH": trusted,
        "YARN_ENABLE_TELEMETRY": "0",
        "BUN_CONFIG_REGISTRY": f"{url}/",
        "BUN_CONFIG_TOKEN": TOKEN,
    }


def forge_client(url: str, slug: str) -> dict[str, str]:
    """Lead clients of the forge to the API at ``url``.

    gh takes the repository from git's remotes, which git itself leads to a folder here, so it is named.
    """
    return {
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": slug,
        "GH_REPO": slug,
        "GH_TOKEN": TOKEN,
        "GITHUB_TOKEN": TOKEN,
    }


def through(proxy: str, certificate: Path, directory: Path, user: Mapping[str, str]) -> dict[str, str]:
    """Lead every client through the world's proxy, and make it trust the world's authority alone.

    A client that passes the proxy by cannot verify who it reaches, so it sends no token there. Node reads the
    proxy's variables from version 22.21 on; older ones find the outside, and do not trust it.
    """
    nowhere = directory / "no-certificates"
    nowhere.mkdir(exist_ok=True)
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    trust = (
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "NODE_EXTRA_CA_CERTS",
        "PIP_CERT",
        "TWINE_CERT",
    )
    direct = "127.0.0.1,localhost"
    return {
        **dict.fromkeys(proxies, proxy),
        **dict.fromkeys((name.lower() for name in proxies), proxy),
        "NO_PROXY": direct,
        "no_proxy": direct,
        **dict.fromkeys(trust, str(certificate)),
        "SSL_CERT_DIR": str(nowhere),
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": f"{user.get('NODE_OPTIONS', '')} --use-openssl-ca".strip(),
        "GH_CONFIG_DIR": str(directory / "gh"),
        "GH_NO_UPDATE_NOTIFIER": "1",
        "GH_PROMPT_DISABLED": "1",
    }


_DROPPED = re.compile(
    r"(.*_)?(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|API_KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS|AUTH)(_(?!SOCK).*)?"
    r"|HATCH_INDEX_.*|FLIT_.*|POETRY_(HTTP_BASIC|PYPI)_.*|PDM_PUBLISH_.*"
    r"|TWINE_.*|UV_PUBLISH_.*|UV_(EXTRA_)?INDEX.*|UV_DEFAULT_INDEX|UV_FIND_LINKS"
    r"|PIP_(EXTRA_)?INDEX_URL|PIP_FIND_LINKS|PIP_CONFIG_FILE|PIP_NO_INDEX"
    r"|CARGO_REGISTR.*|CARGO_SOURCE_.*|CARGO_HTTP_.*|NPM_CONFIG_.*|PNPM_CONFIG_.*|YARN_(NPM|HTTPS?)_.*|BUN_CONFIG_.*|ACTIONS_.*|GH_.*|GITHUB_.*"
    r"|GIT_CONFIG_(COUNT|KEY_.*|VALUE_.*|PARAMETERS)|GIT_ASKPASS|GIT_SSH.*",
    re.IGNORECASE,
)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without tokens, and without settings that lead clients elsewhere."""
    return {name: value for name, value in environment.items() if _DROPPED.fullmatch(name) is None}


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


def cargo_with_replaced_source(directory: Path, url: str, token: str) -> dict[str, str]:
    """Write a home below ``directory`` that replaces the source; give the variables that make cargo use it."""
    home = _cargo_home(directory, _REPLACED.format(url=url))
    return {
        "CARGO_HOME": str(home),
        "CARGO_REGISTRIES_WORLD_TOKEN": token,
        "CARGO_REGISTRY_TOKEN": token,
    }


def cargo_behind_proxy(directory: Path, proxy: str, certificate: Path, token: str) -> dict[str, str]:
    """Write an empty home below ``directory``; give the variables that lead cargo through the proxy."""
    home = _cargo_home(directory, _CREDENTIALS)
    return {
        "CARGO_HOME": str(home),
        "CARGO_HTTP_PROXY": proxy,
        "CARGO_HTTP_CAINFO": str(certificate),
        "CARGO_HTTP_CHECK_REVOKE": "false",
        "CARGO_REGISTRY_TOKEN": token,
    }


def warm_cargo_home(directory: Path, user_home: Path) -> None:
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


def _cargo_home(directory: Path, configuration: str) -> Path:
    home = directory / "cargo-home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(configuration, encoding="utf-8")
    return home


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
