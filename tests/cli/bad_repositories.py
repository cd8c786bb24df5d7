"""Bad repositories and remotes, with the exit code and the stable code of each."""

from __future__ import annotations

import shutil

from cli.ground import Bad, Ground

RELEASE = "release minor --execute --yes --wait 0.3"
RESUME = "resume --execute --yes --wait 0.3"
CORE = "packages/proof-core/pyproject.toml"


def _no_repository(ground: Ground) -> None:
    shutil.rmtree(ground.checkout / ".git")


def _empty(ground: Ground) -> None:
    _no_repository(ground)
    ground.git("init", "--quiet")


def _no_remote(ground: Ground) -> None:
    ground.git("remote", "remove", "origin")


def _two_remotes(ground: Ground) -> None:
    ground.git("remote", "rename", "origin", "up")
    ground.git("remote", "add", "fork", "/nowhere/fork")
    ground.git("config", "--unset", "branch.main.remote")


def _gone_remote(ground: Ground) -> None:
    ground.git("remote", "set-url", "origin", "/nowhere/at/all.git")


def _detached(ground: Ground) -> None:
    ground.git("checkout", "--quiet", "HEAD~1")
    ground.write("a.txt", "a")
    ground.commit()


def _another_branch(ground: Ground) -> None:
    ground.git("checkout", "--quiet", "-b", "feature")


def _ahead(ground: Ground) -> None:
    ground.write("a.txt", "a")
    ground.commit()


def _diverged(ground: Ground) -> None:
    other = ground.another()
    other.write("b.txt", "b")
    other.push()
    _ahead(ground)


def _dirty(ground: Ground) -> None:
    ground.write("NEWS.txt", "not committed\n")


def _tag_taken(ground: Ground) -> None:
    ground.git("checkout", "--quiet", "--orphan", "elsewhere")
    ground.commit("Elsewhere")
    ground.git("tag", "1.1.0")
    ground.git("push", "--quiet", "origin", "1.1.0")
    ground.git("checkout", "--quiet", "main")


def _manifests_ahead(ground: Ground) -> None:
    for path in ground.checkout.glob("packages/*/pyproject.toml"):
        ground.replace(str(path), 'version = "1.0.0"', 'version = "5.0.0.dev0"')
    ground.push()


def claim(ground: Ground, version: str = "1.1.0") -> None:
    """Push a release commit, as a run that died right after its claim."""
    for name in ("proof-core", "proof"):
        ground.replace(f"packages/{name}/pyproject.toml", 'version = "1.0.0"', f'version = "{version}"')
    ground.replace("packages/proof/pyproject.toml", "==1.0.0", f"=={version}")
    ground.commit(f"release {version}")
    ground.git("push", "--quiet", "origin", "main")


def _tag_elsewhere(ground: Ground) -> None:
    claim(ground)
    _tag_taken(ground)


def _no_key(ground: Ground) -> None:
    ground.git("config", "user.signingkey", "/nowhere/key.pub")


def _no_identity(ground: Ground) -> None:
    ground.git("config", "--unset", "user.email")


def _hook(name: str, *, remote: bool = False):  # type: ignore[no-untyped-def]
    return lambda ground: ground.hook(name, "echo no such luck >&2; exit 1", remote=remote)


def _only_tags_refused(ground: Ground) -> None:
    ground.hook("pre-receive", "grep -q refs/tags/ && exit 1; exit 0", remote=True)


def _shallow(ground: Ground) -> None:
    shutil.rmtree(ground.checkout)
    url = ground.here.world.repository.url
    ground.here.git(ground.here.folder, "clone", "--quiet", "--depth=1", url, str(ground.checkout))


def _lock_in_the_way(ground: Ground) -> None:
    (ground.here.world.repository.path / "refs" / "heads" / "main.lock").write_text("")


