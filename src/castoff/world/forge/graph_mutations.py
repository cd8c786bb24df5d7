"""What can be changed through the graph?"""

from __future__ import annotations

from castoff.world.forge.access import lacking
from castoff.world.forge.answers import Refused
from castoff.world.forge.api_issues import LONGEST_BODY, checked_title, open_issue
from castoff.world.forge.graph_basis import Graph, Info, decoded
from castoff.world.forge.graph_issues import IssueNode
from castoff.world.forge.graph_paging import Trouble

Input = dict[str, object]


class Mutations:
    """The mutations that GitHub's own client needs for issues."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def createIssue(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Open an issue."""
        call = self.graph.call
        self._demand("triage")
        if decoded(str(input["repositoryId"])) != ("Repository", call.links.repository_id):
            raise _unresolved(input["repositoryId"])
        milestone = decoded(str(input.get("milestoneId")))[1] if input.get("milestoneId") else None
        if milestone is not None and call.state.milestone(milestone) is None:
            raise _unresolved(input["milestoneId"])
        title, body = _words(input)
        issue = open_issue(call, title, body)
        labels, people = _numbers(input.get("labelIds")), _numbers(input.get("assigneeIds"))
        issue.labels = [item.name for item in call.state.labels if item.id in labels]
        issue.assignees = [user.login for user in call.state.users.values() if user.id in people]
        issue.milestone = milestone
        return {"clientMutationId": input.get("clientMutationId"), "issue": IssueNode(self.graph, issue)}

    def closeIssue(self, _: Info, *, input: Input) -> Input:  # noqa: A002 - GitHub's name
        """Close an issue."""
        call = self.graph.call
        self._demand("triage")
        kind, number = decoded(str(input["issueId"]))
        issue = call.state.issues.get(number) if kind == "Issue" else None
        if issue is None:
            raise _unresolved(input["issueId"])
        issue.state, issue.state_reason = "closed", str(input.get("stateReason") or "completed").lower()
        issue.closed_at, issue.closed_by, issue.updated_at = call.now, call.actor.login, call.now
        return {"clientMutationId": input.get("clientMutationId"), "issue": IssueNode(self.graph, issue)}

    def _demand(self, level: str) -> None:
        if not self.graph.call.actor.may(level):
            raise Trouble("FORBIDDEN", lacking(self.graph.call.actor))


def _words(input: Input) -> tuple[str, str]:  # noqa: A002 - as above
    body = str(input.get("body") or "")
    if len(body) > LONGEST_BODY:
        raise Trouble("UNPROCESSABLE", f"Body is too long (maximum is {LONGEST_BODY} characters)")
    try:
        return checked_title(input["title"]), body
    except Refused as refused:
        detail = str(refused.errors[0].get("message") or "Title can't be blank")
        raise Trouble("UNPROCESSABLE", detail) from None


def _numbers(identities: object) -> set[int]:
    return {decoded(str(item))[1] for item in identities} if isinstance(identities, list) else set()


def _unresolved(identity: object) -> Trouble:
    return Trouble("NOT_FOUND", f"Could not resolve to a node with the global id of '{identity}'")
