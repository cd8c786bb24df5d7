"""Which configuration belongs to the workspace that is released, from wherever castoff is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.cli.render.reporter import reporter_for
from castoff.wiring.services import Options, open_setting
from session.versioned import Versioned, python

_TABLE = '[tool.castoff.release]\ntag = "it-{version}"\n'
_OWN = {"one/castoff.toml": '[release]\ntag = "it-{version}"\n'}
_TWO = {"one/pyproject.toml": python("one", "1.0.0"), "two/pyproject.toml": python("two", "2.0.0")}
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
