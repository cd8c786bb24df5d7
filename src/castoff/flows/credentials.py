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
        checks.append(Check("token:python", "preflight", lambda: _python(setting)))
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


def _python(setting: Setting) -> Found:
    """Look where uv and twine look; keyrings and trusted publishing are known to the client alone."""
    environment = setting.environment
    if any(environment.get(name) for name in _PYTHON):
        return ()
    for name in ("UV_PUBLISH_URL", "TWINE_REPOSITORY_URL"):
        if re.match(r"https?://[^/\s@]+@", environment.get(name, "")):
            return ()
    if any(environment.get(name) for name in _OIDC):
        return Cannot("this job can get a short-lived token, which the client asks for when it uploads")
    is_twine = setting.configuration.python.publish == "twine"
    if is_twine and (Path(environment.get("HOME", "/")) / ".pypirc").is_file():
        return ()
    return Cannot(
        "no token stands in the environment (`UV_PUBLISH_TOKEN`, `TWINE_PASSWORD`); "
        "the client may know one (keyring, `uv auth`, trusted publishing)"
    )


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
