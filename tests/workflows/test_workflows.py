"""Are the workflows that castoff writes safe, and are other writers of releases found?"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.errors import CastoffError, ConfigurationError
from castoff.model.refs import PROPOSED
from castoff.text.yaml import Mapping, Scalar, Sequence, Value, read_yaml
from castoff.values import replace
from castoff.workflows.detection import release_workflows, second_writer_problems
from castoff.workflows.options import WheelBuilds, WorkflowOptions
from castoff.workflows.plan import (
    LOCK,
    WorkflowFile,
    lock_request,
    locked,
    workflows,
)
from castoff.workflows.release_jobs import STARTS

HERE = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
LINTERS = {"actionlint": (), "zizmor": ("--offline", "--no-progress", ".")}

COMMIT = "git+https://github.com/o/castoff@" + "0123456789" * 4
WHEEL = (
    "https://github.com/o/castoff/releases/download/0.1.0/castoff-0.1.0-py3-none-any.whl#sha256=" + "ab" * 32
)
EVERYTHING = WorkflowOptions(
    repository="o/r",
    source=COMMIT,
    draft_by="ci",
    changelog="pull-request",
    website=True,
    release="pull-request",
    signs=frozenset({"commit", "tag"}),
    announce=True,
    ecosystems=("cargo", "npm", "python"),
    npm_clients=("bun", "npm", "pnpm", "yarn"),
)
FILES = workflows(EVERYTHING)
BY_NAME = {file.path.rpartition("/castoff-")[2].removesuffix(".yml"): file for file in FILES}


def scalars(value: Value | None, key: str) -> Iterator[Scalar]:
    """Yield the values of a key, at any depth."""
    match value:
        case Mapping(entries):
            for entry in entries:
                if entry.key == key and isinstance(entry.value, Scalar):
                    yield entry.value
                yield from scalars(entry.value, key)
        case Sequence(items):
            for item in items:
                yield from scalars(item, key)
        case _:
            return


def parsed(file: WorkflowFile) -> Mapping:
    root = read_yaml(file.text, file=file.path)
    assert isinstance(root, Mapping)
    return root


def at(root: Value | None, *keys: str) -> Value | None:
    for key in keys:
        assert isinstance(root, Mapping)
        root = root.get(key)
    return root


def jobs_of(file: WorkflowFile) -> list[tuple[str, Value]]:
    jobs = at(parsed(file), "jobs")
    assert isinstance(jobs, Mapping)
    return [(entry.key, entry.value) for entry in jobs.entries]


def rights_of(job: Value | None) -> dict[str, str]:
    rights = at(job, "permissions")
    assert isinstance(rights, Mapping)
    return {one.key: one.value.text for one in rights.entries if isinstance(one.value, Scalar)}


def steps_of(job: Value | None) -> list[Value]:
    steps = at(job, "steps")
    assert isinstance(steps, Sequence)
    return list(steps.items)


def all_scalars(value: Value | None) -> Iterator[Scalar]:
    match value:
        case Mapping(entries):
            for entry in entries:
                yield from all_scalars(entry.value)
        case Sequence(items):
            for item in items:
                yield from all_scalars(item)
        case Scalar():
            yield value


def ids(file: WorkflowFile) -> str:
    return file.path.rpartition("/")[2]


def test_everything_is_nine_files() -> None:
    assert [file.path for file in FILES] == [
        ".github/workflows/castoff-labels.yml",
        ".github/workflows/castoff-propose.yml",
        ".github/workflows/castoff-resume.yml",
        ".github/workflows/castoff-draft.yml",
        ".github/workflows/castoff-announce.yml",
        ".github/workflows/castoff-published.yml",
        ".github/workflows/castoff-documentation.yml",
        ".github/workflows/castoff-verify.yml",
        ".github/workflows/castoff-reminder.yml",
    ]


WHEELS = WheelBuilds(
    runners=("ubuntu-latest", "ubuntu-24.04-arm", "windows-latest", "macos-latest"),
    folder="dist",
    compiled=("packages/core", "packages/fast"),
    pure=("packages/facade",),
)
LINTED = {
    "with tokens": {"branches": ("main", "[0-9]*.[0-9]*.x")},
    "with an app": {"app": "RELEASE_APP"},
    "with wheels": {"release": "push", "wheels": WHEELS},
    "with proposed wheels": {"wheels": WHEELS, "shards": 2},
    "with a cache": {"cache": "", "shards": 2},
    "with a cache of one job": {"cache": "target/castoff", "release": "push", "wheels": WHEELS},
    "without": {"tokenless": True, "shards": 12, "attest": True},
}


@pytest.mark.parametrize("linter", LINTERS)
@pytest.mark.parametrize("more", LINTED.values(), ids=LINTED)
def test_linters_find_nothing_in_the_workflows(tmp_path: Path, linter: str, more: dict[str, Any]) -> None:
    program = shutil.which(linter, path=HERE)
    if program is None:
        pytest.skip(f"{linter} is not installed")
    # actionlint takes a folder for a project if it is a repository.
    (tmp_path / ".git").mkdir()
    for file in workflows(replace(EVERYTHING, **more)):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")

    done = subprocess.run(
        [program, *LINTERS[linter]], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("more", "branches"),
    [({}, ["main", "[0-9]*.x"]), ({"wheels": WHEELS}, []), ({"release": "push"}, None)],
)
def test_a_push_to_a_release_branch_keeps_the_proposal_up_to_date(
    more: dict[str, Any], branches: list[str] | None
) -> None:
    files = workflows(replace(EVERYTHING, branches=("main", "[0-9]*.x"), **more))
    events = [at(parsed(file), "on") for file in files if "propose" in file.path]
    found = [one.get("push") for one in events if isinstance(one, Mapping)]

    assert [[one.text for one in all_scalars(pushed)] for pushed in found] == (
        [] if branches is None else [branches]
    )


def test_where_castoff_drafts_itself_there_is_no_second_writer() -> None:
    files = workflows(replace(EVERYTHING, draft_by="castoff"))

    assert not any("draft" in file.path for file in files)


def test_nothing_asked_is_nothing_written() -> None:
    off = replace(
        EVERYTHING,
        draft_by="castoff",
        labels=False,
        changelog="off",
        website=False,
        reminder=False,
        verification=False,
        documentation=False,
        announce=False,
        release=None,
    )

    assert workflows(off) == ()


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_no_right_is_given_to_all_jobs_and_each_job_says_its_own(file: WorkflowFile) -> None:
    root = parsed(file)

    top = root.get("permissions")
    jobs = root.get("jobs")
    assert isinstance(top, Mapping)
    assert top.entries == ()
    assert isinstance(jobs, Mapping)
    for entry in jobs.entries:
        assert isinstance(at(entry.value, "permissions"), Mapping)
        assert at(entry.value, "timeout-minutes") is not None


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_every_action_is_pinned_by_a_full_commit_with_its_version(file: WorkflowFile) -> None:
    lines = [line.strip() for line in file.text.splitlines() if "uses:" in line]

    assert lines
    for line in lines:
        assert re.fullmatch(
            r"- uses: [\w.-]+/[\w.-]+(?:/(?:restore|save))?@[0-9a-f]{40} # v\d+\.\d+\.\d+", line
        )


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_no_expression_is_expanded_in_a_shell(file: WorkflowFile) -> None:
    commands = list(scalars(parsed(file), "run"))

    assert commands
    assert all("${{" not in command.text for command in commands)


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_nothing_is_left_to_fill_in(file: WorkflowFile) -> None:
    assert re.search(r"@[A-Z_]+@", file.text) is None
    assert "pull_request_target" not in file.text
    assert file.text.startswith("# Written by `castoff ci`.")


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_no_token_stays_in_a_checkout_and_git_asks_a_helper_in_each_step_that_has_one(
    file: WorkflowFile,
) -> None:
    assert {one.text for one in scalars(parsed(file), "persist-credentials")} == {"false"}

    every = [at(step, "env") for _, job in jobs_of(file) for step in steps_of(job)]
    with_token = [one for one in every if isinstance(one, Mapping) and one.get("GH_TOKEN") is not None]
    assert with_token
    for environment in with_token:  # a private repository cannot be read without
        assert environment.get("GIT_CONFIG_KEY_0") is not None


def test_the_helper_of_a_workflow_gives_git_the_token_of_its_step(tmp_path: Path) -> None:
    settings = {
        name: next(scalars(parsed(BY_NAME["resume"]), name)).text
        for name in ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0")
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GH_TOKEN": "of-the-step", **settings}

    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=github.com\n\n",
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "password=of-the-step\n" in done.stdout


def test_the_label_check_can_write_nothing() -> None:
    labels = FILES[0]

    rights = at(parsed(labels), "jobs", "labels", "permissions")

    assert isinstance(rights, Mapping)
    assert {entry.value.text for entry in rights.entries if isinstance(entry.value, Scalar)} == {"read"}
    assert "ref: ${{ github.event.pull_request.base.sha }}" in labels.text


def test_the_pull_request_right_is_asked_for_only_where_it_is_used() -> None:
    pushed = {file.path: file.text for file in workflows(replace(EVERYTHING, changelog="push"))}

    for name in ("published", "resume", "documentation"):
        assert "pull-requests: write" in BY_NAME[name].text
        assert "pull-requests: write" not in pushed[BY_NAME[name].path]


RIGHTS = {
    "propose": {
        "rehearse": {"contents": "read", "issues": "read", "pull-requests": "read"},
        "propose": {"contents": "write", "issues": "read", "pull-requests": "write"},
    },
    "resume": {
        "build": {"contents": "read"},
        "sign": {"contents": "read"},
        "publish": {"contents": "read", "id-token": "write"},
        "continue": {"actions": "write"},
        "finish": {"contents": "write", "issues": "write", "pull-requests": "write"},
    },
    "draft": {"draft": {"contents": "write", "pull-requests": "read"}},
    "announce": {
        "announce": {"contents": "write", "pull-requests": "read"},
        "follow": {"actions": "write"},
    },
    "published": {"port": {"contents": "write", "pull-requests": "write"}},
    "documentation": {"watch": {"contents": "write", "issues": "write", "pull-requests": "write"}},
    "verify": {"verify": {"contents": "read", "issues": "write", "pull-requests": "read"}},
    "reminder": {"remind": {"contents": "read", "issues": "write", "pull-requests": "read"}},
    "labels": {"labels": {"contents": "read", "pull-requests": "read"}},
}


@pytest.mark.parametrize("name", RIGHTS)
def test_each_job_has_these_rights_and_no_other(name: str) -> None:
    assert {job: rights_of(value) for job, value in jobs_of(BY_NAME[name])} == RIGHTS[name]


def test_what_attests_has_no_files_and_comes_before_the_upload() -> None:
    (file,) = (
        one for one in workflows(replace(EVERYTHING, attest=True)) if one.path == BY_NAME["resume"].path
    )
    jobs = dict(jobs_of(file))
    needs = at(jobs["publish"], "needs")

    assert "attest" not in dict(jobs_of(BY_NAME["resume"]))
    assert rights_of(jobs["attest"]) == {"attestations": "write", "id-token": "write"}
    assert [one.text.partition("@")[0] for one in scalars(jobs["attest"], "uses")] == [
        "actions/download-artifact",
        "actions/attest",
    ]
    assert isinstance(needs, Sequence)
    assert [one.text for one in needs.items if isinstance(one, Scalar)] == ["build", "sign", "attest"]


def test_what_is_started_by_dispatch_has_a_job_that_may_do_nothing_else() -> None:
    made = workflows(replace(EVERYTHING, waiting=("binaries.yml", "pages.yaml")))
    (file,) = (one for one in made if one.path == BY_NAME["resume"].path)
    job = dict(jobs_of(file))["start"]
    rights, condition = at(job, "permissions"), at(job, "if")

    assert isinstance(rights, Mapping)
    assert [entry.key for entry in rights.entries] == ["actions"]
    assert isinstance(condition, Scalar)
    assert "needs.finish.outputs.tag" in condition.text
    (script,) = scalars(job, "run")
    assert [line.split()[3] for line in script.text.strip().splitlines()] == ["binaries.yml", "pages.yaml"]


def test_another_token_is_used_only_where_something_is_written() -> None:
    made = workflows(replace(EVERYTHING, token="APP_TOKEN"))
    holders = {
        (file.path.rpartition("castoff-")[2], job)
        for file in made
        for job, value in jobs_of(file)
        if "secrets.APP_TOKEN" in " ".join(one.text for one in all_scalars(value))
    }

    assert holders == {("propose.yml", "propose"), ("resume.yml", "finish"), ("announce.yml", "announce")}


def test_an_app_gives_its_token_to_what_writes_with_the_rights_of_the_job_and_the_jobs_own_reads() -> None:
    made = {one.path: one for one in workflows(replace(EVERYTHING, app="RELEASE_APP", signs=frozenset()))}
    holders = {}
    for name in ("propose", "resume", "announce"):
        own = RIGHTS[name]
        for job, value in jobs_of(made[BY_NAME[name].path]):
            steps = [one for one in steps_of(value) if "create-github-app-token@" in str(at(one, "uses"))]
            if not steps:
                assert rights_of(value) == own[job]
                continue
            given = at(steps[0], "with")
            assert isinstance(given, Mapping)
            rights = {
                one.key.removeprefix("permission-"): one.value.text
                for one in given.entries
                if one.key.startswith("permission-") and isinstance(one.value, Scalar)
            }
            assert (rights, rights_of(value)) == (own[job], {"contents": "read"})
            tokens = [one.text for one in scalars(value, "GH_TOKEN")]
            assert set(tokens) == {"${{ steps.app.outputs.token }}"}
            holders[job] = len(tokens)

    assert holders == {"propose": 1, "finish": 2, "announce": 1}
    assert "follow" not in dict(jobs_of(made[BY_NAME["announce"].path]))


def test_what_builds_holds_no_secret_and_only_what_uploads_runs_in_the_environment() -> None:
    jobs = dict(jobs_of(BY_NAME["resume"]))
    texts = {name: " ".join(one.text for one in all_scalars(job)) for name, job in jobs.items()}

    assert "secrets." not in texts["build"]
    assert "secrets." not in texts["finish"]
    for secret, holder in (
        ("CARGO_REGISTRY_TOKEN", "publish"),
        ("UV_PUBLISH_TOKEN", "publish"),
        ("SIGNING_KEY", "sign"),
    ):
        assert [name for name, text in texts.items() if f"secrets.{secret}" in text] == [holder]
    assert [name for name, job in jobs.items() if at(job, "environment")] == ["publish"]
    assert [name for name, text in texts.items() if "--built" in text] == ["sign", "publish"]
    assert [name for name, text in texts.items() if "--tags" in text] == ["publish", "finish"]


SHARDED = replace(EVERYTHING, shards=3)


def test_shards_run_at_the_same_time_and_each_hands_its_digest_on_under_a_name_of_its_own() -> None:
    (file,) = (one for one in workflows(SHARDED) if one.path == BY_NAME["resume"].path)
    jobs = dict(jobs_of(file))
    legs, outputs = at(jobs["build"], "strategy", "matrix", "leg"), at(jobs["build"], "outputs")
    needs = {name: at(job, "needs") for name, job in jobs.items()}
    texts = {name: " ".join(one.text for one in all_scalars(job)) for name, job in jobs.items()}

    assert list(jobs) == ["build", "join", "sign", "publish", "continue", "finish"]
    assert isinstance(legs, Sequence)
    assert [one.text for one in legs.items if isinstance(one, Scalar)] == ["1", "2", "3"]
    assert isinstance(outputs, Mapping)
    assert [entry.key for entry in outputs.entries] == ["result_1", "result_2", "result_3"]
    assert [name for name, text in texts.items() if "needs.join.outputs.listed" in text] == [
        "sign",
        "publish",
    ]
    assert "needs.build.outputs.listed" not in file.text
    assert isinstance(needs["sign"], Scalar)
    assert needs["sign"].text == "join"
    assert "secrets." not in texts["join"]
    assert rights_of(jobs["join"]) == {"contents": "read"}


def shard_result(number: int, digest: str, *, version: str = "1.1.0", verified: int = 0) -> str:
    names = [f"p{one}" for one in (1, 2, 3)]
    files = [{"package": one, "filename": f"{one}.whl", "digest": digest} for one in names if version]
    found = {
        "schema": "castoff/build",
        "version": version or "1.1.0",
        "shard": f"{number}/3",
        "artifacts": files,
    }
    return json.dumps({**found, "verified": [f"p{verified or number}"] if version else []})


GOOD = "a" * 64
LISTED = "".join(f"{GOOD}  p{one}.whl\n" for one in (1, 2, 3))
RESULTS: dict[str, tuple[list[str], bool, int, str]] = {
    "one build": (
        [shard_result(one, GOOD) for one in (1, 2, 3)],
        False,
        0,
        f"version=1.1.0\nlisted={hashlib.sha256(LISTED.encode()).hexdigest()}\n",
    ),
    "nothing left": ([shard_result(one, GOOD, version="") for one in (1, 2, 3)], False, 0, ""),
    "other bytes": ([*(shard_result(one, GOOD) for one in (1, 2)), shard_result(3, "b" * 64)], False, 4, ""),
    "not verified": ([shard_result(one, GOOD, verified=1) for one in (1, 2, 3)], False, 4, ""),
    "changed on its way": ([shard_result(one, GOOD) for one in (1, 2, 3)], True, 1, ""),
}


@pytest.mark.parametrize(("results", "changed", "code", "handed"), RESULTS.values(), ids=RESULTS)
def test_results_of_shards_are_joined_if_they_are_of_one_build_and_came_unchanged(
    results: list[str], changed: bool, code: int, handed: str, tmp_path: Path
) -> None:
    (file,) = (one for one in workflows(SHARDED) if one.path == BY_NAME["resume"].path)
    (_, script) = scalars(dict(jobs_of(file))["join"], "run")
    program = tmp_path / "castoff" / "bin" / "castoff"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m castoff "$@"\n', "utf-8")
    program.chmod(0o755)
    output = tmp_path / "output"
    output.touch()
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output)}
    for number, text in enumerate(results, 1):
        path = tmp_path / "shards" / f"shard-{number}" / "result.json"
        path.parent.mkdir(parents=True)
        path.write_text(text + ("\n" if changed and number == 2 else ""), "utf-8")
        environment[f"RESULT_{number}"] = hashlib.sha256(text.encode()).hexdigest()

    done = subprocess.run(
        ["bash", "-e", "-c", script.text], env=environment, check=False, capture_output=True, text=True
    )

    assert (done.returncode, output.read_text("utf-8")) == (code, handed), done.stdout + done.stderr
    if handed:
        assert (tmp_path / "listed" / "SHA256SUMS").read_text("utf-8") == LISTED


def test_what_proposes_builds_nothing_and_what_builds_may_only_read() -> None:
    jobs = dict(jobs_of(BY_NAME["propose"]))
    texts = {name: " ".join(one.text for one in all_scalars(job)) for name, job in jobs.items()}
    needs = at(jobs["propose"], "needs")

    assert [name for name, text in texts.items() if 'castoff" rehearse --pull-request' in text] == [
        "rehearse"
    ]
    assert [name for name, text in texts.items() if "--execute --rehearsed" in text] == ["propose"]
    assert "secrets." not in texts["rehearse"]
    assert isinstance(needs, Scalar)
    assert needs.text == "rehearse"


def test_only_what_builds_gets_the_read_credentials_of_private_indexes() -> None:
    name = "UV_INDEX_HOUSE_PASSWORD"
    made = workflows(
        replace(EVERYTHING, build_secrets=(name, "GIT_CONFIG_COUNT", "GITHUB_TOKEN", "GH_TOKEN"))
    )
    holders = {
        (file.path.rpartition("/")[2], job)
        for file in made
        for job, value in jobs_of(file)
        if f"secrets.{name}" in " ".join(one.text for one in all_scalars(value))
    }

    assert holders == {("castoff-propose.yml", "rehearse"), ("castoff-resume.yml", "build")}
    texts = [file.text for file in made]
    assert not any(f"secrets.{own}" in text for own in ("GIT_CONFIG_COUNT", "GITHUB_TOKEN") for text in texts)


def test_a_release_without_tokens_has_no_secret_of_a_registry_and_asks_for_an_identity() -> None:
    for ecosystems in (("cargo",), ("cargo", "npm", "python")):
        options = replace(EVERYTHING, ecosystems=ecosystems, tokenless=True)
        (file,) = (one for one in workflows(options) if one.path == BY_NAME["resume"].path)

        assert "REGISTRY_TOKEN" not in file.text
        assert "UV_PUBLISH_TOKEN" not in file.text
        assert "unset" not in file.text
        rights = at(parsed(file), "jobs", "publish", "permissions")
        assert isinstance(rights, Mapping)
        assert "id-token" in [one.key for one in rights.entries]


def test_the_upload_stops_by_itself_before_its_job_is_killed() -> None:
    publish = dict(jobs_of(BY_NAME["resume"]))["publish"]
    limit = at(publish, "timeout-minutes")

    assert isinstance(limit, Scalar)
    assert 330 < int(limit.text) < 360, "GitHub ends a job after six hours"
    assert any("--for 5h30m" in one.text for one in all_scalars(publish))


def test_what_follows_the_build_waits_for_it_and_ends_with_it() -> None:
    jobs = dict(jobs_of(BY_NAME["resume"]))

    publish, finish = at(jobs["publish"], "if"), at(jobs["finish"], "if")
    assert isinstance(publish, Scalar)
    assert "needs.sign.outputs.objects" in publish.text
    assert isinstance(finish, Scalar)
    for part in ("!failure()", "!cancelled()", "needs.build.result == 'success'", "outputs.unfinished"):
        assert part in finish.text, "a skipped build is no failure, and nothing was claimed then"
    needs = at(jobs["finish"], "needs")
    assert isinstance(needs, Sequence)
    assert [one.text for one in needs.items if isinstance(one, Scalar)] == ["build", "sign", "publish"]


def test_a_release_goes_on_only_after_the_merge_of_a_proposal_of_the_repositorys_own() -> None:
    condition = at(parsed(BY_NAME["resume"]), "jobs", "build", "if")

    assert isinstance(condition, Scalar)
    for part in (
        "github.event.pull_request.merged",
        f"startsWith(github.head_ref, '{PROPOSED}')",
        "github.event.pull_request.head.repo.full_name == github.repository",
    ):
        assert part in condition.text


def test_releases_wait_for_each_other_and_not_for_other_pull_requests() -> None:
    propose = at(parsed(BY_NAME["propose"]), "concurrency", "group")
    resume = at(parsed(BY_NAME["resume"]), "concurrency", "group")

    assert isinstance(propose, Scalar)
    assert propose.text == "castoff-propose"
    assert isinstance(resume, Scalar)
    assert f"startsWith(github.head_ref, '{PROPOSED}')) && 'all' || github.run_id" in resume.text


def test_where_versions_come_from_tags_nothing_is_proposed() -> None:
    names = [file.path for file in workflows(replace(EVERYTHING, release="push"))]

    assert BY_NAME["propose"].path not in names
    assert BY_NAME["resume"].path in names


def run_step(name: str, folder: Path, castoff: str, **variables: str) -> tuple[int, str, str]:
    """Run the step of a workflow that asks castoff; return its code, what castoff and what gh was asked."""
    _, script = scalars(parsed(BY_NAME[name]), "run")
    (folder / "castoff" / "bin").mkdir(parents=True)
    programs = {
        "castoff/bin/castoff": f'echo "$@" > called\n{castoff}',
        "gh": 'echo "$@" >> asked\necho 0',
    }
    for program, text in programs.items():
        (folder / program).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (folder / program).chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "RUNNER_TEMP": str(folder), **variables}
    words = ["bash", "-e", "-c", script.text]
    done = subprocess.run(words, cwd=folder, env=environment, check=False, capture_output=True)
    asked = (folder / "asked").read_text("utf-8") if (folder / "asked").exists() else ""
    return done.returncode, (folder / "called").read_text("utf-8").strip(), asked


TITLES = {"0": None, "3": "A release is unfinished", "4": "A release is blocked", "5": "A release is due"}


@pytest.mark.parametrize("code", ["0", "2", "3", "4", "5", "70"])
def test_the_reminder_tells_what_waits_and_fails_where_nobody_could_tell(code: str, tmp_path: Path) -> None:
    ended, _, asked = run_step("reminder", tmp_path, f"echo told\nexit {code}")

    title = TITLES.get(code)
    assert ended == (0 if code in TITLES else int(code))
    assert (f"issue create --title {title} --body-file status.txt" in asked) == (title is not None)
    assert bool(asked) == (title is not None)


@pytest.mark.parametrize(
    ("castoff", "version", "code", "is_told"),
    [
        ("exit 0", "", 0, False),
        ("exit 3", "", 0, False),
        ("exit 4", "", 0, True),
        ("exit 4", "1.2.0", 0, True),
        ("echo 'error[nothing-released]: x' >&2; exit 2", "", 0, False),
        ("echo 'error[no-workspace]: x' >&2; exit 2", "", 2, False),
        ("exit 1", "", 1, False),
    ],
)
def test_a_release_that_is_not_whole_is_told_the_same_day(
    castoff: str, version: str, code: int, is_told: bool, tmp_path: Path
) -> None:
    ended, called, asked = run_step("verify", tmp_path, castoff, VERSION=version)

    assert (ended, called) == (code, f"verify --without-trial {version}".strip())
    assert ("issue create --title A release is not whole --body-file found.txt" in asked) == is_told


UPLOADED = '{"type": "act-end", "outcome": "done"}'
ENDS = [
    (0, UPLOADED, 1, 0, False),
    (3, UPLOADED, 1, 0, True),
    (3, UPLOADED, STARTS, 3, False),
    (3, '{"type": "act-end", "outcome": "refused"}', 1, 3, False),
    (4, UPLOADED, 1, 4, False),
]


def hand_over(runner: Path, rows: list[str]) -> str:
    """Put a list of digests where the artifact of the job that builds puts it; return its digest."""
    (runner / "listed").mkdir(exist_ok=True)
    text = "".join(f"{one}\n" for one in rows)
    (runner / "listed" / "SHA256SUMS").write_text(text, "utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_list_of_a_large_release_goes_from_job_to_job_and_another_list_is_refused(tmp_path: Path) -> None:
    build, publish = (
        next(
            at(one, "run").text  # type: ignore[union-attr]
            for one in steps_of(dict(jobs_of(BY_NAME["resume"]))[name])
            if at(one, "id")
        )
        for name in ("build", "publish")
    )
    # 500 packages with two files each; Linux takes no variable of 128 KiB (execve).
    names = [
        f"a-package-with-a-long-name-for-the-limits-{number:04}-1.1.0-py3-none-any.whl"
        for number in range(1000)
    ]
    artifacts = [{"filename": name, "digest": "0" * 64} for name in names]
    program = tmp_path / "castoff" / "bin" / "castoff"
    program.parent.mkdir(parents=True)
    (tmp_path / "printed.json").write_text(json.dumps({"version": "1.1.0", "artifacts": artifacts}), "utf-8")
    program.write_text('#!/bin/sh\n[ "$3" = resume ] || cat "$RUNNER_TEMP/printed.json"\n', "utf-8")
    program.chmod(0o755)
    output = tmp_path / "output"
    environment = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output)}
    environment |= {"GITHUB_WORKSPACE": str(tmp_path), "VERSION": "1.1.0", "STARTS": "1", "OBJECTS": "c"}

    def run(script: str, **more: str) -> int:
        return subprocess.run(
            ["bash", "-e", "-c", script], env={**environment, **more}, check=False, capture_output=True
        ).returncode

    assert run(build) == 0
    told = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
    assert told["version"] == "1.1.0"
    listed = tmp_path / "listed" / "SHA256SUMS"
    kept = listed.read_text("utf-8")
    assert kept.splitlines() == [f"{'0' * 64}  {name}" for name in names]
    assert len(kept) > 128 * 1024

    assert run(publish, LISTED=told["listed"]) == 0
    listed.write_text(kept.replace("0" * 64, "1" * 64, 1), "utf-8")
    assert run(publish, LISTED=told["listed"]) == 1


@pytest.mark.parametrize(
    ("code", "event", "starts", "ends", "again"),
    ENDS,
    ids=["done", "time is up", "often enough", "nothing new", "a person must act"],
)
def test_an_upload_is_continued_only_where_time_was_up_and_something_went_up(
    code: int, event: str, starts: int, ends: int, again: bool, tmp_path: Path
) -> None:
    (tmp_path / "castoff" / "bin").mkdir(parents=True)
    program = tmp_path / "castoff" / "bin" / "castoff"
    program.write_text(f"#!/bin/sh\necho '{event}' > events.ndjson\nexit {code}\n", "utf-8")
    program.chmod(0o755)
    (step,) = (one for one in steps_of(dict(jobs_of(BY_NAME["resume"]))["publish"]) if at(one, "id"))
    script = at(step, "run")
    assert isinstance(script, Scalar)
    output = tmp_path / "output"
    output.touch()
    environment = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_WORKSPACE": str(tmp_path),
    }
    listed = hand_over(tmp_path, [])
    environment |= {"GITHUB_OUTPUT": str(output), "STARTS": str(starts), "LISTED": listed, "OBJECTS": "c"}

    done = subprocess.run(
        ["bash", "-e", "-c", script.text],
        cwd=tmp_path,
        env={**environment, "VERSION": "1.1.0"},
        check=False,
        capture_output=True,
    )

    assert (done.returncode, output.read_text("utf-8")) == (ends, "unfinished=true\n" if again else "")


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_castoff_and_all_that_it_needs_are_installed_by_hash_and_nothing_by_a_name_alone(
    file: WorkflowFile,
) -> None:
    install = [one.text for one in scalars(parsed(file), "run") if "pip install" in one.text]
    every = "\n".join(one.text for one in scalars(parsed(file), "run"))

    assert len(install) == sum(at(job, "permissions", "contents") is not None for _, job in jobs_of(file))
    for one in install:
        assert f"--require-hashes --no-build -r {LOCK}" in one
        assert f"--no-deps --no-build-isolation 'castoff @ {COMMIT}'" in one
    assert every.count("pip install") == 2 * len(install)
    assert "uvx" not in every
    assert "castoff==" not in every


def test_a_wheel_is_installed_from_the_lock_file_alone() -> None:
    for file in workflows(replace(EVERYTHING, source=WHEEL)):
        installed = [job for _, job in jobs_of(file) if at(job, "permissions", "contents") is not None]
        assert file.text.count("pip install") == len(installed)

    url, _, digest = WHEEL.partition("#sha256=")
    assert locked(WHEEL, "click==8\n").splitlines()[-1] == f"castoff @ {url} --hash=sha256:{digest}"
    assert locked(COMMIT, "click==8\n").splitlines()[-1] == "click==8"


def test_what_is_locked_is_what_castoff_needs_and_what_builds_a_commit_of_it() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))

    assert lock_request(WHEEL, "0.1.0", ["click"]) == ("click",)
    assert lock_request(COMMIT, "0.1.0", ["click"]) == ("click", *project["build-system"]["requires"])
    assert lock_request(None, "0.1.0", ["click"]) == ("castoff==0.1.0",)
    assert lock_request(None, "0.1.0", ["click"], attests=True)[1].startswith("pypi-attestations>=")


def attesting_steps(options: WorkflowOptions) -> list[str]:
    return [
        one.text
        for file in workflows(options)
        for one in scalars(parsed(file), "run")
        if "pypi-attestations" in one.text
    ]


def test_python_files_are_attested_where_no_token_uploads_them(tmp_path: Path) -> None:
    tokenless = replace(EVERYTHING, tokenless=True)
    (script,) = attesting_steps(tokenless)
    for off in (
        EVERYTHING,
        replace(tokenless, ecosystems=("cargo", "npm")),
        replace(tokenless, release=None),
    ):
        assert attesting_steps(off) == []

    built, program = tmp_path / "built", tmp_path / "castoff" / "bin" / "pypi-attestations"
    built.mkdir()
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >> "$RUNNER_TEMP/called"\n', "utf-8")
    program.chmod(0o755)

    def attest(*names: str, changed: bool = False) -> tuple[int, list[str]]:
        for file in built.iterdir():
            file.unlink()
        digests = []
        for name in names:
            (built / name).write_text(name, "utf-8")
            digests.append(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}")
        listed = hand_over(tmp_path, digests)
        if changed:
            (built / names[0]).write_text("other bytes", "utf-8")
        (tmp_path / "called").unlink(missing_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(tmp_path),
            "LISTED": listed,
        }
        done = subprocess.run(["bash", "-e", "-c", script], env=environment, check=False, capture_output=True)
        called = tmp_path / "called"
        return done.returncode, called.read_text("utf-8").splitlines() if called.exists() else []

    assert attest("a-1.whl", "a-1.tar.gz", "b-1.crate") == (0, ["sign", "a-1.whl", "a-1.tar.gz"])
    assert attest("b-1.crate") == (0, [])
    assert attest("a-1.whl", changed=True) == (1, [])


def test_without_a_source_nothing_is_written_until_castoff_has_a_release() -> None:
    with pytest.raises(ConfigurationError) as caught:
        workflows(replace(EVERYTHING, source=None))

    assert [one.code for one in caught.value.problems] == ["ci-source-missing"]


def test_crates_need_no_right_to_ask_for_a_token_and_no_key_is_taken_where_nothing_is_signed() -> None:
    crates = {
        file.path: file.text
        for file in workflows(replace(EVERYTHING, signs=frozenset(), ecosystems=("cargo",)))
    }
    text = crates[BY_NAME["resume"].path]

    assert "id-token" not in text
    assert "UV_PUBLISH_TOKEN" not in text
    assert "SIGNING_KEY" not in text


CACHED = replace(EVERYTHING, cache="", ecosystems=("cargo",), npm_clients=())


@pytest.mark.parametrize(
    ("more", "saves"),
    [
        ({}, {"propose": ["rehearse"], "resume": ["build"]}),
        ({"shards": 3}, {"propose": ["rehearse"], "resume": ["join"]}),
        ({"release": "push"}, {"resume": ["rehearse", "build"]}),
    ],
    ids=["proposed", "in shards", "pushed"],
)
def test_a_cache_is_unpacked_where_nothing_is_made_and_filled_by_jobs_without_rights(
    more: dict[str, Any], saves: dict[str, list[str]]
) -> None:
    found: dict[str, list[str]] = {}
    for file in workflows(replace(CACHED, **more)):
        for name, job in jobs_of(file):
            actions = [one.text.partition("@")[0] for one in scalars(job, "uses")]
            if "actions/cache/restore" in actions:
                assert (name, rights_of(job)) == ("recall", {})
                assert actions == ["actions/cache/restore", "actions/upload-artifact"]
            if "actions/cache/save" in actions:
                assert set(rights_of(job).values()) == {"read"}
                found.setdefault(ids(file)[len("castoff-") : -len(".yml")], []).append(name)

    assert found == saves


@pytest.mark.parametrize(
    "more",
    [{"cache": None}, {"ecosystems": ("npm", "python")}],
    ids=["not wanted", "no crates"],
)
def test_no_cache_is_used_where_nothing_is_marked(more: dict[str, Any]) -> None:
    assert "cache/" not in "".join(file.text for file in workflows(replace(CACHED, **more)))


def step_named(job: Value, title: str) -> str:
    (step,) = (
        one for one in steps_of(job) if isinstance(at(one, "name"), Scalar) and at(one, "name").text == title
    )  # type: ignore[union-attr]
    script = at(step, "run")
    assert isinstance(script, Scalar)
    return script.text


def test_of_a_list_of_marks_only_digests_with_their_times_are_taken(tmp_path: Path) -> None:
    (file,) = (one for one in workflows(CACHED) if one.path == BY_NAME["propose"].path)
    job = dict(jobs_of(file))["rehearse"]
    lines = [f"{'a' * 64} 1700000000", f"../{'b' * 64} 1", "$(touch x) 1", f"{'C' * 64} 1", f"{'d' * 64} now"]
    (tmp_path / "known").mkdir()
    (tmp_path / "known" / "VERIFIED").write_text("\n".join(lines) + "\n", "utf-8")
    environment = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path)}

    def run(title: str) -> None:
        script = step_named(job, title)
        subprocess.run(["bash", "-e", "-c", script], env=environment, cwd=tmp_path, check=True)

    run("Take over what was verified before")
    marks = tmp_path / "cache" / "castoff" / "verified"
    assert {one.name: one.stat().st_mtime for one in marks.iterdir()} == {"a" * 64: 1700000000}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cache", "known"]

    (marks / ("e" * 64)).touch()
    run("List what is verified by now")
    listed = (tmp_path / "known" / "VERIFIED").read_text("utf-8").split()
    assert sorted(listed[::2]) == ["a" * 64, "e" * 64]
    assert (tmp_path / "verified" / ("a" * 64)).stat().st_mtime == 1700000000


DRAFT_BY: tuple[Literal["castoff", "ci"], ...] = ("castoff", "ci")
CHANGELOG: tuple[Literal["push", "pull-request", "off"], ...] = ("push", "pull-request", "off")
COMBINATIONS = [
    replace(EVERYTHING, draft_by=draft, changelog=changelog, website=website)
    for draft, changelog, website in product(DRAFT_BY, CHANGELOG, (True, False))
]


@pytest.mark.parametrize(
    "options", COMBINATIONS, ids=[f"{o.draft_by}-{o.changelog}-{o.website}" for o in COMBINATIONS]
)
def test_every_combination_is_yaml(options: WorkflowOptions) -> None:
    for file in workflows(options):
        assert at(parsed(file), "jobs") is not None


UNFIT: list[tuple[str, dict[str, Any]]] = [
    ("a repository with a quote", {"repository": "o/r'"}),
    ("a repository without an owner", {"repository": "r"}),
    ("a source with a quote", {"source": COMMIT.replace("@", "'@")}),
    ("a source with a line end", {"source": f"{COMMIT}\n"}),
    ("a branch", {"source": "git+https://github.com/o/castoff@main"}),
    ("a tag", {"source": "git+https://github.com/o/castoff@v1.0"}),
    ("a short commit", {"source": "git+https://github.com/o/castoff@0123456"}),
    ("a commit with a fragment", {"source": f"{COMMIT}#subdirectory=x"}),
    ("an address with a password", {"source": COMMIT.replace("//", "//me:secret@")}),
    ("a wheel without a digest", {"source": WHEEL.partition("#")[0]}),
    ("a wheel with a short digest", {"source": WHEEL[:-1]}),
    ("a wheel of another project", {"source": WHEEL.replace("/castoff-", "/castaway-")}),
    ("a wheel without https", {"source": WHEEL.replace("https", "http")}),
    ("a version", {"source": "castoff==0.1.0"}),
    ("a source that is no Git address", {"source": "castoff"}),
    ("a tag with a line end", {"tags": ("a\nb",)}),
    ("a tag with an expression", {"tags": ("${{ x }}",)}),
    ("an empty tag", {"tags": ("",)}),
    ("a secret with an expression", {"site_token": "A }} ${{ secrets.B"}),
    ("a token with an expression", {"token": "A }} ${{ secrets.B"}),
    ("an app with an expression", {"app": "A }} ${{ secrets.B"}),
    ("a folder of a cache with a command", {"cache": "$(x)"}),
    ("a runner with an expression", {"wheels": replace(WHEELS, runners=("${{ x }}",))}),
    ("a folder of files with a command", {"wheels": replace(WHEELS, folder="$(x)")}),
    ("a folder of files that is an option", {"wheels": replace(WHEELS, folder="-x")}),
    ("a folder of a package with a command", {"wheels": replace(WHEELS, compiled=("a;b",))}),
    ("a folder of a pure package with a space", {"wheels": replace(WHEELS, pure=("a b",))}),
    ("a file name with a command", {"waiting": ("a.yml; curl",)}),
    ("a file name that is an option", {"waiting": ("--ref.yml",)}),
]


@pytest.mark.parametrize("fields", [c[1] for c in UNFIT], ids=[c[0] for c in UNFIT])
def test_a_value_that_could_be_code_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        workflows(replace(EVERYTHING, **fields))

    assert caught.value.problems[0].code == "workflow-value-unfit"


# Other writers

KUBE = """\
name: release
on:
  push:
    tags:
      - '[0-9]+.[0-9]+.[0-9]+'
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - name: Release
        uses: softprops/action-gh-release@v3
        with:
          generate_release_notes: true
          draft: true
