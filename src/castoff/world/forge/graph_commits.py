"""Objects and refs of git in the graph."""

# ruff: noqa: N815 - the names are GitHub's

from __future__ import annotations

from datetime import datetime

from castoff.world.forge import show_git
from castoff.world.forge.graph_basis import Graph, Info, Node, ordered, wanted
from castoff.world.forge.graph_paging import Connection
from castoff.world.forge.plumbing import Commit, Person, Ref
from castoff.world.forge.records import Status, stamp


class ObjectNode(Node):
    """Any git object by its id."""

    def __init__(self, graph: Graph, sha: str) -> None:
        super().__init__(graph, sha)
        self.oid, self.abbreviatedOid = sha, sha[:7]
        self.commitUrl = graph.call.links.page(f"/commit/{sha}")


class TreeNode(ObjectNode):
    """A tree."""

    kind = "Tree"


class BlobNode(ObjectNode):
    """A file's contents."""

    kind = "Blob"

    def __init__(self, graph: Graph, sha: str) -> None:
        super().__init__(graph, sha)
        content = graph.call.git.binary("cat-file", "blob", sha) or b""
        self.byteSize, self.isBinary = len(content), b"\0" in content
        self.text = None if self.isBinary else content.decode(errors="replace")


class TagNode(ObjectNode):
    """An annotated tag."""

    kind = "Tag"

    def __init__(self, graph: Graph, sha: str) -> None:
        super().__init__(graph, sha)
        shown = show_git.tag_object(graph.call, sha)
        self.name, self.message, self.tagger = shown["tag"], shown["message"], shown["tagger"]

    def target(self, _: Info) -> object:
        """Return what is tagged."""
        return object_node(self.graph, self.graph.call.git.resolve(self.oid) or self.oid)


class CommitNode(ObjectNode):
    """A commit."""

    kind = "Commit"

    def __init__(self, graph: Graph, commit: Commit) -> None:
        super().__init__(graph, commit.sha)
        self._commit = commit
        self.url = self.commitUrl
        self.message = commit.message
        self.messageHeadline, _, rest = commit.message.partition("\n")
        self.messageBody = rest.lstrip("\n")
        self.authoredDate, self.committedDate = stamp(commit.author.at), stamp(commit.committer.at)
        self.author, self.committer = self._person(commit.author), self._person(commit.committer)

    def parents(self, _: Info, **asked: object) -> Connection:
        """Return the parents, first one first."""
        found = [self.graph.call.git.commit(sha) for sha in self._commit.parents]
        return self.connect("parents", [commit for commit in found if commit], asked, CommitNode)

    def tree(self, _: Info) -> TreeNode:
        """Return the commit's tree."""
        return TreeNode(self.graph, self._commit.tree)

    def history(self, _: Info, **asked: object) -> Connection:
        """Return the commit and what came before, newest first."""
        limits = [f"--{name}={asked[name]}" for name in ("since", "until") if asked.get(name)]
        git = self.graph.call.git
        if asked.get("path"):
            listed = git.run("--literal-pathspecs", "rev-list", *limits, self.oid, "--", str(asked["path"]))
            ids = (listed or "").split()
        else:
            ids = git.ids(*limits, self.oid)
        return self.connect("history", ids, asked, _CommitById)

    def associatedPullRequests(self, _: Info, **asked: object) -> Connection:
        """Return the pull requests that brought the commit in, and open ones that hold it."""
        from castoff.world.forge.graph_issues import PULL_ORDER, PullNode

        found = ordered(self.graph.associated(self.oid), asked, PULL_ORDER, "number")
        return self.connect("associatedPullRequests", found, asked, PullNode)

    def signature(self, _: Info) -> Signature | None:
        """Return the signature, if there is one."""
        raw = self.graph.call.git.run("cat-file", "-p", self.oid) or ""
        shown = show_git.verification(self.graph.call, raw)
        return None if shown["signature"] is None else Signature(shown)

    def statusCheckRollup(self, _: Info) -> Rollup | None:
        """Return what the statuses come to, if there are any."""
        newest = {each.context: each for each in self.graph.call.state.statuses if each.sha == self.oid}
        return Rollup(self.graph, self.oid, list(newest.values())) if newest else None

    def additions(self, _: Info) -> int:
        """Count the lines that were added."""
        return self._size()[0]

    def deletions(self, _: Info) -> int:
        """Count the lines that were taken away."""
        return self._size()[1]

    def changedFilesIfAvailable(self, _: Info) -> int:
        """Count the files that changed."""
        return self._size()[2]

    def _size(self) -> tuple[int, int, int]:
        from castoff.world.forge.diffs import between

        parent = self._commit.parents[0] if self._commit.parents else None
        files = between(self.graph.call.git, parent, self.oid)
        return sum(each.additions for each in files), sum(each.deletions for each in files), len(files)

    def _person(self, person: Person) -> dict[str, object]:
        found = self.graph.call.state.user_by_email(person.email)
        account = self.graph.account(found.login) if found else None
        return {"name": person.name, "email": person.email, "date": stamp(person.at), "user": account}


