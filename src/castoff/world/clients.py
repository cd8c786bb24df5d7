"""What makes a client talk to the embedded world? The variables of each kind of client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from castoff.world.outside import pip_certificate

TOKEN = "world-token"  # noqa: S105 - a token of the embedded world opens nothing


def python_clients(url: str, user: Mapping[str, str]) -> dict[str, str]:
    """Lead uv, pip and twine to the index at ``url``."""
    index, publish = f"{url}/simple/", f"{url}/legacy/"
    environment = {
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
    certificate = pip_certificate(user)
    return environment | ({"PIP_CERT": certificate} if certificate else {})


def npm_client(url: str, directory: Path) -> dict[str, str]:
    """Lead npm to the registry at ``url``, with settings of its own below ``directory``."""
    settings = directory / "npmrc"
    settings.write_text(f"{url.removeprefix('http:')}/:_authToken={TOKEN}\n", encoding="utf-8")
    return {
        "npm_config_registry": f"{url}/",
        "npm_config_userconfig": str(settings),
        "npm_config_update_notifier": "false",
    }


def forge_client(url: str, slug: str) -> dict[str, str]:
    """Lead clients of the forge to the API at ``url``."""
    return {
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": slug,
        "GH_TOKEN": TOKEN,
        "GITHUB_TOKEN": TOKEN,
    }


def gh(proxy: str, certificate: Path, directory: Path) -> dict[str, str]:
    """Lead GitHub's own command line through the forge's proxy port."""
    return {
        "HTTPS_PROXY": proxy,
        "SSL_CERT_FILE": str(certificate),
        "GH_CONFIG_DIR": str(directory / "gh"),
        "GH_NO_UPDATE_NOTIFIER": "1",
    }
