"""Words of the former dialect stay out of code, messages and documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "castoff"
DIALECT = re.compile(
    r"\b(?:mend(?:s|ed|ing)?|wound(?:s|ed)?|half[ _]out|ways? out|under way"
    r"|(?<!there )is no (?:version|branch|file|folder|tag|number|project|remote|annotated))\b",
    re.IGNORECASE,
)
# Words that messages and pages must not contain: the field has a term for each.
TELLING = re.compile(
    r"\b(?:mend(?:s|ed)?|nobody can tell|see that|say --|made anew|begin anew|what is under way|somebody else"
    r"|the house|take (?:it|them|the version) back|given up|gave (?:it )?up)\b",
    re.IGNORECASE,
)
FENCE = re.compile(r"^( *)```.*?^\1```\s*$", re.MULTILINE | re.DOTALL)
WRITTEN_BY_RUNS = ("docs/reference/proofs/",)


def _prose() -> list[Path]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *SOURCE.rglob("*.md")]
    code = [path for path in SOURCE.rglob("*.py") if "world" not in path.relative_to(SOURCE).parts]
    return sorted(
        path
        for path in (*pages, *code)
        if path.name != "CHANGELOG.md" and not path.relative_to(ROOT).as_posix().startswith(WRITTEN_BY_RUNS)
    )


def _found(pattern: re.Pattern[str], path: Path, text: str) -> list[str]:
    lines = enumerate(text.split("\n"), 1)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}" for number, line in lines if pattern.search(line)
    ]


def test_no_word_of_the_former_dialect_is_left() -> None:
    assert [one for path in _prose() for one in _found(DIALECT, path, path.read_text("utf-8"))] == []


@pytest.mark.parametrize("folder", ["src/castoff/explanations", "docs/how-to", "docs/tutorial"])
def test_pages_for_users_use_the_words_of_the_field(folder: str) -> None:
    pages = sorted((ROOT / folder).rglob("*.md"))

    assert [
        one for page in pages for one in _found(TELLING, page, FENCE.sub("", page.read_text("utf-8")))
    ] == []
