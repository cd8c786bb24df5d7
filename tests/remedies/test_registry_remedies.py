"""Remedies for registries that do not answer, and for stages that cannot come to their end."""

from __future__ import annotations

from pathlib import Path

from castoff.model.acts import Done
from castoff.world.python_index import PythonIndex
from castoff.world.server import Server, Site
from cli.newcomer_bench import Shore
from reconcile.scripted import Scripted, reconcile
from reconcile.world_of_fakes import FakeClock
from remedies.commands import on
from remedies.following import follow, follows

GONE = "http://127.0.0.1:1/simple/"


@follows("registry-unknown")
def test_a_plan_without_an_index_reports_it_and_offline_does_not_ask(tmp_path: Path) -> None:
    shore = Shore.made(tmp_path, {})

    follow(
        "registry-unknown",
        lambda: on(shore, "plan", "minor", UV_DEFAULT_INDEX=GONE),
        told="`castoff plan LEVEL --offline` sends no queries",
        do=lambda: None,
        then=lambda: on(shore, "plan", "minor", "--offline", UV_DEFAULT_INDEX=GONE),
    )


@follows("registry-unknown")
def test_a_plan_reports_an_index_only_while_its_address_is_wrong(tmp_path: Path) -> None:
    shore = Shore.made(tmp_path, {})
    address = [GONE]
    with Server(Site("index", PythonIndex())) as index:
        follow(
            "registry-unknown",
            lambda: on(shore, "plan", "minor", UV_DEFAULT_INDEX=address[0]),
            told="make sure that the URL in the configuration of the client (uv, pip, cargo) is right",
            do=lambda: address.insert(0, f"{index.url}/simple/"),
        )


@follows("stage-stuck")
def test_a_stage_ends_once_its_parts_do_not_need_each_other() -> None:
    clock = FakeClock()
    needs = {"a": ["b"], "b": ["a"]}

    def run() -> None:
        parts = [Scripted(clock, [Done()], name=one, needs=frozenset(two)) for one, two in needs.items()]
        reconcile(clock, *parts)

    follow("stage-stuck", run, told="and remove the cause", do=needs["a"].clear)
