from __future__ import annotations

from dataclasses import dataclass

import pytest

from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.errors import CastoffError, Problem
from castoff.model.selection import Discovery
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Workspace
from whole_workspace import workspace_in

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
GOOD = f'[project]\nname = "good"\nversion = "1.2.0"\n{BUILD}'


@dataclass
class Texts:
    texts: dict[str, str]

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def read(self, path: str) -> str | None:
        return self.texts.get(path)


def discover(texts: dict[str, str], *exclude: str) -> Workspace:
    try:
        return workspace_in(PythonManifests(), Texts(texts), exclude)
    except CastoffError as error:
        return Workspace(packages=(), problems=tuple(error.problems))


def project(body: str, build: str = BUILD) -> str:
    return f"[project]\n{body}\n{build}"


def backend(name: str, *requires: str) -> str:
    listed = ", ".join(f'"{one}"' for one in requires)
    return f'[build-system]\nrequires = [{listed}]\nbuild-backend = "{name}"\n'


DYNAMIC = 'name = "a"\ndynamic = ["version"]'
HATCH_VERSION = "[tool.hatch.version]\n"
PDM = backend("pdm.backend", "pdm-backend")
SETUPTOOLS = backend("setuptools.build_meta", "setuptools>=61")
FLIT = backend("flit_core.buildapi", "flit_core>=3.2,<4")
POETRY = backend("poetry.core.masonry.api", "poetry-core")
WORKSPACE = '[tool.uv.workspace]\nmembers = ["p/*"]\n'

BAD_ALONE = [
    ("broken toml", "[project\n", "toml-invalid", 1),
    ("project is no table", "project = 1\n", "manifest-invalid", 1),
    ("name is a number", project('name = 1\nversion = "1"'), "manifest-invalid", 2),
    ("no name", project('version = "1"'), "name-missing", 1),
    ("empty name", project('name = ""\nversion = "1"'), "name-invalid", 2),
    ("name with a space", project('name = "a b"\nversion = "1"'), "name-invalid", 2),
    ("name that climbs", project('name = "../a"\nversion = "1"'), "name-invalid", 2),
    ("name with markup", project('name = "a](http://x)"\nversion = "1"'), "name-invalid", 2),
    ("no version", project('name = "a"'), "version-missing", 1),
    ("version is a number", project('name = "a"\nversion = 1.2'), "manifest-invalid", 3),
    ("version is a word", project('name = "a"\nversion = "latest"'), "version-invalid", 3),
    (
        "version in SemVer's pre-release with dots",
        project('name = "a"\nversion = "1.2.0-x.1"'),
        "version-invalid",
        3,
    ),
    ("dynamic is a string", project('name = "a"\ndynamic = "version"'), "manifest-invalid", 3),
    (
        "classifiers hold a number",
        project('name = "a"\nversion = "1"\nclassifiers = [1]'),
        "manifest-invalid",
        4,
    ),
    (
        "PDM call",
        project(DYNAMIC, PDM) + '[tool.pdm.version]\nsource = "call"\n',
        "version-source-unknown",
        8,
    ),
    ("hatch without a path", project(DYNAMIC), "version-not-found", 3),
    ("hatch file missing", project(DYNAMIC) + HATCH_VERSION + 'path = "no.py"\n', "version-not-found", 8),
    (
        "hatch file without a version",
        project(DYNAMIC) + HATCH_VERSION + 'path = "empty.py"\n',
        "version-not-found",
        8,
    ),
    (
        "hatch path that leaves the tree",
        project(DYNAMIC) + HATCH_VERSION + 'path = "../../x.py"\n',
        "version-not-found",
        8,
    ),
    (
        "hatch pattern is broken",
        project(DYNAMIC) + HATCH_VERSION + 'path = "empty.py"\npattern = "("\n',
        "manifest-invalid",
        9,
    ),
    (
        "hatch pattern without its group",
        project(DYNAMIC) + HATCH_VERSION + 'path = "empty.py"\npattern = "x"\n',
        "manifest-invalid",
        9,
    ),
    ("hatch plug-in", project(DYNAMIC) + HATCH_VERSION + 'source = "odd"\n', "version-source-unknown", 8),
    (
        "setuptools attr of no module",
        project(DYNAMIC, SETUPTOOLS) + '[tool.setuptools.dynamic]\nversion = {attr = "no.x"}\n',
        "version-not-found",
        8,
    ),
    (
        "setuptools attr that is computed",
        project(DYNAMIC, SETUPTOOLS) + '[tool.setuptools.dynamic]\nversion = {attr = "made.__version__"}\n',
        "version-not-literal",
        1,
    ),
    (
        "setuptools attr that is no name",
        project(DYNAMIC, SETUPTOOLS) + '[tool.setuptools.dynamic]\nversion = {attr = "x"}\n',
        "version-source-unknown",
        8,
    ),
    (
        "setuptools file missing",
        project(DYNAMIC, SETUPTOOLS) + '[tool.setuptools.dynamic]\nversion = {file = "VERSION"}\n',
        "version-not-found",
        8,
    ),
    (
        "setuptools several files",
        project(DYNAMIC, SETUPTOOLS) + '[tool.setuptools.dynamic]\nversion = {file = ["A", "B"]}\n',
        "version-source-unknown",
        8,
    ),
    ("setuptools from setup.py", project(DYNAMIC, SETUPTOOLS), "version-source-unknown", 3),
    ("flit module missing", project(DYNAMIC, FLIT), "version-not-found", 3),
    (
        "back end that is unknown",
        project(DYNAMIC, backend("other.build", "other")),
        "version-source-unknown",
        3,
    ),
    (
        "hatch version is not a version",
        project(DYNAMIC) + HATCH_VERSION + 'path = "word.py"\n',
        "version-invalid",
        2,
    ),
    (
        "poetry constraint is a number",
        f'[tool.poetry]\nname = "a"\nversion = "1.2.0"\n[tool.poetry.dependencies]\na = 1\n{POETRY}',
        "manifest-invalid",
        5,
    ),
    (
        "dependencies are a table",
        project('name = "a"\nversion = "1.2.0"\ndependencies = {a = "1"}'),
        "manifest-invalid",
        4,
    ),
    (
        "extra is a string",
        project('name = "a"\nversion = "1.2.0"\noptional-dependencies.x = "b"'),
        "manifest-invalid",
        4,
    ),
    (
        "requirement with two names",
        project('name = "a"\nversion = "1.2.0"\ndependencies = ["a b"]'),
        "requirement-invalid",
        4,
    ),
    (
        "requirement with poetry's caret",
        project('name = "a"\nversion = "1.2.0"\ndependencies = ["a ^1.2"]'),
        "requirement-invalid",
        4,
    ),
]
FILES = {
    "empty.py": "x = 1\n",
    "word.py": '"""x"""\n__version__ = "soon"\n',
    "made.py": '__version__ = ".".join(["1", "2"])\n',
}


