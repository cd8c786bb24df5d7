"""Remedies for changelogs, the notes of a release, and the draft: pure functions of texts."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import pytest
from notes_cases import KUBE, change
from test_draft import HEADER, NEW, OLD
from test_offline import DOCUMENT

from castoff.changelog import port, require_markdown
from castoff.changelog.doctor import fix, read_known
from castoff.model.changes import Milestone
from castoff.notes.configuration import read_configuration
from castoff.notes.draft import LARGEST_BODY, draft_problems
from castoff.notes.labels import LabelPolicy, check_labels, check_milestone, kind_labels
from castoff.notes.links import read_objects_inventory
from castoff.notes.offline import notes_from_file
from castoff.notes.regenerate import regenerate
from castoff.values import replace
from castoff.workflows.detection import release_workflows, second_writer_problems
from remedies.following import Case, cases, follow, follow_row, follows

URL = "https://github.com/acme/acme/releases/tag/1.2.0"
LOG = "## Unreleased\n\n## 1.1.0 - 2026-01-02\n\n- old\n"
TWICE = LOG.replace("## 1.1.0", "## 1.2.0 - 2026-01-03\n\n- a\n\n## 1.2.0 - 2026-01-03\n\n## 1.1.0")
ONCE = TWICE.replace("## 1.2.0 - 2026-01-03\n\n## 1.1.0", "## 1.1.0")
LABELLED = LOG + "\n[1]: https://a.b\n"


def _asked(
    text: str = LOG, version: str = "1.2.0", body: str = "- new", url: str = URL, day: str = "2026-11-22"
) -> tuple[str, ...]:
    return text, version, body, url, day


PORTS = [
    Case("changelog-version-invalid", _asked(version="next"), _asked(), "such as `1.2.0` or `1.2.0-rc.1`"),
    Case(
        "changelog-version-invalid",
        _asked(version="1.2.x"),
        _asked(version="v1.2.0-rc.1"),
        "with or without `v`",
    ),
    Case("changelog-date-invalid", _asked(day="22.11.2026"), _asked(), "such as `2026-11-22`"),
    Case(
        "changelog-date-invalid",
        _asked(day="22.11.2026"),
        _asked(day="2026-11-22T10:00:00Z"),
        "a time may follow",
    ),
    Case(
        "changelog-url-invalid",
        _asked(url="github.com/acme"),
        _asked(),
        "the URL of the release on the forge",
    ),
    Case("changelog-body-empty", _asked(body=" \n"), _asked(), "write the notes of the release first"),
    Case("changelog-open-block", _asked(body="```\nx\n"), _asked(body="```\nx\n```\n"), "close the fence"),
    Case(
        "changelog-open-block",
        _asked(LOG + "\n<!-- x\n"),
        _asked(LOG + "\n<!-- x -->\n"),
        "close the fence, comment",
    ),
    Case(
        "changelog-conflict-markers",
        _asked("<<<<<<< a\n=======\n>>>>>>> b\n" + LOG),
        _asked(),
        "resolve the conflict",
    ),
    Case(
        "changelog-heading-unclear",
        _asked(LOG.replace("Unreleased", "Rolling\n\n- new")),
        _asked(LOG.replace("Unreleased", "Unreleased\n\n- new")),
        "write the version or `Unreleased` into it",
    ),
    Case(
        "changelog-heading-unclear",
        _asked("## Rolling\n\n- x\n\n" + LOG.partition("\n\n")[2]),
        _asked("## Rolling\n\n- x\n\n<!-- next-header -->\n\n" + LOG.partition("\n\n")[2]),
        "mark where new sections go: `<!-- next-header -->`",
    ),
    Case(
        "changelog-heading-unclear",
        _asked(LOG.replace("Unreleased", "Unreleased\n\n## Rolling")),
        _asked(LOG.replace("Unreleased", "Unreleased\n\n### Rolling")),
        "give the heading one more `#`",
    ),
    Case("changelog-doubled-heading", _asked(TWICE), _asked(ONCE), "remove all but one"),
    Case(
        "changelog-label-clash",
        _asked(LABELLED, body="[1]\n\n[1]: https://c.d"),
        _asked(LABELLED, body="[2]\n\n[2]: https://c.d"),
        "rename the label in the notes",
    ),
    Case(
        "changelog-label-clash",
        _asked(LABELLED, body="[1]\n\n[1]: https://c.d"),
        _asked(LABELLED, body="[1](https://c.d)"),
        "`[text](URL)`",
    ),
    Case(
        "changelog-would-damage",
        _asked(body="## [1.0.0](https://a.b) (2025-01-01)\n\nx"),
        _asked(body="## Since 1.0.0\n\nx"),
        "none of their headings looks like a release",
    ),
]


@cases(PORTS)
def test_what_is_ported_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda asked: port(*asked) and None)


@follows("changelog-doubled-heading")
def test_the_doctor_removes_a_doubled_heading_with_nothing_under_it() -> None:
    text = [TWICE]

    follow(
        "changelog-doubled-heading",
        lambda: port(*_asked(text[0])) and None,
        told="`castoff changelog --doctor --fix`",
        do=lambda: text.append(fix(text.pop()).text),
    )


TAGS = [
    Case(
        "doctor-tags-invalid",
        '[{"x": 1}]',
        "1.0.0\n1.1.0\t2026-01-02\n",
        "one tag per line, followed by a tab and its date",
    ),
    Case(
        "doctor-tags-invalid",
        "[1]",
        '["1.0.0", {"tag": "1.1.0", "date": "2026-01-02"}]',
        "a list of objects with `tag`",
    ),
]


@cases(TAGS)
def test_a_file_of_tags_is_written_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, read_known)


def _changes(**fields: object) -> str:
    return json.dumps({**DOCUMENT, **fields})


@cases([Case("changes-file-invalid", _changes(repository="r"), _changes(), "`docs/reference/notes.md`")])
def test_a_file_of_changes_is_written_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, notes_from_file)


POLICY = LabelPolicy(kinds=kind_labels(read_configuration(KUBE).configuration))
LABELS = [
    Case("change-kind-missing", (), ("changelog-fix",), "`changelog-fix`"),
    Case("change-kind-missing", (), ("changelog-exclude",), "the label for exclusion"),
    Case("change-kind-unknown", ("changelog-fixed",), ("changelog-fix",), "did you mean `changelog-fix`?"),
    Case("change-kind-unknown", ("Changelog-Fix",), ("changelog-fix",), "did you mean `changelog-fix`?"),
    Case("change-kinds-several", ("changelog-fix", "changelog-add"), ("changelog-fix",), "keep one of them"),
]


@cases(LABELS)
def test_a_change_is_labelled_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda labels: check_labels([change(1, labels=labels)], POLICY))


@follows("change-kind-missing")
def test_an_author_that_needs_no_label_is_configured() -> None:
    policy = [POLICY]

    follow(
        "change-kind-missing",
        lambda: check_labels([change(1, author="ada")], policy[0]),
        told="`optional-for`",
        do=lambda: policy.insert(0, replace(POLICY, optional_authors=("ada",))),
    )


MILESTONE = Milestone(number=7, title="2.0.0")
MILESTONES = [
    Case("change-milestone-missing", None, 7, "move it to `2.0.0`"),
    Case("change-milestone-other", 6, 7, "move it to `2.0.0`"),
]


@cases(MILESTONES)
def test_a_change_is_put_into_the_milestone(case: Case) -> None:
    follow_row(case, lambda number: check_milestone([change(1, milestone=number)], MILESTONE, POLICY))


LONG = "x" * LARGEST_BODY
THREE = next(line for line in NEW.splitlines() if "* Three" in line)
DRAFTS = [
    Case(
        "draft-line-doubled",
        NEW.replace(THREE, f"{THREE}\n{THREE}"),
        NEW,
        "delete all but one of these lines",
    ),
    Case("draft-line-missing", OLD, NEW, "the line is: * Three"),
    Case("draft-line-edited", NEW.replace("Three", "Drei"), NEW, "the line is: * Three"),
    Case("draft-too-long", f"{LONG}\n\n{NEW}", NEW, "shorten the highlights"),
]


@cases(DRAFTS)
def test_a_draft_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda body: draft_problems(body, NEW))


@follows("draft-line-missing")
def test_the_draft_command_puts_a_line_back() -> None:
    body = [f"{HEADER}\n\n{OLD}"]

    follow(
        "draft-line-missing",
        lambda: draft_problems(body[0], NEW),
        told="`castoff draft --execute` restores the line",
        do=lambda: body.append(regenerate(body.pop(), NEW).body),
    )
    assert HEADER in body[0]


JOB = "on: {push: {tags: ['*']}}\njobs: {a: {steps: [{run: gh release create v1}]}}\n"
WORKFLOWS = [
    Case("draft-second-writer", ({"a.yml": JOB}, "castoff"), ({}, "castoff"), "remove that job"),
    Case("draft-second-writer", ({"a.yml": JOB}, "castoff"), ({"a.yml": JOB}, "ci"), '`draft.by = "ci"`'),
    Case(
        "draft-second-writer",
        ({"a.yml": JOB, "b.yml": JOB}, "ci"),
        ({"a.yml": JOB}, "ci"),
        "keep exactly one",
    ),
]


@cases(WORKFLOWS)
def test_one_writer_of_the_draft_is_left(case: Case) -> None:
    follow_row(case, lambda asked: second_writer_problems(release_workflows(asked[0]), asked[1]))


def _inventory() -> bytes:
    library = import_module("sphobjinv")
    objects = library.Inventory()
    objects.project, objects.version = "acme", "1.0"
    objects.objects.append(library.DataObjStr("acme.Client", "py", "class", "1", "api.html#$", "-"))
    return bytes(library.compress(objects.data_file()))


@cases([Case("links-inventory-invalid", b"<html>", _inventory(), "the documentation build is complete")])
def test_an_inventory_of_symbols_is_built(case: Case) -> None:
    follow_row(case, lambda data: read_objects_inventory(data, "https://a.b/"))


@follows("links-library-missing")
def test_the_library_for_inventories_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sphobjinv", None)

    follow(
        "links-library-missing",
        lambda: read_objects_inventory(_inventory() if sys.modules["sphobjinv"] else b"", "https://a.b/"),
        told="install `sphobjinv` in the environment of castoff",
        do=monkeypatch.undo,
    )


@follows("changelog-not-markdown")
def test_a_changelog_in_another_markup_is_left_alone() -> None:
    names = ["CHANGES.rst"]

    follow(
        "changelog-not-markdown",
        lambda: [require_markdown(name) for name in names] and [],
        told='set `mode = "off"` in `[changelog]`',
        do=names.clear,
    )
    require_markdown("CHANGES.txt")
    require_markdown("HISTORY")
