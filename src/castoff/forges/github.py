"""GitHub through its REST API, version 2022-11-28; no default host.

Reads are paged to their end, and asked again with the ETag that came with the last answer: what did not change
costs nothing of the rate limit. A write's outcome is judged by its status code: 2xx succeeded, 401 and 403 are
refusals unless the rate limit says otherwise (documented: `x-ratelimit-remaining: 0`, or `retry-after`), other
4xx are refusals, 5xx and broken exchanges are unclear. An answer that is not what GitHub documents is no answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from castoff.errors import Problem
from castoff.io.http import Failure, Http, Reply, retry_after
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.attestations import Statement, read_statement
from castoff.model.observations import Answer, Unknown
from castoff.model.tokens import TokenFacts
from castoff.ports import Clock, ForgeAsset, ForgeRelease, NewRelease, Rights
from castoff.redaction import plain
from castoff.regexes import regex
from castoff.text.addresses import split_url

_NEXT = regex(r'<([^<>]{1,2000})>;\s*rel="next"')
# 100 rows a page: GitHub ends most listings far earlier. The bound protects from a server that repeats its
# `next` link.
_PAGES = 200


class GitHub:
    """One repository on GitHub, or on what speaks like it."""

    def __init__(
        self, http: Http, clock: Clock, *, api_url: str, web_url: str, slug: str, token: str | None
    ) -> None:
        self._http = http
        self._clock = clock
        self._api = api_url.rstrip("/")
        self._web = web_url.rstrip("/")
        self.slug = slug
        self._token = token
        self._known: dict[str, Reply] = {}

    def rights(self) -> Rights | Unknown:
        """Ask what the token may do: by the status, and by ``permissions`` in the repository's answer."""
        if not self._token:
            return "no-token"
        reply = self._ask("GET", f"{self._api}/repos/{self.slug}", None)
        # 404 stands for "private and not yours" as well (docs.github.com, "Troubleshooting the REST API").
        if isinstance(reply, Reply) and reply.status in (401, 404):
            return "bad-token" if reply.status == 401 else "not-seen"
        if isinstance(reply, Failure) or reply.status != 200:
            return self.unknown(reply)
        value = _json(reply)
        if not isinstance(value, dict):
            return Unknown(reason="the forge's answer is not an object")
        # Without `permissions` in the answer nothing is known, and the first write decides.
        may = value.get("permissions")
        return "read" if isinstance(may, dict) and may.get("push") is False else "write"

    def token_facts(self) -> TokenFacts | Unknown:
        """Read the scopes of a classic token, and the end of one that has an end, from the headers of an answer.

        Tokens of apps and fine-grained ones have permissions, which no answer lists.
        """
        reply = self._ask("GET", f"{self._api}/repos/{self.slug}", None)
        if isinstance(reply, Failure) or reply.status not in (200, 404):
            return self.unknown(reply)
        # Only classic tokens have this header (docs.github.com, "Scopes for OAuth apps").
        scopes = reply.headers.get("x-oauth-scopes")
        return TokenFacts(
            scopes=None if scopes is None else tuple(one.strip() for one in scopes.split(",") if one.strip()),
            expires=_moment(reply.headers.get("github-authentication-token-expiration", "")),
        )

    def releases(self) -> Sequence[ForgeRelease] | Answer:
        """List all releases, drafts included (with a token that may push)."""
        listed = self.listing(f"/repos/{self.slug}/releases")
        if isinstance(listed, Unknown):
            return listed
        found = [_release(row) for row in listed]
        # One row that cannot be read makes the whole answer unknown: the missing row could be the release
        # that is looked for.
        whole = [release for release in found if release is not None]
        return (
            whole
            if len(whole) == len(found)
            else Unknown(reason="the forge lists a release without id or tag")
        )

    def create_release(self, release: NewRelease) -> Outcome:
        """Create a release or a draft."""
        return self.write("POST", f"/repos/{self.slug}/releases", _release_body(release))

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        """Write a release anew."""
        return self.write("PATCH", f"/repos/{self.slug}/releases/{number}", _release_body(release))

    def delete_release(self, number: int) -> Outcome:
        """Delete a draft; gone already is as good."""
        outcome = self.write("DELETE", f"/repos/{self.slug}/releases/{number}", None)
        # Deleting twice is a success: the first answer may have been lost.
        gone = isinstance(outcome, Refused) and self.read(f"/repos/{self.slug}/releases/{number}") is None
        return Succeeded() if gone else outcome

    def attach(self, release: ForgeRelease, name: str, content: bytes) -> Outcome:
        """Attach a file of text to a release, at the host that the forge names for uploads."""
        url = release.upload_url.partition("{")[0]
        if not self._is_uploads(url):
            return Unclear(reason="the forge names no address of its own for the files of the release")
        path = f"the files of the release `{release.tag}`"
        headers = {**self._headers(), "Content-Type": "text/plain; charset=utf-8"}
        reply = self._http.ask("POST", f"{url}?name={quote(name)}", headers=headers, body=content)
        return self._judged(reply, "POST", path)

    def detach(self, asset: ForgeAsset) -> Outcome:
        """Remove a file of a release; gone already is as good."""
        path = f"/repos/{self.slug}/releases/assets/{asset.id}"
        outcome = self.write("DELETE", path, None)
        # As with releases: the answer of a first deletion may have been lost.
        return Succeeded() if isinstance(outcome, Refused) and self.read(path) is None else outcome

    def attached(self, asset: ForgeAsset) -> bytes | Unknown:
        """Fetch a file of a release; the media type asks for its bytes."""
        url = f"{self._api}/repos/{self.slug}/releases/assets/{asset.id}"
        headers = {**self._headers(), "Accept": "application/octet-stream"}
        reply = self._http.ask("GET", url, headers=headers)
        if isinstance(reply, Failure) or reply.status != 200:
            return self.unknown(reply)
        return reply.body

    def _is_uploads(self, url: str) -> bool:
        """Return whether an address may get the token: the API's host, or `uploads.` in the place of its `api.`."""
        api, found = split_url(self._api), split_url(url)
        hosts = {api.netloc, re.sub(r"^api\.", "uploads.", api.netloc)}
        return found.scheme == api.scheme and found.netloc in hosts

    def immutable(self) -> bool | Unknown:
        """Ask whether published releases are immutable; without the right to read that, the newest release tells.

        404 is "off", and "no administrator" as well (docs.github.com, "Check if immutable releases are enabled").
        """
        shown = self.read(f"/repos/{self.slug}/immutable-releases")
        if isinstance(shown, dict):
            return shown.get("enabled") is True
        seen = self.read(f"/repos/{self.slug}")
        may = seen.get("permissions") if isinstance(seen, dict) else None
        if shown is None and isinstance(may, dict) and may.get("admin") is True:
            return False
        rows = self.listing(f"/repos/{self.slug}/releases")
        if isinstance(rows, Unknown):
            return rows
        newest = next((row for row in rows if row.get("draft") is False), {})
        if newest.get("immutable") is True:
            return True
        return Unknown(reason="only an administrator's token may read whether they are")

    def latest(self) -> str | Unknown | None:
        """Name the tag of the latest release: 404 says that there is none."""
        found = self.read(f"/repos/{self.slug}/releases/latest")
        return str(found.get("tag_name") or "") if isinstance(found, dict) else found

    def called(self, slug: str) -> str | Unknown | None:
        """Return the name that a repository has now; GitHub redirects from names that it had before."""
        found = self.read(f"/repos/{quote(slug)}")
        return str(found.get("full_name") or "") if isinstance(found, dict) else found

    def branch_rules(self, branch: str) -> tuple[str, ...] | Unknown:
        """List the rules of rulesets by their types; of classic protection only that it is there."""
        name = quote(branch, safe="")
        rows = self.listing(f"/repos/{self.slug}/rules/branches/{name}")
        shown = self.read(f"/repos/{self.slug}/branches/{name}")
        if isinstance(rows, Unknown):
            return rows
        if isinstance(shown, Unknown):
            return shown
        kinds = sorted({str(row.get("type")) for row in rows})
        # Classic branch protection is not part of the rules endpoint, and its details need admin rights;
        # only the flag is public.
        protected = shown is not None and shown.get("protected") is True and not kinds
        return ("protected",) if protected else tuple(kinds)

    def generated_notes(self, tag: str, target: str, previous: str | None) -> str | Unknown:
        """Ask for the notes that GitHub would generate; it wants the right to write, and writes nothing."""
        body = {"tag_name": tag, "target_commitish": target}
        if previous is not None:
            body["previous_tag_name"] = previous
        reply = self._ask("POST", f"{self._api}/repos/{self.slug}/releases/generate-notes", body)
        if isinstance(reply, Failure) or reply.status != 200:
            return self.unknown(reply)
        value = _json(reply)
        text = value.get("body") if isinstance(value, dict) else None
        return text if isinstance(text, str) else Unknown(reason="the forge's answer has no text")

    def statements(self, digest: str) -> tuple[Statement, ...] | Unknown:
        """List the attestations of a file, page by page; each that cannot be read makes the whole answer unknown."""
        url: str | None = f"{self._api}/repos/{self.slug}/attestations/sha256:{quote(digest)}?per_page=100"
        found: list[Statement] = []
        for _ in range(_PAGES):
            if url is None:
                break
            reply = self._get(url)
            if isinstance(reply, Reply) and reply.status == 404:
                # "None", or a repository that the token may not see.
                seen = self.read(f"/repos/{self.slug}")
                return () if isinstance(seen, dict) else seen or self.unknown(reply)
            if isinstance(reply, Failure) or reply.status != 200:
                return self.unknown(reply)
            value = _json(reply)
            rows = value.get("attestations") if isinstance(value, dict) else None
            if not isinstance(rows, list):
                return Unknown(reason="the forge's answer is not a list of attestations")
            try:
                found += [read_statement(row["bundle"]) for row in rows]
            except (ValueError, KeyError, TypeError) as error:
                return Unknown(reason=f"an attestation of the forge cannot be read: {str(error)[:200]}")
            url = self._following(reply)
        return tuple(found)

    def listing(self, path: str, parameters: str = "") -> list[dict[str, object]] | Unknown:
        """Read a list, page by page."""
        url: str | None = f"{self._api}{path}?per_page=100{parameters}"
        rows: list[dict[str, object]] = []
        for _ in range(_PAGES):
            if url is None:
                break
            reply = self._get(url)
            if isinstance(reply, Failure) or reply.status != 200:
                return self.unknown(reply)
            page = _json(reply)
            if not isinstance(page, list) or not all(isinstance(row, dict) for row in page):
                return Unknown(reason="the forge's answer is not a list of objects")
            rows.extend(page)
            url = self._following(reply)
        return rows

    def _following(self, reply: Reply) -> str | None:
        """Return the next page by the Link header, as the documentation asks; the token goes to the same host alone."""
        found = _NEXT.search(reply.headers.get("link", ""))
        return found.group(1) if found and found.group(1).startswith(self._api + "/") else None

    def read(self, path: str) -> dict[str, object] | Unknown | None:
        """Read one object; None where it is not there (404)."""
        reply = self._get(self._api + path)
        # Absent only by an explicit 404; every other status is unknown.
        if isinstance(reply, Reply) and reply.status == 404:
            return None
        if isinstance(reply, Failure) or reply.status != 200:
            return self.unknown(reply)
        value = _json(reply)
        return value if isinstance(value, dict) else Unknown(reason="the forge's answer is not an object")

    def graphql(self, query: str) -> dict[str, object] | Unknown:
        """Ask one GraphQL query; returns its data. Errors in the answer make it unknown, with the first reason.

        That something inside the repository is not there is no error: its field is null.
        """
        url = (
            # GitHub Enterprise Server has REST below `/api/v3` and GraphQL at `/api/graphql`.
            self._api.removesuffix("/v3") + "/graphql"
            if self._api.endswith("/api/v3")
            else self._api + "/graphql"
        )
        reply = self._ask("POST", url, {"query": query})
        if isinstance(reply, Failure) or reply.status != 200:
            return self.unknown(reply)
        value = _json(reply)
        data = value.get("data") if isinstance(value, dict) else None
        errors = value.get("errors") if isinstance(value, dict) else None
        # GraphQL answers 200 with partial data; an error other than "not found" makes the data incomplete.
        for error in errors if isinstance(errors, list) else ():
            if not _only_missing(error):
                first = error.get("message") if isinstance(error, dict) else error
                return Unknown(
                    reason=f"the forge answered with an error: {_line(self._http.clean(str(first)))}"
                )
        return data if isinstance(data, dict) else Unknown(reason="the forge's answer has no data")

    def write(self, method: str, path: str, body: object) -> Outcome:
        """Do one write and judge it by its status."""
        return self._judged(self._ask(method, self._api + path, body), method, path)

    def _judged(self, reply: Reply | Failure, method: str, path: str) -> Outcome:
        if isinstance(reply, Failure):
            return Unclear(reason=reply.reason)
        if 200 <= reply.status < 300:
            return Succeeded()
        # A 5xx does not show whether the write was carried out, so it is never taken for a refusal.
        if reply.status >= 500:
            return Unclear(reason=f"the forge answered {reply.status}")
        pause = self._pause(reply)
        if pause is not None:
            return Throttled(retry_after=pause, reason=f"the forge answered {reply.status}")
        return Refused(_refusal(reply, method, path))

    def unknown(self, reply: Reply | Failure) -> Unknown:
        """Return why a read gave no answer, and when to ask again where that is known."""
        if isinstance(reply, Failure):
            return Unknown(reason=reply.reason)
        detail = _message(reply)
        reason = f"the forge answered {reply.status}" + (f": {detail}" if detail else "")
        return Unknown(reason=reason, retry_after=self._pause(reply))

    def _get(self, url: str) -> Reply | Failure:
        """Read, and take the answer of the last time where the forge says that it still holds."""
        known = self._known.get(url)
        tag = known.headers.get("etag") if known else None
        reply = self._ask("GET", url, None, etag=tag)
        # Conditional requests do not count against the primary rate limit (docs.github.com, "Best practices
        # for using the REST API").
        if isinstance(reply, Reply) and reply.status == 304 and known is not None:
            return known
        if isinstance(reply, Reply) and reply.status == 200 and reply.headers.get("etag"):
            self._known[url] = reply
        return reply

    def _ask(self, method: str, url: str, body: object, *, etag: str | None = None) -> Reply | Failure:
        headers = self._headers()
        if etag:
            headers["If-None-Match"] = etag
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        return self._http.ask(method, url, headers=headers, body=data)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**headers, **({"Authorization": f"Bearer {self._token}"} if self._token else {})}

    def _pause(self, reply: Reply) -> float | None:
        """Read the rate limit: seconds to wait, None where this is no matter of limits."""
        # The rate limits answer with either (docs.github.com, "Rate limits for the REST API").
        if reply.status not in (403, 429):
            return None
        # `retry-after` belongs to the secondary limit and takes precedence over the reset of the primary
        # one.
        asked = retry_after(reply.headers, self._clock.now())
        if asked is not None:
            return asked
        reset = reply.headers.get("x-ratelimit-reset", "")
        if reply.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(1.0, int(reset) - self._clock.now().timestamp())
        # The documentation asks for at least a minute where no header says more; a 403 without headers is a
        # refusal.
        return 60.0 if reply.status == 429 else None


