"""Lets several processes go on in turns: at each call all but one stand still, and a seed says who is next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from random import Random


class Turnstile:
    """One runs at a time; whoever comes to a call waits for its turn."""

    def __init__(self, seed: int, count: int) -> None:
        self._chance = Random(seed)
        self._changed = threading.Condition()
        self._expected = count
        self._waiting: dict[int, bool] = {}

    def turn_of(self, number: int) -> Callable[[], None]:
        """Give what a process calls before each of its calls."""

        def turn() -> None:
            with self._changed:
                self._waiting[number] = False
                self._let_one_go()
                self._changed.wait_for(lambda: self._waiting[number], timeout=60)
                del self._waiting[number]

        return turn

    def leave(self) -> None:
        """Say that a process has ended."""
        with self._changed:
            self._expected -= 1
            self._let_one_go()

    def _let_one_go(self) -> None:
        if len(self._waiting) == self._expected and self._waiting and not any(self._waiting.values()):
            self._waiting[self._chance.choice(sorted(self._waiting))] = True
            self._changed.notify_all()


def run_in_turns(seed: int, runs: Sequence[Callable[[Callable[[], None]], None]]) -> None:
    """Run all to their ends, interleaved by the seed."""
    turnstile = Turnstile(seed, len(runs))

    def one(number: int) -> None:
        try:
            runs[number](turnstile.turn_of(number))
        finally:
            turnstile.leave()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
