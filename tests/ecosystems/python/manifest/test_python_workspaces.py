from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.model.graph import order_of
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import Edited, Workspace
from whole_workspace import workspace_in

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
NEW = ReleaseVersion(1, 3, 0)


@dataclass
class Texts:
    texts: dict[str, str] = field(default_factory=dict)

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def read(self, path: str) -> str | None:
        return self.texts.get(path)


def package(name: str, *needs: str, more: str = "") -> str:
    listed = ", ".join(f'"{need}"' for need in needs)
    return f'[project]\nname = "{name}"\nversion = "1.2.0"\ndependencies = [{listed}]\n{more}\n{BUILD}'


def discover(texts: dict[str, str], *exclude: str) -> Workspace:
    return workspace_in(PythonManifests(), Texts(texts), exclude)


def edit(texts: dict[str, str], *exclude: str, new: ReleaseVersion = NEW) -> Edited:
    manifests = PythonManifests()
    workspace = workspace_in(manifests, Texts(texts), exclude)
    assert [one for one in workspace.problems if one.severity == "error"] == []
    return manifests.edited(Texts(texts), workspace, new)


UV_ROOT = '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/old"]\n'


def test_a_uv_workspace_names_its_members() -> None:
    workspace = discover(
        {
            "pyproject.toml": UV_ROOT,
            "packages/a/pyproject.toml": package("a"),
            "packages/b/pyproject.toml": package("b", "a==1.2.0"),
            "packages/old/pyproject.toml": package("old"),
            "packages/notes/readme.md": "",
            "elsewhere/pyproject.toml": package("c").replace("1.2.0", "0.1.0"),
        },
        "packages/old",
    )
    assert workspace.names == ("a", "b")
    assert [(one.code, one.severity, one.message) for one in workspace.problems] == [
        (
            "member-missing",
            "warning",
            "`packages/notes` matches the member `packages/*` and has no `pyproject.toml`",
        )
    ]
    assert [(one.name, one.reason) for one in workspace.not_released] == [
        ("c", "its version is 0.1.0"),
        ("old", "it is in `release.exclude`"),
    ]
    assert workspace.packages[1].path == "packages/b"
    assert (workspace.packages[1].version_file, workspace.packages[1].version_line) == (
        "packages/b/pyproject.toml",
        3,
    )


def test_the_root_of_a_uv_workspace_can_be_the_facade() -> None:
    root = package("whole", "a==1.2.0", more=UV_ROOT)
    workspace = discover({"pyproject.toml": root, "packages/a/pyproject.toml": package("a")})
    order = order_of(workspace)
    assert (order.facade, order.waves) == ("whole", (("a",), ("whole",)))


def test_a_uv_workspace_may_lie_in_a_folder() -> None:
    texts = {
        "py/pyproject.toml": UV_ROOT,
        "py/packages/a/pyproject.toml": package("a"),
        "x/pyproject.toml": package("x").replace("[build-system]", "[old-build-system]"),
    }
    assert discover(texts).names == ("a",)
    assert discover(texts).roots == ("py",)


@pytest.mark.parametrize("folder", ["tests/p", "node_modules/p", "a/fixtures/p", "examples/demo", "docs/x"])
def test_no_folder_counts_for_its_name(folder: str) -> None:
    texts = {
        f"{folder}/pyproject.toml": package("p", "a==1.2.0"),
        "a/pyproject.toml": package("a"),
        "b/c/pyproject.toml": package("b"),
    }
    assert sorted(discover(texts).names) == ["a", "b", "p"]


def test_a_plain_project_of_another_version_is_not_released() -> None:
    texts = {"a/pyproject.toml": package("a"), "b/pyproject.toml": package("b")}
    texts["demo/pyproject.toml"] = package("demo", "a>=1.0").replace("1.2.0", "0.1.0")
    workspace = discover(texts)
    assert workspace.names == ("a", "b")
    assert [(one.name, one.reason) for one in workspace.not_released] == [("demo", "its version is 0.1.0")]
    assert edit(texts).texts.keys() == {"a/pyproject.toml", "b/pyproject.toml"}


