"""Places in Rust sources that refuse a request, found by the names of what is returned."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from castoff.registry_rules import Site

CRATES_IO = (
    "src/auth.rs",
    "src/controllers/helpers/authorization.rs",
    "src/controllers/krate/owners.rs",
    "src/controllers/krate/publish.rs",
    "src/controllers/trustpub/tokens/exchange/mod.rs",
    "src/controllers/trustpub/tokens/revoke/mod.rs",
    "src/controllers/version.rs",
    "src/controllers/version/update.rs",
    "src/controllers/version/yank.rs",
    "src/middleware/block_traffic.rs",
    "src/middleware/require_user_agent.rs",
    "src/rate_limiter.rs",
    "src/util/errors.rs",
    "crates/crates_io_cargo_toml/src/lib.rs",
    "crates/crates_io_tarball/src/lib.rs",
    "crates/crates_io_tarball/src/manifest.rs",
    "crates/crates_io_validation/src/lib.rs",
)
DOCS_RS = (
    "crates/bin/docs_rs_web/src/match_release.rs",
    "crates/bin/docs_rs_web/src/handlers/build_details.rs",
    "crates/bin/docs_rs_web/src/handlers/build_status.rs",
    "crates/bin/docs_rs_web/src/handlers/builds.rs",
    "crates/bin/docs_rs_web/src/handlers/rustdoc.rs",
)
_REFUSING = re.compile(
    r"(?<!fn )\b(?:bad_request|custom|forbidden|server_error|internal|service_unavailable)\b(?=[(;),])"
    r"|(?<!fn )\b(?:not_found|crate_not_found|version_not_found|account_locked)\("
    r"|\b(?:TooManyRequests \{|InsecurelyGeneratedTokenRevoked::boxed|StatusCode::FORBIDDEN, body)"
    r"|(?<=Err\()(?:TarballError|InvalidFeature|InvalidCrateName|InvalidDependencyName|Error|AxumNope)::\w+"
    r"|(?<=map_err\()(?:TarballError|AxumNope)::\w+|\|_\| TarballError::\w+|(?<=ok_or\()(?:Error|AxumNope)::\w+"
    r"|(?<![\w(])(?:AxumNope::Redirect)"
)
_HELPERS = (
    "bad_request", "account_locked", "forbidden", "not_found", "server_error", "service_unavailable",
    "crate_not_found", "version_not_found", "internal",
)  # fmt: skip
_TESTS = re.compile(r"^#\[cfg\(test\)\]\n(?:#.*\n)*mod tests", re.MULTILINE)
_FUNCTION = re.compile(
    r"^( *)(?:pub(?:\([\w: ]+\))? )?(?:const )?(?:async )?(?:fn (\w+)|impl\b|trait\b)", re.MULTILINE
)
_COMMENT = re.compile(r"//[^\n]*")
_STRING = re.compile(r'r?#?"((?:[^"\\]|\\.)*)"', re.DOTALL)


def rust_sites(checkout: Path, paths: Sequence[str]) -> Iterator[Site]:
    """List the refusals in files of a checkout, each with the first words of its message or its code."""
    for path in paths:
        source = (checkout / path).read_text("utf-8")
        code = _COMMENT.sub(lambda match: " " * len(match[0]), _TESTS.split(source)[0])
        functions = list(_functions(code))
        for match in _REFUSING.finditer(code):
            begin = code.rfind("\n", 0, match.start()) + 1
            line = code[begin : code.find("\n", match.start())].strip()
            function = next((name for at, name in reversed(functions) if at < match.start()), "")
            if not function or function in _HELPERS:
                continue
            number = code.count("\n", 0, match.start()) + 1
            text = _message(code[match.start() :]) or _variable(code[:begin]) or line
            yield Site(path=path, line=number, function=function, text=_words(text))


def _functions(code: str) -> Iterator[tuple[int, str]]:
    """Give the functions of a file with their places; one that is local to another counts as the outer one."""
    in_block = False
    for match in _FUNCTION.finditer(code):
        indented, name = bool(match[1]), match[2]
        if not indented:
            in_block = name is None
        if name is not None and (in_block or not indented):
            yield match.start(), name


def _message(code: str) -> str | None:
    """Return the text of the statement that begins there."""
    match = _STRING.search(re.split(r";\n|\n\s*\}", code, maxsplit=1)[0][:1500])
    return re.sub(r"\\\n\s*", "", match[1]) if match else None


def _variable(code: str) -> str | None:
    """Return the text that was bound just before, as in `let message = "..."; return Err(bad_request(message))`."""
    found = list(re.finditer(r"let \w+ =\s*(?:format!\()?\s*" + _STRING.pattern, code[-400:]))
    return re.sub(r"\\\n\s*", "", found[-1][1]) if found and ";" in code[-400:][found[-1].end() :] else None


def first_words(text: str, longest: int) -> str:
    """Return the first whole words of a message, at most ``longest`` characters where its first word is no longer."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest + 1].rpartition(" ")[0] or line[:longest]


def _words(text: str) -> str:
    """Return the first words of a message; the registry's own name is spelled as everywhere in this repository."""
    return first_words(re.sub(r"crates\.io", "crates-io", text), 60)
