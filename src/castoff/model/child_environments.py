"""The one place that decides which child process gets which environment.

Every process is started as one of these kinds. It inherits the environment without the credentials that its kind has
no use for: the variables of :mod:`castoff.model.credentials`, every variable that holds a token known to castoff, and
users and passwords within addresses, which are cut out so that the rest of the address still holds. What the user
names in ``release.pass-env`` is given back to that kind of process alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from castoff.model.credentials import Purpose, purpose_of, purpose_of_address
from castoff.regexes import regex


class Kind(StrEnum):
    """What a process is started for."""

    TOOL = "tool"
    BUILD = "build"
    HOOK = "hook"
    COMMIT = "commit"
    CHECK = "check"
    EDITOR = "editor"
    GIT = "git"
    FORGE = "forge"
    CARGO_READ = "cargo-read"
    CARGO_UPLOAD = "cargo-upload"
    PYTHON_READ = "python-read"
    PYTHON_UPLOAD = "python-upload"
    NPM_READ = "npm-read"
    NPM_UPLOAD = "npm-upload"


class ProcessRule(Struct, frozen=True):
    """What one kind of process is, which credentials it sees, and which list of ``release.pass-env`` is for it."""

    runs: str
    sees: tuple[Purpose, ...] = ()
    passed: str | None = None


_BEHIND: tuple[Purpose, ...] = ("cloud", "other")
"""Credential providers, keyrings and helpers run within a client, and may need any of these."""

RULES: Mapping[Kind, ProcessRule] = {
    Kind.TOOL: ProcessRule("questions to programs: versions, toolchains, lists of files"),
    Kind.BUILD: ProcessRule(
        "builds: PEP 517 back ends, `cargo package` and `cargo check` with their build scripts, resolvers, lock files, "
        "trial installs, imported packages",
        passed="build",
    ),
    Kind.HOOK: ProcessRule("commands of `version.run`, the `pre-push` hook", passed="hooks"),
    Kind.COMMIT: ProcessRule(
        "`git commit` and `git tag` with their hooks and the signing program",
        ("agent",),
        passed="hooks",
    ),
    Kind.CHECK: ProcessRule("commands of `[[check]]`", passed="checks"),
    Kind.EDITOR: ProcessRule("the editor"),
    Kind.GIT: ProcessRule(
        "git elsewhere, without hooks: remotes, credential helpers, ssh, filters such as Git LFS",
        ("forge", "git", "agent", *_BEHIND),
    ),
    Kind.FORGE: ProcessRule("`gh`, asked for its token", ("forge",)),
    Kind.CARGO_READ: ProcessRule(
        "look-ups in a cargo registry; no code of a package runs", ("cargo", "agent", *_BEHIND)
    ),
    Kind.CARGO_UPLOAD: ProcessRule(
        "`cargo publish --no-verify` and `cargo yank`",
        ("cargo", "identity", "agent", *_BEHIND),
    ),
    Kind.PYTHON_READ: ProcessRule(
        "look-ups and installs from a Python index with `--no-build`; no code of a package runs",
        ("index", *_BEHIND),
    ),
    Kind.PYTHON_UPLOAD: ProcessRule(
        "`uv publish` and `twine upload`", ("python", "index", "identity", *_BEHIND)
    ),
    Kind.NPM_READ: ProcessRule("look-ups in an npm registry; no code of a package runs", ("npm", *_BEHIND)),
    Kind.NPM_UPLOAD: ProcessRule(
        "`npm publish` of a tarball, `npm dist-tag` and `npm deprecate`; no code of a package runs",
        ("npm", "identity", *_BEHIND),
    ),
}


Given = Mapping[str, Mapping[str, str]]
"""Variables that the user gives back, by list of ``release.pass-env``."""


class ChildEnvironment(Struct, frozen=True):
    """The environment of one process, and the names of the variables that were withheld, whole or in part."""

    variables: Mapping[str, str]
    withheld: tuple[str, ...] = ()


def child_environment(
    kind: Kind, environment: Mapping[str, str], *, given: Given | None = None, tokens: Collection[str] = ()
) -> ChildEnvironment:
    """Return the environment of a process of a kind; ``tokens`` are values that no name gives away."""
    back = (given or {}).get(RULES[kind].passed or "", {})
    # Runs start git hundreds of times with one environment.
    return _decided(kind, tuple(environment.items()), tuple(back.items()), frozenset(tokens))


@lru_cache(256)
def _decided(
    kind: Kind, items: tuple[tuple[str, str], ...], given: tuple[tuple[str, str], ...], tokens: frozenset[str]
) -> ChildEnvironment:
    sees, back, environment = RULES[kind].sees, dict(given), dict(items)
    secrets = _values(environment, tokens)
    variables: dict[str, str] = {}
    withheld: list[str] = []
    for name, value in items:
        if name in back or _GIT_ENTRY.match(name):
            continue
        kept = _kept(name, value, sees, secrets)
        if kept is not None:
            variables[name] = kept
        if kept != value:
            withheld.append(name)
    entries = _git_entries(environment)
    fit = entries if "git" in sees or "GIT_CONFIG_COUNT" in back else _without_access(entries)
    if fit != entries:
        withheld.append("GIT_CONFIG_COUNT")
    variables |= git_variables(fit)
    return ChildEnvironment({**variables, **_plain(back)}, tuple(sorted(withheld)))


def withheld_words(kind: Kind, withheld: Collection[str]) -> str:
    """Return the end of a remedy for a process that failed, perhaps for want of a credential; often empty."""
    key = RULES[kind].passed
    if not withheld or key is None:
        return ""
    names = sorted(withheld)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return f"; it was not given {shown}{more}, which hold credentials: if it needs one, see `release.pass-env.{key}`"


def git_variables(entries: Collection[tuple[str, str]]) -> dict[str, str]:
    """Write settings as the variables that git reads them from (git-config, GIT_CONFIG_COUNT)."""
    variables = {"GIT_CONFIG_COUNT": str(len(entries))} if entries else {}
    for at, (key, value) in enumerate(entries):
        variables |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    return variables


def carries_credentials(text: str) -> bool:
    """Return whether an address in a text has a password, or over http any user, or a token in its query."""
    return any(one.search(text) for one in (_HTTP_USER, _PASSWORD, _QUERY))


def without_userinfo(text: str) -> str:
    """Cut users, passwords and tokens out of all addresses in a text."""
    return _QUERY.sub(r"\1\2=", _PASSWORD.sub(r"\1@", _HTTP_USER.sub(r"\1", text)))


def _kept(name: str, value: str, sees: Collection[Purpose], secrets: Mapping[str, Purpose]) -> str | None:
    """Return the value that a process sees, None if it does not see the variable."""
    if name.upper() in _HARMLESS:
        return value
    purpose = purpose_of(name)
    if purpose is not None and value:
        return value if purpose in sees else None
    kept = value
    if carries_credentials(value) and purpose_of_address(name) not in sees:
        kept = without_userinfo(value)
    recognised = "other" not in sees and _TOKEN.search(kept) is not None
    headers = name == "GIT_CONFIG_PARAMETERS" and "git" not in sees and _ACCESS_IN.search(kept) is not None
    return None if recognised or headers or _holds(kept, secrets, sees) else kept


def _holds(value: str, secrets: Mapping[str, Purpose], sees: Collection[Purpose]) -> bool:
    """Return whether a value is a token that a process does not see, or has a long one within."""
    return any(
        value == secret or (len(secret) >= _VERY_LONG and secret in value)
        for secret, purpose in secrets.items()
        if purpose not in sees
    )


def _values(environment: Mapping[str, str], tokens: Collection[str]) -> dict[str, Purpose]:
    """Return the tokens that count by value, with what they are for."""
    secrets: dict[str, Purpose] = dict.fromkeys((one for one in tokens if len(one) >= _LONG), "other")
    for name, value in environment.items():
        purpose = purpose_of(name)
        if purpose is not None and len(value) >= _VERY_LONG and not _NO_SECRET.search(name):
            secrets[value] = purpose
    return secrets


def _git_entries(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    count = environment.get("GIT_CONFIG_COUNT", "")
    pairs = (
        (environment.get(f"GIT_CONFIG_KEY_{at}"), environment.get(f"GIT_CONFIG_VALUE_{at}"))
        for at in range(min(int(count), 10_000) if count.isdecimal() else 0)
    )
    return [(key, value) for key, value in pairs if key is not None and value is not None]


def _without_access(entries: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the settings that give git access: headers, helpers, addresses with credentials.

    An empty value stays: it takes back the headers and helpers of the user's files (git-config).
    """
    return [
        (key, value)
        for key, value in entries
        if not ((_ACCESS.match(key) and value) or carries_credentials(key) or carries_credentials(value))
    ]


