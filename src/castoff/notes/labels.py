"""Labels: the kinds of change that they mean, and the checks that every merged change has one.

What is wrong becomes a problem with a link; what could be done about it becomes a proposal. Nothing is written.
castoff's own pull requests, known by their branch, need neither.

Labels and the kinds of change that they mean.
The kinds are Keep a Changelog's. A label's kind is what the configuration says, else what the title of its
category says (`Fixed`), else what its own words say (`changelog-fix`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem, Severity
from castoff.model.changes import Change, Commit, Milestone
from castoff.notes.configuration import NotesConfiguration
from castoff.regexes import regex
from castoff.text.one_line import one_line

Kind = Literal["added", "changed", "deprecated", "removed", "fixed", "security"]
KINDS: tuple[Kind, ...] = ("added", "changed", "deprecated", "removed", "fixed", "security")

_WORDS: dict[str, Kind] = {
    **dict.fromkeys(("add", "added", "addition", "additions", "new", "feature", "features"), "added"),
    **dict.fromkeys(("feat", "enhancement", "enhancements"), "added"),
    **dict.fromkeys(("change", "changed", "changes", "improvement", "improvements", "refactor"), "changed"),
    **dict.fromkeys(("deprecate", "deprecated", "deprecation", "deprecations"), "deprecated"),
    **dict.fromkeys(("remove", "removed", "removal", "removals"), "removed"),
    **dict.fromkeys(("fix", "fixed", "fixes", "bug", "bugs", "bugfix", "bugfixes"), "fixed"),
    **dict.fromkeys(("security", "vulnerability"), "security"),
}
_SPLIT = regex(r"[^a-z]+")
_TITLE = regex(r"(?:revert )?([a-z]{1,12})(?:\([^()]{0,60}\))?!?:", re.IGNORECASE)


class KindLabels(Struct, frozen=True, kw_only=True):
    """The labels of which a change carries exactly one.

    ``places`` says where a label puts a change: the title of the category. ``kinds`` says what it means, as
    far as that is known. ``exclude`` keeps a change out on purpose. ``prefix`` is what all of them begin
    with: another label with it is a mistake. ``takes_all`` tells that a catch-all lists what has no label.
    """

    places: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, Kind], ...]
    exclude: tuple[str, ...] = ()
    prefix: str | None = None
    takes_all: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels that decide, those of the categories first."""
        return (*(label for label, _ in self.places), *self.exclude)

    def kind_of(self, labels: tuple[str, ...]) -> Kind | None:
        """Return the kind of a change by its labels, ``None`` where they do not say it."""
        known = dict(self.kinds)
        return next((known[label] for label in labels if label in known), None)


DEFAULT_KINDS = KindLabels(
    places=(
        ("changelog-add", "Added"),
        ("changelog-change", "Changed"),
        ("changelog-deprecate", "Deprecated"),
        ("changelog-remove", "Removed"),
        ("changelog-fix", "Fixed"),
        ("changelog-security", "Security"),
    ),
    kinds=(
        ("changelog-add", "added"),
        ("changelog-change", "changed"),
        ("changelog-deprecate", "deprecated"),
        ("changelog-remove", "removed"),
        ("changelog-fix", "fixed"),
        ("changelog-security", "security"),
    ),
    exclude=("changelog-exclude",),
    prefix="changelog-",
)


def kind_labels(configuration: NotesConfiguration, given: Mapping[str, Kind] | None = None) -> KindLabels:
    """Find the labels that decide and their kinds.

    ``given`` is what the workspace's own configuration says (label to kind); it wins. A repository with
    neither categories nor such a table has the default labels, ``changelog-add`` and so on.
    """
    given = given or {}
    if not configuration.categories and not given:
        return DEFAULT_KINDS
    places: dict[str, str] = {}
    kinds: dict[str, Kind] = dict(given)
    for category in configuration.categories:
        for label in category.labels:
            # A change with such a label is in no category, so that the label decides nothing there.
            if label == "*" or label in configuration.exclude_labels:
                continue
            # The first category in the file lists a change (GitHub Docs, "Automatically generated release notes").
            places.setdefault(label, category.title)
            kind = kind_of_words(category.title) or kind_of_words(label)
            if kind is not None:
                kinds.setdefault(label, kind)
    for label, kind in given.items():
        places.setdefault(label, kind.capitalize())
    exclude = configuration.exclude_labels
    return KindLabels(
        places=tuple(places.items()),
        kinds=tuple(kinds.items()),
        exclude=exclude,
        prefix=_prefix((*places, *exclude)),
        takes_all=not configuration.categories or any("*" in c.labels for c in configuration.categories),
    )


