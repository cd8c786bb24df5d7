from __future__ import annotations

import pytest
from configuration_files import Files

from castoff.config.reader import parse_configuration, read_configuration
from castoff.errors import ConfigurationError
from castoff.ports import Tree

BAD = [
    # id, text, code, line, a word of the message or the remedy
    ("table unknown", '[relase]\ntag = "x"\n', "unknown-key", 1, "`release`"),
    ("key unknown", '[release]\nremote = "origin"\nbranch = "main"\n', "unknown-key", 3, "`branches`"),
    ("key with underscore", "[cargo]\nall_features = true\n", "unknown-key", 2, "`all-features`"),
    ("key of another table", "[release]\nstrict = true\n", "unknown-key", 2, "`[notes]`"),
    ("key at the top", 'pages = []\n[release]\n', "unknown-key", 1, "`[website]`"),
    ("key nowhere near", "[due]\nqqqq = 1\n", "unknown-key", 2, "`days`"),
    ("table of another file", '[tool.castoff.release]\nfacade = "x"\n', "unknown-key", 1, "at the top"),
    ("key in an inline table", "[limits]\nx = {new = {burst = 1, every = 1, each = 2}}\n", "unknown-key", 2, "`every`"),
    ("key with control characters", '"a\\u001bb" = 1\n', "unknown-key", 1, "?"),
    ("table is a number", "release = 3\n", "wrong-type", 1, "a table"),
    ("table is a list", "[[release]]\n", "wrong-type", 1, "a list"),
    ("list is a table", '[replace]\nfile = "a"\n', "wrong-type", 1, "a list of tables"),
    ("list is a text", '[release]\nbranches = "main"\n', "wrong-type", 2, '`["main"]`'),
    ("list of numbers", "[cargo]\nfeatures = [\n  1,\n]\n", "wrong-type", 3, "cargo.features[0]"),
    ("text is a number", "[release]\nmessage = 1\n", "wrong-type", 2, "a whole number"),
    ("text is a date", "[release]\nremote = 2026-01-01\n", "wrong-type", 2, "a date"),
    ("flag is a text", '[release]\nsignoff = "yes"\n', "wrong-type", 2, "true or false"),
    ("number is a flag", "[due]\ndays = true\n", "wrong-type", 2, "true or false"),
    ("number is a fraction", "[due]\ndays = 1.5\n", "wrong-type", 2, "a number"),
    ("choice is a flag", "[release]\nsign = true\n", "wrong-type", 2, '"both"'),
    ("time span is a list", "[limits.x]\nnew = {burst = 1, every = []}\n", "wrong-type", 2, "a list"),
    ("command is a number", "[[version.run]]\ncommand = 3\n", "wrong-type", 2, "a command"),
    ("command with a number in it", '[[version.run]]\ncommand = ["a", 1]\n', "wrong-type", 2, "a command"),
    ("value to equal is a list", '[[check]]\nname = "a"\nequals = []\n', "wrong-type", 3, "a template or a table"),
    ("kinds are a list", "[notes]\nkinds = []\n", "wrong-type", 2, "a table of strings"),
    ("limits are a list", "limits = []\n", "wrong-type", 1, "a table of tables"),
    ("choice unknown", '[release]\nsign = "all"\n', "impossible-value", 2, '"both"'),
    ("choice misspelt", '[milestone]\nmode = "blok"\n', "impossible-value", 2, "`block`"),
    ("kind unknown", '[notes]\nkinds = {bug = "fix"}\n', "impossible-value", 2, "`fixed`"),
    ("text empty", '[release]\nfacade = " "\n', "impossible-value", 2, "is empty"),
    ("no branches", "[release]\nbranches = []\n", "impossible-value", 2, "is empty"),
    ("branch excluded", '[release]\nbranches = ["main", "!dev"]\n', "impossible-value", 2, "excludes"),
    ("branch with a space", '[release]\nbranches = ["my branch"]\n', "impossible-value", 2, "cannot be a branch"),
    ("branch as a full ref", '[release]\nbranches = ["refs/heads/main"]\n', "impossible-value", 2, "`main`"),
    ("remote is a URL", '[release]\nremote = "https://github.com/a/b"\n', "impossible-value", 2, "git remote"),
    ("remote is an option", '[release]\nremote = "--upload-pack=x"\n', "impossible-value", 2, "not the name"),
    ("tag without a version", '[release]\ntag = "latest"\n', "impossible-value", 2, "`v{version}`"),
    ("tag that git refuses", '[release]\ntag = "v {version}"\n', "impossible-value", 2, "git does not accept"),
    ("tag with dots", '[release]\ntag = "v..{version}"\n', "impossible-value", 2, "git does not accept"),
    ("tag that looks like an option", '[release]\ntag = "-{version}"\n', "impossible-value", 2, "git does not accept"),
    ("tag with a date", '[release]\ntag = "{version}-{date}"\n', "unknown-placeholder", 2, "`{date}`"),
    ("placeholder unknown", '[release]\nmessage = "v{verison}"\n', "unknown-placeholder", 2, "`{version}`"),
    ("placeholder renamed", '[release]\nmessage = "{crate-name}"\n', "unknown-placeholder", 2, "not a placeholder"),
    ("double braces", '[release]\nmessage = "release {{version}}"\n', "double-braces", 2, "`{version}`"),
    ("double braces, their name", '[release]\nmessage = "{{crate_name}}"\n', "double-braces", 2, "`{name}`"),
    ("placeholder in a command", '[[version.run]]\ncommand = ["a", "{vers}"]\n', "unknown-placeholder", 2, "version"),
    ("command empty", "[[version.run]]\ncommand = []\n", "impossible-value", 2, "not name a program"),
    ("command of spaces", '[[version.run]]\ncommand = "  "\n', "impossible-value", 2, "not name a program"),
    ("command with an open quote", '[[version.run]]\ncommand = "a \'b"\n', "impossible-value", 2, "quotes"),
    ("command missing", '[[version.run]]\nwrites = ["a"]\n', "missing-key", 1, "`command`"),
    ("file missing", '\n[[replace]]\nsearch = "a"\nreplace = "b"\n', "missing-key", 2, "`file`"),
    ("page without a goal", '[[website.pages]]\nfrom = "a"\n', "missing-key", 1, "`to`"),
    ("rate without a span", "[limits.x]\nnew = {burst = 1}\n", "missing-key", 2, "`every`"),
    ("path goes up", '[changelog]\nfile = "../CHANGELOG.md"\n', "path-leaves-workspace", 2, "leaves"),
    ("built elsewhere, above", '[python]\nartifacts = "../dist"\n', "path-leaves-workspace", 2, "leaves"),
    ("built elsewhere, upwards", '[python]\nartifacts = "/a/../b"\n', "path-leaves-workspace", 2, "leaves"),
    ("built elsewhere, at the root", '[python]\nartifacts = "/"\n', "path-leaves-workspace", 2, "absolute"),
    ("path is absolute", '[notes]\nconfig = "/etc/passwd"\n', "path-leaves-workspace", 2, "absolute"),
    ("path from the home folder", '[notes]\nconfig = "~/x"\n', "path-leaves-workspace", 2, "absolute"),
    ("path with a drive", '[notes]\nconfig = "C:/x"\n', "path-leaves-workspace", 2, "absolute"),
    ("path with backslashes", "[notes]\nconfig = 'a\\b'\n", "path-leaves-workspace", 2, "backslash"),
    ("path into git", '[changelog]\nfile = ".git/config"\n', "path-leaves-workspace", 2, "git's folder"),
    ("path with a line break", '[changelog]\nfile = "a\\nb"\n', "path-leaves-workspace", 2, "control"),
    ("pattern with an open bracket", '[release]\nexclude = ["a["]\n', "impossible-value", 2, "`[[]`"),
    ("search is no pattern", '[[replace]]\nfile = "a"\nsearch = "("\nreplace = ""\n', "pattern-invalid", 3, "literal"),
    ("doubtful search", '[[replace]]\nfile = "a"\nsearch = "[[a]"\nreplace = ""\n', "pattern-invalid", 3, ""),
    ("group of no number", "[[replace]]\nfile='a'\nsearch='b'\nreplace='\\1'\n", "pattern-invalid", 4, "group `1`"),
    ("group of no name", "[[replace]]\nfile='a'\nsearch='b'\nreplace='\\g<x>'\n", "pattern-invalid", 4, "group `x`"),
    ("search misspelt", "[[replace]]\nfile='a'\nsearch='{previus}'\nreplace=''\n", "unknown-placeholder", 3, ""),
    ("counted twice", "[[replace]]\nfile='a'\nsearch='b'\nreplace=''\ncount=1\nmin=1\n", "contradiction", 5, "`min`"),
    ("most below least", "[[replace]]\nfile='a'\nsearch='b'\nreplace=''\nmin=3\nmax=2\n", "contradiction", 6, "`max`"),
    ("most below one", "[[replace]]\nfile='a'\nsearch='b'\nreplace=''\nmax=0\n", "contradiction", 5, "`max`"),
    ("count below nothing", "[[replace]]\nfile='a'\nsearch='b'\nreplace=''\ncount=-1\n", "impossible-value", 5, "-1"),
    ("check without anything", '[[check]]\nname = "a"\n', "contradiction", 2, "checks nothing"),
    ("check of two kinds", '[[check]]\nname = "a"\ncommand = "x"\nfile = "y"\n', "contradiction", 3, "`file`"),
    ("check by halves", '[[check]]\nname = "a"\nfile = "y"\npattern = "z"\n', "contradiction", 2, "`equals`"),
    ("check's pattern", "[[check]]\nname='a'\nfile='y'\npattern='*'\nequals=''\n", "pattern-invalid", 4, "single"),
    ("two checks of a name", "[[check]]\nname='a'\ncommand='x'\n" * 2, "contradiction", 1, "`a`"),
    ("name of two lines", '[[check]]\nname = "a\\nb"\ncommand = "x"\n', "impossible-value", 2, "one line"),
    ("an app and a token", '[ci]\napp = "A"\ntoken = "B"\n', "contradiction", 2, "keep one of the two"),
    ("a runner with an expression", '[ci]\nrelease = true\nwheels = ["${{ x }}"]\n', "impossible-value", 3, "label"),
    ("wheels that no job builds", '[ci]\nwheels = ["a"]\n', "contradiction", 2, "jobs of a release"),
    ("packages without wheels", '[ci]\nwheel-packages = ["a"]\n', "contradiction", 2, "`wheels`"),
    ("wheels twice", '[ci]\nrelease = true\nwheels = ["a", "a"]\n', "contradiction", 3, "`a`"),
    ("wheels without a folder", '[ci]\nrelease = true\nwheels = ["a"]\n', "contradiction", 1, "artifacts"),
    (
        "wheels in a folder outside",
        '[ci]\nrelease = true\nwheels = ["a"]\n[python]\nartifacts = "/dist"\n',
        "contradiction", 1, "in the repository",
    ),
    (
        "wheels of what changed",
        '[ci]\nrelease = true\nwheels = ["a"]\n[python]\nartifacts = "dist"\n[release]\nonly-changed = true\n',
        "contradiction", 1, "only-changed",
    ),
    ("all features and some", '[cargo]\nall-features = true\nfeatures = ["a"]\n', "contradiction", 3, "all-features"),
    ("built here and elsewhere", '[python]\nbuild = "make"\nartifacts = "dist"\n', "contradiction", 2, "artifacts"),
    ("facade excluded", '[release]\nfacade = "kube"\nexclude = ["k*"]\n', "contradiction", 2, "`k*`"),
    ("burst of nothing", "[limits.x]\nnew = {burst = 0, every = 1}\n", "impossible-value", 2, "from 1"),
    ("span of nothing", "[limits.x]\nnew = {burst = 1, every = 0}\n", "impossible-value", 2, "time span"),
    ("span without a unit", '[limits.x]\nnew = {burst = 1, every = "10"}\n', "impossible-value", 2, "10m"),
    ("span not finite", "[limits.x]\nnew = {burst = 1, every = inf}\n", "impossible-value", 2, "time span"),
    ("span not a number", "[limits.x]\nnew = {burst = 1, every = nan}\n", "impossible-value", 2, "time span"),
    ("limit of nothing", "[limits.x]\n", "contradiction", 1, "no limit"),
    ("days out of range", "[due]\ndays = 100000000000000000000000\n", "impossible-value", 2, "too large"),
    ("website without a repository", "[[website.pages]]\nfrom='a'\nto='b'\n", "contradiction", 1, "`repository`"),
    ("website without pages", '[website]\nrepository = "a/b"\n', "contradiction", 2, "`pages`"),
    ("website's repository", '[website]\nrepository = "https://github.com/a/b"\n', "impossible-value", 2, "owner/name"),
    ("milestone always the same", '[milestone]\ntitle = "next"\n', "impossible-value", 2, "every version"),
    ("not TOML", "[release\n", "toml-invalid", 1, ""),
    ("a key twice", "[due]\ndays = 1\ndays = 2\n", "toml-invalid", 3, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "line", "word"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_configuration_is_refused_with_code_and_line(
    text: str, code: str, line: int, word: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text)

    problem = caught.value.problems[0]
    assert (problem.code, problem.file, problem.line) == (code, "castoff.toml", line)
    assert word in f"{problem.message} {problem.reason} {problem.remedy}"
    assert problem.message == problem.message.strip()
    assert problem.message.isprintable()
    assert problem.remedy or code == "toml-invalid"


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = '[due]\ndays = "x"\n[release]\nsing = "tag"\ntag = "v"\n[draft]\nby = "me"\n'

    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text)

    assert [(problem.line, problem.code) for problem in caught.value.problems] == [
        (2, "wrong-type"),
        (4, "unknown-key"),
        (5, "impossible-value"),
        (7, "impossible-value"),
    ]


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("Cargo.toml", '[package]\nname = "a"\n\n[workspace.metadata.castoff.due]\ndays = "x"\n', 5),
        ("Cargo.toml", '[package]\nname = "a"\nmetadata.castoff.due.days = "x"\n', 3),
        ("pyproject.toml", '[project]\nname = "a"\n[tool.castoff]\ndue = { days = "x" }\n', 4),
    ],
    ids=["workspace metadata", "package metadata", "pyproject"],
)
def test_lines_are_right_inside_of_other_files(file: str, text: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(Files({file: text}))

    problem = caught.value.problems[0]
    assert (problem.code, problem.file, problem.line) == ("wrong-type", file, line)
    assert "`due.days`" in problem.message


SEVERAL: list[tuple[Tree, str, int]] = [
    (
        Files({"castoff.toml": "", "pyproject.toml": "[project]\nname='a'\n[tool.castoff]\n"}),
        "pyproject.toml",
        3,
    ),
    (Files({"castoff.toml": "", "Cargo.toml": "[workspace.metadata.castoff]\n"}), "Cargo.toml", 1),
    (
        Files({"Cargo.toml": "[workspace.metadata.castoff]\n[package.metadata.castoff]\n"}),
        "Cargo.toml",
        2,
    ),
]


@pytest.mark.parametrize(("tree", "file", "line"), SEVERAL, ids=["pyproject", "cargo", "cargo twice"])
def test_configurations_in_two_places_are_refused(tree: Tree, file: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(tree)

    problem = caught.value.problems[0]
    assert (problem.code, problem.file, problem.line) == ("several-configurations", file, line)


def test_a_notes_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(Files({"castoff.toml": '[notes]\nstrict = true\nconfig = "x.yml"\n'}))

    problem = caught.value.problems[0]
    assert (problem.code, problem.line) == ("notes-configuration-missing", 3)
