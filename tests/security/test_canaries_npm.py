"""Promise 8 for npm packages: neither a token, from wherever npm reads it, nor a one-time password is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from castoff.world.faults import parse_faults
from proofs.npm_small import write_small_packages
from proofs.npm_worlds import npm_stage_of
from proofs.worlds import Stage, make_key, make_source
from security.canaries import Trace, canary, run_watched

pytestmark = [pytest.mark.real, pytest.mark.needs("npm")]

TOKEN, CODE = canary("npm"), canary("otp")
RELEASE = ("release", "1.1.0", "--execute", "--yes", "--json", "--wait", "5")
SETTINGS = {"tokens": {TOKEN: {"bypass_2fa": True}}, "users": {"world": {"otp": [CODE]}}}


@contextmanager
def world(folder: Path, *, staged: bool = False) -> Iterator[Stage]:
    """Open a world that knows the token and the code."""
    key = make_key(folder)
    source = make_source(folder / "source", key, write_small_packages(folder / "sample", staged=staged))
    with npm_stage_of(folder / "case", key, source, settings=SETTINGS) as here:
        yield here


def planted(here: Stage, checkout: Path, place: str) -> dict[str, str]:
    """Give npm the token in one way; the world's own is taken away."""
    environment = dict(here.environment)
    at = here.world.npm.url.removeprefix("https:")
    own = Path(environment["npm_config_userconfig"])
    own.write_text("", encoding="utf-8")
    if place == "variable":
        environment["NPM_TOKEN"] = TOKEN
        own.write_text(f"{at}/:_authToken=${{NPM_TOKEN}}\n", encoding="utf-8")
    elif place == "user's .npmrc":
        own.write_text(f"{at}/:_authToken={TOKEN}\n", encoding="utf-8")
    else:
        (checkout / ".npmrc").write_text(f"{at}/:_authToken={TOKEN}\n", encoding="utf-8")
        with (checkout / ".git/info/exclude").open("a", encoding="utf-8") as file:
            file.write(".npmrc\n")
    return environment


def leaks(trace: Trace, checkout: Path) -> list[str]:
    """Name where the token or the code is, but for where the user had it before."""
    return [one for one in trace.leaks([TOKEN, CODE]) if not one.endswith(f" in {checkout / '.npmrc'}")]


@pytest.mark.whole
@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("variable", None),
        pytest.param("checkout's .npmrc", 400, marks=pytest.mark.whole),
        pytest.param("user's .npmrc", None, marks=pytest.mark.whole),
    ],
)
def test_a_release_of_packages_keeps_the_token(place: str, status: int | None, tmp_path: Path) -> None:
    with world(tmp_path) as here:
        body = json.dumps({"error": f"the token {TOKEN} may not do that"})
        effect = {"status": status, "body": body}
        rules = [{"service": "npm", "method": "PUT", "effect": effect}] if status else []
        here.world.gate.replace(parse_faults(json.dumps({"rules": rules})))
        checkout = here.checkout()

        trace = run_watched(here, checkout, planted(here, checkout, place), *RELEASE)

        assert trace.code == (4 if status else 0), trace.stderr.decode()
        assert leaks(trace, checkout) == []


@pytest.mark.whole
def test_staging_and_approval_keep_the_token_and_the_code(tmp_path: Path) -> None:
    with world(tmp_path, staged=True) as here:
        checkout = here.checkout()
        environment = planted(here, checkout, "user's .npmrc")
        staged = run_watched(here, checkout, {**environment, "NPM_CONFIG_OTP": CODE}, *RELEASE)
        words = ("approve", "1.1.0", "--execute", "--yes", "--json")
        approved = run_watched(here, checkout, {**environment, "NPM_CONFIG_OTP": CODE}, *words)

        assert (staged.code, approved.code) == (0, 0), approved.stderr.decode()
        assert len(json.loads(here.dump())["npm"]["uploads"]) == 3
        assert leaks(staged, checkout) == []
        assert leaks(approved, checkout) == []
