"""Where the page has its facts: a status, looked at again from time to time, and the events of the last run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field

from castoff.cli.endings import bug
from castoff.cli.events import Event, read_runs
from castoff.cli.page.rendered import asset, render_draft, render_page
from castoff.cli.page.view import ObservedStatus, ShownProblem, view_of
from castoff.errors import CastoffError
from castoff.io.clock import SystemClock
from castoff.io.files import write_text
from castoff.io.loopback_server import Content

_ASSETS = {"/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8"}

_SOON, _LATE, _TICK = 10.0, 60.0, 2.0
"""Seconds between two looks while a run writes events, and while none does; how often the events are compared."""


class PageSource(Struct):
    """The facts of a page; ``look`` gives what `status --json` prints, ``events`` is the file of a run."""

    look: Callable[[], Mapping[str, object]]
    events: Path | None
    _status: ObservedStatus = field(default_factory=ObservedStatus)
    _draft: str = ""
    _clock: SystemClock = field(default_factory=SystemClock)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self) -> None:
        """Look at the release again; a look that fails becomes a problem on the page."""
        try:
            status = msgspec.convert(self.look(), ObservedStatus)
            status = msgspec.structs.replace(status, looked=self._clock.now())
        except Exception as error:  # noqa: BLE001 - else the thread that looks ends, and the page stays as it is for ever
            found = error.problems if isinstance(error, CastoffError) else (bug(error),)
            problems = [
                ShownProblem(
                    code=one.code,
                    severity=one.severity,
                    message=one.message,
                    reason=one.reason,
                    remedy=one.remedy,
                    url=one.url,
                )
                for one in found
            ]
            # The last known state stays beside the error: who watches a release wants to see how far it was.
            status = msgspec.structs.replace(self._status, problems=problems)
        draft = render_draft(status.draft.body) if status.draft is not None else ""
        with self._lock:
            self._status, self._draft = status, draft

    def keep_fresh(self, ended: threading.Event) -> None:
        """Look again until the event is set: soon after a run wrote events, else rarely."""
        looked, seen = self._clock.monotonic(), self._size()
        while not ended.wait(_TICK):
            age = self._clock.monotonic() - looked
            # Each look asks registries and forge, whose limits the release itself needs.
            if age >= _LATE or (age >= _SOON and self._size() != seen):
                seen = self._size()
                self.refresh()
                looked = self._clock.monotonic()

    def page(self, *, live: bool) -> str:
        """Render what is known now."""
        now = self._clock.now()
        with self._lock:
            status, draft = self._status, self._draft
        view = view_of(status, self._last_run(), now, draft)
        return render_page(view, live=live)

    def answer(self, path: str) -> Content | None:
        """Give the content of a path of the live page."""
        if path in ("/", "/content"):
            return Content("text/html; charset=utf-8", self.page(live=True).encode("utf-8"))
        kind = _ASSETS.get(path)
        return Content(kind, asset(path[1:])) if kind is not None else None

    def write(self, folder: Path) -> None:
        """Write the page as it is now, readable without a script. Errors: ``file-unwritable``, ``path-outside``."""
        write_text(folder / "index.html", self.page(live=False))
        write_text(folder / "page.css", asset("page.css").decode())

    def _size(self) -> int:
        return self.events.stat().st_size if self.events is not None and self.events.exists() else 0

    def _last_run(self) -> Sequence[Event]:
        runs = read_runs(self.events) if self.events is not None else ()
        return runs[-1] if runs else ()
