"""Routes of the embedded documentation host: docs.rs's status, builds and pages; Read the Docs' versions.

docs.rs makes a release's row when its build starts: while a build is queued its status is 404 (or, worse, that of
another version, by caret), while it runs and when it failed it is ``false``, and only a look at the builds page
tells these two apart. Requirements such as ``=1.1.0`` are redirected to the version, and match no yanked one. Source:
docs.rs, ``match_release.rs`` and ``handlers``.
"""

from __future__ import annotations

import html
import mimetypes
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from castoff.world.cargo_registry.requirements import precedence
from castoff.world.clock import WorldClock
from castoff.world.docs_host.schedule import DEFAULT, Phase, Schedule, State, parse_schedule
from castoff.world.messages import Request, Response, json_response

_KEYS = {"schedule", "log", "files"}


class Build(Struct, kw_only=True):
    """The documentation of one version; ``files`` is a folder of rustdoc's or Sphinx's output."""

    name: str
    version: str
    number: int
    schedule: Schedule
    log: str = ""
    files: Path | None = None


class Builds:
    """All builds of one kind, by name and version; safe for many threads."""

    def __init__(self, clock: WorldClock, automatic: tuple[Phase, ...] | None = None) -> None:
        """``automatic``: the schedule of builds that an upload sets off."""
        self._clock = clock
        self._automatic = automatic or DEFAULT
        self._lock = threading.Lock()
        self._builds: dict[tuple[str, str], Build] = {}

    def queue(self, name: str, version: str, settings: dict[str, Any] | None = None) -> None:
        """Queue a build, or begin it anew; settings: ``schedule``, ``log``, ``files``."""
        values = settings or {}
        if not set(values) <= _KEYS:
            raise ValueError(f"a build has the keys {sorted(_KEYS)}, not {sorted(set(values) - _KEYS)}")
        files = values.get("files")
        with self._lock:
            known = self._builds.get((name, version))
            usual = self._automatic if known is None else known.schedule.whole
            phases = parse_schedule(values["schedule"]) if "schedule" in values else usual
            if files is None and known is not None:
                files = known.files
            self._builds[name, version] = Build(
                name=name,
                version=version,
                # A build that is begun anew keeps its number here, so that worlds of one seed stay equal.
                number=len(self._builds) + 1 if known is None else known.number,
                schedule=Schedule(phases, self._clock),
                log=str(values.get("log", known.log if known else "")),
                files=None if files is None else Path(files),
            )

    def look(self, name: str, version: str) -> tuple[Build, State] | None:
        """Look at one build, counting the look."""
        with self._lock:
            build = self._builds.get((name, version))
            return None if build is None else (build, build.schedule.look())

    def state(self, name: str, version: str) -> tuple[Build, State] | None:
        """Look at one build without counting."""
        with self._lock:
            build = self._builds.get((name, version))
            return None if build is None else (build, build.schedule.state())

    def of(self, name: str) -> tuple[tuple[Build, State], ...]:
        """Return all builds of a name, the highest version last."""
        return tuple(pair for pair in self.all() if pair[0].name == name)

    def all(self) -> tuple[tuple[Build, State], ...]:
        """Return all builds, by name and version."""
        with self._lock:
            builds = sorted(self._builds.values(), key=lambda build: (build.name, _order(build.version)))
            return tuple((build, build.schedule.state()) for build in builds)


def _order(version: str) -> tuple[object, ...]:
    try:
        return (1, *precedence(version))
    except ValueError:
        return (0, version)


_PLAIN = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,2}(?:-[0-9A-Za-z.-]{1,80})?")


def matching_version(wanted: str, versions: Sequence[str]) -> str | None:
    """Find the version that a request for ``wanted`` gets: ``=x.y.z``, ``x.y.z``, ``x.y``, ``latest``."""
    if wanted.startswith("="):
        return wanted[1:] if wanted[1:] in versions else None
    if wanted in versions:
        return wanted
    ordered = sorted(versions, key=precedence)
    stable = [version for version in ordered if "-" not in version]
    if wanted in ("latest", "*", "newest"):
        return next(reversed(stable or ordered), None)
    if not _PLAIN.fullmatch(wanted.removeprefix("^")):
        return None
    return next((version for version in reversed(stable) if _caret(wanted.removeprefix("^"), version)), None)


def _caret(wanted: str, version: str) -> bool:
    parts = [int(part) for part in wanted.partition("-")[0].split(".")]
    have = [int(part) for part in version.partition("-")[0].split(".")]
    fixed = next((place for place, part in enumerate(parts) if part), len(parts) - 1)
    return have[: fixed + 1] == parts[: fixed + 1] and have >= parts


Found = dict[str, str]
_VERSION = re.compile(r"\d{1,19}\.\d{1,19}\.\d{1,19}(?:[-+][0-9A-Za-z.+-]{1,200})?")
_SETTINGS = {"automatic", "builds", "projects"}


