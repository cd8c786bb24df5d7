"""Order of versions, and the latest release."""

from __future__ import annotations

import re

from castoff.world.forge.records import Release
from castoff.world.forge.state import State

_NUMBERS = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
_PRE = re.compile(r"-|\.?(a|b|rc|alpha|beta|dev|pre)\d*\b")


def version_rank(tag: str) -> tuple[bool, tuple[int, ...], bool, str]:
    """Order tags by the version in them; a pre-release stands before its release."""
    match = _NUMBERS.search(tag)
    if match is None:
        return False, (), False, tag
    numbers = tuple(int(part or 0) for part in match.groups())
    return True, numbers, _PRE.match(tag, match.end()) is None, tag


def latest_release(state: State) -> Release | None:
    """Find the latest release: marked so, else the newest and highest; never a draft or pre-release."""
    fit = [item for item in state.releases if not item.draft and not item.prerelease]
    marked = next((item for item in fit if item.id == state.latest), None)
    if marked is not None:
        return marked
    return max(fit, key=lambda item: (item.created_at.date(), version_rank(item.tag)), default=None)
