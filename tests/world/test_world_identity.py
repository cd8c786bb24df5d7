"""Identity tokens of CI jobs in the embedded world: who gets one, and what PyPI and clients make of it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uv
from npm_clients import CLIENTS
from pypi_attestations import Provenance

from attesting import Identity, attestation, signed
from castoff.world.clock import WorldClock
from castoff.world.identity import ISSUER, Issuer, Job, sign
from castoff.world.messages import Request, Response
from castoff.world.python_index import PythonIndex
from castoff.world.python_index.minimal import Seed, minimal_wheel
from castoff.world.seed import WorldSeed
from castoff.world.world import World

JOB = {"workflow": "release.yml", "environment": "release"}
TRUSTED: dict[str, Any] = {
    "acme-core": {"repository": "acme/rocket", "workflow": "release.yml", "environment": "Release"},
    "acme": {"repository": "acme/rocket", "workflow": "release.yml", "environment": "release"},
    "other": {"repository": "acme/rocket", "workflow": "other.yml"},
}
PENDING: dict[str, Any] = {
    "acme-new": {"repository": "acme/rocket", "workflow": "release.yml", "environment": "new"}
}
NAMES = ("acme-core", "acme", "other")


def index_at(clock: WorldClock, **job: Any) -> tuple[PythonIndex, Issuer]:
    issuer = Issuer(clock, Job.of({**JOB, **job}, "acme/rocket"))
    index = PythonIndex(clock=clock, trusted=TRUSTED, pending=PENDING, issuer=issuer)
    index.seed(Seed(name=name, version="1.0.0") for name in NAMES)
    return index, issuer


def mint(index: PythonIndex, token: str) -> Response:
    return index.handle(Request("POST", "/_/oidc/mint-token", body=json.dumps({"token": token}).encode()))


def minted(index: PythonIndex, issuer: Issuer) -> str:
    return str(json.loads(mint(index, issuer.token("pypi")).body)["token"])


def upload(index: PythonIndex, name: str, token: str, version: str = "1.1.0", **fields: str) -> Response:
    filename, content = minimal_wheel(Seed(name=name, version=version))
    sent = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": name,
        "version": version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        **fields,
    }
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in sent.items()
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="content"; filename="{filename}"\r\n\r\n'.encode()
    body = b"".join(parts) + head + content + b"\r\n--b--\r\n"
    login = base64.b64encode(f"__token__:{token}".encode()).decode()
    headers = {"content-type": "multipart/form-data; boundary=b", "authorization": f"Basic {login}"}
    return index.handle(Request("POST", "/legacy/", {}, headers, body))


def test_a_token_is_for_all_projects_of_its_publisher_for_15_minutes() -> None:
    clock = WorldClock()
    index, issuer = index_at(clock)
    token = minted(index, issuer)

    assert [upload(index, name, token).status for name in (*NAMES, "unknown")] == [200, 200, 403, 400]
    assert upload(index, "acme", "pypi-world-made-up").status == 403
    clock.advance(899)
    assert upload(index, "acme", token, "1.2.0").status == 200
    clock.advance(2)
    late = upload(index, "acme", token, "1.3.0")
    assert (late.status, "expired" in late.body.decode()) == (403, True)


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({"aud": "npm:x"}, "invalid-token", "malformed or invalid token"),
        ({"aud": ["pypi"]}, "invalid-token", "malformed"),
        ({"iss": "https://example.org"}, "invalid-payload", "unknown trusted publishing issuer"),
        ({"exp": 1}, "invalid-token", "malformed"),
        ({"jti": ""}, "invalid-token", "malformed"),
        ({"repository": "acme/other"}, "invalid-publisher", "was not found"),
        ({"repository_owner_id": "7"}, "invalid-publisher", "was not found"),
        ({"environment": "elsewhere"}, "invalid-publisher", "was not found"),
        (
            {"job_workflow_ref": "acme/rocket/.github/workflows/ci.yml@x"},
            "invalid-publisher",
            "was not found",
        ),
        ({"job_workflow_ref": ""}, "invalid-publisher", "workflow filename"),
        (
            {"job_workflow_ref": "acme/tools/.github/workflows/release.yml@refs/heads/main"},
            "invalid-publisher",
            "job_workflow_ref claim does not match",
        ),
        ({"event_name": "pull_request_target"}, "invalid-publisher", "'pull_request_target'"),
    ],
)
def test_other_jobs_get_no_token(claims: dict[str, Any], code: str, words: str) -> None:
    index, issuer = index_at(WorldClock())

    answer = mint(index, issuer.token(**{"audience": "pypi", **claims}))

    error = json.loads(answer.body)["errors"][0]
    assert (answer.status, error["code"], words in error["description"]) == (422, code, True), error


def test_an_identity_token_is_used_once_and_signed_by_the_issuer() -> None:
    index, issuer = index_at(WorldClock())
    token = issuer.token("pypi")

    assert mint(index, token).status == 200
    assert b"invalid-reuse-token" in mint(index, token).body
    now = int(datetime.now(UTC).timestamp())
    whole = {"iss": ISSUER, "aud": "pypi", "jti": "1", "iat": now, "nbf": now, "exp": now + 9}
    assert mint(index, sign(whole, {"alg": "none", "kid": "world"})).status == 422
    assert b"malformed JWT" in mint(index, "x.y").body
    assert b"invalid-payload" in mint(index, 7).body  # type: ignore[arg-type]


def test_a_pending_publisher_makes_its_project_and_is_one_from_then_on() -> None:
    index, issuer = index_at(WorldClock(), environment="new")
    token = minted(index, issuer)

    assert upload(index, "acme-new", token).status == 200
    assert minted(index, issuer) != token
    index, issuer = index_at(WorldClock(), environment="new")
    index.seed([Seed(name="acme-new", version="1.0.0")])
    assert b"invalid-pending-publisher" in mint(index, issuer.token("pypi")).body


def test_attestations_are_of_the_file_and_of_the_trusted_publisher() -> None:
    filename, content = minimal_wheel(Seed(name="acme", version="1.1.0"))
    digest = hashlib.sha256(content).hexdigest()
    good = attestation(filename, digest)
    unlogged = {
        **good,
        "verification_material": {**good["verification_material"], "transparency_entries": []},
    }
    rows = (
        ([], "empty"),
        ("{}", "Malformed"),
        ([unlogged], "Malformed"),
        ([attestation("x", digest)], "distribution name"),
        ([attestation(filename, "0" * 64)], "distribution digest"),
        ([attestation(filename, digest, Identity(workflow="build.yml"))], "does not match expected Trusted"),
        ([attestation(filename, digest, kind="https://example.org")], "unsupported predicate type"),
        ([attestation(filename, digest, signature=signed(b"another statement"))], "not of the certificate's"),
        ([good, good], "Multiple attestations"),
        ([good, good, good], "A maximum of 2"),
        ([good], ""),
    )
    for sent, words in rows:
        index, issuer = index_at(WorldClock())
        answer = upload(index, "acme", minted(index, issuer), attestations=json.dumps(sent))
        assert (answer.status, words in answer.body.decode()) == (400 if words else 200, True), answer.body

    def shown(name: str, accept: str = "*/*") -> Response:
        return index.handle(Request("GET", f"/integrity/{name}", {}, {"accept": accept}))

    found = shown(f"acme/1.1.0/{filename}/provenance", "application/vnd.pypi.integrity.v1+json")
    provenance = Provenance.model_validate_json(found.body)
    (bundle,) = provenance.attestation_bundles
    assert (bundle.publisher.kind, bundle.publisher.workflow) == ("GitHub", "release.yml")
    assert [one.statement["subject"][0]["name"] for one in bundle.attestations] == [filename]
    before = minimal_wheel(Seed(name="acme", version="1.0.0"))[0]
    assert b"No provenance available" in shown(f"acme/1.0.0/{before}/provenance").body
    assert shown("acme/9.9.9/x.whl/provenance").status == 404
    assert shown(f"acme/1.1.0/{filename}/provenance", "text/html").status == 406
    page = index.handle(Request("GET", "/simple/acme/", {"format": ["application/vnd.pypi.simple.v1+json"]}))
    listed = {one["filename"]: one["provenance"] for one in json.loads(page.body)["files"]}
    assert [one and one.rpartition("/integrity/")[2] for one in listed.values()] == [
        None,
        f"acme/1.1.0/{filename}/provenance",
    ]
    assert index.handle(Request("GET", "/simple/acme/")).body.count(b"data-provenance=") == 1


@pytest.fixture(params=[JOB, {**JOB, "workflow": "ci.yml"}], ids=["trusted", "another-workflow"])
def world(request: pytest.FixtureRequest) -> Any:
    seed = WorldSeed(
        job=request.param,
        python_publishers={"trusted": TRUSTED},
        python=(Seed(name="acme", version="1.0.0"),),
        npm={
            "packages": [{"name": "@acme/core", "version": "0.9.0"}],
            "settings": {"@acme/core": {"trusted": TRUSTED["acme"]}},
        },
    )
    with World(outside=False, tls=False, seed=seed) as made:
        yield made, request.param is JOB


TOKENS = ("UV_PUBLISH_TOKEN", "TWINE_PASSWORD", "TWINE_USERNAME")


def attested_wheel(folder: Path) -> tuple[str, str]:
    """Write a wheel with its attestation beside it; return the names of both."""
    filename, content = minimal_wheel(Seed(name="acme", version="1.1.0"))
    (folder / filename).write_bytes(content)
    beside = f"{filename}.publish.attestation"
    made = attestation(filename, hashlib.sha256(content).hexdigest())
    (folder / beside).write_text(json.dumps(made))
    return filename, beside


@pytest.mark.real
def test_twine_uploads_attestations_with_the_token_of_an_exchange(
    world: tuple[World, bool], tmp_path: Path
) -> None:
    made, trusted = world
    files = attested_wheel(tmp_path)
    environment = made.child_environment()
    if trusted:  # twine exchanges at PyPI alone
        environment["TWINE_PASSWORD"] = minted(made.python_index, Issuer(job=Job.of(JOB, "acme/rocket")))

    done = subprocess.run(
        [sys.executable, "-m", "twine", "upload", "--non-interactive", "--attestations", *files],
        cwd=tmp_path,
        env={**environment, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )

    there, provenance = made.python_index.store.provenance("acme", "1.1.0", files[0])
    assert (done.returncode == 0, there, provenance is not None) == (trusted, trusted, trusted), done.stdout
    assert trusted or "only supported when using Trusted Publishing" in " ".join(done.stdout.split())


@pytest.mark.real
def test_uv_publishes_by_the_job_alone(world: tuple[World, bool], tmp_path: Path) -> None:
    made, trusted = world
    filename, beside = attested_wheel(tmp_path)
    environment = {name: value for name, value in made.child_environment().items() if name not in TOKENS}

    done = subprocess.run(
        [uv.find_uv_bin(), "publish", "--trusted-publishing", "always", filename, beside],
        cwd=tmp_path,
        env={**environment, "UV_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode == 0) is trusted, done.stderr
    assert trusted or "invalid-publisher" in done.stderr
    assert len(made.python_index.store.dump()) == int(trusted)
    assert (made.python_index.store.provenance("acme", "1.1.0", filename)[1] is not None) is trusted


@pytest.mark.real
def test_npm_publishes_by_the_job_alone(world: tuple[World, bool], tmp_path: Path) -> None:
    made, trusted = world
    npm = next(one for one in CLIENTS if one.name == "npm")
    (tmp_path / "package.json").write_text('{"name": "@acme/core", "version": "1.0.0"}')
    settings = tmp_path / "npmrc"
    settings.write_text(f"registry={made.npm.url}/\n")
    environment = {**made.child_environment(), "npm_config_userconfig": str(settings)}

    done = subprocess.run(
        [*npm.command, "publish", "--access", "public"],
        cwd=tmp_path,
        env={**environment, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode == 0) is trusted, done.stderr
    assert trusted or "ENEEDAUTH" in done.stderr
