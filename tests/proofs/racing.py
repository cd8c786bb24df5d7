"""Races: two to eight machines release at once, the same version or different ones; one release comes of it."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from proofs.faulting import PYTHON, Scene
from proofs.next_commands import COMMAND
from proofs.worlds import Stage, ended, problems_of

VERSIONS = ("1.0.1", "1.1.0", "1.2.0", "2.0.0", "minor", "major", "patch")
LEVELS = ("patch", "minor", "major")
TOLD = frozenset({"claimed-by-another", "release-in-flight", "nothing-committed", "version-burnt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One race: who asked for what, how they ended, what they were told, and what is wrong."""

    seed: int
    levels: tuple[str, ...]
    ends: tuple[int, ...]
    told: tuple[str, ...]
    followed: tuple[str, ...]
    released: str
    complaints: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"race of {', '.join(self.levels)}: {self.ends} {', '.join(self.told)}"


def races_of(count: int, seed: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Choose who asks for what: the same, different versions, or different levels; two to eight releasers.

    Levels that differ are computed from one base, and only one of them may lead to a release. Large races come
    first, so that a sample holds them; most races are of two or three, as they are in reality.
    """
    for number in range(count):
        chance = random.Random(seed + number)
        releasers = 8 - number // 2 if number < 12 else 2 + number % 2
        kind = number % 2 if number < 12 else 2
        if kind == 2:
            levels = (*chance.sample(LEVELS, 2), *(chance.choice(LEVELS) for _ in range(releasers - 2)))
        else:
            asked = (("minor", "1.1.0"), VERSIONS)[kind]
            levels = tuple(chance.choice(asked) for _ in range(releasers))
        yield seed + number, levels


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
        ends = [ended(process) for process in running]
        told = tuple(sorted({code for end, output in ends if end for code in _codes(output)}))
        complaints = [
            f"ended with {end}: {output[-600:]}"
            for end, output in ends
            if end not in (0, 4) or _is_bug(output)
        ]
        complaints += [f"was told {code}" for code in told if code not in TOLD]
        if all(end for end, _ in ends):
            complaints.append("nobody came to an end")
        refused = [(clone, output) for clone, (end, output) in zip(clones, ends, strict=True) if end]
        followed, unhelpful = _follow(here, refused)
        released, wrong = _whole_and_once(here, scene)
        return Race(
            seed=seed,
            levels=levels,
            ends=tuple(end for end, _ in ends),
            told=told,
            followed=followed,
            released=released,
            complaints=(*complaints, *unhelpful, *wrong),
        )


def _follow(here: Stage, refused: Iterable[tuple[Path, str]]) -> tuple[tuple[str, ...], list[str]]:
    """Run what the remedies of the refused name, each on its clone, once a command; all is done, so it writes nothing.

    Another clone runs `resume`, in case that nobody was refused: nothing is locked.
    """
    commands = {"resume --execute": here.checkout()}
    complaints = []
    for clone, output in refused:
        for problem in problems_of(output):
            named = [one for one in COMMAND.findall(str(problem["remedy"])) if one.startswith("resume")]
            if not named and problem["code"] in ("claimed-by-another", "release-in-flight"):
                complaints.append(f"no command to help with: {problem}")
            commands.update({one: clone for one in named if "--without" not in one})
    before = here.dump()
    for command, clone in commands.items():
        code, output = here.run(clone, *dict.fromkeys((*command.split(), "--execute", "--yes")))
        if code:
            complaints.append(f"`{command}` ended with {code}: {output[-600:]}")
    if here.dump() != before:
        complaints.append(f"one of {[*commands]} wrote although all was done")
    return tuple(commands), complaints


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
    return {str(one["code"]) for one in problems_of(output)} or {"nothing"}


def _is_bug(output: str) -> bool:
    return "error[bug]" in output or "Traceback" in output
