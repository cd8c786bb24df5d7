"""Steps of CI workflows: what starts them, and what they run, scripts and actions of the repository included.

A file that is not YAML is searched line by line: GitHub accepts more YAML than castoff parses, so it may still run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Literal

from msgspec import Struct

from castoff.errors import CastoffError, ConfigurationError
from castoff.ports import Tree
from castoff.regexes import regex
from castoff.text.json import parse_json
from castoff.text.yaml import Mapping as YamlMapping
from castoff.text.yaml import Scalar, Sequence, Value, YamlEntry, read_yaml
from castoff.values import replace

When = Literal["tag", "push", "release", "merge", "run", "call", "schedule", "other"]
"""What starts a workflow: ``merge`` is a pull request that is closed, ``run`` the end of another workflow, ``call``
another workflow, ``other`` a person or an event that no release causes."""

_DEEPEST = 3
"""How far scripts are followed into the scripts that they run."""
_LONGEST = 200_000
_WORKFLOW = regex(r"\.github/workflows/[^/]+\.ya?ml")
_PATH = regex(r"(?<![\w$/.-])(?:\./)?([\w-][\w./-]{0,200})")
_PACKAGE_SCRIPT = regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run(?:-script)?\s+|--silent\s+)*([\w:.-]{1,80})")
_RECIPE = regex(r"\b(make|just|task)\s+(?:-\w+\s+)*([\w.-]{1,80})")
_RECIPES: Mapping[str, tuple[str, ...]] = {
    "make": ("Makefile", "makefile", "GNUmakefile"),
    "just": ("justfile", "Justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml", "Taskfile.dist.yaml"),
}
_SESSION = regex(r"\b(tox|nox)\b[^\n]{0,100}?\s-(?:es?|s|-session|-sessions)[ =]([\w.,-]{1,80})")
_SHELL = regex(r"#!\s*/\S+[/ ](?:ba|z|da|k)?sh\b")
_BY_HAND = regex(r"github\.event_name\s*==\s*['\"]workflow_dispatch['\"]")


class WorkflowStep(Struct, frozen=True, kw_only=True):
    """A step, or a job that uses another workflow: ``uses`` names an action, ``script`` is what is run.

    ``script`` holds the text of the repository's scripts that it runs as well.
    """

    path: str
    line: int
    when: tuple[When, ...]
    uses: str = ""
    script: str = ""
    options: Mapping[str, str] = {}


def workflow_files(tree: Tree) -> dict[str, str]:
    """Read the workflows of a tree, by their paths."""
    paths = [path for path in tree.paths() if _WORKFLOW.fullmatch(path)]
    return {path: text for path in paths if (text := tree.read(path)) is not None}


def workflow_steps(files: Mapping[str, str], tree: Tree | None = None) -> tuple[WorkflowStep, ...]:
    """List the steps of workflows, file by file; ``tree`` holds the scripts, workflows and actions that they run."""
    found = {path: tuple(_in_file(path, files[path])) for path in sorted(files)}
    callers = _callers(found)
    scripts = _Scripts(tree) if tree is not None else None
    if tree is not None:
        found |= _own_actions(found, callers, tree)
    return tuple(
        replace(step, when=_with_callers(path, step.when, callers), script=_expanded(step.script, scripts))
        for path, steps in found.items()
        for step in steps
    )


def _expanded(script: str, scripts: _Scripts | None) -> str:
    return script if scripts is None or not script else scripts.expand(script)


def _callers(found: Mapping[str, tuple[WorkflowStep, ...]]) -> dict[str, set[When]]:
    """Return what starts the workflows that call a workflow, by the path of the called one."""
    callers: dict[str, set[When]] = {}
    for steps in found.values():
        for step in steps:
            if step.uses.startswith("./"):
                callers.setdefault(normpath(step.uses), set()).update(step.when)
    return callers


def _own_actions(
    found: Mapping[str, tuple[WorkflowStep, ...]], callers: Mapping[str, set[When]], tree: Tree
) -> dict[str, tuple[WorkflowStep, ...]]:
    """Return the steps of the repository's composite actions, by their file, with all that starts them."""
    when: dict[str, set[When]] = {}
    steps = [
        replace(step, when=_with_callers(path, step.when, callers)) for path in found for step in found[path]
    ]
    made: dict[str, tuple[WorkflowStep, ...]] = {}
    for _ in range(_DEEPEST):
        for step in steps:
            path = _action_file(tree, step.uses)
            if path is not None:
                when.setdefault(path, set()).update(step.when)
        made = {path: tuple(_in_action(path, tree.read(path) or "", when[path])) for path in sorted(when)}
        steps = [step for path in made for step in made[path]]
    return made


