"""Are notes generated as GitHub generates them?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from forge_bench import REPO, Client, Work

NOTES = f"{REPO}/releases/generate-notes"


def test_without_a_configuration_there_is_a_flat_list_and_the_footer(
    grow: Callable[..., Client], work: Work
) -> None:
    work.tag("1.0.0")
    client = grow(
        pull_requests=[_pull(work, 2, "Second", "ada", 2), _pull(work, 1, "First  thing ", "bob", 1)]
    )
    body = _notes(client, {"tag_name": "1.1.0", "previous_tag_name": "1.0.0"})
    assert body == (
        "## What's Changed\n"
        "* First  thing  by @bob in https://github.com/acme/kit/pull/1\n"
        "* Second by @ada in https://github.com/acme/kit/pull/2\n"
        "\n## New Contributors\n"
        "* @bob made their first contribution in https://github.com/acme/kit/pull/1\n"
        "* @ada made their first contribution in https://github.com/acme/kit/pull/2\n"
        "\n**Full Changelog**: https://github.com/acme/kit/compare/1.0.0...1.1.0"
    )


def test_the_first_category_that_fits_takes_a_change_and_its_exclude_lets_it_fall(
    grow: Callable[..., Client], work: Work
) -> None:
    _configure(
        work,
        """
changelog:
  exclude: {labels: [skip], authors: ["dependabot[bot]"]}
  categories:
    - {title: Added, labels: [add], exclude: {authors: [eve]}}
    - {title: Fixed, labels: [fix, bug]}
    - {title: Empty, labels: [never]}
    - {title: Other, labels: ["*"]}
