"""Names of npm packages: their grammar, and which new name is too near to one that is there.

Sources: `validate-npm-package-name` (what `npm publish` and the registry share), and the rule of 2017 that names
without a scope are compared without punctuation (npm/npm#19438).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from castoff.world.npm_registry.refusal import Refused

_PART = r"[a-z0-9-][a-z0-9._-]*"
_NAME = re.compile(rf"(?:@(?P<scope>[a-z0-9~_-][a-z0-9._~-]*)/)?(?P<base>{_PART})")
_LONGEST = 214
_RESERVED = frozenset({"node_modules", "favicon.ico"})
_CORE_MODULES = frozenset((
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
    "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https",
    "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring",
    "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty",
    "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
))  # fmt: skip


def scope_of(name: str) -> str | None:
    """Return the scope of a name, without its `@`."""
    return name[1:].partition("/")[0] if name.startswith("@") else None


def check_new_name(name: str, known: Iterable[str]) -> None:
    """Refuse a name that no new package may have."""
    found = _NAME.fullmatch(name)
    reserved = _RESERVED | (_CORE_MODULES if scope_of(name) is None else frozenset())
    if found is None or len(name) > _LONGEST or found["base"] in reserved or found["base"].startswith("-"):
        raise Refused(f'"{name}" is invalid for new packages')
    if found["scope"] is not None:
        return
    near = sorted(one for one in known if scope_of(one) is None and _letters(one) == _letters(name))
    if near:
        raise Refused(
            f"Package name too similar to existing package {','.join(near)}; try renaming your package to "
            f"'@world/{name}' and publishing with 'npm publish --access=public' instead",
            403,
        )


def _letters(name: str) -> str:
    return re.sub(r"[-._]", "", name.lower())
