"""Repositories as Hypothesis draws them: manifests of all ecosystems as texts by path, in any layout.

Folders are tokens (``fa`` to ``fh``), so that a repository can be renamed without reading it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from castoff.values import replace

TOKENS = ("fa", "fb", "fc", "fd", "fe", "ff", "fg", "fh")
VERSIONS = ("1.2.0", "0.9.0", "1.2.0-rc.1", "3.0")
ODD = ("1.2.0.1", "2024.01.5", "1!2.0", "1.2.0.post1", "{{ version }}", "")


@dataclass(frozen=True, slots=True)
class Repository:
    """A tree of texts by path. ``described`` are the manifests that describe a package, or try to."""

    texts: Mapping[str, str] = field(default_factory=dict)
    described: frozenset[str] = frozenset()
    symlinks: Mapping[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> Sequence[str]:
        return sorted(self.texts)

    def links(self) -> Mapping[str, str]:
        return self.symlinks

    @property
    def owed(self) -> frozenset[str]:
        """List the manifests that a release accounts for: a `pyproject.toml` replaces the `setup.py` beside it."""

        def beside(path: str) -> bool:
            folder, _, file = path.rpartition("/")
            rank = ("pyproject.toml", "setup.py", "setup.cfg")
            better = rank[: rank.index(file)] if file in rank[1:] else ()
            return any(at(folder or ".", one) in self.described for one in better)

        return frozenset(path for path in self.described if not beside(path))

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(sorted({path.rpartition("/")[0] or "." for path in self.texts}))

    def __or__(self, other: Repository) -> Repository:
        """Join two repositories; what this one holds already stays."""
        added = {path: text for path, text in other.texts.items() if path not in self.texts}
        return Repository(
            {**self.texts, **added},
            self.described | (other.described & added.keys()),
            {**other.symlinks, **self.symlinks},
        )

    def renamed(self, names: Mapping[str, str]) -> Repository:
        """Rename folders, in paths and in texts."""

        def new(text: str) -> str:
            return re.sub(r"\bf[a-h]\b", lambda match: names.get(match[0], match[0]), text)

        return replace(
            self,
            texts={new(path): new(text) for path, text in self.texts.items()},
            described=frozenset(map(new, self.described)),
            symlinks={new(path): new(target) for path, target in self.symlinks.items()},
        )


def one_file(path: str, text: str, *, described: bool = True) -> Repository:
    return Repository({path: text}, frozenset({path} if described else ()))


def at(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def crate(
    folder: str, name: str, version: str | None, rest: str = "", *, private: bool = False
) -> Repository:
    """Write a crate; ``version`` None inherits that of its workspace."""
    stated = "version.workspace = true" if version is None else f'version = "{version}"'
    shown = "publish = false\n" if private else ""
    text = f'[package]\nname = "{name}"\n{stated}\nedition = "2021"\n{shown}{rest}'
    return one_file(at(folder, "Cargo.toml"), text)


def cargo_head(folder: str, members: Sequence[str], version: str, rest: str = "") -> Repository:
    """Write a virtual workspace."""
    listed = ", ".join(f'"{one}"' for one in members)
    text = f'[workspace]\nmembers = [{listed}]\nresolver = "2"\n{rest}[workspace.package]\nversion = "{version}"\n'
    return one_file(at(folder, "Cargo.toml"), text, described=False)


def project(folder: str, name: str, version: str, rest: str = "", *, private: bool = False) -> Repository:
    shown = 'classifiers = ["Private :: Do Not Upload"]\n' if private else ""
    text = f'[project]\nname = "{name}"\nversion = "{version}"\n{shown}{rest}'
    text += '\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    return one_file(at(folder, "pyproject.toml"), text)


def uv_head(folder: str, members: Sequence[str], rest: str = "") -> Repository:
    listed = ", ".join(f'"{one}"' for one in members)
    text = f"[tool.uv.workspace]\nmembers = [{listed}]\n{rest}"
    return one_file(at(folder, "pyproject.toml"), text, described=False)


def package(folder: str, name: str, version: str, *, private: bool = False) -> Repository:
    """Write an npm package."""
    fields = {"name": name, "version": version, **({"private": True} if private else {})}
    return one_file(at(folder, "package.json"), json.dumps(fields))


def npm_head(folder: str, members: Sequence[str]) -> Repository:
    """Write the private root of an npm workspace."""
    text = json.dumps({"name": "root", "private": True, "workspaces": list(members)})
    return one_file(at(folder, "package.json"), text, described=False)


def _pyo3(folder: str, name: str, version: str) -> Repository:
    return crate(folder, name, version) | project(folder, name, version)


ODD_FILES = {
    "broken toml": ("pyproject.toml", "[project\n"),
    "broken crate": ("Cargo.toml", "[package\n"),
    "placeholder": ("pyproject.toml", '[project]\nname = "{{ name }}"\nversion = "1.2.0"\n'),
    "crate without a package": ("Cargo.toml", "[dependencies]\n"),
    "crate with a placeholder": ("Cargo.toml", '[package]\nname = "{{ name }}"\nversion = "1.2.0"\n'),
    "no name": ("pyproject.toml", '[project]\nversion = "1.2.0"\n'),
    "name of another type": ("pyproject.toml", "[project]\nname = 3\n"),
    "setup.py": ("setup.py", 'from setuptools import setup\nsetup(name="s", version="1.2.0")\n'),
    "setup.py of another version": (
        "setup.py",
        'from setuptools import setup\nsetup(name="s", version="7.0.0")\n',
    ),
    "setup.py that computes": ("setup.py", "from setuptools import setup\nsetup(**load())\n"),
    "setup.cfg": ("setup.cfg", "[metadata]\nname = s\nversion = 1.2.0\n"),
    "npm": ("package.json", '{"name": "n", "version": "1.2.0"}'),
    "private npm": ("package.json", '{"name": "n", "private": true}'),
    "broken npm": ("package.json", "{"),
    "workspace of another type": ("Cargo.toml", '[workspace]\nmembers = "fa"\n'),
    "uv members of another type": ("pyproject.toml", '[tool.uv.workspace]\nmembers = "fa"\n'),
}
_UNDESCRIBED = ("workspace of another type", "uv members of another type")


@st.composite
def blocks(draw: st.DrawFn, *, names: st.SearchStrategy[str], odd: bool) -> Repository:
    """Draw one workspace, project, crate or odd file in some folder."""
    folder = draw(st.sampled_from((".", *TOKENS, "fa/fb", "fb/fa")))
    version = draw(st.sampled_from((*VERSIONS, *ODD) if odd else VERSIONS))
    declared = ["cargo", "cargo", "uv", "uv", "npm"]
    kinds = ["crate", "project", "package", "pyo3", *declared, *(["odd"] * 3 if odd else [])]
    kind = draw(st.sampled_from(kinds))
    private = draw(st.booleans()) and draw(st.booleans())
    if kind == "crate":
        return crate(folder, draw(names), version, private=private)
    if kind == "project":
        return project(folder, draw(names), version, private=private)
    if kind == "package":
        return package(folder, draw(names), version, private=private)
    if kind == "pyo3":
        return _pyo3(folder, draw(names), version)
    if kind == "odd":
        key = draw(st.sampled_from(sorted(ODD_FILES)))
        file, text = ODD_FILES[key]
        return one_file(at(folder, file), text, described=key not in _UNDESCRIBED)
    count = draw(st.integers(1, 3))
    places = draw(st.lists(st.sampled_from(TOKENS), min_size=count, max_size=count, unique=True))
    below = draw(st.booleans())
    members = [f"{TOKENS[-1]}/{one}" if below else one for one in places]
    listed = [f"{TOKENS[-1]}/*"] if below and draw(st.booleans()) else members
    if kind == "cargo":
        found = cargo_head(
            folder, listed, version, draw(st.sampled_from(("", f'exclude = ["{places[0]}"]\n')))
        )
    elif kind == "npm":
        found = npm_head(folder, listed)
    else:
        found = uv_head(folder, listed, draw(st.sampled_from(("", f'exclude = ["{members[0]}"]\n'))))
    previous = ""
    for index, member in enumerate(members):
        name, where = draw(names), at(folder, member)
        own = draw(st.sampled_from((version, version, version, "5.0.0")))
        if odd and draw(st.integers(0, 9)) == 0:
            file = {"cargo": "Cargo.toml", "npm": "package.json"}.get(kind, "pyproject.toml")
            found |= one_file(at(where, file), "[broken\n")
        elif kind == "npm":
            found |= package(where, name, own, private=draw(st.integers(0, 4)) == 0)
        elif kind == "uv":
            needs = f'dependencies = ["{previous}"]\n' if previous and draw(st.booleans()) else ""
            found |= project(where, name, own, needs, private=draw(st.integers(0, 4)) == 0)
        else:
            bare = draw(st.sampled_from(("", f', version = "{version}"')))
            back = "/".join([".."] * (2 if below else 1)) + "/" + members[index - 1]
            needs = f'[dependencies]\n{previous} = {{ path = "{back}"{bare} }}\n' if previous else ""
            needs = needs if draw(st.booleans()) else ""
            inherits = draw(st.booleans())
            found |= crate(
                where, name, None if inherits else own, needs, private=draw(st.integers(0, 4)) == 0
            )
        previous = name
    if kind == "cargo" and odd and draw(st.integers(0, 9)) == 0:
        found = replace(found, symlinks={at(folder, places[0]): "fh"})
    return found


@st.composite
def repositories(draw: st.DrawFn, *, odd: bool = True, shared_names: bool = True) -> Repository:
    """Draw a repository of up to five blocks; ``odd`` adds what is wrong or in no layout."""
    if shared_names:
        names: st.SearchStrategy[str] = st.sampled_from(("ant", "bee", "cat", "dog", "elk"))
    else:
        counter = iter(range(1000))
        names = st.builds(lambda: f"pkg{next(counter)}")
    found = Repository()
    for one in draw(st.lists(blocks(names=names, odd=odd), min_size=1, max_size=5)):
        found |= one
    return found


@st.composite
def unambiguous(draw: st.DrawFn) -> tuple[Repository, str]:
    """Draw a repository that has one answer, with the folder that castoff is started in."""
    kind = draw(
        st.sampled_from(("cargo", "uv", "plain", "crate", "pairs", "npm", "addon", "crates", "tarballs"))
    )
    # Beside single folders of one version, those of another one could be meant as well.
    base = draw(st.sampled_from(("fa", "fa/fb") if kind in ("crates", "tarballs") else (".", "fa", "fa/fb")))
    version = draw(st.sampled_from(("1.2.0", "0.3.1", "1.2.0-rc.1")))
    count = draw(st.integers(1, 3))
    places = [f"fc/{token}" for token in TOKENS[3 : 3 + count]]
    folders = [at(base, place) for place in places]
    named = list(zip(folders, ("ant", "bee", "cat"), strict=False))
    found = Repository()
    if kind == "cargo":
        found |= cargo_head(base, draw(st.sampled_from((["fc/*"], places))), version)
    if kind == "uv":
        found |= uv_head(base, draw(st.sampled_from((["fc/*"], places))))
    if kind == "npm":
        found |= npm_head(base, draw(st.sampled_from((["fc/*"], places))))
    if kind in ("crate", "addon"):
        named = [(base, "ant")]
    for folder, name in named:
        if kind in ("cargo", "crate", "pairs", "crates"):
            found |= crate(folder, name, None if kind == "cargo" and draw(st.booleans()) else version)
        if kind in ("uv", "plain", "pairs"):
            found |= project(folder, name, version)
        if kind in ("npm", "addon", "tarballs"):
            found |= package(folder, name, version)
        if kind == "addon":
            found |= crate(folder, name, version, private=draw(st.booleans()))
    starts = (*folders, base) if kind in ("cargo", "uv", "npm") else tuple(folder for folder, _ in named)
    start = base if kind in ("crates", "tarballs") else draw(st.sampled_from(starts))
    for index, extra in enumerate(draw(st.lists(st.sampled_from(_BESIDE), max_size=4))):
        found |= extra(f"beside/f{'fgh'[index % 3]}/{index}", f"zoo{index}")
    return found, start


def _private_project(folder: str, name: str) -> Repository:
    return project(folder, name, "1.2.0", private=True)


def _other_project(folder: str, name: str) -> Repository:
    return project(folder, name, "7.7.7")


def _example(folder: str, _: str) -> Repository:
    return project(folder, "example", "7.7.7", private=True)


def _same_example(folder: str, _: str) -> Repository:
    return project(folder, "example", "7.7.7")


def _other_cargo(folder: str, name: str) -> Repository:
    return cargo_head(folder, ["x"], "7.7.7") | crate(f"{folder}/x", name, None)


def _other_uv(folder: str, name: str) -> Repository:
    return uv_head(folder, ["x"]) | project(f"{folder}/x", name, "7.7.7")


def _other_crate(folder: str, name: str) -> Repository:
    return crate(folder, name, "7.7.7")


def _fuzz(folder: str, name: str) -> Repository:
    return crate(folder, name, "0.0.0", "\n[workspace]\n", private=True)


def _broken(folder: str, _: str) -> Repository:
    return one_file(f"{folder}/pyproject.toml", "[project\n")


def _template(folder: str, _: str) -> Repository:
    return one_file(f"{folder}/Cargo.toml", '[package]\nname = "{{ name }}"\nversion = "1.2.0"\n')


def _program(folder: str, _: str) -> Repository:
    return one_file(f"{folder}/setup.py", ODD_FILES["setup.py of another version"][1])


def _npm(folder: str, _: str) -> Repository:
    return one_file(f"{folder}/package.json", '{"name": "n", "version": "7.0.0"}')


_BESIDE = (
    _private_project,
    _other_project,
    _example,
    _same_example,
    _other_cargo,
    _other_uv,
    _other_crate,
    _fuzz,
    _broken,
    _template,
    _program,
    _npm,
)


@st.composite
def cargo_repositories(draw: st.DrawFn) -> Repository:
    """Draw workspaces in and beside each other, with lists, globs, exclusions, path dependencies and links."""
    places = ("fa", "fa/fb", "fa/fb/fc", "fc", "fc/fa", "fd", "fd/fe")
    count = draw(st.integers(2, 6))
    chosen = draw(st.lists(st.sampled_from(places), min_size=count, max_size=count, unique=True))
    found = Repository()
    inner = draw(st.sampled_from((None, None, "fa", "fd")))
    for head in (".", *([inner] if inner else [])):
        below = [place for place in chosen if head == "." or place.startswith(head + "/")]
        relative = [place if head == "." else place.removeprefix(head + "/") for place in below]
        patterns = draw(st.lists(st.sampled_from((*relative, *relative, "f[ac]")), max_size=3, unique=True))
        excluded = draw(st.lists(st.sampled_from(("fa", "fd", "fa/fb", "fc")), max_size=2, unique=True))
        rest = f"exclude = {list(excluded)}\n".replace("'", '"') if excluded or inner else ""
        found |= cargo_head(head, patterns, "1.2.0", rest)
    for index, place in enumerate(chosen):
        if at(place, "Cargo.toml") in found.texts:
            continue
        other = draw(st.sampled_from((None, *chosen)))
        back = "../" * (place.count("/") + 1)
        number = chosen.index(other) if other else index
        stated = draw(st.sampled_from(("", ', version = "1.2.0"')))
        needs = "" if number <= index else f'p{number} = {{ path = "{back}{other}"{stated} }}\n'
        rest = f'[lib]\npath = "lib.rs"\n[dependencies]\n{needs}'
        found |= crate(place, f"p{index}", "1.2.0", rest, private=draw(st.integers(0, 3)) == 0)
    return found
