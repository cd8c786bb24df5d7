"""`castoff ci --trust --execute` with the real npm: what it enters is what the exchange of identity tokens accepts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from castoff.world.clients import TOKEN
from castoff.world.messages import Request
from castoff.world.npm_registry.accounts import OTP
from proofs.npm_small import NAMES, write_small_packages
from proofs.npm_worlds import npm_stage_of
from proofs.worlds import SLUG, Stage, make_key, make_source
from world.npm_clients import CLIENTS

pytestmark = [pytest.mark.real, pytest.mark.whole]

NPM = {one.name: one for one in CLIENTS if one.name in ("npm11", "npm12")}
CLAIMS = {
    "repository": SLUG,
    "workflow_ref": f"{SLUG}/.github/workflows/castoff-resume.yml@refs/heads/main",
    "environment": "release",
}


@contextmanager
def signed_in(folder: Path, client: str, *, otp: str | None = OTP) -> Iterator[Stage]:
    """Open a world in which a person is signed in to npm, as a maintainer of three packages."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    npm = programs / "npm"
    npm.write_text(f'#!/bin/sh\nexec {" ".join(NPM[client].command)} "$@"\n', "utf-8")
    npm.chmod(0o755)
    key = make_key(folder)
    source = make_source(folder / "source", key, write_small_packages(folder / "sample"))
    settings = {"tokens": {"a-session": {"kind": "session"}}}
    with npm_stage_of(folder / "case", key, source, settings=settings) as made:
        mine = Path(made.environment["npm_config_userconfig"])
        mine.write_text(mine.read_text("utf-8").replace(TOKEN, "a-session"), "utf-8")
        path = f"{programs}{os.pathsep}{made.environment['PATH']}"
        made.machine = {"PATH": path, **({"npm_config_otp": otp} if otp else {})}
        yield made


def enter(made: Stage) -> tuple[int, str]:
    return made.run(made.checkout(), "ci", "--trust", "--execute", "--yes")


def exchanged(made: Stage, name: str, **claims: str) -> int:
    """Ask for a token as a job of the workflow that castoff writes; return the status."""
    identity = made.world.services.identity.token("npm:127.0.0.1", **{**CLAIMS, **claims})
    path = f"/-/npm/v1/oidc/token/exchange/package/{name}"
    headers = {"authorization": f"Bearer {identity}"}
    return made.world.npm_registry.handle(
        Request("POST", path, {}, headers, b"", "https://127.0.0.1:1")
    ).status


@pytest.mark.parametrize("client", NPM)
def test_a_publisher_that_npm_enters_gets_a_token_and_one_that_is_there_is_revoked_first(
    client: str, tmp_path: Path
) -> None:
    with signed_in(tmp_path, client) as made:
        assert [exchanged(made, one) for one in NAMES] == [404] * 3

        code, output = enter(made)

        assert (code, f"entered: {len(NAMES)} of {len(NAMES)} packages" in output) == (0, True), output
        assert [exchanged(made, one) for one in NAMES] == [201] * 3
        assert exchanged(made, NAMES[0], environment="other") == 404
        assert exchanged(made, NAMES[0], workflow_ref=CLAIMS["workflow_ref"].replace("resume", "x")) == 404

        code, output = enter(made)

        assert (code, "publisher-not-entered" in output) == (4, True), output
        for name in NAMES:
            listed: Any = json.loads(npm(made, "trust", "list", name, "--json"))
            assert (listed["repository"], listed["file"]) == (SLUG, "castoff-resume.yml")
            npm(made, "trust", "revoke", name, f"--id={listed['id']}")
        assert [exchanged(made, one) for one in NAMES] == [404] * 3
        assert enter(made)[0] == 0
        assert [exchanged(made, one) for one in NAMES] == [201] * 3


def test_without_a_code_nothing_is_entered(tmp_path: Path) -> None:
    with signed_in(tmp_path, "npm12", otp=None) as made:
        code, output = enter(made)

        assert (code, "EOTP" in output) == (4, True), output
        assert [exchanged(made, one) for one in NAMES] == [404] * 3


def npm(made: Stage, *arguments: str) -> str:
    """Run npm as the person does; return what it prints, without its messages."""

    done = subprocess.run(
        ["npm", *arguments],
        cwd=made.folder,
        env=made.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
