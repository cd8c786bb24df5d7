"""The loopback proxy: it ends TLS with a throw-away authority, answers what is ours, lets only reads pass."""

from castoff.world.proxy.authority import ThrowAwayAuthority, rehearse_extra_missing
from castoff.world.proxy.authority import is_available as authority_is_available
from castoff.world.proxy.cargo_door import CargoDoor
from castoff.world.proxy.forge_door import ForgeDoor
from castoff.world.proxy.passing import Outside
from castoff.world.proxy.port import Door, ProxyPort

__all__ = [
    "CargoDoor",
    "Door",
    "ForgeDoor",
    "Outside",
    "ProxyPort",
    "ThrowAwayAuthority",
    "authority_is_available",
    "rehearse_extra_missing",
]
