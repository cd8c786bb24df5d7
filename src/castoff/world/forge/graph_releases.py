"""Releases in the graph."""

from __future__ import annotations

from castoff.world.forge.graph_basis import Graph, Info, Node
from castoff.world.forge.graph_commits import RefNode, object_node
from castoff.world.forge.graph_paging import Connection
from castoff.world.forge.records import Asset, Release, stamp, stamp_or_none
from castoff.world.forge.state import latest_release


class ReleaseNode(Node):
    """A release."""

    kind = "Release"

    def __init__(self, graph: Graph, release: Release) -> None:
        super().__init__(graph, release.id)
        self._release = release
        self.databaseId, self.name, self.tagName = release.id, release.name, release.tag
        self.description, self.isDraft, self.isPrerelease = release.body, release.draft, release.prerelease
        self.isLatest = latest_release(graph.call.state) is release
        suffix = f"untagged-{release.untagged}" if release.draft else release.tag
        self.url = graph.call.links.page(f"/releases/tag/{suffix}")
        self.createdAt, self.updatedAt = stamp(release.created_at), stamp(release.updated_at)
        self.publishedAt = stamp_or_none(release.published_at)
        self.author = graph.account(release.author)

    def repository(self, _: Info) -> object:
        """Return the repository."""
        from castoff.world.forge.graph_repository import RepositoryNode

        return RepositoryNode(self.graph)

    def tagCommit(self, _: Info) -> object:
        """Return the commit that the tag peels to; null where the tag is not there yet."""
        sha = self.graph.call.git.resolve(f"refs/tags/{self.tagName}")
        return object_node(self.graph, sha) if sha else None

    def tag(self, _: Info) -> object:
        """Return the tag's ref."""
        found = self.graph.call.git.ref(f"refs/tags/{self.tagName}")
        return RefNode(self.graph, found) if found else None

    def releaseAssets(self, _: Info, **asked: object) -> Connection:
        """Return its files."""
        name = asked.get("name")
        found = [asset for asset in self._release.assets if name in (None, asset.name)]
        return self.connect("releaseAssets", found, asked, _AssetNode)


class _AssetNode(Node):
    kind = "ReleaseAsset"

    def __init__(self, graph: Graph, asset: Asset) -> None:
        super().__init__(graph, asset.id)
        self.name, self.contentType, self.size = asset.name, asset.content_type, len(asset.content)
        self.url = self.downloadUrl = graph.call.links.page(f"/releases/download/{asset.name}")
        self.createdAt = self.updatedAt = stamp(asset.created_at)
