"""Checks for a credential that the clients could upload with: for its presence alone, never its value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import tomli

from castoff.errors import Problem
from castoff.io.files import is_regular, read_regular
from castoff.preflight.stage import Cannot, Check, Found
from castoff.redaction import named_variable, npm_credentials
from castoff.session.services import Services
from castoff.session.session import Session

_OIDC = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "PYPI_ID_TOKEN", "CIRCLE_OIDC_TOKEN_V2")
_PYTHON = {"uv": ("UV_PUBLISH_TOKEN", "UV_PUBLISH_PASSWORD"), "twine": ("TWINE_PASSWORD",)}


def credential_checks(session: Session) -> tuple[Check, ...]:
    """List one check for each registry that packages go to; none where no token is used."""
    if session.services.configuration.release.tokenless:
        return ()
    folders: dict[str, set[Path]] = {}
    for one in session.snapshot.workspace.packages:
        what = (
            f"cargo:{_cargo_name(session.services, one.registries)}"
            if one.ecosystem == "cargo"
            else one.ecosystem
        )
        folders.setdefault(what, set()).add(session.services.repository.root / one.root)
    return tuple(
        Check(
            f"token:{what}", "preflight", partial(_credential, session.services, what, sorted(folders[what]))
        )
        for what in sorted(folders)
    )


def _credential(services: Services, what: str, folders: Sequence[Path]) -> Found:
    """Look for a credential as the clients do in the folder of each workspace; each must have one."""
    ecosystem, _, registry = what.partition(":")
    answers = [
        cargo_credential(services.environment, registry, folder)
        if ecosystem == "cargo"
        else npm_credential(services.environment, folder)
        if ecosystem == "npm"
        else python_credential(services.environment, services.configuration.python.publish, folder)
        for folder in folders
    ]
    missing = [one for one in answers if isinstance(one, Sequence) and one]
    unknown = [one for one in answers if isinstance(one, Cannot)]
    return missing[0] if missing else unknown[0] if unknown else ()


def cargo_credential(environment: Mapping[str, str], registry: str, root: Path) -> Found:
    """Look where cargo looks (The Cargo Book, registry authentication); a provider of the user's may know one."""
    is_default = registry == "crates-io"
    variable = "CARGO_REGISTRY_TOKEN" if is_default else f"CARGO_REGISTRIES_{_upper(registry)}_TOKEN"
    # Environment first, as cargo reads it (The Cargo Book, "Environment Variables").
    if environment.get(variable):
        return ()
    home = Path(environment.get("CARGO_HOME") or Path(environment.get("HOME", "/")) / ".cargo")
    # The name without an ending is the older one; cargo still reads it.
    for name in ("credentials.toml", "credentials"):
        known = _table(home / name)
        table = known.get("registry") if is_default else _inside(known.get("registries"), registry)
        if isinstance(table, dict) and ("token" in table or "secret-key" in table):
            return ()
    if _has_provider(environment, registry, [home, *(one / ".cargo" for one in (root, *root.parents))]):
        return Cannot("cargo uses a credential provider, which castoff does not query")
    # A trusted publisher's token only exists during the upload, so its absence here proves nothing.
    if any(environment.get(name) for name in _OIDC):
        return Cannot("this job can request a short-lived token, which castoff does not do here")
    return (
        Problem(
            code="token-missing",
            message=f"cargo has no token for `{registry}`",
            reason=f"`{variable}` is not set, and cargo's credentials file has no token for it",
            remedy="run `cargo login`"
            + ("" if is_default else f" --registry {registry}")
            + f", or set `{variable}`",
        ),
    )


def npm_credential(environment: Mapping[str, str], root: Path) -> Found:
    """Look where npm looks: its variables, and the lines of its settings in the workspace, at home and for all."""
    if any(re.fullmatch(r"npm_config_.*(?:_auth|_authtoken|_password)", one, re.I) for one in environment):
        return ()
    user = environment.get("npm_config_userconfig") or environment.get("NPM_CONFIG_USERCONFIG")
    files = (root / ".npmrc", Path(user) if user else _home(environment) / ".npmrc")
    for file in files:
        for credential in npm_credentials(read_regular(file) or ""):
            variable = named_variable(credential)
            if environment.get(variable) if variable else credential:
                return ()
    if any(environment.get(name) for name in _OIDC):
        return Cannot("this job can get a short-lived token, which npm asks for when it uploads")
    return (
        Problem(
            code="token-missing",
            message="npm has no token to upload with",
            reason="no `_authToken` with a value stands in its settings (`.npmrc` of the workspace or of the user)",
            remedy="run `npm login`, or write `//REGISTRY/:_authToken=${NPM_TOKEN}` into an `.npmrc` and set the "
            "variable; or release from a workflow with trusted publishing",
        ),
    )


