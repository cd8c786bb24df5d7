from __future__ import annotations

import pytest

from castoff.ecosystems.npm.manifest.ranges import Moved, admits, moved


@pytest.mark.parametrize(
    ("text", "new", "expected"),
    [
        ("1.2.0", "1.3.0", Moved("1.3.0", admits=True)),
        ("=1.2.0", "1.3.0", Moved("=1.3.0", admits=True)),
        ("v1.2.0", "1.3.0", Moved("v1.3.0", admits=True)),
        ("^1.2.0", "1.3.0", Moved("^1.3.0", admits=True)),
        ("~1.2.0", "2.0.0", Moved("~2.0.0", admits=True)),
        (">= 1.2.0", "2.0.0", Moved(">= 2.0.0", admits=True)),
        (" ^1.2 ", "1.3.0", Moved(" ^1.3 ", admits=True)),
        ("1", "2.1.0", Moved("2", admits=True)),
        ("1.2.x", "2.1.0", Moved("2.1.x", admits=True)),
        ("^1", "2.0.0-rc.1", Moved("^2.0.0-rc.1", admits=True)),
        ("1.0.0-rc.1", "1.0.0", Moved("1.0.0", admits=True)),
        ("*", "2.0.0", Moved("*", admits=True)),
        ("", "2.0.0", Moved("", admits=True)),
        ("*", "2.0.0-rc.1", Moved("*", admits=False)),
        (">=1.2.0 <2", "1.9.0", Moved(">=1.2.0 <2", admits=True)),
        (">=1.2.0 <2", "2.0.0", Moved(">=1.2.0 <2", admits=False)),
        ("^1 || ^2", "2.0.0", Moved("^1 || ^2", admits=True)),
        ("<2", "2.0.0", Moved("<2", admits=False)),
        ("latest", "2.0.0", Moved("latest", admits=False)),
    ],
)
def test_a_range_moves_with_its_operator_and_its_width(text: str, new: str, expected: Moved) -> None:
    assert moved(text, new) == expected


@pytest.mark.parametrize(
    ("text", "new", "kept"),
    [
        ("^1.2.0", "1.3.0", True),
        ("^1.2.0", "2.0.0", False),
        (">=1.2.0", "9.0.0", True),
        ("1.x", "1.9.0", True),
        ("1.2.0", "1.3.0", False),
        ("=1.2.0", "1.3.0", False),
        ("^1.2.0", "1.3.0-rc.1", False),
    ],
)
def test_floors_that_admit_the_version_can_be_kept(text: str, new: str, kept: bool) -> None:
    assert (moved(text, new, keeps=True).text == text) is kept


# Answers of npm's own `semver` 7.8.6.
@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("^0.2.0", "0.3.0", False),
        ("^0.0.3", "0.0.4", False),
        ("^1.0.0-rc.1", "1.0.0-rc.2", True),
        ("^1.0.0-rc.1", "1.1.0-rc.1", False),
        ("1.0.0 - 2", "2.9.9", True),
        ("~>1.2", "1.2.9", True),
        ("<2.0.0-0", "2.0.0-rc.1", False),
        ("||", "1.0.0", True),
        ("git+ssh://x", "1.0.0", False),
        ("a" * 5000, "1.0.0", False),
    ],
)
def test_ranges_admit_what_npm_admits(text: str, version: str, expected: bool) -> None:
    assert admits(text, version) is expected
