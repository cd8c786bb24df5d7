"""Kube's own changelog: every defect is found, and every release of its record goes through the port unhurt."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from castoff.changelog import CutOptions, PortOptions, cut, parse, port
from castoff.changelog.doctor import OutsideFacts, examine, fix, read_known

DATA = Path(__file__).parent / "data"
Record = dict[str, Any]
ROOT = "https://github.com/kube-rs/kube"
HEAD = (
    "<!-- NOTICE this is mostly generated from releases - ONLY ADD NEWS here now -->\n<!-- next-header -->\n"
    f"UNRELEASED\n===================\n * see {ROOT}/compare/0.1.0...main\n\n"
)


@dataclass(frozen=True)
class Release:
    version: str
    day: str
    body: str
    previous: str | None

    @property
    def url(self) -> str:
        return f"{ROOT}/releases/tag/{self.version}"


@pytest.fixture(scope="module")
def changelog() -> str:
    return (DATA / "kube-changelog.md").read_bytes().decode()


@pytest.fixture(scope="module")
def record() -> Record:
    return dict(json.loads((DATA / "kube-wounds.json").read_text()))


@pytest.fixture(scope="module")
def known() -> OutsideFacts:
    return read_known((DATA / "kube-wounds.json").read_text())


@pytest.fixture(scope="module")
def releases(changelog: str, record: Record) -> list[Release]:
    """Give the releases, oldest first, with the text of their sections as the notes of the release."""
    previous = {tag["tag"]: tag["previous"] for tag in record["tags"]}
    return [
        Release(s.version, f"{s.date}", changelog[s.body : s.end], previous.get(s.version))
        for s in reversed(parse(changelog).released)
        if s.version
    ]


def ported(text: str, release: Release, *, cut_first: bool) -> str:
    if cut_first:
        text = cut(text, release.version, release.day, CutOptions(root=ROOT, previous=release.previous)).text
    options = PortOptions(previous=release.previous, news="")
    return port(text, release.version, release.body, release.url, release.day, options).text


def test_every_wound_of_the_record_is_found_on_its_line(
    changelog: str, record: Record, known: OutsideFacts
) -> None:
    found = {(f.kind, f.line, f.release, f.severity): f for f in examine(changelog, known)}
    for kind, line, release, severity, text in record["wounds"]:
        finding = found.get((kind, line, release, severity))
        assert finding is not None, (kind, line, release)
        assert kind in ("relative-link", "pull-linked-as-issue") or finding.text == text


def test_nothing_but_the_record_is_a_defect(changelog: str, record: Record, known: OutsideFacts) -> None:
    listed = {(kind, line, release) for kind, line, release, _, _ in record["wounds"]}
    defects = {(f.kind, f.line, f.release) for f in examine(changelog, known) if f.severity == "defect"}
    assert defects <= listed


def test_mending_leaves_only_what_no_machine_may_decide(changelog: str, known: OutsideFacts) -> None:
    repaired = fix(changelog, known)
    assert {f.kind for f in repaired.findings} == {
        "date-differs-from-tag",
        "date-not-monotonic",
        "relative-link",
        "section-older-than-first-tag",
        "section-without-tag",
        "tag-without-section",
    }
    assert fix(repaired.text, known).text == repaired.text


def test_every_release_goes_through_cut_and_port_and_the_doctor_finds_nothing(
    releases: list[Release],
) -> None:
    text = HEAD
    for release in releases:
        text = ported(text, release, cut_first=True)
        again = port(text, release.version, release.body, release.url, release.day)
        assert (again.outcome, again.text) == ("unchanged", text)
    worst = {(f.kind, f.release) for f in examine(text) if f.severity == "defect"}
    assert worst == {("date-not-monotonic", "0.16.0")}  # the record itself dates 0.16.0 before 0.15.1
    check_by_hand(text, releases)


def check_by_hand(text: str, releases: list[Release]) -> None:
    """Look at the file with nothing of castoff's: headings by regular expression, entries by text."""
    heading = re.compile(r"^\[(\d+\.\d+\.\d+)\]\((\S+)\) / (\d{4}-\d\d-\d\d)\n={19}$", re.MULTILINE)
    expected = [(r.version, r.url, r.day) for r in reversed(releases)]
    assert heading.findall(text) == expected
    assert not re.search(r"^\S.*\n\[\d+\.\d+\.\d+\]", text, re.MULTILINE)
    assert re.findall(r"compare/(\S+)\.\.\.main", text) == [releases[-1].version]
    for release in releases:
        for entry in re.findall(r"^\* (.+ by @.+ in \S+)$", release.body, re.MULTILINE):
            told = re.sub(r"\(#(\d+)\)", rf"([#\1]({ROOT}/issues/\1))", entry)
            assert told in text


@pytest.mark.whole
def test_forgotten_releases_land_in_the_same_place_when_they_are_ported_later(
    releases: list[Release],
) -> None:
    straight = HEAD
    for release in releases:
        straight = ported(straight, release, cut_first=False)
    dice = random.Random(7)
    for _ in range(2):
        forgotten = {release.version for release in dice.sample(releases, 20)}
        later = [release for release in releases if release.version in forgotten]
        dice.shuffle(later)
        text = HEAD
        for release in [release for release in releases if release.version not in forgotten] + later:
            text = ported(text, release, cut_first=dice.random() < 0.5)
        assert text == straight


def test_a_release_is_ported_into_the_real_file_without_touching_the_rest(
    changelog: str, releases: list[Release]
) -> None:
    body = "## What's Changed\n* x by @jo in https://github.com/kube-rs/kube/pull/2000\n"
    done = port(changelog, "4.2.0", body, f"{ROOT}/releases/tag/4.2.0", "2026-07-22")
    assert done.outcome == "created"
    start = changelog.index("[0.78.0]")
    assert done.text.startswith(changelog[:start])
    assert done.text.endswith(changelog[start:])
    hotfix = port(changelog, "0.73.2", body, f"{ROOT}/releases/tag/0.73.2", "2022-06-04")
    assert hotfix.text.index("[0.75.0]") < hotfix.text.index("[0.73.2]") < hotfix.text.index("[0.73.1]")
