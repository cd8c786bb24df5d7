"""Packages that a registry cannot trust a job for yet, and the way to their first version."""

from __future__ import annotations

import pytest

from castoff.model.trusted_publishing import new_name_problem
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package


@pytest.mark.parametrize(
    ("ecosystem", "severity", "way"),
    [
        ("cargo", "error", "publish its first version with a token (`cargo publish`)"),
        ("npm", "error", "then run `npm trust github zz`"),
        ("python", "warning", "enter a pending publisher at PyPI"),
    ],
)
def test_each_registry_has_its_way(ecosystem: Ecosystem, severity: str, way: str) -> None:
    package = Package(
        name="zz", ecosystem=ecosystem, path=".", manifest="m", version="1.0.0", version_file="m"
    )
    problem = new_name_problem(package)

    assert (problem.code, problem.severity, problem.package) == ("publisher-new-name", severity, package.id)
    assert way in problem.remedy
