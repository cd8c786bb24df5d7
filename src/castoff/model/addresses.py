"""The forge that a remote's address names.

github.com has its API at api.github.com; GitHub Enterprise Server has it below `/api/v3` of its own host
(GitHub's REST documentation). `GITHUB_API_URL`, which GitHub's runners set, wins over both.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from castoff.regexes import regex

_SCP = regex(r"(?:[^@/\s]{1,200}@)?(?P<host>[A-Za-z0-9.-]{2,253}):(?!//)(?P<path>[^\s]{1,1000})")
_URL = regex(
    r"(?:https?|ssh|git)://(?:[^@/\s]{1,500}@)?(?P<host>[A-Za-z0-9.-]{1,253})(?::\d{1,5})?/(?P<path>[^\s]{1,1000})"
)
_SLUG = regex(r"(?:.*/)?(?P<owner>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/(?P<name>[A-Za-z0-9._-]{1,100})")


class Address(Struct, frozen=True, kw_only=True):
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
    if url.startswith("file://"):
        return "", url.removeprefix("file://")
    for pattern in (_URL, _SCP):
        match = pattern.fullmatch(url)
        if match:
            return match["host"].lower(), match["path"]
    return "", url


def slug_of(path: str) -> str | None:
    """Read `owner/name` from the end of a path."""
    match = _SLUG.fullmatch(path.rstrip("/").removesuffix(".git").lstrip("/"))
    return f"{match['owner']}/{match['name']}" if match else None


def sibling_url(remote_url: str, slug: str) -> str | None:
    """Return the address of another repository on the same host: `owner/name` at the end is exchanged."""
    bare = remote_url.rstrip("/")
    ending = ".git" if bare.endswith(".git") else ""
    own = slug_of(split_remote(bare)[1])
    whole = bare.removesuffix(".git")
    if own is None or not whole.endswith(own):
        return None
    return whole[: len(whole) - len(own)] + slug + ending


def named_repository(url: str | None) -> tuple[str, str] | None:
    """Read host and `owner/name` of the repository that a manifest names; links into it name it as well."""
    host, path = split_remote((url or "").removeprefix("git+"))
    parts = [part for part in path.split("/") if part]
    if not host or len(parts) < 2:
        return None
    slug = slug_of("/".join(parts[:2]))
    return (host.removeprefix("www."), slug) if slug else None
