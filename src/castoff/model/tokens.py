"""Facts that a service gives about the token that it was asked with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """How far a token reaches, and until when; None where the service does not tell."""

    scopes: tuple[str, ...] | None = None
    expires: datetime | None = None
