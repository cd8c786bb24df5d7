"""The doctor: defects of a changelog, and the repairs that are safe.

:func:`examine` finds them, :func:`fix` makes the safe repairs. Both take text and give values.
"""

from __future__ import annotations

from castoff.changelog.doctor.chart import OutsideFacts, TagFact, read_known
from castoff.changelog.doctor.examination import Diagnosis, examine, fix
from castoff.changelog.doctor.findings import ChangelogFinding, FindingKind, Repair

__all__ = [
    "ChangelogFinding",
    "Diagnosis",
    "FindingKind",
    "OutsideFacts",
    "Repair",
    "TagFact",
    "examine",
    "fix",
    "read_known",
]
