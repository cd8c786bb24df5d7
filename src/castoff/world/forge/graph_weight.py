"""Nodes and points of a GraphQL query, counted before it runs.

The rules are those of "Rate limits and query limits for the GraphQL API" in GitHub's documentation: a
connection asks for ``first`` or ``last`` nodes below each of its parents, and costs one request for each
parent; a hundred requests are one point.
"""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from msgspec import Struct

MOST_NODES = 500_000


class Weight(Struct, frozen=True):
    """What one operation may need: nodes, requests behind it, and whether it changes something."""

    nodes: int = 0
    requests: int = 0
    changes: bool = False

    @property
    def cost(self) -> int:
        """Return its points: at least one."""
        return max(1, round(self.requests / 100))


def weigh(document: DocumentNode, operation: str | None, variables: dict[str, object]) -> Weight:
    """Count the named operation, or the first one, of a valid document."""
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and operation in (None, _name(definition)):
            defaults = {
                each.variable.name.value: int(each.default_value.value)
                for each in definition.variable_definitions or ()
                if isinstance(each.default_value, IntValueNode)
            }
            found = _Scales(document, defaults | variables).below(definition.selection_set)
            return Weight(found.nodes, found.requests, definition.operation is OperationType.MUTATION)
    return Weight()


class _Scales:
    """The weights of one document; a fragment is weighed once, however often it is spread."""

    def __init__(self, document: DocumentNode, variables: dict[str, object]) -> None:
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[str, Weight] = {}

    def below(self, selections: SelectionSetNode | None) -> Weight:
        """Weigh selections below one parent."""
        nodes = requests = 0
        for each in selections.selections if selections else ():
            if isinstance(each, FieldNode):
                weight = self._field(each)
            elif isinstance(each, FragmentSpreadNode):
                weight = self._fragment(each.name.value)
            else:
                assert isinstance(each, InlineFragmentNode)
                weight = self.below(each.selection_set)
            nodes, requests = nodes + weight.nodes, requests + weight.requests
        return Weight(nodes, requests)

    def _field(self, field: FieldNode) -> Weight:
        inner = self.below(field.selection_set)
        bounds = [
            self._number(each.value) for each in field.arguments or () if each.name.value in ("first", "last")
        ]
        if not bounds:
            return inner
        count = max(bounds)
        return Weight(count * (1 + inner.nodes), 1 + count * inner.requests)

    def _fragment(self, name: str) -> Weight:
        if name not in self._known:
            self._known[name] = self.below(self._fragments[name].selection_set)
        return self._known[name]

    def _number(self, value: ValueNode) -> int:
        if isinstance(value, IntValueNode):
            return int(value.value)
        found = self._variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return found if isinstance(found, int) else 0


def _name(definition: OperationDefinitionNode) -> str | None:
    return definition.name.value if definition.name else None
