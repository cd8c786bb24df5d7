"""Properties of the tag of the last release, over histories with one scheme and tags of other things."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from castoff.model.refs import PackageTags, TagName
from castoff.model.tag_schemes import Evidence, Mark, Names, ReachableTag, choose_scheme, version_tags
from castoff.model.version_rules import looks_like_version
from castoff.model.versions import ReleaseVersion

PACKAGES = (("ant", "libs/ant"), ("bee-core", "libs/core"))
SCHEMES = (
    *("{version}", "v{version}", "release-{version}", "rel/v{version}", "version-{version}"),
    *(
        "ant-{version}",
        "ant-v{version}",
        "ant@{version}",
        "ant/v{version}",
        "bee_core-v{version}",
        "core=={version}",
    ),
    *("py-{version}", "x.y-{version}", "stable_{version}"),
)
NOISE = ("nightly-{version}", "docs-v{version}", "zoo@{version}", "helm/chart-{version}")
ODD = ("nightly", "latest", "2026-01-01", "docs-2", "v1", "list-v2-final")


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, list[ReleaseVersion], list[ReachableTag]]:
    """Draw a scheme, the versions that were released in it by commit, and all tags; commits are numbers."""
    template = draw(st.sampled_from(SCHEMES))
    versions = draw(
        st.lists(
            st.builds(ReleaseVersion, st.integers(0, 3), st.integers(0, 12), st.integers(0, 12)),
            min_size=1,
            max_size=6,
            unique=True,
        )
    )
    tags = [
        ReachableTag(name=template.replace("{version}", str(one)), commit=str(at), time=at)
        for at, one in enumerate(versions)
    ]
    for other in draw(st.lists(st.sampled_from(NOISE), max_size=2, unique=True)):
        at = draw(st.integers(0, len(versions) - 1))
        number = draw(st.integers(40, 60))
        tags.append(ReachableTag(name=other.replace("{version}", f"{number}.0.1"), commit=str(at), time=at))
    for name in draw(st.lists(st.sampled_from(ODD), max_size=2, unique=True)):
        tags.append(ReachableTag(name=name, commit="0", time=0))
    return template, versions, draw(st.permutations(tags))


@settings(max_examples=200)
@given(histories())
def test_one_scheme_is_found_among_tags_of_other_things(
    drawn: tuple[str, list[ReleaseVersion], list[ReachableTag]],
) -> None:
    template, versions, tags = drawn

    def evidence(mark: Mark) -> Evidence:
        return "holds" if versions[int(mark.commit)] == mark.version else "differs"

    def newest(commits: Sequence[str]) -> Collection[str]:
        return {max(commits, key=int)}

    scheme = choose_scheme(version_tags(tags, Names(PACKAGES)), evidence, newest)

    assert (scheme.found, scheme.template) == ("found", template)
    assert scheme.marks[0].version == versions[-1]


@given(
    st.sampled_from(SCHEMES),
    st.builds(
        ReleaseVersion,
        st.integers(0, 99),
        st.integers(0, 99),
        st.integers(0, 99),
        st.sampled_from((None, "alpha", "beta", "rc")),
        st.integers(0, 20),
    ),
    st.sampled_from(("cargo", "python")),
)
def test_the_version_of_a_tag_is_read_back(template: str, version: ReleaseVersion, spelling: str) -> None:
    version = version if version.pre else version.base
    tag = TagName(template, spelling).of(version)  # type: ignore[arg-type]

    assert TagName(template).version(tag) == version
    assert not looks_like_version(tag, template)


@given(
    st.permutations(("ant", "ant-bee", "bee", "v", "a-1")),
    st.sampled_from(("{package}-v{version}", "{package}@{version}")),
)
def test_tags_of_packages_are_read_as_the_version_that_they_were_made_of(
    names: list[str], template: str
) -> None:
    tags, version = PackageTags(template, tuple(names)), ReleaseVersion(1, 2, 0)

    made = tags.of(version)

    assert [name for name, _ in made] == names
    assert {tags.version(tag) for _, tag in made} == {version}
