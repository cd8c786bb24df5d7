"""The forge that a remote's address names."""

from __future__ import annotations

import pytest

from castoff.model.addresses import Address, forge_address, named_repository, sibling_url

GITHUB = Address(
    host="github.com", slug="acme/harbour", api_url="https://api.github.com", web_url="https://github.com"
)


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/acme/harbour",
        "https://github.com/acme/harbour.git",
        "https://github.com/acme/harbour.git/",
        "https://user:secret@GitHub.com:443/acme/harbour",
        "git@github.com:acme/harbour.git",
        "ssh://git@github.com:22/acme/harbour.git",
    ],
)
def test_every_spelling_of_a_remote_names_its_repository(remote: str) -> None:
    assert forge_address(remote, {}) == GITHUB


def test_another_host_has_its_interface_below_its_own_address() -> None:
    assert forge_address("git@git.acme.example:acme/harbour", {}) == Address(
        host="git.acme.example",
        slug="acme/harbour",
        api_url="https://git.acme.example/api/v3",
        web_url="https://git.acme.example",
    )


API, WEB = "http://127.0.0.1:1/api", "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("remote", "environment", "addresses"),
    [
        ("/srv/git/acme/harbour.git", {}, None),
        ("file:///srv/git/acme/harbour.git", {"GITHUB_API_URL": f" {API}/ "}, (API, "https://github.com")),
        ("/srv/git/acme/harbour.git", {"GITHUB_API_URL": API, "GITHUB_SERVER_URL": f"{WEB}/"}, (API, WEB)),
        ("git@github.com:acme/harbour", {"GITHUB_SERVER_URL": WEB}, (GITHUB.api_url, GITHUB.web_url)),
        ("git@github.com:acme/harbour", {"GITHUB_API_URL": API}, (API, GITHUB.web_url)),
        ("https://github.com/harbour", {}, None),
        (None, {"GITHUB_API_URL": API}, None),
        ("", {"GITHUB_API_URL": API}, None),
    ],
    ids=[
        "a folder",
        "a folder, and a named interface",
        "both named",
        "a page alone is not enough",
        "an interface alone",
        "no owner",
        "no remote",
        "an empty remote",
    ],
)
def test_the_environment_names_a_forge_where_the_remote_cannot(
    remote: str | None, environment: dict[str, str], addresses: tuple[str, str] | None
) -> None:
    found = forge_address(remote, environment)

    assert (None if found is None else (found.api_url, found.web_url)) == addresses
    assert found is None or found.slug == "acme/harbour"


@pytest.mark.parametrize(
    ("remote", "sibling"),
    [
        ("https://github.com/acme/harbour", "https://github.com/acme/docs"),
        ("git@github.com:acme/harbour.git", "git@github.com:acme/docs.git"),
        ("https://github.com/acme/harbour.git/", "https://github.com/acme/docs.git"),
        ("https://github.com/harbour", None),
    ],
)
def test_another_repository_of_the_host_ends_as_the_remote_does(remote: str, sibling: str | None) -> None:
    assert sibling_url(remote, "acme/docs") == sibling


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://github.com/acme/harbour", ("github.com", "acme/harbour")),
        ("https://www.github.com/acme/harbour", ("github.com", "acme/harbour")),
        ("git+https://github.com/acme/harbour.git", ("github.com", "acme/harbour")),
        ("https://github.com/acme/harbour/tree/main/docs", ("github.com", "acme/harbour")),
        ("https://github.com/acme", None),
        ("/srv/acme/harbour", None),
        (None, None),
    ],
)
def test_a_manifest_names_a_repository_by_any_link_into_it(
    url: str | None, named: tuple[str, str] | None
) -> None:
    assert named_repository(url) == named
