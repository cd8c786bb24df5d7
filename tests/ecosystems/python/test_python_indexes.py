from __future__ import annotations

from pathlib import Path

import pytest

from castoff.ecosystems.python.indexes import Endpoints, find_endpoints
from castoff.errors import ConfigurationError
from castoff.redaction import Redactor

UV = """\
[tool.uv]
publish-url = "https://publish.example/"
[[tool.uv.index]]
name = "house-index"
url = "https://house.example/simple"
publish-url = "https://house.example/upload"
[[tool.uv.index]]
name = "main"
url = "https://main.example/simple"
default = true
[[tool.uv.index]]
name = "hidden"
url = "https://hidden.example/simple"
explicit = true
"""


def find(root: Path, environment: dict[str, str] | None = None, named: str | None = None) -> Endpoints:
    quiet = {"PIP_CONFIG_FILE": "/dev/null"}
    return find_endpoints({**quiet, **(environment or {})}, Redactor(), root=root, named=named)


@pytest.mark.parametrize(
    ("environment", "simple"),
    [
        ({"UV_DEFAULT_INDEX": "https://a/simple"}, "https://a/simple/"),
        ({"UV_DEFAULT_INDEX": "name=https://a/simple/"}, "https://a/simple/"),
        ({"UV_INDEX_URL": "https://b/simple"}, "https://b/simple/"),
        ({"PIP_INDEX_URL": "https://c/simple"}, "https://c/simple/"),
        ({"UV_DEFAULT_INDEX": "https://[::1/simple"}, "https://[::1/simple/"),
        ({"UV_DEFAULT_INDEX": "https://a/simple", "UV_PUBLISH_URL": "https://[::1/"}, "https://a/simple/"),
        ({"UV_DEFAULT_INDEX": "https://a/simple", "PIP_INDEX_URL": "https://c/simple"}, "https://a/simple/"),
    ],
    ids=["uv", "uv with a name", "uv of old", "pip", "no host", "no host to upload to", "uv before pip"],
)
def test_the_environment_comes_first(tmp_path: Path, environment: dict[str, str], simple: str) -> None:
    (tmp_path / "pyproject.toml").write_text(UV)
    found = find(tmp_path, environment)
    assert (found.simple, found.is_default, found.others) == (simple, False, ())


def test_a_workspace_names_its_indexes(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(UV)
    found = find(tmp_path)
    assert (found.simple, found.publish) == ("https://main.example/simple/", "https://publish.example/")
    assert found.others == ("https://house.example/simple",)


def test_the_configured_index_is_taken_with_its_publish_url(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(UV)
    found = find(tmp_path, {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}, "house-index")
    assert (found.simple, found.publish) == ("https://house.example/simple/", "https://house.example/upload")


def test_a_rehearsals_environment_beats_the_configured_index(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(UV)
    world = {"UV_DEFAULT_INDEX": "http://127.0.0.1:1/simple/", "UV_PUBLISH_URL": "http://127.0.0.1:1/legacy/"}
    found = find(tmp_path, world, "house-index")
    assert (found.simple, found.publish) == ("http://127.0.0.1:1/simple/", "http://127.0.0.1:1/legacy/")


def test_a_uv_toml_stands_for_the_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(UV)
    (tmp_path / "uv.toml").write_text(
        '[[index]]\nname = "own"\nurl = "https://own.example/simple"\ndefault = true\n'
    )
    assert find(tmp_path).simple == "https://own.example/simple/"


def test_pips_configuration_is_read(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://pip.example/simple\n")
    assert (
        find(tmp_path, {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}).simple
        == "https://pip.example/simple/"
    )


def test_the_library_carries_the_default(tmp_path: Path) -> None:
    found = find(tmp_path)
    assert found.is_default
    assert found.simple.endswith("/simple/")
    assert found.publish is None


def test_the_credentials_of_a_named_index_come_from_uvs_variables(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(UV)
    found = find(
        tmp_path, {"UV_INDEX_HOUSE_INDEX_USERNAME": "u", "UV_INDEX_HOUSE_INDEX_PASSWORD": "p"}, "house-index"
    )
    assert found.authorization == "Basic dTpw"


def test_credentials_are_learnt_and_kept_out(tmp_path: Path) -> None:
    redactor = Redactor()
    environment = {"UV_DEFAULT_INDEX": "https://user:s3cretword@a.example/simple"}
    found = find_endpoints(environment, redactor, root=tmp_path, named=None)
    assert found.simple == "https://a.example/simple/"
    assert "s3cretword" not in redactor.clean("it said s3cretword") + repr(found)


@pytest.mark.parametrize(
    "text", [UV, "", "[tool]\nuv = 1\n", "broken ["], ids=["others", "none", "odd", "broken"]
)
def test_an_unknown_index_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        find(tmp_path, named="nowhere")
    assert caught.value.problems[0].code == "index-unknown"


def test_an_index_that_nothing_can_be_uploaded_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(UV)
    with pytest.raises(ConfigurationError) as caught:
        find(tmp_path, named="main")
    assert caught.value.problems[0].code == "index-without-publish-url"
    assert find(tmp_path, {"UV_PUBLISH_URL": "https://p.example/"}, "main").publish == "https://p.example/"


@pytest.mark.parametrize(
    ("files", "simple"),
    [
        ({"pyproject.toml": "[tool.uv]\n", "py/pyproject.toml": UV}, "https://main.example/simple/"),
        ({"pyproject.toml": UV, "py/pyproject.toml": "[project]\n"}, "https://main.example/simple/"),
        ({"pyproject.toml": UV, "py/uv.toml": ""}, None),
        ({"uv.toml": "", "py/pyproject.toml": UV}, "https://main.example/simple/"),
        ({"uv.toml": "", "pyproject.toml": UV}, None),
    ],
)
def test_the_nearest_folder_with_settings_of_uv_counts(
    tmp_path: Path, files: dict[str, str], simple: str | None
) -> None:
    (tmp_path / "py").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found = find(tmp_path / "py")
    assert found.is_default if simple is None else found.simple == simple
