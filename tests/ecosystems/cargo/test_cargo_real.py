"""Do the adapters and the real cargo agree, with an embedded registry that goes wrong on demand?"""

from __future__ import annotations

import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cargo_bench import Bench, commit, git, open_bench, write_workspace

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.builder import CargoBuilder
from castoff.ecosystems.cargo.lookup import Lookup, Unseen
from castoff.ecosystems.cargo.uploader import CrateWrite, Writer
from castoff.errors import WorkspaceError
from castoff.io.process import Completed, Processes
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.observations import Present, Withdrawn
from castoff.world.cargo_registry.record import read_record
from castoff.world.faults import Rule, parse_faults
from castoff.world.seed import parse_seed
from whole_workspace import workspace_in

pytestmark = pytest.mark.real

NEEDS = '[dependencies]\n{0} = {{ path = "../{0}", version = "=1.2.0" }}\n'
CHAIN = {"tst-core": "", "tst-mid": NEEDS.format("tst-core"), "tst-top": NEEDS.format("tst-mid")}
ONE = {"tst-core": ""}


def rules(*effects: dict[str, Any], **conditions: Any) -> tuple[Rule, ...]:
    listed = [{"service": "cargo", **conditions, "effect": effect} for effect in effects]
    return parse_faults(json.dumps({"rules": listed}))


def upload(bench: Bench, name: str = "tst-core") -> Outcome:
    artifact = next(one for one in bench.build() if one.package == name)
    return bench.registry.upload(artifact, bench.root)


def test_crates_are_packed_together_if_one_alone_names_the_default_registry(tmp_path: Path) -> None:
    crates = {"tst-core": 'publish = ["crates-io"]\n', "tst-mid": NEEDS.format("tst-core")}
    with open_bench(tmp_path, crates, tls=True) as bench:
        assert [one.package for one in bench.build()] == ["tst-core", "tst-mid"]


@pytest.mark.parametrize("tls", [False, True], ids=["replaced source", "proxy"])
def test_what_is_packed_is_what_is_uploaded_in_order_and_seen_at_once(tmp_path: Path, tls: bool) -> None:
    with open_bench(tmp_path, CHAIN, tls=tls) as bench:
        artifacts = bench.build()
        for artifact in artifacts:
            package = bench.package(artifact.package)
            assert bench.registry.look(package, "1.2.0").files == {}

            assert bench.registry.upload(artifact, bench.root) == Succeeded()

            seen = bench.registry.look(package, "1.2.0").files
            assert seen == {artifact.filename: Present(digest=artifact.digest)}
            assert bench.builder.verify(package, [artifact], bench.root) == ()
            assert bench.registry.resolvable([bench.registry.requirement(package, "1.2.0")]) is True
        assert git(bench.root, "status", "--short") == ""


def test_a_new_name_is_told_from_a_new_version(tmp_path: Path) -> None:
    published = {"tst-core": {"1.1.0": {"yanked": False, "requirements": [], "features": []}}}
    with open_bench(tmp_path, CHAIN, cargo=published) as bench:
        old, new = (bench.registry.look(bench.package(name), "1.2.0") for name in ("tst-core", "tst-mid"))

        assert (old.new_name, new.new_name) == (False, True)
        assert bench.registry.versions(bench.package("tst-core")) == ["1.1.0"]
        assert bench.registry.versions(bench.package("tst-mid")) == []
        record, unread = bench.registry.record(bench.workspace.packages)
        assert (list(record["packages"]), unread) == (["tst-core"], ())
        seed = json.dumps({"slug": "acme/rocket", "cargo": record})
        held = read_record(parse_seed(seed, tmp_path).cargo["packages"])
        assert [one.version for one, _ in held] == ["1.1.0"], "`castoff world seed` writes it so"


def test_inside_of_a_workspace_the_registry_is_asked_and_not_the_member(
    tmp_path: Path, monkeypatch: Any
) -> None:
    with open_bench(tmp_path, ONE) as bench:
        monkeypatch.chdir(bench.root / "crates" / "tst-core")

        assert bench.registry.look(bench.package("tst-core"), "1.2.0").files == {}


