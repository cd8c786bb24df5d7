"""Are the workflows found whose files come after the announcement?"""

from __future__ import annotations

import pytest

from castoff.workflows.jobs import workflow_steps
from castoff.workflows.late_files import late_file_problem, late_files

PUBLISHED = "on: {release: {types: [published]}}\n"
STEPS = [
    ("an action", PUBLISHED, "uses: softprops/action-gh-release@v3", True),
    ("gh", PUBLISHED, 'run: gh release upload "$TAG" a.zip', True),
    ("another command of gh", PUBLISHED, "run: gh release view", False),
    ("another action", PUBLISHED, "uses: actions/upload-artifact@v7", False),
    ("at the tag", "on: {push: {tags: ['*']}}\n", "run: gh release upload v1 a.zip", False),
    ("by hand", "on: workflow_dispatch\n", "run: gh release upload v1 a.zip", False),
]


@pytest.mark.parametrize(("on", "step", "late"), [one[1:] for one in STEPS], ids=[one[0] for one in STEPS])
def test_a_step_that_attaches_files_to_what_is_published_comes_too_late(
    on: str, step: str, late: bool
) -> None:
    found = late_files(workflow_steps({"a.yml": f"{on}jobs:\n  a:\n    steps:\n      - {step}\n"}))

    assert [one.line for one in found] == ([5] if late else [])
    assert [late_file_problem(one, None).severity for one in found] == ["error"] * late
    assert [late_file_problem(one, "403").severity for one in found] == ["warning"] * late