class DocsHost:
    """A documentation host; ``settings`` is what the seed says under ``docs``."""

    def __init__(self, *, clock: WorldClock | None = None, settings: dict[str, Any] | None = None) -> None:
        values = settings or {}
        if not set(values) <= _SETTINGS:
            raise ValueError(f"`docs` may have {sorted(_SETTINGS)}, not {sorted(set(values) - _SETTINGS)}")
        at = clock or WorldClock()
        automatic = parse_schedule(values["automatic"]) if "automatic" in values else None
        self.crates = Builds(at, automatic)
        self.is_yanked: Callable[[str, str], bool] = lambda _name, _version: False
        self.projects = Builds(at, automatic)
        for kind, builds in (("builds", self.crates), ("projects", self.projects)):
            for entry in values.get(kind, ()):
                rest = {key: value for key, value in entry.items() if key not in ("name", "version")}
                builds.queue(str(entry["name"]), str(entry["version"]), rest)
        crate, project = (
            r"/crate/(?P<name>[^/]+)/(?P<version>[^/]+)",
            r"(?P<name>[^/]+)/versions/(?P<version>[^/]+)",
        )
        self._routes: Sequence[tuple[re.Pattern[str], Callable[[Found], Response]]] = [
            (re.compile(rf"{crate}/status\.json"), self._status),
            (re.compile(rf"{crate}/builds/?"), self._builds_page),
            (re.compile(rf"{crate}/builds/(?P<number>\d{{1,9}})(?:/(?P<file>[\w.-]+))?/?"), self._log),
            (re.compile(rf"{crate}/?"), self._crate_page),
            (re.compile(r"/releases/queue/?"), self._queue),
            (re.compile(rf"/api/v3/projects/{project}/"), self._project_version),
            (re.compile(rf"/api/v3/projects/{project}/builds/"), self._project_builds),
            (re.compile(r"/projects/(?P<name>[^/]+)/en/(?P<version>[^/]+)/(?P<path>.*)"), self._project_page),
            (re.compile(r"/(?P<name>[^/]+)/(?P<version>[^/]+)(?:/(?P<path>.*))?"), self._page),
        ]

    def handle(self, request: Request) -> Response:
        """Answer one request; there is nothing to write here."""
        if request.method != "GET":
            return json_response(405, {"message": "the documentation host is read only"}, {"Allow": "GET"})
        for pattern, route in self._routes:
            match = pattern.fullmatch(request.path)
            if match is not None:
                return route({key: value or "" for key, value in match.groupdict().items()})
        return _missing("The requested resource does not exist")

    def dump(self) -> dict[str, object]:
        """Return the state of each build, for the canonical dump of the world."""
        return {
            "crates": [_dumped(*pair) for pair in self.crates.all()],
            "projects": [_dumped(*pair) for pair in self.projects.all()],
        }

    def _status(self, found: Found) -> Response:
        build = self._match(found)
        if build is not None and (moved := _redirect(found, build[0], "/crate/{}/{}/status.json")):
            return moved
        self.crates.look(found["name"], found["version"].removeprefix("="))
        if build is None:
            return json_response(404, {"error": "The requested crate or version does not exist"}, _OPEN)
        version, state = build
        return json_response(200, {"version": version.version, "doc_status": state == "built"}, _OPEN)

    def _match(self, found: Found) -> tuple[Build, State] | None:
        """Find the release that docs.rs would answer for: those whose build has at least begun."""
        rows = {
            build.version: (build, state)
            for build, state in self.crates.of(found["name"])
            if state != "queued"
        }
        # docs.rs matches requirements without yanked versions, and serves a yanked one by its exact number.
        standing = tuple(version for version in rows if not self.is_yanked(found["name"], version))
        wanted = found["version"]
        version = wanted if wanted in rows else matching_version(wanted, standing)
        return None if version is None else rows[version]

    def _builds_page(self, found: Found) -> Response:
        match = self._match(found)
        if match is None:
            return _missing("The requested crate or version does not exist")
        build, state = match
        if moved := _redirect(found, build, "/crate/{}/{}/builds"):
            return moved
        said = {
            "building": "in progress",
            "built": "All builds succeeded",
            "failed": "All builds failed",
            "queued": "",
        }[state]
        link = f"/crate/{build.name}/{build.version}/builds/{build.number}"
        # Only builds that ended are links; one under way is marked by its class alone.
        row = f'<a href="{link}" class="release">{state}</a>'
        if state == "building":
            row = f'<div class="build-in-progress">{said}</div>'
        return _page(
            f"Builds of {build.name} {build.version}",
            f'<div title="{said}">{said}</div><ul><li>{row}</li></ul>',
        )

    def _log(self, found: Found) -> Response:
        match = self._match(found)
        file = f"/{found['file']}" if found["file"] else ""
        if match and (
            moved := _redirect(found, match[0], f"/crate/{{}}/{{}}/builds/{found['number']}{file}")
        ):
            return moved
        # The log of a build is stored when the build ends.
        if match is None or str(match[0].number) != found["number"] or match[1] == "building":
            return _missing("The requested build does not exist")
        build, state = match
        if found["file"]:
            return Response(200, build.log.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        outcome = "failed" if state == "failed" else "succeeded"
        title = f"{build.name} {build.version} build {build.number} {outcome}"
        return _page(title, f"<pre>{html.escape(build.log)}</pre>")

    def _crate_page(self, found: Found) -> Response:
        match = self._match(found)
        if match is None:
            return _missing("The requested crate or version does not exist")
        moved = _redirect(found, match[0], "/crate/{}/{}")
        return moved or _page(f"{match[0].name} {match[0].version}", "<p>details of the crate</p>")

    def _queue(self, _found: Found) -> Response:
        queued = [build for build, state in self.crates.all() if state == "queued"]
        items = "".join(
            f"<li>{html.escape(build.name)} {html.escape(build.version)}</li>" for build in queued
        )
        return _page("Build Queue", f'<ol class="queue-list">{items}</ol>')

    def _page(self, found: Found) -> Response:
        """Serve rustdoc's output of a build that is done."""
        match = self._match(found)
        if match is None:
            return _missing("The requested resource does not exist")
        build, state = match
        if state != "built":  # pages that could not be made lead to those about the crate
            return Response(302, headers={"Location": f"/crate/{build.name}/{build.version}"})
        library = build.name.replace("-", "_")
        if found["path"] in ("", library):
            return Response(302, headers={"Location": f"/{build.name}/{build.version}/{library}/"})
        # To the exact version with the path kept, as docs.rs leads `latest` and requirements.
        if build.version != found["version"].removeprefix("="):
            return Response(302, headers={"Location": f"/{build.name}/{build.version}/{found['path']}"})
        if build.files is None and found["path"] in (
            f"{library}/",
            f"{library}/index.html",
            f"{library}/all.html",
        ):
            return _page(f"{library} - Rust", f"<h1>Crate {html.escape(library)}</h1>")
        return _file(build, found["path"])

    def _project_version(self, found: Found) -> Response:
        match = self.projects.look(found["name"], found["version"])
        if match is None:
            return json_response(404, {"detail": "Not found."})
        build, state = match
        return json_response(
            200,
            {
                "slug": build.version,
                "verbose_name": build.version,
                "active": True,
                "hidden": False,
                "built": state == "built",
                "type": "tag",
            },
        )

    def _project_builds(self, found: Found) -> Response:
        match = self.projects.look(found["name"], found["version"])
        if match is None:
            return json_response(404, {"detail": "Not found."})
        build, state = match
        code = {"queued": "triggered", "building": "building", "built": "finished", "failed": "finished"}[
            state
        ]
        success = {"built": True, "failed": False}.get(state)
        result = {
            "id": build.number,
            "version": build.version,
            "project": build.name,
            "state": {"code": code, "name": code.capitalize()},
            "success": success,
            "error": build.log if state == "failed" else "",
        }
        return json_response(200, {"count": 1, "next": None, "previous": None, "results": [result]})

    def _project_page(self, found: Found) -> Response:
        match = self.projects.state(found["name"], found["version"])
        if match is None or match[1] != "built":
            return _missing("404 Not Found")
        return _file(match[0], found["path"])


_OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}


