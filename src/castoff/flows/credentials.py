"""Is there a credential with which the clients could upload? Its presence alone is looked at, never its value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.stages.preflight import Cannot, Check, Found

_OIDC = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "PYPI_ID_TOKEN", "CIRCLE_OIDC_TOKEN_V2")
_NOTHING_SET = "no token stands in the environment (`UV_PUBLISH_TOKEN`, `TWINE_PASSWORD`)"
_PYTHON = ("UV_PUBLISH_TOKEN", "UV_PUBLISH_PASSWORD", "TWINE_PASSWORD")


def credential_checks(setting: Setting, survey: Survey) -> tuple[Check, ...]:
    """List one check for each registry that packages go to."""
    checks = []
    if "cargo" in survey.ecosystems:
        names = {
            _cargo_name(setting, one.registries)
            for one in survey.workspace.packages
            if one.ecosystem == "cargo"
        }
        checks += [
            Check(f"token:cargo:{name}", "preflight", _CargoToken(setting, name)) for name in sorted(names)
        ]
    if "python" in survey.ecosystems:
        client, root = setting.configuration.python.publish, setting.repository.root
        checks.append(
            Check(
                "token:python",
                "preflight",
                lambda: python_credential(setting.environment, client, root),
            )
        )
    return tuple(checks)


class _CargoToken:
    def __init__(self, setting: Setting, registry: str) -> None:
        self._setting, self._registry = setting, registry

    def __call__(self) -> Found:
        root = self._setting.repository.root
        return cargo_credential(self._setting.environment, self._registry, root)


def cargo_credential(environment: Mapping[str, str], registry: str, root: Path) -> Found:
    """Look where cargo looks (The Cargo Book, registry authentication); a provider of the user's may know one."""
    is_default = registry == "crates-io"
    variable = "CARGO_REGISTRY_TOKEN" if is_default else f"CARGO_REGISTRIES_{_upper(registry)}_TOKEN"
    if environment.get(variable):
        return ()
    home = Path(environment.get("CARGO_HOME") or Path(environment.get("HOME", "/")) / ".cargo")
    for name in ("credentials.toml", "credentials"):
        known = _table(home / name)
        table = known.get("registry") if is_default else _inside(known.get("registries"), registry)
        if isinstance(table, dict) and ("token" in table or "secret-key" in table):
            return ()
    if _has_provider(environment, registry, [home, *(one / ".cargo" for one in (root, *root.parents))]):
        return Cannot("cargo asks a credential provider, which castoff does not")
    if any(environment.get(name) for name in _OIDC):
        return Cannot("this job can get a short-lived token, which castoff does not ask for here")
    return (
        Problem(
            code="token-missing",
            message=f"cargo has no token for `{registry}`",
            reason=f"`{variable}` is not set, and cargo's credentials file names none",
            remedy="run `cargo login`"
            + ("" if is_default else f" --registry {registry}")
            + f", or set `{variable}`",
        ),
    )


def python_credential(environment: Mapping[str, str], client: str, root: Path) -> Found:
    """Look where uv and twine look; keyrings and trusted publishing are known to the client alone."""
    if any(environment.get(name) for name in _PYTHON):
        return ()
    for name in ("UV_PUBLISH_URL", "TWINE_REPOSITORY_URL"):
        if re.match(r"https?://[^/\s@]+@", environment.get(name, "")):
            return ()
    if any(environment.get(name) for name in _OIDC):
        return Cannot("this job can get a short-lived token, which the client asks for when it uploads")
    if client == "twine" and (_home(environment) / ".pypirc").is_file():
        return ()
    if client == "twine" or _may_know_one(environment, root):
        return Cannot(
            f"{_NOTHING_SET}; the client may know one (keyring, `uv auth`, netrc), or the index wants none"
        )
    return (
        Problem(
            code="token-missing",
            message="uv has no token to upload with",
            reason=f"{_NOTHING_SET}, and uv has no keyring, no netrc file and no login of its own to ask",
            remedy="set `UV_PUBLISH_TOKEN`, run `uv auth login`, or release from a workflow with trusted publishing",
        ),
    )


def _may_know_one(environment: Mapping[str, str], root: Path) -> bool:
    """Say whether uv has more to ask: an index of one's own, a keyring, netrc, a login (uv, authentication)."""
    named = ("UV_PUBLISH_URL", "UV_PUBLISH_INDEX", "UV_KEYRING_PROVIDER", "UV_CONFIG_FILE")
    if any(environment.get(name) for name in named):
        return True
    home = _home(environment)
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    logins = Path(environment.get("UV_CREDENTIALS_DIR") or data / "uv/credentials")
    if logins.exists() or Path(environment.get("NETRC") or home / ".netrc").is_file():
        return True
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"
    project = _inside(_table(root / "pyproject.toml").get("tool"), "uv")
    return any(_names_more(one) for one in (project, _table(root / "uv.toml"), _table(config)))


def _names_more(settings: object) -> bool:
    """Say whether settings of uv name a keyring, or another place to upload to."""
    if not isinstance(settings, dict):
        return False
    indexes = settings.get("index")
    own = isinstance(indexes, list) and any(isinstance(one, dict) and "publish-url" in one for one in indexes)
    return own or "publish-url" in settings or settings.get("keyring-provider", "disabled") != "disabled"


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME", "/"))


def _cargo_name(setting: Setting, registries: tuple[str, ...]) -> str:
    return setting.configuration.cargo.registry or (registries[0] if registries else "crates-io")


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
    return any(one != "cargo:token" for one in providers)


def _inside(tables: object, name: str) -> object:
    return tables.get(name) if isinstance(tables, dict) else None


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


def _table(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return {}
