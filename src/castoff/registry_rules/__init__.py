"""The upload rules of public registries, as data: one table per service, `SERVICE.toml` beside this module.

The tables are read by the documentation, by rehearsals (which print what they cannot prove), by
`scripts/registry-rules`, which compares them with the service's own source, and by the tests. The embedded services
and the checks before an upload are written against the tables, but not with them, so that neither can inherit a
mistake of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import tomli
from msgspec import Struct

from castoff.regexes import regex

_FOLDER = Path(__file__).parent
_SOURCE = regex(r"(?P<document>[\w ]+): (?P<place>[^|]+?) \| (?P<text>.+)")
_SITE = regex(r"(?P<path>\S+?):(?P<line>\d+) (?P<function>\S+) \| (?P<text>.+)")

Judged = Literal["check", "build", "upload", "no"]
"""When castoff judges a rule: from the manifests, on the built files, when a registry is looked at, or never."""


class Site(Struct, frozen=True, kw_only=True):
    """One place in a service's source that refuses; ``text`` begins its message, ``line`` is that of the commit."""

    path: str
    line: int
    function: str
    text: str


class Source(Struct, frozen=True, kw_only=True):
    """One place in the documentation of a service whose source is not public, or where its refusal was seen.

    ``document`` is a key of the table's documents, ``place`` a page, a file or an issue in it.
    """

    document: str
    place: str
    text: str


class RegistryRule(Struct, frozen=True, kw_only=True):
    """One rule of a registry, with its ``sites`` in the service's source, or else its ``sources``.

    ``index`` tells whether the embedded service applies it, ``judged`` when castoff judges it before an upload. A rule
    that is neither, or only in part, has the rest in ``not_provable``: a phrase that begins with "whether" or "how".
    """

    id: str
    rule: str
    status: int
    index: bool
    judged: Judged
    sites: tuple[Site, ...] = ()
    sources: tuple[Source, ...] = ()
    not_provable: str = ""


class RuleTable(Struct, frozen=True, kw_only=True):
    """All rules of one service, as its source had them at a commit, or as ``documents`` have them.

    ``documents`` has a sentence for each document: where it lies, and at which commit it was read. ``tests`` is the
    module whose table has, for each rule that is applied or judged, an upload that breaks it.
    """

    service: str
    ecosystem: str
    read: date
    tests: str
    rules: tuple[RegistryRule, ...]
    repository: str = ""
    commit: str = ""
    documents: dict[str, str] = {}

    @property
    def not_provable(self) -> tuple[str, ...]:
        """Return what neither a check nor a rehearsal can prove, each phrase once, in the order of the table."""
        return tuple(dict.fromkeys(one.not_provable for one in self.rules if one.not_provable))


@cache
def read_rules(service: str) -> RuleTable:
    """Read the table of a service, named as its file is (`pypi`)."""
    import msgspec

    document = tomli.loads((_FOLDER / f"{service}.toml").read_text(encoding="utf-8"))
    rules = document.pop("rule")
    for rule in rules:
        rule["sites"] = [_site(one) for one in rule.get("sites", ())]
        rule["sources"] = [_source(one) for one in rule.get("sources", ())]
    return msgspec.convert({**document, "rules": rules}, RuleTable)


def services() -> tuple[str, ...]:
    """List the services that have a table."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def not_provable_of(ecosystem: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return each service of an ecosystem with what cannot be proven of its rules."""
    for table in map(read_rules, services()):
        if table.ecosystem == ecosystem and table.not_provable:
            yield table.service, table.not_provable


def reference_text() -> str:
    """Render the reference page of all tables, as Markdown."""
    return _HEAD + "".join(_section(read_rules(service)) for service in services())


def _site(text: str) -> dict[str, object]:
    found = _SITE.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is not `PATH:LINE FUNCTION | TEXT`")
    return {**found.groupdict(), "line": int(found["line"])}


def _source(text: str) -> dict[str, str]:
    found = _SOURCE.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is not `DOCUMENT: PLACE | TEXT`")
    return found.groupdict()


def _section(table: RuleTable) -> str:
    rows = "".join(map(_row, table.rules))
    columns = "source: lines" if table.commit else "source"
    head = f"| rule | status | {columns} | embedded service | castoff |\n| --- | --- | --- | --- | --- |\n"
    return f"\n## {table.service}\n\n{_origin(table)}\n\n{head}{rows}"


def _origin(table: RuleTable) -> str:
    if table.commit:
        return f"Read from `{table.repository}` at commit `{table.commit[:12]}` on {table.read}."
    listed = "".join(f"\n- {key}: {text}" for key, text in table.documents.items())
    return (
        "The source of this service is not public. The rules are those of its documentation, of its clients, and of "
        f"refusals that were seen (read on {table.read}):\n{listed}"
    )


def _row(rule: RegistryRule) -> str:
    lines: dict[str, list[str]] = {}
    for one in rule.sites:
        lines.setdefault(one.path, []).append(str(one.line))
    sites = "; ".join(f"`{path}`: {', '.join(numbers)}" for path, numbers in lines.items())
    sites = sites or "; ".join(f"{one.document}: {one.place}" for one in rule.sources)
    made = "yes" if rule.index else "no"
    judged = _JUDGED[rule.judged] + (f"; not provable: {rule.not_provable}" if rule.not_provable else "")
    cells = (f"`{rule.id}`: {rule.rule}", str(rule.status), sites, made, judged)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


_JUDGED = {
    "check": "by `check`",
    "build": "on the built files",
    "upload": "before the upload",
    "no": "no",
}

_HEAD = """# Rules of the registries

<!-- generated by `scripts/generate` from `src/castoff/registry_rules` -->

These rules live in no client: a registry applies them when a file arrives, which may be in the middle of a release.
castoff applies them twice, in code that is not shared: its embedded services refuse what the real one refuses, and its
checks find it before anything is uploaded. `check` judges what the manifests show; the built files are judged before
the first upload, and before the claim where the release is not claimed by a pull request. What neither can know is
"not provable", and a rehearsal prints it at its end.

`scripts/registry-rules SERVICE CHECKOUT` compares a table with the source of its service, if that is public: it lists
places that refuse and have no row, and rows without such a place.
"""
