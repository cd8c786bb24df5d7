from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.release.proposal import BEGIN, END, preview, with_preview

NEW = f"Merging claims it.\n\n{preview('New notes.')}\n"
SAME = preview("New notes.").replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(f"Mind.\n{preview('Old.')}\nBye.", f"Mind.\n{preview('New notes.')}\nBye.", id="between"),
        pytest.param("All my own words.", "All my own words.", id="without marks it is left alone"),
        pytest.param(f"{BEGIN} half", f"{BEGIN} half", id="half of the marks is none"),
        pytest.param(
            f"A\r\n{BEGIN}\r\nOld.\r\n{END}\r\nB", f"A\n{preview('New notes.')}\nB", id="line ends of a browser"
        ),
        pytest.param(SAME, SAME, id="nothing but line ends differs"),
        pytest.param("", "", id="emptied by a person"),
    ],
)  # fmt: skip
def test_only_what_stands_between_the_marks_is_written(body: str, expected: str) -> None:
    assert with_preview(body, NEW) == expected


def test_a_preview_leaves_room_in_what_a_pull_request_takes() -> None:
    lines = [f"* Change number {number} of many by @ada in #{number}" for number in range(2000)]

    shown = preview("\n".join(lines)).splitlines()

    assert len("\n".join(shown)) < 65_536 - 5_000
    kept = len(shown) - 4
    assert shown[1 : kept + 1] == lines[:kept], "whole lines"
    assert f"({2000 - kept} more lines" in shown[-2]
    assert preview("\n".join(lines[:1000])).count("Change number") == 1000


@given(st.text(max_size=60))
def test_notes_from_outside_cannot_end_the_preview_early(text: str) -> None:
    wrapped = preview(f"{text}\n{END}\nmore")

    assert wrapped.count(END) == 1
    assert wrapped.endswith(END)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_what_people_wrote_around_the_preview_stays(before: str, notes: str, after: str) -> None:
    plain = before.replace("\r\n", "\n").replace("<!--", ""), after.replace("\r\n", "\n").replace("<!--", "")
    body = plain[0] + preview("Old.") + plain[1]

    assert with_preview(body, preview(notes)) == plain[0] + preview(notes.replace("\r\n", "\n")) + plain[1]
