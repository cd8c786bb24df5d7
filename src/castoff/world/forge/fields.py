"""Body of a request, read field by field."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from castoff.world.forge.answers import Refused, malformed


def parse_json(body: bytes) -> object:
    """Read a body; one that is not JSON is a 400."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "Problems parsing JSON") from None


class Fields:
    """The JSON object of one request; wrong kinds are refused as GitHub refuses them."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    @classmethod
    def parse(cls, body: bytes, listed_as: str | None = None) -> Fields:
        """Read a body; an empty one is an empty object, and a list stands for its field ``listed_as``."""
        values = parse_json(body) if body.strip() else {}
        if isinstance(values, list) and listed_as is not None:
            return cls({listed_as: values})
        if not isinstance(values, dict):
            raise Refused(400, "Body should be a JSON object")
        return cls(values)

    def without(self, *names: str) -> Fields:
        """Return the fields without some of them."""
        return Fields({name: value for name, value in self._values.items() if name not in names})

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def raw(self, name: str) -> object:
        """Return a value as it came, or None."""
        return self._values.get(name)

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        if name not in self._values:
            raise malformed(f'"{name}" wasn\'t supplied.')
        value = self._values[name]
        if not isinstance(value, str):
            raise self._wrong(name, "string")
        return value

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a text; null and absent are the default."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(name, "string")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value; a text is not one."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(name, "boolean")
        return value

    def number(self, name: str) -> int | None:
        """Return a whole number; digits in a text will do, as with the real service."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isdecimal() and len(value) < 19:
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "integer")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; labels may also be objects with a name."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "array")
        found = [item.get("name") if isinstance(item, dict) else item for item in value]
        if not all(isinstance(item, str) for item in found):
            raise malformed(f"For 'properties/{name}/items', it is not a string.")
        return [str(item) for item in found]

    def moment(self, name: str) -> datetime | None:
        """Return a time with its zone."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise malformed(f"For 'properties/{name}', {json.dumps(value)} is not a valid date-time.")

    def _wrong(self, name: str, kind: str) -> Refused:
        shown = json.dumps(self._values[name])
        article = "an" if kind[0] in "aeiou" else "a"
        return malformed(f"For 'properties/{name}', {shown} is not {article} {kind}.")
