"""What cargo, rustup and uv read in the folders above the user's checkout is found above the clone as well."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from git_ground import Ground

from castoff.git import Clone
from castoff.wiring.services import toolchain_override


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clones lie outside of the folder of the test, as they do outside of a user's home."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("clones")))


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def above(clone: Clone, name: str) -> list[str]:
    """Read a file in all folders above the clone, the nearest first."""
    return [(one / name).read_text("utf-8") for one in clone.root.parents if (one / name).is_file()]


@pytest.mark.parametrize(
    "name",
    [
        ".cargo/config.toml",
        ".cargo/config",
        "rust-toolchain",
        "rust-toolchain.toml",
        "uv.toml",
        ".python-version",
    ],
)
def test_files_above_the_checkout_lie_above_the_clone_in_the_same_order(ground: Ground, name: str) -> None:
    root = ground.new("a/b/here")
    write(ground.folder / name, "# far\n")
    write(ground.folder / "a" / "b" / name, "# near\n")

    with Clone.of(ground.repository(root)) as clone:
        assert above(clone, name) == ["# near\n", "# far\n"]
        assert clone.changed_paths() != ()
        clone.check_out("HEAD")
        assert clone.changed_paths() == ()
        holder = clone.root.parents[2]

    assert not holder.exists()
    assert (ground.folder / name).read_text("utf-8") == "# far\n"


def test_without_such_files_nothing_lies_above_the_clone(ground: Ground) -> None:
    write(ground.folder / "Cargo.toml", "[workspace]\n")
    write(ground.folder / ".cargo" / "registry" / "x", "x")

    with Clone.of(ground.repository(ground.new())) as clone:
        assert [one.name for one in clone.root.parent.iterdir()] == ["tree"]


@pytest.mark.parametrize("variable", ["HOME", "CARGO_HOME"])
def test_the_home_of_cargo_is_not_above(ground: Ground, variable: str) -> None:
    folder = ground.folder / "user"
    home = folder / ".cargo"
    write(home / "config.toml", "[env]\n")
    made = Ground(ground.folder, {variable: str(folder if variable == "HOME" else home)})
    made.git(".", "init", "--quiet", "user/here")
    made.commit(made.folder / "user/here", "first", {"a": "a\n"})

    with Clone.of(made.repository(made.folder / "user/here")) as clone:
        assert above(clone, ".cargo/config.toml") == []


def test_a_relative_path_in_a_configuration_leads_to_the_same_file(ground: Ground) -> None:
    write(ground.folder / ".cargo" / "config.toml", '[build]\nrustc-wrapper = "tools/wrap"\n')
    write(ground.folder / "tools" / "wrap", "w\n")

    with Clone.of(ground.repository(ground.new())) as clone:
        assert (clone.root.parent / "tools" / "wrap").read_text("utf-8") == "w\n"


@pytest.mark.parametrize(
    ("name", "text", "stays"),
    [
        (".cargo/config.toml", '[env]\nA = "1"\n', True),
        (".cargo/config.toml", '[source.crates-io]\nreplace-with = "mirror"\n', False),
        (".cargo/config.toml", '[registry]\ntoken = "secret"\n', False),
        (".cargo/config.toml", "not toml", True),
        ("uv.toml", "offline = true\n", True),
        ("uv.toml", '[[index]]\nurl = "http://127.0.0.1:1/"\n', False),
    ],
)
def test_a_rehearsal_does_not_see_what_leads_outside(
    ground: Ground, name: str, text: str, stays: bool
) -> None:
    write(ground.folder / name, text)

    with Clone.of(ground.repository(ground.new())) as clone:
        with clone.scrubbed():
            assert above(clone, name) == ([text] if stays else [])
            with Clone.of(ground.repository(clone.root)) as inner:
                assert above(inner, name) == ([text] if stays else [])
        assert above(clone, name) == [text]


@pytest.mark.parametrize(
    ("overrides", "files", "environment", "expected"),
    [
        ({"a/b": "nightly"}, [], {}, "nightly"),
        ({"a": "nightly"}, [], {}, "nightly"),
        ({"a": "nightly", "a/b": "beta"}, [], {}, "beta"),
        ({"a": "nightly"}, ["a/b/rust-toolchain.toml"], {}, None),
        ({"a/b": "nightly"}, ["a/b/rust-toolchain"], {}, "nightly"),
        ({"a/c": "nightly"}, [], {}, None),
        ({"a": "nightly"}, [], {"RUSTUP_TOOLCHAIN": "1.80"}, None),
        ({}, [], {}, None),
    ],
)
def test_an_override_of_the_folder_names_the_toolchain(
    tmp_path: Path,
    overrides: dict[str, str],
    files: list[str],
    environment: dict[str, str],
    expected: str | None,
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    rows = "".join(f'"{tmp_path / folder}" = "{name}"\n' for folder, name in overrides.items())
    write(tmp_path / "rustup" / "settings.toml", f"[overrides]\n{rows}")
    for file in files:
        write(tmp_path / file, "stable\n")

    found = toolchain_override({"RUSTUP_HOME": str(tmp_path / "rustup"), **environment}, tmp_path / "a" / "b")

    assert found.get("RUSTUP_TOOLCHAIN") == expected
