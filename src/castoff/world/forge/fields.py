"""Body of a request, read field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from castoff.world.forge.answers import Refused, malformed
from castoff.world.messages import Request


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


Schema = dict[str, Any]
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_RESOURCES = {
    "issues": "Issue",
    "pulls": "PullRequest",
    "milestones": "Milestone",
    "releases": "Release",
    "labels": "Label",
    "assets": "ReleaseAsset",
    "branches": "Branch",
}


def require_valid(template: str, request: Request) -> None:
    """Refuse a request whose query or body cannot be meant: 422, or 400 for a body that is not JSON.

    ``template`` is the path of its route, ``/repos/{owner}/{repo}/releases`` for example.
    """
    plain = template.replace("*}", "}").removeprefix("/uploads")
    operation = operations().get(f"{request.method} {plain}", {})
    _require_query(plain, operation, request.query)
    if "body" in operation:
        body = parse_json(request.body) if request.body.strip() else {}
        if isinstance(body, list) and plain.endswith("/labels"):
            # The description has lost this form; PyGithub sends it, and GitHub takes it.
            body = {"labels": body}
        if not isinstance(body, dict):
            raise Refused(400, "Body should be a JSON object")
        for defect in _defects(operation["body"], body, "properties"):
            raise malformed(defect)


@cache
def operations() -> dict[str, Schema]:
    """Load the allowed values by ``METHOD /template``."""
    text = resources.files("castoff.world.forge").joinpath("requests.json").read_text(encoding="utf-8")
    found: dict[str, Schema] = json.loads(text)["operations"]
    return found


def _require_query(template: str, operation: Schema, query: dict[str, list[str]]) -> None:
    for name in operation.get("needed", ()):
        if not query.get(name, [""])[-1].strip():
            raise malformed(f'"{name}" wasn\'t supplied.')
    for name, schema in operation.get("query", {}).items():
        text = query.get(name, [""])[-1]
        if text and any(_defects(schema, _typed(schema, text), "")):
            parts = [part for part in template.split("/") if part in _RESOURCES]
            resource = _RESOURCES[parts[-1]] if parts else "Search"
            error = {"value": text, "resource": resource, "field": name, "code": "invalid"}
            raise Refused(422, "Validation Failed", errors=(error,))


def _typed(schema: Schema, text: str) -> object:
    """Read a query's text as the kind that is wanted; what cannot be read stays text, and does not fit."""
    if schema.get("type") == "integer" and text.lstrip("-").isdecimal():
        return int(text[:18])
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _defects(schema: Schema, value: object, place: str) -> Iterator[str]:
    """Yield what is wrong with a value, in GitHub's words; the first is enough for an answer."""
    if value is None and schema.get("nullable"):
        return
    shown = "nil" if value is None else json.dumps(value)[:200]
    for key in ("oneOf", "anyOf"):
        choices = schema.get(key, ())
        if len(choices) == 1:
            yield from _defects(choices[0], value, place)
        elif choices and all(any(_defects(each, value, place)) for each in choices):
            yield f"For '{place}', {shown} does not match any of the allowed kinds."
    kind = schema.get("type")
    if kind and not _is_kind(value, kind):
        yield f"For '{place}', {shown} is not {'an' if kind[0] in 'aeiou' else 'a'} {kind}."
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"For '{place}', {shown} is not a member of {json.dumps(schema['enum'])}."
    if isinstance(value, dict):
        yield from _defects_of_object(schema, value, place)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"For '{place}', {shown} has too few items."
        for item in value:
            yield from _defects(schema.get("items", {}), item, f"{place}/items")


def _defects_of_object(schema: Schema, value: dict[str, object], place: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f'"{name}" wasn\'t supplied.'
    for name, item in value.items():
        if name in known:
            yield from _defects(known[name], item, f"{place}/{name}")
        elif schema.get("additionalProperties") is False:
            yield f'"{name}" is not a permitted key.'


def _is_kind(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])
