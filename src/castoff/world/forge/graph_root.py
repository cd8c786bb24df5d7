"""Root of queries and mutations."""

# ruff: noqa: N803 - the names are GitHub's

from __future__ import annotations

from castoff.world.forge import searching
from castoff.world.forge.answers import Refused
from castoff.world.forge.graph_basis import Account, Info, decoded
from castoff.world.forge.graph_issues import LabelNode, MilestoneNode
from castoff.world.forge.graph_mutations import Mutations
from castoff.world.forge.graph_paging import Connection, Trouble, connect
from castoff.world.forge.graph_releases import ReleaseNode
from castoff.world.forge.graph_repository import RepositoryNode, issue_node
from castoff.world.forge.records import stamp


class Root(Mutations):
    """Where queries and mutations begin."""

    def repository(
        self,
        _: Info,
        *,
        owner: str,
        name: str,
        followRenames: bool = True,
    ) -> RepositoryNode:
        """Return the repository; old names lead to it unless ``followRenames`` is false."""
        state = self.graph.call.state
        known = {state.slug.lower(), *(old.lower() for old in state.renamed_from if followRenames)}
        hidden = state.private and not self.graph.call.actor.may("read")
        if f"{owner}/{name}".lower() not in known or hidden:
            raise Trouble("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return RepositoryNode(self.graph)

    def search(self, _: Info, *, query: str, **asked: object) -> Connection:
        """Search issues and pull requests, newest first."""
        try:
            found = searching.search(self.graph.call.state, query)
        except Refused as refused:
            raise Trouble("UNPROCESSABLE", refused.message) from None
        newest = sorted(
            self.graph.call.state.listed(found),
            key=lambda issue: (issue.created_at, issue.number),
            reverse=True,
        )
        return connect("search", newest, asked, lambda issue: issue_node(self.graph, issue))

    def rateLimit(self, _: Info) -> dict[str, object]:
        """Show what is left."""
        call = self.graph.call
        view = call.limits.view(call.actor.key, "graphql", call.now)
        reset = type(call.now).fromtimestamp(int(str(view["reset"])), call.now.tzinfo)
        weight = self.graph.weight
        return {**view, "cost": weight.cost, "nodeCount": weight.nodes, "resetAt": stamp(reset)}

    def viewer(self, _: Info) -> Account | None:
        """Return who asks."""
        return self.graph.account(self.graph.call.actor.login)

    def node(self, _: Info, *, id: str) -> object:  # noqa: A002 - GitHub's name
        """Find an issue, pull request, milestone, label or release by its global id."""
        kind, number = decoded(id)
        state = self.graph.call.state
        match kind:
            case "Repository":
                return RepositoryNode(self.graph)
            case "Issue" | "PullRequest" if number in state.issues:
                return issue_node(self.graph, state.issues[number])
            case "Milestone" if found := state.milestone(number):
                return MilestoneNode(self.graph, found)
            case "Label" if label := next((item for item in state.labels if item.id == number), None):
                return LabelNode(self.graph, label)
            case "Release" if release := state.release(number):
                return ReleaseNode(self.graph, release)
            case _:
                raise Trouble("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'")
