"""Where do parts and acts run? Side by side in threads; with one lane here and now, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def open_lanes(count: int) -> Executor:
    """Open so many lanes; leaving them waits for all that runs there."""
    return ThreadPoolExecutor(count) if count > 1 else _OneLane()


class _OneLane(Executor):
    """Runs what it is given at once; what is no plain error goes straight through."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        return future
