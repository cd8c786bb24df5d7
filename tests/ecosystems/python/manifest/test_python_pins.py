"""Pins on siblings in the settings of uv and PDM move; build hooks of hatch order as build requirements do."""

from __future__ import annotations

import pytest
from test_python_neighbours import Texts

from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.model.graph import order_of
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Edited, Workspace
from whole_workspace import workspace_in

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
CORE = f'[project]\nname = "zz-core"\nversion = "1.2.0"\n{BUILD}'
WORKSPACE = '[tool.uv.workspace]\nmembers = ["p/*"]\n[tool.uv]\n'


def edit(texts: dict[str, str]) -> tuple[Workspace, Edited]:
    tree, manifests = Texts(texts), PythonManifests()
    workspace = workspace_in(manifests, tree)
    assert [one for one in workspace.problems if one.severity == "error"] == []
    return workspace, manifests.edited(tree, workspace, ReleaseVersion(1, 3, 0))


PINS = {
    "constraint": (f'{WORKSPACE}constraint-dependencies = ["x", "zz-core==1.2.0"]\n', "==1.3.0"),
    "override": (f'{WORKSPACE}override-dependencies = [\n  "zz_core[x]==1.2.0 ; os_name > \'3\'",\n]\n', "==1.3.0"),
    "build constraint": (f'{WORKSPACE}build-constraint-dependencies = ["zz-core==1.2.0"]\n', "==1.3.0"),
    "extra build": (f'{WORKSPACE}[tool.uv.extra-build-dependencies]\nother = ["zz-core==1.2.0"]\n', "==1.3.0"),
    "PDM, bare": (f'{WORKSPACE}[tool.pdm.resolution.overrides]\nZZ_core = "1.2.0"\n', "1.3.0"),
    "PDM, a specifier": (f'{WORKSPACE}[tool.pdm.resolution.overrides]\nzz-core = "==1.2.0"\n', "==1.3.0"),
}  # fmt: skip


@pytest.mark.parametrize(("root", "pin"), PINS.values(), ids=PINS.keys())
def test_a_pin_in_settings_moves(root: str, pin: str) -> None:
    _, edited = edit({"pyproject.toml": root, "p/core/pyproject.toml": CORE})

    assert edited.texts["pyproject.toml"] == root.replace("1.2.0", "1.3.0")
    (found,) = [one for one in edited.edits if one.path == "pyproject.toml"]
    assert found.kind == "requirement"
    assert pin in found.new
    assert "1.2.0" in root.splitlines()[found.line - 1]


def test_a_pin_in_uv_toml_moves() -> None:
    settings = 'override-dependencies = ["zz-core==1.2.0"]\n'
    texts = {"pyproject.toml": WORKSPACE, "uv.toml": settings, "p/core/pyproject.toml": CORE}

    _, edited = edit({**texts, "other/uv.toml": settings})

    assert edited.texts["uv.toml"] == settings.replace("1.2.0", "1.3.0")
    assert "other/uv.toml" not in edited.texts


@pytest.mark.parametrize(
    "settings",
    [
        'constraint-dependencies = ["zz-core>=1.0", "zz-core-extra==1.2.0", "x==1.2.0"]\n',
        'override-dependencies = ["zz-core @ https://example.org/zz.whl"]\n',
        "constraint-dependencies = 1\n[tool.uv.extra-build-dependencies]\nzz-core = [1]\n",
        '[tool.pdm.resolution.overrides]\nzz-core = "https://example.org/1.2.0"\n',
    ],
)
def test_what_does_not_pin_a_sibling_stays(settings: str) -> None:
    _, edited = edit({"pyproject.toml": WORKSPACE + settings, "p/core/pyproject.toml": CORE})

    assert "pyproject.toml" not in edited.texts


def test_a_pin_is_no_edge() -> None:
    root = '[project]\nname = "zz-all"\nversion = "1.2.0"\n' + BUILD + WORKSPACE
    root += 'constraint-dependencies = ["zz-core==1.2.0"]\n'

    workspace, edited = edit({"pyproject.toml": root, "p/core/pyproject.toml": CORE})

    assert workspace.edges == ()
    assert 'constraint-dependencies = ["zz-core==1.3.0"]' in edited.texts["pyproject.toml"]


@pytest.mark.parametrize(
    "table",
    [
        "[tool.hatch.build]",
        "[tool.hatch.build.hooks.my-hook]",
        "[tool.hatch.build.targets.wheel]",
        "[tool.hatch.build.targets.wheel.hooks.custom]",
    ],
)
def test_dependencies_of_hatch_builds_are_build_requirements(table: str) -> None:
    user = (
        f'[project]\nname = "zz-user"\nversion = "1.2.0"\n{BUILD}{table}\ndependencies = ["zz-core==1.2.0"]\n'
    )
    texts = {"a/pyproject.toml": user, "z/pyproject.toml": CORE}

    workspace, edited = edit(texts)

    (edge,) = workspace.edges
    assert (edge.origin, edge.target, edge.kind, edge.requirement, edge.line, edge.survives) == (
        "zz-user", "zz-core", "build", "==1.2.0", 8, True,
    )  # fmt: skip
    assert order_of(workspace).waves == (("zz-core",), ("zz-user",))
    assert edited.texts["a/pyproject.toml"] == user.replace("1.2.0", "1.3.0")
