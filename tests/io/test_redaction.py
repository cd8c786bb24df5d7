"""No secret in any shape, and nothing that steers a terminal, comes through."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.model.child_environments import Kind, child_environment
from castoff.redaction import Redactor, plain

CANARY = "ca/na+ry=s3cret~token"

SHAPES: dict[str, Callable[[str], str]] = {
    "alone": lambda one: one,
    "in a sentence": lambda one: f"the token {one} was refused",
    "twice": lambda one: f"{one}{one}",
    "in quotes": lambda one: f"'{one}' \"{one}\"",
    "as an argument": lambda one: f"--token={one}",
    "in a header": lambda one: f"Authorization: Bearer {one}",
    "in JSON": lambda one: json.dumps({"token": one}),
    "in a URL": lambda one: f"https://__token__:{quote(one, safe='')}@host/simple/",
    "percent-encoded": lambda one: f"?token={quote(one, safe='')}",
    "in basic authentication": lambda one: b64encode(f"__token__:{one}".encode()).decode(),
    "in base64": lambda one: b64encode(one.encode()).decode(),
    "broken by colours": lambda one: f"{one[:8]}\x1b[31m{one[8:]}\x1b[0m",
    "broken by a null": lambda one: f"{one[:5]}\x00{one[5:]}",
    "broken by a mark of direction": lambda one: f"{one[:5]}\u202e{one[5:]}",
    "at the end of a line": lambda one: f"first\n{one}\nlast",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_of_the_environment_comes_through_in_no_shape(shape: str) -> None:
    redactor = Redactor.of_environment({"UV_PUBLISH_TOKEN": CANARY, "HOME": "/home/ada"})

    cleaned = redactor.clean(SHAPES[shape](CANARY))

    for part in (CANARY, quote(CANARY, safe=""), CANARY[3:-3], b64encode(CANARY.encode()).decode()[4:-6]):
        assert part not in cleaned


NAMES = [
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "UV_PUBLISH_TOKEN",
    "UV_PUBLISH_PASSWORD",
    "TWINE_PASSWORD",
    "CARGO_REGISTRY_TOKEN",
    "CARGO_REGISTRIES_HOUSE_TOKEN",
    "NODE_AUTH_TOKEN",
    "npm_config__auth",
    "AWS_SECRET_ACCESS_KEY",
    "API_KEY",
    "SOME_APIKEY",
    "gpg_passphrase",
    "SSH_PRIVATE_KEY",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "DB_PASSWD",
    "GH_PAT",
    "UV_INDEX_HOUSE_PASSWORD",
]


@pytest.mark.parametrize("name", NAMES)
def test_variables_whose_names_speak_of_secrets_are_kept(name: str) -> None:
    assert CANARY not in Redactor.of_environment({name: CANARY}).clean(f"x {CANARY} y")


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "PATIENCE", "TERM_PROGRAM"])
def test_other_variables_are_not(name: str) -> None:
    assert Redactor.of_environment({name: CANARY}).clean(CANARY) == CANARY


@pytest.mark.parametrize(
    "value",
    [
        f"https://ada:{CANARY.replace('/', '%2F')}@host/simple",
        f"house=https://ada:{CANARY.replace('/', '%2F')}@host/simple https://other/simple",
        f"https://other/simple https://ada:{CANARY.replace('/', '%2F')}@host/simple",
    ],
)
def test_passwords_in_addresses_are_learned_wherever_the_address_stands(value: str) -> None:
    redactor = Redactor.of_environment({"PIP_EXTRA_INDEX_URL": value})

    assert CANARY not in redactor.clean(f"401 for {CANARY}")
    assert CANARY.replace("/", "%2F") not in redactor.clean(f"401 for {CANARY.replace('/', '%2F')}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pass@host/x", "https://[secret]@host/x"),
        ("git+ssh://git@host/x", "git+ssh://[secret]@host/x"),
        ("see https://user:p@ss@host/x", "see https://[secret]@host/x"),
        ("https://host/a@b", "https://host/a@b"),
        ("mail ada@example.org", "mail ada@example.org"),
        ("Authorization: Bearer abc.def", "Authorization: [secret]"),
        ("authorization=token abc", "authorization=[secret]"),
        ('{"authorization": "Bearer abc"}', '{"authorization": "[secret]"}'),
        ("{'Authorization': 'Basic YWJj'}", "{'Authorization': '[secret]'}"),
        ("PRIVATE-TOKEN: glpat", "PRIVATE-TOKEN: [secret]"),
        ("x-api-key: k\nnext", "x-api-key: [secret]\nnext"),
    ],
)
def test_what_is_a_secret_by_its_place_is_cut_though_nobody_told_of_it(text: str, expected: str) -> None:
    assert Redactor().clean(text) == expected


def test_a_secret_of_several_lines_is_cut_line_by_line() -> None:
    redactor = Redactor(["-----BEGIN KEY-----\nc2VjcmV0c2VjcmV0\n-----END KEY-----\n"])

    assert "c2VjcmV0c2VjcmV0" not in redactor.clean("line: c2VjcmV0c2VjcmV0")


def test_a_secret_within_a_longer_one_does_not_leave_the_rest() -> None:
    redactor = Redactor(["abcdefgh", "abcdefgh-and-more"])

    assert redactor.clean("abcdefgh-and-more abcdefgh") == "[secret] [secret]"


@pytest.mark.parametrize("word", ["", "a", "true", "12345", "   "])
def test_very_short_values_are_no_secrets(word: str) -> None:
    assert Redactor([word]).clean("a true story of 12345") == "a true story of 12345"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x07b\x08c\x7fd", "abcd"),
        ("over\rwritten", "overwritten"),
        ("\x9b31mred", "31mred"),
        ("\x1bc\x1b7", ""),
        ("bidi \u202eevil\u202c \u2066x\u2069", "bidi evil x"),
        ("line\u2028separator", "lineseparator"),
        ("tab\tand\nline stay", "tab\tand\nline stay"),
        ("ünïcödé 日本 🎉", "ünïcödé 日本 🎉"),
    ],
)
def test_control_sequences_are_taken_out(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text(), st.text(min_size=6).filter(lambda one: len(one.strip()) >= 6 and "secret" not in one))
def test_no_text_lets_a_secret_or_a_control_character_through(text: str, secret: str) -> None:
    cleaned = Redactor([secret]).clean(f"{text}{secret}{text}")

    assert plain(cleaned) == cleaned
    assert all(part not in cleaned for part in secret.strip().splitlines() if len(plain(part).strip()) >= 6)


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b]" * 50_000,
        "\x1b[" * 50_000,
        "a://" * 30_000,
        "a" * 200_000 + "://",
        "authorization:" * 10_000,
        "@" * 100_000,
    ],
    ids=["osc", "csi", "schemes", "long scheme", "headers", "ats"],
)
def test_hostile_texts_take_no_long_time(hostile: str) -> None:
    began = time.monotonic()

    Redactor(["some-secret"]).clean(hostile)

    assert time.monotonic() - began < 5.0


NPM = "npm-canary-0123456789"
HOST = "//registry.example/"


@pytest.mark.parametrize(
    ("settings", "secret"),
    [
        pytest.param(f"{HOST}:_authToken={NPM}", NPM, id="plain"),
        pytest.param(f"  {HOST}:_authToken = {NPM}  ", NPM, id="spaces around"),
        pytest.param(f'{HOST}:_authToken="{NPM}"', NPM, id="in quotes"),
        pytest.param(f"{HOST}:_authToken='{NPM}'", NPM, id="in single quotes"),
        pytest.param(f"registry=https:{HOST}\r\n{HOST}:_authToken={NPM}\r\n", NPM, id="lines of Windows"),
        pytest.param(f"{HOST}:_authToken=${{MINE}}", NPM, id="a variable whose name tells nothing"),
        pytest.param(f'{HOST}:_authToken="${{MINE?}}"', NPM, id="a variable in quotes"),
        pytest.param(f"_password={b64encode(NPM.encode()).decode()}", NPM, id="a password in base64"),
        pytest.param(f"_auth={b64encode(f'me:{NPM}'.encode()).decode()}", NPM, id="a login in base64"),
        pytest.param(f"npmAuthToken: {NPM}", NPM, id="Yarn"),
        pytest.param(
            'npmScopes:\n  acme:\n    npmAuthToken: "${MINE:-}"', NPM, id="Yarn, a variable of a scope"
        ),
    ],
)
def test_credentials_in_settings_of_npm_are_not_shown_and_builds_do_not_see_them(
    settings: str, secret: str
) -> None:
    environment = {"MINE": NPM, "OTHER": "harmless-value", "COPY": secret}
    redactor = Redactor.of_environment({})

    redactor.learn_npmrc(settings, environment)

    assert secret not in redactor.clean(f"npm error 401 with {secret}")
    seen = {kind: child_environment(kind, environment, tokens=redactor.tokens).variables for kind in Kind}
    if "${" in settings:
        assert "MINE" in seen[Kind.NPM_UPLOAD], "npm itself reads the variable"
        assert "MINE" not in seen[Kind.BUILD]
    assert seen[Kind.BUILD]["OTHER"] == "harmless-value"


@pytest.mark.parametrize(
    "settings",
    [
        "; //registry.example/:_authToken=harmless-value",
        "  # npmAuthToken: harmless-value",
        "always-auth=harmless-value",
        "//registry.example/:_authToken=${UNSET}",
        "//registry.example/:_authToken=",
        "npmAuthTokens: harmless-value",
    ],
)
def test_what_is_no_credential_in_settings_of_npm_is_shown(settings: str) -> None:
    redactor = Redactor.of_environment({})

    redactor.learn_npmrc(settings, {"OTHER": "harmless-value"})

    assert redactor.clean("harmless-value") == "harmless-value"
    assert redactor.tokens == set()
