"""Races: two to eight machines release at once, the same version or different ones; one release comes of it."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from proofs.faulting import PYTHON, Scene
from proofs.worlds import Stage

VERSIONS = ("1.0.1", "1.1.0", "1.2.0", "2.0.0", "minor", "major", "patch")
TOLD = frozenset({"claimed-by-another", "release-in-flight", "version-burnt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One race: who asked for what, how they ended, what they were told, and what is wrong."""

    seed: int
    levels: tuple[str, ...]
    ends: tuple[int, ...]
    told: tuple[str, ...]
    released: str
    complaints: tuple[str, ...]


def levels_of(seed: int, releasers: int, *, same: bool) -> tuple[str, ...]:
    """Choose who asks for what."""
    chance = random.Random(seed)
    if same:
        return tuple(chance.choice(("minor", "1.1.0")) for _ in range(releasers))
    return tuple(chance.choice(VERSIONS) for _ in range(releasers))


def try_race(
    folder: Path, key: Path, source: Path, seed: int, levels: tuple[str, ...], scene: Scene = PYTHON
) -> Race:
    """Start everybody at once, wait for all, then finish what was begun, and look at the world."""
    chance = random.Random(seed)
    with scene.opened(folder, key, source) as here:
        clones = [here.checkout() for _ in levels]
        running = [
            here.start(clone, "release", level, "--execute", "--yes", "--json", second=chance.randint(0, 3))
            for clone, level in zip(clones, levels, strict=True)
        ]
        ended = [
            (process.communicate(timeout=600)[0].decode("utf-8", "replace"), process.returncode)
            for process in running
        ]
        told = tuple(sorted({code for output, end in ended if end for code in _codes(output)}))
        complaints = [
            f"ended with {end}: {output[-600:]}"
            for output, end in ended
            if end not in (0, 4) or _is_bug(output)
        ]
        complaints += [f"was told {code}" for code in told if code not in TOLD]
        if all(end for _, end in ended):
            complaints.append("nobody came to an end")
        complaints += _after(here)
        released, wrong = _whole_and_once(here, scene)
        return Race(
            seed=seed,
            levels=levels,
            ends=tuple(end for _, end in ended),
            told=told,
            released=released,
            complaints=(*complaints, *wrong),
        )


def _after(here: Stage) -> list[str]:
    """Nothing is locked: on another machine all is found done."""
    code, output = here.run(here.checkout(), "resume", "--execute", "--yes")
    return [] if code == 0 else [f"afterwards a resume ended with {code}: {output[-600:]}"]


def _whole_and_once(here: Stage, scene: Scene) -> tuple[str, list[str]]:
    dump = json.loads(here.dump())
    refs = dump["git"]["refs"]
    tags = [ref for ref in refs if ref.startswith("refs/tags/") and not ref.endswith("/1.0.0")]
    if len(tags) != 1:
        return "", [f"tags: {tags}"]
    version = tags[0].rpartition("/")[2]
    found = Counter(str(one.get("filename") or one.get("name")) for one in dump[scene.service]["uploads"])
    wrong = [f"uploaded {count} times: {name}" for name, count in found.items() if count != 1]
    wrong += [
        f"of another version: {one}"
        for one in dump[scene.service]["uploads"]
        if version not in json.dumps(one)
    ]
    entries = here.world.journal.entries()
    sent = Counter(
        one.subject for one in entries if (one.service, one.method) == (scene.service, scene.method)
    )
    wrong += [f"sent {count} times: {name}" for name, count in sent.items() if count != 1]
    tag, main = refs[tags[0]]["commit"], refs["refs/heads/main"]["commit"]
    log = here.git(here.world.repository.path, "log", "--format=%H %s", main).splitlines()
    if tag not in [line.partition(" ")[0] for line in log]:
        wrong.append("the tag is not on the branch")
    claims = [line.partition(" ")[2] for line in log if line.partition(" ")[2].startswith("release ")]
    if claims != [f"release {version}", "release 1.0.0"]:
        wrong.append(f"the branch holds {claims}")
    if [one["draft"] for one in dump["forge"]["releases"]] != [False]:
        wrong.append(f"releases: {dump['forge']['releases']}")
    return version, wrong


def _codes(output: str) -> set[str]:
    start = output.find("{\n")
    if start < 0:
        return {"nothing"}
    value = json.loads(output[start:])
    return {problem["code"] for problem in value["problems"]}


def _is_bug(output: str) -> bool:
    return "error[bug]" in output or "Traceback" in output
