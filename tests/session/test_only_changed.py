"""Releases of what changed alone (`release.only-changed`), in each ecosystem."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from castoff.model.plan import Plan
from castoff.session.session import open_session
from session.versioned import Versioned

SETTING = "[release]\nonly-changed = true\n"
PYTHON = """[project]
name = "{name}"
version = "{version}"
requires-python = ">=3.11"
dependencies = [{needs}]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
CRATE = """[package]
name = "{name}"
version = "{version}"
edition = "2021"
license = "MIT"
description = "A part"

[dependencies]
{needs}
"""


def npm(name: str, version: str = "1.0.0", **needs: str) -> str:
    spelled = {f"zz-{key}": text for key, text in needs.items()}
    return json.dumps({"name": name, "version": version, "dependencies": spelled}, indent=2) + "\n"


def python(name: str, version: str = "1.0.0", **needs: str) -> str:
    spelled = ", ".join(f'"zz-{key}{text}"' for key, text in needs.items())
    return PYTHON.format(name=name, version=version, needs=spelled)


def crate(name: str, version: str = "1.0.0", **needs: str) -> str:
    lines = (f'zz-{key} = {{ path = "../{key}", version = "{text}" }}' for key, text in needs.items())
    return CRATE.format(name=name, version=version, needs="\n".join(lines))


# Four packages: `b` pins `a`, `c` admits what is compatible with it, `d` is on its own.
NPM = {
    "package.json": '{"private": true, "workspaces": ["*"], "packageManager": "yarn@4.18.0"}\n',
    "a/package.json": npm("zz-a"),
    "b/package.json": npm("zz-b", a="workspace:*"),
    "c/package.json": npm("zz-c", a="^1.0.0"),
    "d/package.json": npm("zz-d"),
}
PY = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["*"]\n',
    "a/pyproject.toml": python("zz-a"),
    "b/pyproject.toml": python("zz-b", a="==1.0.0"),
    "c/pyproject.toml": python("zz-c", a=">=1.0.0"),
    "d/pyproject.toml": python("zz-d"),
}
RS = {
    "Cargo.toml": '[workspace]\nmembers = ["a", "b", "c", "d"]\nresolver = "2"\n',
    "a/Cargo.toml": crate("zz-a"),
    "b/Cargo.toml": crate("zz-b", a="=1.0.0"),
    "c/Cargo.toml": crate("zz-c", a="1.0.0"),
    "d/Cargo.toml": crate("zz-d"),
    **{f"{one}/src/lib.rs": "" for one in "abcd"},
}


def released(plan: Plan) -> dict[str, str]:
    """Return the packages of a plan, each with the reason."""
    return {one.package.name: one.package.change.reason for one in plan.packages if one.package.change}


def begun(folder: Path, files: dict[str, str], config: str = "") -> Versioned:
    return Versioned.begin(folder, {**files, "castoff.toml": SETTING + config}, "v1.0.0")


@pytest.mark.parametrize(
    ("files", "config", "expected"),
    [
        pytest.param(NPM, "", "a b", id="npm keeps"),
        pytest.param(NPM, '[npm]\nrequirements = "raise"\n', "a b c", id="npm raises"),
        pytest.param(PY, "", "a b", id="python keeps"),
        pytest.param(PY, '[python]\nrequirements = "raise"\n', "a b c", id="python raises"),
        pytest.param(RS, '[cargo]\nrequirements = "keep"\n', "a b", id="cargo keeps"),
        pytest.param(RS, "", "a b c", id="cargo raises"),
        pytest.param(NPM, 'facade = "zz-d"\n', "a b d", id="the facade"),
    ],
)
def test_what_changed_is_released_with_what_pins_it(
    tmp_path: Path, files: dict[str, str], config: str, expected: str
) -> None:
    made = begun(tmp_path, files, config)
    made.commit({"a/notes.txt": "x"})

    plan = made.plan("patch")

    assert not plan.errors
    assert sorted(released(plan)) == [f"zz-{one}" for one in expected.split()]
    assert released(plan)["zz-a"] == "changed since v1.0.0: `a/notes.txt`"
    kept = {one.name: (one.version, to, one.reason) for one, to in plan.members if one.name.startswith("zz-")}
    assert kept == {
        f"zz-{one}": ("1.0.0", None, "unchanged since v1.0.0") for one in "abcd" if one not in expected
    }
    touched = {edit.path.partition("/")[0] for edit in plan.edits}
    assert touched == set(expected.split())


