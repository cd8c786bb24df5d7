from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import uv

from castoff.world.faults import parse_faults
from castoff.world.python_index.minimal import Seed, minimal_wheel
from castoff.world.seed import WorldSeed
from castoff.world.world import World

pytestmark = pytest.mark.real

UV = uv.find_uv_bin()
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def world() -> Iterator[World]:
    with World(outside=False, tls=False) as made:
        yield made


def runner(world: World, tmp_path: Path, cwd: Path | None = None, **more: str) -> Run:
    own = {"UV_CACHE_DIR": str(tmp_path / "uv-cache"), "PIP_NO_CACHE_DIR": "1", "PIP_FIND_LINKS": ""}
    environment: Mapping[str, str] = {**world.child_environment(), **own, **more}

    def run(*command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        finished = subprocess.run(
            command, cwd=cwd or tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert not ok or finished.returncode == 0, finished.stdout + finished.stderr
        return finished

    return run


def wheel(folder: Path, name: str, version: str, *requires: str) -> str:
    filename, content = minimal_wheel(Seed(name=name, version=version, requires_dist=requires))
    folder.mkdir(exist_ok=True)
    (folder / filename).write_bytes(content)
    return str(folder / filename)


def installed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.dist-info"))


class TestPython:
    def test_uv_publishes_once_and_again_but_never_other_bytes(self, world: World, tmp_path: Path) -> None:
        run = runner(world, tmp_path)
        file = wheel(tmp_path / "dist", "acme-core", "1.0.0")

        run(UV, "publish", file)
        run(UV, "publish", file)
        wheel(tmp_path / "dist", "acme-core", "1.0.0", "acme-web")
        other = run(UV, "publish", file, ok=False)

        assert other.returncode == 2
        assert "File already exists" in " ".join(other.stderr.split())
        assert len(world.python_index.store.dump()) == 1

    def test_twine_publishes_and_says_why_not(self, world: World, tmp_path: Path) -> None:
        run = runner(world, tmp_path)
        file = wheel(tmp_path / "dist", "acme-core", "1.0.0")

        run(sys.executable, "-m", "twine", "upload", file)
        world.gate.replace(
            parse_faults('{"rules": [{"subject": "acme_*", "effect": {"deny": "not yours"}}]}')
        )
        denied = run(sys.executable, "-m", "twine", "upload", file, ok=False)

        assert denied.returncode == 1
        assert "403" in denied.stdout + denied.stderr

    def test_uv_and_pip_install_what_is_here_and_what_the_users_index_has(self, tmp_path: Path) -> None:
        elsewhere = WorldSeed(python=(Seed(name="faraway", version="2.0.0"),))
        with World(seed=elsewhere, outside=False, tls=False) as far:
            user = {**os.environ, "UV_DEFAULT_INDEX": f"{far.python.url}/simple/"}
            with World(environment=user, tls=False) as world:
                run = runner(world, tmp_path)
                run(UV, "publish", wheel(tmp_path / "dist", "acme", "1.0.0", "faraway>=1"))
                run(UV, "pip", "install", "--python", sys.executable, "--target", "by-uv", "acme")
                run(sys.executable, "-m", "pip", "install", "-q", "--target", "by-pip", "acme")
                asked = [entry.path for entry in world.journal.entries()]

        assert installed(tmp_path / "by-uv") == ["acme-1.0.0.dist-info", "faraway-2.0.0.dist-info"]
        assert installed(tmp_path / "by-pip") == ["acme-1.0.0.dist-info", "faraway-2.0.0.dist-info"]
        assert any(path.endswith(".whl.metadata") for path in asked)

    def test_a_yanked_version_is_skipped_unless_it_is_asked_for(self, world: World, tmp_path: Path) -> None:
        world.python_index.seed([Seed(name="acme", version="1.0.0"), Seed(name="acme", version="1.1.0")])
        world.python_index.store.yank("acme", "1.1.0", "broken")
        run = runner(world, tmp_path)

        run(UV, "pip", "install", "--python", sys.executable, "--target", "any", "acme>=1")
        run(UV, "pip", "install", "--python", sys.executable, "--target", "exact", "acme==1.1.0")

        assert installed(tmp_path / "any") == ["acme-1.0.0.dist-info"]
        assert installed(tmp_path / "exact") == ["acme-1.1.0.dist-info"]

    def test_in_a_view_a_resolver_sees_only_what_is_there_at_that_turn(
        self, world: World, tmp_path: Path
    ) -> None:
        world.python_index.seed([Seed(name="acme-core", version="1.0.0")])
        run = runner(world, tmp_path)
        for name in ("acme-core", "acme-web"):
            run(UV, "publish", wheel(tmp_path / "dist", name, "1.1.0"))
        world.python_index.store.set_view("turn", [])
        index = f"{world.python.url}/view/turn/simple/"
        install = (UV, "pip", "install", "--no-cache", "--python", sys.executable, "--default-index", index)

        early = run(*install, "--target", "early", "acme-core==1.1.0", ok=False)
        world.python_index.store.set_view("turn", ["acme-core"])
        run(*install, "--target", "now", "acme-core==1.1.0")
        unlisted = run(*install, "--target", "web", "acme-web", ok=False)

        assert (early.returncode, unlisted.returncode) == (1, 1)
        assert installed(tmp_path / "now") == ["acme_core-1.1.0.dist-info"]


@pytest.mark.needs("cargo")
class TestCargo:
    @pytest.fixture(params=["replaced source", "proxy"])
    def cargo_world(self, request: pytest.FixtureRequest) -> Iterator[World]:
        record = {"packages": {"cw-seeded": {"1.0.0": {"features": ["x"]}, "1.1.0": {"yanked": True}}}}
        with World(seed=WorldSeed(cargo=record), outside=False, tls=request.param == "proxy") as world:
            yield world

    def workspace(self, folder: Path, *, publish: str = "true") -> Path:
        root = folder / "workspace"
        members = {
            "cw-core": 'cw-seeded = { version = "1", features = ["x"] }',
            "cw-facade": 'cw-core = { path = "../cw-core", version = "=2.0.0" }',
        }
        root.mkdir()
        (root / "Cargo.toml").write_text('[workspace]\nmembers = ["cw-core", "cw-facade"]\nresolver = "2"\n')
        for name, dependency in members.items():
            (root / name / "src").mkdir(parents=True)
            (root / name / "src" / "lib.rs").write_text("")
            (root / name / "Cargo.toml").write_text(
                f'[package]\nname = "{name}"\nversion = "2.0.0"\nedition = "2021"\npublish = {publish}\n'
                f'description = "x"\nlicense = "MIT OR Apache-2.0"\ncategories = ["wasm"]\n'
                f"[dependencies]\n{dependency}\n"
            )
        return root

    def test_a_workspace_is_verified_and_published_in_its_order(
        self, cargo_world: World, tmp_path: Path
    ) -> None:
        root = self.workspace(tmp_path)
        run = runner(cargo_world, tmp_path, root)

        run("cargo", "publish", "--workspace")

        uploads = cargo_world.cargo_registry.dump()["uploads"]
        assert isinstance(uploads, list)
        assert [upload["package"] for upload in uploads] == ["cw-core", "cw-facade"]
        for upload in uploads:
            packed = next(root.glob(f"target/package/**/{upload['filename']}"))
            assert len(packed.read_bytes()) > 0

    def test_yank_owner_search_and_info_work(self, cargo_world: World, tmp_path: Path) -> None:
        root = self.workspace(tmp_path)
        named = () if cargo_world.cargo_proxy is not None else ("--registry", "world")
        run = runner(cargo_world, tmp_path, root)
        outside = runner(cargo_world, tmp_path)
        run("cargo", "publish", "-p", "cw-core", "--no-verify")

        run("cargo", "yank", "cw-core@2.0.0", *named)
        run("cargo", "yank", "cw-core@2.0.0", "--undo", *named)
        run("cargo", "owner", "--add", "bob", "cw-core", *named)
        run("cargo", "owner", "--add", "github:cw:core", "cw-core", *named)
        owners = run("cargo", "owner", "--list", "cw-core", *named).stdout
        found = run("cargo", "search", "cw-c", *named).stdout
        info = outside("cargo", "info", "cw-core@2.0.0", *named).stdout

        assert "github:cw:core" in owners
        assert "bob" not in owners, "a user owns a crate only once the invitation is accepted"
        assert 'cw-core = "2.0.0"' in found
        assert "version: 2.0.0" in info

    def test_a_version_that_is_there_is_refused(self, cargo_world: World, tmp_path: Path) -> None:
        run = runner(cargo_world, tmp_path, self.workspace(tmp_path))
        run("cargo", "publish", "-p", "cw-core", "--no-verify")

        again = run("cargo", "publish", "-p", "cw-core", "--no-verify", ok=False)

        assert again.returncode == 101
        assert "already exists" in again.stderr

    def test_a_rate_limit_is_told_in_its_own_words(self, cargo_world: World, tmp_path: Path) -> None:
        rule = '{"rules": [{"subject": "cw-core@*", "effect": {"rate_limit": 9, "form": "date"}}]}'
        cargo_world.gate.replace(parse_faults(rule))
        run = runner(cargo_world, tmp_path, self.workspace(tmp_path))

        refused = run("cargo", "publish", "-p", "cw-core", "--no-verify", ok=False)

        assert refused.returncode == 101
        assert "429" in refused.stderr
        assert "try again after" in refused.stderr

    def test_a_manifest_that_names_its_registry_is_published_through_the_proxy(self, tmp_path: Path) -> None:
        record = {"packages": {"cw-seeded": {"1.0.0": {"features": ["x"]}}}}
        with World(seed=WorldSeed(cargo=record), outside=False, tls=True) as world:
            run = runner(world, tmp_path, self.workspace(tmp_path, publish='["crates-io"]'))
            run("cargo", "publish", "--workspace", "--no-verify")

            assert len(world.cargo_registry.store.crates()) == 3


@pytest.mark.needs("npm")
def test_npm_publishes_once(world: World, tmp_path: Path) -> None:
    run = runner(world, tmp_path)
    (tmp_path / "package.json").write_text('{"name": "@acme/core", "version": "1.0.0"}')

    run("npm", "publish", "--access", "public")
    again = run("npm", "publish", "--access", "public", ok=False)
    dist = json.loads(run("npm", "view", "@acme/core@1.0.0", "dist", "--json").stdout)
    absent = run("npm", "view", "@acme/none@1.0.0", "dist", "--json", ok=False)

    assert "previously published versions" in again.stderr
    assert dist["tarball"].startswith(world.npm.url)
    assert json.loads(absent.stdout)["error"]["code"] == "E404"


REACHING = {
    "gh": ("gh", "api", "repos/acme/rocket", "--jq", ".full_name"),
    "curl": ("curl", "-sSf", "https://api.github.com/repos/acme/rocket"),
    "git": ("git", "ls-remote", "--symref", "https://github.com/acme/rocket.git", "HEAD"),
    "requests": (
        sys.executable,
        "-c",
        "import requests; print(requests.get('https://api.github.com/repos/acme/rocket').json()['full_name'])",
    ),
    "urllib": (
        sys.executable,
        "-c",
        "import urllib.request as u; print(u.urlopen('https://api.github.com/repos/acme/rocket').read())",
    ),
}
MISSING = {name for name, command in REACHING.items() if shutil.which(command[0]) is None}


@pytest.fixture(scope="module")
def closed() -> Iterator[World]:
    with World(outside=False) as made:
        work = made.directory / "work"
        environment = {**made.child_environment(), "GIT_CONFIG_GLOBAL": os.devnull}
        for command in (
            ("init", "-q", "-b", "main", str(work)),
            (
                "-C",
                str(work),
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b",
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                "x",
            ),
            ("-C", str(work), "push", "-q", "https://github.com/acme/rocket.git", "main"),
        ):
            subprocess.run(["git", *command], env=environment, check=True, capture_output=True)
        yield made


@pytest.mark.parametrize("name", REACHING)
def test_a_client_reaches_this_world_at_the_addresses_that_it_knows(
    closed: World, tmp_path: Path, name: str
) -> None:
    if name in MISSING:
        pytest.skip(f"{REACHING[name][0]} is not installed")

    done = runner(closed, tmp_path)(*REACHING[name])

    assert "acme/rocket" in done.stdout or "refs/heads/main" in done.stdout


@pytest.mark.needs("node")
def test_node_trusts_nobody_but_this_world(closed: World, tmp_path: Path) -> None:
    """An old Node knows no proxies, so the world's trust is what keeps its token from the outside."""
    program = """
    const tls = require('tls'), [host, port] = process.argv.slice(1);
    const given = require('http').request({host: '127.0.0.1', port, method: 'CONNECT', path: host + ':443'});
    given.on('connect', (_, socket) => tls.connect({socket, servername: host}, function () {
      console.log(this.authorized, require('tls').rootCertificates.length > 0); process.exit() }));
    given.end();
    """
    port = closed.environment()["HTTPS_PROXY"].rpartition(":")[2]

    done = runner(closed, tmp_path)("node", "-e", program, "api.github.com", port)

    assert done.stdout.startswith("true")
    assert "--use-openssl-ca" in closed.environment()["NODE_OPTIONS"]
