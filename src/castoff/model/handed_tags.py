"""Tag objects that another process made for this run."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class HandedTags(Struct, frozen=True):
    """The tag objects of a release, as git stores them, by the ids under which they are expected."""

    texts: Mapping[str, bytes]
