from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import versions

from castoff.errors import ConfigurationError
from castoff.model.refs import PackageTags, TagName
from castoff.model.versions import Ecosystem, ReleaseVersion, read


@pytest.mark.parametrize(
    ("template", "ecosystem", "version", "tag"),
    [
        ("{version}", "cargo", "1.2.3", "1.2.3"),
        ("v{version}", "cargo", "1.3.0-rc.1", "v1.3.0-rc.1"),
        ("v{version}", "python", "1.3.0-rc.1", "v1.3.0rc1"),
        ("kube-{version}", "cargo", "1.2.3", "kube-1.2.3"),
        ("release/{version}/final", "python", "24.9", "release/24.9/final"),
    ],
)
def test_a_template_names_the_tag_and_reads_it_back(
    template: str, ecosystem: Ecosystem, version: str, tag: str
) -> None:
    wanted = read(version)
    assert wanted is not None

    assert TagName(template, ecosystem).of(wanted) == tag
    assert TagName(template, ecosystem).version(tag) == wanted


@pytest.mark.parametrize(
    ("template", "tag"),
    [
        ("{version}", "v1.2.3"),
        ("v{version}", "1.2.3"),
        ("v{version}", "vv1.2.3"),
        ("v{version}", "v"),
        ("v{version}", "v1.2.3.dev0"),
        ("v{version}", "v1.2.3-extra"),
        ("kube-{version}", "kube-client-1.2.3"),
        ("{version}-{", "1.2.3"),
        ("a{version}a", "a"),
    ],
)
def test_another_tag_says_no_version(template: str, tag: str) -> None:
    assert TagName(template).version(tag) is None


@pytest.mark.parametrize("template", ["", "v", "version", "{version}{version}", "{ version }"])
def test_a_template_without_its_hole_is_refused(template: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TagName(template)

    assert caught.value.problems[0].code == "bad-tag-template"


@given(
    versions(),
    st.sampled_from(("cargo", "python")),
    st.sampled_from(("{version}", "v{version}", "x-{version}+")),
)
def test_every_tag_says_its_version(version: ReleaseVersion, ecosystem: Ecosystem, template: str) -> None:
    name = TagName(template, ecosystem)

    assert name.version(name.of(version)) == version


def test_tags_of_packages_are_named_and_read_back_by_one_template() -> None:
    tags = PackageTags("{package}-v{version}", ("zz-nib", "zz-ink", "zz-nib"))
    wanted = read("1.3.0-rc.1")
    assert wanted is not None

    assert tags.of(wanted) == (("zz-nib", "zz-nib-v1.3.0-rc.1"), ("zz-ink", "zz-ink-v1.3.0-rc.1"))
    assert PackageTags("{package}-v{version}", ("zz-nib",), "python").of(wanted) == (
        ("zz-nib", "zz-nib-v1.3.0rc1"),
    )
    assert [tags.version(tag) for tag in ("zz-ink-v1.3.0-rc.1", "zz-in-v1.3.0", "v1.3.0")] == [
        wanted,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("template", "tags"),
    [
        ("{unscoped}-v{version}", ["core-v1.2.0", "quay-v1.2.0"]),
        ("{folder}/v{version}", ["the-core/v1.2.0", "quay/v1.2.0"]),
    ],
)
def test_tags_per_package_may_have_a_name_without_its_scope_or_that_of_the_folder(
    template: str, tags: list[str]
) -> None:
    folders = {"@acme/core": "packages/the-core", "quay": "."}

    made = PackageTags(template, ("@acme/core", "quay"), folders=folders)

    assert [tag for _, tag in made.of(ReleaseVersion(1, 2, 0))] == tags
    assert made.shared is None


def test_two_packages_whose_tags_would_be_one_are_found() -> None:
    assert PackageTags("{unscoped}-v{version}", ("@a/core", "cli", "@b/core")).shared == (
        "@a/core",
        "@b/core",
    )
