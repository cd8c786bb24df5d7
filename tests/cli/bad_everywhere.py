"""Kinds of bad input that reach every command: files, repositories, remotes, versions, environment and answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli.bad_repositories import CORE
from cli.ground import Ground, Spoil

HUGE = 200_000
"""Bytes; far more than any file of the kind has, and still quick to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of bad input; ``code`` is the stable code that `plan minor` ends with, or None where it may go on.

    What is committed is pushed as well: plans and releases start from the remote's branch.
    """

    name: str
    code: str | None = None
    spoil: Spoil = lambda ground: None
    environment: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Mapping[str, object], ...] = ()


def _text(path: str, content: str | bytes) -> Spoil:
    def spoil(ground: Ground) -> None:
        _clear(ground.checkout / path)
        ground.write(path, content)
        ground.push()

    return spoil


def _edit(path: str, old: str, new: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        ground.replace(path, old, new)
        ground.push()

    return spoil


def _folder(path: str) -> Spoil:
    return lambda ground: (_clear(ground.checkout / path), _text(f"{path}/inner", "x")(ground))


def _link(path: str, target: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        full = ground.checkout / path
        _clear(full)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.symlink_to(target)
        ground.push()

    return spoil


def _pipe(path: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        _clear(ground.checkout / path)
        (ground.checkout / path).parent.mkdir(exist_ok=True)
        os.mkfifo(ground.checkout / path)

    return spoil


def _clear(full: Path) -> None:
    if full.is_dir() and not full.is_symlink():
        shutil.rmtree(full)
    full.unlink(missing_ok=True)


def _git(path: str, content: bytes | None) -> Spoil:
    """Replace a file of git's own folder, or remove it."""

    def spoil(ground: Ground) -> None:
        full = ground.checkout / ".git" / path
        _clear(full)
        if content is not None:
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_bytes(content)

    return spoil


def _object(name: str, *, damage: Callable[[Path], None]) -> Spoil:
    """Damage the object that a revision names; packs are unpacked first."""

    def spoil(ground: Ground) -> None:
        folder = ground.checkout / ".git" / "objects"
        identity = ground.git("rev-parse", name).strip()
        for pack in (folder / "pack").glob("*.pack"):
            moved = pack.rename(ground.checkout.parent / f"{ground.checkout.name}.pack")
            data = moved.read_bytes()
            subprocess.run(["git", "unpack-objects", "-q"], cwd=ground.checkout, input=data, check=True)
        shutil.rmtree(folder / "pack")
        full = folder / identity[:2] / identity[2:]
        full.chmod(0o644)
        damage(full)

    return spoil


def _lost(name: str) -> Spoil:
    return _object(name, damage=Path.unlink)


def _garbled(name: str) -> Spoil:
    return _object(name, damage=lambda full: full.write_bytes(b"no object"))


def _run(*arguments: str) -> Spoil:
    return lambda ground: ground.git(*arguments)


def _all(*spoils: Spoil) -> Spoil:
    def spoil(ground: Ground) -> None:
        for one in spoils:
            one(ground)

    return spoil


def _remote(url: str) -> Spoil:
    return _run("remote", "set-url", "origin", url)


def _config(text: str | bytes) -> Spoil:
    return _text("castoff.toml", text)


def _tagged(*names: str, of: str = "HEAD") -> Spoil:
    return _all(*(_run("tag", name, of) for name in names), _run("push", "--quiet", "origin", *names))


def _program(name: str, script: str) -> Spoil:
    """Let another program stand for a client of this machine."""

    def spoil(ground: Ground) -> None:
        folder = ground.checkout.parent / f"{ground.checkout.name}.bin"
        folder.mkdir()
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
        ground.environment["PATH"] = f"{folder}{os.pathsep}{ground.here.environment['PATH']}"

    return spoil


def _version(text: str) -> Spoil:
    return _edit(CORE, 'version = "1.0.0"', f"version = {text}")


def _answers(
    service: str, path: str, body: str, status: int = 200, method: str = "GET"
) -> Mapping[str, object]:
    return {"service": service, "method": method, "path": path, "effect": {"status": status, "body": body}}


_ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)

