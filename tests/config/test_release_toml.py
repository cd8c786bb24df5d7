from __future__ import annotations

import pytest
from configuration_files import Files

from castoff.config.reader import Loaded, read_configuration
from castoff.config.replacement import replace_all
from castoff.config.values import Run
from castoff.errors import ConfigurationError

KUBE = """
# Release process :: cargo-release
consolidate-commits = true
shared-version = true
pre-release-hook = ["../scripts/release-pre.sh"]
pre-release-commit-message = "release {{version}}"
push = true
tag = true
tag-name = "{{version}}"
sign-tag = true
sign-commit = true
enable-features = ["k8s-openapi/latest"]
"""
HOOK = Run(command=("./hook.sh",), writes=("**",), folder="facade")
ROOT_PACKAGE = '[package]\nname = "ship"\nversion = "1.2.0"\n'


def taken(release_toml: str, **files: str) -> Loaded:
    named = {path.replace("__", "/").replace("_toml", ".toml"): text for path, text in files.items()}
    return read_configuration(Files({"Cargo.toml": ROOT_PACKAGE, "release.toml": release_toml, **named}))


def test_the_settings_of_kube_are_taken_over_without_a_word() -> None:
    loaded = taken(KUBE)

    assert loaded.problems == ()
    assert loaded.source == "release.toml"
    release = loaded.configuration.release
    assert (release.tag, release.message, release.sign) == ("{version}", "release {version}", "both")
    assert loaded.configuration.cargo.features == ("k8s-openapi/latest",)
    assert loaded.configuration.version.run == (
        Run(command=("../scripts/release-pre.sh",), writes=("**",), folder="facade"),
    )


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ('tag-name = "v{{version}}"', "release.tag", "v{version}"),
        ('tag-prefix = "rel-"', "release.tag", "rel-v{version}"),
        ('tag-prefix = "rel-"\ntag-name = "{{prefix}}{{version}}"', "release.tag", "rel-{version}"),
        ('tag-name = "{{prefix}}v{{version}}"', "release.tag", "v{version}"),
        ('tag-message = "{{tag_name}} from {{prev_version}}"', "release.tag_message", "{tag} from {previous}"),
        ('pre-release-commit-message = "{x} {{date}}"', "release.message", "{open}x{close} {date}"),
        ("sign-tag = true", "release.sign", "tag"),
        ("sign-commit = true", "release.sign", "commit"),
        ("sign-commit = false\nsign-tag = false", "release.sign", None),
        ('allow-branch = ["main", "!HEAD", "v*"]', "release.branches", ("main", "v*")),
        ('push-remote = "upstream"', "release.remote", "upstream"),
        ('registry = "mirror"', "cargo.registry", "mirror"),
        ("verify = false", "cargo.verify", False),
        ("enable-all-features = true\nenable-features = ['a']", "cargo.all_features", True),
        ('pre-release-hook = "./hook.sh"', "version.run", (HOOK,)),
    ],
)  # fmt: skip
def test_a_setting_is_taken_over(text: str, attribute: str, value: object) -> None:
    loaded = taken(text)

    table, _, key = attribute.partition(".")
    assert getattr(getattr(loaded.configuration, table), key) == value
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("text", "key", "line", "word"),
    [
        ("\nshared-version = false", "shared-version", 2, "one version"),
        ("consolidate-commits = false", "consolidate-commits", 1, "one commit"),
        ("push = false", "push", 1, "release commit"),
        ("disable-push = true", "disable-push", 1, "release commit"),
        ("tag = false", "tag", 1, "every release has a tag"),
        ("publish = false", "publish", 1, "uploads"),
        ("owners = ['a']", "owners", 1, "owns"),
        ("rate-limit.new-packages = 9", "rate-limit", 1, "limits"),
        ("[rate-limit]\nnew-packages = 9", "rate-limit", 1, "limits"),
        ("dependent-version = 'ignore'", "dependent-version", 1, "requirements"),
        ("metadata = 'required'", "metadata", 1, "build metadata"),
        ("target = 'x86_64-unknown-linux-gnu'", "target", 1, "target"),
        ("certs-source = 'native'", "certs-source", 1, "certificates"),
        ("push-options = ['x']", "push-options", 1, "options"),
        ("post-release-hook = ['x']", "post-release-hook", 1, "after a release"),
        ("no-such-key = 1", "no-such-key", 1, "no meaning"),
        ("tag-name = '{{crate_name}}-{{version}}'", "tag-name", 1, "one tag"),
        ("tag-name = 'latest'", "tag-name", 1, "version"),
        ("tag-name = 3", "tag-name", 1, "not a string"),
        ("tag-message = ''", "tag-message", 1, "signed"),
        ("sign-tag = 'yes'", "sign-tag", 1, "neither"),
        ("allow-branch = ['*', '!dev']", "allow-branch", 1, "excludes"),
        ("pre-release-hook = 3", "pre-release-hook", 1, "not a command"),
        ("pre-release-commit-message = '{{repository}}'", "pre-release-commit-message", 1, "no meaning"),
        ("enable-features = 'a'", "enable-features", 1, "a list"),
        ("pre-release-replacements = 3", "pre-release-replacements", 1, "not a list"),
        ("pre-release-replacements = [{file='x'}]", "pre-release-replacements", 1, "rule 1"),
        (
            "pre-release-replacements = [{file='x', search='a', replace='b'}]",
            "pre-release-replacements",
            1,
            "no crate has `x`",
        ),
        (
            "[[pre-release-replacements]]\nfile='Cargo.toml'\nsearch='[[:alpha:]]'\nreplace='b'",
            "pre-release-replacements",
            1,
            "Python's regular expressions",
        ),
        (
            "[[pre-release-replacements]]\nfile='Cargo.toml'\nsearch='a'\nreplace='$1'",
            "pre-release-replacements",
            1,
            "group `1`",
        ),
        (
            "[[pre-release-replacements]]\nfile='Cargo.toml'\nsearch='a'\nreplace='b'\nwhen=1",
            "pre-release-replacements",
            1,
            "`when`",
        ),
        (
            "[[pre-release-replacements]]\nfile='../Cargo.toml'\nsearch='a'\nreplace='b'",
            "pre-release-replacements",
            1,
            "no crate has `../Cargo.toml`",
        ),
    ],
)
def test_a_setting_that_has_no_meaning_here_is_named(text: str, key: str, line: int, word: str) -> None:
    problems = taken(text + "\n").problems

    assert [(problem.code, problem.severity, problem.file, problem.line) for problem in problems] == [
        ("setting-not-taken-over", "warning", "release.toml", line)
    ]
    assert f"`{key}`" in problems[0].message
    assert word in problems[0].reason + problems[0].remedy
    assert problems[0].remedy


