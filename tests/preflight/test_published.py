"""What the registries know of each package before a release: whose name, what was left over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from castoff.model.intent import Claim, History
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.refs import Refs, TagName, TagRef
from castoff.model.scope import Scope
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import Package, Workspace
from castoff.ports import Listing
from castoff.preflight.registry_names import _Asking, _Before, _half_released, _Untagged
from castoff.preflight.stage import Cannot
from castoff.values import replace


@dataclass
class Index:
    """A registry that holds these versions; some are withdrawn; each package has owners."""

    held: Sequence[str] | Unknown
    withdrawn: Sequence[str] = ()

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        return self.held if package.name == "new" else ["1.0.0"]

    def look(self, package: Package, version: str) -> Listing:
        answer = Withdrawn() if version in self.withdrawn else Present()
        return Listing(
            files={f"{package.name}-{version}.crate": answer}
            if not isinstance(self.held, Unknown) and version in self.held
            else {}
        )


@dataclass
class Spelling(Index):
    """A registry that takes several spellings of a name for one."""

    others: tuple[str, ...] | Unknown = ()

    def other_spellings(self, package: Package) -> tuple[str, ...] | Unknown:
        return self.others


@dataclass
class Owning(Index):
    """A registry that also knows owners."""

    owned: dict[str, tuple[str, ...] | None] = field(default_factory=dict)

    def owners(self, package: Package) -> tuple[str, ...] | None:
        return self.owned.get(package.name)


def package(name: str) -> Package:
    return Package(
        name=name,
        ecosystem="cargo",
        path=name,
        manifest="Cargo.toml",
        version="1.1.0",
        version_file="Cargo.toml",
    )


def ask(
    registry: Any,
    *,
    was_there: bool,
    tags: Sequence[str] = ("0.9.0", "1.0.0"),
    level: str | None = None,
    is_default: bool = False,
) -> list[tuple[str, str]] | str:
    previous = Claim(version=ReleaseVersion(1, 0, 0), commit="a" * 40, tagged=True)
    seen: Any = SimpleNamespace(
        history=History(previous=previous if "1.0.0" in tags else None),
        tag_name=TagName("{version}"),
        remote="origin",
        version_of=TagName("{version}").version,
        ignores=lambda tag: False,
        is_default_branch=lambda: is_default,
        refs=Refs(tags={tag: TagRef(object="b" * 40, peeled="a" * 40) for tag in tags}),
        tagged_versions={read(tag) for tag in tags},
    )
    packages = {"core": package("core"), **({"new": package("new")} if was_there else {})}
    before: Any = SimpleNamespace(packages=packages, of_last_release={"cargo": packages})
    found = _Asking(seen, registry, package("new"), before, ReleaseVersion(1, 1, 0), level)()
    if isinstance(found, Cannot):
        return "unknown"
    return [(one.code, one.severity) for one in found]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("registry", "was_there", "found"),
    [
        pytest.param(Index(Unknown(reason="no answer")), True, "unknown", id="nobody can say"),
        pytest.param(Index([]), False, [("name-new", "warning")], id="a new name"),
        pytest.param(Spelling([]), False, [("name-new", "warning")], id="a new name in any spelling"),
        pytest.param(
            Spelling([], others=("n_ew",)),
            False,
            [("name-not-ours", "error")],
            id="taken in another spelling",
        ),
        pytest.param(
            Spelling([], others=("new",)), False, [("name-not-ours", "error")], id="taken in another case"
        ),
        pytest.param(
            Spelling([], others=Unknown(reason="no answer")),
            False,
            "unknown",
            id="spellings that nobody can say",
        ),
        pytest.param(
            Spelling(["1.0.0"], others=("x",)), True, [], id="a name that is there is not asked for again"
        ),
        pytest.param(Index(["1.0.0"]), True, [], id="as it should be"),
        pytest.param(
            Index(["0.9.0"]), True, [("previous-incomplete", "warning")], id="missing in the last release"
        ),
        pytest.param(
            Index(["0.1.0", "1.0.1"]), True, [("name-not-ours", "warning")], id="nothing that a tag released"
        ),
        pytest.param(
            Owning(["0.1.0", "1.0.1"], owned={"new": ("eve",), "core": ("ada",)}),
            True,
            [("name-not-ours", "error")],
            id="nothing that a tag released, and of others",
        ),
        pytest.param(Index(["0.1.0"]), False, [("name-not-ours", "warning")], id="taken, owners unknown"),
        pytest.param(
            Owning(["0.1.0"], owned={"new": ("eve",), "core": ("ada", "bob")}),
            False,
            [("name-not-ours", "error")],
            id="taken by others",
        ),
        pytest.param(
            Owning(["0.1.0"], owned={"new": ("bob",), "core": ("ada", "bob")}), False, [], id="ours already"
        ),
        pytest.param(
            Owning(["0.1.0"], owned={"new": None, "core": ("ada",)}),
            False,
            [("name-not-ours", "warning")],
            id="taken, and the registry does not tell",
        ),
        pytest.param(
            Index(["1.0.0", "1.0.1"]), True, [("half-released", "warning")], id="a version nobody tagged"
        ),
        pytest.param(Index(["1.0.0", "1.0.1"], ["1.0.1"]), True, [], id="a version nobody tagged, yanked"),
        pytest.param(Index(["1.0.0", "1.1.0"]), True, [], id="the very version: asked elsewhere"),
        pytest.param(
            Index(["1.0.0", "1.0.1.dev1", "0.5"]), True, [], id="older ones, and no release versions"
        ),
    ],
)
def test_what_was_there_before_is_told(registry: Index, was_there: bool, found: object) -> None:
    assert ask(registry, was_there=was_there) == found


def test_a_version_of_another_branch_is_no_left_over() -> None:
    assert ask(Index(["1.0.0", "2.0.0"]), was_there=True, tags=("1.0.0", "2.0.0")) == []


@pytest.mark.parametrize(
    ("listed", "level", "is_default", "found"),
    [
        pytest.param("1.1.1", "minor", False, [("version-below-released", "error")], id="of the same line"),
        pytest.param(
            "1.1.1", "1.1.0", False, [("version-below-released", "warning")], id="for a named version"
        ),
        pytest.param("1.1.1", None, False, [("version-below-released", "warning")], id="for a guess"),
        pytest.param(
            "2.0.0", "minor", True, [("version-below-released", "error")], id="later, on the newest line"
        ),
        pytest.param("2.0.0", "minor", False, [], id="later, on a maintenance branch"),
        pytest.param("2.0.0rc1", "minor", True, [], id="a candidate of a later line"),
        pytest.param(
            "1.1.0.post1", "minor", False, [("version-below-released", "error")], id="a post-release"
        ),
        pytest.param("1!0.1", "minor", True, [("version-below-released", "error")], id="an epoch"),
    ],
)
def test_a_version_must_be_above_what_the_registry_has(
    listed: str, level: str | None, is_default: bool, found: object
) -> None:
    tags = ("1.0.0", "1.1.1", "2.0.0", "2.0.0-rc.1")

    told = ask(Index(["1.0.0", listed]), was_there=True, tags=tags, level=level, is_default=is_default)

    assert told == found


def test_a_name_that_is_taken_is_told_before_a_first_release() -> None:
    registry = Owning(["0.1.0", "1.0.1"], owned={"new": ("eve",)})

    assert ask(registry, was_there=False, tags=()) == [("name-not-ours", "warning")]


VERSIONS = ("1.0.0", "1.0.1", "1.0.2", "1.0.3")


@dataclass
class Asked:
    """A registry of many packages; counts its questions. ``withdrawn`` are (package, version)."""

    withdrawn: frozenset[tuple[str, str]] = frozenset()
    lacking: frozenset[tuple[str, str]] = frozenset()
    questions: list[str] = field(default_factory=list)

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        self.questions.append("versions")
        if package.name == "p3" and ("p3", "*") in self.lacking:
            return Unknown(reason="no answer")
        return [one for one in VERSIONS if (package.name, one) not in self.lacking]

    def look(self, package: Package, version: str) -> Listing:
        self.questions.append("look")
        gone = (package.name, version) in self.withdrawn
        return Listing(files={"f": Withdrawn() if gone else Present()})


class Told(Asked):
    """One that answers for all packages at once, as cargo does."""

    def record(self, packages: Iterable[Package]) -> tuple[dict[str, Any], tuple[str, ...]]:
        self.questions.append("record")
        entries = {
            one.name: {
                version: {"yanked": (one.name, version) in self.withdrawn}
                for version in VERSIONS
                if (one.name, version) not in self.lacking
            }
            for one in packages
        }
        return {"packages": entries}, ()


def left_over(registry: Any, count: int = 4) -> list[str]:
    """Return the facts that all packages together report."""
    packages = {f"p{index}": package(f"p{index}") for index in range(count)}
    seen: Any = SimpleNamespace(
        history=History(previous=Claim(version=ReleaseVersion(1, 0, 0), commit="a" * 40, tagged=True)),
        tag_name=TagName("{version}"),
        remote="origin",
        tagged_versions={ReleaseVersion(1, 0, 0)},
    )
    before: Any = SimpleNamespace(packages=packages, of_last_release={"cargo": packages})
    untagged = _Untagged()
    known = {version for text in VERSIONS if (version := read(text)) is not None}
    return [
        found.message.partition(" on ")[0]
        for one in packages.values()
        for found in _Asking(
            seen, registry, one, before, ReleaseVersion(9, 0, 0), untagged=untagged
        ).left_over(known)
    ]


ALL = [f"4 of 4 packages have {', '.join(VERSIONS[1:])}"]
TWO = [f"4 of 4 packages have {VERSIONS[1]}, {VERSIONS[3]}"]


@pytest.mark.parametrize(
    ("withdrawn", "lacking", "found"),
    [
        pytest.param([], [], ALL, id="whole versions"),
        pytest.param([("p0", "1.0.2")], [], ALL, id="withdrawn from the first"),
        pytest.param([("p3", "1.0.2")], [], ALL, id="withdrawn from the last"),
        pytest.param([(f"p{index}", "1.0.2") for index in range(4)], [], TWO, id="withdrawn from all"),
        pytest.param([], [("p3", "1.0.2")], ["3 of 4 packages have 1.0.2", *TWO], id="one lacks it"),
        pytest.param([], [(f"p{index}", "1.0.2") for index in range(4)], TWO, id="all lack it"),
    ],
)
@pytest.mark.parametrize("kind", [Asked, Told])
def test_versions_without_a_tag_are_told_once(
    kind: type[Asked],
    withdrawn: list[tuple[str, str]],
    lacking: list[tuple[str, str]],
    found: list[str],
) -> None:
    assert sorted(left_over(kind(frozenset(withdrawn), frozenset(lacking)))) == sorted(found)


def test_a_package_that_is_not_known_is_not_counted() -> None:
    told = left_over(Asked(lacking=frozenset({("p3", "*")})))

    assert told == [one.replace("4 of", "3 of") for one in ALL]


def test_the_newest_of_many_versions_are_listed() -> None:
    versions = [ReleaseVersion(1, 0, patch) for patch in range(1, 8)]
    seen: Any = SimpleNamespace(remote="origin", tag_name=TagName("v{version}"))

    problem = _half_released((1, 2), versions, seen)

    assert problem.message == (
        "1 of 2 packages has 1.0.3, 1.0.4, 1.0.5, 1.0.6, 1.0.7 and 2 older versions on the registry, "
        "and `origin` has no tag of them"
    )


@pytest.mark.parametrize(
    ("versions", "found"), [("one", ["core"]), ("newest", ["core", "tool"])], ids=["one", "what changed"]
)
def test_packages_beside_the_last_release_are_no_part_of_it(versions: str, found: list[str]) -> None:
    packages = (replace(package("core"), version="1.0.0"), replace(package("tool"), version="0.3.0"))
    previous = Claim(version=ReleaseVersion(1, 0, 0), commit="a" * 40, tagged=True)
    session: Any = SimpleNamespace(
        snapshot=SimpleNamespace(history=History(previous=previous), scope=Scope(versions=versions)),  # type: ignore[arg-type]
        workspace_before=lambda: Workspace(packages=packages),
    )

    assert list(_Before(session).of_last_release["cargo"]) == found


def test_many_versions_without_a_tag_take_one_question_a_package() -> None:
    asked, told = Asked(), Told()

    left_over(asked, 50)
    left_over(told, 50)

    assert asked.questions.count("versions") == 50
    assert asked.questions.count("look") == len(VERSIONS) - 1
    assert told.questions == ["record"]
