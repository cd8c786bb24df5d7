"""On which forge does a remote lie, and with which token does castoff speak to it?

github.com has its API at api.github.com; GitHub Enterprise Server has it below `/api/v3` of its own host
(GitHub's REST documentation). `GITHUB_API_URL`, which GitHub's runners set, wins over both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from castoff.process import Processes

_SCP = re.compile(r"(?:[^@/\s]{1,200}@)?(?P<host>[A-Za-z0-9.-]{1,253}):(?P<path>[^\s]{1,1000})")
_URL = re.compile(
    r"(?:https?|ssh|git)://(?:[^@/\s]{1,500}@)?(?P<host>[A-Za-z0-9.-]{1,253})(?::\d{1,5})?/(?P<path>[^\s]{1,1000})"
)
_SLUG = re.compile(r"(?:.*/)?(?P<owner>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/(?P<name>[A-Za-z0-9._-]{1,100})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A repository on a forge: ``slug`` is `owner/name`; ``host`` is empty for a remote on this machine."""

    host: str
    slug: str
    api_url: str
    web_url: str


def forge_address(remote_url: str | None, environment: Mapping[str, str]) -> Address | None:
    """Find the forge of a remote; a remote that is a folder has one only where the environment names it."""
    if not remote_url:
        return None
    host, path = split_remote(remote_url)
    slug = slug_of(path)
    given = environment.get("GITHUB_API_URL", "").strip().rstrip("/")
    if slug is None or (not host and not given):
        return None
    web = environment.get("GITHUB_SERVER_URL", "").strip().rstrip("/") if given else ""
    return Address(
        host=host,
        slug=slug,
        api_url=given or ("https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"),
        web_url=web or f"https://{host or 'github.com'}",
    )


def split_remote(url: str) -> tuple[str, str]:
    """Split a remote's address into host (lower case, "" for a folder) and path."""
    for pattern in (_URL, _SCP):
        match = pattern.fullmatch(url)
        if match:
            return match["host"].lower(), match["path"]
    return "", url.removeprefix("file://")


def slug_of(path: str) -> str | None:
    """Read `owner/name` from the end of a path."""
    match = _SLUG.fullmatch(path.rstrip("/").removesuffix(".git").lstrip("/"))
    return f"{match['owner']}/{match['name']}" if match else None


def forge_token(processes: Processes, folder: Path, address: Address) -> str | None:
    """Find a token: GH_TOKEN, GITHUB_TOKEN, `gh auth token`, git's credential helper, in this order."""
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        if token := processes.environment.get(name, "").strip():
            return token
    if not address.host:
        return None
    found = _gh_token(processes, folder, address.host) or _helper_token(processes, folder, address.host)
    if found:
        processes.redactor.learn(found)
    return found


def _gh_token(processes: Processes, folder: Path, host: str) -> str | None:
    if processes.find("gh") is None:
        return None
    done = processes.run(["gh", "auth", "token", "--hostname", host], cwd=folder, timeout=20)
    return done.stdout.decode("ascii", "ignore").strip() or None if done.code == 0 else None


def _helper_token(processes: Processes, folder: Path, host: str) -> str | None:
    done = processes.run(
        ["git", "credential", "fill"],
        cwd=folder,
        given=f"protocol=https\nhost={host}\n\n".encode(),
        timeout=20,
        changes={"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": ""},
    )
    if done.code != 0:
        return None
    for line in done.stdout.decode("utf-8", "ignore").splitlines():
        name, _, value = line.partition("=")
        if name == "password" and value:
            return value
    return None
