"""The control interface, through which the embedded world is watched and steered from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from castoff.errors import ConfigurationError
from castoff.world.clock import WorldClock
from castoff.world.docs_host import DocsHost
from castoff.world.fault_gate import FaultGate
from castoff.world.faults import parse_faults
from castoff.world.journal import Journal
from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry import NpmRegistry
from castoff.world.python_index import PythonIndex

Route = Callable[[Request], object]


class ControlDoor(Struct, frozen=True, kw_only=True):
    """The routes under ``/_``; ``dump`` gives the canonical dump, with the uploads sorted if asked."""

    journal: Journal
    gate: FaultGate
    clock: WorldClock
    python: PythonIndex
    npm: NpmRegistry
    docs: DocsHost
    dump: Callable[[bool], dict[str, object]]

    @property
    def _routes(self) -> Mapping[tuple[str, str], Route]:
        return {
            ("GET", "/_world"): self._world,
            ("GET", "/_log"): self._log,
            ("PUT", "/_faults"): self._faults,
            ("GET", "/_holds"): self._holds,
            ("POST", "/_release-hold"): self._release,
            ("POST", "/_clock"): self._advance,
            ("POST", "/_python/yank"): self._yank,
            ("POST", "/_python/delete"): self._delete,
        }

    def handle(self, request: Request) -> Response:
        """Answer one request; what is misspelt is a 400 that says so."""
        try:
            if request.method == "PUT" and request.path.startswith("/_views/"):
                return json_response(200, self._view(request))
            if request.method == "PUT" and request.path.startswith("/_docs/"):
                return json_response(200, self._documentation(request))
            route = self._routes.get((request.method, request.path))
            if route is None:
                known = [" ".join(key) for key in sorted(self._routes)]
                known += [
                    "PUT /_views/ID",
                    "PUT /_docs/crates/NAME/VERSION",
                    "PUT /_docs/projects/NAME/VERSION",
                ]
                return json_response(404, {"message": f"no such door: {request.path}", "doors": known})
            return _canonical(route(request))
        except ConfigurationError as error:
            return json_response(400, {"message": str(error)})
        except (ValueError, KeyError, TypeError) as error:
            return json_response(400, {"message": f"{type(error).__name__}: {error}"})

    def _world(self, request: Request) -> object:
        return self.dump("sorted" in request.query)

    def _log(self, request: Request) -> object:
        entries = [asdict(entry) for entry in self.journal.entries()]
        if "writes" in request.query:
            entries = [entry for entry in entries if entry["write"]]
        return {"requests": entries}

    def _faults(self, request: Request) -> object:
        rules = parse_faults(request.body)
        self.gate.replace(rules)
        return {"rules": len(rules)}

    def _holds(self, request: Request) -> object:
        count = int(request.query.get("count", ["0"])[0])
        within = min(float(request.query.get("wait", ["0"])[0]), 600.0)
        return {"holds": [asdict(held) for held in self.gate.held(count=count, within=within)]}

    def _release(self, request: Request) -> object:
        name = _body(request).get("name")
        return {"released": self.gate.release(None if name is None else str(name))}

    def _advance(self, request: Request) -> object:
        self.clock.advance(float(_body(request)["advance"]))
        return {}

    def _view(self, request: Request) -> object:
        names = json.loads(request.body)
        if not isinstance(names, list):
            raise ValueError("a view is a list of package names")
        view = request.path.removeprefix("/_views/")
        self.python.store.set_view(view, [str(name) for name in names])
        self.npm.set_view(view, [str(name) for name in names])
        return {"view": view, "names": len(names)}

    def _documentation(self, request: Request) -> object:
        kind, name, version = request.path.removeprefix("/_docs/").split("/")
        if kind not in ("crates", "projects"):
            raise ValueError("documentation is of `crates` or of `projects`")
        builds = self.docs.crates if kind == "crates" else self.docs.projects
        builds.queue(name, version, _body(request))
        return {}

    def _yank(self, request: Request) -> object:
        asked = _body(request)
        reason = asked.get("reason", "")
        count = self.python.store.yank(
            str(asked["name"]), str(asked["version"]), None if reason is None else str(reason)
        )
        return {"files": count}

    def _delete(self, request: Request) -> object:
        asked = _body(request)
        return {"files": self.python.store.delete(str(asked["name"]), str(asked["version"]))}


def _body(request: Request) -> dict[str, Any]:
    value = json.loads(request.body or b"{}")
    if not isinstance(value, dict):
        raise ValueError("the body is not an object")
    return value


def _canonical(value: object) -> Response:
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    return Response(200, text.encode(), {"Content-Type": "application/json; charset=utf-8"})
