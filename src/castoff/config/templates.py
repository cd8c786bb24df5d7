"""Templates that speak of the release: `{version}`, `{date}` and the like.

A placeholder is a lower-case word in single braces. All other braces are themselves, so that
`kube = { version = "{version}" }` needs no escaping. Where a word in braces is meant as it stands, `{open}`
and `{close}` are the braces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches

from msgspec import Struct

from castoff.errors import ConfigurationError
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.regexes import regex

PLACEHOLDERS: Mapping[str, str] = {
    "version": "the released version, as in the tag",
    "previous": "the previous released version",
    "date": "the day of the release, `YYYY-MM-DD`",
    "name": "the name of the facade, otherwise of the repository",
    "tag": "the tag of the release",
    "previous-tag": "the tag of the previous release",
    "semver": "the version in the form of Cargo and npm (`1.3.0-rc.1`)",
    "pep440": "the version in the form of Python (`1.3.0rc1`)",
    "major": "the first number of the version",
    "minor": "the second number of the version",
    "patch": "the third number of the version",
    "open": "an opening brace",
    "close": "a closing brace",
}

# Double braces first: `{{version}}` is the form of cargo-release, and would otherwise match as `{` +
# placeholder + `}`.
_TOKEN = regex(r"(?P<double>\{\{ ?[A-Za-z_-]{1,40} ?\}\})|\{(?P<name>[a-z][a-z0-9-]{0,40})\}")


class TemplateRelease(Struct, frozen=True, kw_only=True):
    """The release of which templates speak; without a previous one, `{previous}` has no value.

    ``spelling`` says how the tags of the workspace spell versions.
    """

    version: ReleaseVersion
    previous: ReleaseVersion | None
    day: date
    name: str
    tag: str | None = None
    previous_tag: str | None = None
    spelling: Ecosystem = "cargo"

    def values(self) -> dict[str, str]:
        """Return the values of all placeholders that have one."""
        previous = None if self.previous is None else spell(self.previous, self.spelling)
        known = {
            "version": spell(self.version, self.spelling),
            "previous": previous,
            "date": self.day.isoformat(),
            "name": self.name,
            "tag": self.tag,
            "previous-tag": self.previous_tag,
            "semver": spell(self.version, "cargo"),
            "pep440": spell(self.version, "python"),
            "major": str(self.version.major),
            "minor": str(self.version.minor),
            "patch": str(self.version.patch),
        }
        return {name: value for name, value in known.items() if value is not None}


class LiteralText(Struct, frozen=True):
    """A part of a template that stands for itself."""

    text: str


class Placeholder(Struct, frozen=True):
    """A part of a template that a value takes the place of."""

    name: str


Part = LiteralText | Placeholder


class Defect(Struct, frozen=True):
    """What is wrong with a template: fact and remedy."""

    code: str
    message: str
    remedy: str


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values in place of the placeholders; what a value holds is never read as a template.

    Raises:
        ConfigurationError: ``unknown-placeholder``, ``double-braces``, ``placeholder-without-value``.
    """
    for defect in defects(template, PLACEHOLDERS):
        raise ConfigurationError.of(defect.code, defect.message, remedy=defect.remedy)
    return "".join(_text(part, template, values) for part in parts(template))


def parts(template: str) -> tuple[Part, ...]:
    """Take a template apart; words in braces that are no placeholders count as placeholders of that name."""
    found: list[Part] = []
    end = 0
    for match in _TOKEN.finditer(template):
        if match["name"] is None:
            continue
        if match.start() > end:
            found.append(LiteralText(template[end : match.start()]))
        found.append(_part(match["name"]))
        end = match.end()
    if end < len(template):
        found.append(LiteralText(template[end:]))
    return tuple(found)


def used(template: str) -> frozenset[str]:
    """Name the placeholders that a template holds."""
    return frozenset(part.name for part in parts(template) if isinstance(part, Placeholder))


def defects(template: str, known: Iterable[str]) -> tuple[Defect, ...]:
    """Find what is wrong with a template where only these placeholders may stand."""
    names = (*known, "open", "close")
    return tuple(
        defect
        for match in _TOKEN.finditer(template)
        if (defect := _defect(match["double"], match["name"], names)) is not None
    )


def _part(name: str) -> Part:
    match name:
        case "open":
            return LiteralText("{")
        case "close":
            return LiteralText("}")
        case _:
            return Placeholder(name)


def _text(part: Part, template: str, values: Mapping[str, str]) -> str:
    match part:
        case LiteralText(text):
            return text
        case Placeholder(name):
            if name not in values:
                raise ConfigurationError.of(
                    "placeholder-without-value",
                    f"`{{{name}}}` in `{template[:80]}` has no value in this release",
                    reason="a first release has no previous one" if name.startswith("previous") else "",
                    remedy="write a string without it",
                )
            return values[name]


def _defect(double: str | None, name: str | None, known: tuple[str, ...]) -> Defect | None:
    if double is not None:
        word = double.strip("{} ")
        return Defect(
            "double-braces",
            f"`{double}` is in double braces",
            f"write `{{{_RENAMED.get(word, word)}}}`; "
            f"write the literal text as `{{open}}{{open}}{word}{{close}}{{close}}`",
        )
    if name is None or name in known:
        return None
    # Below 0.5 difflib suggests words that share only a few letters.
    near = get_close_matches(_RENAMED.get(name, name), known, n=1, cutoff=0.5)
    hint = f"did you mean `{{{near[0]}}}`?" if near else _listed(known)
    return Defect(
        "unknown-placeholder",
        f"`{{{name}}}` is not a placeholder",
        f"{hint} (write the literal text as `{{open}}{name}{{close}}`)",
    )


def _listed(known: tuple[str, ...]) -> str:
    return "known placeholders: " + ", ".join(f"`{{{name}}}`" for name in known)


_RENAMED = {"prev_version": "previous", "prev-version": "previous", "crate_name": "name", "tag_name": "tag"}
