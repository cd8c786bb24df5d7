"""Manifests in TOML 1.1, which cargo reads since 1.94: the same data as the real cargo, and edits by position."""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path

import pytest
from cargo_trees import Files, edited, package, tree

from castoff.errors import WorkspaceError
from castoff.text.toml import parse

READ = {
    "newlines in an inline table": 'v = {\n  a = 1,\n  b = "x"\n}',
    "trailing comma": "v = { a = 1, }",
    "trailing comma and newline": "v = {\n  a = 1,\n}",
    "comments in an inline table": "v = { # a }\n  a = 1, # , b = 2\n  # }\n}",
    "carriage returns in an inline table": "v = {\r\n  a = 1\r\n}",
    "comma at the start of a line": "v = { a = 1\n, b = 2 }",
    "empty over lines": "v = {\n\n}",
    "nested": "v = { a = [1,\n 2,\n], b = {\n  c = {\n  },\n}}",
    "dotted keys": "v = {\n  a.b = 1,\n  a.c = 2,\n}",
    "quoted keys": "v = {\n  'a b' = 1,\n  \"c\\x41\" = 2,\n}",
    "escape character": 'v = "\\e[0m"',
    "hexadecimal escape": 'v = "\\x41\\xe9\\x00"',
    "escapes in a long string": 'v = """\\e\\x41"""',
    "no escapes in a literal string": "v = '\\e\\x41'",
    "escape in a key": '"\\e" = 1',
    "time without seconds": "v = 07:32",
    "local time without seconds": "v = 1979-05-27 07:32",
    "offset time without seconds": "v = 1979-05-27T07:32-07:00",
}
REFUSED = {
    "only a comma": "v = {,}",
    "two commas": "v = { a = 1,, b = 2 }",
    "no comma": "v = { a = 1\n b = 2 }",
    "a key twice": "v = {\n  a = 1,\n  a = 2,\n}",
    "a value and a table": "v = {\n  a.b = 1,\n  a = 2,\n}",
    "not hexadecimal": 'v = "\\xZZ"',
    "one hexadecimal digit": 'v = "\\x4"',
    "unknown escape": 'v = "\\q"',
    "hour 24": "v = 24:00",
    "bare key outside of ASCII": "é = 1",
    "newline in a header": "[v\n]",
}


def manifest(name: str, text: str) -> str:
    return f'[package]\nname = "{name}"\nversion = "1.0.0"\n[package.metadata]\n{text}\n'


def as_cargo_prints(value: object) -> object:
    match value:
        case dict():
            return {key: as_cargo_prints(one) for key, one in value.items()}
        case list():
            return [as_cargo_prints(one) for one in value]
        case datetime.time() | datetime.datetime():
            return {"$__toml_private_datetime": value.isoformat()}
        case _:
            return value


