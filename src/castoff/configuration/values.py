"""What can be configured, and what holds where nothing is said?

Each class is a table of the configuration; the helps stand in the reference page and in the JSON schema.
"""

from __future__ import annotations

from castoff.configuration.forms import Many
from castoff.configuration.making import (
    Capture,
    Cargo,
    Check,
    Limit,
    Npm,
    Python,
    Rate,
    Release,
    Replace,
    Run,
    Version,
)
from castoff.configuration.tables import Named, Table, key, table
from castoff.configuration.telling import (
    Changelog,
    Ci,
    Delivery,
    Docs,
    Draft,
    Due,
    Heading,
    Kind,
    Milestone,
    Notes,
    OptionalFor,
    Page,
    Website,
)

__all__ = [
    "Capture",
    "Cargo",
    "Changelog",
    "Check",
    "Ci",
    "Configuration",
    "Delivery",
    "Docs",
    "Draft",
    "Due",
    "Heading",
    "Kind",
    "Limit",
    "Milestone",
    "Notes",
    "Npm",
    "OptionalFor",
    "Page",
    "Python",
    "Rate",
    "Release",
    "Replace",
    "Run",
    "Version",
    "Website",
]


@table
class Configuration:
    """All that can be configured; every table may be left out."""

    release: Release = key(Table(Release), "", default=Release())
    version: Version = key(Table(Version), "", default=Version())
    replace: tuple[Replace, ...] = key(Many(Table(Replace), "tables"), "", default=())
    check: tuple[Check, ...] = key(Many(Table(Check), "tables"), "", default=())
    cargo: Cargo = key(Table(Cargo), "", default=Cargo())
    python: Python = key(Table(Python), "", default=Python())
    npm: Npm = key(Table(Npm), "", default=Npm())
    limits: tuple[Limit, ...] = key(Named(Limit), "", default=())
    notes: Notes = key(Table(Notes), "", default=Notes())
    milestone: Milestone = key(Table(Milestone), "", default=Milestone())
    draft: Draft = key(Table(Draft), "", default=Draft())
    changelog: Changelog = key(Table(Changelog), "", default=Changelog())
    docs: Docs = key(Table(Docs), "", default=Docs())
    website: Website = key(Table(Website), "", default=Website())
    due: Due = key(Table(Due), "", default=Due())
    ci: Ci = key(Table(Ci), "", default=Ci())
