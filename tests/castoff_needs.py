"""What `castoff ci` locks, on an embedded index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

from packaging.requirements import Requirement

from castoff.world.python_index.minimal import Seed
from castoff.world.world import World

SOURCE = "git+https://github.com/acme/castoff@" + "0123456789" * 4
FROM = f'[ci]\nfrom = "{SOURCE}"\n'


def offer_what_castoff_needs(world: World) -> None:
    """Put everything that castoff and its workflows need on the index, in the lowest version that it takes."""
    wanted = [*(metadata.requires("castoff") or ()), "hatchling>=1.27", "pypi-attestations>=0.0.27"]
    read = [Requirement(one) for one in wanted if "extra ==" not in one]
    world.python_index.seed(
        Seed(name=one.name, version=next(iter(one.specifier)).version, requires_dist=()) for one in read
    )


@contextmanager
def index_of_needs() -> Iterator[dict[str, str]]:
    """Open an index that has what castoff needs; gives the variables with which uv reads it."""
    with World(tls=False) as world:
        offer_what_castoff_needs(world)
        names = ("UV_DEFAULT_INDEX", "SSL_CERT_FILE", "UV_INSECURE_HOST")
        yield {name: value for name, value in world.environment().items() if name in names}
