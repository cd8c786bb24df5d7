"""What indexes and builds refuse is told from the manifest, with its line."""

from __future__ import annotations

import pytest

from castoff.ecosystems.python.foresight.metadata import judge_python_metadata
from castoff.ecosystems.python.foresight.project_rules import judge_by_pypi, judge_new_name
from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.model.workspace import Workspace
from castoff.values import replace
from whole_workspace import workspace_in

HEAD = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "harbour"
version = "1.0.0"
"""
SOUND = """description = "Boats"
readme = "README.md"
license = "MIT OR Apache-2.0"
license-files = ["LICENSE", "licenses/*"]
requires-python = ">=3.11,<4"
classifiers = ["Development Status :: 4 - Beta", "Programming Language :: Python :: 3"]
dependencies = ["harbour-core>=1.0.0", "requests[socks]>=2; python_version < '4'"]

[project.urls]
Homepage = "https://harbour.example"
"""


class Files:
    def __init__(self, text: str) -> None:
        self.texts = {"pyproject.toml": text, "README.md": "# Harbour\n", "LICENSE": "MIT\n"}
        self.texts |= {"bad.rst": "T\n=\n\n.. nosuch:: x\n", "good.rst": "T\n=\n\n*x*\n"}

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> list[str]:
        return sorted(self.texts)


def judged(text: str, back_end: str = "hatchling.build") -> list[tuple[str, str, int | None]]:
    files = Files(HEAD.replace("hatchling.build", back_end) + text)
    workspace = workspace_in(PythonManifests(), files)
    assert isinstance(workspace, Workspace)
    found = (
        *judge_python_metadata(files, workspace.packages, lambda path: path in files.texts),
        *judge_by_pypi(files, workspace.packages, frozenset({"harbour", "harbour-core"})),
    )
    return [(one.code, one.message, one.line) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        SOUND,
        'readme = "good.rst"\n',
        'readme = {file = "bad.rst", content-type = "text/plain"}\n',
        'readme = {file = "README.md", content-type = "text/markdown"}\n',
        'authors = [{name = "A B"}, {email = "a@example.org"}]\n',
        'authors = [{email = "a@example.org"}, {email = "not looked at"}]\n',
        'dependencies = ["harbour-core @ file:///x"]\n',
        'description = """a\nb"""\n',
        'readme = {text = "T\\n=\\n\\n*x*\\n", content-type = "text/x-rst; charset=UTF-8"}\n',
        'readme = {file = "README.md", content-type = "text/markdown; variant=GFM"}\n',
        'dependencies = ["tide>=2,!=2.1.*; extra == \'x\'", "tide (>=2)"]\n',
    ],
)
def test_sound_metadata_is_not_reported(text: str) -> None:
    assert judged(text) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("secrets", "standard library"),
        ("harb0ur", "too similar to `harbour`"),
        ("har.bour", "too similar"),
        ("Harbour", None),
        ("harbours", None),
    ],
)
def test_the_name_of_a_new_project_is_judged(name: str, words: str | None) -> None:
    (one,) = workspace_in(PythonManifests(), Files(HEAD)).packages
    problem = judge_new_name(replace(one, name=name), [one, replace(one, name=name)])

    assert (problem.message if problem else None) == words or (problem and words and words in problem.message)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (f'description = "{"x" * 513}"\n', "metadata-refused", "more than 512"),
        ('readme = "READ.md"\n', "metadata-file-missing", "`READ.md` is not there"),
        ('readme = "../README.md"\n', "metadata-file-missing", "is not there"),
        ('readme = "LICENSE"\n', "metadata-refused", "the format of"),
        ('readme = {file = "README.md", content-type = "text/asciidoc"}\n', "metadata-refused", "not a content type"),
        ('readme = {text = "x", content-type = "text/plain; charset=latin-1"}\n', "metadata-refused", "latin-1"),
        ('readme = {text = ".. nosuch:: x\\n", content-type = "text/x-rst"}\n', "metadata-refused", "its text cannot"),
        ('dependencies = ["tide>=2.*"]\n', "metadata-refused", "`tide>=2.*` is not a requirement"),
        ('[project.optional-dependencies]\nx = ["tide ^2"]\n', "metadata-refused", "is not a requirement"),
        ('license = "Apache 2"\n', "metadata-refused", "is not a licence expression"),
        ('license-files = ["COPYING"]\n', "metadata-file-missing", "`COPYING` is not there"),
        ('classifiers = ["Beta"]\n', "metadata-refused", "`Beta` is not a classifier"),
        ('classifiers = ["Licence :: OSI Approved"]\n', "metadata-refused", "not a classifier"),
        ('classifiers = ["Natural Language :: Ukranian"]\n', "metadata-refused", "deprecated; write"),
        ('authors = [{name = "A", email = "a@b"}]\n', "metadata-refused", "is not an email address"),
        ('readme = "bad.rst"\n', "metadata-refused", 'Unknown directive type "nosuch"'),
        ('requires-python = "3.11+"\n', "metadata-refused", "is not a version specifier"),
        ('[project.urls]\nHome = "harbour.example"\n', "metadata-refused", "start with `https"),
        (f'[project.urls]\n{"x" * 33} = "https://a"\n', "metadata-refused", "1 to 32"),
        ('dependencies = ["tide @ git+https://github.com/a/tide"]\n', "metadata-refused", "by a URL"),
        ('[project.optional-dependencies]\nx = ["tide @ https://a/t.whl"]\n', "metadata-refused", "by a URL"),
    ],
)  # fmt: skip
def test_what_would_be_refused_is_told_with_its_line(text: str, code: str, words: str) -> None:
    found = judged(text)

    assert [one[0] for one in found] == [code]
    assert words in found[0][1]
    assert found[0][2] is not None
    assert found[0][2] > HEAD.count("\n")


@pytest.mark.parametrize(
    ("back_end", "refused"),
    [("flit_core.buildapi", True), ("uv_build", True), ("setuptools.build_meta", False)],
)
def test_a_description_of_several_lines_is_refused_unless_the_back_end_makes_one(
    back_end: str, refused: bool
) -> None:
    found = judged('description = """a\nb"""\n', back_end)

    assert ["several lines" in message for _, message, _ in found] == [True] * refused


@pytest.mark.parametrize(
    "text",
    ["description = 3\n", "readme = 3\n", "urls = 3\n", "classifiers = [3]\n", 'license = {text = "MIT"}\n'],
)
def test_foreign_types_are_left_to_the_build(text: str) -> None:
    try:
        assert judged(text) == []
    except Exception as error:  # noqa: BLE001 - our own errors alone may come
        assert type(error).__module__ == "castoff.errors", error
