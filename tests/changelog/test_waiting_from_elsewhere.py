from __future__ import annotations

import pytest

from castoff.changelog.waiting import EMPTY, with_waiting

NEWS = [("Fixed", "Fix the leak"), (None, "Sail on.\n\nEven at night.")]
LIST = "- Fix the leak\n- Sail on.\n\n  Even at night.\n"
ROWS = {
    "an empty file": (EMPTY, f"{EMPTY}\n{LIST}"),
    "an empty section": (
        "# C\n\n## Unreleased\n\n## 1.0.0\n\n- A\n",
        f"# C\n\n## Unreleased\n\n{LIST}\n## 1.0.0\n\n- A\n",
    ),
    "a list that waits": (
        "# C\n\n## Unreleased\n\n- B\n\n## 1.0.0\n\n- A\n",
        f"# C\n\n## Unreleased\n\n- B\n{LIST}\n## 1.0.0\n\n- A\n",
    ),
    "no section": ("# C\n\n## 1.0.0\n\n- A\n", f"# C\n\n## Unreleased\n\n{LIST}\n## 1.0.0\n\n- A\n"),
    "underlined headings": (
        "1.0.0 / 2026-01-02\n==================\n- A\n",
        f"Unreleased\n==========\n\n{LIST}\n1.0.0 / 2026-01-02\n==================\n- A\n",
    ),
    "kinds as headings": (
        "# C\n\n## Unreleased\n\n### Fixed\n\n- B\n\n## 1.0.0\n\n### Added\n\n- A\n",
        "# C\n\n## Unreleased\n\n- Sail on.\n\n  Even at night.\n\n### Fixed\n\n- B\n- Fix the leak\n\n"
        "## 1.0.0\n\n### Added\n\n- A\n",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ROWS.values(), ids=ROWS)
def test_news_from_elsewhere_wait_under_unreleased_and_once_only(text: str, expected: str) -> None:
    made = with_waiting(text, NEWS)

    assert made == expected
    assert with_waiting(made, NEWS) == made


def test_line_ends_stay() -> None:
    assert with_waiting("# C\r\n\r\n## Unreleased\r\n", [(None, "A")]).count("\n") == 5
    assert with_waiting("# C\r\n\r\n## Unreleased\r\n", [(None, "A")]).count("\r\n") == 5