def test_a_plain_project_of_another_version_that_is_needed_is_a_stray() -> None:
    texts = {"a/pyproject.toml": package("a", "core"), "b/pyproject.toml": package("b")}
    texts["core/pyproject.toml"] = package("core").replace("1.2.0", "0.1.0")
    assert [(one.code, one.package) for one in discover(texts).problems] == [("stray-version", "core")]


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param('classifiers = ["Private :: Do Not Upload"]', id="classifier"),
        pytest.param("[tool.poetry]\npackage-mode = false", id="poetry"),
    ],
)
def test_what_is_private_is_a_member(mark: str) -> None:
    texts = {"a/pyproject.toml": package("a"), "t/pyproject.toml": package("tool", more=mark)}
    workspace = discover(texts)
    assert workspace.names == ("a",)
    assert [(one.name, one.version, one.follows) for one in workspace.members] == [("tool", "1.2.0", True)]


def test_a_member_without_a_build_system_stays_home_in_a_uv_workspace() -> None:
    virtual = '[project]\nname = "app"\nversion = "0.0.0"\ndependencies = ["a==1.2.0"]\n'
    texts = {
        "pyproject.toml": UV_ROOT,
        "packages/a/pyproject.toml": package("a"),
        "packages/app/pyproject.toml": virtual,
    }
    workspace = discover(texts)
    assert [(one.name, one.follows) for one in workspace.members] == [("app", False)]
    assert edit(texts).texts["packages/app/pyproject.toml"] == virtual.replace("a==1.2.0", "a==1.3.0")


def test_a_project_with_a_build_system_is_published_though_uv_does_not_install_it() -> None:
    workspace = discover({"pyproject.toml": package("a", more="[tool.uv]\npackage = false")})
    assert workspace.names == ("a",)
    assert [one.code for one in workspace.problems] == ["marked-both-ways"]


@pytest.mark.parametrize(
    ("pattern", "is_idle"),
    [
        ("b", False),
        ("packages/b", False),
        ("packages/*", False),
        ("python:b", False),
        ("tools/c/", False),
        ("cargo:b", True),
        ("packages", True),
        ("bb", True),
    ],
)
def test_a_pattern_that_excludes_nothing_is_told(pattern: str, is_idle: bool) -> None:
    texts = {"pyproject.toml": UV_ROOT, "packages/a/pyproject.toml": package("a")}
    texts |= {"packages/b/pyproject.toml": package("b"), "tools/c/pyproject.toml": package("c")}

    found = [one for one in discover(texts, "tools/c", pattern).problems if one.code == "unknown-package"]

    assert [one.message.split("`")[1] for one in found] == [pattern] * is_idle


@pytest.mark.parametrize("pattern", ["left", "packages/le*", "l?ft"])
def test_what_is_excluded_is_a_member_that_does_not_follow_but_its_requirements_move(pattern: str) -> None:
    texts = {
        "packages/a/pyproject.toml": package("a"),
        "packages/left/pyproject.toml": package("left", "a==1.2.0"),
        "packages/right/pyproject.toml": package("right", "left==1.2.0"),
    }
    workspace = discover(texts, pattern)
    assert workspace.names == ("a", "right")
    assert [(one.name, one.follows) for one in workspace.members] == [("left", False)]
    edited = edit(texts, pattern)
    assert edited.texts["packages/left/pyproject.toml"] == package("left", "a==1.3.0")
    assert '"left==1.2.0"' in edited.texts["packages/right/pyproject.toml"]


def test_every_kind_of_requirement_is_an_edge_with_its_line() -> None:
    text = """\
[project]
name = "whole"
version = "1.2.0"
dependencies = [
    "one==1.2.0",
    "Two.X[fast] ~= 1.2.0 ; python_version > '3'",
    "whole[all]",
    "requests>=2",
]
[project.optional-dependencies]
all = ["three>=1.2.0,<2"]
[dependency-groups]
test = ["four", {include-group = "x"}]
x = []
[tool.uv]
dev-dependencies = ["four==1.2.0"]
[build-system]
requires = ["hatchling", "five==1.2.0"]
build-backend = "hatchling.build"
"""
    texts = {f"{name}/pyproject.toml": package(name) for name in ("one", "two-x", "three", "four", "five")}
    workspace = discover({**texts, "whole/pyproject.toml": text})
    found = [(e.target, e.kind, e.requirement, e.line, e.survives, e.features) for e in workspace.edges]
    assert found == [
        ("one", "normal", "==1.2.0", 5, True, ()),
        ("two-x", "normal", "~= 1.2.0", 6, True, ("fast",)),
        ("three", "extra", ">=1.2.0,<2", 11, True, ()),
        ("five", "build", "==1.2.0", 18, True, ()),
        ("four", "group", None, 13, False, ()),
        ("four", "group", "==1.2.0", 16, False, ()),
    ]
    assert {edge.file for edge in workspace.edges} == {"whole/pyproject.toml"}
    assert order_of(workspace).facade is None