def test_the_manifest_comes_before_release_toml() -> None:
    manifest = ROOT_PACKAGE + "[workspace.metadata.release]\ntag-name = 'w{{version}}'\n"
    tree = Files({"Cargo.toml": manifest, "release.toml": "tag-name = 'r{{version}}'\nsign-tag = true\n"})

    loaded = read_configuration(tree)

    assert loaded.configuration.release.tag == "w{version}"
    assert loaded.configuration.release.sign == "tag"


def test_release_toml_that_is_not_toml_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        taken("push = \n")

    problem = caught.value.problems[0]
    assert (problem.code, problem.file, problem.line) == ("toml-invalid", "release.toml", 1)


REPLACEMENTS = """
pre-release-replacements = [
  {file = "README.md", search = "(?<name>ship|boat) = \\"[0-9.]+\\"", replace = "${name} = \\"{{version}}\\" $$ \\\\"},
  {file = "README.md", search = "Unreleased {x}", replace = "{{crate_name}} {{date}}", exactly = 1, prerelease = true},
]
"""


def test_replacements_do_what_they_did() -> None:
    loaded = taken(REPLACEMENTS, README_md="ignored", **{"README.md": 'ship = "1.0"\nUnreleased {x}\n'})

    assert loaded.problems == ()
    rules = loaded.configuration.replace
    assert [(rule.count, rule.prerelease) for rule in rules] == [(None, False), (1, True)]
    done = replace_all(
        {"README.md": 'ship = "1.0"\nUnreleased {x}\n'}.get,
        rules,
        {"version": "1.3.0", "date": "2026-11-22", "name": "harbour"},
        is_stable=True,
    )
    assert dict(done.texts) == {"README.md": 'ship = "1.3.0" $ \\\nship 2026-11-22\n'}
    assert done.problems == ()


def workspace(**files: str) -> Files:
    texts = {
        path.replace("__", "/").replace("_toml", ".toml").replace("_md", ".md"): t
        for path, t in files.items()
    }
    return Files(
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
            "crates/hull/Cargo.toml": '[package]\nname = "hull"\nversion = "1.0.0"\n',
            "crates/mast/Cargo.toml": '[package]\nname = "mast"\nversion = "1.0.0"\n',
            **texts,
        }
    )


