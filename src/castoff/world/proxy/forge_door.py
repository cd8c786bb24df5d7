"""What does a client of the forge (``gh``, say) find behind its proxy port? The embedded forge, and nothing else."""

from __future__ import annotations

from castoff.world.messages import Request
from castoff.world.proxy.passing import Target
from castoff.world.server import Site


class ForgeDoor:
    """Every request is answered here, whatever its host: nothing goes on."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @property
    def site(self) -> Site:
        """Give the site that answers."""
        return self._site

    def normal(self, request: Request) -> Request:
        """Leave the path as it is."""
        return request

    def is_ours(self, _request: Request, _target: Target) -> bool:
        """Say that it is."""
        return True
