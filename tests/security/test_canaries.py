"""Promise 8: no secret in output, arguments, events, files, commits or the forge, however a run ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from castoff.forges.tokens import forge_token
from castoff.git.credentials import by_environment
from castoff.io.process import Processes
from castoff.model.addresses import Address
from castoff.redaction import Redactor
from castoff.world.faults import parse_faults
from proofs.worlds import Stage, stage_of
from rollback.taking_back import make_ground
from security.canaries import Trace, canary, run_watched

pytestmark = pytest.mark.real

NAMES = (
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "UV_PUBLISH_TOKEN",
    "TWINE_PASSWORD",
    "CARGO_REGISTRY_TOKEN",
    "CARGO_REGISTRIES_HOUSE_TOKEN",
    "READTHEDOCS_TOKEN",
    "NPM_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)
TOKENS = {name: canary(name.lower()) for name in NAMES}
IN_URL, PASSWORD, NETRC, HELPER = canary("in-url"), canary("password"), canary("netrc"), canary("helper")
ALL = (*TOKENS.values(), IN_URL, PASSWORD, NETRC)
RELEASE = ("release", "1.1.0", "--execute", "--yes", "--wait", "3")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_ground(tmp_path_factory.mktemp("canaries"))


def planted(here: Stage) -> dict[str, str]:
    """Plant canaries in the environment, in a file that clients read, and in the address of the index."""
    home = Path(here.environment["HOME"])
    (home / ".netrc").write_text(f"machine elsewhere.example login me password {NETRC}\n", encoding="utf-8")
    index = here.environment["UV_DEFAULT_INDEX"].replace("https://", f"https://reader:{IN_URL}@", 1)
    return {**here.environment, **TOKENS, "UV_DEFAULT_INDEX": index, "PIP_INDEX_URL": index}


def with_remote_credentials(here: Stage, checkout: Path) -> None:
    """Give the remote an address with a password, which the user's own setting leads to the world."""
    address = f"https://me:{PASSWORD}@github.com/acme/harbour.git"
    here.git(checkout, "remote", "set-url", "origin", address)
    here.git(checkout, "config", f"url.{here.world.repository.url}.insteadOf", address)


def fault(here: Stage, **rule: object) -> None:
    here.world.gate.replace(parse_faults(json.dumps({"rules": [rule] if rule else []})))


ECHO = {
    "status": 400,
    "body": "you said " + " and ".join((*ALL, "Authorization: Bearer " + TOKENS["GH_TOKEN"])),
}
UPLOAD = {"service": "python", "method": "POST"}
FORGE = {"service": "forge", "method": "POST", "path": "/repos/*/releases"}


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        pytest.param({}, 0, id="all goes well"),
        pytest.param({**UPLOAD, "effect": ECHO}, 4, id="the index refuses and repeats the secrets"),
        pytest.param({**UPLOAD, "effect": {**ECHO, "status": 403}}, 4, id="the index denies"),
        pytest.param({**UPLOAD, "effect": {**ECHO, "status": 500}}, 4, id="the index fails"),
        pytest.param({**UPLOAD, "effect": {"cut": "before"}}, 4, id="the connection is cut"),
        pytest.param({**FORGE, "effect": {**ECHO, "status": 422}}, 4, id="the forge refuses"),
        pytest.param({**FORGE, "effect": {**ECHO, "status": 401}}, 4, id="the forge knows no such token"),
        pytest.param(
            {"service": "forge", "method": "GET", "effect": {**ECHO, "status": 502}}, None, id="forge down"
        ),
        pytest.param(
            {"service": "python", "method": "GET", "effect": ECHO}, None, id="the index is unreadable"
        ),
    ],
)
def test_a_release_keeps_secrets_however_it_ends(
    rule: Mapping[str, object], code: int | None, ground: tuple[Path, Path], tmp_path: Path
) -> None:
    key, source = ground
    with stage_of(tmp_path, key, source) as here:
        checkout = here.checkout()
        with_remote_credentials(here, checkout)
        fault(here, **rule)

        trace = run_watched(here, checkout, planted(here), *RELEASE, "--json")

        assert code is None or trace.code == code, trace.stderr.decode()
        found = without_the_planted(trace, checkout)
        assert found == []
        assert any(b"git" in words for words in trace.arguments)


