from __future__ import annotations

import pytest
from moving_in_trees import ROCKET, Texts

from castoff.config.reader import parse_configuration
from castoff.config.values import Configuration
from castoff.errors import Problem
from castoff.setup.configuration import ProposedConfiguration, draft_configuration
from castoff.setup.surroundings import Surroundings

FOLDERS = ("rocket", "rocket-derive")


def drafted(changes: dict[str, str | None] | None = None, **around: object) -> ProposedConfiguration:
    """Draft for the rocket, with some files changed or (None) taken away."""
    texts = {path: text for path, text in {**ROCKET, **(changes or {})}.items() if text is not None}
    known: dict[str, object] = {"folders": FOLDERS, "tag": "{version}", "branch": "main", "current": "1.2.0"}
    return draft_configuration(Surroundings(tree=Texts(texts), **{**known, **around}))  # type: ignore[arg-type]


def read(draft: ProposedConfiguration) -> Configuration:
    return parse_configuration(draft.text)


def test_a_project_of_the_kind_of_kube_moves_in_completely() -> None:
    draft = drafted()
    made = read(draft)

    assert not any(one.needs_you for one in draft.left)
    assert made.version.run == ()
    assert [(rule.file, rule.literal, rule.min) for rule in made.replace] == [
        ("rocket-derive/README.md", True, 0),
        ("README.md", True, None),
    ]
    assert [check.name for check in made.check] == ["recommended version of fuel"]
    assert made.cargo.features == ("fuel/latest",)
    assert made.release.sign == "both"
    assert made.draft.by == "ci"


def test_only_what_differs_from_the_defaults_is_written_and_each_has_its_reason() -> None:
    draft = drafted()

    assert "message =" not in draft.text.partition("[[check]]")[0]
    assert "tag =" not in draft.text
    for line in ("sign = ", "features = ", "by = "):
        at = draft.text.index(line)
        assert draft.text[:at].rstrip("\n").rpartition("\n")[2].startswith("# ")


def test_a_stale_text_is_reported() -> None:
    assert "It has no match for the current version 1.2.0" in drafted().text.replace("\n# ", " ")


def test_a_plain_workspace_needs_no_configuration() -> None:
    nothing = {path: None for path in ROCKET if path not in ("Cargo.toml", "CHANGELOG.md", "README.md")}

    assert drafted(nothing).text == ""


def test_a_hook_that_is_not_understood_stays_and_the_rules_are_offered() -> None:
    hook = 'sed -i "s/$PREV_VERSION/$NEW_VERSION/" README.md\npython3 bump.py\n'
    draft = drafted({"scripts/pre.sh": hook})

    (run,) = read(draft).version.run
    assert run.command == ("../scripts/pre.sh",)
    assert read(draft).replace == ()
    assert '# file = "README.md"' in draft.text
    assert [(one.where, one.needs_you) for one in draft.left] == [("scripts/pre.sh:2", True)]


@pytest.mark.parametrize(
    "hook",
    [
        '["bash", "-c", "sed -i s/$PREV_VERSION/$NEW_VERSION/ README.md"]',
        '["bash", "../scripts/small.sh", "{{prev_version}}", "{{version}}"]',
    ],
)
def test_a_hook_that_names_its_shell_is_read_as_well(hook: str) -> None:
    draft = drafted(
        {
            "release.toml": f"pre-release-hook = {hook}\n",
            "scripts/small.sh": 'sed -i "s/$1/$2/g" README.md\n',
        }
    )

    assert [rule.search for rule in read(draft).replace] == ["{previous}"]


def test_a_hook_that_is_no_script_goes_on_being_run() -> None:
    draft = drafted({"release.toml": 'pre-release-hook = ["git", "cliff", "-o", "NEWS.txt"]\n'})

    assert read(draft).version.run[0].command == ("git", "cliff", "-o", "NEWS.txt")


@pytest.mark.parametrize(
    ("path", "text", "file", "left"),
    [
        ("NEWS.md", "# News\n\n## 1.0.0 - 2026-01-01\n\n- a\n", "NEWS.md", []),
        ("HISTORY.md", "History\n=======\n\nv1.0\n----\n\n- a\n", "HISTORY.md", []),
        ("CHANGES.md", "# Changes\n\n## Unreleased\n", "CHANGES.md", []),
        ("CHANGES.md", "# Changes\n", "CHANGES.md", []),
        ("NEWS.md", "# News\n\n## We have a new logo\n\n## Python 3.12 is fast\n", None, []),
        ("HISTORY.md", "# History\n\nThe project was started in 1999.\n", None, []),
        ("releases.md", "# Release process\n\nTag it.\n", None, []),
        ("news.txt", "The tide is in.\n", None, []),
        ("NEWS.txt", "1.0.0 (2026-01-01)\n\n* a\n", None, ["NEWS.txt"]),
        ("CHANGES.rst", "Changes\n=======\n\n1.0.0\n-----\n\n- a\n", None, ["CHANGES.rst"]),
        ("docs/changelog.md", "# Changelog\n\n## [1.0.0]\n\n- a\n", None, ["docs/changelog.md"]),
        ("docs/news.md", "# News\n\n## A new logo\n", None, []),
    ],
)
def test_a_changelog_is_known_by_its_headings(
    path: str, text: str, file: str | None, left: list[str]
) -> None:
    draft = draft_configuration(Surroundings(tree=Texts({path: text}), tag="{version}", branch="main"))

    assert read(draft).changelog.file == file
    assert [one.where for one in draft.left if one.what == "the changelog"] == left


