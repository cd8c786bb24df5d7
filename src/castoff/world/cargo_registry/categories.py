"""Which category slugs does crates-io know? Those of its ``categories.toml``, as of November 2026."""

from __future__ import annotations

_TOP = """
accessibility aerospace algorithms api-bindings artificial-intelligence asynchronous authentication
automotive caching command-line-interface command-line-utilities compilers compression computer-vision
concurrency config cryptography data-structures database database-implementations date-and-time
development-tools email embedded emulators encoding external-ffi-bindings filesystem finance game-development
game-engines games graphics gui hardware-support internationalization localization mathematics
memory-management multimedia network-programming no-std os parser-implementations parsing rendering
rust-patterns science security simulation template-engine text-editors text-processing value-formatting
virtualization visualization wasm web-programming
"""

_BELOW = {
    "aerospace": "drones protocols simulation space-protocols unmanned-aerial-vehicles",
    "cryptography": "cryptocurrencies",
    "development-tools": "build-utils cargo-plugins debugging ffi procedural-macro-helpers profiling testing",
    "multimedia": "audio video images encoding",
    "no-std": "no-alloc",
    "os": "android-apis linux-apis freebsd-apis macos-apis unix-apis windows-apis",
    "rendering": "engine graphics-api data-formats",
    "science": "bioinformatics computational-biology computational-chemistry geo materials neuroscience "
    "quantum-computing robotics",
    "science::computational-chemistry": "cheminformatics electronic-structure molecular-simulation",
    "science::computational-biology": "structural-modeling systems-biology",
    "science::bioinformatics": "genomics proteomics sequence-analysis",
    "web-programming": "http-client http-server websocket",
}

SLUGS = frozenset(_TOP.split()) | frozenset(
    f"{above}::{below}" for above, names in _BELOW.items() for below in names.split()
)
