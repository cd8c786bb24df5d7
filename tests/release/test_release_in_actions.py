"""G3: do the workflows of `castoff ci` release? Their steps are run, with a job's own token and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from branches_bench import Bench, bench
from ruamel.yaml import YAML

from castoff_needs import FROM, offer_what_castoff_needs

pytestmark = pytest.mark.real

CONFIGURATION = f'{FROM}release = true\n\n[changelog]\nmode = "pull-request"\n\n[release]\nsign = "tag"\n'
JOB = "a-jobs-own-token"
FORGE = {"protected": ["main"], "tokens": {JOB: {"permission": "write", "kind": "app"}}}


def run_workflow(made: Bench, path: Path, given: Mapping[str, str]) -> str:
    """Run the jobs of a workflow one after the other; an uploaded folder and the outputs reach the jobs after it."""
    workflow: Any = YAML(typ="safe").load(path.read_text("utf-8"))
    known, told, kept = dict(given), "", made.stage.folder / "kept"
    for name, job in workflow["jobs"].items():
        runner = made.stage.folder / f"runner-{path.stem}-{name}-temp"
        runner.mkdir()
        uses = [step.get("uses", "") for step in job["steps"]]
        if any("download-artifact" in one for one in uses):
            shutil.copytree(kept, runner / "built")
        told += run_job(made, job, known, runner)
        output = (runner / "output").read_text("utf-8") if (runner / "output").exists() else ""
        known |= {f"needs.{name}.outputs.{line.split('=')[0]}": line.split("=")[1] for line in output.split()}
        if any("upload-artifact" in one for one in uses):
            shutil.copytree(runner / "built", kept)
    return told


def put_programs(runner: Path, *, builds: bool) -> Path:
    """Install castoff as the workflow does, and a uv that builds only where it may; return their folder."""
    uv, programs = shutil.which("uv"), runner / "castoff" / "bin"
    programs.mkdir(parents=True)
    refuse = "" if builds else 'if [ "$1" = build ]; then echo "this job must not build"; exit 9; fi\n'
    for name, text in (("castoff", f"exec {sys.executable} -m castoff"), ("uv", f"{refuse}exec {uv}")):
        (programs / name).write_text(f'#!/bin/sh\n{text} "$@"\n', "utf-8")
        (programs / name).chmod(0o755)
    return programs


def run_job(made: Bench, job: Any, given: Mapping[str, str], runner: Path) -> str:
    """Run the steps of a job in a fresh clone, as a runner would: nobody's git, and these values."""
    clone = runner.with_name(runner.name.removesuffix("-temp"))
    made.stage.git(made.stage.folder, "clone", "--quiet", made.stage.world.repository.url, str(clone))
    programs = put_programs(
        runner, builds=job["permissions"]["contents"] == "read" or "issues" in job["permissions"]
    )
    usual = {key: value for key, value in made.stage.environment.items() if "TOKEN" not in key}
    usual |= {"PATH": f"{programs}{os.pathsep}{usual['PATH']}", "GITHUB_WORKSPACE": str(clone)}
    usual |= {"RUNNER_TEMP": str(runner), "GITHUB_OUTPUT": str(runner / "output")}
    told = ""
    for step in (one for one in job["steps"] if "env" in one):
        # the world leads git by the same variables
        own = {name: text for name, text in step["env"].items() if not name.startswith("GIT_CONFIG_")}
        values = {name: filled(text, given) for name, text in own.items()}
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=clone,
            env={**usual, **values},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        told += done.stdout
        assert done.returncode == 0, told
    return told


def filled(text: str, given: Mapping[str, str]) -> str:
    """Fill in an expression as GitHub does: the first name that has a value, else nothing."""

    def value(match: re.Match[str]) -> str:
        return next((given[name] for name in match[1].split(" || ") if name in given), "")

    return re.sub(r"\$\{\{ (.+?) \}\}", value, text)


def test_a_release_is_proposed_and_after_a_squash_finished_by_the_workflows(tmp_path: Path) -> None:
    with bench(tmp_path, "python", forge=FORGE, files={"castoff.toml": CONFIGURATION}) as made:
        made.change("Add a mast", "changelog-add")
        offer_what_castoff_needs(made.stage.world)
        made.run("ci", "--write", ".")
        folder = made.clone / ".github" / "workflows"
        given = {
            "github.token": JOB,
            "inputs.level": "minor",
            "secrets.SIGNING_KEY": made.stage.key.read_text(),
        }

        run_workflow(made, folder / "castoff-propose.yml", given)

        (pull,) = made.ask("GET", "pulls?state=open")
        assert pull["head"]["ref"] == "castoff/release-1.1.0"
        assert made.uploads("python") == []
        sha = made.ask("PUT", f"pulls/{pull['number']}/merge", {"merge_method": "squash"})["sha"]

        token = {"secrets.UV_PUBLISH_TOKEN": made.stage.environment["UV_PUBLISH_TOKEN"]}
        run_workflow(made, folder / "castoff-resume.yml", {**given, **token})

        dumped: Any = made.stage.world.dump()
        assert len(made.uploads("python")) == 4
        assert dumped["git"]["refs"]["refs/tags/1.1.0"] | {"tree": ""} == {
            "type": "annotated", "commit": sha, "signed": True, "tree": "",
        }  # fmt: skip
        assert [(one["tag"], one["draft"]) for one in dumped["forge"]["releases"]] == [("1.1.0", True)]

        made.git("pull", "--quiet", "--tags")
        made.run("announce", "--execute", "--yes")
        tag = {"github.token": JOB, "github.event.release.tag_name": "1.1.0"}
        told = run_workflow(made, folder / "castoff-published.yml", tag)
        (ported,) = made.ask("GET", "pulls?state=open")
        assert "castoff/" in ported["head"]["ref"], told
