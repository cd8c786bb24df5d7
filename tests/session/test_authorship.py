"""A release counts as castoff's by the digests in its tag, else by its subject if no script wrote such ones before."""

from __future__ import annotations

import pytest

from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion
from castoff.session.claim_history import is_castoffs
from castoff.values import replace

DIGESTS = f"1.0.0\n\n{'0' * 64}  a-1.0.0.crate\n"


class Texts:
    """Releases as (tag message, subject), the newest first; one minor version each."""

    def __init__(self, *rows: tuple[str, str]) -> None:
        self._rows = rows

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(
            Claim(version=ReleaseVersion(1, minor, 0), commit=str(row), tagged=True, tag=str(row))
            for row, minor in enumerate(reversed(range(len(self._rows))))
        )

    def tag_message(self, tag: str) -> str:
        return self._rows[int(tag)][0]

    def subject(self, commit: str) -> str:
        minor = len(self._rows) - 1 - int(commit)
        return self._rows[int(commit)][1].replace("V", f"1.{minor}.0")


PLAIN, OURS, OTHER = ("by hand", "release V"), (DIGESTS, "release V"), ("by hand", "Tidy up")


@pytest.mark.parametrize(
    ("rows", "made"),
    [
        ([OURS], True),
        ([(DIGESTS, "squashed"), PLAIN], True),
        ([PLAIN], False),
        ([OTHER, OURS], False),
        ([("by hand", "release V (#7)"), OTHER], True),
        ([("by hand", "release V at last"), OTHER], False),
        ([PLAIN, OTHER], True),
        ([PLAIN, OURS], True),
        ([PLAIN, PLAIN], False),
        ([PLAIN, OTHER, PLAIN], False),
        ([PLAIN, OTHER, OURS, PLAIN], True),
        ([PLAIN, OTHER, PLAIN, OURS], False),
        ([PLAIN, OTHER, OTHER], True),
    ],
    ids=[
        "its tag lists digests, and it is the first",
        "its tag lists digests, whatever the subject and the releases before",
        "the subject alone, and it is the first",
        "another subject, after one of castoff's",
        "the subject with a pull request's number",
        "the subject with more words",
        "the subject, after one with another",
        "the subject, after one of castoff's",
        "the subject that scripts wrote before",
        "scripts wrote it before a tag that was put on another commit",
        "castoff made the one before a tag that was put on another commit",
        "scripts wrote it after castoff was given up",
        "the subject, after several with others",
    ],
)
def test_a_release_is_castoffs_by_digests_or_by_a_subject_that_no_script_writes(
    rows: list[tuple[str, str]], made: bool
) -> None:
    texts = Texts(*rows)
    claim, *earlier = texts.claims

    assert is_castoffs(texts, "release {version}", claim, earlier) is made


def test_a_release_without_a_tag_has_no_digests_whatever_other_tags_list() -> None:
    texts = Texts((DIGESTS, "squashed"), PLAIN)
    claim, *earlier = texts.claims

    assert not is_castoffs(texts, "release {version}", replace(claim, tag=None), earlier)
