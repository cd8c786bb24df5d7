from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from configuration_files import Files
from hypothesis import given
from hypothesis import strategies as st

from castoff.config import schema
from castoff.config.positions import Report, TablePath
from castoff.config.reader import parse_configuration, read_configuration
from castoff.config.rules import RULES
from castoff.config.tables import Table
from castoff.config.values import (
    Capture,
    Configuration,
    Limit,
    OptionalFor,
    PageSettings,
    Rate,
    Replace,
    Run,
)
from castoff.errors import ConfigurationError

ROOT = Path(__file__).parents[2]

FULL = """
[release]
branches = ["main", "release/*"]
remote = "upstream"
tag = "v{version}"
message = "chore: release {version} on {date}"
tag-message = "{name} {version}"
sign = "both"
signoff = true
facade = "kube"
exclude = ["examples", "crates/private-*"]

[version]
run = [
  {command = ["just", "fmt", "{version}"], writes = ["docs/**"]},
  {command = "scripts/pre 'two words'", folder = "facade"},
]

[[replace]]
file = "README.md"
search = 'kube = \\{ version = "[^"]+"'
replace = 'kube = { version = "{version}"'
min = 1
max = 3

[[check]]
name = "toolchain"
command = "cargo --version"

[[check]]
name = "recommended"
file = "README.md"
pattern = 'k8s-openapi = "([^"]+)"'
equals = {file = "Cargo.toml", pattern = 'k8s-openapi = "([^"]+)"'}
message = "the readme must recommend what is used"

[cargo]
features = ["k8s-openapi/latest"]
verify = false
registry = "mirror"

[python]
build = "python -m build -o"
publish = "twine"
index = "internal"

[limits."crates-io"]
new = {burst = 5, every = "10m"}
version = {burst = 30, every = 60}

[notes]
config = "ci/notes.yml"
kinds = {"bug" = "fixed", "type: feature" = "added"}
strict = true
optional-for = {authors = ["renovate[bot]"], paths = ["docs/**"]}

[milestone]
mode = "block"
title = "v{version}"
next = "patch"

[draft]
by = "ci"
latest = "never"

[changelog]
file = "docs/changes.md"
mode = "pull-request"
contributors = "keep"

[docs]
host = "readthedocs"
project = "harbour"
mode = "watch"
issue = false

[website]
repository = "kube-rs/website"
branch = "main"
mode = "pull-request"

[[website.pages]]
from = "CHANGELOG.md"
to = "docs/changelog.md"
banner = ""
header = "# Changelog"
drop = ["Old"]
headings = [{search = '^v', replace = ''}]

[due]
days = 14
labels = ["urgent"]
"""


def test_without_any_configuration_the_defaults_hold() -> None:
    loaded = read_configuration(Files({}))

    assert loaded.configuration == Configuration()
    assert loaded.source is None
    assert loaded.problems == ()


def test_the_defaults_are_as_the_reference_says() -> None:
    configuration = Configuration()

    assert configuration.release.branches == ("main", "master", "[0-9]*.[0-9]*.x")
    assert configuration.release.tag is None
    assert configuration.release.sign is None
    assert configuration.release.message == "release {version}"
    assert configuration.changelog.mode == "push"
    assert configuration.milestone.mode == "move"
    assert configuration.draft.by == "castoff"


def test_every_key_is_read() -> None:
    configuration = read_configuration(Files({"castoff.toml": FULL, "ci/notes.yml": ""})).configuration

    assert configuration.release.facade == "kube"
    assert configuration.release.sign == "both"
    assert configuration.version.run == (
        Run(command=("just", "fmt", "{version}"), writes=("docs/**",)),
        Run(command=("scripts/pre", "two words"), folder="facade"),
    )
    assert configuration.replace == (
        Replace(
            file="README.md",
            search=r'kube = \{ version = "[^"]+"',
            replace='kube = { version = "{version}"',
            min=1,
            max=3,
        ),
    )
    assert configuration.check[0].command == ("cargo", "--version")
    assert configuration.check[1].equals == Capture(file="Cargo.toml", pattern='k8s-openapi = "([^"]+)"')
    assert configuration.cargo.registry == "mirror"
    assert configuration.python.build == ("python", "-m", "build", "-o")
    assert configuration.limits == (
        Limit(
            name="crates-io",
            new=Rate(burst=5, every=600.0),
            version=Rate(burst=30, every=60.0),
        ),
    )
    assert configuration.notes.kinds == (("bug", "fixed"), ("type: feature", "added"))
    assert configuration.notes.optional_for == OptionalFor(authors=("renovate[bot]",), paths=("docs/**",))
    assert isinstance(configuration.website.pages[0], PageSettings)
    assert configuration.website.pages[0].source == "CHANGELOG.md"
    assert configuration.due.days == 14


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"castoff.toml": "[due]\ndays = 7\n"}, "castoff.toml"),
        ({"Cargo.toml": "[workspace.metadata.castoff.due]\ndays = 7\n"}, "Cargo.toml"),
        ({"Cargo.toml": "[package.metadata.castoff]\ndue.days = 7\n"}, "Cargo.toml"),
        ({"pyproject.toml": "[tool.castoff.due]\ndays = 7\n"}, "pyproject.toml"),
        (
            {"castoff.toml": "[due]\ndays = 7\n", "Cargo.toml": "# castoff\n[workspace]\n"},
            "castoff.toml",
        ),
        ({"castoff.toml": "\ufeff[due]\r\ndays = 7\r\n"}, "castoff.toml"),
        ({"castoff.toml": "[due]\ndays = 7\n", "release.toml": "push = false\n"}, "castoff.toml"),
    ],
    ids=[
        "own file",
        "workspace",
        "package",
        "pyproject",
        "only named in a comment",
        "BOM and CRLF",
        "own wins",
    ],
)
def test_the_configuration_is_found(files: dict[str, str], source: str) -> None:
    loaded = read_configuration(Files(files))

    assert loaded.configuration.due.days == 7
    assert loaded.source == source
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("files", "folders", "source"),
    [
        ({"rust/castoff.toml": "", "castoff.toml": ""}, (".", "rust"), "castoff.toml"),
        (
            {"rust/castoff.toml": "", "rust/a/castoff.toml": ""},
            (".", "rust/a", "rust"),
            "rust/a/castoff.toml",
        ),
        ({"rust/castoff.toml": ""}, (".", "rust/a", "rust"), "rust/castoff.toml"),
        ({"rust/Cargo.toml": "[workspace.metadata.castoff]\n"}, (".", "rust"), "rust/Cargo.toml"),
        ({"rust/castoff.toml": ""}, (".",), None),
    ],
    ids=["the root first", "the nearest", "above", "in a manifest", "not looked for"],
)
def test_the_first_folder_with_a_configuration_counts(
    files: dict[str, str], folders: tuple[str, ...], source: str | None
) -> None:
    assert read_configuration(Files(files), folders=folders).source == source


