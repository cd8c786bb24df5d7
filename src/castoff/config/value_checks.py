"""Checks of texts in the configuration: paths that leave the workspace, patterns that are none, and the like.

Each function is the check of one kind of text: it gives what is impossible about it, or None.
"""

from __future__ import annotations

import re
import warnings

from castoff.config.fields import Check
from castoff.config.positions import Impossible, shown
from castoff.config.templates import PLACEHOLDERS, defects, fill, used
from castoff.model.refs import PACKAGE_HOLES
from castoff.regexes import regex


def compiled(text: str) -> re.Pattern[str]:
    """Compile a pattern whose `^` and `$` match at lines.

    Raises:
        ValueError: with the reason, where the text is no pattern, or one that a later Python would read
            differently.
    """
    with warnings.catch_warnings():
        # What a later Python reads differently would change a release without a change of its configuration.
        warnings.simplefilter("error")
        try:
            return re.compile(text, re.MULTILINE)
        except (re.error, OverflowError, Warning) as error:
            raise ValueError(str(error).partition("\n")[0]) from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


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


def path_or_absolute(text: str) -> Impossible | None:
    """Check a POSIX path inside the workspace, or an absolute one of a folder that is only read."""
    return path(text.lstrip("/") or "/")


def glob(text: str) -> Impossible | None:
    """Check a pattern of paths or names: as a path, with `*`, `?` and `[...]`."""
    # A lone bracket stands for itself in `fnmatch`, and matches nothing in git: nobody can mean both.
    lone = next((one for one in _BRACKETS.sub("", text) if one in "[]"), None)
    if lone is not None:
        return Impossible(
            f"`{shown(text)}` has an unpaired `{lone}`",
            f"close it, or write `[{lone}]` for the character itself",
        )
    return path(text)


def branch(text: str) -> Impossible | None:
    """Check a branch name or a pattern of branch names."""
    if text.startswith("refs/"):
        return Impossible(f"`{shown(text)}` is a full ref", f"write `{shown(text.split('/')[-1])}`")
    if text.startswith("!"):
        return Impossible(
            f"`{shown(text)}` excludes a branch",
            "list the release branches",
            reason="patterns can only include branches",
        )
    # git-check-ref-format; a leading dash would be an option of git.
    if _NOT_IN_REF.search(text) or text.startswith("-") or ".." in text:
        return Impossible(
            f"`{shown(text)}` cannot be a branch", "use a branch, or a pattern like `release/*`"
        )
    return None


def remote(text: str) -> Impossible | None:
    """Check the name of a git remote."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}", text) or "://" in text:
        return Impossible(
            f"`{shown(text)}` is not the name of a remote",
            "use a name that `git remote` lists, for example `origin`",
        )
    return None


def variable(text: str) -> Impossible | None:
    """Check the name of an environment variable."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,199}", text) is None:
        return Impossible(
            f"`{shown(text)}` is not the name of an environment variable",
            "write the name alone, for example `UV_INDEX_HOUSE_PASSWORD`",
        )
    return None


def tag(text: str) -> Impossible | None:
    """Check the template of a tag: it holds the version once, so that it can be read back, and git takes it."""
    return _tag(text, ("version",), "v{version}")


def package_tag(text: str) -> Impossible | None:
    """Check the template of tags per package: as that of a tag, with the package once."""
    found = _tag(text, ("version", *(hole[1:-1] for hole in PACKAGE_HOLES)), "{package}-v{version}")
    if found is None and sum(text.count(hole) for hole in PACKAGE_HOLES) != 1:
        return Impossible(
            f"`{shown(text)}` does not contain the package exactly once",
            "write, for example, `{package}-v{version}`",
            reason="each package needs a tag of its own",
        )
    return found


def tag_glob(text: str) -> Impossible | None:
    """Check a pattern of tag names."""
    if text.startswith("refs/"):
        return Impossible(f"`{shown(text)}` is a full ref", f"write `{shown(text.split('/', 2)[-1])}`")
    if text.count("[") != text.count("]"):
        return Impossible(
            f"`{shown(text)}` has an unpaired bracket", "close it, or write `[[]` for the character itself"
        )
    return one_line(text)


def _tag(text: str, known: tuple[str, ...], example: str) -> Impossible | None:
    found = _template(text, known)
    if found is not None:
        return found
    if text.count("{version}") != 1:
        return Impossible(
            f"`{shown(text)}` does not contain the version exactly once",
            f"write, for example, `{example}`",
            reason="each release needs a tag of its own, from which its version can be read",
        )
    # Judged with a version in it: the braces of the template are not part of any tag.
    name = text
    for hole in PACKAGE_HOLES:
        name = name.replace(hole, "x")
    name = fill(name, {"version": "1.2.3"})
    if not _is_ref(name):
        return Impossible(
            f"`{shown(text)}` gives `{shown(name)}`, which git does not accept as a tag", "change it"
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
        return Impossible(f"`{shown(text)}` is the same for every version", "add `{version}`")
    return found


def pattern(text: str) -> Impossible | None:
    """Check a regular expression (Python's syntax)."""
    try:
        compiled(text)
    except ValueError as error:
        return Impossible(
            f"`{shown(text)}` is not a regular expression",
            "fix it, or use single quotes, in which TOML does not interpret backslashes",
            reason=str(error),
            code="pattern-invalid",
        )
    return None


def slug(text: str) -> Impossible | None:
    """Check a repository's name on its forge."""
    # The longest name of an account on GitHub has 39 characters.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", text):
        return Impossible(f"`{shown(text)}` is not a repository", "write `owner/name`")
    return None


def runner(text: str) -> Impossible | None:
    """Check the label of a machine, which a workflow and names of files hold."""
    if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text) is None:
        return Impossible(
            f"`{shown(text)}` is not the label of a runner",
            "use letters, digits, dots, dashes and underscores",
        )
    return None


def one_line(text: str) -> Impossible | None:
    """Check a text that must be one line without control characters."""
    if not all(character.isprintable() for character in text):
        return Impossible(f"`{shown(text)}` has a line break or a control character", "keep it to one line")
    return None


def _template(text: str, known: tuple[str, ...]) -> Impossible | None:
    # The first one: the others often go with it.
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
        return "is inside git's folder"
    return None


def _is_ref(name: str) -> bool:
    bad = _NOT_IN_REF.search(name) or "*" in name or "?" in name or "[" in name
    parts_bad = any(
        not part or part.startswith(".") or part.endswith((".", ".lock")) for part in name.split("/")
    )
    return not (bad or parts_bad or ".." in name or "@{" in name or name.startswith("-") or name == "@")


_BRACKETS = regex(r"\[!?\]?[^\]]*\]")
"""A set of characters as `fnmatch` reads it: a `]` that comes first belongs to the set."""
_NOT_IN_REF = regex(r"[\x00-\x20\x7f~^:\\]|//|@\{")
