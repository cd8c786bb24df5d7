"""Which features does the project choose that tries a release out?"""

from __future__ import annotations

from castoff.ecosystems.cargo.trial import chosen_features, features_in


def test_features_of_the_crate_and_of_those_below_it_are_told_apart() -> None:
    """kube is verified with `k8s-openapi/latest`: without it no project that depends on kube builds."""
    given = ("k8s-openapi/latest", "kube/ws", "runtime", "k8s-openapi/schemars", "serde?/derive")

    assert chosen_features("kube", given, {"ws", "runtime"}) == (
        ["ws", "runtime"],
        {"k8s-openapi": ["latest", "schemars"], "serde": ["derive"]},
    )


def test_only_features_that_a_crate_has_are_chosen() -> None:
    manifest = """
[features]
runtime = []
[dependencies]
serde = { version = "1", optional = true }
plain = "1"
[target."cfg(unix)".dependencies]
nix = { version = "1", optional = true }
"""
    has = features_in(manifest)

    assert has == {"default", "runtime", "serde", "nix"}
    assert chosen_features("sail-core", ("runtime", "ws", "sail-core/derive", "serde"), has) == (
        ["runtime", "serde"],
        {},
    )
