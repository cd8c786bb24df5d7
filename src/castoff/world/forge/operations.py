"""Which operations does the forge have, all in all?"""

from __future__ import annotations

from castoff.world.forge import api_issues, api_labels, api_milestones, api_pulls, api_releases

ROUTES = (
    *api_releases.ROUTES,
    *api_milestones.ROUTES,
    *api_labels.ROUTES,
    *api_issues.ROUTES,
    *api_pulls.ROUTES,
)
