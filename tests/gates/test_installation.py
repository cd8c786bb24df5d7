"""What is installed, and how: archives, man page, completions, action, hooks, container, workflows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from castoff.cli.main import COMMANDS
from castoff.config.reader import parse_configuration
from castoff.text import yaml
from castoff.workflows.plan import ATTESTING, LOCK, PINS

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
RECIPES = [*WORKFLOWS, ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml", ROOT / "Containerfile"]
BY_NAME = re.compile(
    r"(?:pip|uv|pipx)\s+(?:tool\s+)?(?:install|run|add)\b[^\n]*(?<![\w./-])castoff(?![\w./-])"
    r"|uvx\s+(?:--from\s+)?['\"]?castoff|pipx\s+run\s+castoff|uv\s+tool\s+run\s+castoff"
)


def plain(value: yaml.Value | None) -> Any:
    match value:
        case yaml.Mapping(entries):
            return {one.key: plain(one.value) for one in entries}
        case yaml.Sequence(items):
            return [plain(one) for one in items]
        case yaml.Scalar(text):
            return text
    return None


def read(path: Path) -> Any:
    return plain(yaml.read_yaml(path.read_text("utf-8"), file=path.name))


@pytest.mark.real
def test_the_archives_hold_man_page_completions_and_all_metadata(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,), (sdist,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    inside = zipfile.ZipFile(wheel).namelist()
    shared = {name.partition(".data/data/")[2] for name in inside}
    files = [path for path in (ROOT / "share").rglob("*") if path.is_file()]
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}

    assert re.fullmatch(r"castoff-[\d.]+-py3-none-any\.whl", wheel.name)
    assert {path.relative_to(ROOT).as_posix() for path in files} <= shared
    assert {"castoff/py.typed", "castoff/schemas/castoff.schema.json"} <= set(inside)
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    assert {name for name in tracked if name} - {".gitignore"} <= held
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_man_page_names_every_command() -> None:
    text = (ROOT / "share/man/man1/castoff.1").read_text("utf-8")

    assert {f".SS {name}" for name in COMMANDS} <= set(text.splitlines())


@pytest.mark.needs("groff")
def test_the_man_page_has_no_warning() -> None:
    page = str(ROOT / "share/man/man1/castoff.1")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")])
def test_the_completions_are_scripts_of_their_shells(shell: str, check: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (path,) = [one for one in (ROOT / "share").rglob("*castoff*") if one.is_file() and shell in str(one)]
    subprocess.run([shell, check, str(path)], check=True)


def test_the_lock_holds_what_castoff_needs_with_hashes() -> None:
    lock = (ROOT / LOCK).read_text("utf-8")
    pins = {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==([\w.!+]+)[^\n]* \\$", lock, re.M)
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"], *ATTESTING]

    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "castoff==" not in lock


def test_castoff_uploads_itself_without_a_stored_token() -> None:
    text = (ROOT / ".github" / "workflows" / "castoff-resume.yml").read_text("utf-8")

    assert parse_configuration((ROOT / "castoff.toml").read_text("utf-8")).release.tokenless
    assert ("id-token: write" in text, "UV_PUBLISH_TOKEN" in text) == (True, False)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_nothing_is_installed_by_a_name_that_nobody_holds(path: Path) -> None:
    code = "\n".join(
        line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")
    )

    assert BY_NAME.findall(code) == []


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_that_castoff_knows(path: Path) -> None:
    known = {f"{pin.action}@{pin.commit} # {pin.version}" for pin in PINS}

    assert set(re.findall(r"uses: (.+)", path.read_text("utf-8"))) <= known


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_has_its_own_rights(path: Path) -> None:
    workflow = read(path)

    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("linter", ["actionlint", "zizmor"])
def test_linters_find_nothing_in_the_workflows_and_the_action(linter: str) -> None:
    program = shutil.which(
        linter, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    )
    if program is None:
        pytest.skip(f"{linter} is not installed")
    words = [] if linter == "actionlint" else ["--offline", "--no-progress", "."]
    done = subprocess.run([program, *words], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_declares_what_it_reads() -> None:
    action = read(ROOT / "action.yml")
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))

    assert used == set(action["inputs"])
    assert all({"description", "required"} <= set(one) for one in action["inputs"].values())
    # What a workflow passes reaches the shell as a variable, never as text of the script.
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert scripts and not any("${{" in script for script in scripts)


def action_run(command: str, arguments: str, tmp_path: Path) -> tuple[int, str]:
    """Run the action's last step with this castoff."""
    step = read(ROOT / "action.yml")["runs"]["steps"][-1]
    (tmp_path / "castoff/bin").mkdir(parents=True)
    program = tmp_path / "castoff/bin/castoff"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m castoff "$@"\n', "utf-8")
    program.chmod(0o755)
    output = tmp_path / "output"
    given = {
        "COMMAND": command,
        "ARGUMENTS": arguments,
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(output),
    }
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]], env={**os.environ, **given}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + (output.read_text("utf-8") if output.exists() else "")


@pytest.mark.parametrize(
    ("command", "arguments", "code", "told"),
    [
        ("explain", "second-writer", 0, "# second-writer"),
        ("explain", "second-writer\n--json\n", 0, "exit-code=0"),
        ("explain", "no such code", 2, "exit-code=2"),
        ("explain; id", "", 2, "one word"),
    ],
)
def test_the_action_passes_its_arguments_on_line_by_line(
    command: str, arguments: str, code: int, told: str, tmp_path: Path
) -> None:
    found, output = action_run(command, arguments, tmp_path)

    assert found == code
    assert told in output


def test_the_hooks_run_commands_that_exist() -> None:
    for hook in read(ROOT / ".pre-commit-hooks.yaml"):
        program, command, *rest = hook["entry"].split()
        assert (program, hook["language"], command in COMMANDS) == ("castoff", "python", True)
        module = __import__(COMMANDS[command][0], fromlist=["command"])
        assert rest[0] in {name for option in module.command.params for name in option.opts}
