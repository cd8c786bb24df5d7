"""A sample of `scripts/proof checkouts`: castoff packs what a plain checkout packs."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.checkouts import try_checkout

pytestmark = pytest.mark.real


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_castoff_packs_is_what_a_plain_checkout_packs(tmp_path: Path, seed: int) -> None:
    packed = try_checkout(tmp_path / "packed", seed)

    assert packed.complaints == ()
    assert packed.files >= 3
