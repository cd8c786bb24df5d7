"""The rules of crates-io: each upload that breaks one is refused by the embedded registry and found by castoff.

`BREAKS` has at least one upload for each row of the table that is applied or judged on a crate; `TAKEN` has uploads
that are legal. Both are judged twice: by the embedded registry, and on the `.crate` as it was built.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from castoff.ecosystems.cargo.foresight.metadata import ArchiveEntry, PackedCrate, find_packed_refusals
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.registry_rules import read_rules
from castoff.release.built_files import packed_crate_problems
from castoff.world.cargo_registry import CargoRegistry
from castoff.world.messages import Request

GOOD = 'description = "x"\nlicense = "MIT"\n'
LICENCE = 'description = "x"\nlicense = '


@dataclass(frozen=True)
class Upload:
    """A crate: lines of `[package]` and what follows, with files beside the manifest, and its name and version."""

    body: str = GOOD
    name: str = "acme"
    version: str = "1.0.0"
    files: dict[str, bytes] = field(default_factory=dict)
    manifest: str = "Cargo.toml"
    inside: str | None = None
    """The name and version lines of the manifest, if they are others."""
    change: Callable[[tarfile.TarInfo], None] = lambda _member: None
    """Applied to the last file."""

    def packed(self) -> bytes:
        head = self.inside or f'name = "{self.name}"\nversion = "{self.version}"\n'
        top = f"{self.name}-{self.version}"
        files = {f"{top}/{self.manifest}": f"[package]\n{head}{self.body}".encode()}
        files |= {path.replace("TOP", top): content for path, content in self.files.items()}
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            for path, content in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(content)
                if path == list(files)[-1]:
                    self.change(member)
                archive.addfile(member, io.BytesIO(content))
        return gzip.compress(tar.getvalue(), mtime=0)


def to_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0


def to_hard_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.LNKTYPE, "acme-1.0.0/Cargo.toml", 0


def to_device(member: tarfile.TarInfo) -> None:
    member.type = tarfile.FIFOTYPE


def listed(key: str, *values: str) -> str:
    return GOOD + f"{key} = {json.dumps(values)}\n"


def with_licence(text: str) -> Upload:
    return Upload(LICENCE + json.dumps(text))


def features(*lines: str) -> Upload:
    return Upload(GOOD + "[features]\n" + "\n".join(lines))


def needs(line: str, table: str = "dependencies") -> Upload:
    return Upload(GOOD + f"[{table}]\n{line}\n")


BAD_LICENCES = """
MIT OR Apache2|apache 2.0|mit|MIT Apache-2.0|MIT OR|OR MIT|(MIT|MIT)|MIT +|MIT++|GPL-2.0-or-later+
|GPL-2.0-with-GCC-exception+|MIT WITH MIT|LLVM-exception|MIT WITH nothing|MIT, Apache-2.0|MIT Or Apache-2.0|MIT_0
|Proprietary| |LicenseRef-a+
""".strip("\n").replace("\n", "").split("|")  # fmt: skip
GOOD_LICENCES = """
MIT/Apache-2.0|MIT / Apache-2.0|MIT or Apache-2.0|GPL-3.0+|GPL-2.0|GPL-2.0-only+|NOASSERTION|((MIT))|Apache-2.0+
|(MIT OR Apache-2.0) AND Unicode-3.0|Apache-2.0 WITH LLVM-exception|LicenseRef-Mine|GFDL-1.3-invariants-only
|DocumentRef-a:LicenseRef-b WITH AdditionRef-c|MIT\tAND\tISC
""".strip("\n").replace("\n", "").split("|")  # fmt: skip

UNDECODABLE = (
    *(
        "xn--a",
        "xn--zzz---.example",
        "xn--99999999999.example",
        "xn--a-ecp.ru",
        "xn--abc-.example",
        "xn--0.pt",
    ),
    *("a.xn--pokxncvks", "xn--u-ccb.example", "xn--_.example", "xn--example", "xn--a%2db.example", "XN--A"),
)
DECODABLE = (
    *("xn--mnchen-3ya.example", "xn--MNCHEN-3YA.example", "xn--80ak6aa92e.example", "xn--e1afmkfd.xn--p1ai"),
    *(
        "xn--fiqs8s",
        "xn--ls8h.example",
        "xn--wgbl6a.example",
        "xn--strae-oqa.example",
        "x--a.example",
        "ab--c.example",
    ),
)
"""Hosts as the crate `url` 2.5.8 of crates-io's lock file judges them, tried on 2026-11-29."""
BREAKS: dict[str, tuple[Upload, ...]] = {
    "name": (Upload(name="a" * 65), Upload(name="_acme")),
    "name-reserved": (
        Upload(name="std"),
        Upload(name="Proc-Macro"),
        Upload(name="rust_installer"),
        Upload(name="com0"),
    ),
    "version-length": (Upload(version="1.0.0-" + "a" * 145), Upload(version="1.0.0+" + "b" * 145)),
    "crate-links": (
        Upload(files={"TOP/link": b""}, change=to_link),
        Upload(files={"TOP/hard": b""}, change=to_hard_link),
        Upload(files={"TOP/pipe": b""}, change=to_device),
    ),
    "crate-paths": (
        Upload(files={"TOP/../x": b""}),
        Upload(files={"other-1.0.0/x": b""}),
        Upload(files={"TOP/\udcff": b""}),
        Upload(files={"/TOP/x": b""}),
    ),
    "manifest-one": (
        Upload(files={"TOP/cargo.toml": b'[package]\nname = "acme"\nversion = "1.0.0"\n'}),
        Upload(manifest="CARGO.TOML"),
        Upload(manifest="x.toml"),
    ),
    "manifest-valid": (
        Upload(GOOD + "[patch.crates-io]\na = { git = 'https://example.org' }\n"),
        Upload("="),
    ),
    "manifest-matches": (
        Upload(inside='name = "other"\nversion = "1.0.0"\n'),
        Upload(inside='name = "acme"\nversion = "2.0.0"\n'),
    ),
    "metadata-required": (
        Upload('license = "MIT"'),
        Upload('license = "MIT"\ndescription = ""'),
        Upload('description = "x"'),
        Upload('description = "x"\nlicense-file = ""'),
    ),
    "description-length": (
        Upload(f'license = "MIT"\ndescription = "{"x" * 1001}"'),
        Upload(f'license = "MIT"\ndescription = "{"é" * 501}"'),
    ),
    "licence": (
        *map(with_licence, BAD_LICENCES),
        Upload(LICENCE + '""\nlicense-file = "LICENSE"'),
    ),
    "links": tuple(
        Upload(GOOD + f'{key} = "{url}"')
        for key, url in (
            ("homepage", "example.org"),
            ("homepage", "HTTPS://example.org"),
            ("documentation", "https:/example.org"),
            ("repository", "git@example.org:a/b"),
            ("repository", "https://"),
            ("repository", "https://exa mple.org"),
            ("homepage", "https://example.org:99999"),
            ("homepage", "https://256.1.1.1"),
            ("homepage", "https://1.2.3.4.5"),
            ("homepage", "https://example.1"),
            ("homepage", "https://example.0x1"),
            ("repository", "https://exa%20mple.org"),
            ("repository", "https://xn--.org"),
            ("repository", "https://[::1%25eth0]/"),
            *(("homepage", f"https://{host}/") for host in UNDECODABLE),
        )
    ),
    "rust-version": tuple(
        Upload(GOOD + f'rust-version = "{text}"')
        for text in (
            *(">=1.70", "1.70.0.1", "stable", "1.070", "1.70-beta", "", "1.", "00"),
            *("1.18446744073709551616", "1.99999999999999999999", "1" * 21),
        )
    ),
    "keywords": (
        Upload(listed("keywords", "a", "b", "c", "d", "e", "f")),
        Upload(listed("keywords", "a" * 21)),
        Upload(listed("keywords", "a b")),
        Upload(listed("keywords", "")),
        Upload(listed("keywords", "+a")),
        Upload(listed("keywords", "é")),
    ),
    "categories-count": (Upload(listed("categories", "wasm", "os", "gui", "config", "caching", "science")),),
    "categories": (Upload(listed("categories", "yoga")), Upload(listed("categories", "Wasm"))),
    "features-count": (
        features(*(f"f{number} = []" for number in range(301))),
        features("all = " + json.dumps([f"x/f{number}" for number in range(301)])),
    ),
    "feature-names": (
        *map(features, ('"a b" = []', '"-a" = []', '"" = []', 'a = ["b c"]')),
        *map(features, ('a = ["dep:1b"]', 'a = ["1b/c"]', 'a = ["b/"]')),
        needs('serde = { version = "1", features = ["a b"] }'),
    ),
    "dependencies-count": (needs("\n".join(f'd{number} = "1"' for number in range(501))),),
    "dependency-names": (
        needs('_a = "1"'),
        needs(f'{"a" * 65} = "1"'),
        needs(f'{"a" * 65} = {{ version = "1", package = "serde" }}'),
        needs('"a.b" = "1"', "target.'cfg(unix)'.build-dependencies"),
    ),
    "dependency-registry": (needs('serde = { version = "1", registry = "mine" }'),),
    "dependency-requirement": (
        needs('serde = "one"'),
        needs('serde = "1.2-alpha"'),
        needs('serde = "1.*.3"'),
        needs('serde = "1,"'),
        needs('serde = ""'),
    ),
    "dependency-wildcard": (needs('serde = "*"'), needs("serde = { features = [] }", "dev-dependencies")),
}