def test_replacements_of_a_changelog_that_castoff_keeps_are_dropped_with_the_reason() -> None:
    draft = drafted(
        {
            "release.toml": "pre-release-replacements = [\n"
            '  {file="../CHANGELOG.md", search="UNRELEASED", replace="{{version}}"},\n'
            '  {file="../README.md", search="v[0-9.]+", replace="v{{version}}"},\n]\n'
        }
    )

    assert [rule.file for rule in read(draft).replace] == ["README.md"]
    assert any("heading" in one.reason for one in draft.left)


def test_replacements_of_a_crates_own_changelog_stay_since_castoff_keeps_one_alone() -> None:
    """As in clap, where each crate has its own beside the workspace's."""
    draft = drafted(
        {
            "release.toml": "pre-release-replacements = [\n"
            '  {file="../rocket/CHANGELOG.md", search="UNRELEASED", replace="{{version}}"},\n]\n',
            "rocket/CHANGELOG.md": ROCKET["CHANGELOG.md"],
        }
    )

    assert [rule.file for rule in read(draft).replace] == ["rocket/CHANGELOG.md"]


def test_what_no_setting_can_mend_is_left_to_the_person() -> None:
    """As in axum, where each crate has its own version."""
    stray = Problem(
        code="stray-version",
        message="`rocket` has the version 0.8.9, the workspace 1.2.0",
        reason="all packages of a release have one version",
        remedy="name it in `release.exclude`",
        file="rocket/Cargo.toml",
        line=3,
    )

    (left,) = (one for one in drafted(problems=(stray,)).left if one.needs_you)

    assert (left.where, left.what) == ("rocket/Cargo.toml:3", stray.message)
    assert "release.exclude" in left.reason


def test_a_branch_that_is_no_usual_one_is_named() -> None:
    assert read(drafted(branch="develop")).release.branches == ("develop", "[0-9]*.[0-9]*.x")


def test_a_workflow_that_publishes_at_once_is_a_matter_for_a_person() -> None:
    path = ".github/workflows/release.yml"
    draft = drafted({path: ROCKET[path].replace("draft: true", "draft: false")})

    assert [one.where for one in draft.left if one.needs_you] == [f"{path}:7"]


SITE = {
    "sync.sh": "sync() {\n  curl $1 > $2\n}\nmain() {\n"
    "  sync acme/rocket/main/CONTRIBUTING.md docs/contributing.md\n"
    "  sync acme/.github/main/SECURITY.md docs/security.md\n"
    "  sync acme/rocket/main/README.md docs/start.md\n"
    '  sd "# rocket[\\w\\W]*## Installation" "# Getting Started\\n## Installation" docs/start.md\n'
    '  sync acme/rocket/main/CHANGELOG.md docs/changelog.md "# Changelog"\n'
    '  sd "^(.+ / [\\d-]+)\\n======" "## \\$1" docs/changelog.md\n'
    '  sd "\\d+" "x" docs/changelog.md\n}\nmain $@\n'
}


def test_pages_that_a_website_pulls_over_are_taken_over() -> None:
    draft = drafted(site=Texts(SITE), slug="acme/website", repository="acme/rocket")
    website = read(draft).website

    assert website.repository == "acme/website"
    assert [(page.source, page.to, page.header, page.drop) for page in website.pages] == [
        ("CONTRIBUTING.md", "docs/contributing.md", None, ()),
        ("README.md", "docs/start.md", "# Getting Started", ("rocket",)),
        ("CHANGELOG.md", "docs/changelog.md", "# Changelog", ()),
    ]
    assert [(rule.search, rule.replace) for rule in website.pages[2].headings] == [
        (r"^(.+ / [\d-]+)$", r"## \1")
    ]
    assert [one.where for one in draft.left if one.needs_you] == ["sync.sh:6", "sync.sh:11"]


def test_pages_of_a_website_that_nobody_can_name_are_left_to_the_person() -> None:
    draft = drafted(site=Texts(SITE), slug=None, repository="acme/rocket")

    assert read(draft).website.pages == ()
    (left,) = (one for one in draft.left if one.where == "the website")
    assert "git remote set-url" in left.reason


def test_the_file_speaks_of_nothing_that_could_break_out_of_a_comment() -> None:
    name = "evil\n[release]\nfacade = 'x'"
    draft = drafted({".github/workflows/release.yml": None, f".github/workflows/{name}.yml": ROCKET[
        ".github/workflows/release.yml"
    ]})  # fmt: skip

    assert read(draft).release.facade is None
