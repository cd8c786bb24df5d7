from __future__ import annotations

from castoff.workflows.jobs import workflow_steps
from castoff.workflows.late_files import late_file_problem, late_files
from castoff.workflows.options import WorkflowOptions
from castoff.workflows.plan import workflows
from castoff.workflows.second_writers import second_writers, writers
from castoff.workflows.tag_workflows import unstarted_problems
from castoff_needs import SOURCE
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


LATE = "on: {release: {types: [published]}}\njobs: {a: {steps: [{run: gh release upload 1.1.0 a.zip}]}}\n"


@cases(
    [
        Case(
            "files-after-announcement",
            LATE,
            LATE.replace("{release: {types: [published]}}", "{push: {tags: ['*']}}"),
            "make `push` of the tag",
        ),
        Case(
            "files-after-announcement",
            LATE,
            LATE.replace("{release: {types: [published]}}", "workflow_dispatch"),
            "or `workflow_dispatch`, the trigger",
        ),
    ]
)
def test_files_are_attached_before_the_announcement(case: Case) -> None:
    follow_row(
        case,
        lambda text: [late_file_problem(one, None) for one in late_files(workflow_steps({"w.yml": text}))],
    )


BINARIES = "on: {push: {tags: ['*']}}\njobs: {}\n"
BY_HAND = BINARIES.replace("{push", "{workflow_dispatch: {}, push")
STARTED = {
    file.path: file.text
    for file in workflows(
        WorkflowOptions(repository="o/r", source=SOURCE, release="pull-request", waiting=("binaries.yml",))
    )
}


@cases(
    [
        Case(
            "workflow-not-started", (BINARIES, {}), (BY_HAND, STARTED), "add `workflow_dispatch:` to its `on`"
        ),
        Case("workflow-not-started", (BY_HAND, {}), (BY_HAND, STARTED), "run `castoff ci --write .`"),
    ]
)
def test_a_workflow_that_waits_for_a_tag_is_started_by_a_job(case: Case) -> None:
    follow_row(
        case,
        lambda found: unstarted_problems({".github/workflows/binaries.yml": found[0], **found[1]}, "1.1.0"),
    )