class Rollup(Node):
    """The statuses of a commit together."""

    kind = "StatusCheckRollup"

    def __init__(self, graph: Graph, sha: str, statuses: list[Status]) -> None:
        super().__init__(graph, sha)
        self._statuses = statuses
        states = {status.state for status in statuses}
        worst = "failure" if states & {"failure", "error"} else "pending"
        self.state = ("success" if states == {"success"} else worst).upper()

    def contexts(self, _: Info, **asked: object) -> Connection:
        """Return each of them."""
        return self.connect("contexts", self._statuses, asked, _StatusNode)


class _StatusNode(Node):
    kind = "StatusContext"

    def __init__(self, graph: Graph, status: Status) -> None:
        super().__init__(graph, status.id)
        self.context, self.state, self.targetUrl = status.context, status.state.upper(), status.target_url
        self.description, self.createdAt = status.description, stamp(status.created_at)

    def isRequired(self, _: Info, **__: object) -> bool:
        """Return whether a pull request must have it: protection is not looked at here."""
        return False


class Signature:
    """A signature; who is trusted is a matter of the seed."""

    wasSignedByGitHub = False
    email = ""

    def __init__(self, shown: dict[str, object]) -> None:
        self.signature, self.payload = str(shown["signature"]), str(shown["payload"])
        self.isValid = bool(shown["verified"])
        self.state = str(shown["reason"]).upper()
        self.kind = "SshSignature" if "SSH SIGNATURE" in self.signature else "GpgSignature"


class RefNode(Node):
    """A branch or tag; ``name`` is without the prefix."""

    kind = "Ref"

    def __init__(self, graph: Graph, ref: Ref) -> None:
        super().__init__(graph, ref.name)
        self._ref = ref
        parts = ref.name.split("/", 2)
        self.prefix, self.name = "/".join(parts[:2]) + "/", parts[2] if len(parts) > 2 else ""

    def target(self, _: Info) -> object:
        """Return what the ref points at: an annotated tag where there is one."""
        return object_node(self.graph, self._ref.sha)

    def associatedPullRequests(self, _: Info, **asked: object) -> Connection:
        """Return the pull requests whose head is this branch."""
        from castoff.world.forge.graph_issues import PULL_ORDER, PullNode, state_of

        states = wanted(asked, "states")
        found = [
            issue
            for issue in self.graph.call.state.pulls()
            if issue.pull
            and issue.pull.head.rpartition(":")[2] == self.name
            and (not states or state_of(issue).lower() in states)
        ]
        return self.connect(
            "associatedPullRequests", ordered(found, asked, PULL_ORDER, "number"), asked, PullNode
        )


def object_node(graph: Graph, sha: str) -> object | None:
    """Return the node of a git object, whatever it is; null where there is none."""
    commit = graph.call.git.commit(sha) if len(sha) == 40 else None
    if commit is not None:
        return CommitNode(graph, commit)
    match graph.call.git.kind(sha):
        case "tag":
            return TagNode(graph, sha)
        case "tree":
            return TreeNode(graph, sha)
        case "blob":
            return BlobNode(graph, sha)
        case _:
            return None


def moment(text: object) -> datetime:
    """Read a time that the library let through."""
    return datetime.fromisoformat(str(text))


class _CommitById(CommitNode):
    """A commit, read only when its page is shown."""

    def __init__(self, graph: Graph, sha: str) -> None:
        commit = graph.call.git.commit(sha)
        assert commit is not None
        super().__init__(graph, commit)
