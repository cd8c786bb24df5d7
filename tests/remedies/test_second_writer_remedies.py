from __future__ import annotations

from castoff.workflows.jobs import workflow_steps
from castoff.workflows.second_writers import second_writers, writers
from remedies.following import Case, cases, follow_row

UPLOAD = "on: {release: {types: [published]}}\njobs: {a: {steps: [{run: uv publish}, {run: 'true'}]}}\n"
PLEASE = "on: {push: {branches: [main]}}\njobs: {a: {steps: [{uses: googleapis/release-please-action@v5}]}}\n"


@cases(
    [
        Case("second-writer", UPLOAD, UPLOAD.replace("{run: uv publish}, ", ""), "remove that step"),
        Case(
            "second-writer",
            PLEASE,
            PLEASE.replace("{push: {branches: [main]}}", "workflow_dispatch"),
            "make `workflow_dispatch` the only trigger",
        ),
    ]
)
def test_a_second_writer_is_removed_or_started_by_hand(case: Case) -> None:
    follow_row(
        case,
        lambda text: second_writers(writers(workflow_steps({"w.yml": text})), ["python"], drafts=True),
    )
