"""Crates, versions and users in the answers of the registry's API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from castoff.world.cargo_registry.requirements import precedence
from castoff.world.cargo_registry.store import Held


def crate(name: str, versions: Sequence[Held]) -> dict[str, object]:
    """Describe a crate."""
    ordered = sorted(versions, key=lambda held: precedence(held.published.version))
    stable = [held for held in ordered if "-" not in held.published.version and not held.yanked]
    latest = (stable or ordered)[-1].published
    return {
        "id": name,
        "name": name,
        "description": latest.description,
        "max_version": ordered[-1].published.version,
        "newest_version": versions[-1].published.version,
        "max_stable_version": stable[-1].published.version if stable else None,
        "default_version": latest.version,
        "exact_match": False,
        "downloads": 0,
        "created_at": _time(versions[0].at),
        "updated_at": _time(versions[-1].at),
    }


def version(held: Held) -> dict[str, object]:
    """Describe one version."""
    published = held.published
    return {
        "crate": published.name,
        "num": published.version,
        "checksum": published.checksum,
        "crate_size": len(published.crate),
        "dl_path": f"/api/v1/crates/{published.name}/{published.version}/download",
        "features": {name: list(values) for name, values in published.features},
        "license": published.license,
        "links": {"dependencies": f"/api/v1/crates/{published.name}/{published.version}/dependencies"},
        "rust_version": published.rust_version,
        "yanked": held.yanked,
        "yank_message": None,
        "created_at": _time(held.at),
        "updated_at": _time(held.at),
    }


def user(login: str) -> dict[str, object]:
    """Describe a user; the number is made of the login, so that it is always the same."""
    number = sum(ord(letter) * (place + 1) for place, letter in enumerate(login))
    return {
        "id": number,
        "login": login,
        "name": login,
        "kind": "team" if ":" in login else "user",
        "avatar": None,
        "url": f"https://github.com/{login}",
    }


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
