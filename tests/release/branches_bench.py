"""A workspace with branches in an embedded world: pull requests with real merges, releases by the real command."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from castoff.model.scope import Scope
from castoff.world.seed import WorldSeed
from loopback import open_directly
from proofs.cargo_small import OUTSIDE, write_small_crates
from proofs.cargo_worlds import published_before
from proofs.small import write_small
from proofs.worlds import Stage, make_key, make_source, stage_of

Kind = Literal["python", "cargo"]
NAMES: Mapping[Kind, tuple[str, ...]] = {
    "python": ("proof-core", "proof"),
    "cargo": ("beacon-core", "beacon-lens", "beacon"),
}


@dataclass(slots=True)
class Bench:
    """One world, and a clone in which a maintainer works."""

    stage: Stage
    clone: Path

    def git(self, *words: str) -> str:
        """Run git in the clone."""
        return self.stage.git(self.clone, *words).strip()

    def run(self, *words: str) -> str:
        """Run castoff there; it must end well."""
        code, output = self.stage.run(self.clone, *words)
        assert code == 0, output
        return output

    def fails(self, *words: str) -> tuple[int, str]:
        """Run castoff there; gives how it ended."""
        return self.stage.run(self.clone, *words)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Speak to the forge as a maintainer in the browser would."""
        environment = self.stage.environment
        url = f"{self.stage.world.forge.url}/repos/{environment['GITHUB_REPOSITORY']}/{path}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {environment['GH_TOKEN']}"}
        request = urllib.request.Request(url, data, headers, method=method)
        with open_directly(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def change(self, title: str, label: str, *, base: str = "main") -> tuple[int, str]:
        """Have a change merged, squashed; gives its number and its commit."""
        self.git("switch", "--quiet", base)
        self.git("pull", "--quiet")
        branch = title.lower().replace(" ", "-")
        self.git("switch", "--quiet", "--create", branch)
        (self.clone / f"{branch}.txt").write_text(title + "\n", encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", title)
        self.git("push", "--quiet", "origin", branch)
        number = self.ask("POST", "pulls", {"title": title, "head": branch, "base": base})["number"]
        self.ask("POST", f"issues/{number}/labels", {"labels": [label]})
        sha = self.ask("PUT", f"pulls/{number}/merge", {"merge_method": "squash"})["sha"]
        self.git("switch", "--quiet", base)
        self.git("pull", "--quiet", "--tags")
        return number, sha

    def releases(self) -> dict[str, Mapping[str, Any]]:
        """Give the published releases by tag."""
        dumped: Any = self.stage.world.dump()["forge"]
        return {one["tag"]: one for one in dumped["releases"] if not one["draft"]}

    def latest(self) -> str:
        """Give the tag that the forge calls the latest."""
        tag: str = self.ask("GET", "releases/latest")["tag_name"]
        return tag

    def uploads(self, kind: Kind) -> list[str]:
        """Give what was uploaded, in order."""
        dumped: Any = self.stage.world.dump()[kind]
        return [one.get("filename") or f"{one['name']}-{one['version']}" for one in dumped["uploads"]]

    def text(self, path: str, branch: str = "main") -> str:
        """Give a file of the remote."""
        bare = str(self.stage.world.repository.path)
        return self.stage.git(self.stage.folder, "--git-dir", bare, "show", f"{branch}:{path}")

    def subjects(self, branch: str = "main") -> list[str]:
        """List the remote's commits, newest first."""
        bare = str(self.stage.world.repository.path)
        log = self.stage.git(
            self.stage.folder, "--git-dir", bare, "log", "--format=%s", "--first-parent", branch
        )
        return log.splitlines()


@contextmanager
def bench(
    folder: Path,
    kind: Kind,
    *,
    forge: Mapping[str, object] | None = None,
    files: Mapping[str, str] | None = None,
) -> Iterator[Bench]:
    """Open a world with the small workspace of one ecosystem at 1.0.0."""
    folder.mkdir(parents=True, exist_ok=True)
    key = make_key(folder)
    write: Callable[[Path], Path] = write_small if kind == "python" else write_small_crates
    sample = write(folder / "sample")
    for path, text in (files or {}).items():
        (sample / path).parent.mkdir(parents=True, exist_ok=True)
        (sample / path).write_text(text, encoding="utf-8")
    source = make_source(folder / "source", key, sample)
    with _opened(folder, key, source, kind, forge or {}) as stage:
        yield Bench(stage, stage.checkout())


def _opened(
    folder: Path, key: Path, source: Path, kind: Kind, forge: Mapping[str, object]
) -> AbstractContextManager[Stage]:
    if kind == "python":
        return stage_of(folder, key, source, seed=WorldSeed(forge=dict(forge)))
    from castoff.git import FolderTree
    from castoff.session.workspaces import read_workspace
    from castoff.wiring.adapters import manifests

    workspace = read_workspace(FolderTree(source), manifests(), Scope())
    packages = {**published_before(workspace), OUTSIDE: {"1.0.0": {}}}
    seed = WorldSeed(
        cargo={"packages": packages, "outside": "none"},
        docs={"automatic": [{"state": "built"}]},
        forge=dict(forge),
    )
    return stage_of(folder, key, source, seed=seed, tls=True)
