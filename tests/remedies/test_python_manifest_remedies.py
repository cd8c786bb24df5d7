"""Remedies for manifests of Python packages: trees of texts, read and edited."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.model.joined_workspace import require_packages
from castoff.model.scope import Scope
from castoff.model.versions import ReleaseVersion
from castoff.session.workspaces import read_workspace
from config.configuration_files import Files
from remedies.following import Case, cases, follow, follow_row

WORKSPACE = '[tool.uv.workspace]\nmembers = ["p/*"]\n'
HATCHLING = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
SETUPTOOLS = '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n'
TWO = 'name = "b"\nversion = "1.2.0"'


def project(lines: str, build: str = HATCHLING) -> str:
    """Write one manifest."""
    return f"[project]\n{lines}\n{build}"


GOOD = project('name = "good"\nversion = "1.2.0"')


def one(lines: str, build: str = HATCHLING, **files: str) -> Files:
    """Return a tree with one project in its root; ``a__b`` is the path `a/b.py`."""
    return Files({"pyproject.toml": project(lines, build)} | python_files(files))


def python_files(files: Mapping[str, str]) -> dict[str, str]:
    """Return files by path."""
    return {f"{name.replace('__', '/')}.py": text for name, text in files.items()}


def beside(manifest: str, good: str = GOOD, root: str = "") -> Files:
    """Return a workspace with a good member and another one."""
    members = {"p/a/pyproject.toml": good, "p/b/pyproject.toml": manifest}
    return Files({"pyproject.toml": WORKSPACE + root, **members})


PLUG_IN = HATCHLING + '[tool.hatch.version]\nsource = "vendor"\n'
DYNAMIC = 'name = "a"\ndynamic = ["version"]'
FROM_FILE = '[tool.hatch.version]\npath = "src/a.py"\n'
FROM_MODULE = SETUPTOOLS + '[tool.setuptools.dynamic]\nversion = {attr = "a.__version__"}\n'
PRIVATE = '\nclassifiers = ["Private :: Do Not Upload"]'
SETUP = "from setuptools import setup\nsetup(name='a', version='1.2.0')\n"

THREE = Files(
    {
        **beside(project('name = "b"\nversion = "0.9"')).texts,
        "p/c/pyproject.toml": project('name = "c"\nversion = "1.2.0"'),
    }
)
READ = [
    Case(
        "manifest-invalid",
        one('name = "a"\nversion = 1.2'),
        one('name = "a"\nversion = "1.2.0"'),
        "correct the manifest",
    ),
    Case(
        "no-workspace",
        Files({"setup.py": SETUP}),
        Files({"setup.py": SETUP, "pyproject.toml": project('name = "a"\nversion = "1.2.0"', SETUPTOOLS)}),
        "move its metadata",
    ),
    Case(
        "marked-both-ways",
        beside(project(TWO) + "[tool.uv]\npackage = false\n"),
        beside(f"[project]\n{TWO}\n[tool.uv]\npackage = false\n"),
        "remove its `[build-system]`",
    ),
    Case(
        "marked-both-ways",
        beside(project(TWO) + "[tool.uv]\npackage = false\n"),
        beside(project(TWO + PRIVATE) + "[tool.uv]\npackage = false\n"),
        "`Private :: Do Not Upload`",
    ),
    Case(
        "member-missing",
        Files({"pyproject.toml": WORKSPACE.replace('"p/*"', '"p/*", "q"'), "p/a/pyproject.toml": GOOD}),
        Files({"pyproject.toml": WORKSPACE, "p/a/pyproject.toml": GOOD}),
        "correct `tool.uv.workspace.members`",
    ),
    Case(
        "member-missing",
        Files({"pyproject.toml": WORKSPACE, "p/a/pyproject.toml": GOOD, "p/b/pyproject.toml": ""}),
        Files(
            {
                "pyproject.toml": WORKSPACE + 'exclude = ["p/b"]\n',
                "p/a/pyproject.toml": GOOD,
                "p/b/pyproject.toml": "",
            }
        ),
        "exclude the folder in `tool.uv.workspace.exclude`",
    ),
    Case("name-invalid", one('name = "a b"\nversion = "1.2.0"'), one(TWO), "correct `name`"),
    Case("name-missing", one('version = "1.2.0"'), one(TWO), "write `project.name`"),
    Case(
        "requirement-by-path",
        beside(project(TWO + '\ndependencies = ["good @ file:///x"]')),
        beside(
            project(TWO + '\ndependencies = ["good==1.2.0"]')
            + "[tool.uv.sources]\ngood = {workspace = true}\n"
        ),
        "(`tool.uv.sources`)",
    ),
    Case(
        "requirement-invalid",
        beside(project(TWO + '\ndependencies = ["good ^1.2"]')),
        beside(project(TWO + '\ndependencies = ["good>=1.2.0"]')),
        "for example `name>=1.2.0`",
    ),
    Case(
        "requires-unpublished",
        beside(project(TWO + '\ndependencies = ["good"]'), GOOD.replace(HATCHLING, "")),
        beside(project(TWO + '\ndependencies = ["good"]')),
        "publish it",
    ),
    Case(
        "requires-unpublished",
        beside(project(TWO + '\ndependencies = ["good"]'), GOOD.replace(HATCHLING, "")),
        beside(project(TWO) + '[dependency-groups]\ndev = ["good"]\n', GOOD.replace(HATCHLING, "")),
        "move it to a dependency group",
    ),
    Case(
        "source-elsewhere",
        beside(
            project(TWO + '\ndependencies = ["good"]')
            + '[tool.uv.sources]\ngood = {git = "https://a.example/"}\n'
        ),
        beside(
            project(TWO + '\ndependencies = ["good"]') + "[tool.uv.sources]\ngood = { workspace = true }\n"
        ),
        "write `good = { workspace = true }`",
    ),
    Case(
        "stray-version",
        THREE,
        beside(project(TWO)),
        "set it to 1.2.0",
    ),
    Case("toml-invalid", Files({"pyproject.toml": "[project\n"}), one(TWO), "correct the file at that line"),
    Case("version-invalid", one('name = "a"\nversion = "soon"'), one(TWO), "write a version such as `1.2.0`"),
    Case("version-missing", one('name = "a"'), one(TWO), "write the workspace's version there"),
    Case(
        "version-not-found",
        one(DYNAMIC, HATCHLING + FROM_FILE.replace("src/a", "src/no"), src__a='__version__ = "1.2.0"\n'),
        one(DYNAMIC, HATCHLING + FROM_FILE, src__a='__version__ = "1.2.0"\n'),
        "correct the path",
    ),
    Case(
        "version-not-literal",
        one(DYNAMIC, FROM_MODULE, a='__version__ = ".".join(["1", "2"])\n'),
        one(DYNAMIC, FROM_MODULE, a='__version__ = "1.2.0"\n'),
        'write `__version__ = "1.2.0"`',
    ),
    Case(
        "version-source-unknown",
        one(DYNAMIC, PLUG_IN),
        one(TWO, HATCHLING),
        "write the version in the manifest",
    ),
    Case(
        "version-source-unknown",
        one(DYNAMIC, PLUG_IN, src__a='__version__ = "1.2.0"\n'),
        one(DYNAMIC, HATCHLING + FROM_FILE, src__a='__version__ = "1.2.0"\n'),
        "a version file",
    ),
    Case(
        "nothing-to-publish",
        one(TWO + PRIVATE),
        one(TWO),
        "its private classifier",
    ),
]


@cases(READ)
def test_a_python_manifest_is_corrected_as_the_remedy_reads(case: Case) -> None:
    def look(tree: Files) -> object:
        workspace = read_workspace(tree, (PythonManifests(),), Scope())
        require_packages(workspace)
        return workspace

    follow_row(case, look)


PROGRAM = Files({**beside(project(TWO)).texts, "p/c/setup.py": SETUP})
EXCLUDED = [
    Case(
        "marked-both-ways", beside(project(TWO) + "[tool.uv]\npackage = false\n"), ["b"], "`release.exclude`"
    ),
    Case("name-missing", beside(project('version = "1.2.0"')), ["p/b"], "`release.exclude`"),
    Case("stray-version", THREE, ["b"], 'exclude = ["b"]'),
    Case("several-versions", beside(project('name = "b"\nversion = "0.9"')), ["b"], 'exclude = ["b"]'),
    Case("outside-workspace", PROGRAM, ["p/c"], 'exclude = ["p/c"]'),
    Case("version-missing", beside(project('name = "b"')), ["b"], "exclude the package"),
    Case(
        "version-source-unknown",
        beside(project(DYNAMIC, PLUG_IN)),
        ["p/b"],
        "exclude the package",
    ),
]


@cases(EXCLUDED)
def test_a_python_package_is_excluded_as_the_remedy_reads(case: Case) -> None:
    exclude: list[str] = []
    follow(
        case.code,
        lambda: read_workspace(case.before, (PythonManifests(),), Scope(exclude=tuple(exclude))),
        told=case.told,
        do=lambda: exclude.extend(case.after),
    )


EDITED = [
    Case(
        "requirement-excludes-release",
        beside(project(TWO + '\ndependencies = ["good!=1.3.0"]')),
        beside(project(TWO + '\ndependencies = ["good>=1.2.0"]')),
        "correct the requirement by hand",
    ),
]


@cases(EDITED)
def test_a_python_requirement_is_corrected_as_the_remedy_reads(case: Case) -> None:
    def edit(tree: Files) -> object:
        manifests = PythonManifests()
        workspace = read_workspace(tree, (manifests,), Scope())
        return manifests.edited(tree, workspace, ReleaseVersion(1, 3, 0))

    follow_row(case, edit)


APART = Files(
    {"rust/a/pyproject.toml": GOOD, "py/pyproject.toml": WORKSPACE, "py/p/b/pyproject.toml": project(TWO)}
)
JOINED = [
    Case("several-workspaces", (), ("py",), 'workspaces = ["py"]'),
    Case("several-workspaces", (), ("rust/a",), 'workspaces = ["rust/a"]'),
    Case("outside-workspace", ("py",), ("py", "rust/a"), 'workspaces = ["py", "rust/a"]'),
    Case("workspace-missing", ("python", "rust/a"), ("py", "rust/a"), "correct the list"),
]
OTHER = Files({**APART.texts, "rust/a/pyproject.toml": GOOD.replace("1.2.0", "3.0.0")})


@cases(JOINED)
def test_the_workspace_is_named_as_the_remedy_reads(case: Case) -> None:
    joined = list(case.before)
    tree = APART if case.code == "outside-workspace" or len(case.after) > 1 else OTHER

    def name() -> None:
        joined[:] = case.after

    follow(
        case.code,
        lambda: read_workspace(tree, (PythonManifests(),), Scope(joined=tuple(joined))),
        told=case.told,
        do=name,
    )


TWINS = [
    Case(
        "several-workspaces",
        Scope(),
        Scope(joined=("py",), exclude=("rust/a",)),
        '`workspaces = ["py"]` and `exclude = ["rust/a"]`',
    ),
    Case("several-workspaces", Scope(), Scope(start="py", exclude=("rust/a",)), "pass its folder with `-C`"),
]


@cases(TWINS)
def test_a_workspace_of_the_same_version_is_left_out_as_the_remedy_reads(case: Case) -> None:
    scope = [case.before]
    follow(
        case.code,
        lambda: read_workspace(APART, (PythonManifests(),), scope[0]),
        told=case.told,
        do=lambda: scope.__setitem__(0, case.after),
    )


@cases([Case("several-workspaces", ".", "py", "pass its folder with `-C`")])
def test_the_workspace_is_chosen_by_its_folder(case: Case) -> None:
    start = [case.before]
    follow(
        case.code,
        lambda: read_workspace(OTHER, (PythonManifests(),), Scope(start=start[0])),
        told=case.told,
        do=lambda: start.__setitem__(0, case.after),
    )
