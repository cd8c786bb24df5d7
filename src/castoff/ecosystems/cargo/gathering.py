"""How do many questions become few? Callers that ask at the same time share one answer for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Reply = TypeVar("Reply")


@dataclass(slots=True, eq=False)
class _Round(Generic[Reply]):
    """Questions that are asked together, and their answers."""

    names: set[str] = field(default_factory=set)
    answered: threading.Event = field(default_factory=threading.Event)
    answers: Mapping[str, Reply] = field(default_factory=dict)
    error: BaseException | None = None


class Gathering(Generic[Reply]):
    """Asks one question at a time, for everybody who came before it was asked.

    An answer is never older than its question: who comes while one is under way joins the next. ``window`` is
    how long (seconds) a round stays open for others once it could begin.
    """

    def __init__(self, ask: Callable[[Set[str]], Mapping[str, Reply]], *, window: float = 0.01) -> None:
        self._ask = ask
        self._window = window
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._open: _Round[Reply] | None = None

    def ask(self, names: Set[str]) -> Mapping[str, Reply]:
        """Give the answers for these names; raises what the question raised."""
        with self._lock:
            leads = self._open is None
            mine = self._open if self._open is not None else _Round[Reply]()
            self._open = mine
            mine.names |= names
        if leads:
            self._lead(mine)
        mine.answered.wait()
        if mine.error is not None:
            raise mine.error
        return {name: mine.answers[name] for name in names}

    def _lead(self, mine: _Round[Reply]) -> None:
        with self._asking:
            mine.answered.wait(self._window)
            with self._lock:
                self._open = None
            try:
                mine.answers = self._ask(frozenset(mine.names))
            except BaseException as error:  # noqa: BLE001 - those who share the question share its failure
                mine.error = error
            finally:
                mine.answered.set()
