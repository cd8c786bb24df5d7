"""Variables of the user that a client of the embedded world must never see: tokens, and ways outside.

An ssh agent is kept, since tags may be signed with its keys; git is told elsewhere to open no ssh connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_DROPPED = re.compile(
    r"(.*_)?(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|API_KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS|AUTH)(_(?!SOCK).*)?"
    r"|HATCH_INDEX_.*|FLIT_.*|POETRY_(HTTP_BASIC|PYPI)_.*|PDM_PUBLISH_.*"
    r"|TWINE_.*|UV_PUBLISH_.*|UV_(EXTRA_)?INDEX.*|UV_DEFAULT_INDEX|UV_FIND_LINKS"
    r"|PIP_(EXTRA_)?INDEX_URL|PIP_FIND_LINKS|PIP_CONFIG_FILE|PIP_NO_INDEX"
    r"|CARGO_REGISTR.*|CARGO_SOURCE_.*|CARGO_HTTP_.*|NPM_CONFIG_.*|PNPM_CONFIG_.*|YARN_(NPM|HTTPS?)_.*|BUN_CONFIG_.*|ACTIONS_.*|GH_.*|GITHUB_.*"
    r"|GIT_CONFIG_(COUNT|KEY_.*|VALUE_.*|PARAMETERS)|GIT_ASKPASS|GIT_SSH.*",
    re.IGNORECASE,
)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without tokens, and without settings that lead clients elsewhere."""
    return {name: value for name, value in environment.items() if _DROPPED.fullmatch(name) is None}
