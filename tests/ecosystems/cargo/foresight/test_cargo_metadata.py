"""Is what crates-io refuses at the upload told before, and nothing that it takes?"""

from __future__ import annotations

import pytest
from cargo_trees import Files, discover, package, tree

from castoff.ecosystems.cargo.foresight.metadata import judge_metadata
from castoff.errors import Problem
from castoff.model.workspace import Workspace

GOOD = 'description = "A crate"\nlicense = "MIT"\n'


def crate(lines: str) -> Files:
    return Files({"Cargo.toml": package("solo", lines, version='version = "1.0.0"')})


def metadata_of(files: Files) -> tuple[Problem, ...]:
    return judge_metadata(files, discover(files))


@pytest.mark.parametrize(
    "lines",
    [
        GOOD,
        'description = "x"\nlicense-file = "LICENSE"\n',
        GOOD
        + 'keywords = ["a", "b-c", "d_e", "f+g", "12345678901234567890"]\ncategories = ["os::unix-apis"]\n',
        GOOD + 'homepage = "https://example.invalid"\nrust-version = "1.85"\n',
        'publish = ["mine"]\n',
        "publish = false\n",
    ],
)
def test_what_is_taken_is_not_accused(lines: str) -> None:
    assert metadata_of(crate(lines)) == ()


@pytest.mark.parametrize(
    ("lines", "line", "word"),
    [
        ('license = "MIT"\n', 1, "description"),
        ('license = "MIT"\ndescription = ""\n', 5, "description"),
        (f'license = "MIT"\ndescription = "{"é" * 501}"\n', 5, "1000"),
        ('description = "x"\nlicense = "MIT OR Apache2"\n', 5, "`Apache-2.0` is"),
        ('description = "x"\n', 1, "license"),
        (GOOD + 'homepage = "example.invalid"\n', 6, "homepage"),
        (GOOD + 'repository = "git@example.invalid:x"\n', 6, "repository"),
        (GOOD + 'keywords = ["a", "b", "c", "d", "e", "f"]\n', 6, "6 keywords"),
        (GOOD + 'keywords = ["a keyword"]\n', 6, "a keyword"),
        (GOOD + 'keywords = ["123456789012345678901"]\n', 6, "keyword"),
        (GOOD + 'keywords = [""]\n', 6, "keyword"),
        (GOOD + 'categories = ["os", "gui", "wasm", "config", "caching", "science"]\n', 6, "6 categories"),
        (GOOD + 'categories = ["Wasm"]\n', 6, "`wasm` is"),
        (GOOD + '[features]\nx = []\n"a b" = []\n', 8, "`a b`"),
        (GOOD + 'rust-version = "stable"\n', 6, "rust-version"),
    ],
)
def test_what_is_refused_is_told_with_its_line(lines: str, line: int, word: str) -> None:
    (problem,) = metadata_of(crate(lines))

    assert (problem.code, problem.file, problem.line, problem.package) == (
        "metadata-refused",
        "Cargo.toml",
        line,
        "solo",
    )
    assert word in problem.message


def test_inherited_metadata_counts() -> None:
    files = Files(
        {
            "Cargo.toml": "[workspace]\nmembers = ['a']\n[workspace.package]\nversion = '1.0.0'\n" + GOOD,
            "a/Cargo.toml": package("a", "description.workspace = true\nlicense.workspace = true\n"),
        }
    )

    assert metadata_of(files) == ()
    assert judge_metadata(Files({}), Workspace(packages=())) == ()


@pytest.mark.parametrize(
    ("sibling", "own", "entry", "found"),
    [
        ('publish = ["mine"]', "", 'version = "1"', True),
        ('publish = ["mine"]', 'publish = ["mine"]', 'version = "1"', True),  # no registry means crates-io
        ('publish = ["mine"]', 'publish = ["mine"]', 'version = "1", registry = "mine"', False),
        ('publish = ["mine"]', 'publish = ["other"]', 'version = "1", registry = "other"', True),
        ('publish = ["mine", "crates-io"]', "", 'version = "1"', False),
        ('publish = ["crates-io"]', "", 'version = "1"', False),
        ("", "", 'version = "1"', False),
    ],
)
@pytest.mark.parametrize("table", ["dependencies", "build-dependencies", "dev-dependencies"])
def test_a_sibling_is_needed_where_it_is_published(
    sibling: str, own: str, entry: str, found: bool, table: str
) -> None:
    needs = f'{GOOD}{own}\n[{table}]\na = {{ path = "../a", {entry} }}\n'
    files = tree(a=package("a", GOOD + sibling + "\n"), b=package("b", needs))

    codes = [(one.code, one.package, one.file) for one in metadata_of(files)]

    assert codes == ([("foreign-registry", "b", "crates/b/Cargo.toml")] if found else [])


def test_a_path_alone_among_dev_dependencies_needs_no_registry() -> None:
    needs = GOOD + '[dev-dependencies]\na = { path = "../a" }\n'
    files = tree(a=package("a", GOOD + 'publish = ["mine"]\n'), b=package("b", needs))

    assert metadata_of(files) == ()
