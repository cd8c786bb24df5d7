"""What remotes answer: refs, pushes, addresses."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_ground import Ground, hook
from hypothesis import given
from hypothesis import strategies as st

from castoff.git import Clone
from castoff.git.remotes import parse_refs, push_outcome
from castoff.io.process import Completed
from castoff.model.acts import Outcome, Refused, Succeeded, Unclear
from castoff.model.refs import TagRef

A, B, C = "a" * 40, "b" * 40, "c" * 40


def kind(outcome: Outcome) -> str:
    match outcome:
        case Refused(problem):
            return problem.code
        case Succeeded():
            return "ok"
        case Unclear():
            return "unclear"
        case _:
            return "throttled"


@pytest.fixture
def there(ground: Ground) -> Path:
    there = ground.bare()
    root = ground.new()
    ground.git(root, "push", "--quiet", there, "main")
    return there


def test_pushes_end_as_the_remote_says(ground: Ground, there: Path) -> None:
    root = ground.folder / "here"
    with Clone.of(ground.repository(root)) as clone:
        base = clone.git.must("rev-parse", "HEAD")
        first = clone.commit_nothing("first", sign=None)
        clone.check_out(base)
        other = clone.commit_nothing("other", sign=None)
        one = clone.make_tag("1.1.0", "one\n", first, sign=False)
        two = clone.make_tag("1.1.0", "two\n", other, sign=False)

        def push(spec: str, url: Path = there) -> str:
            return kind(clone.push(str(url), spec))

        assert push(f"{first}:refs/heads/main") == "ok"
        assert push(f"{other}:refs/heads/main") == "push-rejected"
        assert push(f"{one}:refs/tags/1.1.0") == "ok"
        assert push(f"{one}:refs/tags/1.1.0") == "ok"
        assert push(f"{two}:refs/tags/1.1.0") == "push-rejected"
        assert push(f"{other}:refs/heads/main", there / "nowhere") == "unclear"
        hook(there / "hooks", "pre-receive", "echo 'protected branch' >&2; exit 1")
        outcome = clone.push(str(there), f"{other}:refs/heads/topic")
        assert kind(outcome) == "push-denied"
        assert isinstance(outcome, Refused)
        assert "protected branch" in outcome.problem.reason
        assert "--pull-request" in outcome.problem.remedy

    assert ground.git(there, "rev-parse", "main") == first
    assert ground.git(there, "rev-parse", "1.1.0^{}") == first


def test_a_branch_that_is_checked_out_there_denies_the_push(ground: Ground, there: Path) -> None:
    ground.git(".", "clone", "--quiet", there, "checked-out")
    with Clone.of(ground.repository(ground.folder / "here")) as clone:
        commit = clone.commit_nothing("first", sign=None)

        assert (
            kind(clone.push(str(ground.folder / "checked-out"), f"{commit}:refs/heads/main")) == "push-denied"
        )


def test_a_lease_on_nothing_lets_only_the_first_one_through(ground: Ground, there: Path) -> None:
    with Clone.of(ground.repository(ground.folder / "here")) as clone:
        mine = clone.commit_nothing("mine", sign=None)
        lease = "refs/castoff/1.1.0:"

        assert kind(clone.push(str(there), f"{mine}:refs/castoff/1.1.0", lease=lease)) == "ok"
        theirs = clone.commit_nothing("theirs", sign=None)
        assert kind(clone.push(str(there), f"{theirs}:refs/castoff/1.1.0", lease=lease)) == "push-rejected"


def said(text: str, code: int = 1, errors: str = "") -> Completed:
    return Completed(code=code, stdout=text.encode(), text=text, errors=errors)


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("To there\n*\tR:refs/heads/main\t[new branch]\nDone\n", 0, "ok"),
        ("To there\n \tR:refs/heads/main\ta..b\nDone\n", 0, "ok"),
        ("To there\n!\tR:refs/heads/main\t[rejected] (fetch first)\nDone\n", 1, "push-rejected"),
        ("To there\n!\tR:refs/heads/main\t[rejected] (stale info)\nDone\n", 1, "push-rejected"),
        (
            "To there\n!\tR:refs/heads/main\t[remote rejected] (protected branch hook declined)\nDone\n",
            1,
            "push-denied",
        ),
        (
            "To there\n!\tR:refs/heads/main\t[remote failure] (remote failed to report status)\nDone\n",
            1,
            "unclear",
        ),
        ("", 128, "unclear"),
        ("", 124, "unclear"),
        ("", -9, "unclear"),
        ("", 1, "unclear"),
        ("To there\n", 1, "unclear"),
        ("To there\n!\n", 1, "unclear"),
        ("To there\n!\tR:refs/heads/main\n", 1, "unclear"),
    ],
)
def test_a_push_is_judged_by_code_and_flag(text: str, code: int, expected: str) -> None:
    assert kind(push_outcome(said(text, code), "R:refs/heads/main")) == expected


@given(st.text(), st.integers(-15, 255))
def test_no_output_of_a_push_makes_an_error_and_only_code_0_is_success(text: str, code: int) -> None:
    outcome = push_outcome(said(text, code), "R:refs/heads/main")

    assert code == 0 or not isinstance(outcome, Succeeded)


def test_refs_are_read_with_what_tags_peel_to() -> None:
    refs = parse_refs(
        f"{A}\trefs/heads/main\n{B}\trefs/heads/feature/x\n{C}\trefs/tags/1.0.0\n{A}\trefs/tags/1.0.0^{{}}\n"
        f"{B}\trefs/tags/light\n{A}\trefs/pull/1/head\n"
    )

    assert refs.heads == {"main": A, "feature/x": B}
    assert refs.tags == {"1.0.0": TagRef(object=C, peeled=A), "light": TagRef(object=B, peeled=None)}
    assert (refs.tags["1.0.0"].commit, refs.tags["1.0.0"].annotated) == (A, True)
    assert (refs.tags["light"].commit, refs.tags["light"].annotated) == (B, False)


@given(st.text())
def test_reading_refs_never_fails(text: str) -> None:
    parse_refs(text)


@pytest.mark.parametrize(
    "name", ["1.0.0\u2028", "1.0.0\x85", "1.0.0\u202e", "1.0.0\u200b", "ünïcödé", "a'b\"c", "$(x)"]
)
def test_names_of_refs_are_taken_as_they_are(ground: Ground, there: Path, name: str) -> None:
    root = ground.folder / "here"
    ground.git(root, "push", "--quiet", there, f"HEAD:refs/tags/{name}", f"HEAD:refs/heads/{name}")

    with Clone.of(ground.repository(root)) as clone:
        refs = clone.ls_remote(str(there))
        assert refs is not None
        assert set(refs.tags) == {name}
        assert set(refs.heads) == {"main", name}
        assert clone.fetch(str(there), ["main", name])
        assert [tag for tag, _ in clone.tags_within("HEAD")] == [name]


def test_a_remote_that_cannot_be_asked_is_none_and_not_empty(ground: Ground, there: Path) -> None:
    with Clone.of(ground.repository(ground.folder / "here")) as clone:
        assert clone.ls_remote(str(there / "nowhere")) is None
        assert not clone.fetch(str(there / "nowhere"), ["main"])
        assert not clone.fetch(str(there), ["no-such-branch"])
        empty = clone.ls_remote(str(ground.bare("empty.git")))
        assert empty is not None
        assert (empty.heads, empty.tags) == ({}, {})


def test_fetching_brings_branch_and_tags_and_moves_them_where_they_moved(ground: Ground, there: Path) -> None:
    root = ground.folder / "here"
    with Clone.of(ground.repository(root)) as clone:
        new = ground.commit(root, "second", {"readme": "two\n"})
        ground.git(root, "tag", "1.0.0", "HEAD^")
        ground.git(root, "push", "--quiet", there, "main", "1.0.0")
        assert clone.fetch(str(there), ["main"])
        assert clone.has(new)
        assert clone.is_ancestor("refs/tags/1.0.0", new)
        ground.git(root, "push", "--quiet", "--force", there, "main:refs/tags/1.0.0")
        assert clone.fetch(str(there), ["main"])

        assert clone.tags_within(new) == (("1.0.0", new),)


@pytest.mark.parametrize(
    ("settings", "configured", "name"),
    [
        ({}, None, None),
        ({"remote.origin.url": "u"}, None, "origin"),
        ({"remote.fork.url": "u"}, None, "fork"),
        ({"remote.a.url": "u", "remote.b.url": "u"}, None, None),
        ({"remote.origin.url": "u", "remote.up.url": "u", "branch.main.remote": "up"}, None, "up"),
        ({"remote.origin.url": "u", "branch.main.remote": "gone"}, None, "origin"),
        ({"remote.origin.url": "u"}, "other", "other"),
        ({"remote.with.dots.url": "u"}, None, "with.dots"),
    ],
    ids=str,
)
def test_the_remote_is_configured_else_the_upstreams_else_origin_else_the_only_one(
    ground: Ground, settings: dict[str, str], configured: str | None, name: str | None
) -> None:
    root = ground.new()
    for key, value in settings.items():
        ground.git(root, "config", key, value)

    assert ground.repository(root).remote_name(configured, "main") == name


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/o/r.git", "https://github.com/o/r.git"),
        ("git@github.com:o/r.git", "git@github.com:o/r.git"),
        ("host:path", "host:path"),
        ("/abs/path.git", "/abs/path.git"),
        ("../there.git", "{folder}/there.git"),
        ("./sub:odd/x.git", "{folder}/here/sub:odd/x.git"),
        ("short:o/r", "short:o/r"),
    ],
)
def test_the_address_of_a_remote_is_as_configured_and_folders_are_found_from_the_repository(
    ground: Ground, url: str, expected: str
) -> None:
    ground.settings('[url "https://github.com/"]\n\tinsteadOf = short:\n')
    root = ground.new()
    ground.git(root, "remote", "add", "origin", url)

    assert ground.repository(root).remote_url("origin") == expected.replace("{folder}", str(ground.folder))
    assert ground.repository(root).remote_url("gone") is None


def test_an_address_that_the_user_rewrites_is_rewritten_in_the_clone(ground: Ground, there: Path) -> None:
    root = ground.folder / "here"
    ground.git(root, "config", f"url.{ground.folder}/.insteadOf", "short:")
    ground.git(root, "remote", "add", "origin", "short:there.git")
    repository = ground.repository(root)

    with Clone.of(repository) as clone:
        refs = clone.ls_remote(repository.remote_url("origin") or "")

    assert refs is not None
    assert list(refs.heads) == ["main"]
