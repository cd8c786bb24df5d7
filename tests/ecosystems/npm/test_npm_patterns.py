from __future__ import annotations

import pytest

from castoff.ecosystems.npm.manifest.patterns import matching_folders

FOLDERS = (".", "a", "packages", "packages/a", "packages/a/b", "packages/.x", "packages/skip", "tools/c")


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["packages/*"], "packages/a packages/skip"),
        (["./packages/*/"], "packages/a packages/skip"),
        (["packages/**"], "packages packages/a packages/a/b packages/skip"),
        (["**"], ". a packages packages/a packages/a/b packages/skip tools/c"),
        (["**/b"], "packages/a/b"),
        (["."], "."),
        (["{packages,tools}/[a-c]"], "packages/a tools/c"),
        (["packages/.x"], "packages/.x"),
        (["packages/?"], "packages/a"),
        (["packages/*", "!packages/s*"], "packages/a"),
        (["packages/[!a]*"], "packages/skip"),
        (["x" * 1000], ""),
        ([], ""),
    ],
)
def test_patterns_name_folders(patterns: list[str], found: str) -> None:
    assert " ".join(matching_folders(patterns, FOLDERS, in_order=True)) == found


@pytest.mark.parametrize(
    ("in_order", "found"), [(True, ["packages/a", "packages/skip"]), (False, ["packages/skip"])]
)
def test_npm_reads_patterns_in_order_and_others_take_away_from_all(in_order: bool, found: list[str]) -> None:
    patterns = ["!packages/a", "packages/*"]
    assert list(matching_folders(patterns, FOLDERS, in_order=in_order)) == found
