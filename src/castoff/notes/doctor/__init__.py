"""The doctor: which wounds has a changelog, and which of them heal by themselves?

:func:`examine` finds them, :func:`fix` makes the safe repairs. Both take text and give values.
"""

from __future__ import annotations

from castoff.notes.doctor.examination import Diagnosis, examine, fix
from castoff.notes.doctor.findings import Finding, FindingKind, Repair
from castoff.notes.doctor.known import Known, TagFact, read_known

__all__ = [
    "Diagnosis",
    "Finding",
    "FindingKind",
    "Known",
    "Repair",
    "TagFact",
    "examine",
    "fix",
    "read_known",
]
