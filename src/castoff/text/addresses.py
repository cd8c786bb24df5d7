"""Addresses that people, clients and servers wrote, split into their parts."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split_url(url: str) -> SplitResult:
    """Split an address; what is none (`https://[::1/simple`, on which urllib raises) has no parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")
