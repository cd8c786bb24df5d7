"""What indexes and builds refuse is told from the manifest, with its line."""

from __future__ import annotations

import pytest

from castoff.foresight.python_metadata import judge_python_metadata
from castoff.manifests.python import PythonManifests
from castoff.model.workspace import Workspace

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

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> list[str]:
        return sorted(self.texts)


def judged(text: str) -> list[tuple[str, str, int | None]]:
    files = Files(HEAD + text)
    workspace = PythonManifests().discover(files, ())
    assert isinstance(workspace, Workspace)
    found = judge_python_metadata(files, workspace.packages, lambda path: path in files.texts)
    return [(one.code, one.message, one.line) for one in found]


def test_sound_metadata_is_not_spoken_of() -> None:
    assert judged(SOUND) == []


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('description = """a\nb"""\n', "metadata-refused", "several lines"),
        (f'description = "{"x" * 513}"\n', "metadata-refused", "more than 512"),
        ('readme = "READ.md"\n', "metadata-file-missing", "`READ.md` is not there"),
        ('readme = "../README.md"\n', "metadata-file-missing", "is not there"),
        ('readme = "LICENSE"\n', "metadata-refused", "written in"),
        ('license = "Apache 2"\n', "metadata-refused", "no licence expression"),
        ('license-files = ["COPYING"]\n', "metadata-file-missing", "`COPYING` is not there"),
        ('classifiers = ["Beta"]\n', "metadata-refused", "`Beta` is no classifier"),
        ('classifiers = ["Licence :: OSI Approved"]\n', "metadata-refused", "no classifier"),
        ('requires-python = "3.11+"\n', "metadata-refused", "no set of versions"),
        ('[project.urls]\nHome = "harbour.example"\n', "metadata-refused", "no address"),
        (f'[project.urls]\n{"x" * 33} = "https://a"\n', "metadata-refused", "more than 32"),
        ('dependencies = ["tide @ git+https://github.com/a/tide"]\n', "metadata-refused", "by an address"),
        ('[project.optional-dependencies]\nx = ["tide @ https://a/t.whl"]\n', "metadata-refused", "by an address"),
    ],
)  # fmt: skip
def test_what_would_be_refused_is_told_with_its_line(text: str, code: str, words: str) -> None:
    found = judged(text)

    assert [one[0] for one in found] == [code]
    assert words in found[0][1]
    assert found[0][2] is not None
    assert found[0][2] > HEAD.count("\n")


@pytest.mark.parametrize(
    "text",
    ["description = 3\n", "readme = 3\n", "urls = 3\n", "classifiers = [3]\n", 'license = {text = "MIT"}\n'],
)
def test_foreign_types_are_left_to_the_build(text: str) -> None:
    try:
        assert judged(text) == []
    except Exception as error:  # noqa: BLE001 - our own errors alone may come
        assert type(error).__module__ == "castoff.errors", error
