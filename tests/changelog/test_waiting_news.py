"""Which news wait in a changelog for a release?"""

from __future__ import annotations

import pytest

from castoff.changelog.news import is_compare_line, rejoined, waiting_news, without_compare_lines

KEPT = "# Changelog\n\n## [Unreleased]\n\n- Waiting.\n\n## [1.1.0] - 2026-02-01\n\n- Out.\n"
KUBE = (
    "UNRELEASED\n===================\n * see https://github.com/o/r/compare/1.0.0...main\n\n - Waiting.\n\n"
    "1.0.0 / 2026-01-01\n===================\n - Out.\n"
)


@pytest.mark.parametrize(
    ("text", "version", "news"),
    [
        (KEPT, "1.2.0", "- Waiting."),
        (KEPT, "1.1.0", "- Out."),
        (KUBE, "1.1.0", " - Waiting."),
        ("# Changelog\n", "1.0.0", ""),
        ("", "1.0.0", ""),
        ("# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\n- Out.\n", "1.1.0", ""),
    ],
    ids=["unreleased", "of the version", "with a comparison", "none", "empty", "an empty section"],
)
def test_the_news_of_a_release_are_its_own_section_else_what_is_unreleased(
    text: str, version: str, news: str
) -> None:
    assert waiting_news(text, version) == news


@pytest.mark.parametrize("end", ["", "\n"], ids=["where the file ends", "in a line"])
def test_a_group_without_entries_is_joined_too(end: str) -> None:
    text = f"# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- Leak.\n\n### Fixed{end}"

    assert rejoined(text) == f"# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- Leak.{end}"


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        (" * see {}", True),
        ("**Full Changelog**: {}", True),
        ("[See all changes since v1.0.0 on GitHub]({})", True),
        ("[v1.0.0...main]({})", True),
        ("<{}>.", True),
        ("- Thanks to Ada, who did it all: {}", False),
        ("- BREAKING: `f` is gone, see {}", False),
        ("- fix #12, see {}", False),
        ("- merci : {}", False),
        ("- 直した {}", False),
        ("see {} and https://example.org", False),
        ("see https://github.com/o/r/compare/v1.0.0...v1.1.0", False),
    ],
)
def test_a_line_that_only_compares_has_no_words_of_people(line: str, bare: bool) -> None:
    link = "https://github.com/o/r/compare/v1.0.0...main"

    assert is_compare_line(line.format(link)) is bare
    assert (line.format(link) in without_compare_lines(f"- news\n{line.format(link)}\n")) is not bare
