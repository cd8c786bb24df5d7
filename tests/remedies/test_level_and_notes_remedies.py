"""Remedies for levels, the order of packages, the notes configuration, and files given to commands: pure functions."""

from __future__ import annotations

from pathlib import Path

from castoff.ecosystems.record import read_record
from castoff.explain import explain
from castoff.model.graph import order_of
from castoff.model.intent import Claim, History, meant, to_resume
from castoff.notes.configuration import read_configuration
from castoff.session.release_request import nothing_begun
from castoff.workflows.plan import WorkflowOptions, workflows
from castoff.world.faults import parse_faults
from castoff.world.seed import parse_seed
from castoff_needs import SOURCE
from ecosystems.cargo.manifest.cargo_trees import discover, package, tree
from model.test_intent import BEGUN, IDLE, NEW, PRE
from remedies.following import Case, cases, follow_row

LEVELS = [
    Case(
        "nothing-to-release",
        (IDLE, "release"),
        (IDLE, "minor"),
        "use major, minor, patch or an exact version",
    ),
    Case(
        "nothing-to-release",
        (IDLE, "release"),
        (IDLE, "1.2.1"),
        "use major, minor, patch or an exact version",
    ),
    Case("pre-goes-back", (PRE, "beta"), (PRE, "rc"), "use `rc`"),
    Case("pre-goes-back", (PRE, "beta"), (PRE, "release"), "`release`"),
    Case(
        "release-in-flight",
        (BEGUN, "patch"),
        (BEGUN, "1.3.0"),
        "finish it with `castoff resume 1.3.0 --execute`",
    ),
    Case("unknown-level", (IDLE, "mino"), (IDLE, "minor"), "did you mean `minor`?"),
    Case("unknown-level", (IDLE, "next"), (IDLE, "1.3.0"), "use a level or an exact version"),
    Case("unknown-level", (IDLE, "minor", "gamma"), (IDLE, "minor", "rc"), "use alpha, beta or rc"),
    Case("version-not-higher", (IDLE, "1.1.5"), (IDLE, "1.2.1"), "use a higher version"),
]


@cases(LEVELS)
def test_a_level_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda asked: meant(*asked))


RESUMED = [
    Case(
        "nothing-to-resume",
        (NEW, None),
        (BEGUN, None),
        "start a new release with `castoff release LEVEL --execute`",
    ),
    Case("nothing-to-resume", (IDLE, None), (IDLE, "1.2.0"), "if you mean 1.2.0, pass it"),
    Case("unknown-version", (IDLE, "1.9.0"), (IDLE, "1.2.0"), "correct the version"),
    Case("unknown-version", (IDLE, "soon"), (IDLE, "1.2.0"), "correct the version"),
]


@cases(RESUMED)
def test_a_version_to_resume_is_corrected_as_the_remedy_reads(case: Case) -> None:
    def resumed(asked: tuple[History, str | None]) -> Claim:
        claim = to_resume(*asked)
        if claim is None:
            raise nothing_begun(asked[0])
        return claim

    follow_row(case, resumed)


WORKSPACE = discover(tree(a=package("a"), b=package("b")))
ORDERS = [
    Case("unknown-facade", {"named_facade": "c"}, {"named_facade": "b"}, "correct `release.facade`"),
    Case("unknown-facade", {"named_facade": "c"}, {}, "remove it so that the facade is detected"),
    Case("unknown-package", {"after": [("a", ["c"])]}, {"after": [("a", ["b"])]}, "correct the name"),
]


@cases(ORDERS)
def test_a_name_of_a_package_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda named: order_of(WORKSPACE, **named))


def below(*categories: tuple[str, str], exclude: str = "") -> str:
    """Write a notes configuration of categories: title and labels."""
    rows = "".join(f"    - title: {title}\n      labels: [{labels}]\n" for title, labels in categories)
    return f"changelog:\n{exclude}  categories:\n{rows}"


def excluding(what: str, name: str) -> str:
    """Write a notes configuration that excludes a label or an author."""
    return below(("Added", "add"), exclude=f"  exclude:\n    {what}: [{name}]\n")