def _action_file(tree: Tree, uses: str) -> str | None:
    if not uses.startswith("./"):
        return None
    folder = normpath(uses)
    places = (
        ["action.yml", "action.yaml"] if folder == "." else [f"{folder}/action.yml", f"{folder}/action.yaml"]
    )
    return next((one for one in places if one in tree.paths()), None)


def _in_action(path: str, text: str, when: set[When]) -> Iterator[WorkflowStep]:
    try:
        root = read_yaml(text, file=path)
    except ConfigurationError:
        return
    runs = root.get("runs") if isinstance(root, YamlMapping) else None
    for step in _steps(runs) if isinstance(runs, YamlMapping) else ():
        made = _step(path, step, _limited(tuple(sorted(when)), step.get("if")))
        if made is not None:
            yield made


def _with_callers(path: str, when: tuple[When, ...], callers: Mapping[str, set[When]]) -> tuple[When, ...]:
    if "call" not in when:
        return when
    return tuple(dict.fromkeys((*when, *sorted(callers.get(path, ())))))


def _in_file(path: str, text: str) -> Iterator[WorkflowStep]:
    try:
        root = read_yaml(text, file=path)
    except ConfigurationError:
        yield from _in_lines(path, text)
        return
    if not isinstance(root, YamlMapping):
        return
    when = _triggers(root.get("on"))
    for job in _jobs(root.get("jobs")):
        limited = _limited(when, job.get("if"))
        # A job can have `uses` itself: a reusable workflow.
        for step in (job, *_steps(job)):
            made = _step(path, step, _limited(limited, step.get("if")))
            if made is not None:
                yield made


def _in_lines(path: str, text: str) -> Iterator[WorkflowStep]:
    lines = text.splitlines()
    tags = any(line.strip().startswith("tags:") for line in lines)
    for number, line in enumerate(lines, start=1):
        uses = line.partition("uses:")[2].strip().strip("'\"")
        code = line.partition("#")[0]
        yield WorkflowStep(
            path=path, line=number, when=("tag",) if tags else ("other",), uses=uses, script=code
        )


def _step(path: str, step: YamlMapping, when: tuple[When, ...]) -> WorkflowStep | None:
    uses, run, given = step.get("uses"), step.get("run"), step.get("with")
    options = {}
    if isinstance(given, YamlMapping):
        options = {one.key: one.value.text for one in given.entries if isinstance(one.value, Scalar)}
    if isinstance(uses, Scalar):
        return WorkflowStep(
            path=path, line=uses.line, when=when, uses=uses.text.strip("'\""), options=options
        )
    if isinstance(run, Scalar):
        script = "\n".join(line for line in run.text.splitlines() if not line.lstrip().startswith("#"))
        return WorkflowStep(path=path, line=run.line, when=when, script=script)
    return None


def _limited(when: tuple[When, ...], condition: Value | None) -> tuple[When, ...]:
    """Leave out what a condition rules out: a step that never runs, or only when a person starts the workflow."""
    text = condition.text.strip() if isinstance(condition, Scalar) else ""
    plain = text.removeprefix("${{").removesuffix("}}").strip()
    if plain == "false":
        return ()
    # With `||` other events may start it too.
    return ("other",) if _BY_HAND.search(plain) and "||" not in plain else when


def _triggers(value: Value | None) -> tuple[When, ...]:
    """Read what starts a workflow; a push without any filter is started by tags too."""
    found: list[When] = []
    for name, details in _named(value):
        if name == "push":
            keys = {entry.key for entry in details.entries} if isinstance(details, YamlMapping) else set()
            # GitHub Docs, "Workflow syntax", `on.push`: with only a branch filter, tags do not start the
            # workflow; without filters they do.
            if "tags" in keys or not keys & {"branches", "branches-ignore", "tags-ignore"}:
                found.append("tag")
            if keys & {"branches", "branches-ignore"} or "tags" not in keys:
                found.append("push")
        else:
            found.append(_event(name, details))
    return tuple(dict.fromkeys(found))


def _event(name: str, details: Value | None) -> When:
    match name:
        # `create` runs for branches and tags (GitHub Docs, "Events that trigger workflows").
        case "create":
            return "tag"
        case "release" | "schedule":
            return name
        case "workflow_run":
            return "run"
        case "workflow_call":
            return "call"
        case "pull_request" | "pull_request_target":
            types = details.get("types") if isinstance(details, YamlMapping) else None
            return "merge" if "closed" in {kind for kind, _ in _named(types)} else "other"
        case _:
            return "other"


