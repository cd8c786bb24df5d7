"""A rival who claims and uploads while a run is in its preflight: the refusal names the rival's release."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from castoff.errors import CastoffError
from castoff.model.observations import Present
from castoff.ports import Listing
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.values import replace
from session.in_flight import DIGEST, InFlight
from session.versioned import python


@dataclass(slots=True)
class Raced(InFlight):
    """A branch with a change after 1.0.0; when the registry is first asked, it holds 1.1.0, claimed or not."""

    is_claimed: bool = True
    is_asked: bool = False

    def look(self, package: object, version: str) -> Listing:
        self._move_on()
        files = {f"zz_nib-{version}.tar.gz": Present(digest=DIGEST)} if version == "1.1.0" else {}
        return Listing(files=dict(files))

    def versions(self, package: object) -> tuple[str, ...]:
        self._move_on()
        return ("1.0.0", "1.1.0")

    def _move_on(self) -> None:
        if self.is_claimed and not self.is_asked:
            self.is_asked = True
            (self.made.folder / "pyproject.toml").write_text(python("zz-nib", "1.1.0"), encoding="utf-8")
            self.made.git("commit", "--quiet", "--all", "-m", "release 1.1.0")
            self.made.git("push", "--quiet", "origin", "main")


@pytest.mark.parametrize(
    ("level", "is_claimed", "code"),
    [
        ("minor", True, "claimed-by-another"),
        ("patch", True, "claimed-by-another"),
        ("minor", False, "version-burnt"),
        ("patch", False, "version-below-released"),
    ],
)
def test_what_a_rival_released_meanwhile_is_not_taken_for_a_used_version(
    tmp_path: Path, level: str, is_claimed: bool, code: str
) -> None:
    begun = InFlight.begin(tmp_path)
    begun.made.git("tag", "--delete", "1.1.0")
    begun.made.git("reset", "--quiet", "--hard", "HEAD~1")
    raced = Raced(begun.made, is_claimed=is_claimed)

    with pytest.raises(CastoffError) as refused:
        run_release(replace(raced.setting(), forge=lambda url: None), ReleaseRequest(level=level))

    problems = {one.code: one for one in refused.value.problems}
    assert code in problems
    if is_claimed:
        assert [*problems] == [code]
        assert "`castoff resume 1.1.0 --execute`" in problems[code].remedy
