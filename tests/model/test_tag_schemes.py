from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import permutations

import pytest

from castoff.model.tag_schemes import (
    Evidence,
    Mark,
    Names,
    Rank,
    ReachableTag,
    Scheme,
    choose_scheme,
    unread_tags,
    version_tags,
    without_name,
)

NAMES = Names(
    [
        ("zz-nib", "packages/zz-nib"),
        ("zz_ink", "packages/ink"),
        ("zz-pen", "packages/zz-pen"),
        ("@acme/core", "packages/the-core"),
        ("@acme/dock", "packages/dock"),
    ]
)


def scheme(
    tags: Sequence[tuple[str, int]],
    evidence: Mapping[str, Evidence] | None = None,
    beside: Collection[str] = (),
    ignored: Collection[str] = (),
) -> Scheme:
    """Choose among tags given as (name, number of the commit on one line); those in ``beside`` are on branches."""
    known = [
        ReachableTag(name=name, commit=f"{at}:{name if name in beside else ''}", time=at) for name, at in tags
    ]

    def newest(commits: Sequence[str]) -> Collection[str]:
        line = max((int(one.partition(":")[0]) for one in commits if one.endswith(":")), default=-1)
        return {one for one in commits if not one.endswith(":") or one == f"{line}:"}

    def judge(mark: Mark) -> Evidence:
        return (evidence or {}).get(mark.name, "holds")

    return choose_scheme(version_tags(known, NAMES, ignored), judge, newest)


DIFFERS: Evidence = "differs"
UNKNOWN: Evidence = "unknown"


@pytest.mark.parametrize(
    ("tags", "evidence", "template"),
    [
        pytest.param([("v1.0.0", 1)], {}, "v{version}", id="one scheme"),
        pytest.param([("1.0.0", 1), ("v1.1.0", 2)], {}, "v{version}", id="the newer of two"),
        pytest.param(
            [("v2021.1.0", 1), ("1.0.0", 2)], {}, "{version}", id="newer, though its number is lower"
        ),
        pytest.param(
            [("v1.0.0", 1), ("docs-2.0", 2)], {"docs-2.0": DIFFERS}, "v{version}", id="another thing"
        ),
        pytest.param([("x-core@1.7.0", 1)], {}, "x-core@{version}", id="a prefix of no package, held"),
        pytest.param([("x-core@1.7.0", 1)], {"x-core@1.7.0": UNKNOWN}, "x-core@{version}", id="and unknown"),
        pytest.param([("docs-1.0", 1)], {"docs-1.0": DIFFERS}, None, id="only another thing"),
        pytest.param([("v1.0.0", 1)], {"v1.0.0": DIFFERS}, "v{version}", id="one scheme needs no evidence"),
        pytest.param(
            [("rs-0.53.0", 1), ("py-1.40.0", 2)], {"py-1.40.0": DIFFERS}, "rs-{version}", id="two workspaces"
        ),
        pytest.param(
            [("v1.0.0", 1), ("docs-2.0", 2)], {"docs-2.0": UNKNOWN}, "v{version}", id="another thing, unknown"
        ),
        pytest.param([("v1.0.0", 1), ("app-2.0.0", 2)], {}, "app-{version}", id="a new name, held"),
        pytest.param(
            [("2.0.0", 1), ("cli@2.0.0", 2)], {}, "{version}", id="plain, beside one of another thing"
        ),
        pytest.param(
            [("2.0.0", 1), ("zz-nib@2.0.0", 1)], {}, "{version}", id="plain, beside one of a package"
        ),
        pytest.param(
            [("zz-nib-1.0.0", 1), ("x-1.0.0", 1)], {}, "zz-nib-{version}", id="a package, beside another"
        ),
        pytest.param(
            [("v0.4.3", 1), ("v1.2.0", 2), ("sdk==0.4.3", 3)],
            {"v0.4.3": DIFFERS, "v1.2.0": DIFFERS},
            "sdk=={version}",
            id="a tag of the same version that was of another workspace",
        ),
        pytest.param(
            [("v1.0.0", 1), ("zz-nib-v9.0.0", 2)],
            {"v1.0.0": UNKNOWN, "zz-nib-v9.0.0": DIFFERS},
            "v{version}",
            id="unknown goes before differing",
        ),
        pytest.param(
            [("v1.0.0", 1), ("1.2.0", 2)],
            {"v1.0.0": DIFFERS, "1.2.0": DIFFERS},
            "{version}",
            id="all differ",
        ),
        pytest.param(
            [("zz-nib-v1.0.0", 1), ("zz-ink-v0.9.0", 1)],
            {"zz-ink-v0.9.0": DIFFERS},
            "zz-nib-v{version}",
            id="one package tagged now",
        ),
        pytest.param(
            [("1.0.0", 1), ("v1.0.0", 2)], {}, "v{version}", id="one version twice: the newer commit"
        ),
        pytest.param(
            [("v1.2.0", 1), ("1.3.0", 2)],
            {"v1.2.0": DIFFERS},
            "{version}",
            id="an older plain one that differs",
        ),
        pytest.param(
            [("zz-nib-1.0.0", 1), ("v4.0.0", 2)],
            {"v4.0.0": DIFFERS},
            "zz-nib-{version}",
            id="a package's, older than a plain one of something else",
        ),
    ],
)
def test_the_scheme_is_that_of_the_newest_tag_that_counts(
    tags: list[tuple[str, int]], evidence: Mapping[str, Evidence], template: str | None
) -> None:
    for order in permutations(tags):
        found = scheme(order, evidence)

        assert (found.template, found.found) == (template, "found" if template else "none")


