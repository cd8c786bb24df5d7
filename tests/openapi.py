"""Does a request or an answer fit GitHub's own description of its API?

``validate`` is for answers, ``validate_request`` for what a client sent. The description is the subset in
``tests/world/forge/github-openapi.json``; statuses that it does not document (500, 502, most 429 ...) have
no schema and pass.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SUBSET = Path(__file__).parent / "world" / "forge" / "github-openapi.json"
_ROOT = "urn:github"


class Unfit(AssertionError):
    """The message names the operation and the first few places that do not fit."""


def validate(method: str, path: str, status: int, body: bytes | str | object) -> str:
    """Check an answer; give the template of its operation, or raise Unfit.

    ``path`` has no query; ``/api/v3``, ``/uploads`` and ``/repositories/N`` in front are understood.
    """
    template, operation = find(method, path)
    responses = operation["responses"]
    answer = _resolved(responses.get(str(status), {}))
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if str(status) not in responses and 200 <= status < 300:
        raise Unfit(f"{method} {template} never answers {status}, but {sorted(responses)}")
    if schema is not None and status >= 400 and "oneOf" in schema:
        # Errors are described by shapes that overlap: one document fits several.
        schema = {"anyOf": schema["oneOf"]}
    if schema is not None:
        _check(f"{method} {template} {status}", schema, _parsed(body))
    return template


def validate_request(method: str, path: str, query: dict[str, list[str]], body: bytes) -> str:
    """Check a request: a known operation, known query parameters of the right kind, a body that fits."""
    template, operation = find(method, path)
    known = {
        item["name"]: item
        for item in map(_resolved, operation.get("parameters", []))
        if item["in"] == "query"
    }
    for name, values in query.items():
        if name not in known:
            raise Unfit(f"{method} {template} has no parameter {name!r}, but {sorted(known)}")
        schema = known[name].get("schema", {})
        _check(f"{method} {template} ?{name}", schema, _typed(schema, values[-1]))
    wanted = _resolved(operation.get("requestBody", {}))
    schema = wanted.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return template
    if not body:
        if wanted.get("required"):
            raise Unfit(f"{method} {template} needs a body")
        return template
    document = json.loads(body)
    _check(f"{method} {template} body", schema, document)
    unknown = set(document) - set(_properties(schema)) if isinstance(document, dict) else set()
    if unknown and _properties(schema):
        raise Unfit(f"{method} {template} body has unknown fields {sorted(unknown)}")
    return template


def find(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """Give the template and the description of an operation; Unfit where GitHub has none."""
    path = re.sub(r"^(/api/v3|/uploads)(?=/)", "", path)
    path = re.sub(r"^/repositories/\d+", "/repos/o/r", path)
    path = re.sub(r"/contents/?$", "/contents/.", path)
    verb = "get" if method.upper() == "HEAD" else method.lower()
    for template, pattern in _patterns():
        if pattern.fullmatch(path) and verb in description()["paths"][template]:
            return template, description()["paths"][template][verb]
    raise Unfit(f"GitHub's description (or our subset of it) has no {method} {path}")


@cache
def description() -> dict[str, Any]:
    """Load the subset."""
    loaded: dict[str, Any] = json.loads(SUBSET.read_text())
    return loaded


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Fixed parts before variable ones; contents, refs, branches, labels and tags may hold slashes."""
    wide = ("{path}", "{ref}", "{branch}", "{name}", "{tag}", "{basehead}")
    found = []
    for template in sorted(description()["paths"], key=_openness):
        parts = [
            (".+" if part in wide else "[^/]+") if part.startswith("{") else re.escape(part)
            for part in template.split("/")
        ]
        found.append((template, re.compile("/".join(parts))))
    return found


def _openness(template: str) -> tuple[bool, list[bool]]:
    return template.endswith("}"), [part.startswith("{") for part in template.split("/")]


def _resolved(value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    found: Any = description()
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(found)


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    schema = _resolved(schema)
    found = dict(schema.get("properties", {}))
    for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        found |= _properties(part)
    return found


def _parsed(body: object) -> object:
    return json.loads(body) if isinstance(body, bytes | str) else body


def _typed(schema: dict[str, Any], text: str) -> object:
    kind = _resolved(schema).get("type")
    if kind == "integer" and text.lstrip("-").isdecimal():
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _check(what: str, schema: dict[str, Any], document: object) -> None:
    errors = sorted(
        _validator(json.dumps(schema)).iter_errors(document), key=lambda error: list(map(str, error.path))
    )
    if errors:
        shown = [
            f"{'/'.join(map(str, error.absolute_path)) or '.'}: {error.message[:300]}" for error in errors[:5]
        ]
        raise Unfit(f"{what} does not fit:\n" + "\n".join(shown))


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(_modern(json.loads(schema)), registry=_registry())


@cache
def _registry() -> Registry[Any]:
    resource = Resource.from_contents(
        {"components": _modern(description()["components"])}, default_specification=DRAFT202012
    )
    found: Registry[Any] = Registry().with_resource(_ROOT, resource)
    return found


def _modern(value: Any) -> Any:
    """Write a schema of OpenAPI 3.0 in today's JSON Schema: null is a type, references have a root."""
    if isinstance(value, list):
        return [_modern(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _modern(item) for key, item in value.items() if key not in ("nullable", "discriminator")}
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = _ROOT + kept["$ref"]
    if value.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, kept]}
    return kept