@pytest.mark.needs("cargo")
@pytest.mark.real
def test_what_cargo_reads_is_read_to_the_same_data(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["m*"]\nresolver = "2"\n')
    for number, text in enumerate(READ.values()):
        (tmp_path / f"m{number}" / "src").mkdir(parents=True)
        (tmp_path / f"m{number}" / "src" / "lib.rs").touch()
        (tmp_path / f"m{number}" / "Cargo.toml").write_bytes(manifest(f"m{number}", text).encode())

    words = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    printed = {one["name"]: one["metadata"] for one in json.loads(done.stdout)["packages"]}

    ours = {
        f"m{number}": as_cargo_prints(parse(manifest("m", text), "m/Cargo.toml")["package"]["metadata"])
        for number, text in enumerate(READ.values())
    }
    assert ours == printed


@pytest.mark.needs("cargo")
@pytest.mark.real
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cargo_refuses_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "lib.rs").touch()
    (tmp_path / "Cargo.toml").write_text(manifest("m", text))

    done = subprocess.run(["cargo", "read-manifest"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode != 0
    with pytest.raises(WorkspaceError, match="toml-invalid"):
        parse(manifest("m", text), "Cargo.toml")


@pytest.mark.parametrize("text", READ.values(), ids=READ.keys())
def test_pyproject_stays_at_toml_1_0(text: str) -> None:
    if text.startswith("v = '"):
        assert parse(text, "a/pyproject.toml") == {"v": "\\e\\x41"}
        return
    with pytest.raises(WorkspaceError) as caught:
        parse(text, "a/pyproject.toml")

    (problem,) = caught.value.problems
    assert problem.reason.endswith("; TOML 1.1 allows it, `pyproject.toml` is TOML 1.0")


@pytest.mark.parametrize(
    "text",
    [
        """v = { a = "}",\n b = "{" }""",
        """v = { a = "{" \n }""",
        """v = { a = {b = 1}\n}""",
        """v = { a = 1 # }\n}""",
        """v = [{ a = 1, }]""",
        """v = { t = 07:32 }""",
        """v = { a = "\\e" }""",
        """v = '''{''' \nw = {\n}""",
    ],
)
def test_nothing_of_toml_1_1_is_hidden_from_the_reader_of_pyproject(text: str) -> None:
    parse(text, "Cargo.toml")
    with pytest.raises(WorkspaceError, match="toml-invalid"):
        parse(text, "pyproject.toml")


def test_what_neither_version_allows_is_not_called_newer() -> None:
    with pytest.raises(WorkspaceError) as caught:
        parse("v = {,}", "pyproject.toml")

    assert "TOML 1.1" not in caught.value.problems[0].reason


ENTRIES = {
    "over lines": 'a = {\n  path = "../a",\n  version = "=OLD"\n}',
    "trailing comma": 'a = { path = "../a", version = "=OLD", }',
    "comments that look like entries": (
        'a = { # version = "=9.9.9" }\n  version = "=OLD", # the version\n  path = "../a",\n}'
    ),
    "after an escape": 'a = { path = "\\x2e./a", features = ["\\e"], version = "=OLD" }',
    "a literal string": "a = {\n  path = '../a',\n  version = '=OLD',\n}",
    "a quoted key": '"\\x61" = {\n  "path" = "../a",\n  "versio\\x6e" = "=OLD",\n}',
    "after a table over lines": (
        'x = {\n  version = "1",\n  features = [\n    "}",\n  ],\n}\na = { path = "../a", version = "=OLD" }'
    ),
    "carriage returns": 'a = {\r\n  path = "../a",\r\n  version = "=OLD",\r\n}',
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_a_requirement_moves_and_nothing_else_changes(entry: str) -> None:
    text = package("b", "[dependencies]\n") + entry.replace("OLD", "1.2.0") + "\n[features]\nx = []\n"
    files = tree(a=package("a"), b=text)

    result = edited(files, "1.3.0")

    assert result.texts["crates/b/Cargo.toml"] == text.replace("=1.2.0", "=1.3.0")
    (edit,) = [one for one in result.edits if one.kind == "requirement"]
    assert text.splitlines()[edit.line - 1].count("=1.2.0") == 1


def test_a_version_and_a_shared_requirement_move_in_inline_tables_over_lines() -> None:
    root = (
        'workspace = {\n  members = ["crates/*"],\n  package = {\n    version = "1.2.0",\n  },\n'
        '  dependencies = {\n    a = { path = "crates/a", version = "1.2.0", },\n  },\n}\n'
    )
    files = Files(
        {
            "Cargo.toml": root,
            "crates/a/Cargo.toml": package("a"),
            "crates/b/Cargo.toml": package("b", "[dependencies]\na = {\n  workspace = true,\n}\n"),
        }
    )

    result = edited(files, "1.3.0")

    assert result.texts == {"Cargo.toml": root.replace("1.2.0", "1.3.0")}
    assert [(edit.line, edit.kind) for edit in result.edits] == [(4, "version"), (7, "requirement")]
