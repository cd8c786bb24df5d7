"""Is a text a regular expression, without doubt about what it means?"""

from __future__ import annotations

import re
import warnings


def compiled(text: str) -> re.Pattern[str]:
    """Compile a pattern whose `^` and `$` match at lines.

    Raises:
        ValueError: with the reason, where the text is no pattern, or one that a later Python would read
            differently.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return re.compile(text, re.MULTILINE)
        except (re.error, OverflowError, Warning) as error:
            raise ValueError(str(error).partition("\n")[0]) from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
