"""An edit of a text whose data is known is checked as strictly as any other, with one reading less."""

from __future__ import annotations

import tomllib

import pytest

from castoff.errors import CastoffError
from castoff.text.toml import Positions, replace_strings

TEXT = """[project]
name = "a"
version = "1.0.0"  # the version
dependencies = ["b==1.0.0", 'c==1.0.0']

[tool.x]
version = "1.0.0"
rate = 1.50
never = nan
"""
PLAIN = TEXT.replace("never = nan\n", "")
VERSION = ("project", "version")


class Elsewhere(Positions):
    """Positions that are wrong: the version of the tool stands for that of the project."""

    def value_span(self, path: tuple[str | int, ...]) -> tuple[int, int] | None:
        return super().value_span(("tool", "x", "version") if path == VERSION else path)


@pytest.mark.parametrize("text", [pytest.param(PLAIN, id="plain"), pytest.param(TEXT, id="with a nan")])
@pytest.mark.parametrize("new", ["1.1.0", 'quo"te', "back\\slash", "ünï", "\x1f"])
def test_the_result_is_the_same_with_known_data(text: str, new: str) -> None:
    changes = {VERSION: new, ("project", "dependencies", 1): new}

    known = replace_strings(text, changes, data=tomllib.loads(text))

    assert known == replace_strings(text, changes)
    assert tomllib.loads(known)["project"]["version"] == new


def test_an_edit_at_the_wrong_place_is_found_though_the_same_text_stood_there() -> None:
    with pytest.raises(CastoffError, match="edit-not-exact"):
        replace_strings(PLAIN, {VERSION: "1.1.0"}, positions=Elsewhere(PLAIN), data=tomllib.loads(PLAIN))


def test_data_of_another_text_does_not_excuse_an_edit() -> None:
    other = tomllib.loads(PLAIN.replace("1.50", "1.51"))

    assert replace_strings(PLAIN, {VERSION: "2.0"}, data=other) == replace_strings(PLAIN, {VERSION: "2.0"})


def test_a_path_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        replace_strings(PLAIN, {("project", "license"): "x"}, data=tomllib.loads(PLAIN))
