"""Which of the release commit and its tag are signed."""

from __future__ import annotations

from castoff.session.services import Services


def wants_signed_tag(services: Services) -> bool:
    """Return whether the tag is signed: configured, else where git signs or has a key to sign with."""
    sign = services.configuration.release.sign
    if sign is not None:
        return sign in ("tag", "both")
    git = {key.lower(): value for key, value in services.repository.settings.items()}
    # The spellings of true in git's configuration (git-config, "boolean").
    return git.get("tag.gpgsign", "").lower() in ("true", "yes", "on", "1") or bool(
        git.get("user.signingkey")
    )


def wants_signed_commit(services: Services) -> bool | None:
    """Return whether the commit is signed; None leaves it to git's configuration."""
    sign = services.configuration.release.sign
    if sign is not None:
        return sign in ("commit", "both")
    return True if any(key.lower() == "user.signingkey" for key in services.repository.settings) else None
