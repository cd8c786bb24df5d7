"""Are the workflows found that wait for a release tag?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.workflows.tag_workflows import tag_workflows, unannounced_problems, unchecked_proposal
from castoff.workflows.texts import HEADER

TAGS = [
    ("['*']", "1.1.0", True),
    ("'*'", "release/1.1.0", False),
    ("'**'", "release/1.1.0", True),
    ("'v*'", "1.1.0", False),
    ("'v?1.1.*'", "1.1.0", True),
    ("'v?1.1.*'", "v1.1.0", True),
    ("'[0-9]+.[0-9]+.[0-9]+'", "10.1.0", True),
    ("'[0-9]+.[0-9]+.[0-9]+'", "1.1.0-rc.1", False),
    ("'[0-9]+.[0-9]+.[0-9]+*'", "1.1.0-rc.1", True),
    ("['*', '!*-rc*']", "1.1.0-rc.1", False),
    ("['!*', '1.*']", "1.1.0", True),
    ("'1.1.0'", "1x1x0", False),
    ("'[z-a]'", "1.1.0", True),
]


@pytest.mark.parametrize(("tags", "tag", "waits"), TAGS)
def test_a_pattern_takes_tags_as_on_the_forge(tags: str, tag: str, waits: bool) -> None:
    found = tag_workflows({"a.yml": f"on:\n  push:\n    tags: {tags}\njobs: {{}}\n"}, tag)

    assert bool(found) is waits


OTHERS = [
    "push",
    "[push, workflow_dispatch]",
    "{push: {branches: [main]}}",
    "{release: {types: [published]}}",
    "",
]


@pytest.mark.parametrize("on", OTHERS)
def test_a_workflow_that_any_push_or_another_event_starts_does_not_wait(on: str) -> None:
    assert tag_workflows({"a.yml": f"on: {on}\n"}, "1.1.0") == ()


def test_a_workflow_that_can_be_started_by_hand_is_known_with_its_line() -> None:
    text = "on:\n  workflow_dispatch:\n  push:\n    tags:\n      - '*'\n"

    (found,) = tag_workflows({".github/workflows/a.yml": text}, "1.1.0")

    assert (found.name, found.line, found.by_hand) == ("a.yml", 5, True)


@given(st.text(alphabet="*?+[]!\\\\ab1.-", max_size=12))
def test_any_pattern_is_read(pattern: str) -> None:
    quoted = pattern.replace("'", "''")
    tag_workflows({"a.yml": f"on:\n  push:\n    tags: ['{quoted}']\n"}, "1.1.0")


ANNOUNCED = [
    ("release", 1),
    ("[push, release]", 1),
    ("{release: {types: [published]}}", 1),
    ("workflow_dispatch", 0),
    ("{push: {tags: [release]}}", 0),
    ("", 0),
]


@pytest.mark.parametrize(("on", "count"), ANNOUNCED)
def test_a_workflow_that_waits_for_an_announcement_is_an_error_unless_it_is_castoffs_own(
    on: str, count: int
) -> None:
    text = f"on: {on}\njobs: {{}}\n"

    assert [one.code for one in unannounced_problems({"a.yml": text})] == ["workflow-not-started"] * count
    assert unannounced_problems({"a.yml": HEADER + text}) == ()


def test_required_checks_of_a_proposal_need_another_token() -> None:
    (problem,) = unchecked_proposal("main", ("deletion", "required_status_checks"))

    assert (problem.code, problem.severity) == ("workflow-not-started", "error")
    assert unchecked_proposal("main", ("pull_request",)) == ()
