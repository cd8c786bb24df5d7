"""A release in flight in a plain repository: git is real; forge and registry are what a test lets them answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from castoff.model.intent import Claim
from castoff.model.observations import Answer, Present, Unknown
from castoff.ports import ForgeRelease, Listing
from castoff.session.release import Release
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.values import replace
from session.versioned import Versioned, python

DIGEST = "d" * 64
FILES = ("zz_nib-1.1.0.tar.gz", "zz_nib-1.1.0-py3-none-any.whl")
UP: Mapping[str, Answer] = {name: Present(digest=DIGEST) for name in FILES}
LISTED = "release 1.1.0\n\n" + "".join(f"{DIGEST}  {name}\n" for name in FILES)


def page(*, draft: bool, body: str = "") -> ForgeRelease:
    """Make a release on the forge."""
    return ForgeRelease(id=1, tag="1.1.0", name="1.1.0", body=body, draft=draft, prerelease=False, url="u")


@dataclass(slots=True)
class InFlight:
    """A branch at 1.1.0, begun as castoff does, above a tagged 1.0.0 of other making."""

    made: Versioned
    commit: str = ""
    pages: tuple[ForgeRelease, ...] | Unknown = ()
    files: Mapping[str, Answer] = field(default_factory=lambda: dict(UP))
    silent: str | None = None

    @classmethod
    def begin(cls, folder: Path, *, subject: str = "release 1.1.0", tag: str | None = LISTED) -> InFlight:
        """Commit 1.0.0 and 1.1.0; ``tag`` is the message of the tag of 1.1.0, "" for a lightweight one."""
        made = Versioned.begin(folder, {"pyproject.toml": python("zz-nib", "1.0.0")}, "1.0.0")
        (made.folder / "pyproject.toml").write_text(python("zz-nib", "1.1.0"), encoding="utf-8")
        made.git("commit", "--quiet", "--all", "-m", subject)
        found = cls(made, made.git("rev-parse", "HEAD"))
        if tag is not None:
            found.tag(tag)
        return found

    def tag(self, message: str) -> None:
        """Tag the release commit."""
        words = ["--annotate", "--cleanup=verbatim", "-m", message] if message else []
        self.made.git("tag", *words, "1.1.0", self.commit)

    def setting(self) -> Services:
        """Push everything, and open the clone with these answers."""
        fake: Any = self
        return replace(
            self.made.setting(),
            forge=lambda url: fake,
            milestones=lambda url: None,
            registry=lambda ecosystem: fake,
            registries_within=lambda seconds: lambda ecosystem: fake,
        )

    def target(self, session: Session) -> Release:
        """Return the release of 1.1.0."""
        history = session.snapshot.history
        every: tuple[Claim, ...] = (*history.unfinished, *history.released)
        return session.release(next(one for one in every if str(one.version) == "1.1.0"))

    def releases(self) -> tuple[ForgeRelease, ...] | Unknown:
        """Answer as the forge."""
        return self.pages

    def latest(self) -> None:
        """Answer as the forge: no release is the latest."""

    def look(self, package: object, version: str) -> Listing:
        """Answer as the registry."""
        return Listing(files=dict(self.files), unknown=self.silent)

    def versions(self, package: object) -> tuple[str, ...]:
        """Answer as the registry."""
        return ("1.0.0",)