def _named(value: Value | None) -> Iterator[tuple[str, Value | None]]:
    match value:
        case Scalar(text):
            yield from [(text, None)] if text else []
        case Sequence(items):
            yield from ((item.text, None) for item in items if isinstance(item, Scalar))
        case YamlMapping(entries):
            yield from ((entry.key, entry.value) for entry in _last_of_each(entries))
        case None:
            return


def _last_of_each(entries: tuple[YamlEntry, ...]) -> tuple[YamlEntry, ...]:
    # For duplicate keys the last one counts, as in most YAML parsers.
    return tuple({entry.key: entry for entry in entries}.values())


def _jobs(jobs: Value | None) -> Iterator[YamlMapping]:
    if isinstance(jobs, YamlMapping):
        yield from (job for _, job in _named(jobs) if isinstance(job, YamlMapping))


def _steps(job: YamlMapping) -> Iterator[YamlMapping]:
    steps = job.get("steps")
    if isinstance(steps, Sequence):
        yield from (step for step in steps.items if isinstance(step, YamlMapping))


class _Scripts:
    """The scripts of a repository, by how a command names them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._paths = frozenset(tree.paths())

    def expand(self, script: str, depth: int = 0) -> str:
        """Return a script with the texts of the scripts that it runs behind it."""
        if depth == _DEEPEST:
            return script
        texts = dict.fromkeys(self._run_by(script[:_LONGEST]))
        return "\n".join([script, *(self.expand(text, depth + 1) for text in texts if text != script)])

    def _run_by(self, script: str) -> Iterator[str]:
        for match in _PATH.finditer(script):
            path = normpath(match[1])
            text = self._tree.read(path) if path in self._paths else None
            if text is not None and (path.endswith((".sh", ".bash")) or _SHELL.match(text)):
                yield text[:_LONGEST]
        for match in _PACKAGE_SCRIPT.finditer(script):
            if (text := self._package_scripts().get(match[1])) is not None:
                yield text
        for match in _RECIPE.finditer(script):
            yield from self._recipe(match[1], match[2])
        for match in _SESSION.finditer(script):
            for name in match[2].split(","):
                yield from self._session(match[1], name)

    def _package_scripts(self) -> Mapping[str, str]:
        text = self._tree.read("package.json") if "package.json" in self._paths else None
        try:
            scripts = parse_json(text or "{}", "package.json").get("scripts", {})
        except (CastoffError, AttributeError):
            return {}
        found = scripts if isinstance(scripts, dict) else {}
        return {name: text for name, text in found.items() if isinstance(text, str)}

    def _recipe(self, program: str, target: str) -> Iterator[str]:
        path = next((name for name in _RECIPES[program] if name in self._paths), None)
        text = self._tree.read(path) if path is not None else None
        if program == "task":
            # The whole entry, with its commands, is indented below its name.
            head = re.compile(rf"^([ \t]+){re.escape(target)}:.*\n((?:\1[ \t]+.*\n?|[ \t]*\n)*)", re.M)
            if text is not None and (match := head.search(text[:_LONGEST])):
                yield re.sub(r"^\s*(?:cmds?:|-)\s*", "", match[2], flags=re.M)
            return
        head = re.compile(rf"^{re.escape(target)}\b[^\n=]*:.*\n((?:[ \t]+.*\n?|\n)*)", re.M)
        if text is not None and (match := head.search(text[:_LONGEST])):
            yield match[1]

    def _session(self, program: str, name: str) -> Iterator[str]:
        """Yield what an environment of tox or a session of nox runs, its words as a shell would have them."""
        path = "tox.ini" if program == "tox" else "noxfile.py"
        text = (self._tree.read(path) or "")[:_LONGEST] if path in self._paths else ""
        if program == "tox":
            head = re.compile(rf"^\[testenv:{re.escape(name)}\]\n((?:(?!\[).*\n)*)", re.M)
            if match := head.search(f"{text}\n"):
                yield re.sub(r"^\s*commands\s*=\s*", "", match[1], flags=re.M)
            return
        function = name.replace("-", "_")
        if match := re.search(rf"^def {re.escape(function)}\(.*\n((?:[ \t].*\n?|\n)*)", text, re.M):
            # `session.run("twine", "upload", ...)`
            yield re.sub(r"[\"',()\[\]]+\s*", " ", match[1])