def test_a_withdrawn_version_is_withdrawn_and_resolves_no_more(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE) as bench:
        assert upload(bench) == Succeeded()
        package = bench.package("tst-core")

        assert bench.registry.yank(package, "1.2.0") == Succeeded()

        (answer,) = bench.registry.look(package, "1.2.0").files.values()
        assert isinstance(answer, Withdrawn)
        assert bench.registry.resolvable([bench.registry.requirement(package, "1.2.0")]) is False
        assert bench.registry.versions(package) == ["1.2.0"]


def test_owners_are_listed(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE) as bench:
        assert bench.registry.owners(bench.package("tst-core")) is None
        assert upload(bench) == Succeeded()

        assert bench.registry.owners(bench.package("tst-core")) == ("world",)


@pytest.mark.parametrize("status", [500, 503, 429, 403])
def test_an_index_that_cannot_be_read_is_unknown_and_never_absent(tmp_path: Path, status: int) -> None:
    broken = rules({"status": status}, path="*/ts/t-/tst-mid", method="GET")
    with open_bench(tmp_path, CHAIN, faults=broken) as bench:
        whole, other = (bench.registry.look(bench.package(name), "1.2.0") for name in ("tst-mid", "tst-core"))

        assert whole.unknown is not None
        assert whole.files == {}
        assert (other.unknown, other.new_name) == (None, True)


def test_one_entry_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    broken = rules({"status": 500}, path="*/ts/t-/tst-mid", method="GET")
    with open_bench(tmp_path, CHAIN, faults=broken) as bench:
        lookup = Lookup(bench.processes)

        seen = lookup.look(frozenset(CHAIN))

        assert isinstance(seen["tst-mid"], Unseen)
        assert (seen["tst-core"], seen["tst-top"]) == (None, None)


def test_with_no_network_everything_is_unknown(tmp_path: Path) -> None:
    with open_bench(tmp_path, CHAIN) as bench:
        lookup = Lookup(bench.processes)
        assert set(lookup.look(frozenset(CHAIN)).values()) == {None}

    seen = lookup.look(frozenset(CHAIN))

    assert all(isinstance(one, Unseen) for one in seen.values())


def test_a_name_that_vanishes_is_absent_although_cargo_had_seen_it(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE) as bench:
        assert upload(bench) == Succeeded()
        assert bench.registry.look(bench.package("tst-core"), "1.2.0").files
        bench.world.gate.replace(rules({"status": 404}, path="*/tst-core", method="GET"))

        assert bench.registry.look(bench.package("tst-core"), "1.2.0").files == {}


def test_many_looks_at_once_are_few_processes(tmp_path: Path) -> None:
    crates = {f"tst-{number:02}": "" for number in range(40)}
    with open_bench(tmp_path, crates) as bench:
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda one: bench.registry.look(one, "1.2.0"), bench.workspace.packages))

        assert all(one.new_name for one in found)
        reads = [one for one in bench.world.journal.entries() if one.path.endswith("config.json")]
        assert len(reads) < 12


@pytest.mark.parametrize(
    ("effect", "kind", "there"),
    [
        ({"status": 500}, Unclear, False),
        ({"status": 503, "when": "after"}, Unclear, True),
        ({"status": 504, "when": "after"}, Unclear, True),
        ({"cut": "before"}, Unclear, False),
        ({"cut": "after"}, Unclear, True),
        ({"lost_reply": 0}, Unclear, True),
        ({"status": 400}, Refused, False),
        ({"deny": "no right"}, Refused, False),
        ({"delay": 0.3}, Succeeded, True),
        ({"rate_limit": 30}, Throttled, False),
        ({"rate_limit": 30, "form": "date"}, Throttled, False),
    ],
    ids=str,
)
def test_what_became_of_an_upload_is_told_from_data(
    tmp_path: Path, effect: dict[str, Any], kind: type[Outcome], there: bool
) -> None:
    with open_bench(tmp_path, ONE, faults=rules(effect, method="PUT", times=1)) as bench:
        outcome = upload(bench)

        assert isinstance(outcome, kind), outcome
        assert bool(bench.registry.look(bench.package("tst-core"), "1.2.0").files) is there
        if isinstance(outcome, Throttled):
            assert 20 <= outcome.retry_after <= 31
        if isinstance(outcome, Refused):
            assert outcome.problem.code == ("permission-denied" if "deny" in effect else "upload-refused")


