"""How does cargo reach the embedded registry without a proxy? A throw-away home that replaces the source.

This is the plain way, with no TLS in it: it has no outside, so that a workspace with dependencies from
elsewhere needs the proxy (``proxy``) instead, and ``publish = ["crates-io"]`` in a manifest is refused by cargo.
"""

from __future__ import annotations

from pathlib import Path


def cargo_home_environment(directory: Path, url: str, token: str) -> dict[str, str]:
    """Write the throw-away home below ``directory``; give the variables that make cargo use it."""
    home = directory / "cargo-home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(
        f"""[registries.world]
index = "sparse+{url}/index/"

[registry]
default = "world"
global-credential-providers = ["cargo:token"]

[source.crates-io]
replace-with = "world"
""",
        encoding="utf-8",
    )
    return {
        "CARGO_HOME": str(home),
        "CARGO_REGISTRIES_WORLD_TOKEN": token,
        "CARGO_REGISTRY_TOKEN": token,
    }