RULE = "pre-release-replacements = [{file = '%s', search = 'x', replace = '%s'}]\n"


def test_files_count_from_each_crate_that_has_one() -> None:
    tree = workspace(
        release_toml=RULE % ("README.md", "{{crate_name}}"),
        crates__hull__README_md="x",
        crates__mast__README_md="x",
    )

    rules = read_configuration(tree).configuration.replace

    assert [(rule.file, rule.replace) for rule in rules] == [
        ("crates/hull/README.md", "hull"),
        ("crates/mast/README.md", "mast"),
    ]


def test_one_file_that_all_crates_name_is_edited_once() -> None:
    tree = workspace(release_toml=RULE % ("../../README.md", "{{version}}"), README_md="x")

    rules = read_configuration(tree).configuration.replace

    assert [(rule.file, rule.replace) for rule in rules] == [("README.md", "{version}")]


def test_settings_of_single_crates_are_taken_over_where_they_can_be() -> None:
    hull = '[package]\nname = "hull"\nversion = "1.0.0"\n[package.metadata.release]\nrelease = false\nsign-tag = true\n'
    mast = RULE % ("README.md", "{{version}}")
    tree = workspace(
        crates__hull__Cargo_toml=hull, crates__mast__release_toml=mast, crates__mast__README_md="x"
    )

    loaded = read_configuration(tree)

    assert loaded.configuration.release.exclude == ("hull",)
    assert [rule.file for rule in loaded.configuration.replace] == ["crates/mast/README.md"]
    assert [(problem.file, problem.line) for problem in loaded.problems] == [("crates/hull/Cargo.toml", 6)]


def test_a_crate_that_is_not_published_anyway_is_not_excluded() -> None:
    hull = '[package]\nname = "hull"\nversion = "1.0.0"\npublish = false\nmetadata.release.release = false\n'

    loaded = read_configuration(workspace(crates__hull__Cargo_toml=hull))

    assert loaded.configuration.release.exclude == ()
    assert loaded.problems == ()


def test_rules_of_the_root_crate_hold_for_it_alone() -> None:
    root = ROOT_PACKAGE + '[workspace]\nmembers = ["crates/*"]\n[package.metadata.release]\n'
    tree = workspace(
        Cargo_toml=root + RULE % ("README.md", "{{crate_name}}"),
        README_md="x",
        crates__hull__README_md="x",
    )

    rules = read_configuration(tree).configuration.replace

    assert [(rule.file, rule.replace) for rule in rules] == [("README.md", "ship")]


def test_rules_of_a_crate_stand_in_place_of_the_shared_ones() -> None:
    hull = '[package]\nname = "hull"\nversion = "1.0.0"\n[package.metadata.release]\n' + RULE % (
        "own.md",
        "h",
    )
    mast = '[package]\nname = "mast"\nversion = "1.0.0"\n[package.metadata.release]\nrelease = false\ntag = false\n'
    tree = workspace(
        release_toml=RULE % ("README.md", "{{version}}"),
        crates__hull__Cargo_toml=hull,
        crates__mast__Cargo_toml=mast,
        crates__sail__Cargo_toml='[package]\nname = "sail"\nversion = "1.0.0"\n',
        crates__hull__README_md="x",
        crates__hull__own_md="x",
        crates__mast__README_md="x",
        crates__sail__README_md="x",
    )

    loaded = read_configuration(tree)

    assert [rule.file for rule in loaded.configuration.replace] == [
        "crates/sail/README.md",
        "crates/hull/own.md",
    ]
    assert loaded.problems == ()


@pytest.mark.parametrize("inherited", [False, True])
def test_the_repository_of_a_crate_is_known(inherited: bool) -> None:
    url = "https://github.com/ships/harbour"
    workspace_package = f'[workspace.package]\nrepository = "{url}"\n' if inherited else ""
    own = "repository.workspace = true" if inherited else f'repository = "{url}"'
    hull = f'[package]\nname = "hull"\nversion = "1.0.0"\n{own}\n'
    tree = workspace(
        Cargo_toml='[workspace]\nmembers = ["crates/hull"]\n' + workspace_package,
        release_toml=RULE % ("README.md", "{{repository}}/compare/{{tag_name}}...HEAD"),
        crates__hull__Cargo_toml=hull,
        crates__hull__README_md="x",
    )

    loaded = read_configuration(tree)

    assert [rule.replace for rule in loaded.configuration.replace] == [url + "/compare/{tag}...HEAD"]
    assert loaded.problems == ()
