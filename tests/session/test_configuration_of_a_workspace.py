"""Which configuration belongs to the workspace that is released, from wherever castoff is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.cli.render.reporter import reporter_for
from castoff.wiring.services import Options, open_setting
from session.versioned import Versioned, crate, python

_TABLE = '[tool.castoff.release]\ntag = "it-{version}"\n'
_OWN = {"one/castoff.toml": '[release]\ntag = "it-{version}"\n'}
_TWO = {"one/pyproject.toml": python("one", "1.0.0"), "two/pyproject.toml": python("two", "2.0.0")}
_RUST = {"rust/Cargo.toml": crate("rk", "1.0.0")}
_THEIRS = {"rust/release.toml": 'tag-name = "it-{{version}}"\n'}
_METADATA = '[workspace]\n[workspace.metadata.release]\ntag-name = "it-{{version}}"\n'
_WORKSPACE = {"rust/Cargo.toml": '[workspace]\nmembers = ["a"]\n', "rust/a/Cargo.toml": crate("rk", "1.0.0")}
_IN_TABLE = {"one/pyproject.toml": python("one", "1.0.0") + _TABLE}


@pytest.mark.parametrize(
    ("files", "start", "tag"),
    [
        (_OWN, "one", "it-{version}"),
        (_OWN, ".", "it-{version}"),
        (_OWN, "two", None),
        (_IN_TABLE, "one", "it-{version}"),
        (_IN_TABLE, ".", "it-{version}"),
        (_IN_TABLE, "two", None),
        ({**_OWN, "two/castoff.toml": ""}, ".", None),
        ({**_IN_TABLE, "two/castoff.toml": ""}, ".", None),
        ({"two/castoff.toml": _OWN["one/castoff.toml"], "pyproject.toml": python("all", "1.0.0")}, ".", None),
        ({**_OWN, "pyproject.toml": "[tool.uv.workspace]\nmembers = ['one']\n"}, ".", "it-{version}"),
        ({**_OWN, "rust/Cargo.toml": crate("rk", "1.0.0")}, ".", "it-{version}"),
        ({**_RUST, **_THEIRS}, "rust", "it-{version}"),
        ({**_RUST, **_THEIRS}, ".", "it-{version}"),
        ({**_RUST, **_THEIRS}, "two", None),
        ({**_RUST, **_THEIRS, **_OWN}, "rust", "it-{version}"),
        ({"rust/Cargo.toml": crate("rk", "1.0.0", _METADATA)}, ".", "it-{version}"),
        ({**_WORKSPACE, **_THEIRS, "rust/a/release.toml": "shared-version = true\n"}, ".", "it-{version}"),
        ({**_WORKSPACE, "rust/a/release.toml": 'tag-name = "it-{{version}}"\n'}, "rust", None),
        ({"one/note.md": "castoff = 1\n"}, ".", None),
    ],
    ids=[
        "in its folder",
        "above it",
        "beside it",
        "a table, in its folder",
        "a table, above it",
        "a table, beside it",
        "several below",
        "a table and a file below",
        "of an example beside the released package",
        "of a member",
        "where only a configuration can say what is released",
        "of cargo-release, in its folder",
        "of cargo-release, above it",
        "of cargo-release, beside it",
        "of cargo-release, and one of castoff elsewhere",
        "of cargo-release in a manifest",
        "of cargo-release, and of a crate",
        "of cargo-release, of a crate alone",
        "none",
    ],
)
def test_a_configuration_is_that_of_its_own_workspace(
    tmp_path: Path, files: dict[str, str], start: str, tag: str | None
) -> None:
    made = Versioned.begin(tmp_path, {**_TWO, **files})

    services = open_setting(
        Options(directory=made.folder / start), reporter_for(None, quiet=True), made.environment
    )

    assert services.configuration.release.tag == tag