FOUND_IN_THE_TREE = {"dependency-registry", "dependency-wildcard"}
"""Rules that castoff judges by the manifests of the tree alone; see `tests/ecosystems/cargo/manifest`."""

ELSEWHERE = {
    "request": "tests/world/test_world_cargo_registry.py",
    "user-agent": "tests/world/test_world_cargo_registry.py",
    "authentication": "tests/world/test_world_cargo_registry.py",
    "trusted-publishing": "tests/world/test_world_trusted_publishing.py",
    "rate-limit": "tests/world/test_world_cargo_registry.py",
    "name-spelling": "tests/ecosystems/cargo/test_cargo_spellings.py",
    "ownership": "tests/world/test_world_cargo_registry.py",
    "version": "tests/world/test_world_cargo_registry.py",
    "version-taken": "tests/world/test_world_cargo_registry.py",
    "dependency-known": "tests/world/test_world_cargo_registry.py",
    "yank": "tests/world/test_world_cargo_registry.py",
    "owners": "tests/world/test_world_cargo_registry.py",
    "crate-size": "below",
    "crate-unpacked": "below",
    "crate-headers": "below",
}

TAKEN: tuple[Upload, ...] = (
    Upload(),
    Upload(name="a" * 64),
    Upload(name="test-2"),
    Upload(version="1.0.0-" + "a" * 144),
    Upload(version="1.0.0-rc.1+build.5"),
    Upload(files={"TOP/src/..x": b"", "TOP/é": b""}),
    Upload(manifest="cargo.toml"),
    Upload(files={"TOP/sub/Cargo.toml": b"not TOML"}),
    Upload('description = "x"\nlicense-file = "LICENSE"\nreadme = false\n'),
    Upload('description = " "\nlicense = "MIT"\n'),
    Upload(f'license = "MIT"\ndescription = "{"é" * 500}"'),
    *map(with_licence, GOOD_LICENCES),
    Upload(GOOD + 'homepage = "http://example.org/a b"\nrepository = "https://user@example.org:8443/x?y#z"'),
    Upload(GOOD + 'documentation = "https://[::1]/"\nhomepage = "https://bücher.example"'),
    Upload(GOOD + 'homepage = "https:///example.org"\nrepository = "https://1.65536/x"'),
    Upload(GOOD + 'homepage = "https://example.org "\nrepository = "https://0x7f.1"'),
    *(
        Upload(GOOD + f'rust-version = "{text}"')
        for text in ("1", "1.70", "1.70.0", "0.18446744073709551615")
    ),
    *(Upload(GOOD + f'homepage = "https://{host}/"') for host in DECODABLE),
    Upload(listed("keywords", "a", "b-c", "d_e", "f+g", "12345678901234567890")),
    Upload(listed("categories", "wasm", "os::unix-apis", "science", "no-std::no-alloc", "gui")),
    features(*(f"f{number} = []" for number in range(300))),
    features(
        '"c++20.1" = []', '"1d" = []', "_a = []", '"ünï" = []', 'a = ["dep:serde", "b?/c", "b/1d", "_a"]'
    ),
    needs("\n".join(f'd{number} = "1"' for number in range(500))),
    needs('_x = { version = ">=1, <2", package = "serde" }', "target.'cfg(unix)'.dependencies"),
    needs('serde = "1.*"', "dev-dependencies"),
    Upload(GOOD + "[lib]\nname = 'acme'\npath = 'lib.rs'\n"),
)


