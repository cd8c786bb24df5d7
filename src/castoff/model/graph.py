"""Order of the packages, and the facade.

A package goes up after all that it needs. Normal and build edges always order; dev edges that survive in
what is uploaded, optional, extra and peer edges order where they close no cycle, and are named where they do.
A named facade goes last even if it is the peer of another package.
Packages with no order between them form a wave. The facade is the one package that reaches all others over
normal, build, optional and extra edges; it goes last.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.workspace import FACADE_KINDS, ORDERING_KINDS, Edge, Workspace

FacadeSource = Literal["found", "named", "none"]
Needs = Mapping[str, frozenset[str]]
_NAMES: Mapping[str, str] = {"dev": "dev dependency", "peer": "optional peer"}


class JudgedEdge(Struct, frozen=True):
    """An edge, whether it orders uploads, and why not where that needs a word."""

    edge: Edge
    orders: bool
    why: str | None = None


class Order(Struct, frozen=True, kw_only=True):
    """The answer: waves (names sorted within each), the facade, what each package needs, edges judged."""

    waves: tuple[tuple[str, ...], ...]
    needs: Needs
    edges: tuple[JudgedEdge, ...]
    facade: str | None
    facade_source: FacadeSource
    problems: tuple[Problem, ...] = ()


def order_of(
    workspace: Workspace, *, named_facade: str | None = None, after: Sequence[tuple[str, Sequence[str]]] = ()
) -> Order:
    """Compute waves and facade; ``after`` adds needs that no manifest states.

    Problems: ``dependency-cycle``, ``unknown-facade``, ``facade-not-last``, ``unknown-package``.
    """
    names = workspace.names
    stated = [
        Edge(origin=workspace.id_of(one), target=workspace.id_of(need), kind="normal")
        for one, needed in after
        for need in needed
    ]
    named = workspace.id_of(named_facade) if named_facade is not None else None
    judged = judge_edges(names, (*workspace.edges, *stated), last=named)
    # Only edges that order: the others are shown, with the reason.
    needs = _needs(names, (one.edge for one in judged if one.orders))
    cycle = _cycle(needs)
    if cycle:
        problem = _cycle_problem(cycle, judged)
        return Order(
            waves=(), needs=needs, edges=judged, facade=None, facade_source="none", problems=(problem,)
        )
    facade, source, problems = _facade(workspace, named, needs)
    problems = (*problems, *_unknown(stated, names))
    if facade is not None:
        # The facade waits for all packages, also for those that it does not require: users who install it
        # expect the whole release.
        needs = {**needs, facade: frozenset(names) - {facade}}
    return Order(
        waves=_waves(needs),
        needs=needs,
        edges=judged,
        facade=facade,
        facade_source=source,
        problems=problems,
    )


def likely_facade(order: Order) -> str | None:
    """Name the one package that no other needs and that reaches more than half of them; None where unclear."""
    reach = _needs(order.needs, (one.edge for one in order.edges if one.edge.kind in FACADE_KINDS))
    needed = {target for targets in order.needs.values() for target in targets}
    free = [name for name in reach if name not in needed]
    # "Most of the others" means more than half; two candidates would make the advice a guess.
    found = [name for name in free if 2 * (len(_reached(reach, name)) - 1) > len(reach) - 1]
    return found[0] if len(found) == 1 else None


def _unknown(stated: Sequence[Edge], names: Sequence[str]) -> tuple[Problem, ...]:
    ends = dict.fromkeys(end for edge in stated for end in (edge.origin, edge.target))
    return tuple(
        Problem(
            code="unknown-package",
            message=f"`release.after` names `{end}`, which is not a package of this workspace",
            reason="packages are " + ", ".join(f"`{name}`" for name in sorted(names)),
            remedy="correct the name; if two ecosystems share it, write `cargo:name` or `python:name`",
        )
        for end in ends
        if end not in names
    )


def judge_edges(
    names: Iterable[str], edges: Iterable[Edge], *, last: str | None = None
) -> tuple[JudgedEdge, ...]:
    """Return each edge with whether it orders; soft edges are added one by one while no cycle comes of it.

    ``last`` is the facade that the configuration names.
    """
    known = frozenset(names)
    inside = sorted(
        (
            edge
            for edge in edges
            if edge.origin in known and edge.target in known and edge.origin != edge.target
        ),
        key=lambda edge: (
            # Edges that always order come first: an optional edge is dropped in favour of them, never the
            # other way round.
            not _always_orders(edge),
            # Among the rest, optional and extra edges before dev edges, since users meet the former.
            edge.kind == "peer",
            edge.kind == "dev",
            edge.origin,
            edge.target,
            edge.kind,
            not edge.survives,
            edge.file or "",
            edge.line or 0,
            # The remaining keys only make the order independent of the order of files on disk.
            edge.requirement or "",
        ),
    )
    reach: dict[str, set[str]] = defaultdict(set)
    judged: list[JudgedEdge] = []
    for edge in inside:
        verdict = _judge(edge, reach, last)
        judged.append(verdict)
        if verdict.orders:
            reach[edge.origin].add(edge.target)
    return tuple(judged)


def _always_orders(edge: Edge) -> bool:
    return edge.ordering == "always" or (edge.ordering is None and edge.kind in ORDERING_KINDS)


def _judge(edge: Edge, reach: Mapping[str, set[str]], last: str | None) -> JudgedEdge:
    if _always_orders(edge):
        return JudgedEdge(edge, orders=True)
    if edge.ordering == "never":
        return JudgedEdge(edge, orders=False, why=f"installing needs no {_NAMES.get(edge.kind, edge.kind)}")
    if not edge.survives:
        return JudgedEdge(edge, orders=False, why="not uploaded")
    if edge.kind == "group":
        return JudgedEdge(edge, orders=False, why="dependency groups are not uploaded")
    if edge.kind == "peer" and edge.target == last:
        return JudgedEdge(edge, orders=False, why="the facade goes last")
    # Incremental: an edge that would close a cycle with the edges kept so far is left out and reported.
    if _reaches(reach, edge.target, edge.origin):
        return JudgedEdge(edge, orders=False, why="would close a cycle")
    return JudgedEdge(edge, orders=True)


def _reaches(reach: Mapping[str, set[str]], start: str, goal: str) -> bool:
    seen = {start}
    queue = [start]
    while queue:
        name = queue.pop()
        if name == goal:
            return True
        for target in reach.get(name, ()):
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return False


def _needs(names: Iterable[str], edges: Iterable[Edge]) -> dict[str, frozenset[str]]:
    needs: dict[str, set[str]] = {name: set() for name in names}
    for edge in edges:
        needs[edge.origin].add(edge.target)
    return {name: frozenset(targets) for name, targets in needs.items()}


def _cycle(needs: Needs) -> tuple[str, ...]:
    """Find one cycle, its smallest name first; empty where there is none."""
    left = {name: set(targets) for name, targets in needs.items()}
    while ready := [name for name, targets in left.items() if not targets]:
        # Kahn's algorithm; the list grows while it is walked.
        for name in ready:
            del left[name]
        for targets in left.values():
            targets.difference_update(ready)
    if not left:
        return ()
    # All packages that are left lie on or behind a cycle; following the smallest name makes the message the
    # same on every machine.
    path = [min(left)]
    while True:
        name = min(left[path[-1]])
        if name in path:
            cycle = path[path.index(name) :]
            # Rotated to its smallest name, so that the same cycle is always printed alike.
            start = cycle.index(min(cycle))
            return tuple(cycle[start:] + cycle[:start])
        path.append(name)


def _cycle_problem(cycle: tuple[str, ...], judged: Iterable[JudgedEdge]) -> Problem:
    first, second = cycle[0], cycle[1 % len(cycle)]
    edge = next(one.edge for one in judged if one.edge.origin == first and one.edge.target == second)
    # cargo refuses a cycle of optional dependencies, too
    is_python = (edge.file or "").endswith("pyproject.toml")
    return Problem(
        code="dependency-cycle",
        message="packages depend on each other: " + " -> ".join(f"`{name}`" for name in (*cycle, first)),
        reason="none of them can be uploaded first, because each must resolve at its upload",
        remedy=(
            "move one of these requirements into an extra (`project.optional-dependencies`), or " * is_python
        )
        + "move the shared code to a separate package",
        file=edge.file,
        line=edge.line,
        package=first,
    )


def _facade(
    workspace: Workspace, named: str | None, needs: Needs
) -> tuple[str | None, FacadeSource, tuple[Problem, ...]]:
    if named is not None:
        problem = _named_facade_problem(workspace, named, needs)
        return (None, "none", (problem,)) if problem else (named, "named", ())
    names = _in_question(workspace)
    # One package has no facade: the word says something about the others.
    if len(names) == 1:
        return None, "none", ()
    dependents = {target for targets in needs.values() for target in targets}
    inside = frozenset(names)
    reach = _needs(
        names,
        (e for e in workspace.edges if e.kind in FACADE_KINDS and {e.origin, e.target} <= inside),
    )
    found = [n for n in names if n not in dependents and len(_reached(reach, n)) == len(names)]
    return (found[0], "found", ()) if len(found) == 1 else (None, "none", ())


def _in_question(workspace: Workspace) -> tuple[str, ...]:
    """Return the packages that a facade must reach.

    A single package of another ecosystem (a wheel that is built from one of the crates) has no requirement that
    could lead to the others, so it takes no facade away.
    """
    counts = Counter(one.ecosystem for one in workspace.packages)
    if max(counts.values(), default=1) == 1:
        return workspace.names
    return tuple(one.id for one in workspace.packages if counts[one.ecosystem] > 1)


def _reached(reach: Needs, start: str) -> set[str]:
    seen = {start}
    queue = [start]
    while queue:
        fresh = reach[queue.pop()] - seen
        seen |= fresh
        queue.extend(fresh)
    return seen


def _named_facade_problem(workspace: Workspace, named: str, needs: Needs) -> Problem | None:
    if named not in needs:
        return Problem(
            code="unknown-facade",
            message=f"the facade `{named}` is not a package of this workspace",
            reason="packages are " + ", ".join(f"`{name}`" for name in sorted(needs)),
            remedy="correct `release.facade`, or remove it so that the facade is detected",
        )
    dependents = sorted(name for name, targets in needs.items() if named in targets)
    # Nothing needs it, so it can go last whatever else it is.
    if not dependents:
        return None
    edge = next((e for e in workspace.edges if e.origin == dependents[0] and e.target == named), None)
    return Problem(
        code="facade-not-last",
        message=f"the facade `{named}` cannot go last: "
        + ", ".join(f"`{name}`" for name in dependents)
        + (" needs it" if len(dependents) == 1 else " need it"),
        reason="a package is uploaded after its dependencies",
        remedy="set another facade, or remove that requirement",
        file=edge.file if edge else None,
        line=edge.line if edge else None,
        package=named,
    )


def _waves(needs: Needs) -> tuple[tuple[str, ...], ...]:
    depth: dict[str, int] = {}
    dependents: dict[str, list[str]] = defaultdict(list)
    missing = {name: len(targets) for name, targets in needs.items()}
    for name, targets in needs.items():
        for target in targets:
            dependents[target].append(name)
    ready = [name for name, count in missing.items() if not count]
    for name in ready:
        # The longest path decides the wave, so a package is never in a wave with something that it needs.
        depth[name] = 1 + max((depth[target] for target in needs[name]), default=-1)
        for dependent in dependents[name]:
            missing[dependent] -= 1
            if not missing[dependent]:
                ready.append(dependent)
    waves: dict[int, list[str]] = defaultdict(list)
    for name, wave in depth.items():
        waves[wave].append(name)
    # Sorted within a wave, so that the plan is the same on every machine.
    return tuple(tuple(sorted(waves[wave])) for wave in sorted(waves))
