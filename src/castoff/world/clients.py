"""Variables that make each kind of client talk to the embedded world."""

from __future__ import annotations

import os
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
