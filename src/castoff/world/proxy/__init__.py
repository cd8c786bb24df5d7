"""The loopback proxy: it ends TLS with a throw-away authority, answers what is ours, lets only reads pass."""

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
]
