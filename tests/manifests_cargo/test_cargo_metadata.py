"""Is what crates-io refuses at the upload told before, and nothing that it takes?"""

from __future__ import annotations

import pytest
from cargo_trees import Files, package

from castoff.foresight.cargo_metadata import judge_metadata

GOOD = 'description = "A crate"\nlicense = "MIT"\n'


def crate(lines: str) -> Files:
    return Files({"Cargo.toml": package("solo", lines, version='version = "1.0.0"')})


@pytest.mark.parametrize(
    "lines",
    [
        GOOD,
        'description = "x"\nlicense-file = "LICENSE"\n',
        GOOD + 'keywords = ["a", "b-c", "d_e", "f+g", "12345678901234567890"]\ncategories = ["a::b"]\n',
        GOOD + 'homepage = "https://example.invalid"\nrust-version = "1.85"\n',
        'publish = ["mine"]\n',
        "publish = false\n",
    ],
)
def test_what_is_taken_is_not_accused(lines: str) -> None:
    assert judge_metadata(crate(lines)) == ()


@pytest.mark.parametrize(
    ("lines", "line", "word"),
    [
        ('license = "MIT"\n', 1, "description"),
        ('license = "MIT"\ndescription = " "\n', 5, "description"),
        (f'license = "MIT"\ndescription = "{"x" * 1001}"\n', 5, "1000"),
        ('description = "x"\n', 1, "license"),
        (GOOD + 'homepage = "example.invalid"\n', 6, "homepage"),
        (GOOD + 'repository = "git@example.invalid:x"\n', 6, "repository"),
        (GOOD + 'keywords = ["a", "b", "c", "d", "e", "f"]\n', 6, "6 keywords"),
        (GOOD + 'keywords = ["a keyword"]\n', 6, "a keyword"),
        (GOOD + 'keywords = ["123456789012345678901"]\n', 6, "keyword"),
        (GOOD + 'keywords = [""]\n', 6, "keyword"),
        (GOOD + 'categories = ["a", "b", "c", "d", "e", "f"]\n', 6, "categories"),
        (GOOD + 'rust-version = "stable"\n', 6, "rust-version"),
    ],
)
def test_what_is_refused_is_told_with_its_line(lines: str, line: int, word: str) -> None:
    (problem,) = judge_metadata(crate(lines))

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

    assert judge_metadata(files) == ()
    assert judge_metadata(Files({})) == ()
