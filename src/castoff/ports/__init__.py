"""Protocols for what castoff asks of the world, one module for each kind of partner; adapters implement them."""

from castoff.ports.builder import Builder, BuildFailure, Built, Collects, Repeats
from castoff.ports.docs_host import DocsBuild, DocsHost, DocsState, SymbolList
from castoff.ports.forge import (
    ChangeSource,
    Desk,
    Forge,
    ForgeIssue,
    ForgePull,
    ForgeRelease,
    Labels,
    Milestones,
    NewRelease,
    Rights,
)
from castoff.ports.manifests import Manifests, Tree
from castoff.ports.registry import (
    Fetches,
    LatestTag,
    Listing,
    ListsFiles,
    ListsMembers,
    Owned,
    Recorded,
    Registry,
    Ruled,
    Stages,
    Tagged,
    Trial,
)
from castoff.ports.remote import Remote
from castoff.ports.run import Clock, Reporter, Workbench

__all__ = [
    "BuildFailure",
    "Builder",
    "Built",
    "ChangeSource",
    "Clock",
    "Collects",
    "Desk",
    "DocsBuild",
    "DocsHost",
    "DocsState",
    "Fetches",
    "Forge",
    "ForgeIssue",
    "ForgePull",
    "ForgeRelease",
    "Labels",
    "LatestTag",
    "Listing",
    "ListsFiles",
    "ListsMembers",
    "Manifests",
    "Milestones",
    "NewRelease",
    "Owned",
    "Recorded",
    "Registry",
    "Remote",
    "Repeats",
    "Reporter",
    "Rights",
    "Ruled",
    "Stages",
    "SymbolList",
    "Tagged",
    "Tree",
    "Trial",
    "Workbench",
]
