"""State of the documentation of a crate on docs.rs, and what it shows.

`/crate/NAME/VERSION/status.json` is 404 while the build is queued: docs.rs makes a release's row when its build
starts. An answer may be for another version (docs.rs falls back to a caret match), so its `version` is compared. A
requirement such as `=VERSION` would match no yanked version: that would look like a build that is queued for ever.
`doc_status` is false both while the build runs and after it failed. What tells these apart is the structure of
`/crate/NAME/VERSION/builds` (docs.rs, `templates/crate/builds.html`): a running build is an element of the class
`build-in-progress`, one that ended is a link to `.../builds/NUMBER`, and that page exists.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import quote

from castoff.io.http import Failure, Http, Reply, retry_after
from castoff.model.observations import Unknown
from castoff.ports import Clock, DocsBuild, SymbolList
from castoff.regexes import regex


class Structure(HTMLParser):
    """The links, the classes and the preformatted text of one page."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.classes: set[str] = set()
        self._pre: list[list[str]] = []
        self._depth = 0
        self.feed(html)
        self.close()

    @property
    def preformatted(self) -> str:
        """Return the longest preformatted text: the log, where one is shown."""
        # Decision: the longest one. The page of a build has other `<pre>` elements (rustc version,
        # arguments), which are short.
        return max(("".join(part) for part in self._pre), key=len, default="")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links and classes, and where preformatted text begins."""
        values = dict(attrs)
        self.classes.update((values.get("class") or "").split())
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        if tag == "pre":
            self._depth += 1
            self._pre.append([])

    def handle_endtag(self, tag: str) -> None:
        """Note where preformatted text ends."""
        if tag == "pre":
            self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        """Keep preformatted text."""
        if self._depth and self._pre:
            self._pre[-1].append(data)


DOCS_RS = "https://docs.rs"
_BUILD = regex(r"/builds/(\d{1,12})(?:/[\w.-]{0,200})?/?(?:\?[^#]{0,200})?(?:#.{0,200})?$")
_LARGEST = 30_000_000


class DocsRs:
    """docs.rs, or what answers like it at ``root``."""

    def __init__(self, http: Http, clock: Clock, root: str = DOCS_RS) -> None:
        self._http = http
        self._clock = clock
        self._root = root.rstrip("/")

    def look(self, name: str, version: str) -> DocsBuild | Unknown:
        """Return how far the build of exactly this version is.

        A build may end between the status and the page of builds: a failure is told only where the status, asked
        again after the page, still knows no documentation.
        """
        if (known := self._status(name, version)) is not None:
            # The status alone is enough for "queued", "built" and errors; only "not built" needs the page
            # of builds.
            return known
        builds, number = self._builds(name, version), self._last_build(name, version)
        if isinstance(number, Unknown):
            return number
        if number is None:
            return DocsBuild(state="building", url=builds)
        # Race: a build that ended between the two requests has a number, but its first status was still
        # "not built".
        return self._status(name, version) or DocsBuild(state="failed", url=f"{builds}/{number}")

    def log(self, name: str, version: str) -> str | Unknown:
        """Return the log of the last build that ended; "" where there is none."""
        number = self._last_build(name, version)
        if number is None or isinstance(number, Unknown):
            return number or ""
        reply = self._get(f"/crate/{quote(name)}/{quote(version)}/builds/{number}")
        if isinstance(reply, Failure) or reply.status != 200:
            return self._unknown(reply)
        return Structure(reply.text).preformatted

    def symbols(self, name: str, version: str) -> SymbolList | Unknown:
        """Give rustdoc's list of all items."""
        url = self._documentation(name, version) + "all.html"
        reply = self._http.ask("GET", url)
        if isinstance(reply, Failure) or reply.status != 200:
            return self._unknown(reply)
        package = name.replace("-", "_")
        return SymbolList(kind="rustdoc", package=package, data=reply.body[:_LARGEST], url=url)

    def page(self, url: str) -> str | Unknown:
        """Read a page of the host."""
        # The address comes from a page of the host (outside data): another host is never asked.
        if not url.startswith(self._root + "/"):
            return Unknown(reason="the documentation host does not have the page")
        reply = self._http.ask("GET", url)
        if isinstance(reply, Failure) or reply.status != 200:
            return self._unknown(reply)
        return reply.text

    def _status(self, name: str, version: str) -> DocsBuild | Unknown | None:
        """Return what the status alone says; None where the build runs, or failed."""
        reply = self._get(f"/crate/{quote(name)}/{quote(version)}/status.json")
        builds = self._builds(name, version)
        if isinstance(reply, Reply) and reply.status == 404:
            # 404 means "queued": docs.rs inserts a release when its build starts (see the module's
            # docstring).
            return DocsBuild(state="queued", url=builds)
        if isinstance(reply, Failure) or reply.status != 200:
            return self._unknown(reply)
        value = _object(reply)
        if value is None or not isinstance(value.get("doc_status"), bool):
            return Unknown(reason="the documentation host's answer has an undocumented form")
        if value.get("version") != version:
            return DocsBuild(state="queued", url=builds)
        return (
            DocsBuild(state="built", url=self._documentation(name, version)) if value["doc_status"] else None
        )

    def _builds(self, name: str, version: str) -> str:
        return f"{self._root}/crate/{quote(name)}/{quote(version)}/builds"

    def _last_build(self, name: str, version: str) -> int | Unknown | None:
        """Find the last build that ended; None while one is running."""
        path = f"/crate/{quote(name)}/{quote(version)}/builds"
        reply = self._get(path)
        if isinstance(reply, Failure) or reply.status != 200:
            return self._unknown(reply)
        page = Structure(reply.text)
        numbers = [int(match[1]) for link in page.links if (match := _BUILD.search(link))]
        # The class is that of `templates/crate/builds.html` in docs.rs; the page has no JSON form.
        if "build-in-progress" in page.classes or not numbers:
            return None
        # Tie-break: build numbers are a database sequence, so the largest is the newest.
        number = max(numbers)
        shown = self._get(f"{path}/{number}")
        # Race: the row of a build exists before its page.
        if isinstance(shown, Reply) and shown.status == 404:
            return None
        return number if isinstance(shown, Reply) and shown.status == 200 else self._unknown(shown)

    def _documentation(self, name: str, version: str) -> str:
        return f"{self._root}/{quote(name)}/{quote(version)}/{quote(name.replace('-', '_'))}/"

    def _get(self, path: str) -> Reply | Failure:
        return self._http.ask("GET", self._root + path)

    def _unknown(self, reply: Reply | Failure) -> Unknown:
        return unknown(reply, self._clock)


def unknown(reply: Reply | Failure, clock: Clock) -> Unknown:
    """Return why a documentation host gave no answer."""
    if isinstance(reply, Failure):
        return Unknown(reason=f"the documentation host did not answer: {reply.reason}")
    return Unknown(
        reason=f"the documentation host answered {reply.status}",
        retry_after=retry_after(reply.headers, clock.now()),
    )


def _object(reply: Reply) -> dict[str, object] | None:
    try:
        value = json.loads(reply.body)
    # Deeply nested JSON raises RecursionError, not ValueError (CPython's json module).
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
