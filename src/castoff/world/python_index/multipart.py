"""What did the upload form say? The fields of a ``multipart/form-data`` body."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r'\b(name|filename)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Form:
    """The fields by name, each with all of its values, and the file named ``content``."""

    fields: dict[str, tuple[str, ...]]
    filename: str | None
    content: bytes

    def one(self, name: str) -> str:
        """Give the value of a field, empty where it was not sent."""
        values = self.fields.get(name, ())
        return values[0].strip() if values else ""


def parse_form(content_type: str, body: bytes) -> Form | None:
    """Read the form; ``None`` where it is none."""
    match = re.search(r'multipart/form-data;.*?boundary="?([^";]{1,200})"?', content_type)
    if match is None:
        return None
    delimiter = b"\r\n--" + match.group(1).strip().encode()
    fields: dict[str, list[str]] = {}
    filename, content = None, b""
    for part in (b"\r\n" + body).split(delimiter)[1:]:
        if part.startswith(b"--"):
            break
        head, found, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not found:
            return None
        parameters = dict(_PARAMETER.findall(_disposition(head)))
        name = parameters.get("name")
        if name == "content" and "filename" in parameters:
            filename, content = parameters["filename"], value
        elif name is not None:
            fields.setdefault(name, []).append(value.decode("utf-8", "replace"))
    return Form({name: tuple(values) for name, values in fields.items()}, filename, content)


def _disposition(head: bytes) -> str:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            return line[:2000]
    return ""