def kind_of_words(text: str) -> Kind | None:
    """Return the kind that a title or label names: security if it says so, else by its first telling word."""
    words = [_WORDS[word] for word in _SPLIT.split(text.casefold()) if word in _WORDS]
    # "Fixed security issues" tells of both; whoever reads for security must find it.
    return "security" if "security" in words else next(iter(words), None)


def kind_of_title(title: str) -> Kind | None:
    """Guess the kind from the prefix of a conventional title (``fix: ...``), for a suggestion only."""
    match = _TITLE.match(title)
    return _WORDS.get(match[1].casefold()) if match else None


def _prefix(labels: tuple[str, ...]) -> str | None:
    if len(labels) < 2:
        return None
    first, last = min(labels), max(labels)
    common = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    # Cut back to a separator: `changelog-a` of `changelog-add` and `changelog-all` is no prefix that anybody meant.
    end = max(first.rfind(mark, 0, common) for mark in "-/:_ ")
    return first[: end + 1] if end > 0 else None


OWN_BRANCHES = "castoff/"
"""The names of all branches that castoff makes begin so."""
_LEAVES_OUT = regex(r"exclude|ignore|skip|changelog|release|notes", re.IGNORECASE)


class LabelPolicy(Struct, frozen=True, kw_only=True):
    """What is demanded.

    ``strict`` makes errors of what is a warning by default: no label, no milestone, no pull request.
    ``optional_authors`` (logins, ``*`` and ``?`` allowed) and ``optional_paths`` (all files of the change
    match one of these) need neither label nor milestone.
    """

    kinds: KindLabels = DEFAULT_KINDS
    strict: bool = False
    optional_authors: tuple[str, ...] = ()
    optional_paths: tuple[str, ...] = ()


class SetMilestone(Struct, frozen=True):
    """Put the change into the milestone."""

    change: int
    milestone: int


class AskForLabel(Struct, frozen=True):
    """Ask which label the change is to have; ``remove`` are those that it should lose then."""

    change: int
    title: str
    choices: tuple[str, ...]
    suggestion: str | None
    remove: tuple[str, ...] = ()


Proposal = SetMilestone | AskForLabel


def check_labels(changes: Iterable[Change], policy: LabelPolicy) -> tuple[Problem, ...]:
    """Name every change with several labels of a kind, with unknown ones, or with none."""
    return tuple(problem for change in _by_number(changes) for problem in _label_problems(change, policy))


def check_milestone(
    changes: Iterable[Change], milestone: Milestone, policy: LabelPolicy
) -> tuple[Problem, ...]:
    """Name every merged change that is in no milestone or in another one."""
    return tuple(
        _milestone_problem(change, milestone, policy)
        for change in _by_number(changes)
        if change.milestone != milestone.number and not is_optional(change, policy)
    )


def check_commits(commits: Iterable[Commit], policy: LabelPolicy, *, url: str = "") -> tuple[Problem, ...]:
    """Name every commit that belongs to no pull request; ``url`` is what a commit's address begins with."""
    return tuple(
        Problem(
            code="commit-without-change",
            message=f"commit `{commit.sha[:12]}` has no pull request: `{one_line(commit.subject)}`",
            severity=_severity(policy),
            reason="the notes list pull requests only, so they do not mention it",
            remedy="mention it in the highlights if users should know about it; if not, add its paths to "
            "`notes.optional-for.paths`",
            commit=commit.sha,
            url=f"{url}{commit.sha}" if url else None,
        )
        for commit in commits
    )


def proposals(
    changes: Iterable[Change], policy: LabelPolicy, milestone: Milestone | None = None
) -> tuple[Proposal, ...]:
    """Return what would fix the problems: milestones to set, labels to ask for."""
    found: list[Proposal] = []
    for change in _by_number(changes):
        # A warning is asked about as well as an error: the answer fixes both.
        if next(_label_problems(change, policy), None) is not None:
            found.append(_question(change, policy))
        if milestone is None or is_optional(change, policy) or change.milestone == milestone.number:
            continue
        found.append(SetMilestone(change.number, milestone.number))
    return tuple(found)


def is_optional(change: Change, policy: LabelPolicy) -> bool:
    """Return whether a change needs neither label nor milestone: castoff's own, or by its author or its files."""
    if is_own(change):
        return True
    # A change that an app made for a person is optional by either of them.
    people = [login for login in (change.author, change.agent) if login is not None]
    if any(_login_matches(login, pattern) for login in people for pattern in policy.optional_authors):
        return True
    # Paths that are not known excuse nothing.
    return bool(change.paths) and all(
        any(fnmatchcase(path, pattern) for pattern in policy.optional_paths) for path in change.paths
    )


