"""Edits of drawn npm workspaces, of every client and protocol: only versions change, and siblings fit each other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.npm.manifest.demands import FIELDS
from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.ecosystems.npm.manifest.ranges import admits
from castoff.model.scope import Scope
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Edited
from castoff.session.workspaces import read_workspace
from config.configuration_files import Files

OLD = "1.2.0"
NEWS = (
    ReleaseVersion(1, 2, 1),
    ReleaseVersion(1, 3, 0),
    ReleaseVersion(2, 0, 0),
    ReleaseVersion(2, 0, 0, "rc", 1),
)
RANGES = ("1.2.0", "=1.2.0", "^1.2.0", "~1.2.0", ">=1.2.0", "^1.2", "1.2.x", "1", "*")
OWN = (
    "workspace:*",
    "workspace:^",
    "workspace:~",
    "workspace:1.2.0",
    "workspace:^1.2.0",
    "catalog:",
    "catalog:old",
)
"""What npm itself does not know."""
VERSION = re.compile(r"\d+(?:\.(?:\d+|x))*(?:-rc\.\d+)?")
NOISE = {
    "description": 'Takes 1.2.0, "^1.2.0" and workspace:1.2.0',
    "scripts": {"version": "echo 1.2.0", "z-1": "a@1.2.0"},
    "unicode": "\u00e9\u2028 1.2.0",
    "keywords": ["1.2.0", "lib"],
    "numbers": [1.2, 0, -1e3],
}


@dataclass(frozen=True)
class Drawn:
    """A workspace: its texts, the names of its packages by manifest, and the client."""

    texts: Mapping[str, str]
    names: Mapping[str, str]
    client: str

    def edited(self, new: ReleaseVersion, raised: tuple[str, ...] | None) -> Edited:
        """Compute the edits for a version."""
        manifests = NpmManifests()
        tree = Files(dict(self.texts))
        return manifests.edited(tree, read_workspace(tree, [manifests], Scope()), new, raised=raised)


@st.composite
def workspaces(draw: st.DrawFn) -> Drawn:
    client = draw(st.sampled_from(("npm", "pnpm", "yarn", "bun")))
    names = [f"{draw(st.sampled_from(('', '@acme/')))}p{number}" for number in range(draw(st.integers(1, 4)))]
    texts: dict[str, str] = {}
    manifests: dict[str, str] = {}
    for number, name in enumerate(names):
        path = f"packages/p{number}/package.json"
        manifests[path] = name
        texts[path] = _text(draw, _manifest(draw, name, names[:number], client))
    root: dict[str, Any] = {
        "private": True,
        "workspaces": ["packages/*"],
        "packageManager": f"{client}@9.9.9",
    }
    catalog = dict.fromkeys(names, "^1.2.0")
    named = {"old": dict.fromkeys(names, OLD)}
    if client == "bun":
        root |= {"catalog": catalog, "catalogs": named}
    elif client != "npm":
        file = "pnpm-workspace.yaml" if client == "pnpm" else ".yarnrc.yml"
        lines = [f"  {json.dumps(one)}: ^1.2.0 # a comment: 1.2.0" for one in names]
        more = [f"    {json.dumps(one)}: '1.2.0'" for one in names]
        head = ["packages:", "  - packages/*"] if client == "pnpm" else ["nodeLinker: node-modules"]
        texts[file] = "\n".join((*head, "catalog:", *lines, "catalogs:", "  old:", *more, ""))
    texts["package.json"] = _text(draw, root)
    return Drawn(texts, manifests, client)


def _manifest(draw: st.DrawFn, name: str, below: list[str], client: str) -> dict[str, Any]:
    value: dict[str, Any] = {"name": name, "version": OLD, **NOISE}
    for target in below:
        field = draw(st.sampled_from((None, *FIELDS)))
        if field is None:
            continue
        texts = RANGES if client == "npm" else (*RANGES, *OWN)
        text = draw(st.sampled_from(texts))
        alias = draw(st.booleans()) and text in RANGES
        key, text = (f"alias-{target[-1]}", f"npm:{target}@{text}") if alias else (target, text)
        value.setdefault(field, {})[key] = text
    value.setdefault("dependencies", {})["left-pad"] = "^1.2.0"
    return {key: value[key] for key in draw(st.permutations(sorted(value)))}


def _text(draw: st.DrawFn, value: dict[str, Any]) -> str:
    indent = draw(st.sampled_from((2, 4, "\t", None)))
    text = json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans()))
    text += draw(st.sampled_from(("", "\n")))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(workspaces(), st.sampled_from(NEWS), st.booleans())
def test_only_versions_change_and_siblings_fit(drawn: Drawn, new: ReleaseVersion, keeps: bool) -> None:
    edited = drawn.edited(new, () if keeps else None)
    spelled = spell(new, "npm")

    after = {**drawn.texts, **edited.texts}
    for path, text in after.items():
        before = drawn.texts[path]
        assert VERSION.sub("V", text) == VERSION.sub("V", before)
    for path, name in drawn.names.items():
        was, now = json.loads(drawn.texts[path]), json.loads(after[path])
        assert (now["name"], now["version"]) == (name, spelled)
        assert {key: now[key] for key in NOISE} == {key: was[key] for key in NOISE}
        assert now["dependencies"]["left-pad"] == "^1.2.0"
        for field in ("dependencies", "optionalDependencies", "peerDependencies"):
            for key, text in now.get(field, {}).items():
                if key != "left-pad" and not text.startswith("catalog:"):
                    assert _fits(text, spelled) or edited.problems, (key, text)


def _fits(text: str, version: str) -> bool:
    """Return whether a requirement admits a version, as it is packed."""
    plain = text.removeprefix("workspace:")
    if plain.startswith("npm:"):
        plain = plain.rpartition("@")[2]
    return plain in ("*", "^", "~") or admits(plain, version)


@given(workspaces(), st.sampled_from(NEWS), st.booleans())
def test_each_edit_is_at_its_line_and_a_second_one_finds_nothing(
    drawn: Drawn, new: ReleaseVersion, keeps: bool
) -> None:
    raised = () if keeps else None
    edited = drawn.edited(new, raised)

    for edit in edited.edits:
        before, after = (texts[edit.path].split("\n") for texts in (drawn.texts, edited.texts))
        assert len(before) == len(after)
        assert edit.old in before[edit.line - 1]
        assert edit.new in after[edit.line - 1]
    assert set(edited.texts) == {edit.path for edit in edited.edits}
    again = Drawn({**drawn.texts, **edited.texts}, drawn.names, drawn.client).edited(new, raised)
    assert (again.texts, again.edits) == ({}, ())
