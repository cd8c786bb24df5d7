"""Questions of several threads that a client answers together, with one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Question = TypeVar("Question")
Reply = TypeVar("Reply")


@dataclass(slots=True, eq=False)
class _Round(Generic[Question, Reply]):
    """Questions that are asked together, and their answers."""

    questions: set[Question] = field(default_factory=set)
    answered: threading.Event = field(default_factory=threading.Event)
    answers: Mapping[Question, Reply] = field(default_factory=dict)
    error: BaseException | None = None


class QuestionRounds(Generic[Question, Reply]):
    """Asks one question at a time, for everybody who came before it was asked.

    An answer is never older than its question: a question during another one joins the next. ``window`` is
    how long (seconds) a round stays open for others once it could begin.
    """

    def __init__(
        self, ask: Callable[[Set[Question]], Mapping[Question, Reply]], *, window: float = 0.01
    ) -> None:
        self._ask = ask
        self._window = window
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._open: _Round[Question, Reply] | None = None

    def ask(self, questions: Set[Question]) -> Mapping[Question, Reply]:
        """Return the answers to these questions; raises what the question raised."""
        with self._lock:
            leads = self._open is None
            mine = self._open if self._open is not None else _Round[Question, Reply]()
            self._open = mine
            mine.questions |= questions
        if leads:
            self._lead(mine)
        mine.answered.wait()
        if mine.error is not None:
            raise mine.error
        return {one: mine.answers[one] for one in questions}

    def _lead(self, mine: _Round[Question, Reply]) -> None:
        with self._asking:
            # A short wait collects the questions of parts that look at the same time.
            mine.answered.wait(self._window)
            with self._lock:
                # Closed before the question is sent, so nobody joins a question whose answer would be
                # older.
                self._open = None
            try:
                mine.answers = self._ask(frozenset(mine.questions))
            except BaseException as error:  # noqa: BLE001 - those who share the question share its failure
                mine.error = error
            finally:
                mine.answered.set()