def without_the_planted(trace: Trace, checkout: Path) -> list[str]:
    """Leave out where the user had the secret before: the checkout's own configuration."""
    own = f" in {checkout / '.git' / 'config'}"
    return [leak for leak in trace.leaks(ALL) if not leak.endswith(own)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_release_leaves_no_secret(when: str, ground: tuple[Path, Path], tmp_path: Path) -> None:
    key, source = ground
    with stage_of(tmp_path, key, source) as here:
        checkout = here.checkout()
        with_remote_credentials(here, checkout)
        fault(here, **UPLOAD, times=1, effect={"hold": "canary", "when": when, "seconds": 60})

        killed = run_watched(here, checkout, planted(here), *RELEASE, kill_when_held=True)
        fault(here)
        resumed = run_watched(here, checkout, planted(here), "resume", "--execute", "--yes")

        assert killed.code == -9
        assert [name for name in killed.left if "/tmp/castoff-" in name], "a killed run leaves its clone"
        assert resumed.code == 0, resumed.stderr.decode()
        assert without_the_planted(killed, checkout) == []
        assert without_the_planted(resumed, checkout) == []


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--json"),
        ("status",),
        ("plan", "minor", "--json"),
        ("check", "--json"),
        ("check",),
        ("notes", "--json"),
        ("rehearse", "minor", "--json"),
        ("yank", "1.0.0"),
    ],
    ids=" ".join,
)
def test_what_only_looks_keeps_secrets(
    words: tuple[str, ...], ground: tuple[Path, Path], tmp_path: Path
) -> None:
    key, source = ground
    with stage_of(tmp_path, key, source) as here:
        checkout = here.checkout()
        with_remote_credentials(here, checkout)

        trace = run_watched(here, checkout, planted(here), *words)

        assert trace.code in (0, 4), trace.stderr.decode()
        assert without_the_planted(trace, checkout) == []


@pytest.mark.whole
@pytest.mark.parametrize("client", ["uv", "twine"])
def test_an_address_to_publish_to_keeps_its_password(
    client: str, ground: tuple[Path, Path], tmp_path: Path
) -> None:
    key, source = ground
    with stage_of(tmp_path, key, source) as here:
        checkout = here.checkout()
        environment = planted(here)
        environment.pop("UV_PUBLISH_TOKEN")
        secret = f"https://__token__:{PASSWORD}@{urlsplit(environment['UV_PUBLISH_URL']).netloc}/legacy/"
        environment |= {
            "UV_PUBLISH_URL": secret,
            "TWINE_REPOSITORY_URL": secret,
            "TWINE_USERNAME": "__token__",
        }
        config = checkout / "castoff.toml"
        config.write_text(f'[python]\npublish = "{client}"\n', encoding="utf-8")
        here.git(checkout, "add", "--all")
        here.git(checkout, "commit", "--quiet", "-m", "Configure")
        here.git(checkout, "push", "--quiet", "origin", "main")

        trace = run_watched(here, checkout, environment, *RELEASE)

        assert without_the_planted(trace, checkout) == []
        assert trace.code == 0, trace.stderr.decode()


def test_a_token_of_a_helper_is_known_as_a_secret(tmp_path: Path) -> None:
    helper = tmp_path / "git-credential-canary"
    helper.write_text(f"#!/bin/sh\necho username=me\necho password={HELPER}\n", encoding="utf-8")
    helper.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f'[credential]\n\thelper = "{helper}"\n', encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
    processes = Processes(environment, Redactor())
    address = Address(
        host="forge.example", slug="a/b", api_url="https://forge.example", web_url="https://forge.example"
    )

    assert forge_token(processes, tmp_path, address) == HELPER
    assert HELPER not in processes.redactor.clean(f"it said {HELPER}")


@pytest.mark.whole
def test_a_whole_release_with_the_token_of_a_helper_keeps_it(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    key, source = ground
    with stage_of(tmp_path / "case", key, source) as here:
        checkout = here.checkout()
        here.git(checkout, "remote", "set-url", "origin", "https://github.com/acme/harbour.git")
        helper = tmp_path / "git-credential-canary"
        helper.write_text(
            f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho username=me\necho password={HELPER}\n",
            encoding="utf-8",
        )
        helper.chmod(0o755)
        environment = {
            **here.environment,
            **by_environment(here.environment, [("credential.helper", str(helper))]),
        }
        for name in ("GH_TOKEN", "GITHUB_TOKEN"):
            environment.pop(name, None)
        fault(here, **FORGE, effect={**ECHO, "status": 422, "body": f"you said {HELPER}"}, times=1)

        refused = run_watched(here, checkout, environment, *RELEASE)
        ended = run_watched(here, checkout, environment, "resume", "--execute", "--yes", "--json")

        assert refused.code == 4, refused.stderr.decode()
        assert ended.code == 0, ended.stderr.decode()
        assert (tmp_path / "asked").exists()
        assert refused.leaks([HELPER]) == []
        assert ended.leaks([HELPER]) == []


@pytest.mark.parametrize(
    "text",
    [
        "fatal: https://me:{0}@forge.example/a/b.git not found",
        "> Authorization: Bearer {0}",
        "> authorization: basic {0}",
        "PRIVATE-TOKEN: {0}",
        "http://{0}@127.0.0.1/x",
    ],
)
def test_what_looks_like_a_secret_is_cut_although_nobody_knows_it(text: str) -> None:
    clean: Callable[[str], str] = Redactor().clean

    assert "s3cr3t-value" not in clean(text.format("s3cr3t-value"))
