"""A client and a repository for the tests of the embedded forge."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from castoff.world.forge import Forge
from castoff.world.messages import Request, Response
from openapi import validate

BASE = "http://127.0.0.1:1"
REPO = "/repos/acme/kit"


@dataclass
class Work:
    """A bare repository that commits are made in, without a work tree."""

    path: Path
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def git(self, *arguments: str, text: str = "", env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *arguments],
            input=text.encode(),
            capture_output=True,
            check=True,
            env={**os.environ, **_identity(self.at), **(env or {})},
        )
        return done.stdout.decode().strip()

    def commit(
        self,
        branch: str,
        files: dict[str, str] | None = None,
        message: str = "work",
        *,
        onto: str | None = None,
        merging: str | None = None,
    ) -> str:
        """Put a commit on a branch; ``merging`` is a second parent."""
        self.at += timedelta(hours=1)
        index = {"GIT_INDEX_FILE": str(self.path / "test-index")}
        (self.path / "test-index").unlink(missing_ok=True)
        tips = self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        parent = onto or tips
        if parent:
            self.git("read-tree", parent, env=index)
        if merging:
            tree = self.git("merge-tree", "--write-tree", parent, merging).split()[0]
            self.git("read-tree", tree, env=index)
        for name, text in (files or {}).items():
            blob = self.git("hash-object", "-w", "--stdin", text=text)
            self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", env=index)
        tree = self.git("write-tree", env=index)
        parents = [option for one in (parent, merging) if one for option in ("-p", one)]
        sha = self.git("commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha

    def tag(self, name: str, target: str = "main") -> None:
        self.at += timedelta(minutes=1)
        self.git("tag", "-a", "-m", name, name, target)


@dataclass
class Client:
    """Speaks to the forge without a socket; every answer is held against GitHub's description."""

    forge: Forge
    token: str = "writer"
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, url: str, body: object = None, *, checked: bool = True, **headers: str
    ) -> Response:
        parts = urlsplit(url)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"user-agent": "tests", **self.headers, **given}
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        raw = body if isinstance(body, bytes) else (b"" if body is None else json.dumps(body).encode())
        path = unquote(parts.path)
        answer = self.forge.handle(Request(method, path, parse_qs(parts.query), sent, raw, BASE))
        if checked and path != "/graphql":
            validate(method, path, answer.status, answer.body)
        return answer

    def get(self, url: str, status: int = 200, **headers: str) -> Any:
        return _value(self.ask("GET", url, None, checked=True, **headers), status)

    def post(self, url: str, body: object = None, status: int = 201) -> Any:
        return _value(self.ask("POST", url, {} if body is None else body), status)

    def patch(self, url: str, body: object, status: int = 200) -> Any:
        return _value(self.ask("PATCH", url, body), status)

    def put(self, url: str, body: object = None, status: int = 200) -> Any:
        return _value(self.ask("PUT", url, {} if body is None else body), status)

    def delete(self, url: str, body: object = None, status: int = 204) -> Any:
        return _value(self.ask("DELETE", url, body), status)

    def as_(self, token: str) -> Client:
        return Client(self.forge, token, self.headers)


def _value(answer: Response, status: int) -> Any:
    assert answer.status == status, (answer.status, answer.body[:2000])
    return json.loads(answer.body) if answer.body else None


def _identity(at: datetime) -> dict[str, str]:
    when = at.isoformat()
    return {
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_DATE": when,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
