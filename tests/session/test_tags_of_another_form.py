"""Which tags count as releases where the form of the tags was changed, one row per condition."""

from __future__ import annotations

import pytest

from castoff.model.refs import PackageTags, TagName
from castoff.model.tag_schemes import ReachableTag
from castoff.model.versions import ReleaseVersion
from castoff.session.tag_names import TagNaming

EACH = PackageTags("{package}@{version}", ("core",))
EARLIER = (TagName("v{version}"),)


@pytest.mark.parametrize(
    ("each", "earlier", "tags", "expected"),
    [
        (EACH, (), ["core@3.1.0"], ["core@3.1.0"]),
        (EACH, (), ["core@3.1.0", "core@3.2.0", "3.2.0"], ["3.2.0", "core@3.1.0"]),
        (EACH, (), ["3.1.0", "core@3.1.0", "core@3.1.1", "3.2.0"], ["3.2.0", "3.1.0"]),
        (EACH, (), ["2.0.0", "core@3.1.0", "core@3.2.0", "3.2.0"], ["3.2.0", "core@3.1.0", "2.0.0"]),
        (None, (), ["v3.1.0", "3.2.0"], ["3.2.0"]),
        (None, EARLIER, ["v3.1.0"], ["v3.1.0"]),
        (None, EARLIER, ["v3.1.0", "3.2.0-rc.1", "v3.2.0-rc.1"], ["3.2.0-rc.1", "v3.1.0"]),
        (None, EARLIER, ["v3.1.0", "3.2.0", "v3.3.0"], ["3.2.0", "v3.1.0"]),
    ],
    ids=[
        "packages alone",
        "the first release",
        "a package between releases",
        "a release from before the packages had tags",
        "of another workspace",
        "an earlier form alone",
        "both forms of the first release",
        "the earlier form again",
    ],
)
def test_released(
    each: PackageTags | None, earlier: tuple[TagName, ...], tags: list[str], expected: list[str]
) -> None:
    reachable = tuple(ReachableTag(name=tag, commit=f"C{number}") for number, tag in enumerate(tags))
    naming = TagNaming(tag=TagName("{version}"), each=each, earlier=earlier, reachable=reachable)

    assert [one.tag for one in naming.released] == expected


@pytest.mark.parametrize(
    ("last", "expected"), [(None, ["2.0.0"]), (ReleaseVersion(3, 1, 0), ["core@3.1.0", "2.0.0"])]
)
def test_packages_alone_mark_the_last_release_beside_an_old_tag(
    last: ReleaseVersion | None, expected: list[str]
) -> None:
    reachable = tuple(ReachableTag(name=tag, commit=tag) for tag in ("2.0.0", "core@3.1.0", "core@3.2.0"))
    naming = TagNaming(tag=TagName("{version}"), each=EACH, reachable=reachable, last_of_packages=last)

    assert [one.tag for one in naming.released] == expected


@pytest.mark.parametrize(
    ("facade", "tags", "expected"),
    [
        (None, ["alpha@3.1.0", "core@3.1.0"], "alpha@3.1.0"),
        (TagName("core@{version}"), ["alpha@3.1.0", "core@3.1.0"], "core@3.1.0"),
        (TagName("core@{version}"), ["alpha@3.1.0", "zeta@3.1.0"], "alpha@3.1.0"),
        (TagName("core@{version}"), ["alpha@3.1.0", "core@3.1.0", "3.1.0"], "3.1.0"),
        (TagName("core@{version}"), ["alpha@3.1.0", "core@3.1"], "core@3.1"),
    ],
    ids=[
        "no facade",
        "the facade's",
        "the facade has none",
        "the release's own",
        "a short one of the facade",
    ],
)
def test_of_tags_of_packages_the_facade_s_is_the_release_s(
    facade: TagName | None, tags: list[str], expected: str
) -> None:
    each = PackageTags("{package}@{version}", ("alpha", "core", "zeta"))
    reachable = tuple(ReachableTag(name=tag, commit="C") for tag in tags)
    naming = TagNaming(tag=TagName("{version}"), each=each, reachable=reachable, facade=facade)

    assert [one.tag for one in naming.released] == [expected]