@pytest.mark.parametrize(
    ("manifest", "code", "line"),
    [pytest.param(text, code, line, id=name) for name, text, code, line in BAD_ALONE],
)
def test_a_bad_manifest_is_told_with_code_and_line(manifest: str, code: str, line: int | None) -> None:
    workspace = discover({**FILES, "pyproject.toml": manifest})
    found = [problem for problem in workspace.problems if problem.severity == "error"]
    assert [(problem.code, problem.line) for problem in found] == [(code, line)]
    assert found[0].remedy
    assert found[0].file is not None


BAD_TOGETHER = [
    (
        "a stray version",
        {
            "p/a/pyproject.toml": GOOD.replace("good", "a"),
            "p/b/pyproject.toml": GOOD.replace("good", "b").replace("1.2.0", "0.9"),
            "p/c/pyproject.toml": GOOD.replace("good", "c"),
        },
        ("stray-version", "p/b/pyproject.toml", 3),
    ),
    (
        "two of one name",
        {
            "p/a/pyproject.toml": GOOD.replace("good", "A_b"),
            "p/b/pyproject.toml": GOOD.replace("good", "a-B"),
        },
        ("duplicate-name", "p/b/pyproject.toml", 2),
    ),
    (
        "one that nobody could install",
        {
            "p/a/pyproject.toml": '[project]\nname = "a"\nversion = "1.2.0"\n',
            "p/b/pyproject.toml": project('name = "b"\nversion = "1.2.0"\ndependencies = ["a"]'),
        },
        ("requires-unpublished", "p/b/pyproject.toml", 4),
    ),
    (
        "a requirement by path",
        {
            "p/a/pyproject.toml": GOOD,
            "p/b/pyproject.toml": project(
                'name = "b"\nversion = "1.2.0"\ndependencies = ["good @ file:///x"]'
            ),
        },
        ("requirement-by-path", "p/b/pyproject.toml", 4),
    ),
    (
        "a requirement by poetry's path",
        {
            "p/a/pyproject.toml": GOOD,
            "p/b/pyproject.toml": f'[tool.poetry]\nname = "b"\nversion = "1.2.0"\n'
            f'[tool.poetry.dependencies]\ngood = {{path = "../a"}}\n{POETRY}',
        },
        ("requirement-by-path", "p/b/pyproject.toml", 5),
    ),
    (
        "a broken member",
        {"p/a/pyproject.toml": GOOD, "p/b/pyproject.toml": "x"},
        ("toml-invalid", "p/b/pyproject.toml", 1),
    ),
    (
        "members that are no list",
        {"pyproject.toml": '[tool.uv.workspace]\nmembers = "p"\n'},
        ("manifest-invalid", "pyproject.toml", 2),
    ),
    (
        "a member without a project",
        {"pyproject.toml": WORKSPACE, "p/a/pyproject.toml": GOOD, "p/b/pyproject.toml": "[tool.x]\n"},
        ("member-missing", "p/b/pyproject.toml", None),
    ),
    (
        "a member that is not there",
        {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["p/*", "q"]\n', "p/a/pyproject.toml": GOOD},
        ("member-missing", "pyproject.toml", 2),
    ),
]


@pytest.mark.parametrize(
    ("texts", "expected"), [pytest.param(texts, expected, id=name) for name, texts, expected in BAD_TOGETHER]
)
def test_what_does_not_go_together_is_told(texts: dict[str, str], expected: tuple[str, str, int]) -> None:
    workspace = discover({"pyproject.toml": WORKSPACE, **texts})
    found = [problem for problem in workspace.problems if problem.severity == "error"]
    assert [(problem.code, problem.file, problem.line) for problem in found] == [expected]


def test_a_setup_py_alone_is_reported_and_not_run() -> None:
    found = PythonManifests().discover(Texts({"setup.py": "raise SystemExit('never')"})).programs
    assert found == ()


def test_a_tree_without_projects_has_no_python_workspace() -> None:
    assert PythonManifests().discover(Texts({"pyproject.toml": "[tool.ruff]\n", "a.py": ""})) == Discovery()


def test_what_is_excluded_is_not_told() -> None:
    texts = {
        "pyproject.toml": WORKSPACE,
        "p/a/pyproject.toml": GOOD,
        "p/b/pyproject.toml": "x",
        "p/c/pyproject.toml": project('name = "c"'),
    }
    assert discover(texts, "p/b", "c").problems == ()


def test_dynamic_dependencies_are_a_warning() -> None:
    text = project('name = "a"\nversion = "1"\ndynamic = ["dependencies"]')
    assert [(one.code, one.severity, one.line) for one in discover({"pyproject.toml": text}).problems] == [
        ("dynamic-dependencies", "warning", 4)
    ]


@pytest.mark.parametrize("requirement", ["good!=1.3.0", "good>1.5", "good==1.*,!=1.3.0"])
def test_a_requirement_that_cannot_be_mended_stops_the_release(requirement: str) -> None:
    tree = Texts(
        {
            "pyproject.toml": WORKSPACE,
            "p/a/pyproject.toml": GOOD,
            "p/b/pyproject.toml": project(f'name = "b"\nversion = "1.2.0"\ndependencies = ["{requirement}"]'),
        }
    )
    manifests = PythonManifests()
    workspace = workspace_in(manifests, tree)
    problems = manifests.edited(tree, workspace, ReleaseVersion(1, 3, 0)).problems
    assert "requirement-excludes-release" in {one.code for one in problems if one.severity == "error"}


def test_every_problem_says_where_it_is() -> None:
    for name, text, _, _ in BAD_ALONE:
        for problem in discover({**FILES, "pyproject.toml": text}).problems:
            assert isinstance(problem, Problem)
            assert problem.file, name
