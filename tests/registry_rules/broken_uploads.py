"""Uploads that break one rule of PyPI each."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from registry_rules.uploads import core_metadata, sdist, wheel

WHEEL = "acme_core-1.0.0-py3-none-any.whl"
SDIST = "acme_core-1.0.0.tar.gz"
PLAIN = core_metadata()
# Joined when it runs, as indexes refuse files that hold the mark; these tests are in castoff's own sdist.
ARMOR = "__pyarmor" + 2 * "_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """An upload that breaks a rule: what the index answers, and what is found in the file (None: nothing)."""

    rule: str
    text: str
    fact: str | None = None
    filename: str = WHEEL
    content: bytes | None = None
    metadata: str = PLAIN
    sent: Mapping[str, str | None] = field(default_factory=dict)
    status: int = 400

    @property
    def file(self) -> bytes:
        if self.content is not None:
            return self.content
        return wheel(self.metadata) if self.filename.endswith(".whl") else sdist(self.metadata)


def line(rule: str, text: str, fact: str, *lines: str, body: str = "", **values: str) -> Broken:
    """Break a rule by a line of the metadata."""
    return Broken(
        rule=rule,
        text=text,
        fact=fact,
        metadata=core_metadata("acme-core", "1.0.0", *lines, text=body),
        **values,
    )  # type: ignore[arg-type]


def member(rule: str, text: str, fact: str, files: Mapping[str, str | bytes | None]) -> Broken:
    """Break a rule by a member of a wheel."""
    return Broken(rule=rule, text=text, fact=fact, content=wheel(PLAIN, files=files))


def tagged(platform: str) -> str:
    return f"acme_core-1.0.0-cp311-cp311-{platform}.whl"


def _record(
    change: Callable[[zipfile.ZipFile], None] | None = None, *, tail: bytes = b"", empty: bool = False
) -> bytes:
    """Make a wheel (or an archive that is ``empty`` at first) with a change, and something behind its end."""
    buffer = io.BytesIO(b"" if empty else wheel(PLAIN))
    if change is not None:
        with zipfile.ZipFile(buffer, "a") as archive:
            change(archive)
    return buffer.getvalue() + tail


def _comment(archive: zipfile.ZipFile) -> None:
    one = zipfile.ZipInfo("acme/y.py")
    one.comment = b"x"
    archive.writestr(one, "")


def _extra(field: bytes) -> Callable[[zipfile.ZipFile], None]:
    one = zipfile.ZipInfo("acme/y.py")
    one.extra = field
    return lambda archive: archive.writestr(one, "")


def _local_header(at: int, byte: bytes) -> bytes:
    """Make a wheel whose first member has another byte in its own header than in the directory."""
    content = wheel(PLAIN)
    return content[:at] + byte + content[at + 1 :]


def _sparse() -> bytes:
    """Make an sdist with a sparse member whose map Python's reader cannot unpack: it raises no error of its own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, headers in (
            ("PKG-INFO", {}),
            ("x", {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "5"}),
        ):
            member = tarfile.TarInfo(f"acme_core-1.0.0/{name}")
            member.pax_headers, content = headers, PLAIN.encode()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _compressed(archive: zipfile.ZipFile) -> None:
    archive.writestr("acme/y.py", "x", compress_type=zipfile.ZIP_BZIP2)


def _source(archive: zipfile.ZipFile) -> None:
    for name in ("PKG-INFO", "acme.py"):
        archive.writestr(f"acme_core-1.0.0/{name}", PLAIN)


