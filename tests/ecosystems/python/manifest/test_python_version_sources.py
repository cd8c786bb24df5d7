"""The version in every place that a build back end reads it from: read, edited there, and nothing else changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.errors import CastoffError
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Edited, Workspace
from whole_workspace import workspace_in

NEW = ReleaseVersion(1, 3, 0)
CANDIDATE = ReleaseVersion(1, 3, 0, "rc", 1)


@dataclass
class Texts:
    texts: Mapping[str, str] = field(default_factory=dict)

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def read(self, path: str) -> str | None:
        return self.texts.get(path)


def discover(texts: Mapping[str, str]) -> Workspace:
    try:
        return workspace_in(PythonManifests(), Texts(texts))
    except CastoffError as error:
        return Workspace(packages=(), problems=tuple(error.problems))


def edit(texts: Mapping[str, str], new: ReleaseVersion = NEW) -> Edited:
    manifests = PythonManifests()
    workspace = workspace_in(manifests, Texts(texts))
    assert [one for one in workspace.problems if one.severity == "error"] == []
    return manifests.edited(Texts(texts), workspace, new)


def project(backend: str, more: str = "", name: str = "zz-a", requires: str = "x") -> str:
    return (
        f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n'
        f'[project]\nname = "{name}"\ndynamic = ["version"]\n{more}'
    )


CRATE = '[package]\nname = "zz-core"\nversion = "1.2.0"\npublish = false\n'
INHERITS = '[package]\nname = "zz-core"\nversion.workspace = true\n'
ROOT = '[workspace]\nmembers = ["crates/*"]\n[workspace.package]\nversion = "1.2.0"\n'
OTHER = CRATE.replace("1.2.0", "0.9.0")
MATURIN = project("maturin")
SETUPTOOLS = project("setuptools.build_meta")
ATTR = project("setuptools.build_meta", '[tool.setuptools.dynamic]\nversion = {attr = "a.__version__"}\n')
SCIKIT = project(
    "scikit_build_core.build",
    '[tool.scikit-build.metadata.version]\nprovider = "scikit_build_core.metadata.regex"\ninput = "a/v.py"\n',
)
HATCH = "hatchling.build"

SOURCES: dict[str, tuple[dict[str, str], tuple[str, int]]] = {
    "maturin: the crate beside": ({"pyproject.toml": MATURIN, "Cargo.toml": CRATE}, ("Cargo.toml", 3)),
    "maturin: bindings in a folder": (
        {"py/pyproject.toml": MATURIN, "py/Cargo.toml": CRATE, "Cargo.toml": OTHER},
        ("py/Cargo.toml", 3),
    ),
    "maturin: manifest-path": (
        {
            "pyproject.toml": MATURIN + '[tool.maturin]\nmanifest-path = "crates/core/Cargo.toml"\n',
            "crates/core/Cargo.toml": CRATE,
            "Cargo.toml": OTHER,
        },
        ("crates/core/Cargo.toml", 3),
    ),
    "maturin: manifest-path that climbs": (
        {
            "py/pyproject.toml": MATURIN + '[tool.maturin]\nmanifest-path = "../rs/Cargo.toml"\n',
            "rs/Cargo.toml": CRATE,
        },
        ("rs/Cargo.toml", 3),
    ),
    "maturin: inherited from the workspace above": (
        {
            "crates/py/pyproject.toml": MATURIN,
            "crates/py/Cargo.toml": INHERITS,
            "crates/Cargo.toml": OTHER,
            "Cargo.toml": ROOT,
        },
        ("Cargo.toml", 4),
    ),
    "maturin: inherited, written as a table": (
        {
            "pyproject.toml": MATURIN,
            "Cargo.toml": INHERITS.replace("version.workspace = true", "version = { workspace = true }") + ROOT,
        },
        ("Cargo.toml", 7),
    ),
    "maturin: inherited from a workspace that is pointed at": (
        {
            "py/pyproject.toml": MATURIN,
            "py/Cargo.toml": INHERITS + 'workspace = "../rs"\n',
            "rs/Cargo.toml": ROOT,
        },
        ("rs/Cargo.toml", 4),
    ),
    "maturin: inherited past a workspace that excludes the crate": (
        {
            "rs/py/pyproject.toml": MATURIN,
            "rs/py/Cargo.toml": INHERITS,
            "rs/Cargo.toml": '[workspace]\nexclude = ["py"]\n[workspace.package]\nversion = "0.9.0"\n',
            "Cargo.toml": ROOT,
        },
        ("Cargo.toml", 4),
    ),
    "maturin: Python in `python-source`": (
        {
            "pyproject.toml": MATURIN + '[tool.maturin]\npython-source = "python"\n',
            "python/zz_a/__init__.py": '__version__ = "0"\n',
            "Cargo.toml": CRATE,
        },
        ("Cargo.toml", 3),
    ),
    "maturin: src layout": (
        {"pyproject.toml": MATURIN, "src/zz_a/__init__.py": "", "rust/Cargo.toml": CRATE, "Cargo.toml": OTHER},
        ("rust/Cargo.toml", 3),
    ),
    "maturin: src layout by `python-packages`": (
        {
            "pyproject.toml": MATURIN + '[tool.maturin]\npython-packages = ["b"]\n',
            "src/b/__init__.py": "",
            "rust/Cargo.toml": CRATE,
        },
        ("rust/Cargo.toml", 3),
    ),
    "maturin: a folder `rust` without Python in `src`": (
        {"pyproject.toml": MATURIN, "rust/Cargo.toml": OTHER, "Cargo.toml": CRATE},
        ("Cargo.toml", 3),
    ),
    "maturin: TOML 1.1": (
        {"pyproject.toml": MATURIN, "Cargo.toml": 'package = {\n  name = "zz-core",\n  version = "1.2.0",\n}\n'},
        ("Cargo.toml", 3),
    ),
    "maturin: wrapped": (
        {
            "pyproject.toml": project("build_it", "[tool.maturin]\n").replace(
                "build-backend", 'backend-path = ["_build"]\nbuild-backend'
            ),
            "Cargo.toml": CRATE,
        },
        ("Cargo.toml", 3),
    ),
    "setup.cfg: a plain version": (
        {
            "pyproject.toml": SETUPTOOLS,
            "setup.cfg": "[options]\nversion = 7\n\n[metadata]\nname = x\nversion = 1.2.0\n",
        },
        ("setup.cfg", 6),
    ),
    "setup.cfg: with a colon": (
        {"pyproject.toml": SETUPTOOLS, "setup.cfg": "[metadata]\r\nversion: 1.2.0\r\n"},
        ("setup.cfg", 2),
    ),
    "setup.cfg: attr": (
        {
            "pyproject.toml": SETUPTOOLS,
            "setup.cfg": "[metadata]\nversion = attr: a.__version__\n",
            "a/__init__.py": '__version__ = "1.2.0"\n',
        },
        ("a/__init__.py", 1),
    ),
    "setup.cfg: attr in its package_dir": (
        {
            "pyproject.toml": SETUPTOOLS,
            "setup.cfg": "[metadata]\nversion = attr: a.v.VERSION\n[options]\npackage_dir =\n    = lib\n",
            "lib/a/v.py": "VERSION = '1.2.0'\n",
        },
        ("lib/a/v.py", 1),
    ),
    "setup.cfg: file": (
        {"pyproject.toml": SETUPTOOLS, "setup.cfg": "[metadata]\nversion = file: VERSION\n", "VERSION": "1.2.0\n"},
        ("VERSION", 1),
    ),
    "setup.py: an argument": (
        {
            "pyproject.toml": SETUPTOOLS,
            "setup.py": '# version="1.2.0"\nimport setuptools\nsetuptools.setup(\n    version="1.2.0",\n)\n',
        },
        ("setup.py", 4),
    ),
    "setup.py: a variable": (
        {
            "pyproject.toml": SETUPTOOLS,
            "setup.py": 'from setuptools import setup\nV = "1.2.0"\nsetup(name="x", version=V)\n',
        },
        ("setup.py", 2),
    ),
    "attr: not in the docstring": (
        {"pyproject.toml": ATTR, "a/__init__.py": '"""Say\n__version__ = "1.2.0"\n"""\n__version__ = "1.2.0"\n'},
        ("a/__init__.py", 4),
    ),
    "attr: not in a function": (
        {
            "pyproject.toml": ATTR,
            "a/__init__.py": 'def f():\n    __version__ = "0"\n\n\nclass A:\n    __version__ = "0"\n\n\n'
            '__version__ = "1.2.0"\n',
        },
        ("a/__init__.py", 9),
    ),
    "attr: after letters of several bytes": (
        {"pyproject.toml": ATTR, "a/__init__.py": 'x = "ü"; __version__: str = "1.2.0"  # ß\n'},
        ("a/__init__.py", 1),
    ),
    "attr: after a byte order mark": (
        {"pyproject.toml": ATTR, "a/__init__.py": '\ufeff__version__ = "1.2.0"\r\n'},
        ("a/__init__.py", 1),
    ),
    "attr: two names at once": (
        {"pyproject.toml": ATTR, "a/__init__.py": '__version__ = version = "1.2.0"\n'},
        ("a/__init__.py", 1),
    ),
    "attr: another variable": (
        {"pyproject.toml": ATTR, "a/__init__.py": 'VERSION = "1.2.0"\n__version__ = VERSION\n'},
        ("a/__init__.py", 1),
    ),
    "attr: imported from beside": (
        {
            "pyproject.toml": ATTR,
            "a/__init__.py": "from ._version import __version__\n",
            "a/_version.py": '__version__ = "1.2.0"\n',
        },
        ("a/_version.py", 1),
    ),
    "attr: imported under another name": (
        {
            "pyproject.toml": ATTR,
            "src/a/__init__.py": "from a.about import (\n    AUTHOR,\n    VERSION as __version__,\n)\n",
            "src/a/about.py": 'AUTHOR = "x"\nVERSION = "1.2.0"\n',
        },
        ("src/a/about.py", 2),
    ),
    "attr: imported, or else set": (
        {
            "pyproject.toml": ATTR,
            "a/__init__.py": 'try:\n    from .v import __version__\nexcept ImportError:\n    __version__ = "0"\n',
            "a/v.py": '__version__ = "1.2.0"\n',
        },
        ("a/v.py", 1),
    ),
    "attr: imported twice": (
        {
            "pyproject.toml": ATTR,
            "a/__init__.py": "from .b import __version__\n",
            "a/b/__init__.py": "from ..c import __version__\n",
            "a/c.py": "__version__ = '1.2.0'\n",
        },
        ("a/c.py", 1),
    ),
    "attr: a module whose syntax is newer": (
        {"pyproject.toml": ATTR, "a/__init__.py": '__version__ = "1.2.0"\nx = t"{y}" unless z\n'},
        ("a/__init__.py", 1),
    ),
    "attr: package-dir of one package": (
        {
            "pyproject.toml": ATTR + '[tool.setuptools.package-dir]\na = "lib/a"\n',
            "lib/a/__init__.py": '__version__ = "1.2.0"\n',
        },
        ("lib/a/__init__.py", 1),
    ),
    "scikit-build-core: the default pattern": (
        {"pyproject.toml": SCIKIT, "a/v.py": '# v\n__version__ = "1.2.0"\n'},
        ("a/v.py", 2),
    ),
    "scikit-build-core: a pattern": (
        {
            "pyproject.toml": SCIKIT.replace("a/v.py", "CMakeLists.txt")
            + "regex = '''(?i)project\\([^)]*VERSION\\s+(?P<value>[0-9.]+)'''\nresult = \"{value}\"\n",
            "CMakeLists.txt": "cmake_minimum_required(VERSION 3.15)\nproject(a\n  VERSION 1.2.0)\n",
        },
        ("CMakeLists.txt", 3),
    ),
    "scikit-build-core: dynamic-metadata": (
        {
            "pyproject.toml": project(
                "scikit_build_core.build",
                '[[tool.dynamic-metadata]]\nprovider = "scikit_build_core.metadata.regex"\nfield = "readme"\n'
                '[[tool.dynamic-metadata]]\nprovider = "scikit_build_core.metadata.fancy_pypi_readme"\n'
                '[[tool.dynamic-metadata]]\nprovider = "scikit_build_core.metadata.regex"\nfield = "version"\n'
                'input = "a/v.py"\n',
            ),
            "a/v.py": 'VERSION = "1.2.0"\n',
        },
        ("a/v.py", 1),
    ),
    "uv-dynamic-versioning: from a file": (
        {
            "pyproject.toml": project(
                HATCH,
                '[tool.hatch.version]\nsource = "uv-dynamic-versioning"\n'
                '[tool.uv-dynamic-versioning]\nfrom-file = { source = "VERSION" }\n',
            ),
            "VERSION": "\n1.2.0\n",
        },
        ("VERSION", 2),
    ),
    "uv-dynamic-versioning: from a file by a pattern": (
        {
            "pyproject.toml": project(
                HATCH,
                '[tool.hatch.version]\nsource = "uv-dynamic-versioning"\n[tool.uv-dynamic-versioning.from-file]\n'
                "source = \"a.py\"\npattern = '^V = \"(.*)\"'\n",
            ),
            "a.py": 'OLD_V = "0"\nV = "1.2.0"\n',
        },
        ("a.py", 2),
    ),
    "hatch: nodejs": (
        {
            "pyproject.toml": project(HATCH, '[tool.hatch.version]\nsource = "nodejs"\n'),
            "package.json": '{"x": {"version": "0"}, "y": "version",\n "version": "1.2.0",\n "z": ["version"]}\n',
        },
        ("package.json", 2),
    ),
    "hatch: nodejs with a path": (
        {
            "pyproject.toml": project(HATCH, '[tool.hatch.version]\nsource = "nodejs"\npath = "ui/package.json"\n'),
            "ui/package.json": '{\n  "version" : "1.2.0"\n}\n',
            "package.json": '{"version": "0.9.0"}',
        },
        ("ui/package.json", 2),
    ),
    "hatch: regex_commit": (
        {
            "pyproject.toml": project(HATCH, '[tool.hatch.version]\nsource = "regex_commit"\npath = "a.py"\n'),
            "a.py": '__version__ = "1.2.0"\n',
        },
        ("a.py", 1),
    ),
    "hatch: code with a variable": (
        {
            "pyproject.toml": project(
                HATCH, '[tool.hatch.version]\nsource = "code"\npath = "a.py"\nexpression = "V"\n'
            ),
            "a.py": '"""\nV = "0"\n"""\nV = "1.2.0"\n',
        },
        ("a.py", 4),
    ),
    "flit": (
        {
            "pyproject.toml": project("flit_core.buildapi"),
            "zz_a.py": '"""A.\n\n__version__ = "0"\n"""\n__version__ = "1.2.0"\n',
        },
        ("zz_a.py", 5),
    ),
    "meson": (
        {
            "pyproject.toml": project("mesonpy"),
            "meson.build": "# project('x', version: '0')\nproject('a', 'c', meson_version: '>=1',\n"
            "  version: '1.2.0')\n",
        },
        ("meson.build", 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "place"), SOURCES.values(), ids=SOURCES.keys())
def test_a_version_is_edited_where_the_back_end_reads_it(
    texts: dict[str, str], place: tuple[str, int]
) -> None:
    workspace = discover(texts)
    assert [problem.code for problem in workspace.problems] == []
    (package,) = workspace.packages
    assert (package.version, package.version_file, package.version_line) == ("1.2.0", *place)

    edited = edit(texts)

    file, line = place
    lines = texts[file].splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace("1.2.0", "1.3.0")
    assert edited.texts == {file: "".join(lines)}
    assert [(one.path, one.line, one.kind, one.old, one.new) for one in edited.edits] == [
        (file, line, "version", "1.2.0", "1.3.0")
    ]
    assert discover({**texts, **edited.texts}).packages[0].version == "1.3.0"


@pytest.mark.parametrize(
    ("old", "native", "new"),
    [("1.2.0", "1.2.0", "1.3.0-rc.1"), ("1.3.0-alpha.2", "1.3.0a2", "1.3.0-rc.1")],
)
@pytest.mark.parametrize("source", ["maturin: the crate beside", "hatch: nodejs with a path"])
def test_a_pre_release_is_spelled_as_the_file_wants_it(source: str, old: str, native: str, new: str) -> None:
    texts, (file, _) = SOURCES[source]
    texts = {**texts, file: texts[file].replace("1.2.0", old)}
    assert discover(texts).packages[0].version == native

    edited = edit(texts, CANDIDATE)

    assert edited.texts == {file: texts[file].replace(old, new)}
    assert [(one.old, one.new) for one in edited.edits] == [(old, new)]
    assert discover({**texts, **edited.texts}).packages[0].version == "1.3.0rc1"


def test_a_maturin_project_without_a_project_table_takes_name_and_version_from_the_crate() -> None:
    build = '[build-system]\nrequires = ["maturin>=1,<2"]\nbuild-backend = "maturin"\n'
    texts = {"py/pyproject.toml": build, "py/Cargo.toml": CRATE}

    (package,) = discover(texts).packages

    assert (package.name, package.version, package.path) == ("zz-core", "1.2.0", "py")
    assert edit(texts).texts == {"py/Cargo.toml": CRATE.replace("1.2.0", "1.3.0")}


def test_several_bindings_with_one_workspace_give_one_edit() -> None:
    texts = {"Cargo.toml": ROOT}
    for name in ("zz-a", "zz-b"):
        texts[f"crates/{name}/pyproject.toml"] = project("maturin", name=name)
        texts[f"crates/{name}/Cargo.toml"] = INHERITS.replace("zz-core", name)

    edited = edit(texts)

    assert edited.texts == {"Cargo.toml": ROOT.replace("1.2.0", "1.3.0")}
    assert [(one.path, one.line) for one in edited.edits] == [("Cargo.toml", 4)]


REFUSED: dict[str, tuple[dict[str, str], tuple[str, str, int]]] = {
    "maturin: without a crate": ({"pyproject.toml": MATURIN}, ("version-not-found", "pyproject.toml", 6)),
    "maturin: without a crate or a project table": (
        {"pyproject.toml": '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'},
        ("version-not-found", "pyproject.toml", 3),
    ),
    "maturin: manifest-path to nothing": (
        {"pyproject.toml": MATURIN + '[tool.maturin]\nmanifest-path = "x/Cargo.toml"\n', "Cargo.toml": CRATE},
        ("version-not-found", "pyproject.toml", 8),
    ),
    "maturin: manifest-path out of the tree": (
        {"pyproject.toml": MATURIN + '[tool.maturin]\nmanifest-path = "../../Cargo.toml"\n', "Cargo.toml": CRATE},
        ("version-not-found", "pyproject.toml", 8),
    ),
    "maturin: the crate has no version": (
        {"pyproject.toml": MATURIN, "Cargo.toml": '[package]\nname = "x"\n'},
        ("version-missing", "Cargo.toml", 1),
    ),
    "maturin: nothing to inherit": (
        {"pyproject.toml": MATURIN, "Cargo.toml": INHERITS},
        ("version-missing", "Cargo.toml", 3),
    ),
    "maturin: what PEP 440 does not know": (
        {"pyproject.toml": MATURIN, "Cargo.toml": CRATE.replace("1.2.0", "1.2.0-nightly.1")},
        ("version-invalid", "Cargo.toml", 3),
    ),
    "maturin: not TOML": ({"pyproject.toml": MATURIN, "Cargo.toml": "\n[package\n"}, ("toml-invalid", "Cargo.toml", 2)),
    "setup.cfg: several files": (
        {"pyproject.toml": SETUPTOOLS, "setup.cfg": "[metadata]\nversion = file: A, B\n"},
        ("version-source-unknown", "pyproject.toml", 6),
    ),
    "setup.cfg: file that is missing": (
        {"pyproject.toml": SETUPTOOLS, "setup.cfg": "[metadata]\nversion = file: A\n"},
        ("version-not-found", "pyproject.toml", 6),
    ),
    "setup.cfg: only other sections": (
        {"pyproject.toml": SETUPTOOLS, "setup.cfg": "[metadata]\nname = x\n[bumpversion]\nversion = 1.2.0\n"},
        ("version-source-unknown", "pyproject.toml", 6),
    ),
    "setup.py: computed": (
        {"pyproject.toml": SETUPTOOLS, "setup.py": "import x\nx.setup(\n  version=x.get(),\n)\n"},
        ("version-not-literal", "setup.py", 3),
    ),
    "attr: computed": (
        {"pyproject.toml": ATTR, "a/__init__.py": "import x\n\n__version__ = x.version('a')\n"},
        ("version-not-literal", "a/__init__.py", 3),
    ),
    "attr: put together": (
        {"pyproject.toml": ATTR, "a/__init__.py": '__version__ = (\n    "1.2" ".0"\n)\n'},
        ("version-not-literal", "a/__init__.py", 2),
    ),
    "attr: imported from a foreign module": (
        {"pyproject.toml": ATTR, "a/__init__.py": "import y\nfrom other import __version__\n"},
        ("version-not-literal", "a/__init__.py", 2),
    ),
    "attr: imported in a circle": (
        {
            "pyproject.toml": ATTR,
            "a/__init__.py": "from .b import __version__\n",
            "a/b.py": "\nfrom . import __version__\n",
        },
        ("version-not-literal", "a/b.py", 2),
    ),
    "scikit-build-core: put together": (
        {"pyproject.toml": SCIKIT + 'result = "{major}.{value}"\n', "a/v.py": '__version__ = "1.2.0"\n'},
        ("version-source-unknown", "pyproject.toml", 10),
    ),
    "scikit-build-core: dynamic-metadata of another provider": (
        {
            "pyproject.toml": project(
                "scikit_build_core.build", '[[tool.dynamic-metadata]]\nprovider = "mine"\nfield = "version"\n'
            )
        },
        ("version-source-unknown", "pyproject.toml", 8),
    ),
    "uv-dynamic-versioning: a pattern without a group": (
        {
            "pyproject.toml": project(
                HATCH,
                '[tool.hatch.version]\nsource = "uv-dynamic-versioning"\n[tool.uv-dynamic-versioning.from-file]\n'
                'source = "a.py"\npattern = "x"\n',
            )
        },
        ("manifest-invalid", "pyproject.toml", 11),
    ),
    "scikit-build-core: another provider": (
        {"pyproject.toml": SCIKIT.replace("metadata.regex", "metadata.template")},
        ("version-source-unknown", "pyproject.toml", 8),
    ),
    "hatch: nodejs without a version": (
        {
            "pyproject.toml": project(HATCH, '[tool.hatch.version]\nsource = "nodejs"\n'),
            "package.json": '{"x": {"version": "1.2.0"}}',
        },
        ("version-not-found", "pyproject.toml", 7),
    ),
    "hatch: nodejs that is not JSON": (
        {
            "pyproject.toml": project(HATCH, '[tool.hatch.version]\nsource = "nodejs"\n'),
            "package.json": '{"version": "1.2.0",}',
        },
        ("version-not-found", "pyproject.toml", 7),
    ),
    "hatch: a settings file that is not TOML": (
        {"pyproject.toml": project(HATCH), "hatch.toml": "\n[version\n"},
        ("toml-invalid", "hatch.toml", 2),
    ),
    "meson: computed": (
        {"pyproject.toml": project("mesonpy"), "meson.build": "project('a', version: files('V'))\n"},
        ("version-not-found", "pyproject.toml", 6),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "wanted"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_edited_is_refused_with_file_and_line(
    texts: dict[str, str], wanted: tuple[str, str, int]
) -> None:
    try:
        problems = discover(texts).problems
    except CastoffError as error:
        problems = error.problems
    (problem,) = [one for one in problems if one.severity == "error"]

    assert (problem.code, problem.file, problem.line) == wanted
    assert problem.reason
    assert problem.remedy


def test_scikit_build_core_takes_tags_from_a_provider_without_a_field() -> None:
    more = '[[tool.dynamic-metadata]]\nprovider = "scikit_build_core.metadata.setuptools_scm"\n'

    (package,) = discover({"pyproject.toml": project("scikit_build_core.build", more)}).packages

    assert package.tags is not None
    assert (package.tags.tool, package.tags.line) == ("setuptools-scm", 8)


HATCH_FILE = '[version]\npath = "a.py"\n'
MODULES = {"a.py": '__version__ = "1.2.0"\n', "b.py": '__version__ = "3.0.0"\n'}


@pytest.mark.parametrize(
    ("table", "hatch_file", "found"),
    [
        pytest.param("", HATCH_FILE, "a.py", id="alone"),
        pytest.param('[tool.hatch.version]\npath = "b.py"\n', HATCH_FILE, "a.py", id="before the manifest"),
        pytest.param(
            '[tool.hatch.version]\npath = "a.py"\n',
            "[envs.x]\n",
            "a.py",
            id="without a table for the version",
        ),
    ],
)
def test_hatch_toml_replaces_the_tables_of_the_manifest(table: str, hatch_file: str, found: str) -> None:
    texts = {"pyproject.toml": project(HATCH, table), "hatch.toml": hatch_file, **MODULES}

    (package,) = discover(texts).packages

    assert (package.version, package.version_file) == ("1.2.0", found)
