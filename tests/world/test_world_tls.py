from __future__ import annotations

import gc
import socket
import ssl
import subprocess
import sys
import warnings
from pathlib import Path
from urllib.request import urlopen

import pytest

from castoff.io.route import trusted_certificates
from castoff.world.authority import ThrowAwayAuthority
from castoff.world.world import World


def test_a_client_that_trusts_another_authority_is_closed_and_holds_nobody_up() -> None:
    with World(outside=False, tls=False) as world, warnings.catch_warnings():
        warnings.simplefilter("error")
        address = ("127.0.0.1", world.python.port)
        silent = socket.create_connection(address)
        with pytest.raises(ssl.SSLError), socket.create_connection(address) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")
        context = ssl.create_default_context(cafile=world.environment()["SSL_CERT_FILE"])
        with urlopen(f"{world.python.url}/simple/", timeout=10, context=context) as answer:
            assert answer.status == 200
        silent.close()
        gc.collect()


def test_without_outside_clients_trust_the_world_alone() -> None:
    with World(outside=False, tls=False) as world:
        file = Path(world.environment()["SSL_CERT_FILE"])
        assert file.read_text().count("BEGIN CERTIFICATE") == 1


def test_what_the_user_trusts_is_trusted_as_well_each_certificate_once(tmp_path: Path) -> None:
    own, other = tmp_path / "own", ThrowAwayAuthority(tmp_path / "other").certificate
    pip = tmp_path / "pip.conf"
    pip.write_text(f"[global]\ncert = {other}\n")
    user = {"SSL_CERT_FILE": str(other), "REQUESTS_CA_BUNDLE": "/nowhere.pem", "PIP_CONFIG_FILE": str(pip)}

    found = ThrowAwayAuthority(own).bundle(user).read_bytes()

    assert found.startswith(other.read_bytes().strip())
    assert found.count(other.read_bytes().strip()) == 2  # the authority itself, and what the user names
    assert found.count(b"BEGIN CERTIFICATE") > 20


@pytest.mark.parametrize(
    ("environment", "file"),
    [
        ({}, None),
        ({"REQUESTS_CA_BUNDLE": "/a", "CURL_CA_BUNDLE": "/b"}, "/a"),
        ({"CURL_CA_BUNDLE": "/b", "SSL_CERT_FILE": __file__}, "/b"),
        ({"SSL_CERT_FILE": __file__}, __file__),
        ({"SSL_CERT_FILE": "/nowhere"}, None),
    ],
)
def test_castoff_trusts_what_its_clients_trust(environment: dict[str, str], file: str | None) -> None:
    assert trusted_certificates(environment) == file


_TOGETHER = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from castoff.world.authority import ThrowAwayAuthority
from castoff.world.identity import Issuer, TokenInvalid

ready = threading.Barrier(8)

def made(number):
    ready.wait()
    token = Issuer().token("x")
    return ThrowAwayAuthority(Path(sys.argv[1]) / str(number)).certificate.read_bytes(), token

with ThreadPoolExecutor(8) as pool:
    both = list(pool.map(made, range(8)))
assert len({one for one, _ in both}) == 1, "several authorities"
for _, token in both:
    Issuer().claims(token, ("x",))
"""


def test_worlds_of_several_threads_have_one_authority(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _TOGETHER, tmp_path], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