def test_an_upload_comes_back_when_it_is_taken_and_not_when_it_is_visible(tmp_path: Path) -> None:
    late = rules({"late": {"seconds": 5}}, method="PUT")
    with open_bench(tmp_path, ONE, faults=late) as bench:
        (artifact,) = bench.build()
        begin = datetime.now(UTC)

        assert bench.registry.upload(artifact, bench.root) == Succeeded()

        assert datetime.now(UTC) - begin < timedelta(seconds=3)
        assert bench.registry.look(bench.package("tst-core"), "1.2.0").files == {}


def test_uploading_twice_is_no_second_upload(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE) as bench:
        assert upload(bench) == Succeeded()

        again = upload(bench)

        assert isinstance(again, Unclear)
        assert [one.method for one in bench.world.journal.entries() if one.write] == ["PUT"]


def test_the_token_is_never_shown(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE, faults=rules({"status": 400}, method="PUT")) as bench:
        canary = "canary-5c0ffee-canary"
        processes = bench.processes.with_environment(
            dict.fromkeys(("CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_WORLD_TOKEN"), canary)
        )
        lines: list[str] = []

        class Listening(Processes):
            def follow(self, *words: Any, **more: Any) -> Completed:
                hear = more.pop("heard")
                done = super().follow(*words, heard=lambda line: (lines.append(line), hear(line))[1], **more)
                lines.extend(done.errors.splitlines())
                return done

        writer = Writer(Listening(processes.environment), bench.registry._writer._clock)
        outcome = writer.publish(
            CrateWrite("tst-core", "1.2.0", "upload"), bench.root, tmp_path / "target", []
        )

        assert isinstance(outcome, Refused)
        assert lines and canary not in "\n".join(lines) + str(outcome)


def test_a_rebuilt_crate_with_another_lock_is_the_same_release(tmp_path: Path) -> None:
    with open_bench(tmp_path, CHAIN) as bench:
        for artifact in bench.build():
            assert bench.registry.upload(artifact, bench.root) == Succeeded()
        lock = bench.root / "Cargo.lock"
        lock.write_text(lock.read_text().replace("version = 4", "version = 3"))
        rebuilt = {one.package: one for one in bench.build()}
        mid = rebuilt["tst-mid"]
        listed = bench.registry.look(bench.package("tst-mid"), "1.2.0").files[mid.filename]
        assert isinstance(listed, Present)

        same = bench.registry.compare(mid, listed.digest)
        (bench.root / "crates/tst-mid/src/lib.rs").write_text("//! other\n")
        commit(bench.root)
        other = {one.package: one for one in bench.build()}["tst-mid"]

        assert same in ("bytes", "contents")
        assert bench.registry.compare(other, listed.digest) == "no"


def test_a_package_that_does_not_build_is_named(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE) as bench:
        (bench.root / "crates/tst-core/src/lib.rs").write_text("fn broken( {}\n")
        commit(bench.root)
        (artifact,) = bench.build()

        (problem,) = bench.builder.verify(bench.package("tst-core"), [artifact], bench.root)

        assert (problem.code, problem.package, problem.file) == (
            "verify-failed",
            "tst-core",
            "crates/tst-core/Cargo.toml",
        )
        assert "broken" in problem.reason or "error" in problem.reason


def test_verifying_takes_only_features_that_the_package_has(tmp_path: Path) -> None:
    crates = {"tst-core": "[features]\nextra = []\n", "tst-mid": NEEDS.format("tst-core")}
    with open_bench(tmp_path, crates) as bench:
        builder = CargoBuilder(bench.processes, CargoSettings(features=("tst-core/extra", "extra")))
        for artifact in bench.build():
            assert bench.registry.upload(artifact, bench.root) == Succeeded()
            assert builder.verify(bench.package(artifact.package), [artifact], bench.root) == ()