REPOSITORIES = (
    Bad(
        name="no repository", command="plan minor", exit=2, codes=("not-a-repository",), spoil=_no_repository
    ),
    Bad(
        name="no repository, status",
        command="status",
        exit=2,
        codes=("not-a-repository",),
        spoil=_no_repository,
    ),
    Bad(name="no such folder", command="plan minor -C /nowhere/at/all", exit=2, codes=("no-such-folder",)),
    Bad(name="a file as folder", command="plan minor -C NEWS.txt", exit=2, codes=("no-such-folder",)),
    Bad(name="no commit", command="plan minor", exit=2, codes=("no-commits",), spoil=_empty),
    Bad(name="no remote", command=RELEASE, exit=4, codes=("no-remote",), spoil=_no_remote),
    Bad(name="no remote, plan", command="plan minor", exit=0, codes=("no-remote",), spoil=_no_remote),
    Bad(name="no remote, rehearse", command="rehearse minor", exit=0, codes=(), spoil=_no_remote),
    Bad(
        name="two remotes and none is origin",
        command=RELEASE,
        exit=4,
        codes=("no-remote",),
        spoil=_two_remotes,
    ),
    Bad(name="remote gone", command=RELEASE, exit=3, codes=("remote-unreachable",), spoil=_gone_remote),
    Bad(
        name="remote gone, plan",
        command="plan minor",
        exit=0,
        codes=("remote-unreachable",),
        spoil=_gone_remote,
    ),
    Bad(name="detached", command=RELEASE, exit=4, codes=("not-on-release-branch",), spoil=_detached),
    Bad(
        name="another branch",
        command=RELEASE,
        exit=4,
        codes=("not-on-release-branch",),
        spoil=_another_branch,
    ),
    Bad(name="ahead", command=RELEASE, exit=4, codes=("branch-ahead",), spoil=_ahead),
    Bad(name="diverged", command=RELEASE, exit=4, codes=("branch-diverged",), spoil=_diverged),
    Bad(name="dirty", command=RELEASE, exit=4, codes=("uncommitted-changes",), spoil=_dirty),
    Bad(name="shallow", command="plan minor", exit=4, codes=("version-below-manifests",), spoil=_shallow),
    *(
        Bad(
            name=f"manifests ahead, {words.split(' --', maxsplit=1)[0]}",
            command=words,
            exit=exit_code,
            codes=("version-below-manifests",),
            spoil=_manifests_ahead,
        )
        for words, exit_code in (("plan minor", 4), ("plan 4.9.0", 0), (RELEASE, 4))
    ),
    Bad(name="tag taken", command=RELEASE, exit=4, codes=("tag-taken",), spoil=_tag_taken),
    Bad(
        name="tag elsewhere",
        command=RESUME + " 1.1.0",
        exit=4,
        codes=("tag-elsewhere",),
        spoil=_tag_elsewhere,
    ),
    Bad(name="signing key missing", command=RELEASE, exit=4, codes=("tag-unsigned",), spoil=_no_key),
    Bad(name="no identity", command=RELEASE, exit=4, codes=("no-identity",), spoil=_no_identity),
    Bad(name="commit hook", command=RELEASE, exit=4, codes=("commit-failed",), spoil=_hook("commit-msg")),
    Bad(name="push hook", command=RELEASE, exit=4, codes=("push-hook-failed",), spoil=_hook("pre-push")),
    Bad(
        name="remote hook",
        command=RELEASE,
        exit=4,
        codes=("push-denied",),
        spoil=_hook("pre-receive", remote=True),
    ),
    Bad(name="tags refused", command=RELEASE, exit=4, codes=("push-denied",), spoil=_only_tags_refused),
    Bad(name="a lock on the remote", command=RELEASE, exit=4, codes=("push-denied",), spoil=_lock_in_the_way),
    Bad(
        name="protected branch", command=RELEASE, exit=4, codes=("push-denied",), seed={"protected": ["main"]}
    ),
    Bad(
        name="another version begun",
        command="release major",
        exit=4,
        codes=("release-in-flight",),
        spoil=claim,
    ),
    Bad(name="another begun, plan", command="plan 3.0.0", exit=4, codes=("release-in-flight",), spoil=claim),
    Bad(name="nothing released or begun", command="resume 7.0.0", exit=2, codes=("unknown-version",)),
    Bad(name="resume no version", command="resume pony", exit=2, codes=("unknown-version",)),
    Bad(name="announced too soon", command="announce 1.1.0", exit=4, codes=("not-tagged-yet",), spoil=claim),
    Bad(name="no draft", command="announce 1.0.0 --execute --yes", exit=4, codes=("no-draft",)),
)
