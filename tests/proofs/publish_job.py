"""The job that uploads a release without tokens: what it is handed, and worlds in which it is disturbed.

Everything before it is done once: the version is claimed, its files are built, its tag is made. Each attempt opens a
world at that moment, whose registries trust the job, and runs the command of the workflow's job `publish`.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from castoff.errors import CastoffError
from castoff.git import FolderTree
from castoff.model.scope import Scope
from castoff.model.workspace import Workspace
from castoff.release.handed_tags import read_handed_tags
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.session.workspaces import read_workspace
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.wiring.adapters import manifests
from castoff.world.seed import WorldSeed
from proofs.cargo_small import NAMES as CRATES
from proofs.cargo_small import OUTSIDE, write_small_crates
from proofs.cargo_worlds import published_before
from proofs.endings import difference
from proofs.faulting import Ending, Scene, taken_twice
from proofs.killing import Point, Verdict, hold, kill, with_children
from proofs.npm_small import NAMES as NPM_NAMES
from proofs.npm_small import OUTSIDE as NPM_OUTSIDE
from proofs.npm_small import write_small_packages
from proofs.racing import Race
from proofs.small import write_small
from proofs.worlds import Stage, ended, make_key, make_source, problems_of, read_events, stage_of

Kind = Literal["python", "cargo", "npm"]
JOB = {"workflow": "castoff-resume.yml", "environment": "release", "repository": "acme/harbour"}
PACKAGES: Mapping[Kind, tuple[str, ...]] = {
    "python": ("proof-core", "proof"),
    "cargo": CRATES,
    "npm": NPM_NAMES,
}
WRITERS: Mapping[Kind, Callable[[Path], Path]] = {
    "python": write_small,
    "cargo": write_small_crates,
    "npm": write_small_packages,
}
_METHODS: Mapping[Kind, str] = {"python": "POST", "cargo": "PUT", "npm": "PUT"}
_TRIES = 4


def seed_of(kind: Kind, workspace: Workspace) -> WorldSeed:
    """Return a world whose packages were released before and trust :data:`JOB`, in which castoff runs."""
    trusted = dict.fromkeys(PACKAGES[kind], JOB)
    seed = WorldSeed(job=JOB, docs={"automatic": [{"state": "built"}]})
    if kind == "python":
        return replace(seed, python_publishers={"trusted": trusted})
    if kind == "cargo":
        packages = {**published_before(workspace), OUTSIDE: {"1.0.0": {}}}
        return replace(seed, cargo={"packages": packages, "outside": "none", "trusted": trusted})
    publishers = {name: {"trusted": {**one, "allow": ["publish"]}} for name, one in trusted.items()}
    before = [{"name": name, "version": "1.0.0"} for name in (NPM_OUTSIDE, *NPM_NAMES)]
    return replace(seed, npm={"packages": before, "settings": publishers})


@contextmanager
def trusting_stage_of(kind: Kind, before: Path, folder: Path, key: Path, source: Path) -> Iterator[Stage]:
    """Open such a world for a source; ``before`` is what was released."""
    seed = seed_of(kind, read_workspace(FolderTree(before), manifests(), Scope()))
    with stage_of(folder, key, source, seed=seed, tls=kind != "python", before=before) as made:
        yield made


@dataclass(frozen=True, slots=True)
class PublishJob:
    """What the job is handed: a repository whose branch has the claim, and a folder with files and tag objects."""

    kind: Kind
    key: Path
    before: Path
    source: Path
    handed: Path

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command of the workflow, without the limit of its time."""
        at = self.handed
        return (
            *("resume", "1.1.0", "--execute", "--yes", "--no-input", "--only", "publish"),
            *("--built", str(at / "built"), "--digests", str(at / "SHA256SUMS")),
            *("--tags", str(at / "tags"), "--objects", str(at / "OBJECTS")),
        )

    @property
    def scene(self) -> Scene:
        """Return where it is tried."""
        opened = partial(trusting_stage_of, self.kind, self.before)
        return Scene(opened, self.kind, _METHODS[self.kind], self.run_once)

    def open(self, folder: Path) -> Any:
        """Open a world at the moment before the job."""
        return self.scene.opened(folder, self.key, self.source)

    def run_once(self, here: Stage, wait: float) -> Ending:
        """Run the job in this process, from a fresh clone."""
        options = Options(directory=here.checkout(), wait=wait, built=self.handed / "built")
        tags = read_handed_tags(self.handed / "tags", self.handed / "OBJECTS")
        request = ReleaseRequest(level=None, version="1.1.0", agreed=True, only="publish", tags=tags)
        try:
            run_release(replace(open_setting(options, Silence(), here.environment), embedded=None), request)
        except CastoffError as error:
            return Ending(code=error.exit_code, problems=error.problems)
        return Ending(code=0)