def refusal(upload: Upload) -> str | None:
    """Return what the embedded registry says to an upload, None if it takes it."""
    content = upload.packed()
    text = json.dumps({"name": upload.name, "vers": upload.version}).encode()
    body = len(text).to_bytes(4, "little") + text + len(content).to_bytes(4, "little") + content
    headers = {"authorization": "secret", "user-agent": "cargo"}
    answer = CargoRegistry().handle(Request("PUT", "/api/v1/crates/new", {}, headers, body, "http://x"))
    if answer.status == 200:
        return None
    assert answer.status == 400, answer
    return str(json.loads(answer.body)["errors"][0]["detail"])


def findings(upload: Upload, folder: Path, *registries: str) -> list[str]:
    """Return what castoff finds in the built file."""
    file = folder / f"{upload.name}-{upload.version}.crate"
    file.write_bytes(upload.packed())
    return judged(file, upload.name, *registries)


def judged(file: Path, name: str, *registries: str, configured: str | None = None) -> list[str]:
    package = Package(
        name=name, ecosystem="cargo", path=".", manifest="Cargo.toml", version="1.0.0", version_file="Cargo.toml",
        kinds=("crate",), registries=registries,
    )  # fmt: skip
    artifact = Artifact(
        package=name, ecosystem="cargo", kind="crate", filename=file.name, path=str(file), digest="0" * 64
    )
    problems = list(packed_crate_problems(Workspace(packages=(package,)), [artifact], configured))
    assert {(one.code, one.file, one.package) for one in problems} <= {
        ("metadata-refused", "Cargo.toml", name)
    }
    return [one.message for one in problems]


