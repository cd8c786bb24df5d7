"""Trial of a package: installed and imported in an empty project, from what the registry holds at that moment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from castoff.ecosystems.npm.client_runs import ClientRuns, answer_of, error_code_of
from castoff.errors import Problem
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.workspace import Package
from castoff.values import replace

_PATIENCE = 900.0
_AS_ANYWHERE: Mapping[str, str | None] = {
    "npm_config_before": None,
    "npm_config_loglevel": "error",
    "npm_config_prefer_offline": None,
}
_OTHER_PLATFORM = "EBADPLATFORM"
_ANY_OF = {"os": ("linux", "darwin", "win32"), "cpu": ("x64", "arm64"), "libc": ("glibc", "musl")}
"""Fields of a manifest that say for which platforms a package is, and names for those that only exclude some."""
_CONDITIONS = ("require", "import", "default", "node")
_PROGRAM = """\
const failed = [], pending = [], tree = installed();
for (const name of process.argv.slice(2)) {
  try { require(name); continue; } catch (error) {
    if (!["ERR_REQUIRE_ESM", "ERR_PACKAGE_PATH_NOT_EXPORTED", "ERR_REQUIRE_ASYNC_MODULE"].includes(error.code)) {
      // An error that says so, as vitest's, and no accident: the entry is for `import` alone.
      const isMeant = error && Object.getPrototypeOf(error) === Error.prototype && !error.code;
      if (isMeant) pending.push(import(name).catch(() => fail(name, error)));
      else fail(name, error);
      continue;
    }
  }
  pending.push(import(name).catch((error) => fail(name, error)));
}
Promise.all(pending).then(() => {
  for (const [name, error] of failed) console.error(`${name}: ${error && error.stack || error}`);
  process.exit(failed.length ? 1 : 0);
});
function fail(name, error) {
  const lacks = error && ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(error.code);
  const isPeer = (peer) => error.message.includes(`'${peer}'`) || error.message.includes(`'${peer}/`);
  if (!lacks || !absentPeers().some(isPeer)) failed.push([name, error]);
}
function absentPeers() {
  const peers = Object.values(tree).flatMap((one) => Object.keys(one.peerDependencies || {}));
  return peers.filter((peer) => !(`node_modules/${peer}` in tree));
}
function installed() {
  try {
    return JSON.parse(require("node:fs").readFileSync("node_modules/.package-lock.json", "utf8")).packages;
  } catch { return {}; }
}
"""
"""Imports each name. An entry that lacks a peer, which was not installed, is not judged.