class _Stream(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


def _streamed() -> bytes:
    stream = _Stream()
    with zipfile.ZipFile(io.BytesIO(wheel(PLAIN))) as source, zipfile.ZipFile(stream, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    return stream.getvalue()


def _hidden() -> bytes:
    """Add a record that the directory does not list, before the directory."""
    content = wheel(PLAIN)
    end = content.rindex(b"PK\x05\x06")
    (start,) = struct.unpack("<L", content[end + 16 : end + 20])
    name = b"acme/hidden.py"
    extra = b"PK\x03\x04" + struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    tail = content[end : end + 16] + struct.pack("<L", start + len(extra)) + content[end + 20 :]
    return content[:start] + extra + content[start:end] + tail


@cache
def _bomb() -> bytes:
    buffer = io.BytesIO(wheel(PLAIN))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("acme/zeros", bytes(65 * 1024 * 1024))
    return buffer.getvalue()


INFO = "acme_core-1.0.0.dist-info"
_ONLY_A_FOLDER = {
    "acme_core-1.0.0/PKG-INFO": None,
    "acme_core-1.0.0/acme.py": None,
    "acme_core-1.0.0/PKG-INFO/": "",
}
BROKEN = (
    Broken(rule="form", text="Unknown protocol version", sent={"protocol_version": "2"}),
    Broken(rule="form", text="Unknown action", sent={"action": "fly"}),
    Broken(rule="form", text="Use a known file type", sent={"filetype": "bdist_wininst"}),
    Broken(rule="form", text="field is required", sent={"name": None}),
    Broken(rule="old-actions", text="no longer supported", sent={"action": "doc_upload"}, status=410),
    Broken(rule="digests", text="at least one message digest", sent={"sha256_digest": None}),
    Broken(rule="digests", text="does not match", sent={"sha256_digest": "0" * 64}),
    Broken(rule="digests", text="does not match", sent={"md5_digest": "0"}),
    Broken(rule="digests", text="hex-encoded", sent={"blake2_256_digest": "0"}),
    Broken(rule="pyversion", text="Python version is required", sent={"pyversion": None}),
    Broken(rule="pyversion", text="Use 'source'", filename=SDIST, sent={"pyversion": "py3"}),
    Broken(rule="content-type", text="Invalid distribution file.", sent={"content_type": "image/png"}),
    Broken(
        rule="attestations", text="only supported when using Trusted Publishing", sent={"attestations": "[]"}
    ),
    Broken(
        rule="name",
        text="invalid value for Name",
        fact="name",
        metadata=core_metadata("-acme"),
    ),
    line(
        "description",
        "failed to render in the default format",
        "Unknown directive",
        body="T\n=\n\n.. nosuch:: x\n",
    ),
    line(
        "description",
        "failed to render for 'text/x-rst'",
        "cannot be rendered",
        "Description-Content-Type: text/x-rst",
        body=":nosuch:`x`\n",
    ),
    line(
        "description-content-type",
        "description-content-type",
        "description-content-type",
        "Description-Content-Type: text/html",
    ),
    line(
        "description-content-type",
        "UTF-8",
        "UTF-8",
        "Description-Content-Type: text/plain; charset=latin-1",
    ),
    line("metadata-version", "not a valid metadata version", "metadata version", "Metadata-Version: 9.0"),
    Broken(
        rule="local-version",
        text="use of local versions",
        fact="local part",
        filename="acme_core-1.0.0+here-py3-none-any.whl",
        content=wheel(core_metadata(version="1.0.0+here"), "acme_core-1.0.0+here"),
    ),
    line("summary", "512 characters or less", "longer than 512", f"Summary: {'x' * 513}"),
    line("mail-address", "not a valid email address", "is not an email address", "Author-Email: A <a@b>"),
    line("mail-address", "not a valid email address", "is not an email address", "Maintainer-Email: nobody"),
    line(
        "classifier",
        "is not a valid classifier",
        "not a classifier",
        "Classifier: Programming Language :: Python :: 3.99",
    ),
    line(
        "classifier", "is not a valid classifier", "forbids uploads", "Classifier: Private :: Do Not Upload"
    ),
    line(
        "classifier-deprecated",
        "has been deprecated, use one of",
        "deprecated; write",
        "Classifier: Natural Language :: Ukranian",
    ),
    line("url", "not a valid url", "start with `https", "Home-Page: ftp://example.org"),
    line("url", "not a valid url", "is not a URL", "Download-URL: https://example.org:99999/"),
    line("url", "not a valid url", "is not a URL", "Project-URL: a, https://example.org/?b=[c]"),
    line("url", "32 characters or less", "1 to 32", f"Project-URL: {'x' * 33}, https://example.org"),
    line("url", "Must have a label", "1 to 32", "Project-URL: , https://example.org"),
    line("url", "Must have a URL", "is empty", "Project-URL: a,"),
    line("provides-dist", "Can't have direct", "plain requirement", "Provides-Dist: b @ https://x.org/b.whl"),
    line("provides-dist", "is invalid", "plain requirement", "Obsoletes-Dist: b >>> 1"),
    line(
        "direct-requirement",
        "Can't have direct dependency",
        "by URL",
        "Requires-Dist: b @ https://x.org/b.whl",
    ),
    line("dynamic", "dynamic field", "dynamic field", "Dynamic: Name"),
    line("dynamic", "dynamic field", "dynamic field", "Dynamic: Nonsense"),
    line("license-twice", "License is deprecated", "beside its", "License: MIT", "License-Expression: MIT"),
    line("license-expression", "license-expression", "license-expression", "License-Expression: Apache 2"),
    line("license-file-path", "license-file", "license-file", "License-File: ../LICENSE"),
    line("license-file-path", "license-file", "license-file", "License-File: /LICENSE"),
    line("core-metadata", "requires-python", "requires-python", "Requires-Python: three"),
    line("core-metadata", "requires-dist", "requires-dist", "Requires-Dist: b >>> 1"),
    line("core-metadata", "introduced in", "introduced in", "Metadata-Version: 2.1", "License-File: LICENSE"),
    Broken(rule="core-metadata", text="version", metadata=core_metadata(version="one"), fact="version"),
    Broken(rule="file-name-characters", text="non-printable", filename=f"a\x7f{WHEEL}"),
    Broken(rule="file-name-characters", text="'/' or", filename=f"../{WHEEL}"),
    Broken(
        rule="file-name-characters",
        text="too long",
        fact="246 bytes",
        filename=tagged(".".join(["win32"] * 36)),
    ),
    Broken(
        rule="file-name-extension",
        text="Use .tar.gz, .whl or .zip",
        filename="acme_core-1.0.0.tar.xz",
        content=b"x",
    ),
    Broken(
        rule="file-name-extension",
        text="is invalid for filetype",
        sent={"filetype": "sdist", "pyversion": None},
    ),
    Broken(rule="archive", text="File is not a zipfile", fact="not a readable archive", content=b"hello"),
    Broken(
        rule="archive",
        text="File is not a tarfile",
        fact="not a readable archive",
        filename=SDIST,
        content=b"hello",
    ),
    Broken(
        rule="archive",
        text="Invalid distribution file",
        fact="not a readable archive",
        content=wheel(PLAIN)[:-9],
    ),
    Broken(rule="compression", text="compression ratio", fact="expands to more", content=_bomb()),
    Broken(
        rule="compression",
        text="compression type",
        fact="neither stored nor deflated",
        content=_record(_compressed),
    ),
    Broken(
        rule="archive",
        text="Invalid distribution file",
        fact="not a readable archive",
        content=wheel(PLAIN).replace(b"Wheel-Version: 1.0", b"Wheel-Version: 1.1"),
    ),
    Broken(
        rule="archive",
        text="Invalid distribution file",
        fact="not a readable archive",
        content=wheel(PLAIN).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff"),
    ),
    Broken(rule="zip-records", text="Trailing data", fact="data after its end", content=_record(tail=b"x")),
    Broken(rule="zip-records", text="Comment in", fact="comments", content=_record(_comment)),
    Broken(rule="zip-records", text="data descriptor", fact="as a stream", content=_streamed()),
    Broken(
        rule="zip-records",
        text="Mis-matched",
        fact="twice, and differently",
        content=_local_header(22, b"\x63"),
    ),
    Broken(
        rule="zip-records",
        text="duplicate extra",
        fact="cut short or given twice",
        content=_record(_extra(2 * (struct.pack("<HHBL", 0x7075, 14, 1, 0) + b"acme/y.py"))),
    ),
    Broken(rule="zip-records", text="Malformed", fact="cut short", content=_record(_extra(b"\x01\x02"))),
    Broken(rule="zip-records", text="not in central", fact="does not list", content=_hidden()),
    Broken(
        rule="zip-records",
        text="ZIP archive not accepted",
        fact="bytes between its members",
        content=b"x" + wheel(PLAIN),
    ),
    Broken(
        rule="sdist-layout",
        text="Incorrect number of top-level",
        fact="more than one folder",
        filename=SDIST,
        content=sdist(PLAIN, files={"other/x": "x"}),
    ),
    Broken(
        rule="sdist-layout",
        text="PKG-INFO not found",
        fact="has no `acme_core-1.0.0/PKG-INFO`",
        filename=SDIST,
        content=sdist(PLAIN, files={"acme_core-1.0.0/PKG-INFO": None, "acme_core-1.0.0/x": "x"}),
    ),
    Broken(
        rule="archive",
        text="Invalid distribution file",
        fact="not a readable archive",
        filename=SDIST,
        content=_sparse(),
    ),
    Broken(
        rule="sdist-layout",
        text="PKG-INFO not found at acme_core-1.0.0/PKG-INFO/PKG-INFO",
        fact="has nothing but `acme_core-1.0.0/PKG-INFO`",
        filename=SDIST,
        content=sdist(
            PLAIN,
            files={
                "acme_core-1.0.0/PKG-INFO": None,
                "acme_core-1.0.0/acme.py": None,
                "acme_core-1.0.0/PKG-INFO/": "",
            },
        ),
    ),
    Broken(
        rule="sdist-layout",
        text="PKG-INFO not found at acme_core-1.0.0/PKG-INFO/PKG-INFO",
        fact="has nothing but `acme_core-1.0.0/PKG-INFO`",
        filename=SDIST,
        content=sdist(PLAIN, files={"acme_core-1.0.0/acme.py": None}),
    ),
    member("encrypted", "PyArmor", "PyArmor", {"acme/p.py": f"{ARMOR}(__name__, __file__, b'')"}),
    member(
        "encrypted",
        "SourceDefender",
        "SourceDefender",
        {"acme/p.pye": "\n".join(f"---{edge} PYE FILE---" for edge in ("BEGIN", "END"))},
    ),
    Broken(
        rule="sdist-file-name",
        text="is invalid, should be 'acme_core-1.0.0.tar.gz'",
        fact="should be named `acme_core-1.0.0.tar.gz`",
        filename="Acme-Core-1.0.0.tar.gz",
    ),
    Broken(
        rule="sdist-file-name",
        text="Start filename",
        fact="should be named",
        filename="other-1.0.0.tar.gz",
    ),
    Broken(
        rule="sdist-file-name",
        text="should be 'acme_core-1.0.0.tar.gz'",
        fact="should be named",
        filename="acme_core-1.0.0.zip",
        content=_record(_source, empty=True),
    ),
    Broken(
        rule="wheel-file-name",
        text="should contain the normalized project name",
        fact="should begin with `acme_core-`",
        filename="Acme_Core-1.0.0-py3-none-any.whl",
        content=wheel(PLAIN, "Acme_Core-1.0.0"),
    ),
    Broken(
        rule="wheel-file-name",
        text="Version in filename should be",
        fact="has the version 1.0.1",
        filename="acme_core-1.0.1-py3-none-any.whl",
        content=wheel(PLAIN, "acme_core-1.0.1"),
    ),
    Broken(
        rule="wheel-file-name",
        text="Invalid wheel filename",
        fact="is not a name for a wheel",
        filename="acme_core-1.0.0-any.whl",
    ),
    *(
        Broken(
            rule="platform-tag",
            text="unsupported platform tag",
            fact="does not accept wheels",
            filename=tagged(one),
        )
        for one in (
            "linux_x86_64",
            "linux_aarch64",
            "manylinux1_aarch64",
            "manylinux_2_17",
            "musllinux_1_2_ppc64",
            "manylinux_2_17_x86_64.linux_x86_64",
            "macosx_11_1_arm64",
            "macosx_16_0_arm64",
            "macosx_10_9_amd64",
            "win_x86",
            "ios_13_0_arm64",
            "android_21_mips",
            "emscripten_3_1_wasm32",
            "freebsd_14_x86_64",
        )
    ),
    line(
        "license-file", "License-File LICENSE does not exist", "has no licence file", "License-File: LICENSE"
    ),
    line("license-file", "does not exist", "has no licence file", "License-File: LICENSE", filename=SDIST),
    member(
        "wheel-files", "WHEEL not found", "has no `acme_core-1.0.0.dist-info/WHEEL`", {f"{INFO}/WHEEL": None}
    ),
    member("wheel-files", "RECORD file", "has no", {f"{INFO}/RECORD": None}),
    member("wheel-files", "RECORD file", "not UTF-8", {f"{INFO}/RECORD": b"\xff,,\n"}),
    member("wheel-files", "RECORD file", "cannot be read", {f"{INFO}/RECORD": "x" * 200_000}),
    member("wheel-files", "METADATA file", "has no", {f"{INFO}/METADATA": None}),
    member(
        "entry-points",
        "invalid entry points",
        "not allowed",
        {f"{INFO}/entry_points.txt": "[console_scripts]\na/b = c:d\n"},
    ),
    member(
        "entry-points", "invalid entry points", "cannot be read", {f"{INFO}/entry_points.txt": "nonsense\n"}
    ),
    member("entry-points", "invalid entry points", "not UTF-8", {f"{INFO}/entry_points.txt": b"\xff"}),
)
