"""What holds for every test: property tests look at the same examples in every run of the gate."""

from __future__ import annotations

import gc
import os
import shutil
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from git_ground import Ground
from hypothesis import HealthCheck, settings

from castoff.errors import CastoffError

settings.register_profile(
    "gate", max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("CASTOFF_HYPOTHESIS", "gate"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--whole", action="store_true", help="run the tests as well of which the usual run takes a sample"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Forget what castoff remembers, where a mutant is tested: mutmut forks a process that ran all tests without it."""
    if os.environ.get("MUTANT_UNDER_TEST"):
        for one in gc.get_objects():
            if type(one).__name__ == "_lru_cache_wrapper":
                one.cache_clear()


_EVERY_ROW = ("tests/cases/", "tests/world/")
"""Where each row of a test with real clients is of a kind of its own."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as ``whole``, and all rows but the first of tests with real clients."""
    if config.getoption("--whole"):
        return
    seen: Counter[str] = Counter()
    left_out = []
    for item in items:
        name = item.nodeid.partition("[")[0]
        seen[name] += 1
        is_sampled = item.get_closest_marker("real") and not item.nodeid.startswith(_EVERY_ROW)
        if item.get_closest_marker("whole") or (is_sampled and seen[name] > 1):
            left_out.append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


_CLIENTS = ("cargo", "rustc", "rustup", "node", "npm", "pnpm", "yarn", "bun", "gh", "git-lfs")
"""Clients that a contributor to another ecosystem need not have; git, uv and Python come with every checkout."""
_OF_FOLDER = {"tests/ecosystems/cargo/": "cargo", "tests/ecosystems/npm/": "npm"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose client of others is not installed."""
    needed = [name for marker in item.iter_markers("needs") for name in marker.args]
    if item.get_closest_marker("real"):
        needed += [name for folder, name in _OF_FOLDER.items() if item.nodeid.startswith(folder)]
    for client in needed:
        if shutil.which(client) is None:
            pytest.skip(f"{client} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Skip a test that ends since a client is not installed; one about missing clients catches the error itself."""
    try:
        return (yield)
    except CastoffError as error:
        missing = next((one for one in _CLIENTS if f"`{one}` was not found" in str(error)), None)
        if missing is None or error.problems[0].code != "program-missing" or shutil.which(missing):
            raise
        pytest.skip(f"{missing} is not installed")


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground.at(tmp_path)
