"""Remedies for keys of the configuration, its place, and rules that replace text: pure functions of texts."""

from __future__ import annotations

from castoff.config.reader import parse_configuration, read_configuration
from castoff.config.replacement import LARGEST_TEXT, replace_all
from castoff.config.templates import fill
from castoff.config.values import Replace
from config.configuration_files import Files
from remedies.following import Case, cases, follow_row

RULE = '[[replace]]\nfile = "a"\nsearch = "b"\nreplace = "c"\n'
CHECK = '[[check]]\nname = "a"\nfile = "f"\nequals = "c"\n'
CONFIGURATIONS = [
    Case("missing-key", RULE.replace('file = "a"\n', ""), RULE, "add `file`"),
    Case(
        "path-leaves-workspace",
        '[changelog]\nfile = "../CHANGELOG.md"\n',
        '[changelog]\nfile = "docs/CHANGELOG.md"\n',
        "write a path from the workspace's root, with `/` between its parts",
    ),
    Case(
        "pattern-invalid",
        CHECK + 'pattern = "(\\\\d"\n',
        CHECK + "pattern = '(\\d)'\n",
        "use single quotes",
    ),
    Case(
        "pattern-invalid",
        RULE.replace('"b"', '"("'),
        RULE.replace('"b"', '"("') + "literal = true\n",
        "set `literal = true`",
    ),
    Case(
        "pattern-invalid",
        "[[replace]]\nfile='a'\nsearch='b'\nreplace='\\1'\n",
        "[[replace]]\nfile='a'\nsearch='(b)'\nreplace='\\1'\n",
        "put brackets around the part that is meant",
    ),
    Case(
        "unknown-key",
        "[cargo]\nall_features = true\n",
        "[cargo]\nall-features = true\n",
        "did you mean `all-features`",
    ),
    Case(
        "unknown-key",
        "[release]\nstrict = true\n",
        "[notes]\nstrict = true\n",
        "`strict` belongs to `[notes]`",
    ),
    Case(
        "unknown-placeholder",
        '[release]\nmessage = "v{verison}"\n',
        '[release]\nmessage = "v{version}"\n',
        "did you mean `{version}`?",
    ),
    Case(
        "unknown-placeholder",
        '[release]\nmessage = "v{verison}"\n',
        '[release]\nmessage = "v{open}verison{close}"\n',
        "as `{open}verison{close}`",
    ),
    Case("wrong-type", '[release]\nbranches = "main"\n', '[release]\nbranches = ["main"]\n', '`["main"]`'),
    Case("wrong-type", '[release]\nsignoff = "yes"\n', "[release]\nsignoff = true\n", "write true or false"),
]


@cases(CONFIGURATIONS)
def test_a_key_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, parse_configuration)


TREES = [
    Case(
        "several-configurations",
        Files({"castoff.toml": "", "Cargo.toml": "[workspace.metadata.castoff]\n"}),
        Files({"castoff.toml": "", "Cargo.toml": "[workspace]\n"}),
        "keep one of them",
    ),
    Case(
        "notes-configuration-missing",
        Files({"castoff.toml": '[notes]\nconfig = "x.yml"\n'}),
        Files({"castoff.toml": '[notes]\nconfig = "y.yml"\n', "y.yml": ""}),
        "correct the path",
    ),
    Case(
        "notes-configuration-missing",
        Files({"castoff.toml": '[notes]\nconfig = "x.yml"\n'}),
        Files({"castoff.toml": "[notes]\n"}),
        "remove the key",
    ),
    Case(
        "setting-not-taken-over",
        Files({"Cargo.toml": "", "release.toml": 'target = "x86_64-unknown-linux-gnu"\n'}),
        Files({"Cargo.toml": "", "release.toml": ""}),
        "and remove `target` here",
    ),
    Case(
        "setting-not-taken-over",
        Files({"Cargo.toml": "", "release.toml": 'target = "x86_64-unknown-linux-gnu"\n'}),
        Files(
            {"Cargo.toml": "", "release.toml": 'target = "x86_64-unknown-linux-gnu"\n', "castoff.toml": ""}
        ),
        "With a `castoff.toml`",
    ),
]


@cases(TREES)
def test_the_place_of_the_configuration_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, read_configuration)


def rule(search: str = "a", **more: object) -> Replace:
    """Return a rule for `README.md`."""
    return Replace(file="README.md", search=search, replace="b", **more)  # type: ignore[arg-type]


NEW = {"version": "1.0.0"}
SECOND = {"version": "1.1.0", "previous": "1.0.0"}
LARGE = "a" * (LARGEST_TEXT + 1)
REPLACEMENTS = [
    Case("replacement-count", (rule(), "b", NEW), (rule("b"), "b", NEW), "correct the rule's `search`"),
    Case(
        "replacement-count",
        (rule(count=1), "aa", NEW),
        (rule(count=2), "aa", NEW),
        "set the number of matches",
    ),
    Case("replacement-file-missing", (rule(), None, NEW), (rule(), "a", NEW), "correct the rule's `file`"),
    Case("replacement-file-missing", (rule(), None, NEW), None, "remove the rule"),
    Case(
        "replacement-skipped",
        (rule("{previous}"), "1.0.0", NEW),
        (rule("{previous}"), "1.0.0", SECOND),
        "The rule applies from the second release on",
    ),
    Case(
        "replacement-text-too-large", (rule(), LARGE, NEW), None, "edit it with a command of `[version] run`"
    ),
]


@cases(REPLACEMENTS)
def test_a_rule_is_corrected_as_the_remedy_reads(case: Case) -> None:
    def look(given: tuple[Replace, str | None, dict[str, str]] | None) -> object:
        if given is None:
            return ()
        one, text, values = given
        return replace_all(lambda path: text, (one,), values, is_stable=True)

    follow_row(case, look)


@cases([Case("placeholder-without-value", "after {previous}", "first", "write a string without it")])
def test_a_template_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda template: fill(template, NEW))
