"""Packages whose versions come from git tags: which tool, which tags it reads, what it fills in, what moves."""

from __future__ import annotations

import pytest
from test_python_bad_manifests import (
    DYNAMIC,
    FILES,
    GOOD,
    HATCH_VERSION,
    PDM,
    POETRY,
    SETUPTOOLS,
    Texts,
    backend,
    discover,
    project,
)

from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.errors import Problem
from castoff.model.refs import TagSource
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Workspace

NEXT = ReleaseVersion(1, 3, 0)
VCS = project(DYNAMIC) + HATCH_VERSION + 'source = "vcs"\n'
UV = project(DYNAMIC) + HATCH_VERSION + 'source = "uv-dynamic-versioning"\n'
SCM = project(DYNAMIC, SETUPTOOLS) + "[tool.setuptools_scm]\n"
IT = project(DYNAMIC) + HATCH_VERSION + 'source = "versioningit"\n'
PDM_SCM = project(DYNAMIC, PDM) + '[tool.pdm.version]\nsource = "scm"\n'
POETRY_TAGS = (
    f'[tool.poetry]\nname = "a"\nversion = "0.0.0"\n[tool.poetry-dynamic-versioning]\nenable = true\n{POETRY}'
)


def tags_of(manifest: str) -> TagSource:
    (package,) = discover({**FILES, "pyproject.toml": manifest}).packages
    assert package.tags is not None
    assert package.version == ""
    return package.tags


@pytest.mark.parametrize(
    ("manifest", "tool", "line"),
    [
        (VCS, "hatch-vcs", 8),
        (UV, "uv-dynamic-versioning", 8),
        (IT, "versioningit", 8),
        (
            project(DYNAMIC, backend("setuptools.build_meta", "setuptools_scm[toml]>=8")),
            "setuptools-scm",
            3,
        ),
        (SCM, "setuptools_scm", 3),
        (project(DYNAMIC, backend("setuptools.build_meta", "versioneer==0.29")), "versioneer", 3),
        (project(DYNAMIC, backend("pbr.build", "pbr>=6")), "pbr", 3),
        (PDM_SCM, "pdm-scm", 8),
        (
            project(DYNAMIC) + HATCH_VERSION + 'source = "code"\npath = "v.py"\nexpression = "version()"\n',
            "hatch-code",
            10,
        ),
        (POETRY_TAGS, "poetry-dynamic-versioning", 4),
    ],
    ids=[
        "hatch-vcs",
        "uv",
        "versioningit",
        "scm required",
        "scm table",
        "versioneer",
        "pbr",
        "pdm",
        "code",
        "poetry",
    ],
)
def test_the_tool_is_found_with_the_line_that_names_it(manifest: str, tool: str, line: int) -> None:
    tags = tags_of(manifest)

    assert (tags.tool, tags.line, tags.file) == (tool, line, "pyproject.toml")


UV_TABLE = "[tool.uv-dynamic-versioning]\n"
RAW = "[tool.hatch.version.raw-options]\n"


@pytest.mark.parametrize(
    ("manifest", "tag", "why"),
    [
        pytest.param(VCS, "1.3.0", None, id="hatch-vcs, plain"),
        pytest.param(VCS, "v1.3.0", None, id="hatch-vcs, with a v"),
        pytest.param(VCS, "my-project-1.3.0", None, id="hatch-vcs, with a name"),
        pytest.param(VCS, "my/project/1.3.0", "tags that fit", id="hatch-vcs, with slashes"),
        pytest.param(VCS + 'tag-pattern = "^release/(.+)"\n', "release/1.3.0", None, id="own pattern"),
        pytest.param(
            VCS + 'tag-pattern = "^release/(.+)"\n', "1.3.0", "tags that fit", id="not the own pattern"
        ),
        pytest.param(VCS + RAW + 'tag_regex = "^v(?P<version>.+)$"\n', "1.3.0", "that fit", id="raw options"),
        pytest.param(
            VCS + RAW + 'git_describe_command = "git describe --tags --match v*"\n',
            "1.3.0",
            "tags like `v*`",
            id="describe with --match",
        ),
        pytest.param(
            VCS + RAW + 'git_describe_command = ["git", "describe", "--match=v*", "--exclude=*rc*"]\n',
            "v1.3.0",
            None,
            id="describe as a list",
        ),
        pytest.param(
            SCM + '[tool.setuptools_scm.scm.git]\ndescribe_command = "git describe --exclude=v*"\n',
            "v1.3.0",
            "leaves out tags like `v*`",
            id="describe with --exclude",
        ),
        pytest.param(
            SCM + 'tag_regex = "^(\\\\d+)"\n', "1.3.0", None, id="what it reads is no version of ours"
        ),
        pytest.param(SCM + 'tag_regex = "^v?1.(.+)"\n', "v1.3.0", "reads 3.0", id="another version"),
        pytest.param(UV, "v1.3.0", None, id="dunamai, with a v"),
        pytest.param(UV, "1.3.0", "tags that fit", id="dunamai, plain"),
        pytest.param(UV + UV_TABLE + 'pattern = "default-unprefixed"\n', "1.3.0", None, id="unprefixed"),
        pytest.param(UV + UV_TABLE + 'pattern-prefix = "py-"\n', "py-v1.3.0", None, id="prefix"),
        pytest.param(
            UV + UV_TABLE + 'pattern-prefix = "py-"\n', "v1.3.0", "that fit", id="prefix that lacks"
        ),
        pytest.param(
            UV + UV_TABLE + 'pattern = "^rel-(?P<base>\\\\d+\\\\.\\\\d+\\\\.\\\\d+)"\n',
            "rel-1.3.0",
            None,
            id="own base",
        ),
        pytest.param(UV + UV_TABLE + 'pattern = "(?P<base>.+)"\n', "anything", None, id="not judged"),
        pytest.param(
            IT + '[tool.versioningit.vcs]\nmatch = ["v*"]\n', "1.3.0", "like `v*`", id="versioningit"
        ),
        pytest.param(PDM_SCM + 'tag_filter = "v*"\n', "1.3.0", "like `v*`", id="pdm"),
        pytest.param(POETRY_TAGS, "1.3.0", "tags that fit", id="poetry"),
    ],
)
def test_a_tag_that_the_tool_would_not_read_is_objected_to(manifest: str, tag: str, why: str | None) -> None:
    objection = tags_of(manifest).objection(tag, NEXT)

    assert (objection is None) == (why is None), objection
    assert (why or "") in (objection or "")


