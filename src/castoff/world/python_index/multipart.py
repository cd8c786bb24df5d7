"""Upload forms: the fields of a ``multipart/form-data`` body."""

from __future__ import annotations

import re

from msgspec import Struct

_PARAMETER = re.compile(r'\b(name|filename)="((?:[^"\\]|\\.)*)"')


class Form(Struct, frozen=True):
    """The fields by name, each with all of its values, and the file named ``content``, with its type.

    ``stray`` names fields that were sent as files.
    """

    fields: dict[str, tuple[str, ...]]
    filename: str | None
    content: bytes
    content_type: str = ""
    stray: tuple[str, ...] = ()

    def one(self, name: str) -> str:
        """Return the value of a field, empty where it was not sent."""
        values = self.fields.get(name, ())
        return values[0].strip() if values else ""


def parse_form(content_type: str, body: bytes) -> Form | None:
    """Read the form; ``None`` where it is none."""
    match = re.search(r'multipart/form-data;.*?boundary="?([^";]{1,200})"?', content_type)
    if match is None:
        return None
    delimiter = b"\r\n--" + match.group(1).strip().encode()
    fields: dict[str, list[str]] = {}
    filename, content, kind = None, b"", ""
    stray: list[str] = []
    for part in (b"\r\n" + body).split(delimiter)[1:]:
        if part.startswith(b"--"):
            break
        head, found, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not found:
            return None
        parameters = dict(_PARAMETER.findall(_header(head, "content-disposition:")))
        name = parameters.get("name")
        if name == "content" and "filename" in parameters:
            filename, content = parameters["filename"], value
            kind = _header(head, "content-type:").partition(":")[2].strip()
        elif name is not None and "filename" in parameters:
            stray.append(name)
        elif name is not None:
            fields.setdefault(name, []).append(value.decode("utf-8", "replace"))
    return Form(_known(fields), filename, content, kind, tuple(stray))


def _known(fields: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Leave out what old tools write for a value that they do not know, as PyPI does."""
    return {name: tuple(values) for name, values in fields.items() if values[0].strip() != "UNKNOWN"}


def _header(head: bytes, name: str) -> str:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        if line.lower().startswith(name):
            return line[:2000]
    return ""