def test_the_story_of_4_1_0_happens_with_the_real_cargo(tmp_path: Path) -> None:
    old = {"yanked": False, "features": []}
    published = {
        "tst-core": {"1.0.0": old | {"requirements": []}},
        "tst-mid": {
            "1.0.0": old | {"requirements": [{"name": "tst-core", "requirement": "=1.0.0", "kind": "normal"}]}
        },
        "tst-top": {
            "1.0.0": old | {"requirements": [{"name": "tst-mid", "requirement": "=1.0.0", "kind": "normal"}]}
        },
    }
    dev = '[dev-dependencies]\ntst-top = { path = "../tst-top", version = ">=1" }\n'
    crates = CHAIN | {"tst-mid": CHAIN["tst-mid"] + dev}
    with open_bench(tmp_path, crates, cargo=published) as bench:
        built = bench.builder.build(bench.root, [bench.package(one) for one in CHAIN], tmp_path / "built")

        assert [failure.package for failure in built.failures] == ["tst-mid"]
        assert built.failures[0].problem.code == "pack-failed"


def test_a_floor_that_an_older_release_meets_packs_as_it_will_at_its_turn(tmp_path: Path) -> None:
    old = {"yanked": False, "features": []}
    published = {
        "tst-core": {"0.9.0": old | {"requirements": []}},
        "tst-mid": {
            "0.9.0": old | {"requirements": [{"name": "tst-core", "requirement": "=0.9.0", "kind": "normal"}]}
        },
        "tst-top": {
            "0.9.0": old | {"requirements": [{"name": "tst-mid", "requirement": "=0.9.0", "kind": "normal"}]}
        },
    }
    dev = '[dev-dependencies]\ntst-top = { path = "../tst-top", version = ">=0.9" }\n'
    crates = CHAIN | {"tst-mid": CHAIN["tst-mid"] + dev}
    with open_bench(tmp_path, crates, cargo=published) as bench:
        artifacts = bench.build()
        for artifact in artifacts:
            assert bench.registry.upload(artifact, bench.root) == Succeeded()

            seen = bench.registry.look(bench.package(artifact.package), "1.2.0").files[artifact.filename]
            assert isinstance(seen, Present)
            wanted = "contents" if artifact.package == "tst-top" else "bytes"
            assert bench.registry.compare(artifact, seen.digest) == wanted


def test_a_facade_whose_name_comes_first_is_packed_whole_even_then(tmp_path: Path) -> None:
    old = {"yanked": False, "features": []}
    needs = [{"name": "tst-core", "requirement": "=0.9.0", "kind": "normal"}]
    published = {
        "tst-core": {"0.9.0": old | {"requirements": []}},
        "tst": {"0.9.0": old | {"requirements": needs}},
    }
    dev = '[dev-dependencies]\ntst = { path = "../tst", version = ">=0.9" }\n'
    with open_bench(tmp_path, {"tst-core": dev, "tst": NEEDS.format("tst-core")}, cargo=published) as bench:
        artifacts = {one.package: one for one in bench.build()}
        for name in ("tst-core", "tst"):
            assert bench.registry.upload(artifacts[name], bench.root) == Succeeded()

            (seen,) = bench.registry.look(bench.package(name), "1.2.0").files.values()
            assert seen == Present(digest=artifacts[name].digest)


def test_what_tests_itself_with_a_package_of_this_release_is_packed_after_that_one(tmp_path: Path) -> None:
    dev = '[dev-dependencies]\n{0} = {{ path = "../{0}", version = "1.2.0" }}\n'
    crates = {
        "tst-core": "",
        "tst-row": NEEDS.format("tst-core"),
        "tst-top": NEEDS.format("tst-core") + dev.format("tst-row"),
        "tst-derive": dev.format("tst-top"),
    }
    with open_bench(tmp_path, crates) as bench:
        for artifact in bench.build(*crates):
            assert bench.registry.upload(artifact, bench.root) == Succeeded()

            seen = bench.registry.look(bench.package(artifact.package), "1.2.0").files
            assert seen == {artifact.filename: Present(digest=artifact.digest)}


