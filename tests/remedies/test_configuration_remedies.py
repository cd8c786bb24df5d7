"""Remedies for the configuration, the environment and levels: pure functions of a text."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.config.reader import parse_configuration
from castoff.config.replacement import check_text
from castoff.io.clock import stated_now
from castoff.model.refs import TagName
from castoff.wiring.services import grace_of
from remedies.following import Case, cases, follow_row

PAGE = '[[website.pages]]\nfrom = "a.md"\nto = "a.md"\n'
CHECK = '[[check]]\nname = "a"\n'
RULE = '[[replace]]\nfile = "a"\nsearch = "b"\nreplace = "c"\n'
LIMIT = "[limits.x]\n"
CONFIGURATIONS = [
    Case("contradiction", PAGE, f'[website]\nrepository = "a/b"\n{PAGE}', "add `repository`"),
    Case(
        "contradiction",
        '[website]\nrepository = "a/b"\n',
        f'[website]\nrepository = "a/b"\n{PAGE}',
        "add `pages`",
    ),
    Case("contradiction", CHECK, f'{CHECK}command = "make lint"\n', "give it a `command`"),
    Case(
        "contradiction",
        CHECK,
        f'{CHECK}file = "a"\npattern = "b"\nequals = "c"\n',
        "`file`, `pattern` and `equals`",
    ),
    Case("contradiction", RULE + "count = 1\nmin = 1\n", RULE + "count = 1\n", "keep one of them"),
    Case("contradiction", RULE + "max = 0\n", RULE + "max = 2\n", "raise `max`"),
    Case("contradiction", LIMIT, LIMIT + "new = {burst = 1, every = 600}\n", "`{burst = 1, every = 600}`"),
    Case(
        "contradiction",
        '[cargo]\nall-features = true\nfeatures = ["a"]\n',
        "[cargo]\nall-features = true\n",
        "keep one",
    ),
    Case(
        "contradiction",
        '[release]\nfacade = "kube"\nexclude = ["k*"]\n',
        '[release]\nfacade = "kube"\nexclude = ["k8*"]\n',
        "narrow the pattern",
    ),
    Case(
        "double-braces",
        '[release]\nmessage = "release {{version}}"\n',
        '[release]\nmessage = "release {version}"\n',
        "write `{version}`",
    ),
    Case(
        "double-braces",
        '[release]\nmessage = "{{x}}"\n',
        '[release]\nmessage = "{open}{open}x{close}{close}"\n',
        "`{open}{open}x{close}{close}`",
    ),
    Case(
        "impossible-value",
        '[milestone]\nmode = "blok"\n',
        '[milestone]\nmode = "block"\n',
        "did you mean `block`?",
    ),
    Case("impossible-value", '[release]\nfacade = " "\n', "[release]\n", "remove the key"),
    Case("impossible-value", "[release]\nbranches = []\n", "[release]\n", "remove the key"),
    Case(
        "impossible-value",
        '[release]\nbranches = ["refs/heads/main"]\n',
        '[release]\nbranches = ["main"]\n',
        "write `main`",
    ),
    Case(
        "impossible-value",
        '[release]\nremote = "https://x/a/b"\n',
        '[release]\nremote = "origin"\n',
        "for example `origin`",
    ),
    Case(
        "impossible-value",
        '[release]\ntag = "latest"\n',
        '[release]\ntag = "v{version}"\n',
        "write, for example, `v{version}`",
    ),
    Case(
        "impossible-value",
        '[release]\nexclude = ["a["]\n',
        '[release]\nexclude = ["a[[]"]\n',
        "write `[[]` for the character itself",
    ),
    Case(
        "impossible-value",
        '[milestone]\ntitle = "next"\n',
        '[milestone]\ntitle = "{version}"\n',
        "add `{version}`",
    ),
    Case(
        "impossible-value",
        '[[version.run]]\ncommand = "a \'b"\n',
        '[[version.run]]\ncommand = ["a", "b"]\n',
        '`["program", "word"]`',
    ),
    Case("impossible-value", "[due]\ndays = -1\n", "[due]\ndays = 1\n", "use a number from 1 to 3650"),
]


@cases(CONFIGURATIONS)
def test_a_configuration_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, parse_configuration)


ENVIRONMENTS = [
    Case(
        "bad-time",
        {"CASTOFF_NOW": "2026-01-31T12:00"},
        {"CASTOFF_NOW": "2026-01-31T12:00:00Z"},
        "`2026-01-31T12:00:00Z`",
    ),
    Case("bad-time", {"CASTOFF_NOW": "soon"}, {}, "unset it"),
    Case(
        "bad-grace",
        {"PUBLISH_GRACE_SLEEP": "a bit"},
        {"PUBLISH_GRACE_SLEEP": "86400"},
        "a number from 0 to 86400",
    ),
    Case("bad-grace", {"PUBLISH_GRACE_SLEEP": "-1"}, {}, "or unset it"),
]


@cases(ENVIRONMENTS)
def test_a_variable_is_corrected_as_the_remedy_reads(case: Case) -> None:
    def look(environment: Mapping[str, str]) -> None:
        stated_now(environment)
        grace_of(environment)

    follow_row(case, look)


@cases([Case("bad-tag-template", "release", "v{version}", "`v{version}`")])
def test_a_template_of_tags_is_written_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, TagName)


README = 'rocket = "1.1.0"\n'
CHECKS = [
    Case("check-failed", {"README.md": 'rocket = "1.0.0"\n'}, {"README.md": README}, "correct line 1"),
    Case("check-file-missing", {}, {"README.md": README}, "`file`"),
    Case("check-matches-nothing", {"README.md": 'missile = "1.1.0"\n'}, {"README.md": README}, "`pattern`"),
]


@cases(CHECKS)
def test_what_a_check_of_the_workspace_finds_is_corrected(case: Case) -> None:
    text = '[[check]]\nname = "a"\nfile = "README.md"\npattern = \'rocket = "(.+)"\'\nequals = "{version}"\n'
    check = parse_configuration(text).check[0]

    follow_row(case, lambda files: check_text(check, files.get, {"version": "1.1.0"}))