@pytest.mark.parametrize("rule", BREAKS)
def test_an_upload_that_breaks_a_rule_is_refused_and_found(rule: str, tmp_path: Path) -> None:
    for upload in BREAKS[rule]:
        assert refusal(upload) is not None, upload
        if rule not in FOUND_IN_THE_TREE:
            assert findings(upload, tmp_path), upload


def test_legal_uploads_are_taken_and_nothing_is_found(tmp_path: Path) -> None:
    for upload in TAKEN:
        assert refusal(upload) is None, (upload, refusal(upload))
        assert findings(upload, tmp_path) == [], upload


@pytest.mark.parametrize("broken", ["no archive", "cut short", "not compressed as it says"])
def test_a_crate_that_cannot_be_read_is_reported_with_its_file(broken: str, tmp_path: Path) -> None:
    whole = TAKEN[0].packed()
    content = {
        "no archive": b"text",
        "cut short": whole[: len(whole) // 2],
        "not compressed as it says": whole[:10] + b"\xff" * (len(whole) - 10),
    }[broken]
    file = tmp_path / "a-1.0.0.crate"
    file.write_bytes(content)

    (message,) = judged(file, "a")

    assert "`a-1.0.0.crate` is not a readable archive" in message


def test_each_rule_of_the_table_has_its_upload() -> None:
    rules = {one.id for one in read_rules("crates-io").rules if one.index or one.judged != "no"}

    assert rules == BREAKS.keys() | ELSEWHERE.keys()


def test_other_registries_have_rules_of_their_own(tmp_path: Path) -> None:
    upload = Upload("license = 'None'")

    assert findings(upload, tmp_path, "mine") == []
    assert len(findings(upload, tmp_path, "crates-io")) == 2
    file = tmp_path / "acme-1.0.0.crate"
    assert judged(file, "acme", configured="mine") == []
    assert len(judged(file, "acme", "mine", configured="crates-io")) == 2


def test_sizes_are_judged_on_the_built_file(tmp_path: Path) -> None:
    file = tmp_path / "acme-1.0.0.crate"
    file.write_bytes(Upload().packed())
    with file.open("ab") as end:
        end.truncate(10 * 1024 * 1024)
    assert judged(file, "acme") == []
    with file.open("ab") as end:
        end.truncate(10 * 1024 * 1024 + 1)
    assert "10,485,761 bytes" in judged(file, "acme")[0]


@pytest.mark.parametrize(("unpacked", "found"), [(512 * 1024 * 1024, 0), (512 * 1024 * 1024 + 1, 1)])
def test_the_unpacked_size_is_judged(unpacked: int, found: int) -> None:
    crate = PackedCrate(
        name="acme",
        version="1.0.0",
        size=1,
        unpacked=unpacked,
        entries=[ArchiveEntry(path="acme-1.0.0/Cargo.toml")],
        manifest=None,
    )

    assert len(list(find_packed_refusals(crate))) == found


def test_sizes_that_headers_disagree_on_are_refused() -> None:
    def disagree(member: tarfile.TarInfo) -> None:
        member.pax_headers = {"size": "5"}

    assert refusal(Upload(files={"TOP/x": b"seven b"}, change=disagree)) == "uploaded tarball is malformed"
    assert refusal(Upload(files={"TOP/x": b"seven b"})) is None