def _redirect(found: Found, build: Build, path: str) -> Response | None:
    """Lead from a requirement to the version that it matched; exact versions and `latest` are answered as they are."""
    wanted = found["version"]
    if wanted == "latest" or _VERSION.fullmatch(wanted):
        return None
    version = "latest" if wanted in ("*", "newest") else build.version
    return Response(302, headers={"Location": path.format(build.name, version), **_OPEN})


def _dumped(build: Build, state: State) -> dict[str, object]:
    return {"name": build.name, "version": build.version, "state": state}


def _page(title: str, body: str) -> Response:
    text = f"<!DOCTYPE html><html><head><title>{html.escape(title)}</title></head><body>{body}</body></html>"
    return Response(200, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


def _missing(text: str) -> Response:
    return Response(
        404, f"<h1>{html.escape(text)}</h1>".encode(), {"Content-Type": "text/html; charset=utf-8"}
    )


def _file(build: Build, path: str) -> Response:
    """Serve a file of a build's folder, and nothing outside of it."""
    if build.files is None:
        return _missing("The requested resource does not exist")
    folder = build.files.resolve()
    file = (folder / path.lstrip("/")).resolve()
    if file.is_dir():
        file = file / "index.html"
    if not file.is_relative_to(folder) or not file.is_file():
        return _missing("The requested resource does not exist")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(200, file.read_bytes(), {"Content-Type": kind})
