"""What does a setting of cargo-release mean in the tables of castoff?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from castoff.configuration.release_replacements import Untaken, template

Settings = Mapping[str, Any]
Tables = dict[str, Any]

REMEDIES: Mapping[str, str] = {
    "publish": "write `publish = false` below `[package]` in the `Cargo.toml` of what stays unpublished",
    "release": "name what is no part of the release in `release.exclude` of a `castoff.toml`",
    "rate-limit": "where the registry has other limits than usual, write them below `[limits]` of a `castoff.toml`",
    "target": "set `build.target` in Cargo's configuration",
}


def is_ours(key: str, value: object) -> bool:
    """Say whether castoff does this anyway."""
    return key in _OURS and value in _OURS[key]


def translated(key: str, value: Any, root: Settings) -> Tables:
    """Give the tables of castoff that mean the same; ``root`` holds all settings of the workspace.

    Raises:
        Untaken: with the reason, where nothing means the same.
    """
    if key in _ALONE:
        return _ALONE[key](value)
    if key in _WITH_OTHERS:
        return _WITH_OTHERS[key](value, root)
    raise Untaken(_REASONS.get(key, "it has no meaning here"))


def _message(value: Any) -> Tables:
    return {"release": {"message": template(value)}}


def _tag(value: Any, root: Settings) -> Tables:
    if isinstance(value, str) and "{{crate_name}}" in value:
        raise Untaken("castoff makes one tag for the whole workspace")
    return {"release": {"tag": template(value, prefix=_prefix(root))}}


def _tag_prefix(value: Any, root: Settings) -> Tables:
    if "tag-name" in root:
        return {}  # it stands in that name
    return {"release": {"tag": template(value) + "v{version}"}}


def _tag_message(value: Any, root: Settings) -> Tables:
    if value == "":
        raise Untaken("an empty message means a tag that is no object, and such a tag cannot be signed")
    return {"release": {"tag-message": template(value, prefix=_prefix(root))}}


def _sign(value: Any, root: Settings) -> Tables:
    if not isinstance(value, bool):
        raise Untaken("it is neither true nor false")
    signed = (root.get("sign-commit") is True, root.get("sign-tag") is True)
    word = {(True, True): "both", (True, False): "commit", (False, True): "tag"}.get(signed)
    return {"release": {"sign": word}} if word is not None else {}


def _branches(value: Any) -> Tables:
    names = [name for name in value if name not in ("!HEAD", "HEAD")] if isinstance(value, list) else value
    return {"release": {"branches": names}}


def _hook(value: Any) -> Tables:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list):
        raise Untaken("it is no command")
    command = [template(word) for word in words]
    return {"version": {"run": [{"command": command, "writes": ["**"], "folder": "facade"}]}}


def _features(value: Any, root: Settings) -> Tables:
    return {} if root.get("enable-all-features") is True else {"cargo": {"features": value}}


def _prefix(root: Settings) -> str:
    return template(root.get("tag-prefix", ""))


_ALONE: Mapping[str, Callable[[Any], Tables]] = {
    "pre-release-commit-message": _message,
    "push-remote": lambda value: {"release": {"remote": value}},
    "allow-branch": _branches,
    "pre-release-hook": _hook,
    "enable-all-features": lambda value: {"cargo": {"all-features": value}},
    "registry": lambda value: {"cargo": {"registry": value}},
    "verify": lambda value: {"cargo": {"verify": value}},
}
_WITH_OTHERS: Mapping[str, Callable[[Any, Settings], Tables]] = {
    "tag-name": _tag,
    "tag-prefix": _tag_prefix,
    "tag-message": _tag_message,
    "sign-commit": _sign,
    "sign-tag": _sign,
    "enable-features": _features,
}
_OURS: Mapping[str, tuple[object, ...]] = {
    "shared-version": (True, "workspace"),
    "consolidate-commits": (True,),
    "consolidate-pushes": (True,),
    "dependent-version": ("upgrade", "fix"),
    "metadata": ("optional", "ignore"),
    "push": (True,),
    "tag": (True,),
    "publish": (True,),
    "release": (True,),
    "no-dev-version": (True,),
    "dev-version": (False,),
    "disable-push": (False,),
    "disable-tag": (False,),
    "disable-publish": (False,),
}
"""What castoff does anyway."""

_REASONS: Mapping[str, str] = {
    "shared-version": "castoff releases all packages of a workspace with one version",
    "consolidate-commits": "castoff makes one commit for the whole workspace",
    "consolidate-pushes": "castoff pushes the branch first, which is its claim, and the tag last",
    "dependent-version": "requirements among the packages always move with the version",
    "metadata": "release versions carry no build metadata",
    "push": "the push of the release commit is what makes a release one: nothing goes up before it",
    "disable-push": "the push of the release commit is what makes a release one: nothing goes up before it",
    "push-options": "castoff pushes without options",
    "tag": "every release has a tag",
    "disable-tag": "every release has a tag",
    "publish": "a release without uploads is none",
    "disable-publish": "a release without uploads is none",
    "release": "castoff releases the whole workspace",
    "owners": "castoff does not change who owns a package",
    "rate-limit": "it limits how many packages may go up; castoff keeps to the registry's rates instead",
    "certs-source": "the real cargo uploads, with the certificates that it is configured for",
    "target": "packages are verified for the target that cargo is configured for",
    "post-release-replacements": "nothing is committed after a release",
    "post-release-hook": "nothing is run after a release",
    "post-release-commit-message": "nothing is committed after a release",
}