@pytest.mark.parametrize(
    ("tags", "beside", "marks"),
    [
        pytest.param(
            [("v1.0.0", 1), ("1.0.0", 1)], (), {"v1.0.0", "1.0.0"}, id="two plain ones on one commit"
        ),
        pytest.param([("x-1.0.0", 1), ("y-1.0.0", 1)], (), {"x-1.0.0", "y-1.0.0"}, id="two of unknown names"),
        pytest.param(
            [("v1.0.5", 1), ("release-1.1.0", 2)], ("v1.0.5",), {"v1.0.5", "release-1.1.0"}, id="side by side"
        ),
    ],
)
def test_two_schemes_of_one_rank_leave_the_choice_open(
    tags: list[tuple[str, int]], beside: tuple[str, ...], marks: set[str]
) -> None:
    found = scheme(tags, beside=beside)

    assert (found.found, found.template) == ("unclear", None)
    assert {mark.name for mark in found.marks} == marks


@pytest.mark.parametrize("newer", ["1.2.0", "release-1.2.0"])
def test_a_newer_plain_tag_that_the_manifests_do_not_carry_leaves_the_choice_open(newer: str) -> None:
    found = scheme([("v1.0.0", 1), (newer, 2)], {newer: DIFFERS})

    assert (found.found, [mark.name for mark in found.marks]) == ("unclear", ["v1.0.0", newer])


@pytest.mark.parametrize(
    ("tags", "template", "each"),
    [
        (["zz-nib-v1.0.0", "zz_ink-v1.0.0"], None, "{package}-v{version}"),
        (["zz-nib-1.0.0", "zz_ink-1.0.0"], None, "{package}-{version}"),
        (["zz-nib@1.0.0", "zz_ink@1.0.0"], None, "{package}@{version}"),
        (["zz-nib==1.0.0", "zz_ink==1.0.0"], None, "{package}=={version}"),
        (["packages/zz-nib/v1.0.0", "packages/zz_ink/v1.0.0"], None, "packages/{package}/v{version}"),
        (["zz-nib/1.0.0", "ink/1.0.0"], None, "{folder}/{version}"),
        (["core-v1.0.0", "dock-v1.0.0"], None, "{unscoped}-v{version}"),
        (["zz-nib-v1.0.0", "zz-ink@1.0.0"], None, None),
        (["zz-nib-1.0.0", "zz_ink-1.0.0", "zz-pen/-1.0.0"], None, "{package}-{version}"),
        (["v1.0.0", "zz-nib-v1.0.0", "zz_ink-v1.0.0"], "v{version}", "{package}-v{version}"),
    ],
)
def test_a_tag_for_each_of_several_packages_is_recognized_in_every_form(
    tags: list[str], template: str | None, each: str | None
) -> None:
    found = scheme([(tag, 1) for tag in tags])

    assert (found.found, found.template, found.each) == ("per-package", template, each)


def test_tags_per_package_may_be_on_commits_of_their_own() -> None:
    assert scheme([("zz-nib-v1.0.0", 1), ("zz_ink-v1.0.0", 2)]).found == "per-package"
    assert scheme([("zz-nib-v1.0.0", 1), ("zz_ink-v1.1.0", 2)]).template == "zz_ink-v{version}"


def test_ignored_tags_are_left_out() -> None:
    assert scheme([("v1.0.0", 1), ("2019.1.0", 2)], ignored=("2019.*",)).template == "v{version}"
    assert scheme([("2019.1.0", 2)], ignored=("2019.*",)).found == "none"


@pytest.mark.parametrize(
    ("prefix", "rank"),
    [
        ("", ("plain", None)),
        ("v", ("plain", None)),
        ("release-", ("plain", None)),
        ("releases/v", ("plain", None)),
        ("zz-nib-", ("package", "zz-nib")),
        ("ZZ_NIB-v", ("package", "zz-nib")),
        ("ink@", ("package", "zz_ink")),
        ("packages/ink/v", ("package", "zz_ink")),
        ("other/zz-nib==", ("package", "zz-nib")),
        ("zz-nibs-", ("other", None)),
        ("docs-", ("other", None)),
        ("packages/", ("other", None)),
    ],
)
def test_what_comes_before_the_version_has_a_rank(prefix: str, rank: tuple[Rank, str | None]) -> None:
    assert NAMES.rank(prefix) == rank


@pytest.mark.parametrize(
    ("tag", "form"),
    [
        ("v2026.04.1", "v{version}"),
        ("zz-nib-2026.04.1", "zz-nib-{version}"),
        ("zz_ink@1.0.0-canary.3", "zz_ink@{version}"),
        ("py-2026.04.1", "py-{version}"),
        ("docs-2026.04.1", None),
        ("zz-nib-2026.4.1", None),
        ("zz-nib-1.0.0.dev3", None),
        ("zz-pen-2026.04.1", None),
        ("zz-nib-next", None),
    ],
)
def test_tags_that_look_like_versions_and_cannot_be_parsed(tag: str, form: str | None) -> None:
    tags = [ReachableTag(name=tag, commit="1")]

    found = unread_tags(tags, NAMES, ("zz-pen-*",), lambda name: name.startswith("py-"))

    assert found == (((tag, form),) if form else ())


def test_the_form_of_a_tag_without_the_package() -> None:
    assert without_name("{folder}/v{version}") == "v{version}"
    assert without_name("{package}-v{version}") == "v{version}"
    assert without_name("{package}=={version}") == "{version}"
