"""A plain package whose manifest cannot be read: an error if it may be meant, listed as not released otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.errors import Refusal
from session.versioned import Versioned, members, python

BROKEN, LATIN = "[project\n", python("zz-b", "1.0.0").replace("zz-b", "zz-\udce4")
UNKNOWN_NAME = python("zz b!", "1.0.0")
BESIDE, RELEASED = "it is beside released packages", "`zz-b` had the version of the last release"


def made(folder: Path, before: dict[str, str], path: str, text: str, settings: str = "") -> Versioned:
    """Release 1.0.0 of what was there before, then write a manifest that cannot be read."""
    found = Versioned.begin(folder, before, "1.0.0")
    full = found.folder / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_bytes(text.encode("utf-8", "surrogateescape"))
    found.commit({"castoff.toml": settings} if settings else {})
    return found


def plain(*folders: str) -> dict[str, str]:
    return {f"{folder}/pyproject.toml": python(f"zz-{folder[-1]}", "1.0.0") for folder in folders}


@pytest.mark.parametrize(
    ("before", "path", "text", "evidence"),
    [
        pytest.param(plain("p/a", "p/b"), "p/b", BROKEN, BESIDE, id="no TOML"),
        pytest.param(plain("p/a", "p/b"), "p/b", LATIN, BESIDE, id="not UTF-8"),
        pytest.param(plain("p/a", "p/b"), "p/b", UNKNOWN_NAME, BESIDE, id="no name that can be uploaded"),
        pytest.param(plain("p/a"), "p/b", BROKEN, BESIDE, id="a new one beside a released one"),
        pytest.param(plain("a"), "b", BROKEN, BESIDE, id="beside one below the root"),
        pytest.param(plain("p/a", "q/b"), "q/b", BROKEN, RELEASED, id="elsewhere, released before"),
        pytest.param(
            {**members("zz-a"), **plain("b")}, "b", BROKEN, RELEASED, id="beside a workspace, of its version"
        ),
        pytest.param(members("zz-a"), "packages/q/b", BROKEN, None, id="beside a workspace, new"),
        pytest.param(plain("p/a"), "q/b", BROKEN, None, id="elsewhere, never released"),
        pytest.param(plain("p/a"), "p/a/examples/b", BROKEN, None, id="below a package"),
        pytest.param(plain("a"), "b", '[project]\nname = "{{ x }}"\n', None, id="a template of cookiecutter"),
        pytest.param(plain("a"), "b", "{% if x %}\n[project]\n", None, id="a template of copier"),
        pytest.param(plain("a"), "b", "[project]\nname = ${NAME}\n", None, id="a template of a shell"),
        pytest.param(plain("a"), "{{ cookiecutter.b }}", BROKEN, None, id="the folder of a template"),
    ],
)
def test_a_package_that_may_be_meant_never_falls_out(
    before: dict[str, str], path: str, text: str, evidence: str | None, tmp_path: Path
) -> None:
    manifest = f"{path}/pyproject.toml"
    ground = made(tmp_path, before, manifest, text)

    plan = ground.plan("minor")

    errors = {one.file: one for one in plan.errors}
    assert list(errors) == ([manifest] if evidence else [])
    left_out = {one.path for one in plan.workspace.left_out}
    assert (manifest in left_out) is (evidence != BESIDE)
    if evidence:
        assert errors[manifest].reason.startswith(evidence)
        assert errors[manifest].remedy.endswith(
            f'; or leave its package out: `exclude = ["{path}"]` in `[release]`'
        )


@pytest.mark.parametrize("path", ["p/b/pyproject.toml", "q/b/pyproject.toml"], ids=["beside", "elsewhere"])
def test_both_remedies_of_an_unreadable_package_work(path: str, tmp_path: Path) -> None:
    before = plain("p/a", path.removesuffix("/pyproject.toml"))
    ground = made(tmp_path, before, path, BROKEN)
    assert [one.code for one in ground.plan("minor").errors] == ["toml-invalid"]

    folder = path.removesuffix("/pyproject.toml")
    ground.commit({"castoff.toml": f'[release]\nexclude = ["{folder}"]\n'})
    excluded = ground.plan("minor")
    ground.commit({"castoff.toml": "", path: before[path]})
    corrected = ground.plan("minor")

    assert [one.code for one in (*excluded.errors, *corrected.errors)] == []
    assert [one.package.name for one in excluded.packages] == ["zz-a"]
    assert [one.package.name for one in corrected.packages] == ["zz-a", "zz-b"]


def test_a_manifest_that_the_configuration_names_is_named_if_it_cannot_be_read(tmp_path: Path) -> None:
    settings = '[release]\nworkspaces = ["p/a", "p/b"]\n'
    ground = made(tmp_path, plain("p/a", "p/b"), "p/b/pyproject.toml", BROKEN, settings)

    with pytest.raises(Refusal, match="toml-invalid"):
        ground.plan("minor")