def python_credential(environment: Mapping[str, str], client: str, root: Path) -> Found:
    """Look where uv and twine look; keyrings and trusted publishing are known to the client alone."""
    variables = _PYTHON.get(client, _PYTHON["uv"])
    if client != "twine" and (conflict := _uv_conflict(environment)) is not None:
        return (conflict,)
    if any(environment.get(name) for name in variables):
        return ()
    unset = f"no token is set in the environment (`{variables[0]}`)"
    for name in ("UV_PUBLISH_URL", "TWINE_REPOSITORY_URL"):
        # A login in the URL of the index is a credential, too.
        if re.match(r"https?://[^/\s@]+@", environment.get(name, "")):
            return ()
    if any(environment.get(name) for name in _OIDC):
        return Cannot("this job can get a short-lived token, which the client requests when it uploads")
    if client == "twine" and (_home(environment) / ".pypirc").is_file():
        return ()
    if client == "twine" or _may_know_one(environment, root):
        return Cannot(
            f"{unset}; the client may have one (keyring, `uv auth`, netrc), or the index may not require one"
        )
    return (
        Problem(
            code="token-missing",
            message="uv has no token to upload with",
            reason=f"{unset}, and uv has no keyring, netrc file or login",
            remedy="set `UV_PUBLISH_TOKEN`, run `uv auth login`, or release from a workflow with trusted publishing",
        ),
    )


def _uv_conflict(environment: Mapping[str, str]) -> Problem | None:
    """Find variables that uv refuses together (`uv publish`, its own checks); it stops behind the claim."""
    token, user, password = (
        bool(environment.get(f"UV_PUBLISH_{name}")) for name in ("TOKEN", "USERNAME", "PASSWORD")
    )
    if not (token and (user or password)) and not (password and not user):
        return None
    fact = (
        "`UV_PUBLISH_TOKEN` is set beside a user name or password"
        if token
        else "a password is set without a user"
    )
    return Problem(
        code="contradiction",
        message=f"uv would not upload: {fact}",
        reason="uv refuses the combination when the upload begins, after the release commit was pushed",
        remedy="set `UV_PUBLISH_TOKEN` alone, or `UV_PUBLISH_USERNAME` and `UV_PUBLISH_PASSWORD` alone",
    )


def _is_there(folder: Path) -> bool:
    try:
        return folder.exists()
    except OSError:  # a name that is too long, or a folder that nobody may search
        return False


def _may_know_one(environment: Mapping[str, str], root: Path) -> bool:
    """Return whether uv has more to ask: an index of one's own, a keyring, netrc, a login (uv, authentication)."""
    named = ("UV_PUBLISH_URL", "UV_PUBLISH_INDEX", "UV_KEYRING_PROVIDER", "UV_CONFIG_FILE")
    if any(environment.get(name) for name in named):
        return True
    home = _home(environment)
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    logins = Path(environment.get("UV_CREDENTIALS_DIR") or data / "uv/credentials")
    if _is_there(logins) or is_regular(Path(environment.get("NETRC") or home / ".netrc")):
        return True
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"
    tables = [_table(config)]
    for folder in (root, *root.parents):
        project = _inside(_table(folder / "pyproject.toml").get("tool"), "uv")
        tables += [_table(folder / "uv.toml"), project if isinstance(project, dict) else {}]
    return any(_names_more(one) for one in tables)


def _names_more(settings: object) -> bool:
    """Return whether settings of uv name a keyring, or another place to upload to."""
    if not isinstance(settings, dict):
        return False
    indexes = settings.get("index")
    own = isinstance(indexes, list) and any(isinstance(one, dict) and "publish-url" in one for one in indexes)
    return own or "publish-url" in settings or settings.get("keyring-provider", "disabled") != "disabled"


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME", "/"))


def _cargo_name(services: Services, registries: tuple[str, ...]) -> str:
    return services.configuration.cargo.registry or (registries[0] if registries else "crates-io")


def _has_provider(environment: Mapping[str, str], registry: str, folders: list[Path]) -> bool:
    named = f"CARGO_REGISTRIES_{_upper(registry)}_CREDENTIAL_PROVIDER"
    if environment.get(named) or environment.get("CARGO_REGISTRY_CREDENTIAL_PROVIDER"):
        return True
    if _is_own(environment.get("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS", "").split()):
        return True
    for folder in folders:
        known = _table(folder / "config.toml") or _table(folder / "config")
        general = known.get("registry")
        if isinstance(general, dict):
            providers = general.get("global-credential-providers", [])
            if general.get("credential-provider") or (isinstance(providers, list) and _is_own(providers)):
                return True
        table = _inside(known.get("registries"), registry)
        if isinstance(table, dict) and table.get("credential-provider"):
            return True
    return False


def _is_own(providers: list[object] | list[str]) -> bool:
    # `cargo:token` is the default, and reads the token that was looked for above.
    return any(one != "cargo:token" for one in providers)


def _inside(tables: object, name: str) -> object:
    return tables.get(name) if isinstance(tables, dict) else None


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


def _table(file: Path) -> dict[str, object]:
    try:
        return tomli.loads(read_regular(file) or "")
    except (ValueError, RecursionError):
        return {}
