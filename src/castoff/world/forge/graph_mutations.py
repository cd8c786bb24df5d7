"""Mutations that gh's commands for issues and pull requests need.

Each is carried out by the REST operation that does the same, so the rules are in one place.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from castoff.values import replace
from castoff.world.forge import api_issues, api_labels, api_pulls, merging
from castoff.world.forge.access import require
from castoff.world.forge.answers import Answer, Refused
from castoff.world.forge.call import Call
from castoff.world.forge.graph_basis import Graph, Info, Trouble, decoded
from castoff.world.forge.graph_changes import CommentNode, IssueNode, PullNode
from castoff.world.forge.records import Issue

Input = dict[str, object]
_FIELDS = {"title": "title", "body": "body", "baseRefName": "base"}


class Mutations:
    """The mutations; every input is GitHub's."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def createIssue(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Open an issue."""
        self._require_repository(input)
        body: Input = {"title": input["title"], **_given(input, "body"), **self._named(input)}
        made = self._carry_out(api_issues.create_issue, body, "read")
        return self._issue(input, self.graph.call.state.issues[_number(made)])

    def closeIssue(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Close an issue."""
        reason = str(input.get("stateReason") or "completed").lower()
        return self._change(input, "issueId", {"state": "closed", "state_reason": reason})

    def reopenIssue(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Open an issue again."""
        return self._change(input, "issueId", {"state": "open"})

    def updateIssue(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Change an issue."""
        return self._change(input, "id", self._changes(input))

    def addComment(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Comment on an issue or a pull request."""
        issue = self._subject(input["subjectId"])
        self._carry_out(api_issues.create_comment, {"body": input["body"]}, "read", issue)
        node = CommentNode(self.graph, issue, issue.comments[-1])
        return {**_echo(input), "commentEdge": {"node": node, "cursor": ""}, "subject": self._node(issue)}

    def addLabelsToLabelable(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Return an issue or a pull request more labels."""
        issue = self._subject(input["labelableId"])
        self._carry_out(api_labels.add_labels, {"labels": self._labels(input)}, "triage", issue)
        return {**_echo(input), "labelable": self._node(issue)}

    def removeLabelsFromLabelable(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Take labels from an issue or a pull request."""
        issue = self._subject(input["labelableId"])
        gone = {name.lower() for name in self._labels(input)}
        kept = [name for name in issue.labels if name.lower() not in gone]
        self._carry_out(api_labels.set_labels, {"labels": kept}, "triage", issue)
        return {**_echo(input), "labelable": self._node(issue)}

    def createPullRequest(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Open a pull request."""
        self._require_repository(input)
        body = {"head": input["headRefName"], **_given(input, "draft"), **_renamed(input)}
        made = self._carry_out(api_pulls.create_pull, body, "write")
        return self._issue(input, self.graph.call.state.issues[_number(made)])

    def updatePullRequest(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Change a pull request."""
        issue = self._subject(input["pullRequestId"])
        if "baseRefName" in input:
            self._carry_out(api_pulls.update_pull, _renamed(input), "write", issue)
        return self._change(input, "pullRequestId", self._changes(input))

    def closePullRequest(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Close a pull request."""
        return self._change(input, "pullRequestId", {"state": "closed"})

    def reopenPullRequest(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Open a pull request again."""
        return self._change(input, "pullRequestId", {"state": "open"})

    def mergePullRequest(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Merge a pull request."""
        issue = self._subject(input["pullRequestId"])
        body: Input = {"merge_method": str(input.get("mergeMethod") or "MERGE").lower()}
        for ours, theirs in (
            ("commit_title", "commitHeadline"),
            ("commit_message", "commitBody"),
            ("sha", "expectedHeadOid"),
        ):
            if input.get(theirs) is not None:
                body[ours] = input[theirs]
        self._carry_out(merging.merge_pull, body, "write", issue)
        return self._issue(input, issue)

    def _change(self, given: Input, key: str, body: Input) -> Input:
        issue = self._subject(given[key])
        self._carry_out(api_issues.update_issue, body, "read", issue)
        return self._issue(given, issue)

    def _carry_out(
        self, handler: Callable[[Call], Answer], body: Input, level: str, issue: Issue | None = None
    ) -> Answer:
        """Let the REST operation act; what it refuses becomes an error of the graph."""
        call = self.graph.call
        number = str(issue.number) if issue else ""
        request = replace(call.request, body=json.dumps(body).encode())
        params = {"issue_number": number, "pull_number": number}
        try:
            require(call.actor, level, private=call.state.private, writing=True)
            return handler(replace(call, request=request, params=params))
        except Refused as refused:
            if refused.status in (401, 403, 404):
                text = "The token does not have the permissions that this mutation requires."
                raise Trouble("FORBIDDEN", text) from None
            detail = refused.errors[0].get("message") if refused.errors else None
            raise Trouble("UNPROCESSABLE", str(detail or refused.message)) from None

    def _changes(self, given: Input) -> Input:
        state = given.get("state")
        return {
            **_given(given, "title", "body"),
            **({"state": str(state).lower()} if state else {}),
            **self._named(given),
        }

    def _named(self, given: Input) -> Input:
        """Read labels, people and the milestone, which the graph names by global ids."""
        state = self.graph.call.state
        body: Input = {}
        if given.get("labelIds") is not None:
            body["labels"] = self._labels(given)
        if given.get("assigneeIds") is not None:
            people = _numbers(given["assigneeIds"])
            body["assignees"] = [user.login for user in state.users.values() if user.id in people]
        if "milestoneId" in given:
            identity = given["milestoneId"]
            number = decoded(str(identity))[1] if identity else None
            if number is not None and state.milestone(number) is None:
                raise _unresolved(identity)
            body["milestone"] = number
        return body

    def _labels(self, given: Input) -> list[str]:
        wanted = _numbers(given.get("labelIds"))
        return [item.name for item in self.graph.call.state.labels if item.id in wanted]

    def _subject(self, identity: object) -> Issue:
        kind, number = decoded(str(identity))
        issue = self.graph.call.state.issues.get(number)
        if issue is None or kind != ("PullRequest" if issue.pull else "Issue"):
            raise _unresolved(identity)
        return issue

    def _require_repository(self, given: Input) -> None:
        if decoded(str(given["repositoryId"])) != ("Repository", self.graph.call.links.repository_id):
            raise _unresolved(given["repositoryId"])

    def _node(self, issue: Issue) -> IssueNode:
        return PullNode(self.graph, issue) if issue.pull else IssueNode(self.graph, issue)

    def _issue(self, given: Input, issue: Issue) -> Input:
        return {**_echo(given), "pullRequest" if issue.pull else "issue": self._node(issue)}


def _echo(given: Input) -> Input:
    return {"clientMutationId": given.get("clientMutationId")}


def _given(given: Input, *names: str) -> Input:
    return {name: given[name] for name in names if given.get(name) is not None}


def _renamed(given: Input) -> Input:
    return {_FIELDS[name]: given[name] for name in _FIELDS if given.get(name) is not None}


def _number(answer: Answer) -> int:
    assert isinstance(answer.value, dict)
    return int(str(answer.value["number"]))


def _numbers(identities: object) -> set[int]:
    return {decoded(str(item))[1] for item in identities} if isinstance(identities, list) else set()


def _unresolved(identity: object) -> Trouble:
    return Trouble("NOT_FOUND", f"Could not resolve to a node with the global id of '{identity}'")
