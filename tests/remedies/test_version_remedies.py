"""Remedies for tags and versions: a configuration is committed, or another version is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedies.following import follow, follows
from session.versioned import Versioned, crate, members, python


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("package-tags = true", "`package-tags = true` tags each package as `{package}-v{version}`"),
        ('tag = "zz-ink-v{version}"', '`tag = "zz-ink-v{version}"` makes'),
    ],
)
@follows("tags-per-package")
def test_tags_per_package_are_decided_by_the_configuration(tmp_path: Path, setting: str, told: str) -> None:
    made = Versioned.begin(tmp_path, members("zz-nib", "zz-ink"), "zz-nib-v1.0.0", "zz-ink-v1.0.0")

    follow(
        "tags-per-package",
        lambda: made.plan("minor"),
        told=told,
        do=lambda: made.commit({"castoff.toml": f"[release]\n{setting}\n"}),
    )


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('tag = "v{version}"', '`tag = "v{version}"` or `tag = "{version}"`'),
        ('ignore-tags = ["v*"]', "exclude other tags with `ignore-tags`"),
    ],
)
@follows("tag-scheme-unclear")
def test_an_unclear_scheme_is_named_by_the_configuration(tmp_path: Path, setting: str, told: str) -> None:
    made = Versioned.begin(tmp_path, {"pyproject.toml": python("zz-nib", "1.0.0")}, "v1.0.0", "1.0.0")

    follow(
        "tag-scheme-unclear",
        lambda: made.plan("minor"),
        told=told,
        do=lambda: made.commit({"castoff.toml": f"[release]\n{setting}\n"}),
    )


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('file = "docs/CHANGELOG.md"', '`file = "docs/CHANGELOG.md"`'),
        ('mode = "off"', '`mode = "off"`'),
    ],
)
@follows("changelog-of-others")
def test_the_right_changelog_is_named(tmp_path: Path, setting: str, told: str) -> None:
    news = "# Changelog\n\n## {}\n\n- It\n"
    logs = {"CHANGELOG.md": news.format("0.4.0"), "docs/CHANGELOG.md": news.format("1.0.0")}
    made = Versioned.begin(tmp_path, {"pyproject.toml": python("zz-nib", "1.0.0"), **logs}, "v1.0.0")

    follow(
        "changelog-of-others",
        lambda: made.plan("minor"),
        told=told,
        do=lambda: made.commit({"castoff.toml": f"[changelog]\n{setting}\n"}),
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"castoff.toml": '[changelog]\nfile = "HISTORY.md"\n'}, '`file = "HISTORY.md"`'),
        ({"castoff.toml": '[changelog]\nmode = "off"\n'}, '`mode = "off"`'),
        ({"CHANGELOG.md": "# Changelog\n"}, "a new `CHANGELOG.md` at the root"),
    ],
)
@follows("changelog-not-kept")
def test_a_changelog_that_gets_no_section_is_named_or_written_by_other_means(
    tmp_path: Path, change: dict[str, str], told: str
) -> None:
    logs = dict.fromkeys(("HISTORY.md", "docs/CHANGELOG.md"), "# Changelog\n\n## 1.0.0\n\n- It\n")
    made = Versioned.begin(tmp_path, {"pyproject.toml": python("zz-nib", "1.0.0"), **logs}, "v1.0.0")

    follow(
        "changelog-not-kept", lambda: made.plan("minor").problems, told=told, do=lambda: made.commit(change)
    )


def _at(version: str) -> dict[str, str]:
    return {"pyproject.toml": python("zz-nib", version)}


@pytest.mark.parametrize(
    ("level", "told"),
    [("2026.4.1", "write 2026.4.1"), ("2026.5.1", "pass the exact next version instead of a level")],
)
@follows("version-unsupported")
def test_a_version_of_another_form_is_written_as_the_message_names_it(
    tmp_path: Path, level: str, told: str
) -> None:
    made = Versioned.begin(tmp_path, _at("2026.04.1"))
    asked = ["patch"]

    follow(
        "version-unsupported",
        lambda: [one for one in made.plan(asked[-1]).problems if one.severity == "error"],
        told=told,
        do=lambda: asked.append(level),
    )


def _follow_never_committed(folder: Path, code: str, version: str, told: str) -> None:
    made = Versioned.begin(folder, {"package.json": f'{{"name": "quay", "version": "{version}"}}'}, "v1.0.0")
    made.commit({"index.js": ""})

    follow(
        code,
        lambda: [one for one in made.plan("minor").problems if one.severity == "error"],
        told=told,
        do=lambda: made.commit({"package.json": '{"name": "quay", "version": "1.0.0"}'}),
    )


@follows("tag-of-another-version")
def test_a_version_that_is_never_committed_is_written_once(tmp_path: Path) -> None:
    told = "write 1.0.0 into the manifests"

    _follow_never_committed(tmp_path, "tag-of-another-version", "0.0.0-development", told)


@follows("version-unsupported")
def test_a_placeholder_that_cannot_be_parsed_is_replaced_by_the_last_release(tmp_path: Path) -> None:
    told = "write 1.0.0, the last released version"

    _follow_never_committed(tmp_path, "version-unsupported", "0.0.0-semantically-released", told)


@pytest.mark.parametrize(
    ("setting", "level", "told"),
    [
        (
            '[release]\nignore-tags = ["v1.0.0.1", "v1.0.0.2"]\n',
            "minor",
            '`ignore-tags = ["v1.0.0.1", "v1.0.0.2"]`',
        ),
        ("", "1.1.0", "pass the exact version"),
    ],
)
@follows("tag-unsupported")
def test_a_tag_that_cannot_be_read_is_left_out(tmp_path: Path, setting: str, level: str, told: str) -> None:
    made = Versioned.begin(tmp_path, _at("1.0.0"), "v1.0.0")
    made.commit({}, "v1.0.0.1", "v1.0.0.2")
    asked = ["minor"]

    def do() -> None:
        made.commit({"castoff.toml": setting})
        asked.append(level)

    follow(
        "tag-unsupported",
        lambda: [one for one in made.plan(asked[-1]).problems if one.severity == "error"],
        told=told,
        do=do,
    )


@pytest.mark.parametrize(
    ("branch", "level", "told"),
    [
        ("main", "1.2.1", "pass the exact version, such as 1.2.1"),
        ("1.2.x", "patch", "release from the branch that contains"),
    ],
)
@follows("version-below-released")
def test_a_version_below_what_was_released_is_named_or_released_elsewhere(
    tmp_path: Path, branch: str, level: str, told: str
) -> None:
    made = Versioned.begin(tmp_path, _at("1.0.0"), "1.0.0")
    made.git("switch", "--quiet", "--create", "1.2.x")
    made.commit(_at("1.2.0"), "1.2.0")
    made.commit({})
    made.git("switch", "--quiet", "main")
    asked = ["patch"]

    def do() -> None:
        made.git("switch", "--quiet", branch)
        asked.append(level)

    follow("version-below-released", lambda: made.plan(asked[-1]), told=told, do=do)


@pytest.mark.parametrize(
    ("level", "told"),
    [("patch", "use a lower level"), ("1.1.0", "pass the exact version instead of a level")],
)
@follows("version-off-branch")
def test_a_version_of_another_line_is_not_released_from_the_branch(
    tmp_path: Path, level: str, told: str
) -> None:
    made = Versioned.begin(tmp_path, _at("1.0.0"), "1.0.0")
    made.git("switch", "--quiet", "--create", "1.0.x")
    asked = ["minor"]

    follow(
        "version-off-branch",
        lambda: [one for one in made.plan(asked[-1]).problems if one.severity == "error"],
        told=told,
        do=lambda: asked.append(level),
    )


def _shared() -> dict[str, str]:
    """Write two crates that take their version from the workspace."""
    head = '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n\n[workspace.package]\nversion = "1.0.0"\n'
    made = {"Cargo.toml": head, "a/src/lib.rs": "", "b/src/lib.rs": ""}
    for name in ("a", "b"):
        text = crate(f"zz-{name}", "1.0.0").replace('version = "1.0.0"', "version.workspace = true")
        made[f"{name}/Cargo.toml"] = text
    return made


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"b/Cargo.toml": crate("zz-b", "1.0.0")}, "write the version 1.0.0 into its manifest"),
        ({"castoff.toml": ""}, "remove `only-changed` from `[release]`"),
    ],
)
@follows("version-inherited")
def test_a_crate_that_keeps_its_version_has_its_own(tmp_path: Path, files: dict[str, str], told: str) -> None:
    setting = {"castoff.toml": "[release]\nonly-changed = true\n"}
    made = Versioned.begin(tmp_path, {**_shared(), **setting}, "v1.0.0")
    made.commit({"a/src/lib.rs": "// changed\n"})

    follow(
        "version-inherited",
        lambda: made.plan("patch").errors,
        told=told,
        do=lambda: made.commit(files),
    )