def test_a_committed_lock_is_settled_and_only_its_own_entries_change(tmp_path: Path) -> None:
    with open_bench(tmp_path, CHAIN, ignore="target/\n") as bench:
        assert bench.builder.settle(bench.root, bench.workspace) == ()
        bench.build()
        git(
            bench.root, "add", "--force", "Cargo.lock"
        )  # a lock that cargo made is ignored until somebody commits it
        commit(bench.root)
        manifest = bench.root / "Cargo.toml"
        manifest.write_text(manifest.read_text().replace("1.2.0", "1.3.0"))
        for name in ("tst-mid", "tst-top"):
            member = bench.root / "crates" / name / "Cargo.toml"
            member.write_text(member.read_text().replace("=1.2.0", "=1.3.0"))

        assert bench.builder.settle(bench.root, bench.workspace) == ("Cargo.lock",)

        changed = git(bench.root, "diff", "--unified=0", "Cargo.lock").splitlines()
        assert {line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---")} == {
            '-version = "1.2.0"',
            '+version = "1.3.0"',
        }
        assert bench.builder.settle(bench.root, bench.workspace) == ()


def test_a_lock_that_cannot_be_settled_is_told(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE, ignore="target/\n") as bench:
        (bench.root / "Cargo.lock").write_text("[[package]]\nname = 3\n")

        with pytest.raises(WorkspaceError) as caught:
            bench.builder.settle(bench.root, bench.workspace)

        assert caught.value.problems[0].code == "lock-not-updated"


def test_a_root_package_whose_lock_is_not_ignored_is_packed_clean(tmp_path: Path) -> None:
    with open_bench(tmp_path, ONE, ignore="target/\n") as bench:
        root = bench.root
        text = (root / "Cargo.toml").read_text() + '\n[package]\nname = "tst-root"\n'
        text += "".join(
            f"{key}.workspace = true\n" for key in ("version", "edition", "license", "description")
        )
        (root / "Cargo.toml").write_text(text)
        (root / "src").mkdir()
        (root / "src/lib.rs").touch()
        commit(root)
        from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
        from castoff.git import FolderTree

        workspace = workspace_in(CargoManifests(), FolderTree(root))

        built = bench.builder.build(root, workspace.packages, tmp_path / "built")

        assert [one.problem.reason for one in built.failures] == []
        assert len(built.artifacts) == 2


def test_a_named_registry_is_obeyed(tmp_path: Path) -> None:
    with open_bench(tmp_path, {"tst-core": 'publish = ["mine"]\n'}) as bench:
        url = f"sparse+{bench.world.cargo.url}/index/"
        variables = {"CARGO_REGISTRIES_MINE_INDEX": url, "CARGO_REGISTRIES_MINE_TOKEN": "x"}
        processes = bench.processes.with_environment(variables)
        registry = type(bench.registry)(processes, CargoSettings(), bench.registry._writer._clock)
        builder = CargoBuilder(processes, CargoSettings())
        package = bench.package("tst-core")
        built = builder.build(bench.root, [package], tmp_path / "built")

        assert [one.problem.reason for one in built.failures] == []
        assert registry.look(package, "1.2.0").new_name
        assert registry.upload(built.artifacts[0], bench.root) == Succeeded()

        assert registry.look(package, "1.2.0").files
        assert registry.requirement(package, "1.2.0") == "tst-core =1.2.0 @ mine"
        assert registry.resolvable([registry.requirement(package, "1.2.0")]) is True
        assert registry.url(package, "1.2.0") is None
        assert registry.yank(package, "1.2.0") == Succeeded()


def test_uploads_side_by_side_are_right(tmp_path: Path) -> None:
    crates = {f"tst-{number:02}": "" for number in range(8)}
    with open_bench(tmp_path, crates) as bench:
        artifacts = bench.build()
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda one: bench.registry.upload(one, bench.root), artifacts))

        assert outcomes == [Succeeded()] * 8
        for artifact in artifacts:
            seen = bench.registry.look(bench.package(artifact.package), "1.2.0").files
            assert seen == {artifact.filename: Present(digest=artifact.digest)}
        assert threading.active_count() < 60


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: Any) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with open_bench(tmp_path, ONE) as bench:
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        bench.registry.look(bench.package("tst-core"), "1.2.0")
        assert [one.name.startswith("castoff-cargo-") for one in temporary.iterdir()] == [True]

        bench.registry.close()

        assert list(temporary.iterdir()) == []


def test_a_workspace_can_be_written(tmp_path: Path) -> None:
    write_workspace(tmp_path, ONE)

    assert git(tmp_path, "status", "--short") == ""