def _moment(text: str) -> datetime | None:
    """Read `2026-11-23 10:00:00 UTC`, or the same with an offset."""
    # The documentation does not fix the form of the time zone: both a name and an offset occur.
    for form in ("%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z"):
        try:
            found = datetime.strptime(text.strip(), form)  # noqa: DTZ007 - UTC is named by the text
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _release_body(release: NewRelease) -> dict[str, object]:
    body: dict[str, object] = {
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "draft": release.draft,
        "prerelease": release.prerelease,
    }
    if release.body is not None:
        body["body"] = release.body
    # Not sent unless the caller decided, so that an update keeps what the release has.
    if release.latest is not None:
        body["make_latest"] = "true" if release.latest else "false"
    return body


def _release(row: dict[str, object]) -> ForgeRelease | None:
    number, tag = row.get("id"), row.get("tag_name")
    assets = _assets(row.get("assets"))
    if not isinstance(number, int) or not isinstance(tag, str) or assets is None:
        return None
    return ForgeRelease(
        id=number,
        tag=tag,
        name=str(row.get("name") or ""),
        body=str(row.get("body") or ""),
        draft=row.get("draft") is True,
        prerelease=row.get("prerelease") is True,
        url=str(row.get("html_url") or ""),
        created_at=_time(row.get("created_at")),
        updated_at=_time(row.get("updated_at")),
        published_at=_time(row.get("published_at")),
        target=str(row.get("target_commitish") or ""),
        assets=assets,
        upload_url=str(row.get("upload_url") or ""),
    )


