"""What can a text of the configuration not be: a path that leaves the workspace, a pattern that is none, ...

Each function is the check of one kind of text: it gives what is impossible about it, or None.
"""

from __future__ import annotations

import re

from castoff.configuration.forms import Check
from castoff.configuration.patterns import compiled
from castoff.configuration.places import Impossible, shown
from castoff.configuration.templates import PLACEHOLDERS, defects, fill, used


def path(text: str) -> Impossible | None:
    """Check a POSIX path that must stay inside the workspace."""
    found = _path_defect(text)
    if found is None:
        return None
    return Impossible(
        f"`{shown(text)}` {found}",
        reason="a release reads and writes only files of the workspace",
        remedy="write a path from the workspace's root, with `/` between its parts",
        code="path-leaves-workspace",
    )


def glob(text: str) -> Impossible | None:
    """Check a pattern of paths or names: as a path, with `*`, `?` and `[...]`."""
    if text.count("[") != text.count("]"):
        return Impossible(
            f"`{shown(text)}` has a bracket without its partner", "close it, or write `[[]` for it"
        )
    return path(text)


def branch(text: str) -> Impossible | None:
    """Check a branch name or a pattern of branch names."""
    if text.startswith("refs/"):
        return Impossible(f"`{shown(text)}` is a full ref", f"write `{shown(text.split('/')[-1])}`")
    if text.startswith("!"):
        return Impossible(
            f"`{shown(text)}` excludes a branch",
            "name the branches from which releases are made",
            reason="a list of branches only includes",
        )
    if _NOT_IN_REF.search(text) or text.startswith("-") or ".." in text:
        return Impossible(
            f"`{shown(text)}` cannot be a branch", "name a branch, or a pattern like `release/*`"
        )
    return None


def remote(text: str) -> Impossible | None:
    """Check the name of a git remote."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}", text) or "://" in text:
        return Impossible(
            f"`{shown(text)}` is no name of a remote",
            "give the name that `git remote` lists, for example `origin`",
        )
    return None


def tag(text: str) -> Impossible | None:
    """Check the template of a tag: it holds the version once, so that it can be read back, and git takes it."""
    found = _template(text, ("version",))
    if found is not None:
        return found
    if text.count("{version}") != 1:
        return Impossible(
            f"`{shown(text)}` does not hold the version exactly once",
            "write, for example, `v{version}`",
            reason="each release needs a tag of its own, from which its version can be read",
        )
    sample = fill(text, {"version": "1.2.3"})
    if not _is_ref(sample):
        return Impossible(
            f"`{shown(text)}` gives `{shown(sample)}`, which git does not take as a tag", "change it"
        )
    return None


def template(*known: str) -> Check:
    """Make the check of a template in which these placeholders may stand; without any: all."""
    names = known or tuple(PLACEHOLDERS)
    return lambda text: _template(text, names)


def titled(text: str) -> Impossible | None:
    """Check the template of a milestone's title: it must tell versions apart."""
    found = _template(text, ("version", "semver", "pep440", "major", "minor", "patch"))
    if found is None and not used(text) & {"version", "semver", "pep440", "minor"}:
        return Impossible(f"`{shown(text)}` is the same for every version", "put `{version}` into it")
    return found


def pattern(text: str) -> Impossible | None:
    """Check a regular expression (Python's syntax)."""
    try:
        compiled(text)
    except ValueError as error:
        return Impossible(
            f"`{shown(text)}` is no regular expression",
            "mend it, or put it in single quotes so that TOML leaves its backslashes alone",
            reason=str(error),
            code="pattern-invalid",
        )
    return None


def slug(text: str) -> Impossible | None:
    """Check a repository's name on its forge."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", text):
        return Impossible(f"`{shown(text)}` is no repository", "write `owner/name`")
    return None


def one_line(text: str) -> Impossible | None:
    """Check a text that must be one line without control characters."""
    if not all(character.isprintable() for character in text):
        return Impossible(f"`{shown(text)}` holds a line break or a control character", "keep it to one line")
    return None


def _template(text: str, known: tuple[str, ...]) -> Impossible | None:
    for defect in defects(text, known):
        return Impossible(defect.message, defect.remedy, code=defect.code)
    return None


def _path_defect(text: str) -> str | None:
    if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text):
        return "is an absolute path"
    if "\\" in text:
        return "has a backslash in it"
    if not all(character.isprintable() for character in text):
        return "has a control character in it"
    steps = text.split("/")
    if ".." in steps:
        return "leaves the workspace"
    if steps[0] == ".git":
        return "is inside git's own folder"
    return None


def _is_ref(name: str) -> bool:
    bad = _NOT_IN_REF.search(name) or "*" in name or "?" in name or "[" in name
    parts_bad = any(
        not part or part.startswith(".") or part.endswith((".", ".lock")) for part in name.split("/")
    )
    return not (bad or parts_bad or ".." in name or "@{" in name or name.startswith("-") or name == "@")


_NOT_IN_REF = re.compile(r"[\x00-\x20\x7f~^:\\]|//|@\{")
