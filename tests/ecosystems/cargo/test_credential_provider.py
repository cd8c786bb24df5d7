"""cargo's credential provider: whom it gives a token, with the real cargo and an embedded registry."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cargo_bench import Bench, commit, open_bench

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.credential_provider import COMMAND, answer, read_digests, serve
from castoff.ecosystems.cargo.registry import CargoRegistry
from castoff.ecosystems.cargo.uploader import Grant
from castoff.io.clock import SystemClock
from castoff.model.acts import Outcome, Refused, Succeeded
from castoff.model.attestations import GITHUB_ISSUER, NoProvenance, Provenance, Publisher
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import Exchanged, ExchangeRefused

DIGEST = "a" * 64
JOB = {"workflow": "release.yml", "environment": "release", "commit": "c" * 40}
TRUSTED = {"tst-core": {"repository": "acme/rocket", "workflow": "release.yml", "environment": "release"}}
OLD = {"tst-core": {"1.1.0": {"yanked": False, "requirements": [], "features": []}}}


def request(**changes: Any) -> str:
    whole = {
        "v": 1,
        "registry": {"index-url": "https://example.invalid/index", "name": "crates-io"},
        "kind": "get",
        "operation": "publish",
        "name": "tst-core",
        "vers": "1.2.0",
        "cksum": DIGEST,
        **changes,
    }
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cksum": "b" * 64}, "other bytes"),
        ({"vers": "1.2.1"}, "not part of this release"),
        ({"name": "tst-other"}, "not part of this release"),
        ({"args": []}, "not part of this release"),
        ({"args": ["--digests", "nowhere"]}, "not part of this release"),
        ({"args": ["--nonsense", "x"]}, "cannot be read"),
        ({"args": ["--digests"]}, "cannot be read"),
        ({}, "not a job of GitHub Actions"),
    ],
)
def test_a_token_is_for_the_listed_bytes_alone(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    digests, report = tmp_path / "SHA256SUMS", tmp_path / "report.json"
    digests.write_text(f"{DIGEST}  tst-core-1.2.0.crate\n")
    arguments = ["--digests", str(digests), "--report", str(report)]

    found = answer(request(**{"args": arguments, **changes}), {})

    assert words in found["Err"]["message"]
    assert report.exists() is ("args" not in changes)


@pytest.mark.parametrize("changes", [{"cksum": "b" * 64}, {}], ids=["other bytes", "no token for this job"])
def test_a_refused_token_is_no_upload_to_look_for(tmp_path: Path, changes: dict[str, Any]) -> None:
    digests, report = tmp_path / "SHA256SUMS", tmp_path / "refusal.json"
    digests.write_text(f"{DIGEST}  tst-core-1.2.0.crate\n")
    answer(request(args=["--digests", str(digests), "--report", str(report)], **changes), {})
    grant = Grant(filename="tst-core-1.2.0.crate", digest=DIGEST, api="https://example.invalid")

    outcome = grant.denied(tmp_path, "tst-core")

    assert isinstance(outcome, Refused)
    assert outcome.unasked


def test_other_questions_are_left_to_other_providers() -> None:
    assert answer(request(operation="read"), {})["Ok"]["token"] == "none"
    assert answer(request(operation="yank"), {}) == {"Err": {"kind": "not-found"}}
    assert answer(request(kind="login"), {}) == {"Err": {"kind": "operation-not-supported"}}
    assert "cannot be read" in answer("{", {})["Err"]["message"]


def test_the_provider_greets_and_answers_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(iter([request(kind="logout")]), sys.stdout, {}) == 0  # type: ignore[arg-type]

    hello, answered = map(json.loads, capsys.readouterr().out.splitlines())
    assert (hello, list(answered)) == ({"v": [1]}, ["Err"])


def test_a_digest_list_is_that_of_sha256sum() -> None:
    assert read_digests(f"{DIGEST.upper()} *a.crate\n\nb\n{DIGEST}  b c.crate\n") == {
        "a.crate": DIGEST,
        "b c.crate": DIGEST,
    }


@contextmanager
def bench(tmp_path: Path, job: dict[str, Any] = JOB, **more: Any) -> Iterator[tuple[Bench, CargoRegistry]]:
    with open_bench(
        tmp_path, {"tst-core": ""}, cargo=OLD, trusted=TRUSTED, job=job, tls=True, **more
    ) as made:
        registry = CargoRegistry(
            made.processes, CargoSettings(), SystemClock(), checkout=made.root, tokenless=True
        )
        yield made, registry


def upload(made: Bench, registry: CargoRegistry) -> Outcome:
    (artifact,) = made.build()
    registry.look(made.package("tst-core"), "1.2.0")
    return registry.upload(artifact, made.root)


@pytest.mark.real
def test_a_crate_goes_up_by_the_job_alone(tmp_path: Path) -> None:
    with bench(tmp_path) as (made, registry):
        got, _ = registry.exchange(made.package("tst-core"))
        assert isinstance(got, Exchanged)

        assert upload(made, registry) == Succeeded()

        exchanges = [one for one in made.world.journal.entries() if "trusted_publishing" in one.path]
        assert [one.method for one in exchanges] == ["POST", "DELETE", "POST"]

        # What was published so is shown so; what a person's token published is shown as well.
        package, file = made.package("tst-core"), "tst-core-1.2.0.crate"
        shown = registry.origin(package, "1.2.0", file)
        assert isinstance(shown, Provenance)
        assert shown.publisher == Publisher(issuer=GITHUB_ISSUER, repository="acme/rocket", commit="c" * 40)
        before = registry.origin(package, "1.1.0", "tst-core-1.1.0.crate")
        assert isinstance(before, NoProvenance)
        assert "a person's token" in before.reason
        assert isinstance(registry.origin(package, "9.0.0", file), Unknown)
        asked = [one for one in made.world.journal.entries() if re.search(r"/tst-core/\d", one.path)]
        assert [one.status for one in asked if one.method == "GET"] == [200, 200, 404]


@pytest.mark.real
def test_another_workflow_is_refused_with_what_to_enter(tmp_path: Path) -> None:
    with bench(tmp_path, {**JOB, "workflow": "ci.yml"}) as (made, registry):
        got, _ = registry.exchange(made.package("tst-core"))
        assert isinstance(got, ExchangeRefused)

        refused = upload(made, registry)

        assert isinstance(refused, Refused)
        assert refused.problem.code == "publisher-missing"
        assert "workflow `ci.yml`, environment `release`" in refused.problem.remedy
        assert "Expected workflow filenames: `release.yml`" in refused.problem.reason


@pytest.mark.real
def test_other_bytes_do_not_go_up(tmp_path: Path) -> None:
    with bench(tmp_path) as (made, registry):
        (artifact,) = made.build()
        (made.root / "crates/tst-core/src/lib.rs").write_text("// changed after the build\n")
        commit(made.root)

        refused = registry.upload(artifact, made.root)

        assert isinstance(refused, Refused)
        assert refused.problem.code == "crate-bytes-differ"
        assert made.world.cargo_registry.dump()["uploads"] == []


@pytest.mark.real
def test_cargo_takes_the_provider_on_its_own(tmp_path: Path) -> None:
    with bench(tmp_path) as (made, registry):
        (artifact,) = made.build()
        digests = tmp_path / "SHA256SUMS"
        digests.write_text(f"{artifact.digest}  {artifact.filename}\n")
        program = str(Path(sys.executable).with_name(COMMAND))
        if not Path(program).is_file():
            pytest.skip(f"castoff was installed without {COMMAND}: install it again")
        registry.look(made.package("tst-core"), "1.2.0")
        api = registry._api(registry._source_of(made.package("tst-core")), "tst-core")
        provider = json.dumps([program, "--digests", str(digests), "--api", api])
        environment = {
            key: value for key, value in made.processes.environment.items() if key != "CARGO_REGISTRY_TOKEN"
        }

        done = subprocess.run(
            [
                "cargo",
                "publish",
                "--no-verify",
                "-p",
                "tst-core",
                "--config",
                f"registry.credential-provider={provider}",
            ],
            cwd=made.root,
            env={**environment, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )

        assert done.returncode == 0, done.stderr


@pytest.mark.real
@pytest.mark.parametrize("tokenless", [False, True], ids=["token", "tokenless"])
def test_no_program_of_the_repository_runs_with_the_credentials(tmp_path: Path, tokenless: bool) -> None:
    with bench(tmp_path) as (made, _):
        registry = CargoRegistry(
            made.processes, CargoSettings(), SystemClock(), checkout=made.root, tokenless=tokenless
        )
        (artifact,) = made.build()
        ran = tmp_path / "ran"
        for name in ("wrapper", "provider", "toolchain/bin/cargo", "toolchain/bin/rustc"):
            program = made.root / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(f'#!/bin/sh\necho "{name}" >> "{ran}"\nexec "$@"\n')
            program.chmod(0o755)
        (made.root / ".cargo").mkdir()
        (made.root / ".cargo/config.toml").write_text(
            '[build]\nrustc-wrapper = "./wrapper"\nrustc-workspace-wrapper = "./wrapper"\n'
            '[registry]\ncredential-provider = ["./provider"]\nglobal-credential-providers = ["./provider"]\n'
            '[alias]\npublish = "run"\n'
        )
        (made.root / ".git/info/exclude").write_text(".cargo\nwrapper\nprovider\ntoolchain\n")

        assert registry.upload(artifact, made.root) == Succeeded()
        registry.look(made.package("tst-core"), "1.2.0")

        assert not ran.exists(), ran.read_text()


def test_a_toolchain_in_the_repository_is_refused(tmp_path: Path) -> None:
    from castoff.ecosystems.cargo.inert_settings import toolchain_in
    from castoff.errors import Refusal

    (tmp_path / "rust-toolchain.toml").write_text('[toolchain]\nchannel = "1.90.0"\n')
    assert toolchain_in(tmp_path / "crates") == "1.90.0"
    (tmp_path / "rust-toolchain").write_text("nightly-2026-01-01\n")
    assert toolchain_in(tmp_path) == "nightly-2026-01-01"
    (tmp_path / "rust-toolchain").write_text('[toolchain]\npath = "tools"\n')
    with pytest.raises(Refusal, match="by a path"):
        toolchain_in(tmp_path)


def test_settings_are_passed_as_data_without_programs(tmp_path: Path) -> None:
    from castoff.ecosystems.cargo.inert_settings import settings_words

    file = tmp_path / ".cargo" / "config.toml"
    file.parent.mkdir()
    file.write_text(
        '[build]\nrustc-wrapper = "x"\n[registries.my]\nindex = "sparse+https://example.invalid/"\ntoken = "t"\n'
        'credential-provider = ["python3", "tools/x.py"]\n[registries.their]\nindex = "i"\n'
        'credential-provider = "cargo:token"\n[source."a b"]\ndirectory = "vendor"\n[http]\ncainfo = "ca.pem"\n'
        "[net]\ngit-fetch-with-cli = true\n"
    )

    assert settings_words([file, tmp_path / "missing"])[1::2] == [
        "net.git-fetch-with-cli=true",
        f'http.cainfo="{tmp_path}/ca.pem"',
        f'source."a b".directory="{tmp_path}/vendor"',
        'registries.my.index="sparse+https://example.invalid/"',
        'registries.their.index="i"',
        'registries.their.credential-provider="cargo:token"',
    ]