def _assets(rows: object) -> tuple[ForgeAsset, ...] | None:
    """Read the files of a release; None where one of them cannot be read."""
    found: list[ForgeAsset] = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or not isinstance(row.get("id"), int):
            return None
        kind, _, digest = str(row.get("digest") or "").partition(":")
        found.append(
            ForgeAsset(
                id=row["id"],
                name=str(row.get("name") or ""),
                digest=digest if kind == "sha256" else None,
                # `starter`: the upload broke off ("REST API endpoints for release assets").
                is_whole=row.get("state") in (None, "uploaded"),
            )
        )
    return tuple(found)


def _only_missing(error: object) -> bool:
    path = error.get("path") if isinstance(error, dict) else None
    # `NOT_FOUND` at the repository itself means no access, and is an error.
    inside = isinstance(path, list) and len(path) > 1 and path[0] == "repository"
    return inside and isinstance(error, dict) and error.get("type") == "NOT_FOUND"


def _time(value: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return when if when is not None and when.tzinfo is not None else None


def _json(reply: Reply) -> object:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _message(reply: Reply) -> str:
    value = _json(reply)
    message = value.get("message") if isinstance(value, dict) else None
    return _line(message) if isinstance(message, str) else ""


def _line(text: str) -> str:
    return " ".join(plain(text)[:256].split("\n"))


def _complaints(reply: Reply) -> list[dict[str, object]]:
    """Return field and code of each error in a refusal."""
    value = _json(reply)
    errors = value.get("errors") if isinstance(value, dict) else None
    rows = errors if isinstance(errors, list) else []
    return [{key: one.get(key) for key in ("field", "code")} for one in rows if isinstance(one, dict)]


def _refusal(reply: Reply, method: str, path: str) -> Problem:
    said = _message(reply) or "no reason given"
    # 404 on a write is how GitHub answers a token without access to a private repository.
    if reply.status in (401, 403, 404):
        return Problem(
            code="unauthorized" if reply.status == 401 else "permission-denied",
            message=f"the forge answered {reply.status} to {method} {path}",
            reason=said,
            remedy="use a token that may write to the repository (GH_TOKEN, GITHUB_TOKEN, or `gh auth login`)",
        )
    # A rule of its own about the name, of which there is one: it was used by an immutable release (observed:
    # microsoft/hve-core#554, github-community-projects/ospo-reusable-workflows#83).
    if reply.status == 422 and {"field": "tag_name", "code": "custom"} in _complaints(reply):
        return Problem(
            code="tag-name-refused",
            message="the forge does not publish a release under this name of a tag",
            reason=said,
            remedy="release the next version, whose tag has a new name, and say in its notes what this one brought; "
            "what is uploaded stays",
        )
    return Problem(
        code="forge-refused",
        message=f"the forge answered {reply.status} to {method} {path}",
        reason=said,
        remedy="correct the reported problem, then run `castoff resume --execute`",
    )
