"""The embedded forge: GitHub's published contract over a real bare git repository.

It shares no code with castoff's own adapters, so it cannot share their mistakes.
"""

from __future__ import annotations

from castoff.world.forge.service import Forge

__all__ = ["Forge"]
