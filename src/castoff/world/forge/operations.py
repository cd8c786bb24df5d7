"""All operations of the forge."""

from __future__ import annotations

from castoff.world.forge import (
    api_assets,
    api_commits,
    api_contents,
    api_git,
    api_issues,
    api_labels,
    api_milestones,
    api_pulls,
    api_refs,
    api_releases,
    api_repository,
    api_reviews,
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
    *api_reviews.ROUTES,
    *api_commits.ROUTES,
    *api_refs.ROUTES,
    *api_contents.ROUTES,
    *api_git.ROUTES,
    *api_repository.ROUTES,
    *searching.ROUTES,
    *graph.ROUTES,
)
