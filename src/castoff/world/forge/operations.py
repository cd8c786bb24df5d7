"""Which operations does the forge have, all in all?"""

from __future__ import annotations

from castoff.world.forge import (
    api_assets,
    api_commits,
    api_contents,
    api_issues,
    api_labels,
    api_milestones,
    api_pulls,
    api_refs,
    api_releases,
    api_repository,
    graph,
    merging,
    searching,
)

ROUTES = (
    *api_releases.ROUTES,
    *api_assets.ROUTES,
    *api_milestones.ROUTES,
    *api_labels.ROUTES,
    *api_issues.ROUTES,
    *api_pulls.ROUTES,
    *merging.ROUTES,
    *api_commits.ROUTES,
    *api_refs.ROUTES,
    *api_contents.ROUTES,
    *api_repository.ROUTES,
    *searching.ROUTES,
    *graph.ROUTES,
)
