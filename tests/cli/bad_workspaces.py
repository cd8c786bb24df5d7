"""Bad manifests, configurations and words on the command line, with the exit code and the stable code of each."""

from __future__ import annotations

from cli.bad_repositories import CORE, RELEASE
from cli.ground import Bad, Ground, Spoil

FACADE = "packages/proof/pyproject.toml"
PLAN = "plan minor"


def _text(path: str, old: str, new: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        ground.replace(path, old, new)
        ground.push()

    return spoil


def _file(path: str, text: str | bytes) -> Spoil:
    def spoil(ground: Ground) -> None:
        ground.write(path, text)
        ground.push()

    return spoil


def _config(text: str) -> Spoil:
    return _file("castoff.toml", text)


def _no_packages(ground: Ground) -> None:
    ground.git("rm", "--quiet", "-r", "packages", "pyproject.toml")
    ground.push()


def _private(ground: Ground) -> None:
    for path in (CORE, FACADE):
        ground.replace(path, "description = ", 'classifiers = ["Private :: Do Not Upload"]\ndescription = ')
    ground.push()


def _broken_build(ground: Ground) -> None:
    ground.git("rm", "--quiet", "packages/proof-core/src/proof_core/__init__.py")
    ground.push()


def _broken_import(ground: Ground) -> None:
    ground.write("packages/proof/src/proof/__init__.py", "import no_such_module_anywhere\n")
    ground.push()


MANIFESTS = (
    Bad(name="no packages", command=PLAN, exit=2, codes=("no-workspace",), spoil=_no_packages),
    Bad(
        name="not UTF-8",
        command=PLAN,
        exit=4,
        codes=("file-not-text",),
        spoil=_file(CORE, b"[project]\nname='\xff'"),
    ),
    Bad(name="not TOML", command=PLAN, exit=4, codes=("toml-invalid",), spoil=_file(CORE, "[project\nname=")),
    Bad(
        name="deep TOML",
        command=PLAN,
        exit=4,
        codes=("toml-invalid",),
        spoil=_file(CORE, "a = " + "[" * 5000),
    ),
    Bad(
        name="stray version",
        command=PLAN,
        exit=4,
        codes=("several-versions",),
        spoil=_text(CORE, "1.0.0", "1.0.1"),
    ),
    Bad(
        name="bad version",
        command=PLAN,
        exit=4,
        codes=("version-invalid",),
        spoil=_text(CORE, "1.0.0", "one"),
    ),
    Bad(
        name="no version",
        command=PLAN,
        exit=4,
        codes=("version-missing",),
        spoil=_text(CORE, 'version = "1.0.0"', ""),
    ),
    Bad(
        name="a tag that the tool does not read",
        command=PLAN,
        exit=4,
        codes=("tag-not-accepted",),
        spoil=_text(
            CORE,
            'version = "1.0.0"',
            'dynamic = ["version"]\n[tool.setuptools_scm]\ntag_regex = "^v(.+)"\n[tool.x]',
        ),
    ),
    Bad(
        name="cycle",
        command=PLAN,
        exit=4,
        codes=("dependency-cycle",),
        spoil=_text(CORE, "dependencies = []", 'dependencies = ["proof==1.0.0"]'),
    ),
    Bad(
        name="two packages of one name",
        command=PLAN,
        exit=4,
        codes=("duplicate-name",),
        spoil=_text(CORE, '"proof-core"', '"proof"'),
    ),
    Bad(
        name="bad name",
        command=PLAN,
        exit=4,
        codes=("name-invalid",),
        spoil=_text(CORE, '"proof-core"', '"-p !"'),
    ),
    Bad(
        name="bad requirement",
        command=PLAN,
        exit=4,
        codes=("requirement-invalid",),
        spoil=_text(FACADE, "proof-core==1.0.0", "proof-core=="),
    ),
    Bad(
        name="requirement excludes the release",
        command=PLAN,
        exit=4,
        codes=("requirement-excludes-release",),
        spoil=_text(FACADE, "proof-core==1.0.0", "proof-core!=1.1.0"),
    ),
    Bad(name="nothing to publish", command=PLAN, exit=2, codes=("nothing-to-publish",), spoil=_private),
    Bad(
        name="member missing",
        command=PLAN,
        exit=4,
        codes=("member-missing",),
        spoil=_text("pyproject.toml", '"packages/*"', '"packages/*", "apps/one"'),
    ),
    Bad(name="broken build", command=RELEASE, exit=4, codes=("build-failed",), spoil=_broken_build),
    Bad(name="broken import", command=RELEASE, exit=4, codes=("verify-failed",), spoil=_broken_import),
    Bad(
        name="needs what is nowhere",
        command=RELEASE,
        exit=4,
        codes=("verify-failed",),
        spoil=_text(FACADE, '"proof-core==1.0.0"', '"proof-core==1.0.0", "castoff-no-such-thing==9"'),
    ),
)

CONFIGURATIONS = (
    Bad(
        name="no such configuration",
        command="plan minor --config no.toml",
        exit=2,
        codes=("configuration-unreadable",),
    ),
    Bad(
        name="configuration is a folder",
        command="plan minor --config .",
        exit=2,
        codes=("configuration-unreadable",),
    ),
    Bad(
        name="configuration is no TOML",
        command=PLAN,
        exit=2,
        codes=("toml-invalid",),
        spoil=_config("[release"),
    ),
    Bad(
        name="unknown key",
        command=PLAN,
        exit=2,
        codes=("unknown-key",),
        spoil=_config("[release]\nbranchs = []"),
    ),
    Bad(name="unknown table", command=PLAN, exit=2, codes=("unknown-key",), spoil=_config("[relase]\n")),
    Bad(
        name="wrong type",
        command=PLAN,
        exit=2,
        codes=("wrong-type",),
        spoil=_config("[release]\nbranches = 7"),
    ),
    Bad(
        name="impossible value",
        command=PLAN,
        exit=2,
        codes=("impossible-value",),
        spoil=_config('[release]\nsign = "perhaps"'),
    ),
    Bad(
        name="unknown facade",
        command=PLAN,
        exit=4,
        codes=("unknown-facade",),
        spoil=_config('[release]\nfacade = "prof"'),
    ),
    Bad(
        name="facade not last",
        command=PLAN,
        exit=4,
        codes=("facade-not-last",),
        spoil=_config('[release]\nfacade = "proof-core"'),
    ),
    Bad(
        name="rule matches nothing",
        command=PLAN,
        exit=4,
        codes=("replacement-count",),
        spoil=_config(
            '[[replace]]\nfile = "NEWS.txt"\nsearch = "no such words"\nreplace = "{version}"\ncount = 1'
        ),
    ),
    Bad(
        name="rule's file missing",
        command=PLAN,
        exit=4,
        codes=("replacement-file-missing",),
        spoil=_config('[[replace]]\nfile = "NO.md"\nsearch = "a"\nreplace = "b"\ncount = 1'),
    ),
    Bad(
        name="rule's pattern",
        command=PLAN,
        exit=2,
        codes=("pattern-invalid",),
        spoil=_config('[[replace]]\nfile = "NEWS.txt"\nsearch = "(("\nreplace = "b"\ncount = 1'),
    ),
    Bad(
        name="rule leaves the workspace",
        command=PLAN,
        exit=2,
        codes=("path-leaves-workspace",),
        spoil=_config('[[replace]]\nfile = "../x"\nsearch = "a"\nreplace = "b"\ncount = 1'),
    ),
    Bad(
        name="unknown index",
        command=RELEASE,
        exit=4,
        codes=("index-unknown",),
        spoil=_config('[python]\nindex = "inner"'),
    ),
    Bad(
        name="undeclared write",
        command=RELEASE,
        exit=4,
        codes=("undeclared-write",),
        spoil=_config('[version]\nrun = [{ command = ["touch", "NEW"], writes = [] }]'),
    ),
    Bad(
        name="command fails",
        command=RELEASE,
        exit=4,
        codes=("hook-failed",),
        spoil=_config('[version]\nrun = [{ command = ["false"], writes = [] }]'),
    ),
    Bad(
        name="command missing",
        command=RELEASE,
        exit=4,
        codes=("program-missing",),
        spoil=_config('[version]\nrun = [{ command = ["no-such-program"], writes = [] }]'),
    ),
)

WORDS = (
    Bad(name="unknown level", command="plan mini", exit=2, codes=("unknown-level",)),
    Bad(name="hostile level", command="plan ../../x", exit=2, codes=("unknown-level",)),
    Bad(name="long level", command="plan " + "9" * 5000 + ".1.1", exit=2, codes=("unknown-level",)),
    Bad(name="version not higher", command="plan 0.9.0", exit=2, codes=("version-not-higher",)),
    Bad(name="release from no pre-release", command="plan release", exit=2, codes=("nothing-to-release",)),
    Bad(name="rc with no bump", command="plan rc", exit=2, codes=("level-needs-pre",)),
    Bad(
        name="unknown kind of pre-release", command="plan minor --pre pony", exit=2, codes=("unknown-level",)
    ),
    Bad(name="no level", command="plan", exit=2, codes=("bad-usage",)),
    Bad(name="unknown command", command="releas minor", exit=2, codes=("bad-usage",)),
    Bad(name="unknown option", command="plan minor --exekute", exit=2, codes=("bad-usage",)),
    Bad(name="bad wait", command="plan minor --wait soon", exit=2, codes=("bad-usage",)),
    Bad(name="negative wait", command="plan minor --wait -1", exit=2, codes=("bad-usage",)),
    Bad(
        name="bad events", command="rehearse minor --events /nowhere/e", exit=2, codes=("events-unwritable",)
    ),
    Bad(name="events is a folder", command="plan minor --events .", exit=2, codes=("events-unwritable",)),
    Bad(name="bad time", command=PLAN, exit=2, codes=("bad-time",), environment={"CASTOFF_NOW": "soon"}),
    Bad(
        name="local time",
        command=PLAN,
        exit=2,
        codes=("bad-time",),
        environment={"CASTOFF_NOW": "2026-01-01T00:00"},
    ),
    Bad(
        name="bad grace",
        command=PLAN,
        exit=2,
        codes=("bad-grace",),
        environment={"PUBLISH_GRACE_SLEEP": "a bit"},
    ),
    Bad(
        name="grace of nan",
        command=PLAN,
        exit=2,
        codes=("bad-grace",),
        environment={"PUBLISH_GRACE_SLEEP": "nan"},
    ),
    Bad(name="no git", command=PLAN, exit=2, codes=("program-missing",), environment={"PATH": "/nowhere"}),
    Bad(
        name="no temporary folder",
        command=PLAN,
        exit=4,
        codes=("machine-failed",),
        environment={"TMPDIR": "/nowhere"},
    ),
    Bad(name="unknown code", command="explain no-such-code", exit=2, codes=("unknown-code",)),
)
