"""Refusals of the forge, and results of its handlers."""

from __future__ import annotations

from msgspec import Struct

from castoff.world.forge.records import Json

DOCUMENTATION = "https://docs.github.com/rest"


class Answer(Struct, frozen=True):
    """What a handler gives back: a JSON value, raw bytes, or nothing (204)."""

    value: object = None
    status: int = 200
    headers: dict[str, str] = {}


class Refused(Exception):
    """An answer that is not a success, raised from anywhere below the pipeline."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: tuple[Json, ...] = (),
        headers: dict[str, str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}
        self.extra = extra or {}

    def value(self) -> Json:
        """Return the document in the shape that GitHub uses."""
        document: Json = {"message": self.message}
        if self.errors:
            document["errors"] = list(self.errors)
        document |= self.extra
        document["documentation_url"] = DOCUMENTATION
        document["status"] = str(self.status)
        return document


class RateLimited(Refused):
    """The primary limit ran out; GraphQL says so with status 200."""


def not_found() -> Refused:
    """Report that there is no such thing, or none that the asker may see."""
    return Refused(404, "Not Found")


def forbidden(message: str) -> Refused:
    """Report that the token lacks a right."""
    return Refused(403, message)


def invalid(resource: str, field_name: str, code: str, message: str | None = None) -> Refused:
    """Report that one field does not do: 422 with GitHub's triple of resource, field and code."""
    error: Json = {"resource": resource, "code": code, "field": field_name}
    if message is not None:
        error["message"] = message
    return Refused(422, "Validation Failed", errors=(error,))


def custom(resource: str, message: str) -> Refused:
    """Report that a rule of its own was broken: 422 with the code ``custom``."""
    error: Json = {"resource": resource, "code": "custom", "message": message}
    return Refused(422, "Validation Failed", errors=(error,))


def malformed(text: str) -> Refused:
    """Report that the request does not fit the schema of its route."""
    return Refused(422, f"Invalid request.\n\n{text}")