"""


def test_the_release_job_of_kube_is_found() -> None:
    (found,) = release_workflows({".github/workflows/release.yml": KUBE})

    assert (found.line, found.what, found.when) == (12, "softprops/action-gh-release", ("tag",))
    assert found.writes_on_tag
    assert found.is_draft
    assert not found.is_ours


def step(text: str, on: str = "{push: {tags: ['v*']}}") -> str:
    return f"on: {on}\njobs:\n  a:\n    steps:\n      - {text}\n"


MAKERS = [
    ("an action by version", step("uses: ncipollo/release-action@v1"), "ncipollo/release-action"),
    ("an action by commit", step("uses: actions/create-release@" + "a" * 40), "actions/create-release"),
    ("an action in a folder", step("uses: changesets/action/sub@v1"), "changesets/action"),
    (
        "an action in other letters",
        step("uses: MarcoIeni/release-plz-action@v0.5"),
        "marcoieni/release-plz-action",
    ),
    ("release-drafter", step("uses: release-drafter/release-drafter@v7"), "release-drafter/release-drafter"),
    ("goreleaser", step("uses: goreleaser/goreleaser-action@v6"), "goreleaser/goreleaser-action"),
    ("gh", step("run: gh release create v1"), "gh release create"),
    (
        "gh in a script",
        step('run: |\n          set -e\n          gh  release create "$TAG"'),
        "gh release create",
    ),
    ("gh by the API", step("run: gh api --method POST repos/o/r/releases -f a=b"), None),
    ("semantic-release", step("run: npx semantic-release"), "semantic-release"),
    (
        "a job of another workflow",
        "on: push\njobs:\n  a:\n    uses: softprops/action-gh-release@v1\n",
        "softprops/action-gh-release",
    ),
    (
        "broken YAML",
        "on:\n  push:\n    tags: [a\n  - uses: softprops/action-gh-release@v2\n",
        "softprops/action-gh-release",
    ),
    ("broken YAML with a command", "a: [\n  run: gh release create x\n", "gh release create"),
]


@pytest.mark.parametrize(("text", "what"), [c[1:] for c in MAKERS], ids=[c[0] for c in MAKERS])
def test_what_makes_releases_is_found(text: str, what: str | None) -> None:
    (found,) = release_workflows({"w.yml": text})

    assert what is None or found.what == what


OTHERS = [
    ("nothing", ""),
    ("a text", "hello"),
    ("no jobs", "on: push\n"),
    ("jobs that are a list", "on: push\njobs: [a]\n"),
    ("a checkout", step("uses: actions/checkout@v7")),
    ("a look at releases", step("run: gh release view v1")),
    ("an upload to a release", step("run: gh release upload v1 file")),
    ("a look by the API", step("run: gh api repos/o/r/releases/latest")),
    ("a word in a title", step("name: gh release create is not run here")),
    ("another action with such a name", step("uses: me/softprops-action-gh-release@v1")),
    ("a comment in a script", step("run: |\n          # gh release create v1\n          true")),
    ("a longer word", step("run: my-semantic-release-check")),
]


@pytest.mark.parametrize("text", [c[1] for c in OTHERS], ids=[c[0] for c in OTHERS])
def test_what_makes_no_release_is_not_accused(text: str) -> None:
    assert release_workflows({"w.yml": text}) == ()


TRIGGERS = [
    ("a tag", "{push: {tags: ['v*']}}", ("tag",)),
    ("a branch", "{push: {branches: [main]}}", ("push",)),
    ("a branch and a tag", "{push: {branches: [main], tags: ['*']}}", ("tag", "push")),
    ("any push", "push", ("tag", "push")),
    ("any push among others", "[push, pull_request]", ("tag", "push", "other")),
    ("any push with paths", "{push: {paths: [a]}}", ("tag", "push")),
    ("no tags", "{push: {tags-ignore: ['**']}}", ("push",)),
    ("a release", "{release: {types: [published]}}", ("release",)),
    ("by hand", "workflow_dispatch", ("other",)),
    ("a new ref", "create", ("tag",)),
    ("nothing", "", ()),
]


@pytest.mark.parametrize(("on", "when"), [c[1:] for c in TRIGGERS], ids=[c[0] for c in TRIGGERS])
def test_what_starts_a_workflow_is_known(on: str, when: tuple[str, ...]) -> None:
    (found,) = release_workflows({"w.yml": step("uses: softprops/action-gh-release@v3", on)})

    assert found.when == when


def test_a_second_writer_is_an_error_with_its_place() -> None:
    found = release_workflows({"release.yml": KUBE, "dispatch.yml": KUBE.replace("push:", "other:")})

    (problem,) = second_writer_problems(found, "castoff")

    assert (problem.code, problem.file, problem.line) == ("draft-second-writer", "release.yml", 12)
    assert second_writer_problems(found, "ci") == ()


def test_where_the_job_writes_one_is_enough_and_two_are_too_many() -> None:
    found = release_workflows({"a.yml": KUBE, "b.yml": KUBE})

    assert [problem.file for problem in second_writer_problems(found, "ci")] == ["b.yml"]


def test_our_own_draft_job_is_known_as_ours() -> None:
    found = release_workflows({file.path: file.text for file in FILES})

    assert [(w.path.rpartition("-")[2], w.is_ours, w.writes_on_tag) for w in found] == [
        ("draft.yml", True, True),
        ("propose.yml", True, False),
        ("resume.yml", True, False),
        ("resume.yml", True, False),
        ("resume.yml", True, False),
    ]


@given(
    st.dictionaries(
        st.just("w.yml"), st.text(alphabet="on:jbsuetpr \n-[]{}&*'\"gh release create", max_size=80)
    )
)
def test_any_text_is_searched_without_an_error(files: dict[str, str]) -> None:
    release_workflows(files)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_option_makes_yaml_or_our_error(repository: str, source: str, tag: str) -> None:
    try:
        files = workflows(replace(EVERYTHING, repository=repository, source=source, tags=(tag,)))
    except CastoffError:
        return
    for file in files:
        parsed(file)


NPM = WorkflowOptions(repository="o/r", source=COMMIT, release="pull-request", ecosystems=("npm",))


@pytest.mark.parametrize(
    ("clients", "installed"),
    [
        (("npm",), []),
        (("pnpm",), ["corepack enable pnpm"]),
        (("yarn", "pnpm", "npm"), ["corepack enable pnpm yarn"]),
        (("bun",), ["oven-sh/setup-bun"]),
    ],
)
def test_jobs_that_pack_have_the_client_of_the_workspace(
    clients: tuple[str, ...], installed: list[str]
) -> None:
    files = {
        file.path.rpartition("castoff-")[2]: file for file in workflows(replace(NPM, npm_clients=clients))
    }
    found = {
        name: [
            one.text.partition("@")[0]
            for key in ("uses", "run")
            for one in scalars(job, key)
            if "corepack" in one.text or "setup-" in one.text
        ]
        for file in ("propose.yml", "resume.yml")
        for name, job in jobs_of(files[file])
    }
    node = ["astral-sh/setup-uv", "actions/setup-node"]
    assert {name: sorted(steps) for name, steps in found.items()} == {
        "rehearse": sorted([*node, *installed]),
        "propose": sorted([*node, *installed]),
        "build": sorted([*node, *installed]),
        "sign": sorted(node),
        "publish": sorted(node),
        "continue": [],
        "finish": ["astral-sh/setup-uv"],
    }


def test_no_node_is_installed_for_what_is_no_npm_package() -> None:
    files = workflows(replace(NPM, ecosystems=("cargo",)))
    assert not any("setup-node" in file.text or "corepack" in file.text for file in files)
