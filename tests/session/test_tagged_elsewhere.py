"""A version that the branch carries is in flight only if the remote has no tag of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.errors import CastoffError
from session.versioned import Versioned, members, python


def _candidate(folder: Path, *tags: str) -> Versioned:
    """Bring the version lines of a candidate to main, its commit tagged on a branch that is not merged."""
    files = {"pyproject.toml": python("zz-nib", "1.6.11rc1")}
    made = Versioned.begin(folder, {"pyproject.toml": python("zz-nib", "1.6.10")}, "zz-nib@1.6.10")
    made.git("switch", "--quiet", "--create", "candidate")
    made.commit(files, *tags)
    made.git("switch", "--quiet", "main")
    made.commit(files)
    made.commit({})
    return made


@pytest.mark.parametrize("tag", ["zz-nib@1.6.11rc1", "zz-nib@1.6.11.rc1", "zz-nib@1.6.11-rc.1"])
def test_a_version_tagged_on_another_branch_in_any_spelling_is_not_in_flight(
    tmp_path: Path, tag: str
) -> None:
    assert str(_candidate(tmp_path, tag).plan("1.6.11").version) == "1.6.11"


@pytest.mark.parametrize(
    "tags", [(), ("1.6.11rc1",), ("zz-ink@1.6.11rc1",)], ids=["none", "plain", "of another"]
)
def test_a_version_without_a_tag_of_the_scheme_is_in_flight(tmp_path: Path, tags: tuple[str, ...]) -> None:
    with pytest.raises(CastoffError) as caught:
        _candidate(tmp_path, *tags).plan("1.6.11")

    assert [one.code for one in caught.value.problems] == ["release-in-flight"]


def test_a_version_tagged_package_by_package_is_not_in_flight(tmp_path: Path) -> None:
    names = ("zz-nib", "zz-ink")
    configuration = {"castoff.toml": '[release]\ntag = "v{version}"\npackage-tags = "{package}-v{version}"\n'}
    made = Versioned.begin(tmp_path, {**members(*names), **configuration}, "zz-nib-v1.0.0", "zz-ink-v1.0.0")
    made.git("switch", "--quiet", "--create", "elsewhere")
    made.commit(members(*names, version="1.1.0"), "zz-nib-v1.1.0", "zz-ink-v1.1.0")
    made.git("switch", "--quiet", "main")
    made.commit(members(*names, version="1.1.0"))
    made.commit({})

    plan = made.plan("1.2.0")

    assert (plan.resumes, str(plan.version)) == (False, "1.2.0")
