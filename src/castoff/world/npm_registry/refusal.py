"""Refusals of the embedded npm registry: a status with a text, as the real one words it where that is known."""

from __future__ import annotations

from castoff.world.messages import Response, json_response


class Refused(Exception):
    """A request is refused with this status and text."""

    def __init__(self, text: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.headers = headers or {}

    def response(self) -> Response:
        """Render the answer: npm prints `error`, the description of the staging routes has `message`."""
        return json_response(self.status, {"error": self.text, "message": self.text}, self.headers)


def one_time_password_required() -> Refused:
    """Return the refusal that asks for a second factor; clients decide by the header, not by the text."""
    return Refused(
        "You must provide a one-time pass. Upgrade your client to npm@latest in order to use 2FA.",
        401,
        {"www-authenticate": "OTP"},
    )
