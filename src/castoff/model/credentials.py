"""Table of the environment variables in which clients take credentials.

Each row is what a client documents; `source` names the document. The table decides what a child process is not given
(:mod:`castoff.model.child_environments`), and the page on what each process sees is generated from it. Names are
compared without regard to case, since npm reads its settings in either. `*` stands for any characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from msgspec import Struct

Purpose = Literal[
    "cargo",
    "python",
    "index",
    "npm",
    "identity",
    "forge",
    "git",
    "agent",
    "signing",
    "cloud",
    "castoff",
    "other",
]
"""What a credential is for: it reaches only the clients that work for this purpose."""

PURPOSES: Mapping[Purpose, str] = {
    "cargo": "reads and uploads by cargo",
    "python": "uploads of Python packages",
    "index": "reads of private Python indexes",
    "npm": "uploads of npm packages",
    "identity": "short-lived identity tokens of a CI job, for trusted publishing",
    "forge": "the forge's API",
    "git": "git's access to remotes",
    "agent": "the ssh agent: access over ssh, and signatures with ssh keys",
    "signing": "keys and passphrases of signing programs",
    "cloud": "cloud and container services, also behind credential providers and keyrings",
    "castoff": "services that castoff itself asks",
    "other": "anything else that is named like a credential",
}


class Row(Struct, frozen=True):
    """Variables of one client that hold credentials, or give access to them."""

    names: tuple[str, ...]
    purpose: Purpose
    client: str
    source: str


ROWS = (
    Row(
        (
            "CARGO_REGISTRY_TOKEN",
            "CARGO_REGISTRY_SECRET_KEY",
            "CARGO_REGISTRIES_*_TOKEN",
            "CARGO_REGISTRIES_*_SECRET_KEY",
        ),
        "cargo",
        "cargo",
        "The Cargo Book, Environment Variables",
    ),
    Row(
        (
            "CARGO_REGISTRY_CREDENTIAL_PROVIDER",
            "CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS",
            "CARGO_REGISTRIES_*_CREDENTIAL_PROVIDER",
            "CARGO_CREDENTIAL_ALIAS_*",
        ),
        "cargo",
        "cargo (commands that print a token)",
        "The Cargo Book, Registry Authentication",
    ),
    Row(
        ("UV_PUBLISH_TOKEN", "UV_PUBLISH_USERNAME", "UV_PUBLISH_PASSWORD"),
        "python",
        "uv",
        "uv, Environment variables",
    ),
    Row(("TWINE_USERNAME", "TWINE_PASSWORD"), "python", "twine", "twine, Environment Variables"),
    Row(("HATCH_INDEX_USER", "HATCH_INDEX_AUTH"), "python", "hatch", "Hatch, Index publisher"),
    Row(("FLIT_USERNAME", "FLIT_PASSWORD"), "python", "flit", "Flit, Controlling package uploads"),
    Row(("POETRY_PYPI_TOKEN_*",), "python", "Poetry", "Poetry, Configuring credentials"),
    Row(("PDM_PUBLISH_USERNAME", "PDM_PUBLISH_PASSWORD"), "python", "PDM", "PDM, Build and Publish"),
    Row(
        ("MATURIN_PYPI_TOKEN", "MATURIN_USERNAME", "MATURIN_PASSWORD"),
        "python",
        "maturin",
        "maturin, Distribution",
    ),
    Row(
        ("PYPI_TOKEN", "PYPI_API_TOKEN", "PYPI_PASSWORD", "PYPI_USERNAME", "TEST_PYPI_*TOKEN"),
        "python",
        "workflows",
        "names by convention",
    ),
    Row(("UV_INDEX_*_USERNAME", "UV_INDEX_*_PASSWORD"), "index", "uv", "uv, Package indexes"),
    Row(
        ("POETRY_HTTP_BASIC_*_USERNAME", "POETRY_HTTP_BASIC_*_PASSWORD"),
        "index",
        "Poetry",
        "Poetry, Configuring credentials",
    ),
    Row(("PDM_PYPI_USERNAME", "PDM_PYPI_PASSWORD"), "index", "PDM", "PDM, Configurations"),
    Row(("CONDA_TOKEN", "ANACONDA_API_TOKEN"), "index", "conda", "Anaconda, client documentation"),
    Row(
        ("NPM_TOKEN", "NODE_AUTH_TOKEN", "NPM_CONFIG_*AUTH*", "NPM_CONFIG_*PASSWORD", "NPM_CONFIG_OTP"),
        "npm",
        "npm",
        "npm, config and .npmrc",
    ),
    Row(("NPM_CONFIG_USERNAME", "NPM_CONFIG_*TOKEN*"), "npm", "npm", "npm, config and .npmrc"),
    Row(("YARN_NPM_AUTH_TOKEN", "YARN_NPM_AUTH_IDENT"), "npm", "Yarn", "Yarn, .yarnrc.yml"),
    Row(
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"),
        "identity",
        "GitHub Actions",
        "GitHub, OpenID Connect",
    ),
    Row(("ACTIONS_RUNTIME_TOKEN",), "other", "GitHub Actions (cache and artifacts)", "actions/toolkit"),
    Row(
        ("PYPI_ID_TOKEN", "TESTPYPI_ID_TOKEN", "NPM_ID_TOKEN", "SIGSTORE_ID_TOKEN", "CI_JOB_JWT*"),
        "identity",
        "GitLab CI",
        "GitLab, ID tokens",
    ),
    Row(("CIRCLE_OIDC_TOKEN*",), "identity", "CircleCI", "CircleCI, OpenID Connect tokens"),
    Row(
        (
            "GH_TOKEN",
            "GITHUB_TOKEN",
            "GH_ENTERPRISE_TOKEN",
            "GITHUB_ENTERPRISE_TOKEN",
            "GITHUB_PAT",
            "GH_PAT",
            "GITHUB_API_TOKEN",
            "HOMEBREW_GITHUB_API_TOKEN",
            "UV_GITHUB_TOKEN",
        ),
        "forge",
        "GitHub",
        "gh, environment",
    ),
    Row(
        (
            "GITLAB_TOKEN",
            "GITLAB_ACCESS_TOKEN",
            "GITLAB_PRIVATE_TOKEN",
            "GL_TOKEN",
            "OAUTH_TOKEN",
            "CI_JOB_TOKEN",
            "CI_DEPLOY_USER",
            "CI_DEPLOY_PASSWORD",
        ),
        "forge",
        "GitLab",
        "GitLab, predefined variables; glab, environment",
    ),
    Row(("GITEA_TOKEN", "FORGEJO_TOKEN", "CODEBERG_TOKEN"), "forge", "Gitea, Forgejo", "names by convention"),
    Row(("BITBUCKET_TOKEN", "BITBUCKET_APP_PASSWORD"), "forge", "Bitbucket", "names by convention"),
    Row(
        ("GIT_ASKPASS", "SSH_ASKPASS"),
        "git",
        "git, ssh (programs that answer with a password)",
        "gitcredentials",
    ),
    Row(
        ("VSCODE_GIT_IPC_HANDLE", "VSCODE_GIT_IPC_AUTH_TOKEN"),
        "git",
        "the editor's answer to git's questions",
        "Visual Studio Code, git extension",
    ),
    Row(("SSH_AUTH_SOCK", "SSH_AGENT_PID"), "agent", "ssh", "ssh-agent"),
    Row(
        ("GPG_PASSPHRASE", "GPG_PRIVATE_KEY", "GPG_SIGNING_KEY", "GPG_KEY", "PASSPHRASE", "SIGNING_KEY"),
        "signing",
        "gpg and workflows that import a key",
        "names by convention",
    ),
    Row(("COSIGN_PASSWORD", "COSIGN_PRIVATE_KEY"), "signing", "cosign", "Sigstore, cosign"),
    Row(
        (
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN*",
            "AWS_CONTAINER_CREDENTIALS_*",
        ),
        "cloud",
        "AWS",
        "AWS CLI, environment variables",
    ),
    Row(
        (
            "AZURE_CLIENT_SECRET",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            "AZURE_FEDERATED_TOKEN*",
            "AZURE_PASSWORD",
            "AZURE_STORAGE_KEY",
            "AZURE_STORAGE_CONNECTION_STRING",
            "AZURE_STORAGE_SAS_TOKEN",
            "AZURE_DEVOPS_EXT_PAT",
            "SYSTEM_ACCESSTOKEN",
            "VSS_NUGET_*ENDPOINTS",
            "ARTIFACTS_CREDENTIALPROVIDER_*ENDPOINTS",
        ),
        "cloud",
        "Azure",
        "Azure Identity; Azure Artifacts credential provider",
    ),
    Row(
        (
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GOOGLE_CREDENTIALS",
            "GOOGLE_GHA_CREDS_PATH",
            "GOOGLE_OAUTH_ACCESS_TOKEN",
            "GOOGLE_API_KEY",
            "CLOUDSDK_AUTH_*",
        ),
        "cloud",
        "Google Cloud",
        "Google Cloud, Application Default Credentials",
    ),
    Row(
        ("DOCKER_AUTH_CONFIG", "DOCKER_PASSWORD", "CI_REGISTRY_PASSWORD", "CI_DEPENDENCY_PROXY_PASSWORD"),
        "cloud",
        "Docker",
        "GitLab, container registry; names by convention",
    ),
    Row(("VAULT_TOKEN",), "cloud", "Vault", "Vault, commands"),
    Row(("READTHEDOCS_TOKEN", "WEBSITE_TOKEN"), "castoff", "castoff", "castoff, configuration"),
    Row(
        ("*_WEBHOOK", "*_WEBHOOK_URL", "WEBHOOK_URL"),
        "other",
        "chat services (whoever knows the address may post)",
        "Slack, Incoming webhooks; names by convention",
    ),
    Row(
        (
            "*TOKEN",
            "*PASSWORD",
            "*PASSWD",
            "*PASSPHRASE",
            "*_PWD",
            "SECRET",
            "*_SECRET",
            "*_SECRET_KEY",
            "*_PRIVATE_KEY",
            "*_ACCESS_KEY",
            "*_API_KEY",
            "*_APIKEY",
            "*_CREDENTIALS",
            "*_PAT",
            "*_AUTH",
        ),
        "other",
        "any program",
        "names by convention",
    ),
)

ADDRESSES: Mapping[str, Purpose] = {
    "UV_PUBLISH_URL": "python",
    "TWINE_REPOSITORY_URL": "python",
    "FLIT_INDEX_URL": "python",
    "HATCH_INDEX_REPO": "python",
    "UV_*": "index",
    "PIP_*": "index",
    "PDM_*": "index",
    "CARGO_REGISTR*": "cargo",
    "CARGO_SOURCE_*": "cargo",
    "NPM_CONFIG_*": "npm",
    "CI_REPOSITORY_URL": "forge",
    "*": "other",
}
"""Variables with addresses: where one carries a user and a password, these are for this purpose."""


def withheld(environment: Mapping[str, str], purpose: Purpose) -> dict[str, str | None]:
    """Return the changes that take the credentials of one purpose out of an environment."""
    return {name: None for name in environment if purpose_of(name) == purpose}


@lru_cache(maxsize=4096)
def purpose_of(name: str) -> Purpose | None:
    """Return what the credential in a variable is for, None if its name is not that of a credential."""
    capitals = name.upper()
    found = [_EXACT[capitals]] if capitals in _EXACT else []
    found += (at for pattern, at in _PATTERNS if _fits(capitals, pattern))
    return ROWS[min(found)].purpose if found else None


def purpose_of_address(name: str) -> Purpose:
    """Return what the credentials within an address in a variable are for."""
    return next(purpose for pattern, purpose in ADDRESSES.items() if _fits(name.upper(), pattern))


def _fits(name: str, pattern: str) -> bool:
    """Return whether a name in capitals is that of a pattern."""
    # One expression for all rows took longer to compile than these comparisons take in a whole run.
    first, *others = pattern.split("*")
    if not others or not name.startswith(first):
        return name == pattern
    at = len(first)
    for piece in others[:-1]:
        at = name.find(piece, at) + len(piece)
        if at < len(piece):
            return False
    return len(name) >= at + len(others[-1]) and name.endswith(others[-1])


_NAMES = [(name.upper(), at) for at, row in enumerate(ROWS) for name in row.names]
# Of two rows with one name, the first counts.
_EXACT = {name: at for name, at in reversed(_NAMES) if "*" not in name}
_PATTERNS = [(name, at) for name, at in _NAMES if "*" in name]
