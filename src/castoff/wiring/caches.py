"""Where what may be lost is kept between runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from castoff.config.values import BuildSettings
from castoff.io.files import cache_folder


def cache_of(settings: BuildSettings, root: Path, environment: Mapping[str, str]) -> Path | None:
    """Return the folder that `build.cache` names; None: nowhere."""
    if isinstance(settings.cache, str):
        return root / settings.cache
    return cache_folder(environment) if settings.cache else None
