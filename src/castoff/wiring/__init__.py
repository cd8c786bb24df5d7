"""Where ports and adapters meet: the outside, the embedded world, the demo."""

from __future__ import annotations

from castoff.wiring.adapters import manifests
from castoff.wiring.services import Options, open_files, open_folder, open_setting

__all__ = ["Options", "manifests", "open_files", "open_folder", "open_setting"]
