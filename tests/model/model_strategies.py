"""Values of the model, as Hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from castoff.model.versions import Pre, ReleaseVersion
from castoff.model.workspace import Edge, EdgeKind, Package, Workspace

HARD: tuple[EdgeKind, ...] = ("normal", "build")
SOFT: tuple[EdgeKind, ...] = ("dev", "optional", "extra", "group")

_PRES: tuple[Pre | None, ...] = (None, None, "alpha", "beta", "rc")


@st.composite
def versions(draw: st.DrawFn) -> ReleaseVersion:
    pre = draw(st.sampled_from(_PRES))
    patch = draw(st.integers(0, 30))
    return ReleaseVersion(
        draw(st.integers(0, 30)),
        draw(st.integers(0, 30)),
        patch,
        pre,
        draw(st.integers(0, 20)) if pre else 0,
        width=3 if patch else draw(st.sampled_from((2, 3))),
    )


def package(name: str) -> Package:
    path = f"packages/{name}"
    return Package(
        name=name,
        ecosystem="python",
        path=path,
        manifest=f"{path}/pyproject.toml",
        version="1.0.0",
        version_file=f"{path}/pyproject.toml",
        kinds=("sdist", "wheel"),
    )


def edge(origin: str, target: str, kind: EdgeKind = "normal", *, survives: bool = True) -> Edge:
    return Edge(
        origin=origin,
        target=target,
        kind=kind,
        requirement="==1.0.0",
        file=f"packages/{origin}/pyproject.toml",
        line=7,
        survives=survives,
    )


def workspace(names: str, *edges: Edge) -> Workspace:
    return Workspace(packages=tuple(package(name) for name in names.split()), edges=edges)


@st.composite
def acyclic(draw: st.DrawFn, *, soft: bool = False) -> Workspace:
    """Draw a workspace whose hard edges make no cycle, in any order; ``soft`` adds edges that may close one."""
    count = draw(st.integers(1, 12))
    names = draw(st.permutations([f"p{number}" for number in range(count)]))
    pairs = [(later, earlier) for number, later in enumerate(names) for earlier in names[:number]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    edges = [edge(origin, target, draw(st.sampled_from(HARD))) for origin, target in chosen]
    if soft:
        loose = st.tuples(
            st.sampled_from(names), st.sampled_from(names), st.sampled_from(SOFT), st.booleans()
        )
        edges += [
            edge(a, b, kind, survives=keeps) for a, b, kind, keeps in draw(st.lists(loose, max_size=12))
        ]
    return Workspace(
        packages=tuple(package(name) for name in draw(st.permutations(names))),
        edges=tuple(draw(st.permutations(edges))),
    )


@st.composite
def cyclic(draw: st.DrawFn) -> Workspace:
    """Draw a workspace with at least one cycle of hard edges in it."""
    base = draw(acyclic())
    ring = draw(st.permutations(base.names))[: draw(st.integers(2, 5))]
    if len(ring) < 2:
        ring = ["p0", "extra"]
        base = Workspace(packages=(*base.packages, package("extra")), edges=base.edges)
    around = zip(ring, [*ring[1:], ring[0]], strict=True)
    edges = (*base.edges, *(edge(origin, target) for origin, target in around))
    return Workspace(packages=base.packages, edges=tuple(draw(st.permutations(edges))))
