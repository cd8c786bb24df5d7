from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_bench import artifact, metadata, package, sdist, settings, wheel

from castoff.ecosystems.python.artifacts import artifacts_in, metadata_of, mismatches
from castoff.ecosystems.python.trial import modules_of
from castoff.ecosystems.python.upload_rules import judged

NAME = "acme_core-1.3.0-py3-none-any.whl"


def write(folder: Path, data: bytes, name: str = NAME) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def test_artifacts_are_found_by_name_and_version(tmp_path: Path) -> None:
    for name in (
        "acme_core-1.3.0-py3-none-any.whl",
        "acme-core-1.3.tar.gz",
        "acme_core-1.3.0-cp311-cp311-manylinux_2_17_x86_64.whl",
        "acme_core-1.2.0.tar.gz",
        "acme_core_extra-1.3.0.tar.gz",
        "notes.txt",
        "acme_core-1.3.0.tar.gz.asc",
    ):
        write(tmp_path, b"", name)
    assert [(one.kind, one.filename) for one in artifacts_in(package(), tmp_path)] == [
        ("sdist", "acme-core-1.3.tar.gz"),
        ("wheel", "acme_core-1.3.0-cp311-cp311-manylinux_2_17_x86_64.whl"),
        ("wheel", "acme_core-1.3.0-py3-none-any.whl"),
    ]


def test_the_metadata_of_an_sdist_is_read_from_its_top(tmp_path: Path) -> None:
    files = {"acme_core-1.3.0/src/x.egg-info/PKG-INFO": "Name: no\n", "acme_core-1.3.0/PKG-INFO": metadata()}
    read = metadata_of(write(tmp_path, sdist(files), "acme_core-1.3.0.tar.gz"))
    assert read is not None
    assert read.fields["name"] == "acme-core"


MISMATCHES = [
    pytest.param(metadata(), [], id="as it should be"),
    pytest.param(metadata("Acme.Core"), [], id="another spelling of the name"),
    pytest.param(metadata("acme-care"), ["has the name"], id="another name"),
    pytest.param(metadata(version="1.3.0.dev4"), ["says the version"], id="another version"),
    pytest.param(metadata("acme-core", "1.3.0", "Requires-Dist: acme-base==1.3.0"), [], id="sibling let in"),
    pytest.param(
        metadata("acme-core", "1.3.0", "Requires-Dist: acme-base==1.2.0"), ["excludes 1.3.0"], id="stale pin"
    ),
    pytest.param(
        metadata("acme-core", "1.3.0", "Requires-Dist: acme_base<1.3; extra == 'x'"), ["excludes"], id="bound"
    ),
    pytest.param(metadata("acme-core", "1.3.0", "Requires-Dist: other==1.2.0"), [], id="not a sibling"),
    pytest.param(metadata("acme-core", "1.3.0", "Requires-Dist: !!"), [], id="no requirement"),
]


@pytest.mark.parametrize(("text", "facts"), MISMATCHES)
def test_built_metadata_must_say_what_the_manifests_say(tmp_path: Path, text: str, facts: list[str]) -> None:
    file = write(tmp_path, wheel(text))
    found = list(mismatches(package(), artifact(file), {"acme-base": "1.3.0", "acme-core": "1.3.0"}))
    assert len(found) == len(facts)
    for problem, fact in zip(found, facts, strict=True):
        assert problem.code == "metadata-mismatch"
        assert fact in problem.message


@pytest.mark.parametrize("data", [b"", b"PK", wheel(metadata())[:100]], ids=["empty", "no archive", "half"])
def test_a_file_without_metadata_is_a_mismatch(tmp_path: Path, data: bytes) -> None:
    file = write(tmp_path, data)
    assert [one.code for one in mismatches(package(), artifact(file), {})] == ["metadata-mismatch"]


MARKDOWN = "Description-Content-Type: text/markdown"
JUDGED = [
    pytest.param(metadata(), None, id="plain"),
    pytest.param(metadata("acme-core", "1.3.0", MARKDOWN, body="# Hello *you"), None, id="markdown"),
    pytest.param(metadata("acme-core", "1.3.0", body="``open\n====\n"), "reStructuredText", id="broken rst"),
    pytest.param(
        metadata("acme-core", "1.3.0", "Description-Content-Type: text/html", body="x"),
        "text/html",
        id="html",
    ),
    pytest.param(
        metadata("acme-core", "1.3.0", "Classifier: Private :: Do Not Upload"), "forbids", id="private"
    ),
    pytest.param(
        metadata("acme-core", "1.3.0", "Requires-Dist: x @ https://e/x.whl"), "by URL", id="address"
    ),
    pytest.param(metadata("acme-core", "1.3.0", "Requires-Python: three"), "three", id="requires-python"),
    pytest.param(metadata("acme-core", "1.3.0", f"Summary: {'x' * 600}"), "512", id="long summary"),
    pytest.param(metadata("acme-core", "1.3.0+local"), "local part", id="local version"),
    pytest.param(metadata("acme-core", "1.3.0", "License-Expression: Apche"), "Apche", id="licence"),
]


@pytest.mark.parametrize(("text", "fact"), JUDGED)
def test_metadata_is_judged_as_an_index_will(tmp_path: Path, text: str, fact: str | None) -> None:
    file = write(tmp_path, wheel(text))
    problems = judged(package(), [artifact(file)], settings(), is_pypi=True)
    codes = [one.code for one in problems]
    assert codes[:1] == (["metadata-refused"] if fact else [])
    if fact:
        assert fact in problems[0].message


MODULES = [
    pytest.param(["acme/__init__.py", "acme/sub/__init__.py", "acme/a.py"], ("acme",), id="package"),
    pytest.param(["acme.py", "acme-1.dist-info/RECORD"], ("acme",), id="module"),
    pytest.param(["ns/a/__init__.py", "ns/a/x.py", "ns/b/c/__init__.py"], ("ns.a", "ns.b.c"), id="namespace"),
    pytest.param(["ns/tool.py"], ("ns.tool",), id="module in a namespace"),
    pytest.param(["_private/__init__.py", "acme/__init__.py"], ("acme",), id="private beside"),
    pytest.param(["acme/__main__.py", "acme/__init__.py"], ("acme",), id="main"),
    pytest.param(["tests/test_a.py", "acme/__init__.py"], ("acme",), id="tests by mistake"),
    pytest.param(["acme.cpython-311-x86_64-linux-gnu.so"], ("acme",), id="compiled"),
    pytest.param(["acme-stubs/__init__.pyi", "acme/py.typed"], (), id="stubs"),
    pytest.param(["../../bin/acme", "../x.py", "/etc/x.py"], (), id="scripts and strays"),
    pytest.param([], (), id="nothing"),
]


@pytest.mark.parametrize(("files", "modules"), MODULES)
def test_modules_are_found_in_what_was_installed(files: list[str], modules: tuple[str, ...]) -> None:
    assert modules_of(files) == modules


@given(st.lists(st.text("ab_/.-py", max_size=12)))
def test_no_record_breaks_the_search_for_modules(files: list[str]) -> None:
    for module in modules_of(files):
        assert all(part.isidentifier() for part in module.split("."))
