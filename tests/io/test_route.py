from __future__ import annotations

import pytest
from requests import Request

from castoff.io.route import RoutedSession, proxies_for, trusted_certificates

BOTH = {"http_proxy": "http://a", "HTTPS_PROXY": "http://b"}


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://one.invalid/x", {}, ""),
        ("http://one.invalid/x", BOTH, "http://a"),
        ("https://one.invalid/x", BOTH, "http://b"),
        ("https://one.invalid/x", {**BOTH, "https_proxy": "http://c"}, "http://c"),
        ("https://one.invalid/x", {"https_proxy": "", "ALL_PROXY": "http://d"}, "http://d"),
        ("https://one.invalid/x", {**BOTH, "ALL_PROXY": "http://d"}, "http://b"),
        ("https://one.invalid/x", {**BOTH, "NO_PROXY": "one.invalid"}, ""),
        ("https://two.one.invalid:8443/x", {**BOTH, "no_proxy": "other, one.invalid"}, ""),
        ("https://one.invalid/x", {**BOTH, "no_proxy": "*"}, ""),
        ("https://one.invalid/x", {**BOTH, "no_proxy": "two.invalid"}, "http://b"),
        ("https://one.invalid:8443/x", {**BOTH, "no_proxy": "one.invalid:8443"}, ""),
        ("https://two.one.invalid/x", {**BOTH, "no_proxy": ".one.invalid"}, ""),
        ("https://one.invalid/x", {**BOTH, "no_proxy": ",*.invalid"}, ""),
        ("https://phone.invalid/x", {**BOTH, "no_proxy": "one.invalid,"}, "http://b"),
        ("https://10.1.2.3/x", {**BOTH, "no_proxy": "10.0.0.0/8"}, ""),
        ("https://11.1.2.3/x", {**BOTH, "no_proxy": "10.0.0.0/8"}, "http://b"),
        ("https://ten.invalid/x", {**BOTH, "no_proxy": "10.0.0.0/8"}, "http://b"),
        ("https://127.0.0.1:1/x", BOTH, ""),
        ("http://localhost:1/x", BOTH, ""),
        ("http://[::1]:1/x", BOTH, ""),
    ],
)
def test_a_proxy_is_the_one_of_the_environment(url: str, environment: dict[str, str], proxy: str) -> None:
    assert proxies_for(url, environment) == {"http": proxy, "https": proxy}


def test_a_redirect_from_this_machine_to_the_outside_takes_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://of-this-process")
    redirected = Request("GET", "https://one.invalid/x").prepare()
    session = RoutedSession({"HTTPS_PROXY": "http://given"})

    assert session.rebuild_proxies(redirected, {"https": ""})["https"] == "http://given"


@pytest.mark.parametrize("file", ["", "nowhere", "c" * 5000, "a\0b"])
def test_certificates_of_a_file_that_is_not_there_are_left_to_the_library(file: str) -> None:
    assert trusted_certificates({"SSL_CERT_FILE": file}) is None
