from __future__ import annotations

import pytest

from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package
from castoff.preflight.mentions import mentions


def package(name: str, ecosystem: Ecosystem = "python") -> Package:
    return Package(
        name=name,
        ecosystem=ecosystem,
        path=f"packages/{name}",
        manifest=f"packages/{name}/pyproject.toml",
        version="1.2.0",
        version_file=f"packages/{name}/pyproject.toml",
    )


TIDES = (package("tidepool"), package("tidepool-core"), package("tides", "npm"))


def found(path: str, text: str) -> list[tuple[int, str]]:
    told = mentions([path], {path: text}.get, TIDES, {"1.2.0"})
    return [(one.line, one.before) for one in told]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Current release: 1.2.0", [(1, "Current release: ")]),
        ("It is 1.2.0.", [(1, "It is ")]),
        ("\n    pip install tidepool==1.2.0", [(2, "    pip install tidepool==")]),
        ('"tidepool[all] >= 1.2.0"', [(1, '"tidepool[all] >= ')]),
        ('tidepool_core = "1.2.0"', [(1, 'tidepool_core = "')]),
        (
            "![v](https://img.example/badge/version-1.2.0-blue)",
            [(1, "![v](https://img.example/badge/version-")],
        ),
        ("from tag `v1.2.0`", [(1, "from tag `v")]),
        ("rev = 1.2.0 and 1.2.0", [(1, "rev = "), (1, "rev = 1.2.0 and ")]),
        ("11.2.0, 1.2.01, 1.2.0.1, 1.2.0-rc.1, 1.2.0rc1, tidepool-1.2.0.tar.gz", []),
        ("numpy==1.2.0", []),
        ('serde = "1.2.0"', []),
        ("Needs numpy >= 1.2.0 and tidepool >= 1.2.0", [(1, "Needs numpy >= 1.2.0 and tidepool >= ")]),
        ("New since 1.2.0: waves. Added in version 1.2.0", []),
        ("## Changelog\n\n1.2.0 was wet\n\n### More\n1.2.0\n\n## Use\n1.2.0", [(9, "")]),
    ],
)
def test_a_document_says_a_version_where_it_is_a_whole_word_of_today(
    text: str, places: list[tuple[int, str]]
) -> None:
    assert found("README.md", text) == places


@pytest.mark.parametrize(
    ("path", "is_looked_at"),
    [
        ("README.md", True),
        ("packages/tidepool/README.rst", True),
        ("docs/index.md", True),
        ("packages/tidepool/src/README.md", False),
        ("CHANGELOG.md", False),
        ("docs/news.md", False),
    ],
)
def test_only_readmes_and_the_first_page_of_the_documentation_are_read(path: str, is_looked_at: bool) -> None:
    assert bool(found(path, "1.2.0")) == is_looked_at


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("packages/tidepool/src/tidepool/__init__.py", '"""Tides."""\n__version__ = "1.2.0"\n', 2),
        ("packages/tidepool/tidepool/_version.py", "__version__: str = '1.2.0'", 1),
        ("packages/tidepool/src/tidepool/__init__.py", 'OLD = "1.2.0"\n# since 1.2.0\n', 0),
        ("packages/tidepool/tests/data/old/__init__.py", '__version__ = "1.2.0"', 0),
        ("packages/tides/jsr.json", '{\n  "name": "@sea/tides",\n  "version": "1.2.0"\n}\n', 3),
        ("packages/tides/deno.jsonc", '// Deno\n{ "version": "1.2.0" }\n', 2),
        ("packages/tides/jsr.json", '{"name":"@sea/tides","version":"1.2.0"}', 1),
        ("packages/tides/jsr.json", '{"imports":{"version":"1.2.0"}}', 0),
        ("packages/tides/jsr.json", '{\n  "imports": { "version": "npm:1.2.0" }\n}\n', 0),
        ("packages/tides/test/jsr.json", '{ "version": "1.2.0" }', 0),
        ("packages/tidepool/jsr.json", '{ "version": "1.2.0" }', 0),
        ("packages/tides/src/version.ts", 'export const VERSION: string = "1.2.0";\n', 1),
        ("packages/tides/src/version.ts", 'export const PACKAGE_VERSION = "1.2.0"\n', 1),
        ("packages/tides/src/version.ts", "export const sdkVersion = '1.2.0'\n", 1),
        ("packages/tides/version.js", "const version = '1.2.0'\n", 1),
        ("packages/tides/src/version.ts", "export const OLDEST = '1.2.0'\n", 0),
        ("packages/tides/src/index.ts", "export const version = '1.2.0'\n", 0),
    ],
)
def test_a_module_says_it_by_its_attribute(path: str, text: str, line: int) -> None:
    assert [number for number, _ in found(path, text)] == ([line] if line else [])


def test_hostile_text_takes_no_time() -> None:
    text = "a[" * 2000 + "=" * 5000 + "1.2.0 " + "since " * 3000 + "1.2." * 3000 + "\n" + "#" * 9000

    assert found("README.md", text * 5) is not None
