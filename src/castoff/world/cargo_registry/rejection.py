"""Refusals of the embedded Cargo registry."""

from __future__ import annotations


class Rejected(Exception):
    """crates-io would say no, in these words."""

    def __init__(self, text: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.headers = headers or {}
