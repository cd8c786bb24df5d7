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
