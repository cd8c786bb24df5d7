"""G3: do the workflows of `castoff ci` release? Their steps are run, with a job's own token and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from branches_bench import Bench, bench
from ruamel.yaml import YAML

pytestmark = pytest.mark.real

CONFIGURATION = '[ci]\nrelease = true\n\n[changelog]\nmode = "pull-request"\n\n[release]\nsign = "tag"\n'
JOB = "a-jobs-own-token"
FORGE = {"protected": ["main"], "tokens": {JOB: {"permission": "write", "kind": "app"}}}


def run_job(made: Bench, path: Path, given: Mapping[str, str]) -> str:
    """Run the steps of a workflow's one job in a fresh clone, as a runner would: nobody's git, and these values."""
    workflow: Any = YAML(typ="safe").load(path.read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    clone = made.stage.folder / f"runner-{path.stem}"
    made.stage.git(made.stage.folder, "clone", "--quiet", made.stage.world.repository.url, str(clone))
    runner = clone.with_name(f"{clone.name}-temp")
    runner.mkdir()
    (runner / "uvx").write_text(f'#!/bin/sh\nshift 3\nexec {sys.executable} -m castoff "$@"\n', "utf-8")
    (runner / "uvx").chmod(0o755)
    usual = {key: value for key, value in made.stage.environment.items() if "TOKEN" not in key}
    usual |= {"PATH": f"{runner}{os.pathsep}{usual['PATH']}", "RUNNER_TEMP": str(runner)}
    told = ""
    for step in (one for one in job["steps"] if "run" in one):
        values = {name: filled(text, given) for name, text in step["env"].items()}
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
        made.run("ci", "--write", ".")
        folder = made.clone / ".github" / "workflows"
        given = {
            "github.token": JOB,
            "inputs.level": "minor",
            "secrets.SIGNING_KEY": made.stage.key.read_text(),
        }

        run_job(made, folder / "castoff-propose.yml", given)

        (pull,) = made.ask("GET", "pulls?state=open")
        assert pull["head"]["ref"] == "castoff/release-1.1.0"
        assert made.uploads("python") == []
        sha = made.ask("PUT", f"pulls/{pull['number']}/merge", {"merge_method": "squash"})["sha"]

        token = {"secrets.UV_PUBLISH_TOKEN": made.stage.environment["UV_PUBLISH_TOKEN"]}
        run_job(made, folder / "castoff-resume.yml", {**given, **token})

        dumped: Any = made.stage.world.dump()
        assert len(made.uploads("python")) == 4
        assert dumped["git"]["refs"]["refs/tags/1.1.0"] | {"tree": ""} == {
            "type": "annotated", "commit": sha, "signed": True, "tree": "",
        }  # fmt: skip
        assert [(one["tag"], one["draft"]) for one in dumped["forge"]["releases"]] == [("1.1.0", True)]

        made.git("pull", "--quiet", "--tags")
        made.run("announce", "--execute", "--yes")
        tag = {"github.token": JOB, "github.event.release.tag_name": "1.1.0"}
        told = run_job(made, folder / "castoff-published.yml", tag)
        (ported,) = made.ask("GET", "pulls?state=open")
        assert "castoff/" in ported["head"]["ref"], told
