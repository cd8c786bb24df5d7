"""Promise 8 for crates: cargo's token, from the environment or its file, is seen nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from castoff.world.faults import parse_faults
from proofs.cargo_small import write_small_crates
from proofs.cargo_worlds import cargo_stage
from proofs.worlds import make_key
from security.canaries import canary, run_watched

pytestmark = [pytest.mark.real, pytest.mark.needs("cargo")]

TOKEN = canary("cargo")
REFUSED = {"errors": [{"detail": f"the token {TOKEN} may not do that"}]}


@pytest.mark.parametrize("status", [None, 403], ids=["all goes well", "the registry repeats the token"])
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_release_of_crates_keeps_the_token(place: str, status: int | None, tmp_path: Path) -> None:
    with cargo_stage(tmp_path / "case", make_key(tmp_path), write_small_crates(tmp_path / "sample")) as here:
        environment = {**here.environment, "CARGO_REGISTRY_TOKEN": TOKEN}
        if place == "file":
            del environment["CARGO_REGISTRY_TOKEN"]
            credentials = Path(environment["CARGO_HOME"]) / "credentials.toml"
            credentials.write_text(f'[registry]\ntoken = "{TOKEN}"\n', encoding="utf-8")
        effect = {"status": status, "body": json.dumps(REFUSED)}
        rules = [{"service": "cargo", "method": "PUT", "effect": effect}] if status else []
        here.world.gate.replace(parse_faults(json.dumps({"rules": rules})))
        checkout = here.checkout()

        trace = run_watched(here, checkout, environment, "release", "1.1.0", "--execute", "--yes", "--json")

        assert trace.code == (4 if status else 0), trace.stderr.decode()
        assert trace.leaks([TOKEN]) == []


@pytest.mark.whole
def test_a_killed_release_with_a_credential_provider_keeps_the_token(tmp_path: Path) -> None:
    with cargo_stage(tmp_path / "case", make_key(tmp_path), write_small_crates(tmp_path / "sample")) as here:
        environment = dict(here.environment)
        del environment["CARGO_REGISTRY_TOKEN"]
        provider = tmp_path / "provider"
        provider.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho {TOKEN}\n", encoding="utf-8")
        provider.chmod(0o755)
        settings = f'[registry]\nglobal-credential-providers = ["cargo:token-from-stdout {provider}"]\n'
        (Path(environment["CARGO_HOME"]) / "config.toml").write_text(settings, encoding="utf-8")
        hold = {"service": "cargo", "method": "PUT", "times": 1, "effect": {"hold": "canary", "seconds": 60}}
        here.world.gate.replace(parse_faults(json.dumps({"rules": [hold]})))
        checkout = here.checkout()

        words = ("release", "1.1.0", "--execute", "--yes")
        killed = run_watched(here, checkout, environment, *words, kill_when_held=True)
        here.world.gate.replace(())
        resumed = run_watched(here, checkout, environment, "resume", "--execute", "--yes", "--json")

        assert killed.code == -9
        assert resumed.code == 0, resumed.stderr.decode()
        assert (tmp_path / "asked").exists()
        assert killed.leaks([TOKEN]) == []
        assert resumed.leaks([TOKEN]) == []
