"""Which commits may have changed a workspace's version, told by the lines that they change."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from git_ground import Ground

from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.git import Clone, GitTree
from castoff.model.intent import begun_in
from castoff.model.scope import Scope
from castoff.session.claim_history import Branch
from castoff.session.workspaces import PastWorkspaces, manifest_tree, read_workspace

_CRATE = (
    '[package]\nname = "a"\nversion = "{}"\n[dependencies]\nfoo = {{ version = "{}", optional = true }}\n'
)
_INLINE = 'package = {{ name = "a", version = "{}" }}\n'
_PROJECT = '[project]\nname = "a"\nversion = "{}"\ndependencies = ["foo=={}"]\n[build-system]\n'


@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param("Cargo.toml", _CRATE, id="a crate"),
        pytest.param("Cargo.toml", _INLINE, id="a table in braces"),
        pytest.param("pyproject.toml", _PROJECT, id="a project"),
    ],
)
def test_commits_that_change_a_version_are_found_and_those_of_a_dependency_left_out(
    ground: Ground, path: str, form: str
) -> None:
    root = ground.new(README="a\n")
    ground.commit(root, "first", {path: form.format("1.0.0", "3.1")})
    ground.commit(root, "a dependency", {path: form.format("1.0.0", "3.2")} if "foo" in form else {"x": "x"})
    ground.git(root, "switch", "--quiet", "--create", "topic")
    ground.commit(root, "bump on the side", {path: form.format("1.1.0", "3.2")})
    ground.git(root, "switch", "--quiet", "main")
    ground.commit(root, "elsewhere", {"README": "b\n"})
    ground.git(root, "merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    head = ground.git(root, "rev-parse", "HEAD")

    with Clone.of(ground.repository(root)) as clone:
        manifests = [CargoManifests(), PythonManifests()]
        today = read_workspace(manifest_tree(clone, head), manifests, Scope())
        past = PastWorkspaces(clone.tree, manifests, Scope(), today)
        branch = Branch(clone, head, "release {version}", past)
        steps = list(branch.steps(None))

    assert [(step.before, step.after) for step in steps] == [(None, "1.0.0"), ("1.0.0", "1.1.0")]
    assert [claim.commit for claim in begun_in(steps, None, None).standing] == [head]


def test_the_commit_of_many_tags_is_read_once(ground: Ground) -> None:
    root = ground.new(**{"Cargo.toml": _CRATE.format("1.0.0", "3.1")})
    opened: list[str] = []

    with Clone.of(ground.repository(root)) as clone:

        def tree_of(commit: str, paths: Sequence[str]) -> GitTree:
            opened.append("all" if not paths else "those of today")
            return clone.tree(commit, paths)

        head, manifests = ground.git(root, "rev-parse", "HEAD"), [CargoManifests()]
        today = read_workspace(manifest_tree(clone, head), manifests, Scope())
        past = PastWorkspaces(tree_of, manifests, Scope(), today)
        for package in ("a", None, "gone", "a", "gone"):
            assert [one.name for one in past.at(head, package).packages] == ["a"]

    assert opened == ["those of today", "all"]
