"""Judgement of npm manifests before anything is built: what the registry would refuse, and settings without effect.

The rules of the registry are listed in `registry_rules/npm.toml`, with their sources. Tarballs are judged when they are
packed (`packed_rules`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from castoff.ecosystems.npm.manifest.document import Document
from castoff.ecosystems.npm.manifest.layout import Client, Layouts
from castoff.errors import Problem
from castoff.model.addresses import slug_of, split_remote
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.regexes import regex

_PART = r"[a-z0-9-][a-z0-9._-]*"
_NAME = regex(rf"(?:@[a-z0-9~_-][a-z0-9._~-]*/)?{_PART}")
_SAFE = r"[A-Za-z0-9_.!~*'()-]"
_ANY_NAME = regex(rf"@{_SAFE}+/(?!\.){_SAFE}+|(?![._-]){_SAFE}+")
"""Names that packages have had at any time (`validate-npm-package-name`, `validForOldPackages`)."""
_TAKEN = frozenset({"favicon.ico", "node_modules"})
"""The two names that the registry's own paths take."""
_ACCESS = regex(r"^\s*access\s*=", re.MULTILINE)
_LONGEST_NAME = 214
_MODULES = frozenset((
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector",
    "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline",
    "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm",
    "wasi", "worker_threads", "zlib",
))  # fmt: skip
"""Modules of Node."""

_OVERLAY = frozenset({"main", "module", "types", "typings", "exports", "browser", "bin", "type"})
"""Fields of a manifest that `publishConfig` may exchange, if the client that packs does so."""

_APPLIED: Mapping[Client, frozenset[str]] = {
    "npm": frozenset(),
    "bun": frozenset(),
    "yarn": _OVERLAY - {"typings"},
    "pnpm": _OVERLAY | {"directory"},
}
"""Measured with npm 11 and 12, Bun 1.4, Yarn 4.18 and pnpm 12; Yarn's list is that of its manual ("publishConfig")."""


def judge_npm_metadata(
    layouts: Layouts, packages: Sequence[Package], remote_url: str | None, *, dist_tag: str | None = None
) -> tuple[Problem, ...]:
    """Report what is wrong with manifests for an upload; ``dist_tag`` is that of the configuration.

    Codes: ``metadata-refused``, ``publish-config-ignored``.
    """
    clients = {one.folder: one.client for one in layouts.found}
    known = ((one, layouts.documents.get(one.manifest)) for one in packages if one.ecosystem == "npm")
    return tuple(
        problem
        for package, document in known
        if document is not None
        for problem in (
            *_findings(document, package, clients.get(package.root, "npm"), remote_url),
            *_other_tag(document, package, dist_tag),
        )
    )


def _findings(
    document: Document, package: Package, client: Client, remote_url: str | None
) -> Iterator[Problem]:
    config = document.publish_config
    if not _ANY_NAME.fullmatch(package.name) or package.name.lower() in _TAKEN:
        yield _refused(
            document,
            package,
            "name",
            "no package may have this name",
            "use lower-case letters, digits, `-`, `.` and `_`; none of the last three comes first",
        )
    if config.get("provenance") is True and (fact := _other_repository(document, remote_url)):
        yield _refused(
            document,
            package,
            "repository",
            f"`repository` {fact}, and `publishConfig` asks for a statement of provenance",
            "set `repository.url` to the repository that is released",
        )
    ignored = sorted((set(config) & (_OVERLAY | {"directory"})) - _APPLIED[client])
    if ignored:
        yield _ignored(document, package, ignored, client)


def judge_new_npm_name(package: Package, tree: Tree, *, access: str | None) -> Iterator[Problem]:
    """Judge a package that the registry does not have yet. Code: ``metadata-refused``.

    ``access`` is that of the configuration. A scoped package is private unless somebody says otherwise, and a private
    one is refused (E402) in the middle of the release where the scope has no paid plan.
    """
    document = Document.of(package.manifest, tree.read(package.manifest) or "{}")
    settings = tree.read(".npmrc" if package.root == "." else f"{package.root}/.npmrc") or ""
    is_said = access or "access" in document.publish_config or _ACCESS.search(settings)
    name = package.name
    base = name.rpartition("/")[2]
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or (base == name and name in _MODULES | _TAKEN):
        yield _refused(
            document,
            package,
            "name",
            "no new package may have this name",
            "use at most 214 lower-case letters, digits, `-`, `.` and `_`, and not the name of a module of Node",
        )
    if name.startswith("@") and not is_said:
        yield _refused(
            document,
            package,
            "name",
            "it is new, scoped, and nothing says whether it is public",
            'set `access = "public"` (or `"restricted"`) in `[npm]` of `castoff.toml`, or `access` in `publishConfig`',
        )


def _other_repository(document: Document, remote_url: str | None) -> str:
    written = document.repository
    if written is None:
        return "is missing"
    host, path = split_remote(remote_url or "")
    ours = slug_of(path) if host else None  # a folder is no forge, and no statement comes from there
    theirs = _slug(written)
    if ours is None or theirs is None or theirs.lower() == ours.lower():
        return ""
    return f"names `{theirs[:80]}`, the remote is `{ours}`"


def _slug(written: str) -> str | None:
    text = written.removeprefix("git+").partition("#")[0]
    short = re.fullmatch(r"(?:github:)?([^/:\s]+/[^/:\s]+)", text)
    return short[1].removesuffix(".git") if short else slug_of(split_remote(text)[1])


def _refused(document: Document, package: Package, key: str, fact: str, remedy: str) -> Problem:
    return Problem(
        code="metadata-refused",
        message=f"`{package.name}` would be refused: {fact}",
        reason="registries check each package at its upload, when others may already be published",
        remedy=remedy,
        file=document.file,
        line=document.line(key),
        package=package.id,
    )


def _other_tag(document: Document, package: Package, dist_tag: str | None) -> Iterator[Problem]:
    """Report a dist-tag that has no effect: castoff names one in each upload, and npm lets the command line win."""
    named = document.publish_config.get("tag")
    if isinstance(named, str) and named != dist_tag:
        yield Problem(
            code="publish-config-ignored",
            severity="warning",
            message=f"`publishConfig.tag` of `{package.name}`, `{named[:80]}`, has no effect",
            reason="castoff names the dist-tag of each upload, so that `latest` never goes back",
            remedy=f'set `dist-tag = "{named[:80]}"` in `[npm]` of `castoff.toml` if it is meant, or remove it',
            file=document.file,
            line=document.line("publishConfig", "tag"),
            package=package.id,
        )


def _ignored(document: Document, package: Package, keys: Sequence[str], client: Client) -> Problem:
    named = ", ".join(f"`{key}`" for key in keys)
    return Problem(
        code="publish-config-ignored",
        severity="warning",
        message=f"{client} does not apply {named} of `publishConfig` when it packs `{package.name}`",
        reason="the tarball keeps the fields of the manifest itself, which users then resolve",
        remedy="write the values for users into the manifest, or use a client that applies them, such as pnpm",
        file=document.file,
        line=document.line("publishConfig", keys[0]),
        package=package.id,
    )
