"""A release is verified from outside: what is whole passes, and every way of not being whole is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from castoff.model.observations import Present, Withdrawn
from castoff.model.workspace import Package
from castoff.ports import Listing
from castoff.postrelease.changelog_command import port_notes
from castoff.postrelease.verify.verify import Verdict, verify
from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.values import replace
from castoff.wiring import Options, open_setting
from postrelease.after_bench import Yard, yard
from proofs.small import write_small
from proofs.worlds import Stage, make_key, stage

real = pytest.mark.real


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Path]]:
    """Release a small workspace for real, once; the cases only look, or change what they put back."""
    folder = tmp_path_factory.mktemp("verify")
    with stage(folder / "world", make_key(folder), write_small(folder / "sample")) as here:
        code, output = here.run(here.checkout(), "release", "1.1.0", "--execute", "--yes")
        assert code == 0, output
        yield here, here.checkout()


def asked(here: Stage, checkout: Path, *, trial: bool = False) -> Verdict:
    return verify(
        open_setting(Options(directory=checkout), Silence(), here.environment), "1.1.0", trial=trial
    )


def results(verdict: Verdict) -> dict[str, str]:
    return {one.id: one.result for one in verdict.checks}


@real
def test_a_whole_release_passes_and_a_fresh_project_uses_it(released: tuple[Stage, Path]) -> None:
    verdict = asked(*released, trial=True)

    files = [
        f"{name}-1.1.0{end}" for name in ("proof_core", "proof") for end in ("-py3-none-any.whl", ".tar.gz")
    ]
    assert results(verdict) == {
        **{f"attestation:{name}": "off" for name in files},
        "tag": "pass",
        "artifacts:proof-core": "pass",
        "artifacts:proof": "pass",
        "tree:proof-core": "pass",
        "tree:proof": "pass",
        "members": "pass",
        "release": "pass",
        "attestations": "off",
        "checksums": "off",
        "changelog": "pass",
        "docs": "off",
        "website": "off",
        "trial:proof": "pass",
    }


@real
def test_the_command_gives_one_object_and_writes_nothing(released: tuple[Stage, Path]) -> None:
    here, checkout = released
    before = len([entry for entry in here.world.journal.entries() if entry.write])

    code, output = here.run(checkout, "verify", "1.1.0", "--json", "--without-trial")

    value = json.loads(output)
    assert code == 0
    assert value["schema"] == "castoff/verify"
    assert value["summary"] == {"pass": 8, "warn": 0, "fail": 0, "unknown": 0}
    assert len([entry for entry in here.world.journal.entries() if entry.write]) == before


@real
def test_a_yanked_file_fails_and_so_does_a_project_that_would_use_it(released: tuple[Stage, Path]) -> None:
    here, checkout = released
    here.world.python_index.store.yank("proof-core", "1.1.0", "broken")

    verdict = asked(here, checkout)

    here.world.python_index.store.yank("proof-core", "1.1.0", None)
    (found,) = [one for one in verdict.checks if one.id == "artifacts:proof-core"]
    assert found.result == "fail"
    assert {problem.code for problem in found.findings} == {"verify-artifact-withdrawn"}


@real
def test_a_file_that_nobody_listed_warns(released: tuple[Stage, Path], tmp_path: Path) -> None:
    here, checkout = released
    verdict = verify(
        looking(open_setting(Options(directory=checkout), Silence(), here.environment), _with_another),
        "1.1.0",
        trial=False,
    )

    found = {one.id: one for one in verdict.checks}["artifacts:proof"]
    assert found.result == "warn"
    assert [problem.code for problem in found.findings] == ["verify-artifact-unlisted"]


def _with_another(listing: Listing) -> Listing:
    return Listing(files={**listing.files, "proof-1.1.0-cp311-none-any.whl": Present(digest="0" * 64)})


def _other_bytes(listing: Listing) -> Listing:
    return Listing(files=dict.fromkeys(listing.files, Present(digest="f" * 64)))


def _half(listing: Listing) -> Listing:
    return Listing(files=dict(sorted(listing.files.items())[:1]))


def _gone(listing: Listing) -> Listing:
    return Listing()


def _down(listing: Listing) -> Listing:
    return Listing(unknown="the index answered 503")


def _withdrawn(listing: Listing) -> Listing:
    return Listing(files=dict.fromkeys(listing.files, Withdrawn(reason="x")))


CHANGED: dict[str, tuple[Callable[[Listing], Listing], str, str]] = {
    "other bytes": (_other_bytes, "fail", "verify-artifact-differs"),
    "a missing kind": (_half, "fail", "verify-artifact-missing"),
    "nothing at all": (_gone, "fail", "verify-artifact-missing"),
    "withdrawn": (_withdrawn, "fail", "verify-artifact-withdrawn"),
    "a registry that is down": (_down, "unknown", "cannot-be-known"),
}


@real
@pytest.mark.parametrize(("change", "result", "code"), CHANGED.values(), ids=CHANGED)
def test_artifacts_that_are_not_as_the_tag_lists_them_are_found(
    change: Callable[[Listing], Listing], result: str, code: str, released: tuple[Stage, Path]
) -> None:
    here, checkout = released
    setting = open_setting(Options(directory=checkout), Silence(), here.environment)

    verdict = verify(looking(setting, change), "1.1.0", trial=False)

    found = {one.id: one for one in verdict.checks}["artifacts:proof"]
    assert found.result == result
    assert {problem.code for problem in found.findings} == {code}


def looking(setting: Services, change: Callable[[Listing], Listing]) -> Services:
    """Let the registries answer otherwise."""

    class Changed:
        def __init__(self, registry: object) -> None:
            self._registry = registry

        def look(self, package: Package, version: str) -> Listing:
            return change(self._registry.look(package, version))  # type: ignore[attr-defined]

    return replace(setting, registry=lambda ecosystem: Changed(setting.registry(ecosystem)))  # type: ignore[arg-type,return-value]


@real
def test_a_tag_that_nobody_here_can_verify_is_not_known(released: tuple[Stage, Path]) -> None:
    here, _ = released
    stranger = here.checkout()
    here.git(stranger, "config", "--remove-section", "user")

    assert results(asked(here, stranger))["tag"] == "unknown"


def tagged(here: Yard, *words: str) -> Verdict:
    """Tag a third release in some way and verify it."""
    from postrelease.after_bench import crates

    here.commit(crates("1.2.0"), "release 1.2.0")
    here.git("tag", *words, "1.2.0")
    here.push("main", "--tags")
    return verify(looking(here.setting(), _gone), "1.2.0", trial=False)


TAGS = {
    "lightweight": ((), "fail", "is not an annotated tag"),
    "unsigned, where nobody has a key": (("--annotate", "-m", "x"), "warn", "has no signature"),
}


@pytest.mark.parametrize(("words", "result", "fact"), TAGS.values(), ids=TAGS)
def test_a_tag_that_is_not_as_castoff_makes_it_is_named(
    words: tuple[str, ...], result: str, fact: str, tmp_path: Path
) -> None:
    with yard(tmp_path) as here:
        (found,) = [one for one in tagged(here, *words).checks if one.id == "tag"]

    assert found.result == result
    assert fact in found.findings[0].message


def test_a_tag_on_a_commit_of_another_version_fails(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        here.tag("1.3.0")
        here.push("--tags")
        verdict = verify(looking(here.setting(), _gone), "1.3.0", trial=False)

    assert "another version" in verdict.checks[0].findings[0].message


def test_the_rest_is_checked_if_the_tag_is_missing(tmp_path: Path) -> None:
    from postrelease.after_bench import crates

    with yard(tmp_path) as here:
        here.commit(crates("1.2.0"), "release 1.2.0")
        here.push("main")
        found = verify(looking(here.setting(), _gone), "1.2.0", trial=False).checks

    by_id = {one.id: one for one in found}
    assert [one.code for one in by_id["tag"].findings] == ["not-tagged-yet"]
    assert by_id["tag"].result == by_id["artifacts:kit"].result == by_id["release"].result == "fail"


def test_no_signature_is_wanted_where_the_configuration_says_so(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        verdict = verify(looking(here.setting('[release]\nsign = "none"\n'), _gone), "1.1.0", trial=False)

    assert results(verdict)["tag"] == "pass"


def test_a_draft_unported_notes_and_a_failed_build_are_found(tmp_path: Path) -> None:
    from postrelease.after_bench import published

    builds = [
        {"name": "kit", "version": "1.1.0", "schedule": [{"state": "failed"}]},
        {"name": "kit-core", "version": "1.1.0", "schedule": [{"state": "queued"}]},
    ]
    with yard(tmp_path / "published", docs={"builds": builds}) as here:
        found = results(verify(looking(here.setting(), _gone), "1.1.0", trial=False))
        port_notes(here.setting(), "1.1.0")
        ported = results(verify(looking(here.setting(), _gone), "1.1.0", trial=False))
    with yard(tmp_path / "draft", forge={"releases": [published(draft=True)]}) as here:
        drafted = results(verify(looking(here.setting(), _gone), "1.1.0", trial=False))

    assert (found["changelog"], ported["changelog"]) == ("fail", "pass")
    assert (found["docs:kit"], found["docs:kit-core"]) == ("fail", "unknown")
    assert drafted["release"] == "fail"


@pytest.mark.needs("cargo")
@pytest.mark.parametrize(
    ("words", "code"), [(["9.9.9"], 4), (["banana"], 2), (["--json", "banana"], 2), ([], 4)], ids=str
)
def test_the_exit_code_tells(words: list[str], code: int, tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        done = subprocess.run(
            [sys.executable, "-m", "castoff", "verify", "--without-trial", *words],
            cwd=here.checkout,
            env=here.environment,
            capture_output=True,
            check=False,
        )

    assert done.returncode == code
