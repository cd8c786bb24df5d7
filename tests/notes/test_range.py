"""Are the commits of a range matched with the pull requests that brought them?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from notes_cases import START, change, titles

from castoff.model.changes import Commit
from castoff.notes.range import changes_in_range, named_pull_request


def commit(sha: str, *parents: str, subject: str = "A title", body: str = "") -> Commit:
    return Commit(sha=sha, parents=parents, subject=subject, body=body)


def numbers(changes: object) -> list[int]:
    assert isinstance(changes, tuple)
    return [item.number for item in changes]


def test_a_squash_commit_is_its_change() -> None:
    found = changes_in_range([commit("b", "a"), commit("a")], [change(1, merge_commit="b"), change(2)])

    assert numbers(found.changes) == [1]
    assert [c.sha for c in found.without_change] == ["a"]


def test_a_merge_commit_brings_the_commits_of_its_branch() -> None:
    commits = [commit("m", "b", "y"), commit("y", "x"), commit("x", "a"), commit("b", "a"), commit("a")]

    found = changes_in_range(commits, [change(1, merge_commit="m"), change(2, merge_commit="b")])

    assert numbers(found.changes) == [1, 2]
    assert [c.sha for c in found.without_change] == ["a"]


def test_rebased_commits_are_their_change() -> None:
    commits = [commit("c", "b"), commit("b", "a"), commit("a")]

    found = changes_in_range(commits, [change(1, merge_commit="c", head_commits=("b", "c"))])

    assert numbers(found.changes) == [1]
    assert [c.sha for c in found.without_change] == ["a"]


def test_a_commit_belongs_to_the_change_that_it_merged_before_those_that_it_was_pushed_to() -> None:
    merged, stacked = change(1, merge_commit="b"), change(2, merge_commit="m", head_commits=("b", "c"))

    for pull_requests in ([merged, stacked], [stacked, merged]):
        found = changes_in_range([commit("b", "a"), commit("a")], pull_requests)

        assert numbers(found.changes) == [1]


def test_of_two_changes_with_the_same_commit_the_first_one_owns_it() -> None:
    twice = [change(1, head_commits=("b",)), change(2, head_commits=("b",))]

    assert numbers(changes_in_range([commit("b", "a"), commit("a")], twice).changes) == [1]


def test_a_change_into_a_feature_branch_is_listed_and_the_outer_one_too() -> None:
    commits = [commit("m", "a", "f"), commit("f", "e"), commit("e", "a"), commit("a")]
    inner = change(1, merge_commit="f", base="feature")

    found = changes_in_range(commits, [inner, change(2, merge_commit="m"), change(3, merge_commit="a")])

    assert numbers(found.changes) == [1, 2, 3]
    assert found.without_change == ()


def test_what_a_merge_without_a_pull_request_brought_is_looked_at_one_by_one() -> None:
    commits = [commit("m", "a", "y"), commit("y", "x"), commit("x", "a"), commit("a")]

    found = changes_in_range(commits, [change(1, merge_commit="x")])

    assert numbers(found.changes) == [1]
    assert [c.sha for c in found.without_change] == ["y", "a"]


def test_a_number_in_a_title_proves_nothing() -> None:
    imported = commit("b", "a", subject="Something else (#1)")

    found = changes_in_range([imported, commit("a")], [change(1, merge_commit="elsewhere")])

    assert found.changes == ()
    assert [c.sha for c in found.without_change] == ["b", "a"]


def test_a_cherry_pick_with_the_same_title_is_known() -> None:
    picked = commit("b", "a", subject="A title (#1)")
    original = change(1, merge_commit="elsewhere")

    found = changes_in_range([picked, commit("a")], [original], expected=("a",))

    assert (found.changes, found.without_change) == ((), ())
    assert found.with_cherry_picks() == (original,)
    assert [(item.number, item.commit, item.reason, item.detail) for item in found.left_out()] == [
        (1, "b", "no-pull-request", "cherry-pick of #1")
    ]


def test_a_cherry_pick_that_names_its_commit_is_known_whatever_its_title() -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    picked = commit("b", subject="Backport", body=f"Text\n\n(cherry picked from commit {sha[:12]})\n")

    found = changes_in_range([picked], [change(1, merge_commit=sha)])

    assert [pick.change.number for pick in found.cherry_picks] == [1]


def test_a_cherry_pick_of_what_is_in_the_range_is_told_once() -> None:
    commits = [commit("c", "b", subject="A title (#1)"), commit("b", "a")]

    found = changes_in_range(commits, [change(1, merge_commit="b")])

    assert numbers(found.with_cherry_picks()) == [1]


def test_expected_commits_need_no_pull_request() -> None:
    assert changes_in_range([commit("a", subject="release 2.0.0")], [], expected={"a"}).without_change == ()


def test_a_commit_without_a_pull_request_is_left_out_by_its_title() -> None:
    found = changes_in_range([commit("a", subject="quick\nfix")], [])

    assert [(item.number, item.detail) for item in found.left_out()] == [(None, "quick fix")]


def test_reverts_are_found_by_commit_and_by_number() -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    commits = [
        commit("d", "c", subject='Revert "B"'),
        commit("c", sha, subject='Revert "A"', body=f"This reverts commit {sha}."),
        commit(sha),
    ]
    pulls = [
        change(1, "A", merge_commit=sha),
        change(2, "B"),
        change(3, 'Revert "B"', merge_commit="d", body="Reverts o/r#2\n"),
    ]

    found = changes_in_range(commits, pulls)

    assert [(r.reverted, r.commit, r.by) for r in found.reverts] == [(2, "d", 3), (1, "c", None)]


def test_changes_come_in_merge_order() -> None:
    commits = [commit("b", "a"), commit("a")]

    found = changes_in_range(commits, [change(1, merge_commit="b"), change(9, merge_commit="a")])

    assert numbers(found.changes) == [1, 9]


def test_changes_of_one_second_come_in_the_order_of_landing() -> None:
    at = START
    commits = [commit("c", "b"), commit("b", "a"), commit("a")]
    late = change(1, merge_commit="c", merged_at=at)

    found = changes_in_range(
        commits, [late, change(5, merge_commit="b", merged_at=at), change(9, merge_commit="a")]
    )

    assert numbers(found.changes) == [5, 1, 9]


def test_a_contained_change_comes_after_the_one_that_brought_it() -> None:
    at = START
    commits = [commit("m", "a", "f"), commit("f", "e"), commit("e", "a"), commit("a")]
    pulls = [
        change(1, merge_commit="f", merged_at=at),
        change(2, merge_commit="e", merged_at=at),
        change(3, merge_commit="m", merged_at=at),
        change(4, merge_commit="a", merged_at=at),
    ]

    assert numbers(changes_in_range(commits, pulls).changes) == [4, 3, 2, 1]


def test_a_rebased_change_landed_with_its_last_commit() -> None:
    at = START
    commits = [commit("c", "b"), commit("b", "a"), commit("a")]
    rebased = change(1, merge_commit="c", head_commits=("a", "c"), merged_at=at)

    found = changes_in_range(commits, [rebased, change(2, merge_commit="b", merged_at=at)])

    assert numbers(found.changes) == [2, 1]


def test_numbers_in_subjects() -> None:
    assert named_pull_request("Merge pull request #12 from a/b") == 12
    assert named_pull_request("[0.73 backport] fix hangs (#925) (#927)") == 927
    assert named_pull_request("See (#1) here") is None


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    size = draw(st.integers(0, 10))
    made = []
    for index in range(size, 0, -1):
        parents = draw(st.lists(st.integers(0, index - 1), max_size=3, unique=True))
        made.append(
            Commit(
                sha=str(index),
                parents=tuple(map(str, parents)),
                subject=draw(titles) + draw(st.sampled_from(["", " (#1)"])),
                body=draw(
                    st.sampled_from(["", "This reverts commit 1234567.", "(cherry picked from commit abc)"])
                ),
            )
        )
    return made


@given(histories(), st.lists(st.integers(1, 10), unique=True))
def test_every_commit_is_told_at_most_once(commits: list[Commit], merged: list[int]) -> None:
    pulls = [change(number, merge_commit=str(number)) for number in merged]

    found = changes_in_range(commits, pulls)

    without = [c.sha for c in found.without_change] + [p.commit.sha for p in found.cherry_picks]
    present = {c.sha for c in commits}
    assert len(without) == len(set(without))
    assert sorted(numbers(found.changes)) == sorted(n for n in merged if str(n) in present)
    assert not {c.merge_commit for c in found.changes} & set(without)
