"""Endpoint of GraphQL.

The schema is the part of GitHub's public one that is needed (``schema.graphql``); the library that runs it,
graphql-core, is imported only here and only when it is asked for.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from castoff.world.forge.answers import Answer, Refused
from castoff.world.forge.call import Call
from castoff.world.forge.graph_basis import Trouble
from castoff.world.forge.routing import Route

if TYPE_CHECKING:
    from graphql import ExecutionResult, GraphQLError, GraphQLSchema

    from castoff.world.forge.graph_weight import Weight


def answer_graphql(call: Call) -> Answer:
    """Run one query or mutation; errors stand beside the data with status 200, as GitHub has it."""
    if call.actor.kind == "anonymous":
        raise Refused(401, "This endpoint requires you to be authenticated.")
    fields = call.fields()
    query, variables = fields.raw("query"), fields.raw("variables")
    if not isinstance(query, str):
        raise Refused(400, "A query attribute must be specified and must be a string.")
    schema = _schema()
    given = variables if isinstance(variables, dict) else {}
    try:
        result = _run(schema, call, query, given, fields.text("operationName"))
    except RecursionError:
        raise Refused(400, "The query is nested too deeply.") from None
    document: dict[str, object] = {}
    if result.data is not None:
        document["data"] = result.data
    if result.errors:
        document["errors"] = [_shown(error) for error in result.errors]
        document.setdefault("data", None)
    call.complaints.extend(f"POST /graphql: {error.message}" for error in result.errors or () if _ours(error))
    return Answer(document)


@cache
def _schema() -> GraphQLSchema:
    from graphql import build_schema

    text = resources.files("castoff.world.forge").joinpath("schema.graphql").read_text(encoding="utf-8")
    return build_schema(text)


def _run(
    schema: GraphQLSchema, call: Call, query: str, variables: dict[str, object], operation: str | None
) -> ExecutionResult:
    """Parse, validate, execute; fields of one name and several types may stand side by side, as on GitHub."""
    from graphql import (
        ExecutionResult,
        GraphQLSyntaxError,
        OverlappingFieldsCanBeMergedRule,
        execute_sync,
        parse,
        specified_rules,
        validate,
    )

    from castoff.world.forge.graph_basis import Graph
    from castoff.world.forge.graph_repository import Root
    from castoff.world.forge.graph_weight import weigh

    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return ExecutionResult(data=None, errors=[error])
    rules = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
    if errors := validate(schema, document, rules):
        return ExecutionResult(data=None, errors=errors)
    weight = weigh(document, operation, variables)
    if trouble := _too_much(call, weight):
        return ExecutionResult(data=None, errors=[trouble])
    return execute_sync(
        schema,
        document,
        root_value=Root(Graph(call, weight)),
        variable_values=variables,
        operation_name=operation,
        type_resolver=lambda value, *_: str(value.kind),
    )


def _too_much(call: Call, weight: Weight) -> GraphQLError | None:
    """Charge an operation to the limits; refuse one that may give too many nodes, or comes too soon."""
    from graphql import GraphQLError

    from castoff.world.forge.graph_weight import MOST_NODES

    if weight.nodes > MOST_NODES:
        text = (
            f"This query requests up to {weight.nodes:,} possible nodes which exceeds the maximum limit of "
        )
        return GraphQLError(
            text + f"{MOST_NODES:,}.", original_error=Trouble("MAX_NODE_LIMIT_EXCEEDED", "nodes")
        )
    call.limits.charge(call.actor.key, "graphql", weight.cost - 1)
    if weight.changes:
        call.limits.spend_content(call.actor.key, call.now)
    return None


def _shown(error: GraphQLError) -> dict[str, object]:
    document: dict[str, object] = json.loads(json.dumps(error.formatted))
    if isinstance(error.original_error, Trouble):
        document["type"] = error.original_error.kind
    return document


def _ours(error: GraphQLError) -> bool:
    """Whether the client asked for what the schema does not have, or a resolver failed."""
    return error.original_error is None or not isinstance(error.original_error, Trouble)


ROUTES = (Route("POST", "/graphql", answer_graphql),)
