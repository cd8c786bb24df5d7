"""Remedies for executors of shards: libraries that are not installed, and a cluster that is not there."""

from __future__ import annotations

import sys

import pytest

from castoff.wiring.shard_jobs import _cluster, _distributed
from remedies.following import follow, follows


@follows("executor-library-missing")
def test_the_extra_brings_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setitem(sys.modules, "distributed", None)

    def look() -> object:
        _distributed()
        return ()

    follow(
        "executor-library-missing",
        look,
        told="install castoff with it (`castoff[distributed]`)",
        do=lambda: monkeypatch.setitem(sys.modules, "distributed", distributed),
    )


@follows("workers-lost")
def test_an_address_is_that_of_a_scheduler() -> None:
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    addresses = ["tcp://127.0.0.1:1"]

    def look() -> object:
        with _cluster(distributed, addresses[-1], 1):
            return ()

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster,
    ):
        follow(
            "workers-lost",
            look,
            told="correct `build.address`",
            do=lambda: addresses.append(cluster.scheduler_address),
        )
