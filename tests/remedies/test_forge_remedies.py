"""Remedies for tokens, changes and highlights: commands in a clone, over one embedded forge for all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from notes_ground import Ground, History, ground

from castoff.release.check import examine
from remedies.commands import Ending, castoff
from remedies.following import Case, cases, follow, follows

TOKENS = {"reader": "read", "bad": "bad", "blind": "none"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    def build(made: History) -> None:
        made.squash(1, "Moor ships", labels=["changelog-add"])

    with ground(tmp_path_factory.mktemp("harbour"), build, tokens=TOKENS) as made:
        yield made


def run(here: Ground, *words: str, **changes: str) -> Ending:
    """Run a command in the clone."""
    return castoff(here.checkout, {**here.environment, **changes}, *words)


def rights(here: Ground, token: str) -> list[object]:
    """Return what the checks of the forge's token find."""
    setting = here.setting(GH_TOKEN=token, GITHUB_TOKEN="")
    answers = [
        one for one in examine(setting, ("preflight",), "minor").answers if one.id.startswith("forge-")
    ]
    return [finding for one in answers for finding in one.findings]


RIGHTS = [
    Case("unauthorized", "bad", "writer", "Renew the one that is used"),
    Case("token-reads-only", "reader", "writer", "Use a token that may write to the repository"),
    Case("repository-not-seen", "blind", "writer", "the token has access to the repository"),
    Case("no-forge-token", "", "writer", "Set `GH_TOKEN`"),
]


@cases(RIGHTS)
def test_another_token_is_given(here: Ground, case: Case) -> None:
    tokens = [case.before]

    follow(case.code, lambda: rights(here, tokens[-1]), told=case.told, do=lambda: tokens.append(case.after))


NAMES = [
    Case("unknown-tag", ("--from", "0.9.0"), ("--from", "1.0.0"), "pass a tag that is on the remote"),
    Case("unknown-ref", ("--to", "soon"), ("--to", "main"), "pass a tag, branch or commit"),
]


@cases(NAMES)
def test_a_tag_or_ref_is_corrected(here: Ground, case: Case) -> None:
    follow(
        case.code,
        lambda: run(here, "notes", *case.before),
        told=case.told,
        do=lambda: None,
        then=lambda: run(here, "notes", *case.after),
    )


@follows("pull-request-missing")
def test_the_number_of_a_pull_request_is_corrected(here: Ground) -> None:
    follow(
        "pull-request-missing",
        lambda: run(here, "check", "--pull-request", "99"),
        told="pass the number at the end of the pull request's URL",
        do=lambda: None,
        then=lambda: run(here, "check", "--pull-request", "1"),
    )


@follows("not-tagged-yet")
def test_a_released_version_is_named(here: Ground) -> None:
    follow(
        "not-tagged-yet",
        lambda: run(here, "docs", "9.9.9"),
        told="or correct the version",
        do=lambda: None,
        then=lambda: run(here, "docs", "1.0.0"),
    )


@pytest.mark.parametrize("told", ["set EDITOR", "pass the text with `--file`"])
@follows("no-editor")
def test_an_editor_is_set_or_a_file_is_given(here: Ground, told: str) -> None:
    text = here.folder / "text.md"
    text.write_text("## Highlights\n\nShips moor.\n", "utf-8")
    right = (
        {"words": ["--file", str(text)], "editor": ""}
        if "--file" in told
        else {"words": [], "editor": "true"}
    )

    follow(
        "no-editor",
        lambda: run(here, "highlights", "--execute", GIT_EDITOR="no-such-editor"),
        told=told,
        do=lambda: None,
        then=lambda: run(
            here, "highlights", "--execute", *right["words"], EDITOR=str(right["editor"]), TERM="xterm"
        ),
    )


@follows("nothing-written")
def test_highlights_are_written_once_there_is_something_to_write(here: Ground) -> None:
    text = here.folder / "empty.md"
    text.write_text("", "utf-8")

    follow(
        "nothing-written",
        lambda: run(here, "highlights", "--file", str(text), "--execute"),
        told="run it again with a text",
        do=lambda: text.write_text("## Highlights\n\nShips moor.\n", "utf-8"),
    )
