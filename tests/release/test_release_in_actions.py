"""G3, G12: do the workflows of `castoff ci` release? Their steps are run, each with its job's rights and nothing else.

A job's own token reads unless the job may write contents, the remote takes a push only then, and identity tokens can be
requested only where `id-token: write` stands. Conditions are evaluated as far as the files use them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import uv
from branches_bench import NAMES, Bench, bench
from platform_wheels import build_wheel
from ruamel.yaml import YAML

from attesting import Identity, forge_bundle
from castoff.git import FolderTree
from castoff.model.scope import Scope
from castoff.session.workspaces import read_workspace
from castoff.values import replace
from castoff.wiring.adapters import manifests
from castoff.world.seed import WorldSeed
from castoff_needs import FROM, offer_what_castoff_needs
from proofs.cargo_small import OUTSIDE, write_small_crates
from proofs.cargo_worlds import published_before
from proofs.npm_small import NAMES as NPM_NAMES
from proofs.npm_small import OUTSIDE as NPM_OUTSIDE
from proofs.npm_small import write_small_packages
from proofs.small import write_small
from proofs.worlds import make_key, make_source, stage_of
from security.planted import jobs_marked, obeyed, plant
from security.tracing import STRACE, read_trace, traced

pytestmark = pytest.mark.real

CONFIGURATION = f'{FROM}release = true\nannounce = true\nshards = 2\n\n[changelog]\nmode = "pull-request"\n'
CONFIGURATION += '\n[release]\nsign = "tag"\n'
ATTESTING = Path(__file__).parents[1] / "attesting.py"
STARTING = ATTESTING.with_name("starting.py")
WRITES, READS, STARTS = (f"a-jobs-token-that-{does}" for does in ("writes", "reads", "starts"))
APP = "a-token-of-an-app"
TOKENS = {
    # The forge has one level for all rights of a token.
    STARTS: {"permission": "write", "kind": "app"},
    APP: {"permission": "write", "kind": "fine-grained"},
    WRITES: {"permission": "write", "kind": "app"},
    READS: {"permission": "read", "kind": "app"},
}
FORGE = {"protected": ["main"], "tokens": TOKENS}


@dataclass(slots=True)
class Runner:
    """Runs workflows as GitHub's runners do: each job in a fresh clone of the remote, with its own rights."""

    made: Bench
    given: dict[str, str]
    told: dict[str, str] = field(default_factory=dict)
    """What each job printed, by its name."""
    traces: list[Path] = field(default_factory=list)
    """Logs of the steps of the job that uploads, where strace is installed."""
    _count: int = 0

    def run(self, path: Path, *, until: str = "", **event: str) -> list[str]:
        """Run the jobs of a workflow one after the other, ``until`` one; returns the names of those that ran."""
        workflow: Any = YAML(typ="safe").load(path.read_text("utf-8"))
        known = {**self.given, **{name.replace("_", ".", 1): text for name, text in event.items()}}
        self._count += 1
        folder = self.made.stage.folder / f"run-{self._count}"
        ran = []
        for name, job in workflow["jobs"].items():
            if until in ran:
                break
            needs = job.get("needs", [])
            needed = [needs] if isinstance(needs, str) else needs
            condition = job.get("if", "")
            if not holds(condition, known) or (
                "!failure()" not in condition and any(one not in ran for one in needed)
            ):
                continue
            ran.append(name)
            known[f"needs.{name}.result"] = "success"
            handed: dict[str, str] = {}
            for number, leg in enumerate(job.get("strategy", {}).get("matrix", {}).get("leg", [""])):
                of_leg = {"matrix.leg": str(leg), "strategy.job-index": str(number)}
                found = self._job(name, job, {**known, **of_leg}, folder)
                # An empty output of one leg does not replace that of another.
                handed |= {key: text for key, text in found.items() if text or key not in handed}
            known |= handed
        return ran

    def started(self) -> list[tuple[str, str, dict[str, str]]]:
        """Give what was started on the forge, by dispatch or by an event: the workflow, where, its inputs."""
        runs: Any = self.made.stage.world.dump()["forge"]
        return [(one["workflow"], one["ref"], one["inputs"]) for one in runs["runs"]]

    def _job(self, name: str, job: Any, given: Mapping[str, str], folder: Path) -> dict[str, str]:
        kept = folder / "kept"
        runner = folder / f"{name}{given['matrix.leg']}-temp"
        runner.mkdir(parents=True)
        rights = job["permissions"]
        writes = rights.get("contents") == "write"
        clone = folder / f"{name}{given['matrix.leg']}"
        if any("actions/checkout@" in step.get("uses", "") for step in job["steps"]):
            self.made.stage.git(
                self.made.stage.folder, "clone", "--quiet", self.made.stage.world.repository.url, str(clone)
            )
        else:
            clone.mkdir()
        # The remote takes no push from a job without the right to write contents.
        hook = self.made.stage.world.repository.path / "hooks" / "pre-receive"
        hook.write_text(
            "#!/bin/sh\nexit 0\n" if writes else "#!/bin/sh\necho no right >&2\nexit 1\n", "utf-8"
        )
        hook.chmod(0o755)
        usual = {
            key: value
            for key, value in self.made.stage.environment.items()
            if "TOKEN" not in key or (key.startswith("ACTIONS_ID_") and "id-token" in rights)
        }
        builds = name in ("build", "rehearse", "sdists")
        programs = put_programs(runner, self.made.stage.world.forge.url, builds=builds)
        output = runner / "output"
        output.touch()
        usual |= {"PATH": f"{programs}{os.pathsep}{usual['PATH']}", "GITHUB_WORKSPACE": str(clone)}
        usual |= {"RUNNER_TEMP": str(runner), "GITHUB_OUTPUT": str(output)}
        starts = rights.get("actions") == "write"
        token = {"github.token": WRITES if writes else STARTS if starts else READS}
        self.told[name] = self.told.get(name, "") if given["matrix.leg"] not in ("", "1") else ""
        for step in job["steps"]:
            outputs = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
            run = {"github.run_id": str(self._count), "github.run_attempt": "1", "github.job": name}
            known = {
                **given,
                **token,
                **run,
                **{f"steps.run.outputs.{key}": text for key, text in outputs.items()},
            }
            if "-artifact@" in step.get("uses", "") and holds(step.get("if", ""), known):
                exchange(step, known, runner, kept)
            if "actions/cache/" in step.get("uses", ""):
                # What unpacks a cache has no clone, no right and no secret.
                assert "/save@" in step["uses"] or (rights, [*clone.iterdir()]) == ({}, [])
                cache(step, known, runner, self.made.stage.folder / "caches")
            if "actions/attest@" in step.get("uses", ""):
                assert rights == {"attestations": "write", "id-token": "write"}
                self._attest(runner / "listed" / "SHA256SUMS")
            if "create-github-app-token@" in step.get("uses", ""):
                assert rights == {"contents": "read"}
                token = {**token, "steps.app.outputs.token": APP}
                hook.write_text("#!/bin/sh\nexit 0\n", "utf-8")  # git uses the app's token as well
            if "cibuildwheel@" in step.get("uses", ""):
                assert (rights, "GH_TOKEN" in step["env"]) == ({}, False)
                environment = {**usual, **{key: str(text) for key, text in step["env"].items()}}
                build_wheel(step["with"], given["matrix.leg"], clone, environment)
            if "run" in step and ("env" in step or not step["name"].startswith("Install ")):
                self._step(name, step, usual, known, clone)
        outputs = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
        return {f"needs.{name}.outputs.{key}": text for key, text in outputs.items()}

    def _attest(self, listed: Path) -> None:
        """Store what GitHub's action does; a key of the test signs in the place of Sigstore's."""
        rows = [line.split() for line in listed.read_text("utf-8").splitlines()]
        # The job has no clone.
        commit = self.made.stage.git(self.made.stage.world.repository.path, "rev-parse", "main").strip()
        job = Identity(repository="acme/harbour", workflow="castoff-resume.yml", commit=commit)
        self.made.ask(
            "POST", "attestations", {"bundle": forge_bundle({name: digest for digest, name in rows}, job)}
        )

    def _step(
        self, name: str, step: Any, usual: Mapping[str, str], known: Mapping[str, str], clone: Path
    ) -> None:
        # The world leads git by the same variables.
        own = {key: text for key, text in step.get("env", {}).items() if not key.startswith("GIT_CONFIG_")}
        command = ["bash", "-e", "-c", step["run"]]
        if name == "publish" and STRACE is not None:
            self.traces.append(clone.with_name(f"trace-{len(self.traces)}"))
            command = traced(command, self.traces[-1])
        done = subprocess.run(
            command,
            cwd=clone,
            env={**usual, **{key: filled(text, known) for key, text in own.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.told[name] += done.stdout
        assert done.returncode == 0, self.told[name]


def exchange(step: Any, known: Mapping[str, str], runner: Path, kept: Path) -> None:
    """Upload or download artifacts; those of a pattern get a folder each, unless there is only one."""
    given = {key: filled(str(text), known) for key, text in step["with"].items()}
    ours = Path(given["path"].replace("${{ runner.temp }}", str(runner)))
    if "upload" in step["uses"]:
        shutil.rmtree(kept / given["name"], ignore_errors=True)
        shutil.copytree(ours, kept / given["name"])
    elif "name" in given:
        shutil.copytree(kept / given["name"], ours)
    else:
        found = sorted(kept.glob(given["pattern"]))
        for one in found:
            shutil.copytree(one, ours / one.name if len(found) > 1 else ours)


def cache(step: Any, known: Mapping[str, str], runner: Path, caches: Path) -> None:
    """Save a folder under its key, or restore the newest one whose key begins as it may."""
    given = {key: filled(str(text), known).replace("/", "-") for key, text in step["with"].items()}
    ours = Path(step["with"]["path"].replace("${{ runner.temp }}", str(runner)))
    caches.mkdir(exist_ok=True)
    if "/save@" in step["uses"]:
        shutil.copytree(ours, caches / given["key"])
        return
    found = [one for one in caches.iterdir() if one.name.startswith(given["restore-keys"])]
    if found:
        shutil.copytree(max(found, key=saved_at), ours)


def put_programs(runner: Path, forge: str, *, builds: bool) -> Path:
    """Install castoff as the workflow does, a uv that builds only where it may, and a gh; return their folder."""
    programs = runner / "castoff" / "bin"
    programs.mkdir(parents=True)
    refuse = "" if builds else 'if [ "$1" = build ]; then echo "this job must not build"; exit 9; fi\n'
    texts = {
        # As an installed script, whose folder of modules is its own.
        "castoff": f'exec {sys.executable} -P -m castoff "$@"',
        # Sigstore's services are not here: a key of the test signs.
        "pypi-attestations": f'exec {sys.executable} {ATTESTING} "$@"',
        "uv": f'{refuse}exec {uv.find_uv_bin()} "$@"',
        "gh": f'exec {sys.executable} {STARTING} {forge} "$@"',
    }
    for name, text in texts.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (programs / name).chmod(0o755)
    return programs


def filled(text: str, given: Mapping[str, str]) -> str:
    """Fill in an expression as GitHub does: the first name that has a value, else nothing."""

    def value(match: re.Match[str]) -> str:
        names = match[1].split(" || ")
        return next(
            (
                one.strip("'") if one[0] == "'" else given[one]
                for one in names
                if one[0] == "'" or given.get(one)
            ),
            "",
        )

    return re.sub(r"\$\{\{ (?!runner\.)(.+?) \}\}", value, text)


def holds(condition: str, given: Mapping[str, str]) -> bool:
    """Evaluate a condition of our files; all jobs so far ended well, and the event is one that starts the release."""
    plain = condition.removeprefix("${{").removesuffix("}}")
    terms = [
        one.strip()
        for one in re.sub(r"\(.*\)\)", "true", plain).replace("\n", " ").split("&&")
        if one.strip()
    ]
    for one in terms:
        if one in ("true", "!failure()", "!cancelled()") or one.startswith("github.repository =="):
            continue
        name, _, wanted = one.partition(" == ")
        value = given.get(name.removeprefix("!"), "")
        if (value != wanted.strip("'")) if wanted else (bool(value) == name.startswith("!")):
            return False
    return True


def test_a_release_is_proposed_and_after_a_squash_finished_by_the_workflows(tmp_path: Path) -> None:
    with bench(tmp_path, "python", forge=FORGE, files={"castoff.toml": CONFIGURATION}) as made:
        offer_what_castoff_needs(made.stage.world)
        made.run("ci", "--write", ".")
        made.change("Add a mast", "changelog-add")
        folder = made.clone / ".github" / "workflows"
        runner = Runner(
            made,
            {
                "secrets.SIGNING_KEY": made.stage.key.read_text(),
                "secrets.UV_PUBLISH_TOKEN": made.stage.environment["UV_PUBLISH_TOKEN"],
            },
        )

        # By a push: nothing is proposed yet, and no labels ask for it.
        runner.run(folder / "castoff-propose.yml")
        assert all("nothing to propose" in runner.told[job] for job in ("rehearse", "propose"))
        runner.run(folder / "castoff-propose.yml", inputs_level="minor")

        (pull,) = made.ask("GET", "pulls?state=open")
        assert pull["head"]["ref"] == "castoff/release-1.1.0"
        assert made.uploads("python") == []
        sha = made.ask("PUT", f"pulls/{pull['number']}/merge", {"merge_method": "squash"})["sha"]

        ran = runner.run(folder / "castoff-resume.yml")

        dumped: Any = made.stage.world.dump()
        assert ran == ["build", "join", "sign", "publish", "finish"]
        assert re.findall(r'"verified": \[\s*"([\w-]+)"\s*\]', runner.told["build"]) == [
            "proof-core",
            "proof",
        ]
        assert len(made.uploads("python")) == 4
        assert dumped["git"]["refs"]["refs/tags/1.1.0"] | {"tree": ""} == {
            "type": "annotated", "commit": sha, "signed": True, "tree": "",
        }  # fmt: skip
        assert [(one["tag"], one["draft"]) for one in dumped["forge"]["releases"]] == [("1.1.0", True)]

        made.git("pull", "--quiet", "--tags")
        assert made.git("rev-parse", "refs/tags/1.1.0") in runner.told["sign"], "that very object was pushed"
        runner.given["github.event.repository.default_branch"] = "main"
        assert runner.run(folder / "castoff-announce.yml", inputs_version="1.1.0") == ["announce", "follow"]
        assert list(made.releases()) == ["1.1.0"]
        assert runner.started() == [("castoff-published.yml", "refs/heads/main", {"tag": "1.1.0"})]
        runner.run(folder / "castoff-published.yml", inputs_tag="1.1.0")
        (ported,) = made.ask("GET", "pulls?state=open")
        assert "castoff/" in ported["head"]["ref"], runner.told


JOB = {"workflow": "castoff-resume.yml", "environment": "release", "repository": "acme/harbour"}
TOKENLESS = f'{FROM}release = "push"\nattest = true\nAPP\n[release]\nsign = "SIGN"\ntokenless = true\n'


Written = Literal["python", "cargo", "npm"]
PACKAGES: Mapping[Written, tuple[str, ...]] = {**NAMES, "npm": NPM_NAMES}


@contextmanager
def tokenless(folder: Path, kind: Written, sign: str, more: str = "", *, app: str = "") -> Iterator[Bench]:
    """Open a world whose packages trust the workflow that uploads, and no token; the workflows are committed."""
    folder.mkdir(parents=True, exist_ok=True)
    key = make_key(folder)
    writers = {"python": write_small, "cargo": write_small_crates, "npm": write_small_packages}
    sample = writers[kind](folder / "sample")
    with (sample / "castoff.toml").open("a", encoding="utf-8") as file:
        file.write(TOKENLESS.replace("SIGN", sign).replace("APP", app) + more)
    plant(sample, kind, folder / "marks")
    source = make_source(folder / "source", key, sample)
    workspace = read_workspace(FolderTree(source), manifests(), Scope())
    trusted = dict.fromkeys(PACKAGES[kind], JOB)
    seed = WorldSeed(job=JOB, forge={"tokens": TOKENS}, docs={"automatic": [{"state": "built"}]})
    if kind == "python":
        seed = replace(seed, python_publishers={"trusted": trusted})
    elif kind == "cargo":
        packages = {**published_before(workspace), OUTSIDE: {"1.0.0": {}}}
        seed = replace(seed, cargo={"packages": packages, "outside": "none", "trusted": trusted})
    else:
        publishers = {name: {"trusted": {**one, "allow": ["publish"]}} for name, one in trusted.items()}
        before = [{"name": name, "version": "1.0.0"} for name in (NPM_OUTSIDE, *NPM_NAMES)]
        seed = replace(seed, npm={"packages": before, "settings": publishers})
    with stage_of(folder, key, source, seed=seed, tls=kind != "python") as stage:
        made = Bench(stage, stage.checkout())
        offer_what_castoff_needs(stage.world)
        binaries = made.clone / ".github" / "workflows" / "binaries.yml"
        binaries.parent.mkdir(parents=True)
        binaries.write_text("on: {push: {tags: ['*']}, workflow_dispatch: {}}\njobs: {}\n", "utf-8")
        made.run("ci", "--write", ".")
        made.git("add", "--all")
        made.git("commit", "--quiet", "-m", "Add workflows")
        made.git("push", "--quiet")
        yield made


def require_inert(made: Bench, runner: Runner, *marked: str) -> None:
    """Require that the job that uploads ran, imported and obeyed no file of the hostile repository, as others did."""
    marks = jobs_marked(made.stage.folder / "marks")
    # What a rehearsal compiled is not compiled again by the job that builds.
    assert {one for names in marks.values() for one in names} >= {*marked}, (
        "the files leave marks where they may"
    )
    assert not {"sign-temp", "publish-temp"} & marks.keys()
    if not runner.traces:
        pytest.skip("strace is not installed: what the job opens was not traced")
    for logs in runner.traces:
        clone, programs = logs.with_name("publish"), logs.with_name("publish-temp") / "castoff"
        trace = [*read_trace(logs)]
        assert {"git", "bash", "python"} <= {Path(one.program).name.rstrip(".0123456789") for one in trace}
        assert [*obeyed(trace, clone, [programs])] == []


@pytest.mark.whole
def test_a_release_is_claimed_by_a_job_and_continued_in_a_second_run_when_time_is_up(tmp_path: Path) -> None:
    with tokenless(tmp_path, "python", "none") as made:
        path = made.clone / ".github" / "workflows" / "castoff-resume.yml"
        runner = Runner(made, {"github.ref_name": "main"})
        # The second package may not follow the first one within the time of the job.
        made.stage.machine = {"PUBLISH_GRACE_SLEEP": "20000"}

        assert "the tag `1.1.0`, annotated and not signed" in made.run("plan", "minor", "--offline")

        ran = runner.run(path, inputs_level="minor")

        assert ran == ["rehearse", "claim", "build", "sign", "attest", "publish", "continue"], runner.told
        assert 0 < len(made.uploads("python")) < 4
        assert runner.started() == [("castoff-resume.yml", "refs/heads/main", {"starts": "2"})]
        assert "1.1.0" not in made.git("ls-remote", "--tags", "origin")

        made.stage.machine = {}
        ran = runner.run(path, inputs_starts="2")

        dumped: Any = made.stage.world.dump()
        assert ran == ["build", "sign", "attest", "publish", "finish", "start"], runner.told
        assert len(made.uploads("python")) == 4
        assert dumped["git"]["refs"]["refs/tags/1.1.0"]["signed"] is False
        assert [(one["tag"], one["draft"]) for one in dumped["forge"]["releases"]] == [("1.1.0", True)]
        assert runner.started()[1:] == [("binaries.yml", "refs/tags/1.1.0", {})]

        assert runner.run(path) == ["build", "finish"], "nothing is left to do"
        made.run("announce", "1.1.0", "--execute", "--yes")
        _, output = made.stage.run(made.clone, "verify", "1.1.0", "--json", "--without-trial")
        checks = {one["id"]: one for one in json.loads(output)["checks"]}
        proved = [one for name, one in checks.items() if name.startswith("attestation:")]
        assert [one["result"] for one in proved] == ["pass"] * 4, proved
        assert {one["publisher"]["workflow"] for one in proved} == {"castoff-resume.yml"}
        assert checks["checksums"]["result"] == "pass"
        assert (checks["attestations"]["result"], checks["attestations"]["publisher"]["workflow"]) == (
            "pass",
            "castoff-resume.yml",
        ), checks["attestations"]
        assert checks["attestations"]["note"].startswith(
            "4 files, attested by `castoff-resume.yml` of acme/harbour"
        )
        require_inert(made, runner, "tools/build")


@pytest.mark.whole
def test_crates_are_released_by_jobs_without_a_token_and_with_that_of_an_app(tmp_path: Path) -> None:
    app = 'app = "RELEASE_APP"\n'
    with tokenless(tmp_path, "cargo", "tag", '\n[draft]\nby = "ci"\n', app=app) as made:
        path = made.clone / ".github" / "workflows" / "castoff-resume.yml"
        runner = Runner(made, {"secrets.SIGNING_KEY": made.stage.key.read_text()})

        ran = runner.run(path, inputs_level="minor")

        dumped: Any = made.stage.world.dump()
        assert ran == ["rehearse", "claim", "build", "sign", "attest", "publish", "finish"], runner.told
        assert made.uploads("cargo") == [f"{name}-1.1.0.crate" for name in NAMES["cargo"]]
        assert dumped["git"]["refs"]["refs/tags/1.1.0"]["signed"] is True
        assert [(one["tag"], one["draft"]) for one in dumped["forge"]["releases"]] == [("1.1.0", True)]
        require_inert(made, runner, "tools/wrapper", "build.rs")


@pytest.mark.needs("npm")
@pytest.mark.whole
def test_npm_packages_are_released_by_jobs_without_a_token(tmp_path: Path) -> None:
    with tokenless(tmp_path, "npm", "tag") as made:
        path = made.clone / ".github" / "workflows" / "castoff-resume.yml"
        runner = Runner(made, {"secrets.SIGNING_KEY": made.stage.key.read_text()})

        ran = runner.run(path, inputs_level="minor")

        dumped: Any = made.stage.world.dump()
        assert ran == ["rehearse", "claim", "build", "sign", "attest", "publish", "finish", "start"], (
            runner.told
        )
        assert {one["package"]: one["version"] for one in dumped["npm"]["uploads"]} == dict.fromkeys(
            NPM_NAMES, "1.1.0"
        )
        assert dumped["git"]["refs"]["refs/tags/1.1.0"]["signed"] is True
        require_inert(made, runner, "package.json")


def saved_at(cache: Path) -> float:
    """Return when a cache was saved; its files have the times that they had."""
    return cache.stat().st_ctime


def marks(cache: Path) -> dict[str, int]:
    """Return the marks in a cache, with their times in seconds."""
    return {one.name: int(one.stat().st_mtime) for one in cache.iterdir()}


def reused(runner: Runner, job: str) -> list[str]:
    """Name the crates that a job did not compile, since they were verified before."""
    return [line.split()[0] for line in runner.told[job].splitlines() if "was verified before" in line]


@pytest.mark.needs("cargo")
@pytest.mark.whole
def test_what_an_earlier_run_compiled_is_not_compiled_again_by_jobs_with_a_cache(tmp_path: Path) -> None:
    crates = NAMES["cargo"]
    with tokenless(tmp_path, "cargo", "none", app="cache = true\nshards = 2\n") as made:
        path = made.clone / ".github" / "workflows" / "castoff-resume.yml"
        runner = Runner(made, {})

        assert runner.run(path, until="rehearse", inputs_level="minor") == ["recall", "rehearse"], runner.told
        assert reused(runner, "rehearse") == []

        source = made.clone / crates[-1] / "src" / "lib.rs"
        source.write_text(f"{source.read_text('utf-8')}// changed\n", "utf-8")
        made.git("commit", "--quiet", "--all", "-m", "Change one crate")
        (made.stage.world.repository.path / "hooks" / "pre-receive").unlink()  # of the job
        made.git("push", "--quiet")
        ran = runner.run(path, inputs_level="minor")

        assert ran[:5] == ["recall", "rehearse", "claim", "build", "join"], runner.told
        assert sorted(reused(runner, "rehearse")) == sorted(crates[:-1])
        # Whoever verifies a crate sets the time of its mark anew.
        first, second, joined = map(marks, sorted((made.stage.folder / "caches").iterdir(), key=saved_at))
        assert (len(first), len(second), first.items() <= second.items()) == (3, 4, True)
        assert joined == second
        assert made.uploads("cargo") == [f"{name}-1.1.0.crate" for name in crates]