def prepare(folder: Path, kind: Kind) -> PublishJob:
    """Claim, build and sign as the jobs before it do."""
    folder.mkdir(parents=True, exist_ok=True)
    key = make_key(folder)
    sample = WRITERS[kind](folder / "sample")
    with (sample / "castoff.toml").open("a", encoding="utf-8") as file:
        file.write("\n[release]\ntokenless = true\n")
    source = make_source(folder / "source", key, sample)
    handed = folder / "handed"
    handed.mkdir()
    with trusting_stage_of(kind, source, folder / "preparing", key, source) as here:
        clone = here.checkout()
        _done(here, clone, "release", "1.1.0", "--execute", "--rehearsed", "--only", "version", "--yes")
        built = _done(here, clone, "build", "1.1.0", "--to", str(handed / "built"), "--json")
        digests = [f"{one['digest']}  {one['filename']}\n" for one in built["artifacts"]]
        (handed / "SHA256SUMS").write_text("".join(digests), encoding="utf-8")
        words = ("--built", str(handed / "built"), "--digests", str(handed / "SHA256SUMS"))
        tags = _done(here, clone, "tag", "1.1.0", *words, "--to", str(handed / "tags"), "--json")
        objects = [f"{one['object']}\n" for one in tags["tags"]]
        (handed / "OBJECTS").write_text("".join(objects), encoding="utf-8")
        claimed = folder / "claimed"
        here.git(folder, "clone", "--quiet", here.world.repository.url, str(claimed))
    return PublishJob(kind, key, source, claimed, handed)


def _done(here: Stage, clone: Path, *words: str) -> Any:
    code, output = here.run(clone, *words)
    assert code == 0, output
    return json.JSONDecoder().raw_decode(output[output.index("{\n") :])[0] if "--json" in words else None


def undisturbed_job(folder: Path, job: PublishJob) -> tuple[str, list[Point]]:
    """Run the job once with nobody disturbing; gives the dump, and all moments at which it can be killed.

    These are its events, each request before it has an effect, and each write after it.
    """
    events = folder / "events.ndjson"
    with job.open(folder) as here:
        code, output = here.run(here.checkout(), *job.command, "--events", str(events))
        assert code == 0, output
        names = [f"{one['type']}:{one.get('act') or one.get('detail', '')}" for one in read_events(events)]
        known = [Point(f"event {number} {name}", event=number) for number, name in enumerate(names, start=1)]
        requests = Counter[tuple[str, str, str, str]]()
        for one in here.world.journal.entries():
            asked = (one.service, one.method, one.path, one.subject)
            known += _at_request(asked, requests[asked], writes=one.write)
            requests[asked] += 1
        return here.dump(), known


def _at_request(asked: tuple[str, str, str, str], after: int, *, writes: bool) -> Iterator[Point]:
    service, method, path, subject = asked
    if "/_" in path and service == "control":
        return
    about = {"path": path} if subject == path else {"path": path, "subject": subject}
    exchanges = "/oidc/" in path or "trusted_publishing" in path
    for when in ("before", "after") if writes or exchanges else ("before",):
        rule = {**hold(service, when, method=method, **about), "after": after}
        name = f"{when} {method} {subject if subject != path else path} of {service}, {after + 1}"
        point = Point(name, rule=rule)
        yield point
        if writes:
            yield from with_children([point])


def try_kill(folder: Path, job: PublishJob, point: Point, expected: str) -> Verdict:
    """Kill the job at one point, start it again as a new job does, and compare the worlds."""
    with job.open(folder) as here:
        killed = kill(here, here.checkout(), folder / "events.ndjson", point, command=job.command)
        for runs in range(2, _TRIES + 2):
            code, output = here.run(here.checkout(), *job.command)
            if code == 0:
                wrong = (*difference(expected, here.dump()), *taken_twice(here, job.scene))
                return Verdict(point.name, killed, runs, wrong)
        return Verdict(point.name, killed, _TRIES + 1, (f"it never ended: {output[-1500:]}",))


def try_job_race(folder: Path, job: PublishJob, seed: int, count: int, expected: str) -> Race:
    """Run several such jobs at once, and another one after them, which has nothing left to do."""
    with job.open(folder) as here:
        running = [here.start(here.checkout(), *job.command, "--json") for _ in range(count)]
        ends = [ended(process) for process in running]
        told = sorted({str(one["code"]) for end, output in ends if end for one in problems_of(output)})
        wrong = [f"ended with {end}: {output[-600:]}" for end, output in ends if end not in (0, 3)]
        code, output = here.run(here.checkout(), *job.command)
        wrong += [f"the job after them ended with {code}: {output[-600:]}"] if code else []
        return Race(
            seed=seed,
            levels=("publish",) * count,
            ends=tuple(end for end, _ in ends),
            told=tuple(told),
            followed=(),
            released="1.1.0",
            complaints=(*wrong, *difference(expected, here.dump()), *_taken_again(here, job)),
        )


def _taken_again(here: Stage, job: PublishJob) -> list[str]:
    # PyPI answers 200 to the same bytes again and stores nothing (warehouse, `forklift/legacy.py`); the worlds are
    # equal then. The workflow's concurrency group lets no two such jobs run.
    return [] if job.kind == "python" else taken_twice(here, job.scene)


def has_client(kind: Kind) -> bool:
    """Return whether this machine has what uploads packages of a kind."""
    return kind == "python" or shutil.which(kind) is not None