GOOD = below(("Added", "add"), ("Other", "'*'"))
NOTES = [
    Case(
        "notes-author-without-bot",
        excluding("authors", "dependabot"),
        excluding("authors", "'dependabot[bot]'"),
        "write `dependabot[bot]`",
    ),
    Case(
        "notes-author-matches-nobody",
        excluding("authors", "app/dependabot"),
        excluding("authors", "'dependabot[bot]'"),
        "write `dependabot[bot]`",
    ),
    Case("notes-label-pattern", below(("Added", "'add*'")), below(("Added", "add")), "list each label"),
    Case(
        "notes-catch-all-not-last",
        below(("Other", "'*'"), ("Added", "add")),
        GOOD,
        "move the category with `*` to the end",
    ),
    Case(
        "notes-category-duplicate",
        below(("A", "add"), ("A", "fix")),
        below(("A", "add, fix")),
        "merge the labels of both into one category",
    ),
    Case(
        "notes-category-unreachable",
        below(("A", "add"), ("B", "add")),
        below(("A", "add"), ("B", "fix")),
        "give it its own label",
    ),
    Case(
        "notes-category-unreachable", below(("A", "add"), ("B", "add")), below(("A", "add")), "or remove it"
    ),
    Case(
        "notes-configuration-duplicate-key", GOOD + "changelog:\n" + GOOD.partition("\n")[2], GOOD, "keep one"
    ),
    Case("notes-configuration-empty", "", GOOD, "write the settings below `changelog:`"),
    Case(
        "notes-configuration-empty",
        "categories: []\n",
        "changelog:\n  categories: []\n",
        "move the settings below `changelog:`",
    ),
    Case(
        "notes-configuration-refused",
        "changelog:\n  categories:\n    - title: A\n",
        below(("A", "add")),
        "add `labels`",
    ),
    Case("notes-configuration-refused", below(("A", "1")), below(("A", "'1'")), "quote it: `'1'`"),
    Case("notes-configuration-refused", "changelog: []\n", GOOD, "write a mapping, `key: value`"),
    Case(
        "notes-configuration-refused",
        "changelog:\n  exclude:\n    labels: a\n",
        "changelog:\n  exclude:\n    labels: [a, b]\n",
        "write a list, `[a, b]`",
    ),
    Case("notes-configuration-syntax", "changelog: [\n", GOOD, "fix the syntax at this line"),
    Case(
        "notes-configuration-unknown-key",
        GOOD.replace("categories", "categorys"),
        GOOD,
        "did you mean `categories`?",
    ),
    Case(
        "notes-exclude-everything",
        excluding("labels", "'*'"),
        excluding("labels", "fix"),
        "list the labels to exclude",
    ),
    Case("notes-label-unknown", below(("A", "ad")), below(("A", "add")), "did you mean `add`?"),
    Case("notes-label-unknown", below(("A", "quay")), below(("A", "add")), "or remove it here"),
]


@cases(NOTES)
def test_the_notes_configuration_is_corrected_as_the_remedy_reads(case: Case) -> None:
    def look(text: str) -> object:
        return read_configuration(text, forge_labels=("add", "fix", "a", "b", "1")).warnings

    follow_row(case, look)


@cases([Case("notes-label-unknown", ("fix",), ("fix", "quay"), "create the label")])
def test_a_label_is_created_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda known: read_configuration(below(("A", "quay")), forge_labels=known).warnings)


RECORD = '{"packages": {"a": {"1.0.0": {"yanked": false, "requirements": [], "features": []}}}}'
TEXTS = [
    Case(
        "record-invalid",
        '{"a": {}}',
        RECORD,
        '{"packages": {NAME: {VERSION: {"yanked", "requirements", "features"}}}}',
    ),
]


@cases(TEXTS)
def test_a_record_is_written_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda text: read_record(text, "record.json"))


RULES = '{"rules": [{"service": "python", "method": "POST", "effect": {"status": 503}}]}'
FAULTS = [
    Case("world-faults-invalid", RULES.replace("method", "verb"), RULES, "docs/reference/world.md"),
    Case("world-faults-invalid", RULES + "}", RULES, "docs/reference/world.md"),
]


@cases(FAULTS)
def test_a_fault_script_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda text: parse_faults(text, file="faults.json"))


SEED = '{"slug": "acme/rocket", "python": [{"name": "a", "version": "1.0.0"}]}'


@cases([Case("world-seed-invalid", SEED.replace("slug", "name"), SEED, "docs/reference/world.md")])
def test_a_seed_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda text: parse_seed(text, Path(), file="seed.json"))


OPTIONS = {"repository": "acme/rocket", "source": SOURCE}
UNFIT = (
    Case(
        "workflow-value-unfit",
        WorkflowOptions(**OPTIONS, tags=("v*'",)),
        WorkflowOptions(**OPTIONS, tags=("v*",)),
        "use letters, digits, dots, dashes and slashes",
    ),
    Case(
        "workflow-value-unfit",
        WorkflowOptions(**{**OPTIONS, "source": SOURCE.partition("@")[0] + "@main"}),
        WorkflowOptions(**OPTIONS),
        "with a commit of 40 hexadecimal digits",
    ),
)


@cases(UNFIT)
def test_a_value_for_a_workflow_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, workflows)


@cases([Case("unknown-code", "unknow-key", "unknown-key", "did you mean `unknown-key`?")])
def test_a_code_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, explain)
