"""Requests, answers and events that between them have every member that botocore's models know."""

from __future__ import annotations

from typing import Any

from outcrop.testing.shape_server import ShapeReply
from sdk.tests.conformance.covering import Cover, Marks
from sdk.tests.conformance.generated import UNKNOWN
from sdk.tests.conformance.operations_under_test import OperationCase
from sdk.tests.conformance.shape_graph import graph_of

_BODY = b'{"zqa": "a body of no model that is known"}'


def cover_of(case: OperationCase, *, has_unknown: bool = False) -> Cover:
    """What makes values of a case's shapes."""
    return Cover(graph_of(case.service), Marks(), has_unknown=has_unknown)


def some_value(case: OperationCase, shape: Any) -> Any:
    """One value of a shape."""
    return next(cover_of(case).values(shape))


def every_request(case: OperationCase) -> list[dict[str, Any]]:
    """Arguments that between them have every member."""
    shape = case.model.input_shape
    return [{}] if shape is None else list(cover_of(case).values(shape))


def every_answer(case: OperationCase) -> list[ShapeReply]:
    """Answers that between them have every member, a stream with every event."""
    shape = case.model.output_shape
    if shape is None:
        return [ShapeReply({})]
    if case.stream_shape is not None:
        rest = {n: some_value(case, member) for n, member in shape.members.items() if n != case.stream_member}
        return [ShapeReply({**rest, case.stream_member: every_event(case)})]
    values = list(cover_of(case, has_unknown=True).values(shape))
    if case.body_member is None:
        return [ShapeReply(value) for value in values]
    known = [{name: member for name, member in value.items() if name != UNKNOWN} for value in values]
    return [ShapeReply({**value, case.body_member: _BODY}) for value in known]


def every_event(case: OperationCase) -> list[dict[str, Any]]:
    """Every event, in every form that it takes, and one that nobody knows."""
    found: list[dict[str, Any]] = []
    for name, shape in case.stream_shape.members.items():
        if not shape.metadata.get("exception"):
            found += [{name: value} for value in cover_of(case, has_unknown=True).values(shape)]
    return [*found, {f"{UNKNOWN}Event": {"zzInner": "what nobody knows"}}]
