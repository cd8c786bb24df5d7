"""Refusal of an upload, with the status and the words of PyPI."""

from __future__ import annotations


class UploadRefused(Exception):
    """PyPI would refuse this upload with ``status``; the text is sent as the reason phrase too."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