def _plain(back: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in back.items() if not _GIT_ENTRY.match(name)}


_LONG, _VERY_LONG = 8, 16
"""Weak passwords (`postgres`) occur as harmless values elsewhere: only long ones are looked for within others."""

_HARMLESS = frozenset({"HOME", "PATH", "PWD", "OLDPWD", "SHELL", "USER", "LOGNAME", "TMPDIR", "LANG", "TERM"})
_NO_SECRET = regex(
    r"(?:USER|USERNAME|_ID|_URL|_URI|_FILE|_PATH|_PID|_SOCK|_HANDLE|ASKPASS|PROVIDERS?|GOOGLE_[A-Z_]*CREDENTIALS)\Z",
    re.I,
)
"""Variables of which the value is a name, a path, an address or a program, and no secret itself."""

_HTTP_USER = regex(r"(\bhttps?://)[^\s/'\"<>@]{1,500}@", re.I)
_PASSWORD = regex(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/'\"<>@:]{0,200}):[^\s/'\"<>@]{1,500}@", re.I)
_QUERY = regex(
    r"([?&])((?:[a-z]+[_-])?(?:token|password|secret|api_?key|auth|sig|signature))=[^&\s'\"#]{1,500}", re.I
)
_TOKEN = regex(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_\w{30}|glpat-[\w-]{20}|pypi-[\w-]{50}|npm_[A-Za-z0-9]{36})"
)
"""Tokens that their issuers made recognisable (GitHub, GitLab, PyPI, npm: secret scanning)."""

_GIT_ENTRY = regex(r"GIT_CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+)\Z")
_ACCESS = regex(r"credential\.|http\.(?:.*\.)?(?:extraheader|cookiefile|proxyauthmethod|sslkey)\Z", re.I)
_ACCESS_IN = regex(r"extraheader|credential\.|cookiefile", re.I)
