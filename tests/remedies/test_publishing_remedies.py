"""Remedies for what registries hold, tags and drafts: decisions over registries and a world in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from python_bench import artifact, ended, metadata, package, settings, wheel

from castoff.ecosystems.cargo.foresight.metadata import judge_metadata
from castoff.ecosystems.cargo.uploader import CrateWrite, Writer
from castoff.ecosystems.python.artifacts import mismatches
from castoff.ecosystems.python.foresight.metadata import judge_python_metadata
from castoff.ecosystems.python.foresight.project_rules import judge_by_pypi, judge_new_name
from castoff.ecosystems.python.uploader import outcome_of
from castoff.model.acts import Blocked, Refused, Succeeded, Unclear
from castoff.model.observations import Present, Sameness, Withdrawn
from castoff.model.refs import TagName
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import Artifact, Package
from castoff.ports import ForgeAsset, ForgeRelease, Listing
from castoff.postrelease.verify.artifacts import ListedFiles, verify_artifacts
from castoff.postrelease.verify.tree import TreeComparison, tree_problems
from castoff.preflight.registry_names import _Asking
from castoff.release.announce import PUBLISH, AnnouncePart
from castoff.release.checksums import ATTACH, ChecksumsPart
from castoff.release.publish import PackagePart
from castoff.session.checksums import CHECKSUMS, checksums_text
from castoff.values import replace
from config.configuration_files import Files
from ecosystems.cargo.manifest.cargo_trees import discover, tree
from ecosystems.cargo.manifest.cargo_trees import package as crate
from remedies.following import Case, cases, follow, follow_row, follows

CORE = package()


@dataclass(slots=True)
class Index:
    """A registry in memory: versions, files of a version, owners."""

    known: list[str] = field(default_factory=list)
    files: dict[str, dict[str, Present | Withdrawn]] = field(default_factory=dict)
    owned: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def versions(self, package: Package) -> list[str]:
        return self.known

    def look(self, package: Package, version: str) -> Listing:
        return Listing(files=self.files.get(version, {}))

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        return "not-comparable"

    def requirement(self, package: Package, version: str) -> str:
        return f"{package.name}=={version}"

    def resolvable(self, requirements: Sequence[str]) -> bool:
        return True


def earlier(index: Index, tags: Mapping[str, str], previous: str) -> object:
    """Ask what the registry has of a package that was released as ``previous``."""
    version = ReleaseVersion(*map(int, previous.split(".")))
    seen: Any = SimpleNamespace(
        version_of=TagName("{version}").version,
        refs=SimpleNamespace(tags=tags),
        tagged_versions=set(map(read, tags)),
        history=SimpleNamespace(previous=SimpleNamespace(version=version)),
    )
    before: Any = SimpleNamespace(packages={CORE.id: CORE}, of_last_release={"python": {CORE.id: CORE}})
    return _Asking(seen, index, CORE, before, ReleaseVersion(1, 3, 0))()  # type: ignore[arg-type]


class Spelling(Index):
    """A registry that has a package in another spelling."""

    def other_spellings(self, package: Package) -> tuple[str, ...]:
        return ("acme-core",)


EARLIER = [
    Case(
        "name-not-ours",
        (Spelling(), {"1.2.0": ""}),
        (Spelling(["1.2.0"]), {"1.2.0": ""}),
        "use the existing spelling if the package is yours",
    ),
    Case(
        "name-new",
        (Index(), {"1.2.0": ""}),
        (Index(["1.2.0"]), {"1.2.0": ""}),
        "the warning disappears after the upload",
    ),
    Case(
        "name-not-ours",
        (Index(["1.2.0"]), {}),
        (Index(["1.2.0"]), {"1.2.0": ""}),
        "if it is yours, push the tag of a published version",
    ),
    Case(
        "name-not-ours",
        (Index(["7.0.0"]), {"1.2.0": ""}),
        (Index(["1.2.0"]), {"1.2.0": ""}),
        "choose another name",
    ),
    Case(
        "previous-incomplete",
        (Index(["1.1.0"]), {"1.1.0": "", "1.2.0": ""}),
        (Index(["1.1.0", "1.2.0"]), {"1.1.0": "", "1.2.0": ""}),
        "`castoff resume 1.2.0 --execute` uploads it",
    ),
]


@cases(EARLIER)
def test_a_name_and_the_last_release_are_put_right(case: Case) -> None:
    follow_row(case, lambda given: earlier(given[0], given[1], "1.2.0"))


SDIST, WHEEL = "acme_core-1.3.0.tar.gz", "acme_core-1.3.0-py3-none-any.whl"
EXTRA = "acme_core-1.3.0-cp312-cp312-linux_x86_64.whl"
LISTED = {SDIST: "a" * 64, WHEEL: "b" * 64}
WHOLE: Mapping[str, Present | Withdrawn] = {name: Present(digest=digest) for name, digest in LISTED.items()}
NEXT = {name.replace("1.3.0", "1.3.1"): answer for name, answer in WHOLE.items()}


def verified(
    version: str, files: Mapping[str, Present | Withdrawn], tagged: Mapping[str, str] = LISTED
) -> object:
    """Verify the files of a release against the list in its tag."""
    setting: Any = SimpleNamespace(
        registry=lambda ecosystem: Index(files={version: dict(files)}),
        configuration=SimpleNamespace(python=settings()),
    )
    subject: Any = SimpleNamespace(version=ReleaseVersion(*map(int, version.split("."))))
    listed = {name.replace("1.3.0", version): digest for name, digest in tagged.items()}
    return verify_artifacts(setting, subject, CORE, ListedFiles(listed))[0].findings


NOW_NEXT = ("1.3.1", NEXT)
VERIFIED = [
    Case(
        "verify-artifact-differs",
        ("1.3.0", {**WHOLE, WHEEL: Present(digest="c" * 64)}),
        NOW_NEXT,
        "yank the version and release the next one",
    ),
    Case(
        "verify-artifact-missing",
        ("1.3.0", {SDIST: WHOLE[SDIST]}, {}),
        ("1.3.0", WHOLE, {}),
        "upload it with `castoff resume 1.3.0 --execute`",
    ),
    Case("verify-artifact-missing", ("1.3.0", {SDIST: WHOLE[SDIST]}), NOW_NEXT, "release the next version"),
    Case(
        "verify-artifact-withdrawn",
        ("1.3.0", {**WHOLE, WHEEL: Withdrawn(reason="broken")}),
        NOW_NEXT,
        "release the next version",
    ),
    Case(
        "verify-artifact-unlisted",
        ("1.3.0", {**WHOLE, EXTRA: Present(digest="d" * 64)}),
        ("1.3.0", {**WHOLE, EXTRA: Withdrawn(reason="not ours")}),
        "yank it on the registry if it is not yours",
    ),
]


TREES = [
    Case(
        "verify-tree-differs",
        ("1.3.0", TreeComparison(compared=4, missing=("vendor/z.c",))),
        ("1.3.1", TreeComparison(compared=5)),
        "release the next one from a clean checkout",
    )
]


@cases(TREES)
def test_files_that_are_not_of_the_release_commit_are_released_again(case: Case) -> None:
    follow_row(case, lambda given: tree_problems(CORE, f"acme-core-{given[0]}.crate", given[1]))


@cases(VERIFIED)
def test_the_files_of_a_release_are_put_right(case: Case) -> None:
    follow_row(case, lambda given: verified(*given))


@follows("not-comparable")
def test_a_file_that_is_known_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / WHEEL
    file.write_bytes(wheel(metadata()))
    accepted: set[str] = set()

    def look() -> object:
        part = PackagePart(
            package=replace(CORE, kinds=("wheel",)),
            version="1.3.0",
            artifacts=(artifact(file),),
            registry=Index(files={"1.3.0": {WHEEL: Present(digest="c" * 64)}}),  # type: ignore[arg-type]
            root=tmp_path,
            accepted=frozenset(accepted),
        )
        decision = part.decide(part.look())
        return decision.problem if isinstance(decision, Blocked) else ()

    told = f"`castoff resume 1.3.0 --execute --accept {'c' * 64}`"
    follow("not-comparable", look, told=told, do=lambda: accepted.add("c" * 64))


@follows("upload-failed")
def test_an_upload_is_tried_again_with_a_token(tmp_path: Path) -> None:
    file = tmp_path / WHEEL
    file.write_bytes(wheel(metadata()))
    codes = [2]

    def look() -> object:
        outcome = outcome_of(artifact(file), ended(codes[-1], "error: no credentials"), "uv publish")
        return outcome.problem if isinstance(outcome, Unclear) else ()

    follow("upload-failed", look, told="fix the reported problem", do=lambda: codes.append(0))


@follows("permission-denied")
def test_a_crate_is_uploaded_with_a_token_of_the_right_scope() -> None:
    writer = Writer(None, None)  # type: ignore[arg-type]
    answers = [403]

    def upload() -> object:
        talk: Any = SimpleNamespace(accepted=answers[-1] == 200, status=answers[-1], headers={}, sent=True)
        outcome = writer._outcome(CrateWrite("core", "1.3.0", "upload"), talk, ended(101, "error: no"))
        return outcome.problem if isinstance(outcome, Refused) else ()

    told = "use a token with the right scope"
    follow("permission-denied", upload, told=told, do=lambda: answers.append(200))


METADATA = 'name = "a"\nversion = "1.2.0"\n'
BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def python(lines: str, **files: str) -> Files:
    return Files({"pyproject.toml": f"[project]\n{METADATA}{lines}\n{BUILD}", **files})


PROJECTS = [
    Case(
        "metadata-file-missing",
        python('readme = "README.md"'),
        python('readme = "README.md"', **{"README.md": "# a\n"}),
        "add the file",
    ),
    Case(
        "metadata-file-missing",
        python('readme = "READ.md"', **{"README.md": ""}),
        python('readme = "README.md"', **{"README.md": ""}),
        "Correct the path",
    ),
    Case(
        "metadata-refused",
        python('classifiers = ["Licence :: OSI"]'),
        python('classifiers = ["License :: OSI Approved :: MIT License"]'),
        "Correct the project's metadata",
    ),
]


@cases(PROJECTS)
def test_the_metadata_of_a_project_is_corrected(case: Case) -> None:
    one = replace(package("a", "1.2.0"), manifest="pyproject.toml")
    follow_row(
        case,
        lambda files: (
            *judge_python_metadata(files, [one], lambda path: files.read(path) is not None),
            *judge_by_pypi(files, [one], frozenset({"a"})),
        ),
    )


@cases([Case("name-refused", "secrets", "acme-secrets", "rename the package")])
def test_a_package_with_the_name_of_a_module_is_renamed(case: Case) -> None:
    follow_row(case, lambda name: judge_new_name(package(name, "1.2.0"), []))


GOOD = 'description = "x"\nlicense = "MIT"\n'


def _apart(sibling: str, needing: str, where: str = "") -> Files:
    needs = f'{needing}\n[dependencies]\na = {{ path = "../a", version = "=1.2.0"{where} }}\n'
    return tree(a=crate("a", GOOD + sibling + "\n"), b=crate("b", GOOD + needs))


MINE = 'publish = ["mine"]'
CRATES = [
    Case(
        "foreign-registry",
        _apart(MINE, ""),
        _apart('publish = ["mine", "crates-io"]', ""),
        "on `crates-io` by its `publish`",
    ),
    Case(
        "foreign-registry",
        _apart(MINE, ""),
        _apart(MINE, MINE, ', registry = "mine"'),
        'with `registry = "mine"`',
    ),
    Case(
        "metadata-refused",
        tree(a=crate("a", 'description = "x"\n')),
        tree(a=crate("a", GOOD)),
        "set its licence as an SPDX expression, such as `MIT`",
    ),
    Case(
        "metadata-refused",
        tree(a=crate("a", 'license = "MIT"\n')),
        tree(a=crate("a", GOOD)),
        "add a description of one sentence",
    ),
]


@cases(CRATES)
def test_the_metadata_of_a_crate_is_corrected(case: Case) -> None:
    follow_row(case, lambda files: judge_metadata(files, discover(files)))


def made(tmp_path: Path, text: str) -> Any:
    file = tmp_path / WHEEL
    file.write_bytes(wheel(text))
    return artifact(file)


@cases(
    [
        Case(
            "metadata-mismatch",
            metadata(version="1.2.9"),
            metadata(),
            "where the build back end reads its metadata from",
        )
    ]
)
def test_a_file_is_built_from_the_release_commit(case: Case, tmp_path: Path) -> None:
    follow_row(case, lambda text: tuple(mismatches(CORE, made(tmp_path, text), {})))


LISTED_SUMS = {SDIST: "a" * 64}
SUMS = ForgeAsset(
    id=1, name=CHECKSUMS, digest=hashlib.sha256((checksums_text(LISTED_SUMS) or "").encode()).hexdigest()
)


class DraftForge:
    """A forge with one draft, from which a person deletes a file."""

    def __init__(self, *assets: ForgeAsset) -> None:
        self.assets = list(assets)

    def releases(self) -> Sequence[ForgeRelease]:
        draft = ForgeRelease(id=7, tag="1.3.0", name="", body="", draft=True, prerelease=False, url="u")
        return [replace(draft, assets=tuple(self.assets))]

    def attach(self, _release: ForgeRelease, _name: str, _content: bytes) -> object:
        self.assets.append(SUMS)
        return Succeeded()

    def update_release(self, _number: int, _release: object) -> object:
        return Succeeded()


@follows("checksums-differ")
def test_a_file_of_digests_that_somebody_replaced_is_attached_anew() -> None:
    forge = DraftForge(replace(SUMS, digest="0" * 64))
    part = ChecksumsPart(tag="1.3.0", forge=forge, listed=lambda: LISTED_SUMS)  # type: ignore[arg-type]

    def look() -> object:
        decision = part.decide(part.look())
        return (decision.problem,) if isinstance(decision, Blocked) else ()

    def do() -> None:
        forge.assets.clear()
        part.act(ATTACH)

    follow("checksums-differ", look, told="delete `SHA256SUMS` from the draft and run castoff again", do=do)


@follows("checksums-missing")
def test_a_draft_without_digests_is_published_once_it_has_them() -> None:
    forge = DraftForge()
    part = ChecksumsPart(tag="1.3.0", forge=forge, listed=lambda: LISTED_SUMS)  # type: ignore[arg-type]
    announce = AnnouncePart(
        tag="1.3.0",
        commit="r" * 40,
        latest=True,
        prerelease=False,
        forge=forge,  # type: ignore[arg-type]
        agreed=True,
        checksums=lambda: True,
    )

    def look() -> object:
        outcome = announce.act(PUBLISH)
        return (outcome.problem,) if isinstance(outcome, Refused) else ()

    follow("checksums-missing", look, told="`castoff draft --execute`", do=lambda: part.act(ATTACH))
