"""A rehearsal gets the files of the website's branch; an unreadable one is empty, a missing one stays missing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

import pytest

from castoff.postrelease.website_copy import copy_website
from castoff.session.services import Services
from castoff.session.session import open_session
from castoff.values import replace
from session.versioned import Versioned, python

SITE = ["count.txt", "pyproject.toml"]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """Open `acme/rocket`, beside which lies `acme/site` with the branches `trunk` and `other`."""
    folder = tmp_path_factory.mktemp("beside")
    made = Versioned.begin(folder, {"pyproject.toml": python("zz-a", "1.0.0")}, "1.0.0")
    bare = {name: str(folder / "acme" / f"{name}.git") for name in ("rocket", "site")}
    for path in bare.values():
        made.git("init", "--quiet", "--bare", "--initial-branch=trunk", path)
    made.git("push", "--quiet", bare["site"], "main~1:refs/heads/trunk", "main:refs/heads/other")
    made.git("remote", "set-url", "origin", bare["rocket"])
    return made.setting()


def configured(
    services: Services, repository: str, branch: str | None, mode: Literal["push", "off"] = "push"
) -> Services:
    website = replace(services.configuration.website, repository=repository, branch=branch, mode=mode)
    return replace(services, configuration=replace(services.configuration, website=website))


def files(folder: Path) -> dict[str, list[str]]:
    def git(*words: str) -> list[str]:
        done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.split()

    names = git("branch", "--format=%(refname:short)")
    return {name: git("ls-tree", "-r", "--name-only", name) for name in names}


@pytest.mark.parametrize(
    ("repository", "branch", "found", "is_real", "held"),
    [
        ("acme/site", None, "trunk", True, {"trunk": SITE}),
        ("acme/site", "other", "other", True, {"other": SITE}),
        ("acme/site", "gone", "gone", True, {}),
        ("acme/nowhere", None, "main", False, {"main": []}),
        ("acme/nowhere", "pages", "pages", False, {"pages": []}),
        ("acme/rocket", "pages", "pages", True, {}),
    ],
)
def test_the_branch_that_the_stage_writes_to_is_copied(
    services: Services,
    repository: str,
    branch: str | None,
    found: str,
    is_real: bool,
    held: dict[str, list[str]],
) -> None:
    with open_session(configured(services, repository, branch)) as session:
        copy = copy_website(session)

        assert copy is not None
        assert (copy.branch, copy.is_real, files(copy.path)) == (found, is_real, held)


def test_nothing_is_copied_where_the_stage_is_off_or_the_branch_of_the_release_holds_the_pages(
    services: Services,
) -> None:
    off = configured(services, "acme/site", None, "off")
    with open_session(off) as session, open_session(configured(services, "acme/rocket", "main")) as same:
        assert (copy_website(session), copy_website(same)) == (None, None)