def test_settings_for_npm_are_read() -> None:
    text = '[npm]\nbuild = ["npm", "run", "build"]\naccess = "public"\ndist-tag = "next"\nverify = "none"\n'
    npm = read_configuration(Files({"castoff.toml": text})).configuration.npm
    assert (npm.build, npm.access, npm.dist_tag, npm.verify) == (
        ("npm", "run", "build"),
        "public",
        "next",
        "none",
    )


@pytest.mark.parametrize("tag", ["v1", "1.x", "^2.0.0", ">=1", "x"])
def test_a_dist_tag_is_not_a_range(tag: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(Files({"castoff.toml": f'[npm]\ndist-tag = "{tag}"\n'}))

    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.line) == ("impossible-value", "castoff.toml", 2)


def test_a_named_file_comes_before_all_others() -> None:
    tree = Files({"castoff.toml": "[due]\ndays = 7\n"})

    loaded = read_configuration(tree, explicit=("ci/other.toml", "[due]\ndays = 8\n"))

    assert loaded.configuration.due.days == 8
    assert loaded.source == "ci/other.toml"


def test_a_broken_manifest_without_our_name_in_it_is_not_our_business() -> None:
    assert read_configuration(Files({"Cargo.toml": "[["})).source is None


@pytest.mark.parametrize("path", [".github/release.yml", ".github/release.yaml"])
def test_the_usual_file_of_the_notes_is_found(path: str) -> None:
    assert read_configuration(Files({path: ""})).configuration.notes.config == path
    with_own = read_configuration(Files({path: "", "castoff.toml": ""}))
    assert with_own.configuration.notes.config == path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30.0), ("0.5", 0.5), ('"45s"', 45.0), ('"10m"', 600.0), ('"1.5 h"', 5400.0), ('"1d"', 86_400.0)],
)
def test_time_spans_are_read_in_seconds(text: str, seconds: float) -> None:
    configuration = parse_configuration(f"[limits.x]\nnew = {{burst = 1, every = {text}}}\n")

    assert configuration.limits[0].new == Rate(burst=1, every=seconds)


def test_the_schema_and_the_reference_page_are_current() -> None:
    assert (ROOT / "src/castoff/schemas/castoff.schema.json").read_text("utf-8") == schema.schema_text()
    assert (ROOT / "docs/reference/configuration.md").read_text("utf-8") == schema.reference_text()


def test_the_schema_is_one_and_takes_what_castoff_takes() -> None:
    import tomllib

    described = json.loads(schema.schema_text())

    jsonschema.Draft7Validator.check_schema(described)
    jsonschema.validate(tomllib.loads(FULL), described)
    jsonschema.validate({}, described)


@pytest.mark.parametrize(
    "text",
    ["[relase]\n", '[release]\nsign = "all"\n', "[due]\ndays = true\n", "[limits.x]\nnew = {burst = 1}\n"],
)
def test_the_schema_refuses_what_castoff_refuses(text: str) -> None:
    import tomllib

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), json.loads(schema.schema_text()))


_SCALARS = st.one_of(st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.none())
_NAMES = """
    release version replace check cargo limits notes website branches tag run command file search count pages
    from to new burst every kinds optional-for authors equals pattern name
"""
_KEYS = st.one_of(st.sampled_from(_NAMES.split()), st.text(max_size=5))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_no_document_does_more_than_make_problems(document: dict[str, object]) -> None:
    report = Report("castoff.toml", rules=RULES)

    made = Table(Configuration).read(document, TablePath(report))

    assert isinstance(made, Configuration) or report.problems
    for problem in report.problems:
        assert problem.message.isprintable()
        assert problem.line is None


@given(st.text(max_size=80))
def test_no_text_does_more_than_make_our_error(text: str) -> None:
    try:
        parse_configuration(text)
    except ConfigurationError as error:
        assert all(problem.file == "castoff.toml" for problem in error.problems)
