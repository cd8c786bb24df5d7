"""Remedies for packages that wait on the npm registry for a person's approval."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from npm_files import npm_package, packed

from castoff.ecosystems.npm.staging import StagedVersion, outdated_tag
from castoff.ecosystems.npm.uploader import NpmWrite, outcome_of
from castoff.io.process import Completed
from castoff.model.acts import Blocked, Refused
from castoff.model.observations import Answer, Sameness, Staged
from castoff.model.workspace import Artifact, Package
from castoff.ports import Listing
from castoff.release.publish import PackagePart
from castoff.release.staging import StagePart
from remedies.following import Case, cases, follow, follow_row, follows

PACKAGE = npm_package()


@dataclass(slots=True)
class Shelf:
    """A registry with files, which are not those that were built."""

    files: dict[str, Answer] = field(default_factory=dict)

    def look(self, package: Package, version: str) -> Listing:
        return Listing(files=self.files)

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        return "no"


@cases(
    [
        Case("otp-required", 1, 0, "run `castoff approve 1.3.0 --execute --otp CODE` with a new code"),
    ]
)
def test_a_new_code_is_accepted(case: Case) -> None:
    def approve(code: int) -> object:
        answer = json.dumps({"error": {"code": "EOTP", "summary": "a code"}} if code else {})
        outcome = outcome_of(
            NpmWrite(PACKAGE, "1.3.0", "approve"), Completed(code=code, stdout=b"", text=answer, errors="")
        )
        return outcome.problem if isinstance(outcome, Refused) else ()

    follow_row(case, approve)


@cases([Case("staged-tag-outdated", "latest", "release-1.x", "release the version again")])
def test_a_version_is_staged_again_with_the_tag_that_is_right_by_now(case: Case) -> None:
    follow_row(case, lambda tag: outdated_tag(PACKAGE, StagedVersion("1", "1.3.0", tag), "release-1.x") or ())


@follows("staged-different")
def test_what_somebody_else_staged_is_rejected(tmp_path: Path) -> None:
    artifact = packed(tmp_path, PACKAGE)
    shelf: Any = Shelf({artifact.filename: Staged(identity="1")})

    def look() -> object:
        part = StagePart(PackagePart(PACKAGE, "1.3.0", (artifact,), shelf, tmp_path))
        decision = part.decide(part.look())
        return decision.problem if isinstance(decision, Blocked) else ()

    told = "run `castoff abandon 1.3.0 --execute --otp CODE`"
    follow("staged-different", look, told=told, do=lambda: shelf.files.clear())
