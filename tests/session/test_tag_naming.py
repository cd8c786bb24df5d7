"""The tag of the next release, and the release before it, in repositories with all kinds of tags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from castoff.errors import Refusal
from castoff.release.notes import span_of
from castoff.release.rehearsal import rehearse
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.session import open_session
from castoff.setup.init import draft_initial
from session.versioned import Versioned, crate, members, python

TWO = members("zz-nib", "zz-ink")
ONE = {"pyproject.toml": python("zz-nib", "1.0.0")}
CRATE = {"Cargo.toml": crate("rk", "1.0.0"), "src/lib.rs": ""}
PLEASE = {"release-please-config.json": "{}"}


def at(files: Mapping[str, str], version: str) -> dict[str, str]:
    return {path: text.replace("1.0.0", version) for path, text in files.items()}


@pytest.mark.parametrize(
    "tags", [("zz-nib-v1.0.0", "zz-ink-v1.0.0"), ("v1.0.0", "zz-nib@1.0.0", "zz-ink@1.0.0")]
)
def test_tags_per_package_stop_every_command_that_releases(tmp_path: Path, tags: tuple[str, ...]) -> None:
    setting = Versioned.begin(tmp_path, {**TWO, **PLEASE}, *tags).setting()

    with pytest.raises(Refusal) as release:
        run_release(setting, ReleaseRequest(level="minor"))
    with pytest.raises(Refusal) as rehearsal:
        rehearse(setting, ReleaseRequest(level="minor"), lambda *_: pytest.fail("nothing is opened"))
    initial = draft_initial(setting, None)

    found = [*release.value.problems, *rehearsal.value.problems, *initial.problems]
    assert [one.code for one in found] == ["tags-per-package"] * 3
    assert "2 tags mark the last release, one per package" in found[0].message
    assert "release-please" in found[0].reason
    assert ("release-please-config.json", True) in [
        (one.where, one.needs_you) for one in initial.drafted.left
    ]


@pytest.mark.parametrize(
    ("tags", "setting", "planned"),
    [
        (("zz-nib-v1.0.0", "zz-ink-v1.0.0"), 'tag = "zz-nib-v{version}"', "zz-nib-v1.1.0"),
        (("zz-nib-v1.0.0", "zz-ink-v1.0.0"), "package-tags = true", "v1.1.0"),
        (("zz-nib==1.0.0", "zz-ink==1.0.0"), "package-tags = true", "1.1.0"),
        (("zz-nib-v1.0.0", "zz-ink@1.0.0"), 'package-tags = "{package}-v{version}"', "v1.1.0"),
        (("zz-nib-v1.0.0", "zz-ink-v1.0.0"), 'tag = "v{version}"', "v1.1.0"),
        (("zz-nib-v1.0.0", "zz-ink@1.0.0"), 'tag = "zz-nib-v{version}"', "zz-nib-v1.1.0"),
        (("v1.0.0", "zz-nib-v1.0.0", "zz-ink-v1.0.0"), "package-tags = false", "v1.1.0"),
        (("v1.0.0", "1.0.0"), 'tag = "v{version}"', "v1.1.0"),
        (("v1.0.0", "1.0.0"), 'ignore-tags = ["v*"]', "1.1.0"),
        (("1.0.0",), 'tag = "v{version}"', "v1.1.0"),
    ],
)
def test_each_remedy_leads_to_a_plan_that_knows_the_release_before(
    tmp_path: Path, tags: tuple[str, ...], setting: str, planned: str
) -> None:
    made = Versioned.begin(tmp_path, TWO, *tags)
    made.commit({"castoff.toml": f"[release]\n{setting}\n"})

    plan = made.plan("minor")

    assert (plan.previous, plan.tag) == ("1.0.0", planned)


def test_two_forms_of_one_version_are_unclear(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        Versioned.begin(tmp_path, ONE, "v1.0.0", "1.0.0").plan("minor")

    assert [one.code for one in caught.value.problems] == ["tag-scheme-unclear"]


def test_versions_that_differ_are_told_before_the_tags_that_follow_from_them(tmp_path: Path) -> None:
    files = {**members("zz-nib"), "packages/zz-ink/pyproject.toml": python("zz-ink", "2.0.0")}

    with pytest.raises(Refusal) as caught:
        Versioned.begin(tmp_path, files, "nib-v1.0.0", "ink-v1.0.0").plan("minor")

    assert [one.code for one in caught.value.problems] == ["several-versions", "tag-scheme-unclear"]


def _squashed(folder: Path, reached: tuple[str, ...], elsewhere: str) -> Versioned:
    """Release 1.1.0 on a branch of its own, and bring its lines to main as one commit."""
    made = Versioned.begin(folder, ONE, *reached)
    made.git("switch", "--quiet", "--create", "release-1.1")
    made.commit(at(ONE, "1.1.0"), elsewhere)
    made.git("switch", "--quiet", "main")
    made.commit(at(ONE, "1.1.0"))
    made.commit({})
    return made


@pytest.mark.parametrize("reached", [("v.1.0.0",), ()], ids=["another form", "no tag"])
def test_a_tag_of_another_form_on_another_branch_leaves_the_form_unclear(
    tmp_path: Path, reached: tuple[str, ...]
) -> None:
    made = _squashed(tmp_path, reached, "v1.1.0")
    with pytest.raises(Refusal) as caught:
        made.plan("1.2.0")
    made.commit({"castoff.toml": '[release]\ntag = "v{version}"\n'})

    (problem,) = caught.value.problems
    assert problem.code == "tag-scheme-unclear"
    assert '`tag = "v{version}"`;' in problem.remedy
    assert made.plan("1.2.0").tag == "v1.2.0"


@pytest.mark.parametrize(
    ("reached", "elsewhere"), [("1.0.0", "v1.0.1"), ("1.0.0", "docs-1.1.0")], ids=["version", "thing"]
)
def test_tags_of_another_version_or_thing_on_another_branch_leave_the_form_clear(
    tmp_path: Path, reached: str, elsewhere: str
) -> None:
    with pytest.raises(Refusal) as caught:
        _squashed(tmp_path, (reached,), elsewhere).plan("1.2.0")

    assert [one.code for one in caught.value.problems] == ["release-in-flight"]


def test_a_tag_beyond_the_edge_of_a_shallow_clone_is_not_of_another_form(tmp_path: Path) -> None:
    made = Versioned.begin(tmp_path, ONE, "v1.0.0")
    made.setting()
    made.git("clone", "--quiet", "--depth=1", (tmp_path / "remote").as_uri(), str(tmp_path / "cut"))
    made.folder = tmp_path / "cut"
    made.git("fetch", "--quiet", "--depth=1", "origin", "tag", "v1.0.0")

    found = made.plan("1.2.0").problems

    assert "tag-scheme-unclear" not in [one.code for one in found]


def test_a_tag_of_the_form_on_another_branch_leaves_it_clear(tmp_path: Path) -> None:
    assert _squashed(tmp_path, ("v1.0.0",), "v1.1.0").plan("1.2.0").tag == "v1.2.0"


@pytest.mark.parametrize("setting", ["package-tags = true", 'tag = "v{version}"\npackage-tags = true'])
def test_a_tag_from_before_the_packages_had_theirs_is_not_the_last_release(
    tmp_path: Path, setting: str
) -> None:
    made = Versioned.begin(tmp_path, TWO, "v0.5.0")
    made.commit({"notes.txt": "more"}, "zz-nib-v1.0.0", "zz-ink-v1.0.0")
    made.commit({"castoff.toml": f"[release]\n{setting}\n"})

    plan = made.plan("minor")

    assert (plan.previous, plan.tag) == ("1.0.0", "v1.1.0")


@pytest.mark.parametrize(
    ("files", "released", "after", "planned"),
    [
        pytest.param(ONE, "x-core@1.7.0", "1.8.0.dev0", ("1.7.0", "x-core@1.8.0"), id="a prefix, and dev manifests"),
        pytest.param(
            CRATE, "rk-1.7.0", "1.8.0-dev", ("1.7.0", "rk-1.8.0"), id="crate"
        ),
        pytest.param(TWO, "zz-nib@1.7.0", "1.7.0", ("1.7.0", "zz-nib@1.8.0"), id="one of two packages"),
        pytest.param(ONE, "v1.7.0", "1.7.0", ("1.7.0", "v1.8.0"), id="the plain one"),
    ],
)  # fmt: skip
def test_the_release_before_is_found_in_its_scheme(
    tmp_path: Path, files: Mapping[str, str], released: str, after: str, planned: tuple[str, str]
) -> None:
    made = Versioned.begin(tmp_path, at(files, "1.6.0"), "v1.6.0" if released == "v1.7.0" else "old-1.6.0")
    made.commit(at(files, "1.7.0"), released)
    made.commit(at(files, after))
    made.commit({}, "docs-1.0", "nightly", "2019-01-01", "plugin==9.9.9")

    plan = made.plan("minor")

    assert (plan.previous, plan.tag) == planned


def test_a_candidate_in_a_configured_form_keeps_the_release_before(tmp_path: Path) -> None:
    made = Versioned.begin(tmp_path, {**ONE, "castoff.toml": '[release]\ntag = "{version}"\n'}, "v1.0.0")
    made.commit(at(ONE, "1.1.0rc1"), "1.1.0rc1")
    made.commit({})

    with open_session(made.setting()) as session:
        released = session.snapshot.history.released

    assert [one.tag for one in released] == ["1.1.0rc1", "v1.0.0"]


def test_tags_of_other_things_are_no_releases(tmp_path: Path) -> None:
    made = Versioned.begin(tmp_path, at(ONE, "0.1.0"), "docs-1.0", "nightly", "2019-01-01", "other@3.0.0")

    plan = made.plan("0.1.0")

    assert (plan.previous, plan.tag) == (None, "0.1.0")


def test_a_shorter_tag_that_moves_on_is_not_the_tag_of_the_release(tmp_path: Path) -> None:
    plan = Versioned.begin(tmp_path, ONE, "v1.0", "v1.0.0").plan("minor")

    assert (plan.previous, plan.tag) == ("1.0.0", "v1.1.0")


@pytest.mark.parametrize("configured", ["", '[release]\ntag = "v{version}"\n'], ids=["found", "configured"])
def test_a_candidate_is_tagged_as_those_before_it(tmp_path: Path, configured: str) -> None:
    files = at(ONE, "1.1.0rc1") | ({"castoff.toml": configured} if configured else {})
    made = Versioned.begin(tmp_path, files, "v1.1.0-rc.1")

    plan = made.plan("rc")

    assert (plan.previous, plan.tag) == ("1.1.0-rc.1", "v1.1.0-rc.2")


@pytest.mark.parametrize(
    ("facade", "since"), [('facade = "zz-nib"', "zz-nib-v1.0.0"), ('facade = "zz-ink"', "zz-ink-v1.0.0")]
)
def test_notes_compare_with_the_facade_s_tag_of_the_release_before(
    tmp_path: Path, facade: str, since: str
) -> None:
    made = Versioned.begin(tmp_path, TWO, "zz-ink-v1.0.0", "zz-nib-v1.0.0")
    made.commit({"castoff.toml": f"[release]\npackage-tags = true\n{facade}\n", "new.txt": "new"})

    with open_session(made.setting()) as session:
        span = span_of(session, None, None, "v1.1.0")

    assert (span.previous_tag, span.tag) == (since, "v1.1.0")
