"""Facts that a service gives about the token that it was asked with."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class TokenFacts(Struct, frozen=True, kw_only=True):
    """How far a token reaches, and until when; None where the service does not tell."""

    scopes: tuple[str, ...] | None = None
    expires: datetime | None = None
