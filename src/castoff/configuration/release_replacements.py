"""What does cargo-release's own language of templates, patterns and replacements mean in ours?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from castoff.configuration.places import shown
from castoff.configuration.release_settings import Crate, Setting
from castoff.ports import Tree


class Untaken(Exception):
    """Something that has no meaning here; the text is the reason."""


_THEIRS = re.compile(r"\{\{([a-z_]{1,30})\}\}|\{([a-z][a-z0-9-]{0,40})\}")
_MEANINGS: Mapping[str, str] = {
    "version": "{version}",
    "prev_version": "{previous}",
    "crate_name": "{name}",
    "date": "{date}",
    "tag_name": "{tag}",
    "major": "{major}",
    "minor": "{minor}",
    "patch": "{patch}",
    "metadata": "",
    "prev_metadata": "",
}
_GROUP = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>[A-Za-z0-9_]+)\}|(?P<bare>[A-Za-z0-9_]+))")
_ONLY_RUST = re.compile(r"\[\[:|\\[pPz]|&&|~~|\(\?[a-zA-Z-]*[RUu]")
_KEYS = frozenset({"file", "search", "replace", "min", "max", "exactly", "prerelease"})


def template(value: object, *, prefix: str = "") -> str:
    """Translate a template; text in braces that means nothing to cargo-release stays text.

    Raises:
        Untaken: where it holds a placeholder that has no meaning here, or is no text.
    """
    if not isinstance(value, str):
        raise Untaken("it is no text")
    return _THEIRS.sub(lambda match: _placeholder(match, prefix), value)


def replacements(tree: Tree, setting: Setting, crates: tuple[Crate, ...]) -> Iterator[dict[str, Any]]:
    """Translate `pre-release-replacements`; each file once, though cargo-release goes there for each crate.

    Files count from each crate's folder; those that are nowhere are left out.

    Raises:
        Untaken: with the number of the rule and the reason.
    """
    if not isinstance(setting.value, list):
        raise Untaken("it is no list")
    for number, rule in enumerate(setting.value, start=1):
        try:
            yield from _rules(tree, rule, crates)
        except Untaken as reason:
            raise Untaken(f"rule {number}: {reason}") from None


def _placeholder(match: re.Match[str], prefix: str) -> str:
    theirs, plain = match.groups()
    if plain is not None:
        return f"{{open}}{plain}{{close}}"
    if theirs == "prefix":
        return prefix
    if theirs not in _MEANINGS:
        raise Untaken(f"`{{{{{theirs}}}}}` has no meaning here")
    return _MEANINGS[theirs]


def _rules(tree: Tree, rule: object, crates: tuple[Crate, ...]) -> Iterator[dict[str, Any]]:
    if not isinstance(rule, dict) or not all(
        isinstance(rule.get(key), str) for key in ("file", "search", "replace")
    ):
        raise Untaken("it has no `file`, `search` and `replace`")
    unknown = sorted(set(rule) - _KEYS)
    if unknown:
        raise Untaken(f"`{shown(unknown[0])}` is no key of a replacement")
    common: dict[str, Any] = {
        "search": _search(rule["search"]),
        "prerelease": rule.get("prerelease", False),
        **{ours: rule[theirs] for theirs, ours in _COUNTS if theirs in rule},
    }
    text = _groups(rule["replace"])
    done: set[tuple[str, str]] = set()
    for crate in crates:
        file = normpath(f"{crate.folder}/{rule['file']}" if crate.folder else rule["file"])
        own = template(_of_crate(text, crate))
        if tree.read(file) is not None and (file, own) not in done:
            done.add((file, own))
            yield {"file": file, "replace": own, **common}
    if not done:
        raise Untaken(f"there is no `{shown(rule['file'])}` in any crate")


def _of_crate(theirs: str, crate: Crate) -> str:
    text = theirs.replace("{{crate_name}}", crate.name)
    return text if crate.repository is None else text.replace("{{repository}}", crate.repository)


def _search(theirs: str) -> str:
    if _ONLY_RUST.search(theirs):
        raise Untaken(f"`{shown(theirs)}` is written in a way that Python's regular expressions lack")
    ours = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", theirs)
    return re.sub(r"\{([a-z][a-z0-9-]{0,40})\}", r"{open}\1{close}", ours)


def _groups(theirs: str) -> str:
    return _GROUP.sub(_group, theirs.replace("\\", "\\\\"))


def _group(match: re.Match[str]) -> str:
    return "$" if match["dollar"] else rf"\g<{match['braced'] or match['bare']}>"


_COUNTS = (("min", "min"), ("max", "max"), ("exactly", "count"))
