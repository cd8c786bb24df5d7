"""The whole configuration, with its defaults.

Each class is a table of the configuration; the helps stand in the reference page and in the JSON schema.
"""

from __future__ import annotations

from castoff.config.fields import ListOf
from castoff.config.settings_notes import (
    ChangelogSettings,
    CiSettings,
    Delivery,
    DocsSettings,
    DraftSettings,
    DueSettings,
    HeadingSettings,
    Kind,
    MilestoneSettings,
    NotesSettings,
    OptionalFor,
    PageSettings,
    WebsiteSettings,
)
from castoff.config.settings_release import (
    BuildSettings,
    Capture,
    CargoSettings,
    CheckSettings,
    Limit,
    NpmSettings,
    PythonSettings,
    Rate,
    ReleaseSettings,
    Replace,
    Run,
    VersionSettings,
)
from castoff.config.tables import Named, Table, key, table

__all__ = [
    "BuildSettings",
    "Capture",
    "CargoSettings",
    "ChangelogSettings",
    "CheckSettings",
    "CiSettings",
    "Configuration",
    "Delivery",
    "DocsSettings",
    "DraftSettings",
    "DueSettings",
    "HeadingSettings",
    "Kind",
    "Limit",
    "MilestoneSettings",
    "NotesSettings",
    "NpmSettings",
    "OptionalFor",
    "PageSettings",
    "PythonSettings",
    "Rate",
    "ReleaseSettings",
    "Replace",
    "Run",
    "VersionSettings",
    "WebsiteSettings",
]


@table
class Configuration:
    """All that can be configured; every table may be left out."""

    release: ReleaseSettings = key(Table(ReleaseSettings), "", default=ReleaseSettings())
    version: VersionSettings = key(Table(VersionSettings), "", default=VersionSettings())
    replace: tuple[Replace, ...] = key(ListOf(Table(Replace), "tables"), "", default=())
    check: tuple[CheckSettings, ...] = key(ListOf(Table(CheckSettings), "tables"), "", default=())
    cargo: CargoSettings = key(Table(CargoSettings), "", default=CargoSettings())
    python: PythonSettings = key(Table(PythonSettings), "", default=PythonSettings())
    npm: NpmSettings = key(Table(NpmSettings), "", default=NpmSettings())
    limits: tuple[Limit, ...] = key(Named(Limit), "", default=())
    notes: NotesSettings = key(Table(NotesSettings), "", default=NotesSettings())
    milestone: MilestoneSettings = key(Table(MilestoneSettings), "", default=MilestoneSettings())
    draft: DraftSettings = key(Table(DraftSettings), "", default=DraftSettings())
    changelog: ChangelogSettings = key(Table(ChangelogSettings), "", default=ChangelogSettings())
    docs: DocsSettings = key(Table(DocsSettings), "", default=DocsSettings())
    website: WebsiteSettings = key(Table(WebsiteSettings), "", default=WebsiteSettings())
    due: DueSettings = key(Table(DueSettings), "", default=DueSettings())
    ci: CiSettings = key(Table(CiSettings), "", default=CiSettings())
    build: BuildSettings = key(Table(BuildSettings), "", default=BuildSettings())
