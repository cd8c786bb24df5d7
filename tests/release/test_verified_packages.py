"""Which packages a rehearsal uses as their users will."""

from __future__ import annotations

import pytest

from castoff.config.reader import parse_configuration
from castoff.model.versions import Ecosystem
from castoff.release.publish_rehearsal import is_verified


@pytest.mark.parametrize(
    ("text", "ecosystem", "verified"),
    [
        ("", "cargo", True),
        ("", "npm", True),
        ("", "python", True),
        ("[cargo]\nverify = false", "cargo", False),
        ("[cargo]\nverify = false", "npm", True),
        ('[npm]\nverify = "none"', "npm", False),
        ('[npm]\nverify = "install"', "npm", True),
    ],
)
def test_packages_are_verified_unless_their_ecosystem_says_no(
    text: str, ecosystem: Ecosystem, verified: bool
) -> None:
    assert is_verified(parse_configuration(text), ecosystem) == verified