UNREADABLE, MISSING, TOML = "configuration-unreadable", "member-missing", "toml-invalid"
_PLACES = {
    "configuration": "castoff.toml",
    "manifest": CORE,
    "root manifest": "pyproject.toml",
    "changelog": "CHANGELOG.md",
    "notes configuration": ".github/release.yml",
}
_LINKED = (UNREADABLE, MISSING, UNREADABLE, "file-unreadable", UNREADABLE)
_SHAPES: Mapping[str, tuple[Callable[[str], Spoil], tuple[str | None, ...]]] = {
    "folder": (_folder, (UNREADABLE, MISSING, UNREADABLE, None, UNREADABLE)),
    "pipe": (_pipe, (UNREADABLE, None, UNREADABLE, None, UNREADABLE)),
    "link to nothing": (lambda path: _link(path, "gone"), _LINKED),
    "link to itself": (lambda path: _link(path, Path(path).name), _LINKED),
    "link out of the workspace": (lambda path: _link(path, "/etc/hostname"), _LINKED),
    "not UTF-8": (
        lambda path: _text(path, b"\xff\xfe\x00"),
        (UNREADABLE, "file-not-text", UNREADABLE, "file-not-text", UNREADABLE),
    ),
    "null characters": (lambda path: _text(path, "a\0b\n"), (TOML, TOML, TOML, None, None)),
    "huge": (lambda path: _text(path, "#x\n" * (HUGE // 3)), (None, MISSING, None, None, None)),
    "one long line": (lambda path: _text(path, "[" * HUGE), (TOML, TOML, TOML, None, None)),
    "byte order mark": (lambda path: _text(path, b"\xef\xbb\xbf# x\n"), (None, MISSING, None, None, None)),
    "empty": (lambda path: _text(path, ""), (None, MISSING, None, None, None)),
}
"""How a file is bad, and the codes for each of the places; a pipe is only seen in the checkout."""

FILES = tuple(
    Kind(name=f"{what}: {how}", code=code, spoil=make(path))
    for how, (make, codes) in _SHAPES.items()
    for (what, path), code in zip(_PLACES.items(), codes, strict=True)
)

CONFIGURED = (
    Kind(name="unknown key", code="unknown-key", spoil=_config("[release]\nbranchs = []\n")),
    Kind(name="wrong type", code="wrong-type", spoil=_config("[release]\nbranches = 7\n")),
    Kind(name="impossible value", code="impossible-value", spoil=_config('[release]\nsign = "perhaps"\n')),
    Kind(name="contradiction", code="contradiction", spoil=_config('[website]\nrepository = "a/b"\n')),
    Kind(name="missing key", code="missing-key", spoil=_config('[[replace]]\nsearch = "a"\n')),
    Kind(
        name="not a number",
        code="impossible-value",
        spoil=_config("[limits.x]\nnew = {burst = 1, every = nan}\n"),
    ),
    Kind(name="number without end", code="toml-invalid", spoil=_config("[due]\ndays = " + "9" * 5000 + "\n")),
    Kind(name="deep configuration", code="toml-invalid", spoil=_config("a = " + "[" * 5000)),
    # Since tomli 2.5, a key has at most 1000 parts; before, it was an unknown key.
    Kind(name="deep tables", spoil=_config("[" + ".".join("a" * 3000) + "]\n")),
    Kind(
        name="path out of the workspace",
        code="path-leaves-workspace",
        spoil=_config('[changelog]\nfile = "../x"\n'),
    ),
    Kind(
        name="linked folder out of the workspace",
        spoil=_all(_link("out", "/etc"), _config('[changelog]\nfile = "out/hostname"\n')),
    ),
    Kind(
        name="bad pattern",
        code="pattern-invalid",
        spoil=_config("[[replace]]\nfile='a'\nsearch='('\nreplace=''\n"),
    ),
    Kind(
        name="unknown placeholder", code="unknown-placeholder", spoil=_config('[release]\nmessage = "{x}"\n')
    ),
    Kind(name="unknown facade", code="unknown-facade", spoil=_config('[release]\nfacade = "x"\n')),
    Kind(
        name="website of no forge", spoil=_config("[website]\nrepository='a/b'\npages=[{from='n',to='n'}]\n")
    ),
    Kind(name="all excluded", code="nothing-to-publish", spoil=_config('[release]\nexclude = ["*"]\n')),
    Kind(name="a table of npm without npm", spoil=_config('[npm]\naccess = "public"\n')),
    Kind(
        name="two configurations",
        code="several-configurations",
        spoil=_all(_config(""), _edit("pyproject.toml", "[tool.uv", "[tool.castoff]\n[tool.uv")),
    ),
    Kind(name="unknown remote", spoil=_config('[release]\nremote = "nowhere"\n')),
    Kind(
        name="workspace that is none",
        code="workspace-missing",
        spoil=_config('[release]\nworkspaces = ["packages", "nowhere"]\n'),
    ),
    Kind(name="notes of YAML aliases", spoil=_text(".github/release.yml", _ALIASES)),
    Kind(name="notes of two documents", spoil=_text(".github/release.yml", "a: 1\n---\nb: 2\n")),
    Kind(name="notes of a list", spoil=_text(".github/release.yml", "- a\n")),
    Kind(
        name="notes of a tag of Python", spoil=_text(".github/release.yml", "!!python/object:os.system x\n")
    ),
    Kind(name="release.toml", code="toml-invalid", spoil=_text("release.toml", "sign-commit = 7\n[x")),
    Kind(name="lock file", spoil=_text("uv.lock", "version = [")),
    Kind(name="lock file of bytes", spoil=_text("uv.lock", b"\xff\xfe")),
    Kind(name="settings of uv", code="toml-invalid", spoil=_text("uv.toml", "[[index")),
    Kind(name="submodules", spoil=_text(".gitmodules", '[submodule "a"\n path = ../x\n')),
    Kind(name="attributes", spoil=_text(".gitattributes", b"\xff" * 5000 + b"\n[attr]x\n")),
    Kind(name="names of bytes", spoil=lambda ground: (_bytes(ground), ground.push())),
    Kind(name="workflow", spoil=_text(".github/workflows/a.yml", "on: [\n\t- x")),
    Kind(name="workflow of a link", spoil=_link(".github/workflows/a.yml", "/etc/passwd")),
)


def _bytes(ground: Ground) -> None:
    (ground.checkout / "\udcff\n.md").write_text("x", encoding="utf-8")


VERSIONS = (
    Kind(name="version of words", code="version-invalid", spoil=_version('"one"')),
    Kind(name="version of a calendar", code="version-unsupported", spoil=_version('"2026.04.1"')),
    Kind(name="version of an epoch", code="version-unsupported", spoil=_version('"1!1.0.0"')),
    Kind(name="version below zero", code="version-invalid", spoil=_version('"-1.0.0"')),
    Kind(name="version of many digits", code="version-invalid", spoil=_version(f'"{"9" * 5000}.0.0"')),
    Kind(
        name="version of many digits that fit",
        code="version-unsupported",
        spoil=_version(f'"{"9" * 40}.0.0"'),
    ),
    Kind(name="version of other digits", code="version-invalid", spoil=_version('"١.٠.٠"')),
    Kind(name="version of a number", code="manifest-invalid", spoil=_version("1")),
    Kind(name="version of a list", code="manifest-invalid", spoil=_version("[1, 0]")),
    Kind(name="empty version", code="version-invalid", spoil=_version('""')),
    Kind(name="version of control characters", code="version-invalid", spoil=_version('"1.0.0\\u001b"')),
    Kind(
        name="bad requirement",
        code="requirement-invalid",
        spoil=_edit("packages/proof/pyproject.toml", "==1.0.0", "=="),
    ),
    Kind(
        name="long requirement",
        code="requirement-excludes-release",
        spoil=_edit("packages/proof/pyproject.toml", "==1.0.0", "==" + "9" * 6000),
    ),
    Kind(name="bad name", code="name-invalid", spoil=_edit(CORE, '"proof-core"', '"-p !"')),
    Kind(name="name of a list", code="manifest-invalid", spoil=_edit(CORE, '"proof-core"', '["a"]')),
    Kind(name="no project table", spoil=_edit(CORE, "[project]", "[tool.x]")),
    Kind(name="project of a list", code="manifest-invalid", spoil=_edit(CORE, "[project]", "[[project]]")),
    Kind(
        name="members of numbers",
        code="manifest-invalid",
        spoil=_edit("pyproject.toml", '["packages/*"]', "[1]"),
    ),
    Kind(name="members out of the workspace", spoil=_edit("pyproject.toml", '["packages/*"]', '["../*"]')),
    Kind(name="members of a bad pattern", spoil=_edit("pyproject.toml", '["packages/*"]', '["pack[ages/*"]')),
    Kind(
        name="tags of no version",
        code="tag-unsupported",
        spoil=_tagged("latest", "v", "1", "1.x", "é", "2026.04.1", "9" * 200),
    ),
    Kind(name="tag of a tree", spoil=_tagged("1.0.7", of="HEAD^{tree}")),
    Kind(name="tag of a file", spoil=_tagged("1.0.7", of="HEAD:NEWS.txt")),
    Kind(name="tag of a tag", code="tag-of-another-version", spoil=_tagged("1.0.7", of="1.0.0")),
    Kind(name="tags of two schemes", spoil=_tagged("v1.0.5", "rel-1.0.6", "core-v1.0.0", "core@1.0.0")),
)

REPOSITORIES = (
    Kind(
        name="no repository",
        code="not-a-repository",
        spoil=lambda ground: shutil.rmtree(ground.checkout / ".git"),
    ),
    Kind(name="no head", code="not-a-repository", spoil=_git("HEAD", None)),
    Kind(name="head of nothing", code="repository-unreadable", spoil=_git("HEAD", b"")),
    Kind(name="head of garbage", code="repository-unreadable", spoil=_git("HEAD", b"\xff\xfe\n")),
    Kind(name="head of no branch", code="no-commits", spoil=_git("HEAD", b"ref: refs/heads/none\n")),
    Kind(name="head of no object", code="clone-failed", spoil=_git("refs/heads/main", b"1" * 40 + b"\n")),
    Kind(name="branch of garbage", code="clone-failed", spoil=_git("refs/heads/main", b"garbage\n")),
    Kind(
        name="tag of no object",
        code="version-below-manifests",
        spoil=_git("refs/tags/1.0.9", b"1" * 40 + b"\n"),
    ),
    Kind(name="tag of garbage", spoil=_git("refs/tags/1.0.9", b"garbage\n")),
    Kind(name="packed refs of garbage", code="clone-failed", spoil=_git("packed-refs", b"garbage\n")),
    Kind(name="index of garbage", code="git-failed", spoil=_git("index", b"DIRCgarbage")),
    Kind(name="lock of the index", spoil=_git("index.lock", b"")),
    Kind(name="configuration of git", code="repository-unreadable", spoil=_git("config", b"[core\n")),
    Kind(name="configuration of git with bytes", spoil=_git("config", b"[user]\n\tname = \xff\xfe\n")),
    Kind(
        name="no objects",
        code="repository-unreadable",
        spoil=lambda ground: shutil.rmtree(ground.checkout / ".git" / "objects"),
    ),
    Kind(name="commit lost", code="clone-failed", spoil=_lost("HEAD")),
    Kind(name="parent lost", code="git-failed", spoil=_lost("HEAD~1")),
    Kind(name="tree lost", code="git-failed", spoil=_lost("HEAD^{tree}")),
    Kind(name="file lost", code="object-missing", spoil=_lost(f"HEAD:{CORE}")),
    Kind(name="tag lost", spoil=_lost("refs/tags/1.0.0")),
    Kind(name="commit garbled", code="clone-failed", spoil=_garbled("HEAD")),
    Kind(name="tree garbled", code="git-failed", spoil=_garbled("HEAD^{tree}")),
    Kind(name="file garbled", code="object-missing", spoil=_garbled(f"HEAD:{CORE}")),
    Kind(name="alternates of nowhere", spoil=_git("objects/info/alternates", b"/nowhere/objects\n")),
    Kind(name="grafts", spoil=_git("info/grafts", b"garbage\n")),
    Kind(name="shallow file of garbage", code="clone-failed", spoil=_git("shallow", b"garbage\n")),
    Kind(
        name="format of tomorrow",
        code="repository-unreadable",
        spoil=_run("config", "core.repositoryformatversion", "99"),
    ),
    Kind(name="extension of tomorrow", spoil=_run("config", "extensions.tomorrow", "true")),
    Kind(
        name="git folder of nowhere",
        code="repository-unreadable",
        spoil=lambda ground: (
            shutil.rmtree(ground.checkout / ".git"),
            ground.write(".git", "gitdir: /nowhere\n"),
        ),
    ),
    Kind(
        name="git file of bytes",
        code="repository-unreadable",
        spoil=lambda ground: (shutil.rmtree(ground.checkout / ".git"), ground.write(".git", b"\xff\n")),
    ),
    Kind(name="merge half done", spoil=_git("MERGE_HEAD", b"1" * 40 + b"\n")),
    Kind(name="bare", code="repository-unreadable", spoil=_run("config", "core.bare", "true")),
    Kind(
        name="work tree of nowhere",
        code="repository-unreadable",
        spoil=_run("config", "core.worktree", "/nowhere/tree"),
    ),
    Kind(name="hooks of nowhere", spoil=_run("config", "core.hooksPath", "/nowhere/hooks")),
    Kind(
        name="dates before time",
        spoil=_run("-c", "user.name=x", "commit", "--quiet", "--allow-empty", "-m", "x", "--date=@0 +0000"),
    ),
    Kind(
        name="message of bytes",
        spoil=_run(
            "-c", "i18n.commitEncoding=latin1", "commit", "--quiet", "--allow-empty", "-m", "\udcff\udcfe"
        ),
    ),
)

REMOTES = (
    Kind(name="remote of nowhere", spoil=_remote("/nowhere/at/all.git")),
    Kind(name="remote of a file", spoil=_remote("/etc/hostname")),
    Kind(
        name="remote of an option",
        spoil=_git("config", b'[remote "origin"]\n\turl = "--upload-pack=touch pwned"\n'),
    ),
    Kind(name="remote of a command", spoil=_remote("ext::sh -c 'touch pwned'")),
    Kind(name="remote of nothing", spoil=_git("config", b'[remote "origin"]\n\turl =\n')),
    Kind(name="remote of a closed port", spoil=_remote("https://127.0.0.1:1/a/b.git")),
    Kind(name="remote of a bad port", spoil=_remote("https://127.0.0.1:99999999/a/b.git")),
    Kind(name="remote of a bad host", spoil=_remote("https://[::1/a/b.git")),
    Kind(name="remote of an unknown scheme", spoil=_remote("gopher://127.0.0.1/a/b.git")),
    Kind(name="remote of control characters", spoil=_remote("https://127.0.0.1:1/a\x1b/b\n.git")),
    Kind(name="remote of no repository", spoil=_remote("https://github.com/acme")),
    Kind(name="remote of a long address", spoil=_remote("https://127.0.0.1:1/" + "a" * 20_000)),
    Kind(name="remote of ssh", spoil=_remote("ssh://-oProxyCommand=touch pwned/a/b")),
    Kind(name="no remote", code="no-remote", spoil=_run("remote", "remove", "origin")),
    Kind(name="no release branch", spoil=_run("checkout", "--quiet", "-b", "feature")),
    Kind(name="detached", spoil=_run("checkout", "--quiet", "--detach")),
)

_ENVIRONMENT = {
    "time": {"CASTOFF_NOW": "soon"},
    "time before time": {"CASTOFF_NOW": "0000-00-00T00:00:00Z"},
    "time far away": {"CASTOFF_NOW": "9999-12-31T23:59:59-23:59"},
    "grace of no number": {"PUBLISH_GRACE_SLEEP": "nan"},
    "grace below zero": {"PUBLISH_GRACE_SLEEP": "-1"},
    "grace without end": {"PUBLISH_GRACE_SLEEP": "1e999"},
    "temporary folder": {"TMPDIR": "/nowhere"},
    "temporary folder of a file": {"TMPDIR": "/etc/hostname"},
    "home": {"HOME": "/nowhere"},
    "home of a file": {"HOME": "/etc/hostname"},
    "home of a long name": {"HOME": "/" + "h" * 5000},
    "settings of a long name": {"XDG_CONFIG_HOME": "/" + "c" * 5000, "XDG_CACHE_HOME": "/" + "c" * 5000},
    "no programs": {"PATH": "/nowhere"},
    "empty path": {"PATH": ""},
    "token of two lines": {"GH_TOKEN": "a\nb"},
    "token of other letters": {"GH_TOKEN": "é\udcff"},
    "empty token": {"GH_TOKEN": "", "GITHUB_TOKEN": ""},
    "forge of no address": {"GITHUB_API_URL": "nowhere"},
    "forge of a file": {"GITHUB_API_URL": "file:///etc/passwd"},
    "forge of a bad port": {"GITHUB_API_URL": "http://127.0.0.1:99999999"},
    "forge of a bad host": {"GITHUB_API_URL": "https://[::1/api"},
    "forge of a closed port": {"GITHUB_API_URL": "http://127.0.0.1:1"},
    "proxy": {"HTTPS_PROXY": "::bad::", "HTTP_PROXY": "::bad::"},
    "proxy of a bad port": {"HTTPS_PROXY": "http://127.0.0.1:bad", "HTTP_PROXY": "http://127.0.0.1:bad"},
    "certificates": {"SSL_CERT_FILE": "/nowhere/ca.pem"},
    "certificates of text": {"SSL_CERT_FILE": "/etc/hostname"},
    "index of no address": {"UV_DEFAULT_INDEX": "nowhere", "UV_INDEX_URL": "nowhere"},
    "index of a file": {"UV_DEFAULT_INDEX": "file:///etc"},
    "index of a bad host": {"UV_DEFAULT_INDEX": "https://[::1/simple"},
    "upload address": {"UV_PUBLISH_URL": "nowhere"},
    "upload address of a bad host": {"UV_PUBLISH_URL": "https://[::1/upload"},
    "settings of uv": {"UV_CONFIG_FILE": "/nowhere/uv.toml"},
    "settings of pip": {"PIP_CONFIG_FILE": "/etc"},
    "git folder": {"GIT_DIR": "/nowhere"},
    "git's index": {"GIT_INDEX_FILE": "/nowhere/index"},
    "git's configuration count": {"GIT_CONFIG_COUNT": "many"},
    "git's configuration": {"GIT_CONFIG_GLOBAL": "/etc/hostname"},
    "git's dates": {"GIT_AUTHOR_DATE": "soon", "GIT_COMMITTER_DATE": "soon"},
    "git's author": {"GIT_AUTHOR_NAME": "<>", "GIT_AUTHOR_EMAIL": "\n"},
    "git's ssh": {"GIT_SSH_COMMAND": "/nowhere/ssh"},
    "build date": {"SOURCE_DATE_EPOCH": "nan"},
    "locale": {"LC_ALL": "xx_XX.bad", "LANG": "xx"},
    "ascii": {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    "terminal": {"TERM": "bogus", "COLUMNS": "nan", "LINES": "-5"},
    "narrow terminal": {"COLUMNS": "0"},
    "editor": {"EDITOR": "/nowhere/editor", "VISUAL": "'"},
    "job": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": "/nowhere",
        "GITHUB_REF": "\n",
        "GITHUB_RUN_ID": "x",
    },
    "output of a job": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": "/nowhere/x",
        "GITHUB_STEP_SUMMARY": "/etc",
    },
}

ENVIRONMENTS = tuple(
    Kind(name=f"environment: {name}", environment=values) for name, values in _ENVIRONMENT.items()
)

PROGRAMS = tuple(
    Kind(name=f"{name} that {how}", spoil=_program(name, script))
    for name in ("git", "uv", "gh")
    for how, script in {
        "fails": "exit 1",
        "is killed": "kill -9 $$",
        "prints bytes": "printf '\\377\\376\\n'",
        "prints nothing": "exit 0",
        "prints much": "yes '{' | head -c 300000",
    }.items()
)

_FORGE = (
    "*/releases",
    "*/milestones",
    "/repos/*/harbour",
    "*/branches*",
    "*/git/*",
    "*/labels*",
    "*/issues*",
)
_BODIES = {
    "page": "<html><body>Sign in</body></html>",
    "half an answer": '[{"id": ',
    "nothing": "",
    "null": "null",
    "numbers": "[1, 2]",
    "empty objects": "[{}]",
    "an object of lists": '{"name": [], "id": {}, "default_branch": 7, "data": [], "files": 7, "versions": {}}',
    "wrong types": json.dumps(
        [{"id": "x", "tag_name": 7, "draft": "no", "title": None, "number": "n", "body": 1}]
    ),
    "deep": "[" * 100_000,
    "long number": "[" + "9" * 10_000 + "]",
    "bytes": "\udcff",
}
ANSWERS = (
    *(
        Kind(name=f"forge answers {what}", faults=tuple(_answers("forge", path, body) for path in _FORGE))
        for what, body in _BODIES.items()
    ),
    *(
        Kind(name=f"graph answers {what}", faults=(_answers("forge", "/graphql", body, method="POST"),))
        for what, body in _BODIES.items()
    ),
    *(
        Kind(name=f"index answers {what}", faults=(_answers("python", "/simple/*", body),))
        for what, body in _BODIES.items()
    ),
    *(
        Kind(
            name=f"everything answers {status}",
            faults=tuple(_answers(service, "*", "no", status) for service in ("forge", "python")),
        )
        for status in (204, 301, 401, 403, 404, 418, 429, 500, 599)
    ),
)

GROUPS = (FILES, CONFIGURED, VERSIONS, REPOSITORIES, REMOTES, ENVIRONMENTS, PROGRAMS, ANSWERS)
KINDS = tuple(kind for group in GROUPS for kind in group)
