"""What `castoff init` drafts of a repository with tags and versions of its own."""

from __future__ import annotations

from pathlib import Path

from castoff.setup.init import draft_initial
from session.versioned import Versioned, crate, python

_WORKSPACE = '[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n'


def test_packages_that_the_draft_excludes_are_nothing_to_decide(tmp_path: Path) -> None:
    left_out = "[package.metadata.release]\nrelease = false\n"
    files = {"Cargo.toml": _WORKSPACE, ".gitignore": "Cargo.lock\n"}
    files |= {f"crates/m{n}/Cargo.toml": crate(f"m{n}", "1.0.0") for n in range(7)}
    files |= {f"crates/s{n}/Cargo.toml": crate(f"s{n}", f"0.{n}.0", left_out) for n in range(6)}

    drafted = draft_initial(Versioned.begin(tmp_path, files, "1.0.0").setting(), None).drafted

    assert '"s5"' in drafted.text
    assert [one.what for one in drafted.left if one.needs_you] == []


def test_rules_for_documents_begin_with_a_word(tmp_path: Path) -> None:
    address = "https://example.org/downloads/of/every/platform/zz-nib"
    text = f"conversion 1.0.0\nversion 1.0.0\n[there]({address}/1.0.0)\n"
    files = {"pyproject.toml": python("zz-nib", "1.0.0"), "README.md": text}

    drafted = draft_initial(Versioned.begin(tmp_path, files, "1.0.0").setting(), None).drafted

    assert r"search = '\bconversion [0-9]+(?:\.[0-9]+)+'" in drafted.text
    assert r"search = '\bversion [0-9]+(?:\.[0-9]+)+'" in drafted.text
    assert f'replace = "[there]({address}/{{version}}"' in drafted.text
