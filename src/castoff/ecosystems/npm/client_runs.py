"""Runs of npm against registries, from a folder that holds nothing but the settings of the user's checkout.

npm reads the `.npmrc` of the folder that it runs in, so that each workspace may name registries of its own. A
`package.json` there would change what a command means.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from castoff.ecosystems.npm.exchange import without_credentials
from castoff.ecosystems.npm.host import PATIENCE, Failed, Host, program
from castoff.io.files import is_regular
from castoff.io.process import Completed, Processes
from castoff.io.scratch import scratch_prefix
from castoff.io.server_process import ServerProcess
from castoff.model.child_environments import Kind
from castoff.model.credentials import withheld
from castoff.model.workspace import Package
from castoff.regexes import regex

FORCED = "CASTOFF_NPM_REGISTRY"
"""The registry that stands for every other one in an embedded world, whatever manifests and settings name."""

_OF_PROGRAMS = regex(
    r"^[ \t]*(?:script-shell|shell|git|node-options|editor|viewer|browser|init[-.]module|onload-script|ignore-scripts"
    r"|foreground-scripts|prefix|globalconfig|userconfig|tokenHelper)[ \t]*=.*$",
    re.M,
)
"""Settings that name a program, or a file with more of them (npm, "config"; pnpm's `tokenHelper`).

Nothing that runs here needs one, and where a job uploads with exchanged tokens, no file of the repository may run.
"""

_ONCE = ("--fetch-retries", "0")
"""npm itself repeats a PUT whose answer is lost (make-fetch-happen); castoff looks before it repeats a write."""

_SOON = ("--fetch-retries", "1", "--fetch-retry-mintimeout", "200", "--fetch-retry-maxtimeout", "1000")
"""npm waits for a registry that is down for 70 seconds; castoff paces its looks itself, as `host.cjs` does."""

_RUNNING = threading.BoundedSemaphore((os.cpu_count() or 1) + 1)
"""How many of npm run at once: each start takes a core for half a second, and 75 MB."""

_COLLECTION = ("--single-threaded-gc",)
"""An option of V8: npm reads a tarball in buffers of 16 MB each, which start two collections of a small heap.

Their helper threads take up to half of the processor time of an upload (node 24), and the other cores are busy anyway.
"""

_CHANGES: Mapping[str, str | None] = {
    "NO_UPDATE_NOTIFIER": "1",
    "npm_config_update_notifier": "false",
    "npm_config_prefer_offline": None,
    "npm_config_offline": None,
    "npm_config_dry_run": None,
}


class ClientRuns:
    """Runs npm for the packages of a checkout; ``home`` is None where there is none.

    ``tokenless`` runs find no token in variables or settings: npm would use it if its exchange were refused, and
    print nothing of it. Commands of one workspace share a process of npm (:mod:`castoff.ecosystems.npm.host`).
    """

    def __init__(self, processes: Processes, home: Path | None = None, *, tokenless: bool = False) -> None:
        self.processes = processes
        self.home = home
        self.tokenless = tokenless
        self._host = Host(processes, self._start)

    @contextmanager
    def folder(self, root: str) -> Iterator[Path]:
        """Make an empty folder with the settings of a workspace."""
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("npm"), ignore_cleanup_errors=True) as held:
            settings = self.home / root / ".npmrc" if self.home is not None else None
            if settings is not None and settings.is_file() and not self.forced:
                self._copy(settings, Path(held) / ".npmrc")
            yield Path(held)

    def _copy(self, settings: Path, target: Path) -> None:
        text = settings.read_text(encoding="utf-8", errors="replace")
        self.processes.redactor.learn_npmrc(text, self.processes.environment)
        plain = _OF_PROGRAMS.sub("", text)
        target.write_text(without_credentials(plain) if self.tokenless else plain, encoding="utf-8")

    def _changes(self, folder: Path) -> Mapping[str, str | None]:
        """Return the variables of a run; a ``tokenless`` one has the user's settings without their tokens."""
        if not self.tokenless:
            return _CHANGES
        environment = self.processes.environment
        named = environment.get("npm_config_userconfig") or environment.get("NPM_CONFIG_USERCONFIG")
        user = Path(named) if named else Path(environment.get("HOME", "/")) / ".npmrc"
        own = folder / "user-npmrc"
        own.touch()
        if is_regular(user):
            self._copy(user, own)
        # Both spellings of the variable are read by npm; the one that is not ours must go.
        without = {**withheld(environment, "npm"), "NPM_CONFIG_USERCONFIG": None}
        return {**_CHANGES, **without, "npm_config_userconfig": str(own)}

    @property
    def forced(self) -> str | None:
        """Return the registry that stands for every other one, None outside of an embedded world."""
        return self.processes.environment.get(FORCED) or None

    def registry_of(self, package: Package) -> str | None:
        """Return the registry that a package's manifest, or an embedded world, names."""
        return self.forced or "".join(package.registries[:1]) or None

    def registry_words(self, package: Package) -> list[str]:
        """Return the option that names a package's registry, where its manifest or an embedded world does."""
        registry = self.registry_of(package)
        return ["--registry", registry] if registry else []

    def packument(self, package: Package, version: str | None) -> Any:
        """Ask for the document of a package, as `host.cjs` shows it; None where npm's modules cannot be used."""
        asked = {"name": package.name, "version": version, "registry": self.registry_of(package)}
        return self._host.ask(package.root, Kind.NPM_READ, {"packument": asked})

    def run(self, package: Package, kind: Kind, *words: str | Path) -> Completed:
        """Run npm with its registry, and let it answer in JSON."""
        asked = {"words": [str(word) for word in self._words(package, kind, *words)]}
        answer = self._host.ask(package.root, kind, asked)
        if isinstance(answer, dict) and isinstance(answer.get("code"), int):
            text = str(answer.get("printed") or "")
            return Completed(code=answer["code"], stdout=text.encode(), text=text, errors="")
        # The process gave an answer, so it is not asked for again by a new one: a write may have been sent.
        if isinstance(answer, Failed):
            return Completed(code=answer.code, stdout=b"", text="", errors=answer.reason)
        with self.folder(package.root) as folder:
            return self.run_in(folder, package, kind, *words)

    def run_in(self, folder: Path, package: Package, kind: Kind, *words: str | Path) -> Completed:
        """Run npm in a process of its own, and in a folder that :meth:`folder` made, where npm leaves files."""
        # Taken for the run alone: an answer of the long-lived process costs no start.
        with _RUNNING:
            return self.processes.run(
                ["npm", *self._words(package, kind, *words)],
                kind=kind,
                cwd=folder,
                timeout=PATIENCE,
                changes=self._changes(folder),
            )

    def _words(self, package: Package, kind: Kind, *words: str | Path) -> list[str | Path]:
        tries = {Kind.NPM_UPLOAD: _ONCE, Kind.NPM_READ: _SOON}.get(kind, ())
        return [*words, "--json", *tries, *self.registry_words(package)]

    def _start(self, root: str, kind: Kind) -> ServerProcess:
        with ExitStack() as opened:
            folder = opened.enter_context(self.folder(root))
            return self.processes.start_server(
                ["node", *_COLLECTION, program(), self.processes.find("npm") or "npm"],
                kind=kind,
                cwd=folder,
                changes=self._changes(folder),
                ended=opened.pop_all().close,
            )


def printed_by(done: Completed) -> Any:
    """Return what npm printed as JSON; None if it is none.

    It is read from the text that secrets were taken out of: npm repeats what a registry says, and that may be a token.
    """
    try:
        return json.loads(done.text)
    except ValueError:
        return None


def answer_of(done: Completed) -> Any:
    """Return one answer that npm printed as JSON; None if it is none. npm 12 puts one answer into an array."""
    found = printed_by(done)
    return found[0] if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict) else found


def error_code_of(done: Completed) -> str:
    """Return npm's code for a failure (`E404`, `ECONNREFUSED`); "" if it gives none."""
    found = answer_of(done)
    error = found.get("error") if isinstance(found, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def reason_of(done: Completed) -> str:
    """Return what npm reports of a failure, for people."""
    found = answer_of(done)
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, dict):
        parts = (str(error.get(key) or "").strip() for key in ("code", "summary"))
        text = ": ".join(part for part in parts if part)
        if text:
            return " ".join(text.split())[:600]
    return " ".join((done.last_words or f"npm ended with code {done.code}").split())[-600:]
