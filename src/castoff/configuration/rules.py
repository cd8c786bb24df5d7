"""Which values of one table contradict each other?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from castoff.configuration.places import Conflict, Impossible, Rule, shown
from castoff.configuration.replacement import defect_of
from castoff.configuration.templates import PLACEHOLDERS, defects
from castoff.configuration.values import (
    Cargo,
    Check,
    Configuration,
    Limit,
    Python,
    Release,
    Replace,
    Website,
)


def of_release(release: Release) -> Iterator[Conflict]:
    """Find contradictions: a facade that is excluded."""
    if release.facade is None:
        return
    for pattern in release.exclude:
        if fnmatchcase(release.facade, pattern):
            yield _conflict(
                "facade",
                f"the facade `{shown(release.facade)}` is excluded by `{shown(pattern)}`",
                "narrow the pattern, or name another facade",
            )


def of_replace(rule: Replace) -> Iterator[Conflict]:
    """Find contradictions: two ways of counting, templates and patterns that are none."""
    if rule.count is not None and (rule.min is not None or rule.max is not None):
        yield _conflict(
            "count", "`count` says it exactly, so `min` and `max` say nothing", "keep one of them"
        )
    elif rule.max is not None and rule.max < (1 if rule.min is None else rule.min):
        yield _conflict("max", "`max` is smaller than `min`, which is 1 where it is not said", "raise `max`")
    for key, text in (("search", rule.search), ("replace", rule.replace)):
        for defect in defects(text, PLACEHOLDERS):
            yield Conflict(key, Impossible(defect.message, defect.remedy, code=defect.code))
            return
    found = defect_of(rule, _SAMPLE)
    if found is not None:
        yield Conflict(*found)


def of_check(check: Check) -> Iterator[Conflict]:
    """Find contradictions: a check is a command, or a file, a pattern and a value."""
    text = {"file": check.file, "pattern": check.pattern, "equals": check.equals}
    given = [key for key, value in text.items() if value is not None]
    missing = [key for key, value in text.items() if value is None]
    if check.command is not None and given:
        yield _conflict("command", f"it has a command and `{given[0]}`", "make two checks of it")
    elif check.command is None and not given:
        yield _conflict("name", "it checks nothing", "give it a `command`, or `file`, `pattern` and `equals`")
    elif check.command is None and missing:
        yield _conflict("name", f"it has no `{missing[0]}`", f"add `{missing[0]}`")


def of_cargo(cargo: Cargo) -> Iterator[Conflict]:
    """Find contradictions: all features and some."""
    if cargo.all_features and cargo.features:
        yield _conflict("features", "`all-features` includes them", "keep one of the two")


def of_python(python: Python) -> Iterator[Conflict]:
    """Find contradictions: a build command, and artifacts that were built elsewhere."""
    if python.build is not None and python.artifacts is not None:
        yield _conflict("build", "nothing is built where `artifacts` names a folder", "keep one of the two")


def of_limit(limit: Limit) -> Iterator[Conflict]:
    """Find limits that limit nothing."""
    if limit.new is None and limit.version is None:
        yield _conflict("", "it sets no limit", "add `new` or `version`: `{burst = 1, every = 600}`")


def of_website(website: Website) -> Iterator[Conflict]:
    """Find contradictions: pages without a repository, two sources of one page."""
    if website.pages and website.repository is None:
        yield _conflict("pages", "there are pages, but no repository for them", "add `repository`")
    if website.repository is not None and not website.pages:
        yield _conflict("repository", "there is a repository, but no page for it", "add `pages`")
    yield from _twice("pages", "page", [page.to for page in website.pages])


def of_all(configuration: Configuration) -> Iterator[Conflict]:
    """Find contradictions between tables."""
    yield from _twice("check", "check", [check.name for check in configuration.check])


RULES: Mapping[type, Rule] = {
    Release: of_release,
    Replace: of_replace,
    Check: of_check,
    Cargo: of_cargo,
    Python: of_python,
    Limit: of_limit,
    Website: of_website,
    Configuration: of_all,
}


def _conflict(key: str, message: str, remedy: str) -> Conflict:
    return Conflict(key, Impossible(message, remedy, code="contradiction"))


def _twice(key: str, what: str, names: list[Any]) -> Iterator[Conflict]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _conflict(key, f"two of them make the {what} `{shown(name)}`", "rename or drop one")


_SAMPLE = {
    **dict.fromkeys(PLACEHOLDERS, "1.2.3"),
    "date": "2026-01-31",
    "name": "name",
}