POETRY = """\
[tool.poetry]
name = "late"
version = "1.2.0"   # the version

[tool.poetry.dependencies]
python = "^3.11"
early = "^1.2.0"
middle = {version = "~1.2.0", extras = ["fast"], optional = true}
other = "1.2.0"
[tool.poetry.extras]
fast = ["middle"]
[tool.poetry.group.dev.dependencies]
early = [{version = "1.2.0", python = "<3.12"}, {version = ">=1.2.0", python = ">=3.12"}]
here = {path = "../here", develop = true}
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""


def test_poetrys_own_tables_are_read_and_moved() -> None:
    texts = {f"{name}/pyproject.toml": package(name) for name in ("early", "middle", "here")}
    texts["late/pyproject.toml"] = POETRY
    workspace = discover(texts)
    assert [(e.target, e.kind, e.requirement, e.features) for e in workspace.edges] == [
        ("early", "normal", "^1.2.0", ()),
        ("middle", "extra", "~1.2.0", ("fast",)),
        ("early", "group", "1.2.0", ()),
        ("early", "group", ">=1.2.0", ()),
        ("here", "group", None, ()),
    ]
    expected = POETRY.replace("1.2.0", "1.3.0").replace('other = "1.3.0"', 'other = "1.2.0"')
    assert edit(texts).texts["late/pyproject.toml"] == expected


SOURCES = [
    pytest.param(
        '[project]\nname = "a"\ndynamic = ["version"]\n[build-system]\nrequires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n[tool.hatch.version]\npath = "src/a/__about__.py"\n',
        "p/src/a/__about__.py",
        "# SPDX\n__version__: str = 'v1.2.0'  # here\n",
        id="hatch",
    ),
    pytest.param(
        '[project]\nname = "a"\ndynamic = ["version"]\n[build-system]\nrequires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n[tool.hatch.version]\npath = "../V.txt"\n'
        'pattern = "at (?P<version>[0-9.]+)"\n',
        "V.txt",
        "we are at 1.2.0\n",
        id="hatch with a pattern, shared",
    ),
    pytest.param(
        '[project]\nname = "a"\ndynamic = ["version"]\n[build-system]\nrequires = ["setuptools"]\n'
        'build-backend = "setuptools.build_meta"\n[tool.setuptools.dynamic]\nversion = {attr = "a.about.VERSION"}\n',
        "p/src/a/about.py",
        'VERSION = "1.2.0"\nOTHER = "1.2.0"\n',
        id="setuptools attr",
    ),
    pytest.param(
        '[project]\nname = "a"\ndynamic = ["version"]\n[build-system]\nrequires = ["setuptools"]\n'
        'build-backend = "setuptools.build_meta"\n[tool.setuptools]\npackage-dir = {"" = "lib"}\n'
        '[tool.setuptools.dynamic]\nversion = {attr = "a.__version__"}\n',
        "p/lib/a/__init__.py",
        '"""A."""\n__version__ = "1.2.0"\n',
        id="setuptools attr in a folder of its own",
    ),
    pytest.param(
        '[project]\nname = "a"\ndynamic = ["version"]\n[build-system]\nrequires = ["setuptools"]\n'
        '[tool.setuptools.dynamic]\nversion = {file = ["VERSION"]}\n',
        "p/VERSION",
        "1.2.0\n",
        id="setuptools file",
    ),
    pytest.param(
        '[project]\nname = "a-b"\ndynamic = ["version", "description"]\n[build-system]\nrequires = ["flit_core"]\n'
        'build-backend = "flit_core.buildapi"\n',
        "p/a_b/__init__.py",
        '"""A."""\n__version__ = "1.2.0"\n',
        id="flit",
    ),
    pytest.param(
        '[build-system]\nrequires = ["flit"]\nbuild-backend = "flit.buildapi"\n[tool.flit.metadata]\nmodule = "a"\n',
        "p/a.py",
        '"""A."""\n__version__ = "1.2.0"\n',
        id="flit of old",
    ),
    pytest.param(
        '[project]\nname = "a"\ndynamic = ["version"]\n[build-system]\nrequires = ["pdm-backend"]\n'
        'build-backend = "pdm.backend"\n[tool.pdm.version]\nsource = "file"\npath = "a/__version__.py"\n',
        "p/a/__version__.py",
        '__version__ = "1.2.0"\n',
        id="pdm",
    ),
]


@pytest.mark.parametrize(("manifest", "path", "text"), SOURCES)
def test_a_version_file_is_changed_in_its_place(manifest: str, path: str, text: str) -> None:
    texts = {"p/pyproject.toml": manifest, path: text}
    workspace = discover(texts)
    assert [(one.version, one.version_file) for one in workspace.packages] == [("1.2.0", path)]
    edited = edit(texts)
    assert dict(edited.texts) == {path: text.replace("1.2.0", "1.3.0", 1)}
    assert {one.version_file for one in discover(texts).packages} == {path}


def test_setuptools_attr_follows_one_import() -> None:
    manifest = SOURCES[2].values[0]
    assert isinstance(manifest, str)
    texts = {
        "p/pyproject.toml": manifest.replace("a.about.VERSION", "a.__version__"),
        "p/src/a/__init__.py": "from ._version import __version__\n",
        "p/src/a/_version.py": '__version__ = "1.2.0"\n',
    }
    assert dict(edit(texts).texts) == {"p/src/a/_version.py": '__version__ = "1.3.0"\n'}


def test_poetry_keeps_the_version_that_the_project_calls_dynamic() -> None:
    text = f'[project]\nname = "a"\ndynamic = ["version"]\n[tool.poetry]\nversion = "1.2.0"\n{BUILD}'
    assert edit({"pyproject.toml": text}).texts["pyproject.toml"] == text.replace("1.2.0", "1.3.0")


def test_packages_that_share_a_version_file_change_it_once() -> None:
    manifest = SOURCES[1].values[0]
    assert isinstance(manifest, str)
    texts = {
        "V.txt": "at 1.2.0",
        "p/pyproject.toml": manifest,
        "q/pyproject.toml": manifest.replace('"a"', '"b"'),
    }
    edited = edit(texts)
    assert dict(edited.texts) == {"V.txt": "at 1.3.0"}
    assert len(edited.edits) == 1


def test_comments_quotes_commas_and_pins_of_others_stay() -> None:
    text = """\
