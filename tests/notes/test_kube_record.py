"""Does the engine make the notes that kube published, byte for byte?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from notes_cases import KUBE, RECORD

from castoff.notes.offline import notes_from_file

# What a person changed in the text of the forge; each is compared with what the forge must have made.
EDITED_BY_HAND = {
    "notes-0.67.0": "ported by hand: heading `## What's Changed` left out, blank line after the category",
    "notes-0.68.0": "ported by hand: `What's Changed` was made a link",
    "notes-0.69.1": "`(backported by @teozkr)` was written behind the author of #831",
    "notes-0.73.1": "`(backported by @teozkr)` was written behind the author of #927",
}
EDITS = {
    "notes-0.67.0": [("### Changed\n\n", "## What's Changed\n### Changed\n")],
    "notes-0.68.0": [
        ("## [What's Changed](https://github.com/kube-rs/kube-rs/releases/tag/0.68.0)", "## What's Changed")
    ],
    "notes-0.69.1": [(" (backported by @teozkr)", "")],
    "notes-0.73.1": [(" (backported by @teozkr)", "")],
}
CASES = RECORD["cases"]


def ids(case: dict[str, Any]) -> str:
    return str(case["id"])


def published_part(case: dict[str, Any], body: str) -> str:
    """Return the part that kube's file kept: the list, and the rest where it was not cut away."""
    _, _, listed = body.partition("\n\n")
    return listed if case["variant"] == "full-changelog" else listed.partition("\n\n")[0]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_notes_are_what_the_forge_published(case: dict[str, Any]) -> None:
    expected = case["generated_only"]
    for edited, original in EDITS.get(case["id"], []):
        assert edited in expected
        expected = expected.replace(edited, original)

    made = notes_from_file(json.dumps(case["document"]), configuration=KUBE)

    assert published_part(case, made.body) == expected
    assert made.warnings == ()


def test_only_what_the_record_marks_as_edited_is_treated_so() -> None:
    marked = {case["id"] for case in CASES if case["hand_edited_items"] or case["hand_ported"]}

    assert marked == set(EDITED_BY_HAND) == set(EDITS)


@pytest.mark.parametrize("case", [case for case in CASES if case["comment"]], ids=ids)
def test_the_comment_names_the_configuration_and_the_ref(case: dict[str, Any]) -> None:
    made = notes_from_file(json.dumps(case["document"]), configuration=KUBE)

    assert made.body.partition("\n")[0] == case["comment"]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_new_contributors_stand_in_merge_order_with_their_first_change(case: dict[str, Any]) -> None:
    made = notes_from_file(json.dumps(case["document"]), configuration=KUBE)

    found = [[new.login, new.number] for new in made.notes.new_contributors]
    assert found == [pair for pair in case["new_contributors"] if pair[0] is not None]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_order_of_the_file_does_not_matter(case: dict[str, Any]) -> None:
    document = case["document"]
    turned = {**document, "changes": document["changes"][::-1]}

    assert (
        notes_from_file(json.dumps(turned), configuration=KUBE).body
        == notes_from_file(json.dumps(document), configuration=KUBE).body
    )