def is_own(change: Change) -> bool:
    """Return whether castoff opened a pull request: a release's proposal, or its notes for the changelog."""
    return change.head is not None and change.head.startswith(OWN_BRANCHES)


def label_of_own(configuration: NotesConfiguration) -> str | None:
    """Name the label that keeps castoff's own pull requests out of the notes; None where none is excluded."""
    labels = [label for label in configuration.exclude_labels if label != "*"]
    telling = (label for label in labels if _LEAVES_OUT.search(label))
    return next(telling, next(iter(labels), None))


def _label_problems(change: Change, policy: LabelPolicy) -> Iterator[Problem]:
    kinds = policy.kinds
    deciding = [label for label in change.labels if label in kinds.labels]
    unknown = [label for label in change.labels if _is_unknown(label, kinds)]
    for label in unknown:
        # One guess: a list of similar labels would be the list of all of them.
        near = get_close_matches(label, kinds.labels, n=1)
        yield _problem(
            change,
            "change-kind-unknown",
            f"has the label `{label}`, which does not set a kind",
            reason=f"labels with the prefix `{kinds.prefix}` decide where a change is listed",
            remedy=f"did you mean `{near[0]}`?" if near else _choices(kinds),
        )
    if len(_places(deciding, kinds)) > 1:
        yield _problem(
            change,
            "change-kinds-several",
            f"carries {_quoted(deciding)}",
            reason="each change is listed once, so exactly one label must set the kind",
            remedy="keep one of them",
        )
    if deciding or unknown or is_optional(change, policy) or (kinds.takes_all and not policy.strict):
        return
    yield _problem(
        change,
        "change-kind-missing",
        "has no label that sets a kind",
        severity=_severity(policy),
        reason="the notes would not list it",
        remedy=_choices(kinds),
    )


def _milestone_problem(change: Change, milestone: Milestone, policy: LabelPolicy) -> Problem:
    if change.milestone is None:
        code, fact = "change-milestone-missing", "is in no milestone"
    else:
        other = change.milestone_title or f"number {change.milestone}"
        code, fact = "change-milestone-other", f"is in the milestone `{one_line(other)}`"
    return _problem(
        change,
        code,
        fact,
        severity=_severity(policy),
        reason="it was merged since the last release, so it is part of this release",
        remedy=f"move it to `{one_line(milestone.title)}`, or run `castoff check --fix`",
    )


def _question(change: Change, policy: LabelPolicy) -> AskForLabel:
    kinds = policy.kinds
    guess = kind_of_title(change.title)
    suggestion = next((label for label, kind in kinds.kinds if kind == guess), None) if guess else None
    remove = tuple(label for label in change.labels if label in kinds.labels or _is_unknown(label, kinds))
    return AskForLabel(change.number, one_line(change.title), kinds.labels, suggestion, remove)


def _places(labels: list[str], kinds: KindLabels) -> set[str | None]:
    places = dict(kinds.places)
    return {None if label in kinds.exclude else places[label] for label in labels}


def _is_unknown(label: str, kinds: KindLabels) -> bool:
    if label in kinds.labels:
        return False
    near = {known.casefold() for known in kinds.labels}
    return label.casefold() in near or (kinds.prefix is not None and label.startswith(kinds.prefix))


def _login_matches(login: str, pattern: str) -> bool:
    # The brackets of `[bot]` are part of the login, not of a pattern.
    escaped = pattern.replace("[", "[[]").casefold()
    return fnmatchcase(login.casefold(), escaped)


def _by_number(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: change.number)


def _severity(policy: LabelPolicy) -> Severity:
    return "error" if policy.strict else "warning"


def _choices(kinds: KindLabels) -> str:
    return f"give it one of {_quoted(kinds.labels)}"


def _quoted(labels: Iterable[str]) -> str:
    return ", ".join(f"`{one_line(label)}`" for label in labels)


def _problem(
    change: Change, code: str, fact: str, *, reason: str, remedy: str, severity: Severity = "error"
) -> Problem:
    return Problem(
        code=code,
        message=f"change #{change.number} {fact}: `{one_line(change.title)}`",
        severity=severity,
        reason=reason,
        remedy=remedy,
        pull_request=change.number,
        url=change.url,
        commit=change.merge_commit,
    )
