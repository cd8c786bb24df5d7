"""Does the door `notes --changes FILE --config FILE` take what is good and refuse what is not?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notes_cases import KUBE

from castoff.errors import CastoffError, UsageError
from castoff.notes.offline import forge_path, notes_from_file, parse_time

ENTRY = {
    "number": 1,
    "title": "First",
    "author": "ada",
    "labels": ["changelog-add"],
    "merged_at": "2026-01-01T00:00:00Z",
    "merge_commit": "c0ffee",
}
DOCUMENT = {
    "repository": "o/r",
    "previous_tag": "1.0.0",
    "tag": "2.0.0",
    "target": "main",
    "changes": [ENTRY],
    "known_contributors": ["ada"],
}


def test_changes_of_one_second_follow_merged_order_then_number() -> None:
    entries = [
        {**ENTRY, "number": 1},
        {**ENTRY, "number": 2, "merged_order": 9},
        {**ENTRY, "number": 3, "merged_order": 4},
        {**ENTRY, "number": 4, "merged_order": 4},
        {**ENTRY, "number": 5, "merged_at": "2025-12-31T00:00:00Z", "merged_order": 10},
    ]

    notes = notes_from_file(json.dumps({**DOCUMENT, "changes": entries, "known_contributors": []}))

    assert [change.number for change in notes.notes.changes] == [5, 3, 4, 2, 1]
    assert "first contribution in https://github.com/o/r/pull/5" in notes.body


def with_entry(**fields: Any) -> str:
    return json.dumps({**DOCUMENT, "changes": [{**ENTRY, **fields}]})


def without_entry(field: str) -> str:
    return json.dumps({**DOCUMENT, "changes": [{k: v for k, v in ENTRY.items() if k != field}]})


def with_field(**fields: Any) -> str:
    return json.dumps({**DOCUMENT, **fields})


BAD = [
    ("nothing", "", "Input data was truncated"),
    ("no JSON", "{", "Input data was truncated"),
    ("a list", "[]", "Expected `object`, got `array`"),
    ("null", "null", "Expected `object`, got `null`"),
    ("no UTF-8", b'{"repository": "\xff"}', ""),
    ("too deep", "[" * 100_000, ""),
    ("no repository", json.dumps({"tag": "1", "changes": []}), "missing required field `repository`"),
    ("no tag", json.dumps({"repository": "o/r", "changes": []}), "missing required field `tag`"),
    ("no changes", json.dumps({"repository": "o/r", "tag": "1"}), "missing required field `changes`"),
    ("changes are an object", with_field(changes={}), "Expected `array`, got `object` - at `$.changes`"),
    ("a change is a number", with_field(changes=[1]), "Expected `object`, got `int` - at `$.changes[0]`"),
    ("repository without owner", with_field(repository="r"), "`repository` is not `owner/name`"),
    ("repository with a query", with_field(repository="o/r?x"), "`repository` is not `owner/name`"),
    ("repository with a line end", with_field(repository="o/r\n"), "`repository` is not `owner/name`"),
    ("tag with a line end", with_field(tag="1\n2"), "`tag` is empty, or has a space"),
    ("empty tag", with_field(tag=""), "`tag` is empty"),
    ("empty previous tag", with_field(previous_tag=""), "`previous_tag` is empty"),
    ("previous tag is a number", with_field(previous_tag=1), "Expected `str | null`, got `int`"),
    ("target with a comment's end", with_field(target="a --> b"), "`target` has a space"),
    ("contributors are a text", with_field(known_contributors="ada"), "Expected `array`, got `str`"),
    ("number is a text", with_entry(number="1"), "Expected `int`, got `str` - at `$.changes[0].number`"),
    ("number is a fraction", with_entry(number=1.5), "Expected `int`, got `float`"),
    ("number is zero", with_entry(number=0), "`number` is not positive at `$.changes[0]`"),
    ("number is missing", without_entry("number"), "missing required field `number`"),
    ("title is a number", with_entry(title=1), "Expected `str | null`, got `int`"),
    ("listed without a title", without_entry("title"), "change #1 is listed but has no `title`"),
    ("labels are a text", with_entry(labels="a"), "Expected `array`, got `str` - at `$.changes[0].labels`"),
    ("a label is null", with_entry(labels=[None]), "Expected `str`, got `null`"),
    ("merged_at is null", with_entry(merged_at=None), "Expected `str`, got `null`"),
    ("merged_at is missing", without_entry("merged_at"), "missing required field `merged_at`"),
    ("merged_at is a day", with_entry(merged_at="2026-01-01"), "`merged_at` is not an RFC 3339 time"),
    (
        "merged_at has no offset",
        with_entry(merged_at="2026-01-01T00:00:00"),
        "`merged_at` is not an RFC 3339 time",
    ),
    (
        "merged_at is not a date",
        with_entry(merged_at="2026-02-30T00:00:00Z"),
        "`merged_at` is not an RFC 3339 time",
    ),
    ("merged_at before time", with_entry(merged_at="0001-01-01T00:00:00+09:00"), "`merged_at` is not an RFC"),
    ("author with a space", with_entry(author="a b"), "`author` is empty, or has a space"),
    ("author is empty", with_entry(author=""), "`author` is empty"),
    ("agent with a line end", with_entry(agent="a\nb"), "`agent` is empty, or has a space"),
    (
        "one number, two changes",
        with_field(changes=[ENTRY, {**ENTRY, "title": "Other"}]),
        "change #1 stands twice with different contents at `$.changes[1]`",
    ),
]


@pytest.mark.parametrize(("document", "reason"), [c[1:] for c in BAD], ids=[c[0] for c in BAD])
def test_a_bad_file_of_changes_is_refused_with_the_place(document: str | bytes, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        notes_from_file(document)

    (problem,) = caught.value.problems
    assert problem.code == "changes-file-invalid"
    assert reason in problem.reason


def test_all_faults_are_named_together() -> None:
    document = with_field(tag="", changes=[{**ENTRY, "number": 0, "merged_at": "x"}])

    with pytest.raises(UsageError) as caught:
        notes_from_file(document)

    assert len(caught.value.problems) == 3


def test_unknown_fields_and_doubled_changes_are_taken() -> None:
    document = with_field(extra=1, changes=[{**ENTRY, "extra": 1}, ENTRY])

    assert notes_from_file(document).body.count("* First by @ada") == 1


def test_only_the_needed_fields_make_notes() -> None:
    document = json.dumps({"repository": "o/r", "tag": "1.0.0", "changes": []})

    assert notes_from_file(document).body == "**Full Changelog**: https://github.com/o/r/commits/1.0.0"


def test_a_change_that_is_left_out_needs_no_title() -> None:
    document = with_entry(title=None, labels=["changelog-exclude"])

    assert len(notes_from_file(document, configuration=KUBE).notes.left_out) == 1


def test_times_with_offsets_are_compared_in_utc() -> None:
    early = {**ENTRY, "number": 2, "title": "Early", "merged_at": "2026-01-01T02:00:00+03:00"}

    made = notes_from_file(with_field(changes=[ENTRY, early]))

    assert [c.number for c in made.notes.changes] == [2, 1]


def test_the_comment_has_the_name_that_the_forge_knows() -> None:
    made = notes_from_file(with_field(), configuration=KUBE, configuration_path="/tmp/some/kube.yaml")

    assert made.body.startswith(
        "<!-- Release notes generated using configuration in .github/release.yaml at main -->"
    )
    assert forge_path("config") == forge_path("a/release.yml") == ".github/release.yml"


def test_what_is_odd_about_the_configuration_is_told() -> None:
    made = notes_from_file(with_field(), configuration="changelog:\n  excludes: {}\n")

    assert [warning.code for warning in made.warnings] == ["notes-configuration-unknown-key"]


@given(st.text() | st.binary())
def test_any_text_is_taken_or_refused_with_our_error(document: str | bytes) -> None:
    try:
        notes_from_file(document)
    except CastoffError as error:
        assert error.exit_code == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ENTRY, *DOCUMENT]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from([*DOCUMENT]), json_values),
    st.dictionaries(st.sampled_from([*ENTRY]), json_values),
)
def test_any_document_is_taken_or_refused_with_our_error(top: dict[str, Any], entry: dict[str, Any]) -> None:
    document = json.dumps({**DOCUMENT, "changes": [{**ENTRY, **entry}], **top})

    try:
        made = notes_from_file(document)
    except CastoffError as error:
        assert error.exit_code == 2
    else:
        assert made.body.splitlines()[-1].startswith("**Full Changelog**: ")


@given(st.text())
def test_any_time_is_parsed_or_refused(text: str) -> None:
    found = parse_time(text)

    assert found is None or found.utcoffset() is not None
