from __future__ import annotations

import pytest

from castoff.config.replacement import check_text
from castoff.config.values import Capture, CheckSettings

README = 'k8s-openapi = { version = "0.25.0" }\nand again\nk8s-openapi = { version = "0.24.0" }\n'
TEXTS = {"README.md": README, "Cargo.toml": 'k8s-openapi = "0.25.0"\n', "empty": ""}
PATTERN = r'^k8s-openapi = .*"([0-9.]+)"'


def check(equals: str | Capture, file: str = "README.md", pattern: str = PATTERN) -> CheckSettings:
    return CheckSettings(
        name="recommended", file=file, pattern=pattern, equals=equals, message="users copy it"
    )


def test_each_place_that_differs_is_told_with_its_line() -> None:
    problems = check_text(check(Capture(file="Cargo.toml", pattern=PATTERN)), TEXTS.get, {})

    assert [(problem.code, problem.file, problem.line) for problem in problems] == [
        ("check-failed", "README.md", 3)
    ]
    assert problems[0].message == "check `recommended`: `README.md` has `0.24.0`, not `0.25.0`"
    assert problems[0].reason == "users copy it"


def test_a_value_can_be_a_template() -> None:
    one = check("{previous}", file="Cargo.toml")

    assert check_text(one, TEXTS.get, {"previous": "0.25.0"}) == ()
    assert len(check_text(one, TEXTS.get, {"previous": "0.26.0"})) == 1


def test_without_groups_the_whole_match_counts() -> None:
    assert check_text(check("and again", pattern="^and.*$"), TEXTS.get, {}) == ()


@pytest.mark.parametrize(
    ("one", "code", "file"),
    [
        (check("x", file="none"), "check-file-missing", "none"),
        (check(Capture(file="none", pattern="x")), "check-file-missing", "none"),
        (check("x", file="empty"), "check-matches-nothing", "empty"),
        (check(Capture(file="empty", pattern="x")), "check-matches-nothing", "empty"),
    ],
    ids=["file", "other file", "no match", "no match in the other file"],
)
def test_a_check_that_finds_nothing_is_a_problem(one: CheckSettings, code: str, file: str) -> None:
    problems = check_text(one, TEXTS.get, {})

    assert [(problem.code, problem.file) for problem in problems] == [(code, file)]


def test_a_check_that_is_a_command_is_not_for_here() -> None:
    assert check_text(CheckSettings(name="a", command=("true",)), TEXTS.get, {}) == ()
