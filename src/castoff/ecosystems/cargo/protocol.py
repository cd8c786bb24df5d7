"""What did the registry answer to cargo's write? Read from the protocol lines that cargo logs on request.

Cargo's exit code does not say whether an upload was refused, throttled or lost, and it prints Retry-After
nowhere. With ``http.debug`` it logs each request and answer as HTTP's own lines (request line, status line,
headers), which are data; the sentences around them are not read. Cargo hides the token in these lines, and
none of them is kept or shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from castoff.process import Hearing

CHANGES = {"CARGO_HTTP_DEBUG": "true", "CARGO_LOG": "network=debug", "CARGO_TERM_COLOR": "never"}
"""What cargo's environment needs for it."""

_LOGGED = re.compile(r"^\s*[0-9.]+(?:n|u|µ|m)?s\s+(?:TRACE|DEBUG|INFO|WARN|ERROR)\s")
_WIRE = re.compile(r"http-debug: ([<>]) (.*)$")
_REQUEST = re.compile(r"(GET|PUT|POST|DELETE|HEAD|CONNECT) (\S+)(?: HTTP/[0-9.]+)?$")
_STATUS = re.compile(r"HTTP/[0-9.]+ ([0-9]{3})\b")
_HEADER = re.compile(r"([A-Za-z0-9-]{1,64}):[ \t]*(.{0,200})$")
_STRUCT_BEGINS = re.compile(r"\{\s*$")


@dataclass(slots=True)
class Conversation:
    """Follows one cargo process whose write is ``method`` (PUT for an upload, DELETE for a yank).

    ``sent`` says that the write left, ``status`` what came back, ``headers`` what came with it (lower case).
    ``accepted`` says that cargo took the answer and went on to something else.
    """

    method: Literal["PUT", "DELETE"]
    sent: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    accepted: bool = False
    spoken: bool = False
    _reading: bool = False
    _inside: bool = False

    def hear(self, line: str) -> Hearing:
        """Take in one line of cargo's; stop where its write is done and it only waits for the index."""
        if self._inside:
            self._inside = line.rstrip() != "}"
            return "drop"
        wire = _WIRE.search(line)
        if wire is not None:
            self.spoken = True
            return self._wire(wire.group(1), wire.group(2).rstrip("\r"))
        if _LOGGED.match(line):
            self._inside = _STRUCT_BEGINS.search(line) is not None
            return "drop"
        return "keep"

    def _wire(self, direction: str, text: str) -> Hearing:
        if direction == ">":
            request = _REQUEST.match(text)
            if request is not None:
                return self._request(request.group(1))
        elif self._reading:
            self._answer(text)
        return "drop"

    def _request(self, method: str) -> Hearing:
        if method == self.method and not self.sent:
            self.sent = self._reading = True
            return "drop"
        self._reading = False
        if self.status is not None and 200 <= self.status < 300:
            self.accepted = True
            return "stop"
        return "drop"

    def _answer(self, text: str) -> None:
        status = _STATUS.match(text)
        if status is not None:
            number = int(status.group(1))
            self.status = number if number >= 200 else self.status
            self.headers.clear()
            return
        header = _HEADER.match(text)
        if header is not None and header.group(1).lower() == "retry-after":
            self.headers["retry-after"] = header.group(2).strip()
