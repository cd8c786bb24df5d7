"""Configuration that exists but cannot be read: defaults never stand in for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from castoff.config.reader import read_configuration
from castoff.ecosystems.python.indexes import find_endpoints
from castoff.errors import ConfigurationError
from castoff.git import FolderTree
from castoff.redaction import Redactor

FILES = ("castoff.toml", "Cargo.toml", "pyproject.toml", "release.toml", ".github/release.yml")


def place(folder: Path, path: str) -> Path:
    (folder / "Cargo.toml").write_text('[package]\nname = "a"\n')
    full = folder / path
    full.parent.mkdir(exist_ok=True)
    full.unlink(missing_ok=True)
    return full


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling", "outside", "bytes"])
def test_what_cannot_be_read_is_an_error_and_not_the_default(tmp_path: Path, path: str, kind: str) -> None:
    full = place(tmp_path, path)
    match kind:
        case "folder":
            full.mkdir()
        case "pipe":
            os.mkfifo(full)
        case "dangling":
            full.symlink_to("gone")
        case "outside":
            full.symlink_to("/etc/hostname")
        case _:
            full.write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigurationError) as caught:
        read_configuration(FolderTree(tmp_path))

    assert [(one.code, one.file) for one in caught.value.problems] == [("configuration-unreadable", path)]


@pytest.mark.parametrize("path", FILES)
def test_a_link_to_a_file_inside_is_read(tmp_path: Path, path: str) -> None:
    full = place(tmp_path, path)
    texts = {"Cargo.toml": '[package]\nname = "a"\n', ".github/release.yml": "changelog: {}\n"}
    (tmp_path / "real").write_text(texts.get(path, ""))
    full.symlink_to(os.path.relpath(tmp_path / "real", full.parent))

    loaded = read_configuration(FolderTree(tmp_path))

    assert (loaded.configuration.notes.config == path) is path.endswith(".yml")


def endpoints(folder: Path, **environment: str) -> str:
    return find_endpoints(environment, Redactor(), root=folder, named=None).simple


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'[[index]]\nurl = "https://a.example/simple"\ndefault = true\n', "https://a.example/simple/"),
        (b"[[index\n", None),
        (b"\xff\xfe", None),
    ],
    ids=["an-index", "no-toml", "no-text"],
)
def test_the_index_of_a_settings_file_that_cannot_be_read_is_not_the_default_one(
    tmp_path: Path, text: bytes, found: str | None
) -> None:
    (tmp_path / "uv.toml").write_bytes(text)
    if found:
        assert endpoints(tmp_path) == found
        return
    with pytest.raises(ConfigurationError) as caught:
        endpoints(tmp_path)
    assert caught.value.problems[0].code == "configuration-unreadable"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[global]\nindex-url = https://b.example/simple\n", "https://b.example/simple/"),
        ("index-url = x\n", None),
        (None, None),
    ],
    ids=["an-index", "no-ini", "a-folder"],
)
def test_the_index_of_pips_file_is_read_or_named(tmp_path: Path, text: str | None, found: str | None) -> None:
    file = tmp_path / "pip.conf"
    if text is None:
        file.mkdir()
    else:
        file.write_text(text)
    if found:
        assert endpoints(tmp_path, PIP_CONFIG_FILE=str(file)) == found
        return
    with pytest.raises(ConfigurationError):
        endpoints(tmp_path, PIP_CONFIG_FILE=str(file))


@pytest.mark.parametrize("file", ["/dev/null", "gone/pip.conf"])
def test_no_file_of_pip_is_no_error(tmp_path: Path, file: str) -> None:
    assert endpoints(tmp_path, PIP_CONFIG_FILE=file).startswith("https://")
