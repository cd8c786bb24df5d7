"""Worlds that releases must lead to, made by undisturbed runs, and how a world is compared with them."""

from __future__ import annotations

import difflib
import json
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofs.faulting import Scene
from proofs.worlds import Stage, read_events

MERGE = "merge"
"""The step that brings another change to the branch."""

HOTFIX = "hotfix"
"""The step that releases 1.0.1 from the branch `1.0.x`."""


@dataclass(slots=True)
class Endings:
    """The worlds after undisturbed runs, each made once, by the steps that lead there: levels, merges, hotfixes."""

    folder: Path
    key: Path
    source: Path
    scene: Scene
    known: dict[tuple[str, ...], str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def after(self, *steps: str) -> str:
        """Return the dump of a world after some steps that nobody disturbed."""
        with self.lock:
            if steps not in self.known:
                folder = self.folder / "-".join(steps)
                with self.scene.opened(folder, self.key, self.source) as here:
                    for step in steps:
                        take(here, step)
                    self.known[steps] = here.dump()
            return self.known[steps]

    def events(self) -> list[str]:
        """Return the names of the events of an undisturbed release of the next minor version."""
        with self.scene.opened(self.folder / "events", self.key, self.source) as here:
            written = self.folder / "events.ndjson"
            code, output = here.run(
                here.checkout(), "release", "minor", "--execute", "--yes", "--events", str(written)
            )
            assert code == 0, output
            return [
                f"{one['type']}:{one.get('act') or one.get('detail', '')}" for one in read_events(written)
            ]


def take(here: Stage, step: str) -> None:
    """Take one step of an undisturbed path; it must succeed."""
    if step == MERGE:
        merge(here)
        return
    checkout = here.checkout()
    if step == HOTFIX:
        code, output = release_hotfix(here)
    else:
        code, output = here.run(checkout, "release", step, "--execute", "--yes")
    assert code == 0, output


def merge(here: Stage, branch: str = "main", base: str | None = None) -> Path:
    """Push one more change to a branch, as a person who merges does; returns the clone.

    The push of a client that survived its castoff may come in between: then the change goes on top of it.
    """
    clone = here.checkout()
    for last in (False, False, True):
        here.git(clone, "fetch", "--quiet", "origin")
        here.git(clone, "checkout", "--quiet", "-B", branch, base or f"origin/{branch}")
        (clone / f"{branch}.txt").write_text("The wind has turned.\n", encoding="utf-8")
        here.git(clone, "add", "--all")
        here.git(clone, "commit", "--quiet", "-m", "Turn the wind")
        try:
            here.git(clone, "push", "--quiet", "--set-upstream", "origin", branch)
            break
        except subprocess.CalledProcessError:
            if last:
                raise
    return clone


def release_hotfix(here: Stage) -> tuple[int, str]:
    """Make the branch `1.0.x` from the tag 1.0.0, with one change, and release from it."""
    clone = merge(here, "1.0.x", "1.0.0")
    return here.run(clone, "release", "patch", "--execute", "--yes")


def comparable(dump: str, *, without: Sequence[str] = ()) -> str:
    """Return a dump with trees in place of commits, and without the uploads and docs builds of some versions.

    Merges in between give the release another parent, and so another commit; the contents stay the same. The archives
    of cargo hold the commit.
    """
    world: dict[str, Any] = json.loads(dump)
    world["git"]["refs"] = {
        name: {key: value for key, value in ref.items() if key in ("tree", "type", "signed")}
        for name, ref in world["git"]["refs"].items()
    }
    releases = [
        {key: value for key, value in one.items() if key not in ("tag_commit", "target")}
        for one in world["forge"]["releases"]
    ]
    world["forge"]["releases"] = sorted(releases, key=lambda one: str(one["tag"]))
    for service in ("cargo", "python", "npm"):
        world[service]["uploads"] = [
            {key: value for key, value in one.items() if service != "cargo" or key != "sha256"}
            for one in world[service]["uploads"]
            if one["version"] not in without
        ]
    world["docs"]["crates"] = [one for one in world["docs"]["crates"] if one["version"] not in without]
    world["cargo"]["yanked"] = [
        one for one in world["cargo"]["yanked"] if not any(version in str(one) for version in without)
    ]
    world["npm"]["deprecated"] = {
        name: notice
        for name, notice in world["npm"]["deprecated"].items()
        if not name.endswith(tuple(f"@{version}" for version in without))
    }
    # Whether a fix is tagged for its line depends on what a package has above it at that moment; `latest` is compared.
    world["npm"]["tags"] = {
        name: {tag: version for tag, version in tags.items() if not tag.startswith("release-")}
        for name, tags in world["npm"]["tags"].items()
    }
    return json.dumps(world, sort_keys=True, indent=1)


def given_up(dump: str, stage: str, *, drafted: bool) -> str:
    """Return the comparable world of 1.1.0 finished without its draft or announcement."""
    world = json.loads(comparable(dump))
    refs = world["git"]["refs"]
    released = {"tree": refs["refs/tags/1.1.0"]["tree"], "type": "commit"}
    refs["refs/heads/main"] = released
    for name in {"draft": ("draft", "announce"), "announce": ("announce",)}[stage]:
        refs[f"refs/castoff/without/{name}/1.1.0"] = released
    world["forge"]["releases"] = [
        {**one, "draft": True, "latest": False} for one in world["forge"]["releases"] if drafted
    ]
    return json.dumps(world, sort_keys=True, indent=1)


def difference(expected: str, found: str) -> list[str]:
    """Return the complaint about a world that is another one."""
    if expected == found:
        return []
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "promised", "found", "", "")
    return ["another world:\n" + "\n".join(list(lines)[:60])]
