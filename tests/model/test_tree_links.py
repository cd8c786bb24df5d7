"""Folders behind symbolic links, as clients follow them."""

from __future__ import annotations

import pytest

from castoff.model.tree_links import Links


@pytest.mark.parametrize(
    ("links", "folder", "real"),
    [
        ({}, "a/b", "a/b"),
        ({"a/link": "../packages/x"}, "a/link", "packages/x"),
        ({"a/link": "../packages/x"}, "a/link/src", "packages/x/src"),
        ({"a/link": "../packages/x"}, "a/linked", "a/linked"),
        ({"a/link": "../b", "b": "c"}, "a/link/d", "c/d"),
        ({"a": "b", "b": "a"}, "a/x", "a/x"),
        ({"a": "../out"}, "a", "../out"),
    ],
    ids=["no link", "beside", "below a link", "a longer name", "one after the other", "a loop", "out"],
)
def test_a_folder_is_found_behind_links(links: dict[str, str], folder: str, real: str) -> None:
    assert Links(links).real(folder) == real
