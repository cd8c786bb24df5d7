"""Highlights before there is a draft and after: no word that a person wrote is ever lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from notes_ground import Ground, History, castoff, ground, release

from castoff.errors import CastoffError, Refusal
from castoff.release.draft_command import make_draft
from castoff.release.highlights_command import KEPT, NAME, open_highlights, write_highlights

pytestmark = pytest.mark.real

DIFF = "## Migration\n\nSay `dock`.\n\n```diff\n- old\n+ new\n```\n"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n- Kept by hand.\n\n## [1.0.0] - 2026-01-01\n\n- First.\n"


def build(made: History) -> None:
    made.commit("Keep a changelog", {"CHANGELOG.md": CHANGELOG})
    made.squash(1, "Moor ships", labels=["changelog-add"], body=DIFF)
    made.squash(
        2,
        "Fix tides",
        labels=["changelog-fix"],
        author="grace",
        body="## Release notes\n\nTides are right.\n",
    )


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path, build, tokens={"reader": "read"}) as made:
        yield made


def proposed(made: Ground, version: str | None = None) -> str:
    return open_highlights(made.setting(), version).merged.text


def merge_another(made: Ground, number: int, title: str) -> None:
    """Bring another change in, through the forge, as its people do."""
    made.api("POST", "/git/refs", {"ref": f"refs/heads/t{number}", "sha": head(made)})
    content = {"message": title, "content": "eA==", "branch": f"t{number}"}
    made.api("PUT", f"/contents/file{number}.txt", content)
    pull = made.api(
        "POST",
        "/pulls",
        {
            "title": title,
            "head": f"t{number}",
            "base": "main",
            "body": f"## Release notes\n\nAbout {title}.\n",
        },
    )
    made.api("POST", f"/issues/{pull['number']}/labels", {"labels": ["changelog-add"]})
    made.api("PUT", f"/pulls/{pull['number']}/merge", {"merge_method": "squash"})


def head(made: Ground) -> str:
    found = made.api("GET", "/git/ref/heads/main")
    return str(found["object"]["sha"])


def draft_body(made: Ground) -> str:
    (one,) = made.forge()["releases"]
    return str(one["body"])


def edit_in_browser(made: Ground, body: str) -> None:
    (one,) = made.api("GET", "/releases")
    made.api("PATCH", f"/releases/{one['id']}", {"body": body})


def test_a_proposal_has_the_news_the_features_the_fixes_and_thanks(here: Ground) -> None:
    text = proposed(here)

    assert text.index("Kept by hand.") < text.index("### [Moor ships]") < text.index("## Contributors")
    assert "```diff\n- old\n+ new\n```" in text
    assert "Tides are right." in text
    assert "Welcome to @ada and @grace" in text
    assert here.writes() == []


def test_before_the_release_the_text_waits_in_an_early_draft(here: Ground) -> None:
    write_highlights(here.setting(), open_highlights(here.setting(), None), "## Highlights\n\nMine.\n")

    (one,) = here.forge()["releases"]
    assert one["draft"]
    assert one["tag"] == "1.1.0"
    assert one["tag_commit"] is None
    assert one["name"] == "1.1.0 (not released yet)"
    assert one["body"].strip() == "## Highlights\n\nMine."


def test_new_merges_are_added_and_what_people_wrote_or_took_out_stays_so(here: Ground) -> None:
    text = proposed(here)
    mine = text.replace("## Highlights", "## Highlights\n\nMy own words.").replace(
        "Say `dock`.", "Say `quay`."
    )
    mine = mine[: mine.index("### [Fix tides]")] + mine[mine.index("## Contributors") :]
    write_highlights(here.setting(), open_highlights(here.setting(), None), mine)
    merge_another(here, 90, "Draw buoys")

    opened = open_highlights(here.setting(), None)

    assert opened.title == "1.1.0"
    assert "My own words." in opened.merged.text
    assert "Say `quay`." in opened.merged.text
    assert "Fix tides" not in opened.merged.text
    assert "About Draw buoys." in opened.merged.text
    write_highlights(here.setting(), opened, opened.merged.text)
    again = open_highlights(here.setting(), None)
    assert again.merged.text == opened.merged.text
    assert (again.merged.added, again.merged.updated, again.merged.dropped) == ((), (), ())


def test_a_header_written_by_hand_gets_the_proposals_beside_it(tmp_path: Path) -> None:
    def released(made: History) -> None:
        build(made)
        release(made, "1.1.0")

    with ground(tmp_path, released) as made:
        make_draft(made.setting(), "1.1.0")
        edit_in_browser(made, "Only my words, no headings.\r\n\r\n" + draft_body(made))

        text = proposed(made, "1.1.0")

    assert text.startswith("Only my words, no headings.")
    assert "### [Moor ships]" in text


def test_a_person_who_took_everything_out_is_not_proposed_it_again(here: Ground) -> None:
    write_highlights(here.setting(), open_highlights(here.setting(), None), "Only my words, no headings.\n")
    merge_another(here, 90, "Draw buoys")

    text = proposed(here)

    assert text.startswith("Only my words, no headings.")
    assert "Moor ships" not in text
    assert "About Draw buoys." in text


def test_what_somebody_wrote_in_the_browser_meanwhile_is_not_overwritten(here: Ground) -> None:
    write_highlights(here.setting(), open_highlights(here.setting(), None), "## Highlights\n\nFirst.\n")
    opened = open_highlights(here.setting(), None)
    edit_in_browser(here, "## Highlights\r\n\r\nTheirs.\r\n")

    with pytest.raises(Refusal) as caught:
        write_highlights(here.setting(), opened, "## Highlights\n\nMine.\n")

    assert [problem.code for problem in caught.value.problems] == ["highlights-changed-meanwhile"]
    assert "Theirs." in draft_body(here)


def test_an_early_draft_moves_to_the_version_that_is_released(here: Ground) -> None:
    write_highlights(here.setting(), open_highlights(here.setting(), None), "## Highlights\n\nMine.\n")

    write_highlights(here.setting(), open_highlights(here.setting(), "major"), "## Highlights\n\nMine.\n")

    (one,) = here.forge()["releases"]
    assert (one["tag"], one["name"]) == ("2.0.0", "2.0.0 (not released yet)")
    assert open_highlights(here.setting(), None).title == "2.0.0"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "## What's Changed\n* x by @ada in https://github.com/acme/harbour/pull/1\n",
            "highlights-hold-notes",
        ),
        (
            "Words.\n\n**Full Changelog**: https://github.com/acme/harbour/compare/1...2\n",
            "highlights-hold-notes",
        ),
        (" \n\t\n", "nothing-written"),
        ("x" * 125_001, "draft-too-long"),
    ],
    ids=["a generated list", "a generated end", "nothing", "too much"],
)
def test_a_text_that_would_do_harm_is_refused_before_anything_is_written(
    here: Ground, text: str, code: str
) -> None:
    with pytest.raises(CastoffError) as caught:
        write_highlights(here.setting(), open_highlights(here.setting(), None), text)

    assert [problem.code for problem in caught.value.problems] == [code]
    assert here.forge()["releases"] == []


def test_an_open_fence_cannot_swallow_the_generated_notes(tmp_path: Path) -> None:
    def released(made: History) -> None:
        build(made)
        release(made, "1.1.0")

    with ground(tmp_path, released) as made:
        write_highlights(made.setting(), open_highlights(made.setting(), "1.1.0"), "```rust\nfn main() {}\n")
        make_draft(made.setting(), "1.1.0")

        assert "fn main() {}\n```\n\n<!-- Release notes" in draft_body(made)


def test_highlights_after_the_draft_leave_the_generated_part_alone(tmp_path: Path) -> None:
    def released(made: History) -> None:
        build(made)
        release(made, "1.1.0")

    with ground(tmp_path, released) as made:
        make_draft(made.setting(), "1.1.0")
        generated = draft_body(made)
        opened = open_highlights(made.setting(), "1.1.0")
        write_highlights(made.setting(), opened, "## Highlights\n\nMine.\n")

        assert draft_body(made) == f"## Highlights\n\nMine.\n\n{generated}"
        make_draft(made.setting(), "1.1.0")
        assert draft_body(made) == f"## Highlights\n\nMine.\n\n{generated}"


def test_a_workflow_that_drafts_by_itself_gets_no_early_draft_beside_its_own(tmp_path: Path) -> None:
    workflow = (
        "on:\n  push:\n    tags: ['*']\njobs:\n  release:\n    runs-on: x\n    steps:\n"
        "      - uses: softprops/action-gh-release@v2\n"
    )

    def drafted_by_ci(made: History) -> None:
        build(made)
        made.commit("Draft in CI", {".github/workflows/release.yml": workflow})

    with ground(tmp_path, drafted_by_ci, configuration='[draft]\nby = "ci"\n') as made:
        with pytest.raises(Refusal) as caught:
            write_highlights(made.setting(), open_highlights(made.setting(), None), "Words.\n")

        assert [problem.code for problem in caught.value.problems] == ["draft-second-writer"]
        assert made.writes() == []


def editor(folder: Path, script: str) -> str:
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_editor_opens_with_the_proposal_and_its_text_is_written(
    here: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = editor(tmp_path, 'cp "$1" opened.md; sed -i "s/^## Highlights/## Highlights\\n\\nMine./" "$1"')

    code, _, err = castoff(
        here, "highlights", "--execute", monkeypatch=monkeypatch, capsys=capsys, EDITOR=program
    )

    assert code == 0, err
    opened = (here.checkout / "opened.md").read_text("utf-8")
    assert "#1: its description has a notice" in opened
    assert "Mine." in draft_body(here)
    assert "castoff:" not in draft_body(here)
    assert not (here.checkout / ".git" / NAME).exists()


def test_a_text_that_could_not_be_written_is_there_in_the_next_run(
    here: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saves = editor(tmp_path, 'printf "Words that took an hour.\\n" > "$1"')
    nowhere = {"EDITOR": saves, "GH_TOKEN": "reader"}
    code, _, err = castoff(here, "highlights", "--execute", monkeypatch=monkeypatch, capsys=capsys, **nowhere)
    assert code == 4, err
    assert "Words that took an hour." in (here.checkout / ".git" / NAME).read_text("utf-8")

    looks = editor(tmp_path, 'cp "$1" again.md')
    code, _, err = castoff(
        here, "highlights", "--execute", monkeypatch=monkeypatch, capsys=capsys, EDITOR=looks
    )

    assert code == 0, err
    again = (here.checkout / "again.md").read_text("utf-8")
    assert again.index("### [Moor ships]") < again.index(KEPT) < again.index("Words that took an hour.")
    assert "Words that took an hour." in draft_body(here)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "problem"),
    [
        (("--execute",), {"EDITOR": "false"}, 4, "editor-failed"),
        (("--execute",), {"EDITOR": "no-such-editor-here"}, 4, "no-editor"),
        (("--execute",), {"EDITOR": "'unbalanced"}, 4, "no-editor"),
        (("--execute", "--no-input"), {"EDITOR": "true"}, 2, "option-missing"),
        (("--execute", "--file", "nowhere.md"), {}, 2, "file-unreadable"),
        (("--execute", "--file", "/dev/null"), {}, 4, "nothing-written"),
        (("nonsense",), {}, 2, "unknown-level"),
        (("0.5.0",), {}, 2, "version-not-higher"),
        (("--from", "9.9.9"), {}, 2, "unknown-tag"),
        (("--to", "nowhere"), {}, 2, "unknown-ref"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_has_its_code(
    here: Ground,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    code: int,
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found, _, err = castoff(
        here, "highlights", *arguments, monkeypatch=monkeypatch, capsys=capsys, **environment
    )

    assert (found, f"[{problem}]" in err) == (code, True), err
    assert here.forge()["releases"] == []