@pytest.mark.parametrize("files", [NPM, PY, RS], ids=["npm", "python", "cargo"])
def test_each_package_is_compared_with_the_release_of_its_own_version(
    tmp_path: Path, files: dict[str, str]
) -> None:
    made = begun(tmp_path, files, '[cargo]\nrequirements = "keep"\n')
    name = next(path.partition("/")[2] for path in files if path.startswith("a/"))
    made.commit({"a/notes.txt": "x"})
    made.commit({f"{one}/{name}": files[f"{one}/{name}"].replace("1.0.0", "1.0.1") for one in "ab"}, "v1.0.1")
    made.commit({"c/notes.txt": "x"})

    plan = made.plan("patch")

    assert not plan.errors
    assert plan.shown_version == "1.0.2"
    assert released(plan) == {"zz-c": "changed since v1.0.0: `c/notes.txt`"}
    assert {one.name: one.reason for one, _ in plan.members if one.name.startswith("zz-")} == {
        "zz-a": "unchanged since v1.0.1",
        "zz-b": "unchanged since v1.0.1",
        "zz-d": "unchanged since v1.0.0",
    }


def test_packages_with_tags_of_their_own_are_compared_with_them(tmp_path: Path) -> None:
    """Two packages at one version were released at two commits; a third one never was."""
    files = {**NPM, "d/package.json": npm("zz-d", "0.1.0")}
    setting = {"castoff.toml": SETTING + 'package-tags = "{package}/v{version}"\n'}
    made = Versioned.begin(tmp_path, {**files, **setting}, "zz-a/v1.0.0")
    made.commit({"b/notes.txt": "x"}, "zz-b/v1.0.0")
    made.commit({"a/notes.txt": "x"})

    plan = made.plan("patch")

    assert released(plan) == {
        "zz-a": "changed since zz-a/v1.0.0: `a/notes.txt`",
        "zz-b": "it requires `zz-a` workspace:*",
        "zz-c": "1.0.0 has no tag",
        "zz-d": "0.1.0 has no tag",
    }


def test_a_release_in_flight_has_the_packages_of_its_version(tmp_path: Path) -> None:
    made = begun(tmp_path, NPM)
    made.commit({"a/notes.txt": "x"})
    changed = {f"{one}/package.json": NPM[f"{one}/package.json"].replace("1.0.0", "1.0.1") for one in "ab"}
    made.commit(changed, message="Release 1.0.1")

    plan = made.plan("patch")

    assert plan.resumes
    assert [one.package.name for one in plan.packages] == ["zz-a", "zz-b"]


def test_nothing_is_released_if_no_package_changed(tmp_path: Path) -> None:
    made = begun(tmp_path, NPM)

    assert [one.code for one in made.plan("patch").errors] == ["nothing-committed"]


def test_a_package_without_a_tag_of_its_version_is_new(tmp_path: Path) -> None:
    made = begun(tmp_path, NPM)
    made.commit({"e/package.json": npm("zz-e", "0.1.0")})

    assert released(made.plan("patch")) == {"zz-e": "0.1.0 has no tag"}


@pytest.mark.parametrize("versions", ["1.0.0 1.0.1 1.0.1", "1.0.0 1.0.1"], ids=["stray", "several"])
def test_without_the_setting_mixed_versions_are_refused_and_the_setting_is_named(
    tmp_path: Path, versions: str
) -> None:
    files = {
        f"{name}/package.json": npm(f"zz-{name}", version)
        for name, version in zip("abc", versions.split(), strict=False)
    }
    made = Versioned.begin(tmp_path, {"package.json": NPM["package.json"], **files}, "v1.0.1")
    made.commit({"a/notes.txt": "x"})

    before = made.plan("1.0.2").errors
    made.commit({"castoff.toml": SETTING})

    assert [one.code for one in before] == [
        "stray-version" if "1.0.1 1.0.1" in versions else "several-versions"
    ]
    assert "`only-changed = true` in `[release]`" in before[0].remedy
    assert not made.plan("1.0.2").errors


def test_only_released_packages_get_tags_of_their_own(tmp_path: Path) -> None:
    made = begun(tmp_path, NPM, "package-tags = true\n")
    made.commit({"a/notes.txt": "x"})
    changed = {f"{one}/package.json": NPM[f"{one}/package.json"].replace("1.0.0", "1.0.1") for one in "ab"}
    made.commit(changed, message="Release 1.0.1")

    with open_session(made.setting()) as session:
        release = session.release(session.snapshot.history.unfinished[0])

    assert [name for name, _ in release.each] == ["zz-a", "zz-b"]
    assert [one.id for one in release.workspace.packages] == ["zz-a", "zz-b"]