def test_a_candidate_is_read_out_of_its_parts() -> None:
    candidate = ReleaseVersion(1, 3, 0, "rc", 1)

    assert tags_of(UV).objection("v1.3.0rc1", candidate) is None
    assert tags_of(VCS).objection("v1.3.0rc1", candidate) is None
    assert tags_of(VCS).objection("v1.3.0rc2", candidate) == "it reads 1.3.0-rc.2 in it"


def test_an_expression_that_is_none_is_told_with_its_place() -> None:
    (found,) = errors(discover({**FILES, "pyproject.toml": VCS + 'tag-pattern = "("\n'}))

    assert (found.code, found.line) == ("manifest-invalid", 9)


HOOK = "[tool.hatch.metadata.hooks.uv-dynamic-versioning]\n"
WHOLE = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["p/*"]\n',
    "p/core/pyproject.toml": UV.replace('"a"', '"core"'),
    "p/facade/pyproject.toml": UV.replace('"a"', '"facade"').replace(
        '["version"]', '["version", "dependencies", "optional-dependencies"]'
    )
    + HOOK
    + 'dependencies = ["core[fast]=={{ version }}", "other>=1"]\n'
    + HOOK.replace("]", ".optional-dependencies]")
    + 'all = ["Left >= {{ version }}"]\n',
    "p/left/pyproject.toml": UV.replace('"a"', '"left"'),
}


def errors(workspace: Workspace) -> list[Problem]:
    return [one for one in workspace.problems if one.severity == "error"]


def test_requirements_that_are_filled_in_when_building_order_the_packages() -> None:
    workspace = discover(WHOLE)

    assert workspace.problems == ()
    assert [(e.origin, e.target, e.kind, e.requirement, e.features) for e in workspace.edges] == [
        ("facade", "core", "normal", None, ("fast",)),
        ("facade", "left", "extra", None, ()),
    ]


def test_nothing_is_edited_and_no_commit_says_a_version() -> None:
    manifests, tree = PythonManifests(), Texts(WHOLE)
    workspace = discover(WHOLE).at(ReleaseVersion(1, 2, 0))

    edited = manifests.edited(tree, workspace, NEXT)

    assert workspace.is_from_tags
    assert {one.version for one in workspace.packages} == {"1.2.0"}
    assert (edited.texts, edited.edits, edited.problems) == ({}, (), ())


@pytest.mark.parametrize(
    ("written", "then"),
    [
        ("core>=1.2", None),
        ("core==1.2.0", "core==1.3.0"),
        ("core>=1.1,<1.3", "core>=1.1,<1.4"),
        ("core", None),
    ],
)
def test_a_written_requirement_moves_only_where_it_shuts_the_release_out(
    written: str, then: str | None
) -> None:
    texts = WHOLE | {"p/left/pyproject.toml": VCS.replace('"a"', f'"left"\ndependencies = ["{written}"]')}
    workspace = discover(texts).at(ReleaseVersion(1, 2, 0))

    edited = PythonManifests().edited(Texts(texts), workspace, NEXT)

    assert [edit.new for edit in edited.edits] == ([then] if then else [])


def test_beside_versions_in_the_tree_the_tree_says_the_version_of_the_workspace() -> None:
    texts = WHOLE | {"p/left/pyproject.toml": GOOD.replace("good", "left")}
    manifests, workspace = PythonManifests(), discover(texts)

    assert errors(workspace) == []
    assert not workspace.is_from_tags
    edited = manifests.edited(Texts(texts), workspace.at(ReleaseVersion(1, 2, 0)), NEXT)
    assert [(edit.path, edit.kind) for edit in edited.edits] == [("p/left/pyproject.toml", "version")]
