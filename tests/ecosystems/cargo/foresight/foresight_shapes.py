"""Workspaces of every shape that Cargo allows, dealt at random: what foresight must judge as the real cargo does.

Virtual and with a root package, versions inherited with their requirement, renamed and optional dependencies with
`dep:` and `?` features, dev-dependencies by target, editions and resolvers, pre-releases and 0.x versions, patches.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

NEEDS = {"t-core": (), "t-mac": (), "t-mid": ("t-core",), "t-all": ("t-core", "t-mid", "t-mac")}
DEV = (
    ("t-core", "t-mid"),
    ("t-core", "t-all"),
    ("t-mid", "t-all"),
    ("t-mid", "t-mid"),
    ("t-mid", "t-mac"),
    ("t-mac", "t-core"),
    ("t-mac", "t-all"),
    ("t-all", "t-core"),
)
VERSIONS = (
    ("1.1.0", "1.2.0", ("0.9.0", "1.0.0", "1.1.0")),
    ("1.1.0", "2.0.0", ("1.0.0", "1.1.0")),
    ("1.1.0", "1.2.0-rc.1", ("1.0.0", "1.1.0", "1.1.0-rc.1")),
    ("1.2.0-rc.1", "1.2.0", ("1.1.0", "1.2.0-rc.1")),
    ("0.4.1", "0.5.0", ("0.3.0", "0.4.0", "0.4.1")),
    ("0.4.1", "0.4.2", ("0.3.0", "0.4.0", "0.4.1")),
    ("0.0.3", "0.0.4", ("0.0.2", "0.0.3")),
)


@dataclass(slots=True)
class Deal:
    """One workspace: its texts by path, its version and the next one, and what was published of it before."""

    seed: int
    dice: random.Random = field(init=False)
    old: str = field(init=False)
    new: str = field(init=False)
    published: tuple[str, ...] = field(init=False)
    style: str = field(init=False)
    edition: str = field(init=False)
    shared: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.old, self.new, self.published = self.dice.choice(VERSIONS)
        self.style = self.dice.choice(("plain", "inherited", "root"))
        self.edition = self.dice.choice(("2021", "2024"))

    @property
    def is_wild(self) -> bool:
        """Say whether most requirements of this deal are odd; else it is one that could well have worked."""
        return self.seed % 3 == 0

    def texts(self) -> dict[str, str]:
        """Write all files."""
        found: dict[str, str] = {}
        for name in NEEDS:
            folder = PurePosixPath(self._folder(name))
            found[str(folder / "Cargo.toml")] = self._manifest(name)
            found[str(folder / "src/lib.rs")] = "//! x\n"
        found["Cargo.toml"] = found.get("Cargo.toml", "") + self._workspace()
        return found

    def record(self) -> dict[str, Any]:
        """Say what was published."""
        found: dict[str, Any] = {}
        for version in self.published:
            if self._odd(0.1, 0.3):
                continue
            for name in NEEDS:
                if not self._odd(0.01, 0.15):
                    found.setdefault(name, {})[version] = self._version(name, version)
        return found

    def _version(self, name: str, version: str) -> dict[str, Any]:
        requirement = self.dice.choice((f"={version}", f"={version}", f"^{version}"))
        kinds = ("normal", "normal", "optional")
        needs = [
            {"name": one, "requirement": requirement, "kind": self.dice.choice(kinds)} for one in NEEDS[name]
        ]
        features = ["default"] if self._odd(0.05, 0.4) else ["default", "x"]
        return {"yanked": self._odd(0.03, 0.12), "requirements": needs, "features": features}

    def _odd(self, seldom: float, often: float) -> bool:
        return self.dice.random() < (often if self.is_wild else seldom)

    def _folder(self, name: str) -> str:
        return "" if self.style == "root" and name == "t-all" else f"crates/{name}"

    def _path(self, origin: str, name: str) -> str:
        return os.path.relpath("/" + self._folder(name), "/" + self._folder(origin))

    def _manifest(self, name: str) -> str:
        features: dict[str, list[str]] = {"x": [], "default": []}
        normal = [self._normal(name, need, features) for need in NEEDS[name]]
        head = (
            f'[package]\nname = "{name}"\nversion.workspace = true\nedition = "{self.edition}"\n'
            'license = "MIT"\ndescription = "x"\nrepository = "https://github.com/acme/rocket"\n'
        )
        tables = ["[dependencies]\n" + "\n".join(normal), *self._dev(name)]
        rows = "".join(f"{key} = {json.dumps(value)}\n" for key, value in features.items())
        return f"{head}\n[features]\n{rows}\n" + "\n\n".join(tables) + "\n"

    def _normal(self, name: str, need: str, features: dict[str, list[str]]) -> str:
        is_optional = self.dice.random() < 0.35
        words = ', features = ["x"]' if self.dice.random() < 0.25 else ""
        words += ", optional = true" if is_optional else ""
        requirement = self.dice.choice((f"={self.old}", f"^{self.old}", self.old, f">={self.old}"))
        key = need
        if self.style == "inherited" and self.dice.random() < 0.7:
            self.shared.setdefault(need, f'{{ path = "crates/{need}", version = "{requirement}" }}')
            line = f"{need} = {{ workspace = true{words} }}"
        else:
            if self.dice.random() < 0.3:
                key, words = need.replace("t-", "al-"), f', package = "{need}"{words}'
            line = f'{key} = {{ path = "{self._path(name, need)}", version = "{requirement}"{words} }}'
        if is_optional:
            self._turn_on(key, features)
        return line

    def _turn_on(self, key: str, features: dict[str, list[str]]) -> None:
        match self.dice.choice(("implicit", "dep", "weak", "default")):
            case "dep":
                features[f"with-{key}"] = [f"dep:{key}"]
            case "weak":
                features["x"].append(f"{key}?/x")
                features[f"with-{key}"] = [f"dep:{key}"]
            case "default":
                features["default"].append(key)
            case _:
                pass  # the feature that Cargo makes of its name

    def _dev(self, name: str) -> Iterator[str]:
        tables: dict[str, list[str]] = {}
        for origin, target in DEV:
            if origin == name and self.dice.random() < (0.5 if self.is_wild else 0.18):
                where = self.dice.choice(("", "", "target.'cfg(unix)'.", "target.'cfg(windows)'."))
                tables.setdefault(where, []).append(self._dev_line(name, target))
        for where, lines in tables.items():
            yield f"[{where}dev-dependencies]\n" + "\n".join(lines)

    def _dev_line(self, name: str, target: str) -> str:
        words = ', features = ["x"]' if self.dice.random() < 0.35 else ""
        if target in self.shared and self.dice.random() < 0.5:
            return f"{target} = {{ workspace = true{words} }}"
        words += ", default-features = false" if self.dice.random() < 0.2 else ""
        if self.dice.random() < 0.25:
            words = f', package = "{target}"{words}'
        key = f"dv-{target[2:]}" if "package" in words else target
        requirement = self.dice.choice(self._floors())
        words = f', version = "{requirement}"{words}' if requirement else words
        return f'{key} = {{ path = "{self._path(name, target)}"{words} }}'

    def _floors(self) -> tuple[str | None, ...]:
        major = ".".join(
            self.old.split("-", maxsplit=1)[0].split(".")[: 2 if self.old.startswith("0") else 1]
        )
        first, last = self.published[0], self.published[-1]
        floors = (
            f"={self.old}",
            self.old,
            major,
            f">={major}",
            ">=0.0.1",
            f">={first}",
            f"~{last}",
            f"={last}",
        )
        return (None, None, None, *floors)

    def _workspace(self) -> str:
        resolver = "3" if self.edition == "2024" else "2"
        text = (
            f'\n[workspace]\nmembers = ["crates/*"]\nresolver = "{resolver}"\n'
            f'\n[workspace.package]\nversion = "{self.old}"\n'
        )
        if self.shared:
            rows = "".join(f"{name} = {entry}\n" for name, entry in self.shared.items())
            text += f"\n[workspace.dependencies]\n{rows}"
        if self.dice.random() < 0.12:
            name = self.dice.choice(list(NEEDS))
            text += f'\n[patch.crates-io]\n{name} = {{ path = "{self._folder(name) or "."}" }}\n'
        return text
