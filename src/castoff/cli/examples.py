"""How is each command typed? One example or two, at the end of its help and in the reference page."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "status": ("castoff status", "castoff status 1.3.0 --exit-code"),
    "plan": ("castoff plan minor", "castoff plan minor --pre rc"),
    "check": ("castoff check", "castoff check --only labels"),
    "rehearse": ("castoff rehearse minor",),
    "release": ("castoff release minor --execute", "castoff release minor --pull-request --execute"),
    "resume": ("castoff resume --execute", "castoff resume 1.3.0 --execute --yes"),
    "notes": ("castoff notes", "castoff notes --from 1.2.0"),
    "highlights": ("castoff highlights",),
    "draft": ("castoff draft", "castoff draft --execute"),
    "announce": ("castoff announce", "castoff announce --execute"),
    "milestone": ("castoff milestone", "castoff milestone --execute"),
    "changelog": ("castoff changelog --execute", "castoff changelog --doctor CHANGELOG.md"),
    "docs": ("castoff docs", "castoff docs 1.3.0 --execute"),
    "website": ("castoff website", "castoff website --source . --target ../website"),
    "verify": ("castoff verify 1.3.0",),
    "yank": ("castoff yank 1.3.0", "castoff yank 1.3.0 --execute"),
    "abandon": ("castoff abandon 1.3.0", "castoff abandon 1.3.0 --execute"),
    "init": ("castoff init", "castoff init --website ../website --execute"),
    "ci": ("castoff ci", "castoff ci --write ."),
    "demo": ("castoff demo", "castoff demo --cargo"),
    "explain": ("castoff explain release-in-flight",),
    "world": ("castoff world serve --env world.env",),
}


SHARED = "Options of every command (--json, --yes, ...): castoff --help"


def as_epilog(name: str) -> str:
    """Write the last lines of a command's help."""
    shown = EXAMPLES.get(name, ())
    word = "Example" if len(shown) == 1 else "Examples"
    return f"{SHARED}\n\n{word}: {' | '.join(shown)}" if shown else SHARED
