"""What to enter at the registries, so that they trust the workflow that castoff writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from castoff.errors import Refusal
from castoff.model.child_environments import Kind
from castoff.setup.trust import TrustedPublisher, enter_publishers, render_publishers
from castoff.workflows.options import PUBLISHING_ENVIRONMENT, PUBLISHING_WORKFLOW, WorkflowOptions
from castoff.workflows.plan import workflows

SOURCE = "git+https://github.com/acme/castoff@" + "a" * 40
PUBLISHERS = (
    TrustedPublisher(package="anchor-core", ecosystem="cargo", repository="acme/rocket"),
    TrustedPublisher(package="anchor", ecosystem="cargo", repository="acme/rocket"),
    TrustedPublisher(package="@acme/anchor", ecosystem="npm", repository="acme/rocket"),
)


def test_all_packages_of_a_registry_are_listed_with_the_same_values() -> None:
    assert (
        render_publishers(PUBLISHERS)
        == """\
crates-io: enter in the publishing settings
  owner:       acme
  repository:  rocket
  workflow:    castoff-resume.yml
  environment: release
  of each of these packages:
    anchor-core
    anchor

the npm registry: run (npm 11.15 or later, signed in; each asks for a second factor)
  npm trust github @acme/anchor --repo acme/rocket --file castoff-resume.yml --env release --allow-publish
"""
    )


def test_the_workflow_that_uploads_has_that_name_and_environment() -> None:
    options = WorkflowOptions(
        repository="acme/rocket", source=SOURCE, release="pull-request", ecosystems=("cargo",)
    )
    (file,) = (one for one in workflows(options) if "--only publish" in one.text)

    assert file.path.endswith(f"/{PUBLISHING_WORKFLOW}")
    assert f"environment: {PUBLISHING_ENVIRONMENT} " in file.text


@pytest.mark.real
def test_npm_knows_the_options_of_its_command() -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    told = subprocess.run(
        ["npm", "trust", "github", "--help"], capture_output=True, text=True, timeout=60
    ).stdout
    if "npm trust github" not in told:
        pytest.skip("this npm has no `npm trust`")

    (publisher,) = (one for one in PUBLISHERS if one.command)
    assert [one for one in publisher.command if one.startswith("--") and one not in told] == []


class Npm:
    """Stands for npm's own command, which asks a person on a terminal; ``has`` are packages with a publisher."""

    def __init__(self, *has: str) -> None:
        self.has = set(has)
        self.asked: list[list[str]] = []

    def interactive(self, arguments: list[str], *, kind: Kind, cwd: Path) -> int:
        assert (kind, cwd) == (Kind.NPM_UPLOAD, Path("root"))
        self.asked.append(list(arguments))
        fails = arguments[3] in self.has
        self.has.add(arguments[3])
        return int(fails)

    @property
    def services(self) -> Any:
        git = SimpleNamespace(processes=self)
        return SimpleNamespace(repository=SimpleNamespace(root=Path("root"), git=git))


def test_npm_is_asked_for_each_of_its_packages_whatever_became_of_the_others() -> None:
    others = (*PUBLISHERS, TrustedPublisher(package="sail", ecosystem="npm", repository="acme/rocket"))
    npm = Npm("@acme/anchor")

    with pytest.raises(Refusal, match="publisher-not-entered") as refused:
        enter_publishers(npm.services, others, agreed=True)

    assert "1 of 2 packages" in refused.value.problems[0].reason
    assert [words[3] for words in npm.asked] == ["@acme/anchor", "sail"]
    assert all(words[-1] == "--yes" for words in npm.asked)
    npm.has.clear()
    assert enter_publishers(npm.services, others, agreed=False) == 2
    assert npm.asked[-1] == list(others[-1].command)