Packages have entries for users of an optional peer alone, and requirements have peers of their own.
"""


class NpmTrial:
    """Uses a released package as its users do; implements :class:`castoff.ports.Trial`."""

    def __init__(self, processes: Processes, *, imports: bool = True) -> None:
        self._processes = processes
        self._imports = imports

    def use(self, package: Package, version: str, manifest: str = "") -> tuple[Problem, ...]:
        """Install exactly this version in an empty project and import it. Problems: ``verify-failed``."""
        del manifest
        failed = try_out(self._processes, package, version, imports=self._imports)
        return (failed,) if failed else ()


def try_out(processes: Processes, package: Package, version: str, *, imports: bool) -> Problem | None:
    """Install a package into an empty project, and import each entry of its `exports`.

    Gates of npm that hide young versions are off: the version is a minute old. Peers that do not order uploads may
    not be there yet, so that npm is not asked to install any; their ranges are judged on the manifests. A package for
    other platforms is installed as on one of them, and not imported.
    """
    runs = ClientRuns(processes)
    with runs.folder(package.root) as folder:
        (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        # Scripts of dependencies stay off: a trial must not run more foreign code than an import does.
        words = ["npm", "install", "--json", "--no-audit", "--no-fund", "--ignore-scripts"]
        words += ["--legacy-peer-deps", "--save-exact", *runs.registry_words(package)]
        words += [f"{package.name}@{version}"]
        done = _install(processes, words, folder)
        manifest = folder / "node_modules" / package.name / "package.json"
        if error_code_of(done) == _OTHER_PLATFORM and (there := _platform_words(runs, package, version)):
            # npm lets its own settings of a platform count for optional requirements alone, which it may leave out.
            done = _install(processes, [*words, "--save-optional", *there], folder)
            if done.code == 0:
                return None if manifest.is_file() else _left_out(package, version, done)
        if done.code != 0:
            return _failed(package, version, "cannot be installed", done)
        names = tuple(importable(package.name, _manifest(manifest))) if imports else ()
        if not names:
            return None
        (folder / "try.cjs").write_text(_PROGRAM, encoding="utf-8")
        done = processes.run(["node", "try.cjs", *names], kind=Kind.BUILD, cwd=folder, timeout=_PATIENCE)
        if done.code == 0:
            return None
        failed = _failed(package, version, "cannot be imported", done)
        # A test runner's module, say, works within its runner alone.
        by_design = 'if node alone cannot import it by design, set `verify = "install"` in `[npm]`'
        return replace(failed, remedy=f"correct the entry, or what it requires; {by_design}")


def _install(processes: Processes, words: Sequence[str], folder: Path) -> Completed:
    return processes.run(words, kind=Kind.BUILD, cwd=folder, timeout=_PATIENCE, changes=_AS_ANYWHERE)


def _platform_words(runs: ClientRuns, package: Package, version: str) -> Sequence[str]:
    """Return the options by which npm installs as on a machine that a package is for; none where it is for all.

    What it requires must then be for that platform as well. Source: `os`, `cpu` and `libc` in npm's documentation of
    `package.json` and of its settings; a name may be negated by an exclamation mark.
    """
    found = answer_of(runs.run(package, Kind.NPM_READ, "view", f"{package.name}@{version}"))
    words = []
    for field, known in _ANY_OF.items():
        names = found.get(field) if isinstance(found, dict) else None
        names = [names] if isinstance(names, str) else names
        if isinstance(names, list) and names:
            named = [one for one in names if not str(one).startswith("!")]
            left = [one for one in known if f"!{one}" not in names]
            words.append(f"--{field}={(named or left or known)[0]}")
    return words


def _manifest(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def importable(name: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    """List the names under which node can import a package: modules of another platform or a browser are left out.

    Peers are not installed, so that a package that has any is not imported.
    """
    peers = manifest.get("peerDependencies")
    meta = manifest.get("peerDependenciesMeta")
    optional = (
        {key for key, value in meta.items() if isinstance(value, dict)} if isinstance(meta, dict) else set()
    )
    if isinstance(peers, dict) and set(peers) - optional:
        return
    if "os" in manifest or "cpu" in manifest:
        return
    exports = manifest.get("exports")
    if exports is None:
        if "main" in manifest or "module" in manifest:
            yield name
        return
    if isinstance(exports, dict) and any(key.startswith(".") for key in exports):
        for key, value in exports.items():
            if "*" not in key and not key.endswith((".json", "/", ".css")) and _is_for_node(value):
                yield name + key.removeprefix(".")
    elif _is_for_node(exports):
        yield name


def _is_for_node(value: object) -> bool:
    """Return whether a target of `exports` is code that node would choose."""
    if isinstance(value, str):
        return value.endswith((".js", ".cjs", ".mjs"))
    if isinstance(value, list):
        return bool(value) and _is_for_node(value[0])
    if isinstance(value, dict):
        return any(_is_for_node(value[one]) for one in _CONDITIONS if one in value)
    return False


def _left_out(package: Package, version: str, done: Completed) -> Problem:
    failed = _failed(package, version, "cannot be installed on the platforms that it is for", done)
    return replace(
        failed, reason="npm leaves it out there: it cannot install something that the package requires"
    )


def _failed(package: Package, version: str, fact: str, done: Completed) -> Problem:
    return Problem(
        code="verify-failed",
        message=f"`{package.name}` {version} {fact}",
        reason=done.last_words,
        remedy="fix the package or its requirements: at its turn, its registry will not satisfy them"
        + withheld_words(Kind.BUILD, done.withheld),
        file=package.manifest,
        package=package.id,
    )
