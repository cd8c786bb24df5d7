"""What each kind of process sees: no credential that its kind has no use for, and all that builds need."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from castoff.model.child_environments import RULES, Kind, child_environment, withheld_words
from castoff.model.credentials import ADDRESSES, PURPOSES, ROWS, purpose_of, withheld

CANARY = "canary-8c1d9e27-0000"
CODE_OF_OTHERS = (Kind.TOOL, Kind.BUILD, Kind.HOOK, Kind.COMMIT, Kind.CHECK, Kind.EDITOR)
"""Kinds of processes that run code of packages, repositories or configurations."""

NAMES = [name.replace("*", "HOUSE") for row in ROWS for name in row.names]
PLAIN = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "CC": "clang",
    "CFLAGS": "-O2",
    "RUSTFLAGS": "-C target-cpu=native",
    "PROTOC": "/opt/protoc",
    "MATURIN_PEP517_ARGS": "--features x",
    "PKG_CONFIG_PATH": "/opt/lib/pkgconfig",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "CARGO_HOME": "/opt/cargo",
    "CARGO_REGISTRIES_HOUSE_INDEX": "sparse+https://house.example/index/",
    "CARGO_NET_GIT_FETCH_WITH_CLI": "true",
    "UV_DEFAULT_INDEX": "https://house.example/simple/",
    "PIP_INDEX_URL": "https://house.example/simple/",
    "TOKENIZERS_PARALLELISM": "false",
    "GIT_AUTHOR_NAME": "Ada",
    "GPG_TTY": "/dev/pts/1",
    "GNUPGHOME": "/home/me/.gnupg",
    "AWS_REGION": "eu-central-1",
    "SSL_CERT_FILE": "/etc/ssl/own.pem",
    "NPM_CONFIG_REGISTRY": "https://house.example/npm/",
    "PGUSER": "postgres",
    "CLONE": "ssh://git@github.com/acme/rocket.git",
}


def seen(kind: Kind, environment: Mapping[str, str], **more: object) -> Mapping[str, str]:
    return child_environment(kind, environment, **more).variables  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", Kind)
def test_what_holds_no_credential_reaches_every_process(kind: Kind) -> None:
    found = child_environment(kind, {**PLAIN, "DB_PASSWORD": "postgres"})

    assert PLAIN.items() <= found.variables.items()
    assert found.withheld in ((), ("DB_PASSWORD",))


@pytest.mark.parametrize("name", [*NAMES, *map(str.lower, NAMES)])
def test_code_of_others_sees_no_variable_of_the_table(name: str) -> None:
    for kind in CODE_OF_OTHERS:
        shown = CANARY in str(seen(kind, {name: CANARY}))
        assert shown == (purpose_of(name) in RULES[kind].sees), kind
        assert not shown or (kind, purpose_of(name)) == (Kind.COMMIT, "agent")


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("CARGO_REGISTRIES_HOUSE_TOKEN", "cargo"),
        ("cargo_registries_house_token", "cargo"),
        # The two halves of a pattern may not share a character.
        ("CARGO_REGISTRIES_TOKEN", "other"),
        ("CARGO_REGISTRIES_HOUSE_TOKENS", None),
        ("NPM_CONFIG_AUTH", "npm"),
        ("NPM_CONFIG_//HOUSE/:_AUTHTOKEN", "npm"),
        ("NPM_CONFIG_AUTO", None),
        ("VAULT_TOKEN", "cloud"),  # the first of two rows
        ("VAULT_TOKENS", None),
    ],
)
def test_a_pattern_of_the_table_is_matched_as_a_whole(name: str, purpose: str | None) -> None:
    assert purpose_of(name) == purpose


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("CARGO_REGISTRY_TOKEN", {Kind.CARGO_READ, Kind.CARGO_UPLOAD}),
        ("CARGO_REGISTRIES_HOUSE_TOKEN", {Kind.CARGO_READ, Kind.CARGO_UPLOAD}),
        ("UV_PUBLISH_TOKEN", {Kind.PYTHON_UPLOAD}),
        ("HATCH_INDEX_AUTH", {Kind.PYTHON_UPLOAD}),
        ("UV_INDEX_HOUSE_PASSWORD", {Kind.PYTHON_READ, Kind.PYTHON_UPLOAD}),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", {Kind.CARGO_UPLOAD, Kind.NPM_UPLOAD, Kind.PYTHON_UPLOAD}),
        ("GH_TOKEN", {Kind.GIT, Kind.FORGE}),
        ("GIT_ASKPASS", {Kind.GIT}),
        ("SSH_AUTH_SOCK", {Kind.GIT, Kind.COMMIT, Kind.CARGO_READ, Kind.CARGO_UPLOAD}),
        ("GPG_PASSPHRASE", set()),
        ("NPM_TOKEN", {Kind.NPM_READ, Kind.NPM_UPLOAD}),
        ("READTHEDOCS_TOKEN", set()),
        (
            "MY_HELPERS_PASSWORD",
            {
                Kind.GIT,
                Kind.CARGO_READ,
                Kind.CARGO_UPLOAD,
                Kind.NPM_READ,
                Kind.NPM_UPLOAD,
                Kind.PYTHON_READ,
                Kind.PYTHON_UPLOAD,
            },
        ),
    ],
)
def test_a_credential_reaches_the_clients_that_use_it(name: str, kinds: set[Kind]) -> None:
    assert {kind for kind in Kind if name in seen(kind, {name: CANARY})} == kinds


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"https://me:{CANARY}@house.example/simple/", "https://house.example/simple/"),
        (f"https://{CANARY}@house.example/", "https://house.example/"),
        (f"sparse+https://me:{CANARY}@house.example/", "sparse+https://house.example/"),
        (f"ssh://me:{CANARY}@house.example/a.git", "ssh://me@house.example/a.git"),
        (f"postgres://me:{CANARY}@house.example/db", "postgres://me@house.example/db"),
        (
            f"https://house.example/a?x=1&private_token={CANARY}&y=2",
            "https://house.example/a?x=1&private_token=&y=2",
        ),
        (f"https://a.example/ https://me:{CANARY}@b.example/", "https://a.example/ https://b.example/"),
    ],
)
def test_an_address_is_kept_without_its_credentials(value: str, shown: str) -> None:
    for name in ("PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "ANY_NAME"):
        found = child_environment(Kind.BUILD, {name: value})
        assert (found.variables, found.withheld) == ({name: shown}, (name,))


def test_an_address_keeps_its_credentials_for_the_client_that_it_is_for() -> None:
    index = {"UV_DEFAULT_INDEX": f"https://me:{CANARY}@house.example/"}
    publish = {"UV_PUBLISH_URL": f"https://me:{CANARY}@house.example/"}

    assert seen(Kind.PYTHON_READ, index) == index
    assert seen(Kind.PYTHON_UPLOAD, index | publish) == index | publish
    assert CANARY not in str(seen(Kind.PYTHON_READ, publish))
    assert CANARY not in str(seen(Kind.GIT, index))


@pytest.mark.parametrize(
    ("environment", "tokens", "gone"),
    [
        ({"X": CANARY, "GH_TOKEN": CANARY}, (), {"X"}),
        ({"X": f"Bearer {CANARY}", "GH_TOKEN": CANARY}, (), {"X"}),
        ({"X": CANARY}, (CANARY,), {"X"}),
        ({"X": "short-tok"}, ("short-tok",), {"X"}),
        ({"X": "ghp_" + "a" * 36}, (), {"X"}),
        ({"X": "pypi-" + "a" * 60}, (), {"X"}),
        ({"X": "a short-tok within"}, ("short-tok",), set()),
        ({"X": "tok"}, ("tok",), set()),
        ({"HOME": CANARY}, (CANARY,), set()),
        ({"X": "/home/me/key.json", "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/key.json"}, (), set()),
        ({"X": "a-name-that-is-long", "TWINE_USERNAME": "a-name-that-is-long"}, (), set()),
    ],
)
def test_a_token_is_known_by_its_value(
    environment: dict[str, str], tokens: tuple[str, ...], gone: set[str]
) -> None:
    found = seen(Kind.CHECK, environment, tokens=tokens)

    assert {name for name in ("X", "HOME") if name in environment and name not in found} == gone


def test_a_token_under_another_name_reaches_only_the_clients_of_the_first() -> None:
    environment = {"UV_PUBLISH_TOKEN": CANARY, "X": CANARY}

    assert {kind for kind in Kind if "X" in seen(kind, environment)} == {Kind.PYTHON_UPLOAD}


GIT = (
    ("http.https://github.com/.extraheader", f"AUTHORIZATION: basic {CANARY}"),
    ("credential.helper", ""),
    ("credential.helper", f"!echo {CANARY}"),
    (f"url.https://me:{CANARY}@github.com/.insteadOf", "https://github.com/"),
    ("url.file:///there.insteadOf", "https://github.com/acme/rocket"),
    ("user.name", "Ada"),
)


def _git() -> dict[str, str]:
    pairs = {f"GIT_CONFIG_KEY_{at}": key for at, (key, _) in enumerate(GIT)}
    values = {f"GIT_CONFIG_VALUE_{at}": value for at, (_, value) in enumerate(GIT)}
    return {"GIT_CONFIG_COUNT": str(len(GIT)), **pairs, **values}


def test_settings_of_git_in_the_environment_lose_what_gives_access() -> None:
    found = seen(Kind.BUILD, _git())

    assert found == {
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": "credential.helper",
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": "url.file:///there.insteadOf",
        "GIT_CONFIG_VALUE_1": "https://github.com/acme/rocket",
        "GIT_CONFIG_KEY_2": "user.name",
        "GIT_CONFIG_VALUE_2": "Ada",
    }
    assert seen(Kind.GIT, _git()) == _git()
    assert seen(Kind.HOOK, _git(), given={"hooks": {"GIT_CONFIG_COUNT": "6"}}) == _git()


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (f"'http.https://a/.extraheader'='Authorization: basic {CANARY}'", False),
        (f"'credential.helper'='!echo {CANARY}'", False),
        ("'user.name'='Ada'", True),
    ],
)
def test_settings_of_git_in_one_variable_stay_unless_they_give_access(value: str, kept: bool) -> None:
    environment = {"GIT_CONFIG_PARAMETERS": value}

    assert ("GIT_CONFIG_PARAMETERS" in seen(Kind.HOOK, environment)) == kept
    assert "GIT_CONFIG_PARAMETERS" in seen(Kind.GIT, environment)


@pytest.mark.parametrize("key", ["build", "hooks", "checks"])
def test_a_variable_is_given_back_to_one_kind_of_process(key: str) -> None:
    environment = {
        "UV_INDEX_HOUSE_PASSWORD": CANARY,
        "UV_DEFAULT_INDEX": f"https://me:{CANARY}@house.example/",
    }
    given = {key: environment}

    shown = {kind for kind in CODE_OF_OTHERS if seen(kind, environment, given=given) == environment}

    assert shown == {kind for kind in Kind if RULES[kind].passed == key}


def test_a_remedy_names_what_was_withheld() -> None:
    assert withheld_words(Kind.BUILD, ()) == withheld_words(Kind.EDITOR, ("A",)) == ""
    assert withheld_words(Kind.BUILD, "DCBAE").startswith("; it was not given `A`, `B`, `C` and 2 more, ")
    assert withheld_words(Kind.CHECK, ["A"]).endswith("`release.pass-env.checks`")


def test_the_tables_are_complete() -> None:
    assert {row.purpose for row in ROWS} <= PURPOSES.keys()
    assert {one for rule in RULES.values() for one in rule.sees} <= PURPOSES.keys()
    assert set(ADDRESSES.values()) <= PURPOSES.keys()
    assert RULES.keys() == set(Kind)
    assert all(row.source and row.client for row in ROWS)


def test_the_credentials_of_one_purpose_are_taken_out_of_an_environment() -> None:
    variables = {"CARGO_REGISTRY_TOKEN": "c", "GITHUB_TOKEN": "g", "UV_PUBLISH_TOKEN": "u", "PATH": "/bin"}

    assert withheld(variables, "cargo") == {"CARGO_REGISTRY_TOKEN": None}
    assert withheld(variables, "npm") == {}