""",
    )
    work.tag("1.0.0")
    client = grow(
        known_contributors=["ada", "Eve"],
        pull_requests=[
            _pull(work, 1, "both", "ada", 1, ["fix", "add"]),
            _pull(work, 2, "falls", "eve", 2, ["add"]),
            _pull(work, 3, "skipped", "new", 3, ["add", "skip"]),
            _pull(work, 4, "bump", "dependabot[bot]", 4, ["fix"]),
            _pull(work, 5, "fixed", "ada", 5, ["bug"]) | {"agent": "Copilot"},
        ],
    )
    body = _notes(client, {"tag_name": "1.1.0", "previous_tag_name": "1.0.0"})
    assert body == (
        "<!-- Release notes generated using configuration in .github/release.yml at main -->\n\n"
        "## What's Changed\n"
        "### Added\n* both by @ada in https://github.com/acme/kit/pull/1\n"
        "### Fixed\n* fixed by @ada with @Copilot in https://github.com/acme/kit/pull/5\n"
        "### Other\n* falls by @eve in https://github.com/acme/kit/pull/2\n"
        "\n## New Contributors\n"
        "* @new made their first contribution in https://github.com/acme/kit/pull/3\n"
        "* @dependabot[bot] made their first contribution in https://github.com/acme/kit/pull/4\n"
        "* @ada with @Copilot made their first contribution in https://github.com/acme/kit/pull/5\n"
        "\n**Full Changelog**: https://github.com/acme/kit/compare/1.0.0...1.1.0"
    )


def test_changes_of_one_second_come_as_they_landed_and_what_one_contained_after_it(
    grow: Callable[..., Client], work: Work
) -> None:
    work.tag("1.0.0")
    contained = work.commit("side", {"x.txt": "x"}, "inner", onto="main")
    late = _pull(work, 2, "second", "ada", 1)
    merge = work.commit("main", {"y.txt": "y"}, "outer", merging=contained)
    outer = late | {"number": 4, "title": "outer", "merge_commit": merge}
    inner = late | {"number": 3, "title": "inner", "merge_commit": contained}
    last = _pull(work, 1, "last", "ada", 1)
    client = grow(known_contributors=["ada"], pull_requests=[last, late, inner, outer])

    body = _notes(client, {"tag_name": "1.1.0", "previous_tag_name": "1.0.0"})

    assert [line[-1] for line in body.splitlines() if line.startswith("* ")] == ["2", "4", "3", "1"]


def test_with_nothing_to_list_only_comment_and_footer_remain(client: Client, work: Work) -> None:
    work.tag("1.0.0")
    footer = "**Full Changelog**: https://github.com/acme/kit/compare/1.0.0...1.1.0"
    assert _notes(client, {"tag_name": "1.1.0", "previous_tag_name": "1.0.0"}) == footer
    _configure(work, "changelog: {categories: [{title: A, labels: [a]}]}\n")
    work.tag("1.1.0")
    body = _notes(client, {"tag_name": "1.1.0", "previous_tag_name": "1.0.0"})
    assert body == (
        f"<!-- Release notes generated using configuration in .github/release.yml at 1.1.0 -->\n\n\n\n{footer}"
    )


def test_commits_decide_so_cherry_picks_are_missing_and_inner_pull_requests_listed(
    grow: Callable[..., Client], work: Work
) -> None:
    work.tag("1.0.0")
    base = work.git("rev-parse", "main")
    inner = work.commit("feature", {"i": "1"}, "inner", onto=base)
    work.commit("feature", {"o": "1"}, "outer work")
    merge = work.commit("main", message="Merge", merging="feature")
    work.commit("main", {"p": "1"}, "picked (#9)")
    client = grow(
        known_contributors=["ada"],
        pull_requests=[
            {"number": 7, "title": "inner", "author": "ada", "base": "feature", "merge_commit": inner}
            | {"merged_at": "2026-01-01T00:00:00Z"},
            {
                "number": 8,
                "title": "outer",
                "author": "ada",
                "merge_commit": merge,
                "merged_at": "2026-01-02T00:00:00Z",
            },
            {"number": 9, "title": "picked", "author": "ada", "merge_commit": "9" * 40}
            | {"merged_at": "2026-01-03T00:00:00Z"},
        ],
    )
    body = _notes(client, {"tag_name": "1.1.0", "previous_tag_name": "1.0.0"})
    assert [line.split(" by ")[0] for line in body.splitlines() if line.startswith("* ")] == [
        "* inner",
        "* outer",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "changelog: {exclude: {labels: }}",
            "The property '#/changelog/exclude/labels' of type null did not match the following type: array",
            id="null labels",
        ),
        pytest.param(
            "changelog: {categories: [{title: A, label: [a]}]}", "required property of 'labels'", id="label"
        ),
        pytest.param(
            "changelog: {categories: [{labels: [a]}]}", "required property of 'title'", id="no title"
        ),
        pytest.param("changelog: {categories: {a: 1}}", "of type object did not match", id="no list"),
        pytest.param("- a", "of type array did not match", id="a list"),
        pytest.param("a: [", "Invalid release notes configuration", id="no YAML"),
    ],
)
def test_a_bad_configuration_is_said_as_github_says_it(
    client: Client, work: Work, text: str, message: str
) -> None:
    _configure(work, text)
    refused: Any = client.post(NOTES, {"tag_name": "1.0.0"}, 422)
    assert message in refused["message"]


@pytest.mark.parametrize("field", ["previous_tag_name", "target_commitish"])
def test_refs_that_are_not_there_are_refused(client: Client, field: str) -> None:
    refused = client.ask("POST", NOTES, {"tag_name": "1.0.0", field: "nowhere"}, checked=False)
    assert refused.status == 422


def _pull(
    work: Work, number: int, title: str, login: str, day: int, labels: list[str] | None = None
) -> dict[str, object]:
    sha = work.commit("main", {f"{number}.txt": title}, f"{title} (#{number})")
    return {
        "number": number,
        "title": title,
        "author": login,
        "labels": labels or [],
        "merged_at": f"2026-02-{day:02}T00:00:00Z",
        "merge_commit": sha,
    }


def _configure(work: Work, text: str) -> None:
    work.commit("main", {".github/release.yml": text}, "configure")


def _notes(client: Client, body: dict[str, object]) -> str:
    made: Any = client.post(NOTES, body, 200)
    assert made["name"] == body["tag_name"]
    return str(made["body"])
