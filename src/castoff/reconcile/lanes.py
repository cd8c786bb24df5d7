"""Where do parts and acts run? Side by side in threads; with one lane here and now, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def open_lanes(count: int) -> Executor:
    """Open so many lanes; leaving them waits for all that runs there."""
    return ThreadPoolExecutor(count) if count > 1 else _OneLane()


class Resting:
    """How many parts wait now, and whether that changed or a part ended."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()
        self._news = threading.Event()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count one more in the block."""
        self._add(1)
        self._news.set()
        try:
            yield
        finally:
            self._add(-1)

    def tell(self, _ended: object = None) -> None:
        """Say that a part ended."""
        self._news.set()

    def wait_for_news(self) -> None:
        """Wait until a part ended or began to wait since this was asked last."""
        self._news.wait()
        self._news.clear()

    def _add(self, number: int) -> None:
        with self._lock:
            self.count += number


class _OneLane(Executor):
    """Runs what it is given at once; what is no plain error goes straight through."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        return future
