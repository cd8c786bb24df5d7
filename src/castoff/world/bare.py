"""The bare git repository that pushes to the embedded world go to, and how clients find it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from castoff.errors import ConfigurationError
from castoff.world.clients import without_secrets

_FORMAT = (
    "%(refname)%00%(objecttype)%00%(objectname)%00%(*objectname)%00%(tree)%00%(*tree)"
    "%00%(if)%(contents:signature)%(then)signed%(end)"
)


class BareRepository:
    """DIR/git/OWNER/NAME.git, made empty with the default branch ``main``."""

    def __init__(self, directory: Path, slug: str, *, copy_of: Path | None = None) -> None:
        """Make the repository, or keep the one that is there; ``copy_of`` gives it refs and HEAD of another."""
        self.slug = slug
        self.path = directory / "git" / f"{slug}.git"
        if not (self.path / "HEAD").exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.path), inside=False)
        self._git("config", "uploadpack.allowAnySHA1InWant", "true")
        if copy_of is not None:
            self._copy(copy_of)

    @property
    def url(self) -> str:
        """Return the address for ``git clone`` and ``git push``."""
        return self.path.as_uri()

    @property
    def head(self) -> str:
        """Return the name of the default branch."""
        return self._git("symbolic-ref", "--short", "HEAD").strip()

    def led_here(self) -> list[tuple[str, str]]:
        """Return the settings that make git come here, whichever of the repository's usual addresses it is told."""
        usual = (
            f"https://github.com/{self.slug}.git",
            f"https://github.com/{self.slug}",
            f"git@github.com:{self.slug}.git",
            f"git@github.com:{self.slug}",
            f"ssh://git@github.com/{self.slug}.git",
            f"ssh://git@github.com/{self.slug}",
        )
        # A user's own pushInsteadOf would win over insteadOf, and lead a push to the outside.
        return [(f"url.{self.url}.{kind}", each) for each in usual for kind in ("insteadOf", "pushInsteadOf")]

    def dump(self) -> dict[str, object]:
        """Return all refs: the commit, its tree, and whether a tag is annotated and carries a signature."""
        refs: dict[str, object] = {}
        for line in self._git("for-each-ref", f"--format={_FORMAT}").splitlines():
            name, kind, own, peeled, own_tree, peeled_tree, signed = line.split("\0")
            if kind == "tag":
                refs[name] = {
                    "type": "annotated",
                    "commit": peeled,
                    "tree": peeled_tree,
                    "signed": bool(signed),
                }
            else:
                plain = "lightweight" if name.startswith("refs/tags/") else "commit"
                refs[name] = {"type": plain, "commit": own, "tree": own_tree}
        return {"refs": refs, "head": self._git("symbolic-ref", "HEAD").strip()}

    def _copy(self, source: Path) -> None:
        refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        try:
            self._git("fetch", "--quiet", str(source), *refs)
            listed = self._git("ls-remote", "--symref", str(source), "HEAD").split()
            if listed[:1] == ["ref:"]:
                self._git("symbolic-ref", "HEAD", listed[1])
        except subprocess.CalledProcessError as error:
            raise ConfigurationError.of(
                "world-seed-invalid",
                f"`{source.as_posix()}` cannot be copied into the embedded world: {error.stderr.strip()}",
                remedy="give the path of a git repository",
            ) from error

    def _git(self, *arguments: str, inside: bool = True) -> str:
        where = ["--git-dir", str(self.path)] if inside else []
        environment = {
            key: value for key, value in without_secrets(os.environ).items() if not key.startswith("GIT_")
        }
        finished = subprocess.run(
            ["git", *where, *arguments],  # noqa: S607 - the git that the user has
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        return finished.stdout


def git_environment(
    repositories: Iterable[BareRepository], kept: Sequence[tuple[str, str]] = ()
) -> dict[str, str]:
    """Make git go to these repositories, and nowhere else with a key or a password.

    ``kept`` are settings that the user gave by the same variables, and that shall stay.
    """
    pairs = [pair for one in repositories for pair in one.led_here()]
    return {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": "false",
        **git_configuration([*kept, *pairs, ("credential.helper", "")]),
    }


def git_configuration(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Write settings as the variables that git reads them from."""
    environment = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def git_settings(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Read settings from the variables that git reads them from; what is incomplete is left out."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    numbers = range(min(int(count), 1000) if count.isdecimal() else 0)
    found = [
        (environment.get(f"GIT_CONFIG_KEY_{n}"), environment.get(f"GIT_CONFIG_VALUE_{n}")) for n in numbers
    ]
    return [(key, value) for key, value in found if key is not None and value is not None]
