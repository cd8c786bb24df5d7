"""Regular expressions that are compiled when they are first used: a command uses a third of those that it imports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, AnyStr

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")

if TYPE_CHECKING:

    def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """Return the expression; what it is like, a checker of types knows from the standard library."""
        raise NotImplementedError
else:

    class regex:  # noqa: N801  # called like the function that it stands for
        """A :class:`re.Pattern` for a constant; an expression that is wrong is an error at its first use.

        ``text`` and ``flags`` are those of :func:`re.compile`.
        """

        def __init__(self, text: AnyStr, flags: int = 0) -> None:
            self._text = text
            self._flags = flags

        def __getattr__(self, name: str) -> Any:
            compiled = re.compile(self._text, self._flags)
            # From now on the methods are found without a detour.
            self.__dict__ |= {method: getattr(compiled, method) for method in _METHODS}
            return getattr(compiled, name)


__all__ = ["regex"]