[project]  # 1.2.0
name = 'b'
version = '1.2.0' # keep
dependencies = [
  "requests == 1.2.0", # not ours
  'a  ==  1.2.0 ; python_version >= "3.11"',# ours
  "a-b==1.2.0"
  ,
]
[build-system]
requires = ["hatchling==1.2.0"]
build-backend = "hatchling.build"
"""
    texts = {"a/pyproject.toml": package("a"), "b/pyproject.toml": text}
    expected = text.replace("version = '1.2.0'", "version = '1.3.0'").replace(
        "'a  ==  1.2.0 ;", "'a  ==  1.3.0 ;"
    )
    edited = edit(texts)
    assert edited.texts["b/pyproject.toml"] == expected
    assert [(one.path, one.line, one.kind) for one in edited.edits] == [
        ("a/pyproject.toml", 3, "version"),
        ("b/pyproject.toml", 3, "version"),
        ("b/pyproject.toml", 6, "requirement"),
    ]


def test_line_ends_of_windows_stay() -> None:
    text = package("a").replace("\n", "\r\n")
    assert edit({"pyproject.toml": text}).texts["pyproject.toml"] == text.replace("1.2.0", "1.3.0")


def test_a_stale_pin_is_an_edit_and_no_warning() -> None:
    texts = {"a/pyproject.toml": package("a"), "b/pyproject.toml": package("b", "a==1.1.0")}
    edited = edit(texts)
    assert '"a==1.3.0"' in edited.texts["b/pyproject.toml"]
    assert edited.problems == ()


def test_a_pre_release_is_spelled_as_python_spells_it() -> None:
    new = ReleaseVersion(1, 3, 0, "rc", 1)
    texts = {"a/pyproject.toml": package("a"), "b/pyproject.toml": package("b", "a~=1.2.0")}
    edited = edit(texts, new=new)
    assert '"a~=1.3.0rc1"' in edited.texts["b/pyproject.toml"]
    assert 'version = "1.3.0rc1"' in edited.texts["a/pyproject.toml"]


def test_nothing_changes_where_the_version_is_already_there() -> None:
    texts = {
        "a/pyproject.toml": package("a"),
        "b/pyproject.toml": package("b", "a==1.2.0", "c", "a[x]~=1.2.0"),
    }
    assert edit(texts, new=ReleaseVersion(1, 2, 0)).texts == {}


def test_a_sibling_that_is_taken_from_elsewhere_is_told() -> None:
    sources = '[tool.uv.sources]\nA = { git = "https://github.com/x/a" }\nb = { workspace = true }\nc = { index = "x" }'
    texts = {"a/pyproject.toml": package("a"), "b/pyproject.toml": package("b", "a==1.2.0", more=sources)}
    problems = discover(texts).problems
    assert [(one.code, one.severity, one.file, one.line) for one in problems] == [
        ("source-elsewhere", "warning", "b/pyproject.toml", 5)
    ]


def test_a_lock_that_needs_its_client_is_told() -> None:
    texts = {"p/a/pyproject.toml": package("a"), "p/poetry.lock": "", "p/a/pdm.lock": "", "q/poetry.lock": ""}
    assert [(one.code, one.file) for one in edit(texts).problems] == [
        ("lock-needs-its-client", "p/a/pdm.lock"),
        ("lock-needs-its-client", "p/poetry.lock"),
    ]


NAMES = [f"pkg-{letter}" for letter in "abcdefgh"]
SPECS = ["==1.2.0", " == 1.2.0", "~=1.2.0", ">=1.2.0,<2", ">=1.2", "", "[x]==1.2.0", "==1.2.*"]


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    count = draw(st.integers(1, 8))
    texts: dict[str, str] = {}
    for index in range(count):
        quote = draw(st.sampled_from("\"'"))
        end = draw(st.sampled_from(["\n", "\r\n"]))
        needs = draw(st.lists(st.sampled_from(NAMES[:index] or ["requests"]), max_size=4))
        lines = [
            f"# {draw(st.sampled_from(['1.2.0', 'x']))}",
            "[project]",
            f"name = {quote}{NAMES[index]}{quote}",
        ]
        lines += [f"version={quote}1.2.0{quote} # 1.2.0", "dependencies = ["]
        lines += [f"  {quote}{need}{draw(st.sampled_from(SPECS))}{quote}, # ==1.2.0" for need in needs]
        lines += [f"  {quote}other==1.2.0{quote},", "]", *BUILD.split("\n")]
        texts[f"packages/{NAMES[index]}/pyproject.toml"] = end.join(lines)
    return texts


@given(trees(), st.sampled_from(["1.2.1", "1.3.0", "2.0.0", "1.3.0rc1"]))
def test_edits_change_nothing_but_versions_and_come_to_rest(texts: dict[str, str], version: str) -> None:
    new = read(version)
    assert new is not None
    edited = edit(texts, new=new)
    assert set(edited.texts) == set(texts)
    after = {**texts, **edited.texts}
    for path, text in texts.items():
        old_lines, new_lines = text.split("\n"), after[path].split("\n")
        assert len(old_lines) == len(new_lines)
        changed = {n for n, (one, two) in enumerate(zip(old_lines, new_lines, strict=True), 1) if one != two}
        assert changed == {one.line for one in edited.edits if one.path == path}
        assert all("other" not in old_lines[n - 1] and "requests" not in old_lines[n - 1] for n in changed)
        assert after[path].count("# 1.2.0") == text.count("# 1.2.0")
    manifests = PythonManifests()
    workspace = workspace_in(manifests, Texts(after))
    assert {read(one.version) for one in workspace.packages} == {new}
    assert manifests.edited(Texts(after), workspace, new).texts == {}


def test_real_manifests_change_in_their_versions_alone() -> None:
    root = Path(__file__).parents[4] / "examples" / "python"
    files = [one for one in root.rglob("*.toml") if ".venv" not in one.parts]
    texts = {one.relative_to(root).as_posix(): one.read_text(encoding="utf-8") for one in files}
    edited = edit(texts, new=ReleaseVersion(1, 3, 0))
    assert len(edited.texts) == 7
    for path, text in edited.texts.items():
        assert text == texts[path].replace("1.0.0", "1.3.0")
    assert {one.kind for one in edited.edits} == {"version", "requirement"}


def test_a_package_goes_after_what_it_needs_through_an_extra_of_another_one() -> None:
    texts = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["p/*"]\n',
        "p/slim/pyproject.toml": package(
            "slim",
            more='[project.optional-dependencies]\nevals = ["evals==1.2.0"]\n'
            'most = ["slim[evals]"]\nall = ["slim[most]"]',
        ),
        "p/evals/pyproject.toml": package("evals", "slim==1.2.0"),
        "p/all/pyproject.toml": package("all", "slim[all]==1.2.0"),
    }

    order = order_of(discover(texts))

    assert order.waves == (("slim",), ("evals",), ("all",))
    assert [one.edge.target for one in order.edges if one.why] == ["evals"], "slim itself cannot wait for it"
