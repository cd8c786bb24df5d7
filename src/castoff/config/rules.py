"""Values of one table that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from castoff.config.positions import Conflict, Impossible, Rule, shown
from castoff.config.replacement import defect_of
from castoff.config.templates import PLACEHOLDERS, defects
from castoff.config.values import (
    CargoSettings,
    CheckSettings,
    CiSettings,
    Configuration,
    Limit,
    NpmSettings,
    PythonSettings,
    ReleaseSettings,
    Replace,
    WebsiteSettings,
)
from castoff.regexes import regex

_RANGE = regex(r"[vV=^~<>]*[ ]*(?:\d.*|[xX*])")


def of_release(release: ReleaseSettings) -> Iterator[Conflict]:
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
        yield _conflict("count", "`count` is exact, so `min` and `max` have no effect", "keep one of them")
    elif rule.max is not None and rule.max < (1 if rule.min is None else rule.min):
        yield _conflict("max", "`max` is smaller than `min`, which is 1 by default", "raise `max`")
    for key, text in (("search", rule.search), ("replace", rule.replace)):
        for defect in defects(text, PLACEHOLDERS):
            yield Conflict(key, Impossible(defect.message, defect.remedy, code=defect.code))
            return
    found = defect_of(rule, _SAMPLE)
    if found is not None:
        yield Conflict(*found)


def of_check(check: CheckSettings) -> Iterator[Conflict]:
    """Find contradictions: a check is a command, or a file, a pattern and a value."""
    text = {"file": check.file, "pattern": check.pattern, "equals": check.equals}
    given = [key for key, value in text.items() if value is not None]
    missing = [key for key, value in text.items() if value is None]
    if check.command is not None and given:
        yield _conflict("command", f"it has a command and `{given[0]}`", "split it into two checks")
    elif check.command is None and not given:
        yield _conflict("name", "it checks nothing", "give it a `command`, or `file`, `pattern` and `equals`")
    elif check.command is None and missing:
        yield _conflict("name", f"it has no `{missing[0]}`", f"add `{missing[0]}`")


def of_cargo(cargo: CargoSettings) -> Iterator[Conflict]:
    """Find contradictions: all features and some."""
    if cargo.all_features and cargo.features:
        yield _conflict("features", "`all-features` includes them", "keep one of the two")


def of_python(python: PythonSettings) -> Iterator[Conflict]:
    """Find contradictions: a build command, and artifacts that were built elsewhere."""
    if python.build is not None and python.artifacts is not None:
        yield _conflict("build", "nothing is built if `artifacts` names a folder", "keep one of the two")


def of_npm(npm: NpmSettings) -> Iterator[Conflict]:
    """Find dist-tags that npm refuses: those that are ranges of versions."""
    if npm.dist_tag is not None and _RANGE.fullmatch(npm.dist_tag):
        yield Conflict(
            "dist-tag",
            Impossible(
                "npm refuses a dist-tag that is a range of versions", 'write a name such as `"release-1.x"`'
            ),
        )


def of_limit(limit: Limit) -> Iterator[Conflict]:
    """Find limits that limit nothing."""
    if limit.new is None and limit.version is None:
        yield _conflict("", "it sets no limit", "add `new` or `version`: `{burst = 1, every = 600}`")


def of_ci(ci: CiSettings) -> Iterator[Conflict]:
    """Find contradictions: two tokens, wheels that no job builds or that two do."""
    if ci.app is not None and ci.token is not None:
        yield _conflict("app", "`token` is another token for the same jobs", "keep one of the two")
    if ci.wheels and not ci.release:
        yield _conflict("wheels", "wheels are built by the jobs of a release", "add `release = true`")
    if ci.wheel_packages and not ci.wheels:
        yield _conflict("wheel-packages", "no job builds wheels", "name runners in `wheels`")
    yield from _twice("wheels", "wheels of", list(ci.wheels))


def of_website(website: WebsiteSettings) -> Iterator[Conflict]:
    """Find contradictions: pages without a repository, two sources of one page."""
    if website.pages and website.repository is None:
        yield _conflict("pages", "there are pages, but no repository", "add `repository`")
    if website.repository is not None and not website.pages:
        yield _conflict("repository", "there is a repository, but no page", "add `pages`")
    yield from _twice("pages", "page", [page.to for page in website.pages])


def of_all(configuration: Configuration) -> Iterator[Conflict]:
    """Find contradictions between tables."""
    yield from _twice("check", "check", [check.name for check in configuration.check])
    if not configuration.ci.wheels:
        return
    folder = configuration.python.artifacts
    if folder is None or folder.startswith("/"):
        yield _conflict(
            "ci",
            "the wheels of `ci.wheels` need a folder in the repository",
            'name one that git ignores: `artifacts = "dist"` in `[python]`',
        )
    if configuration.release.only_changed:
        yield _conflict(
            "ci",
            "`ci.wheels` builds all packages, and `release.only-changed` releases a part of them",
            "keep one of the two",
        )


RULES: Mapping[type, Rule] = {
    ReleaseSettings: of_release,
    Replace: of_replace,
    CheckSettings: of_check,
    CargoSettings: of_cargo,
    PythonSettings: of_python,
    NpmSettings: of_npm,
    Limit: of_limit,
    WebsiteSettings: of_website,
    CiSettings: of_ci,
    Configuration: of_all,
}


def _conflict(key: str, message: str, remedy: str) -> Conflict:
    return Conflict(key, Impossible(message, remedy, code="contradiction"))


def _twice(key: str, what: str, names: list[Any]) -> Iterator[Conflict]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _conflict(key, f"two of them create the {what} `{shown(name)}`", "rename or remove one")


_SAMPLE = {
    **dict.fromkeys(PLACEHOLDERS, "1.2.3"),
    "date": "2026-01-31",
    "name": "name",
}
