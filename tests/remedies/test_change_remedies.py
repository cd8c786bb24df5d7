"""Remedies for changes, highlights, drafts and the forge: commands in a clone of an embedded world."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from notes_ground import NOW, Ground, History, ground, release

from castoff.preflight.label_fixes import answers_given, apply_fixes, choose, find_fixes
from castoff.release.highlights_command import open_highlights, write_highlights
from castoff.release.notes_command import notes_of_range
from castoff.world.faults import parse_faults
from castoff_needs import FROM, offer_what_castoff_needs
from remedies.commands import Ending, castoff
from remedies.following import follow, follows

HIGHLIGHTS = "## Highlights\n\nMine.\n"


@dataclass(frozen=True, slots=True)
class Harbour:
    """A clone in a world; every command runs with ``--json``."""

    ground: Ground

    def run(self, *words: str, **changes: str) -> Ending:
        return castoff(self.ground.checkout, {**self.ground.environment, **changes}, *words)

    def git(self, *words: str) -> None:
        History(self.ground.checkout).git(*words)

    def push(self, files: Mapping[str, str]) -> None:
        history = History(self.ground.checkout)
        history.commit("Change", files)
        history.git("push", "--quiet", "origin", "main")

    def write(self, name: str, text: str) -> str:
        (self.ground.folder / name).write_text(text, "utf-8")
        return str(self.ground.folder / name)

    def fault(self, **rule: object) -> None:
        rules = [rule] if rule else []
        self.ground.world.gate.replace(parse_faults(json.dumps({"rules": rules})))


def _labelled(made: History) -> None:
    made.squash(1, "Moor ships", labels=["changelog-add"])


def _released(made: History) -> None:
    _labelled(made)
    release(made, "1.1.0")


@contextmanager
def _harbour(folder: Path, build: Callable[[History], object], **forge: object) -> Iterator[Harbour]:
    with ground(folder, build, **forge) as made:  # type: ignore[arg-type]
        yield Harbour(made)


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    with _harbour(tmp_path, _labelled) as made:
        yield made


@follows("commit-without-change")
def test_paths_that_need_no_pull_request_are_named(tmp_path: Path) -> None:
    with _harbour(tmp_path, lambda made: made.commit("direct", {"docs/a.md": "a\n"})) as made:
        follow(
            "commit-without-change",
            lambda: made.run("check", "--only", "labels"),
            told="`notes.optional-for.paths`",
            do=lambda: made.push(
                {"castoff.toml": '[notes.optional-for]\npaths = ["docs/*", "castoff.toml"]\n'}
            ),
        )


@follows("label-not-a-kind")
def test_a_label_of_a_kind_is_given(tmp_path: Path) -> None:
    words = ["1=changelog-fixy"]
    with _harbour(tmp_path, lambda made: made.squash(1, "A")) as made:
        follow(
            "label-not-a-kind",
            lambda: made.run("check", "--fix", "--execute", "--label", words[0]),
            told="give #1 one of these",
            do=lambda: words.insert(0, "1=changelog-fix"),
        )


@follows("label-unclear")
def test_labels_are_looked_at_again(tmp_path: Path) -> None:
    with _harbour(tmp_path, lambda made: made.squash(1, "A")) as made:
        made.fault(service="forge", method="POST", path="*/labels", effect={"lost_reply": 0})
        setting = made.ground.setting()
        fixes = find_fixes(setting)
        follow(
            "label-unclear",
            lambda: apply_fixes(setting, fixes, choose(fixes, answers_given({1: "changelog-fix"}))),
            told="`castoff check --only labels`",
            do=made.fault,
            then=lambda: made.run("check", "--only", "labels"),
        )


@pytest.mark.parametrize("way", ["`castoff ci --write .`", '`draft.by = "castoff"`'])
@follows("draft-no-writer")
def test_a_writer_of_the_draft_is_made(way: str, harbour: Harbour) -> None:
    offer_what_castoff_needs(harbour.ground.world)
    harbour.push({"castoff.toml": f'[draft]\nby = "ci"\n{FROM}'})

    def carry_out() -> None:
        if "ci" in way:
            harbour.run("ci", "--write", ".")
            harbour.push({})
        else:
            harbour.push({"castoff.toml": '[draft]\nby = "castoff"\n'})

    follow("draft-no-writer", lambda: harbour.run("check", "--only", "preflight"), told=way, do=carry_out)


@follows("draft-waits")
def test_a_draft_that_waits_is_announced(tmp_path: Path) -> None:
    with _harbour(tmp_path, _released) as made:
        made.run("draft", "1.1.0", "--execute")
        follow(
            "draft-waits",
            lambda: made.run("status", "1.1.0", CASTOFF_NOW=NOW),
            told="`castoff announce --execute`",
            do=lambda: made.run("announce", "1.1.0", "--execute", "--yes"),
        )


@pytest.mark.parametrize("words", [("notes",), ("milestone", "1.0.0", "--wait", "1")])
@follows("forge-unreachable")
def test_the_forge_is_asked_again(words: tuple[str, ...], harbour: Harbour) -> None:
    harbour.fault(service="forge", path="*", effect={"status": 502})

    follow(
        "forge-unreachable",
        lambda: harbour.run(*words),
        told="later",
        do=harbour.fault,
        then=lambda: harbour.run(*words),
    )


@follows("changes-remembered")
def test_the_forge_is_asked_for_titles_again(harbour: Harbour) -> None:
    away = {"GITHUB_API_URL": "http://127.0.0.1:9"}
    notes_of_range(harbour.ground.setting(), None, None, compare=False)

    follow(
        "changes-remembered",
        lambda: notes_of_range(harbour.ground.setting(**away), None, None, compare=False).written,
        told="run it again later",
        do=away.clear,
    )


@follows("highlights-hold-notes")
def test_generated_lines_are_taken_out_of_highlights(harbour: Harbour) -> None:
    text = [f"{HIGHLIGHTS}\n**Full Changelog**: https://github.com/acme/harbour/compare/1...2\n"]

    follow(
        "highlights-hold-notes",
        lambda: harbour.run("highlights", "--execute", "--file", harbour.write("text.md", text[0])),
        told="remove these lines",
        do=lambda: text.insert(0, HIGHLIGHTS),
    )


@follows("highlights-changed-meanwhile")
def test_highlights_are_written_again_with_both_texts(harbour: Harbour) -> None:
    made = harbour.ground
    write_highlights(made.setting(), open_highlights(made.setting(), None), HIGHLIGHTS)
    opened = [open_highlights(made.setting(), None)]
    (draft,) = made.api("GET", "/releases")
    made.api("PATCH", f"/releases/{draft['id']}", {"body": "## Highlights\n\nTheirs.\n"})

    follow(
        "highlights-changed-meanwhile",
        lambda: write_highlights(made.setting(), opened[0], HIGHLIGHTS) and None,
        told="run `castoff highlights --execute` again",
        do=lambda: opened.insert(0, open_highlights(made.setting(), None)),
    )


@follows("highlights-elsewhere")
def test_highlights_are_moved_to_the_version_that_is_released(harbour: Harbour) -> None:
    text = harbour.write("text.md", HIGHLIGHTS)
    harbour.run("highlights", "2.0.0", "--execute", "--file", text)

    follow(
        "highlights-elsewhere",
        lambda: harbour.run("check", "--only", "preflight", "--version", "1.1.0"),
        told="`castoff highlights 1.1.0 --execute`",
        do=lambda: harbour.run("highlights", "1.1.0", "--execute", EDITOR="true"),
    )


@pytest.mark.parametrize("way", ["create the file", "correct `changelog.file`"])
@follows("changelog-missing")
def test_a_changelog_that_is_configured_is_there(way: str, tmp_path: Path) -> None:
    releases = [{"tag": "1.1.0", "body": "* Moor ships", "published_at": "2026-02-01T00:00:00Z"}]
    with _harbour(tmp_path, _released, releases=releases) as made:
        made.push({"castoff.toml": '[changelog]\nfile = "NEWS.md"\n'})
        corrected = {"NEWS.md": "# News\n"}
        if "correct" in way:
            made.push({"CHANGES.md": "# Changes\n"})
            corrected = {"castoff.toml": '[changelog]\nfile = "CHANGES.md"\n'}
        follow(
            "changelog-missing",
            lambda: made.run("changelog", "1.1.0"),
            told=way,
            do=lambda: made.push(corrected),
        )


@follows("branch-protected")
def test_a_protected_branch_is_released_by_pull_request(tmp_path: Path) -> None:
    protected = [{"branch": "main", "rules": ["pull_request"], "kind": "ruleset"}]
    with _harbour(tmp_path, _labelled, protected=protected) as made:
        follow(
            "branch-protected",
            lambda: made.run("check", "--only", "preflight"),
            told="`castoff release LEVEL --pull-request`",
            do=lambda: None,
            then=lambda: made.run("release", "1.1.0", "--pull-request"),
        )


@follows("branch-wants-signatures")
def test_the_release_commit_is_signed(tmp_path: Path, ssh_key: Path) -> None:
    protected = [{"branch": "main", "rules": ["required_signatures"], "kind": "ruleset"}]
    with _harbour(tmp_path, _labelled, protected=protected) as made:
        made.push({"castoff.toml": '[release]\nsign = "none"\n'})
        made.git("config", "gpg.format", "ssh")
        made.git("config", "user.signingkey", f"{ssh_key}.pub")
        follow(
            "branch-wants-signatures",
            lambda: made.run("check", "--only", "preflight"),
            told='`sign = "commit"`',
            do=lambda: made.push({"castoff.toml": '[release]\nsign = "commit"\n'}),
        )


@follows("forge-refused")
def test_what_the_forge_refuses_is_corrected(tmp_path: Path) -> None:
    with _harbour(tmp_path, _released) as made:
        made.fault(service="forge", method="POST", path="*/releases", effect={"status": 422, "body": "{}"})
        follow(
            "forge-refused",
            lambda: made.run("draft", "1.1.0", "--execute", "--wait", "1"),
            told="correct the reported problem",
            do=made.fault,
        )


@follows("tag-name-refused")
def test_a_name_that_is_used_up_is_followed_by_the_next_version(tmp_path: Path) -> None:
    def build(made: History) -> None:
        _released(made)
        release(made, "1.1.1")

    with _harbour(tmp_path, build, used_tags=["1.1.0"]) as made:

        def announce(version: str) -> Ending:
            made.run("draft", version, "--execute")
            return made.run("announce", version, "--execute", "--yes", "--wait", "1")

        follow(
            "tag-name-refused",
            lambda: announce("1.1.0"),
            told="release the next version",
            do=lambda: None,
            then=lambda: announce("1.1.1"),
        )


@follows("levels-missing", "level-undecided")
def test_labels_get_a_level(harbour: Harbour) -> None:
    def look() -> Ending:
        return harbour.run("plan", "auto")

    def configure(levels: str) -> None:
        harbour.push({"castoff.toml": f"[version]\nlevels = {{ {levels} }}\n"})

    follow(
        "levels-missing",
        look,
        told="`[version] levels = { breaking",
        do=lambda: configure('breaking = "major"'),
        then=lambda: [one for one in look().problems if one.code == "levels-missing"],
    )
    follow(
        "level-undecided",
        look,
        told='add `"*"` to',
        do=lambda: configure('breaking = "major", "*" = "patch"'),
    )
