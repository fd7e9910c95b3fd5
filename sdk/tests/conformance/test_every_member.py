"""Every member, event, exception and error that botocore's models know, once each, without chance."""

from __future__ import annotations

from typing import Any

import pytest

from outcrop.testing.shape_server import RawFrame, ShapeReply
from sdk.tests.conformance.covering import Cover, Marks
from sdk.tests.conformance.generated import UNKNOWN
from sdk.tests.conformance.laboratory import Laboratory
from sdk.tests.conformance.operations_under_test import OPERATIONS, OperationCase
from sdk.tests.conformance.shape_graph import graph_of
from sdk.tests.conformance.verdict import check

_STREAMS = [case for case in OPERATIONS if case.stream_shape is not None]
_BODY = b'{"zqa": "a body of no model that is known"}'


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_every_member_of_requests_and_answers_is_kept(laboratory: Laboratory, case: OperationCase) -> None:
    answers = _answers(case)
    for index, arguments in enumerate(_requests(case)):
        reply = answers[index % len(answers)]
        check(case, arguments, reply, laboratory.run(case, arguments, reply))
    arguments = _requests(case)[0]
    for reply in answers:
        check(case, arguments, reply, laboratory.run(case, arguments, reply))


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_every_modelled_error_is_raised_and_kept(laboratory: Laboratory, case: OperationCase) -> None:
    arguments = _requests(case)[0]
    for shape in case.model.error_shapes:
        members = next(_cover(case, has_unknown=True).values(shape))
        reply = ShapeReply(members, error=shape)
        finding = laboratory.run(case, arguments, reply)
        check(case, arguments, reply, finding)
        assert finding.traced.error is not None


@pytest.mark.parametrize("case", _STREAMS, ids=str)
def test_every_exception_within_a_stream_is_raised_and_kept(
    laboratory: Laboratory, case: OperationCase
) -> None:
    arguments = _requests(case)[0]
    members = case.stream_shape.members
    first = next(
        {n: _some(case, shape)} for n, shape in members.items() if not shape.metadata.get("exception")
    )
    failures: list[Any] = [
        {name: _some(case, shape)} for name, shape in members.items() if shape.metadata.get("exception")
    ]
    for failure in [*failures, _UNKNOWN_EXCEPTION, _ERROR]:
        reply = ShapeReply({case.stream_member: [first, failure]})
        finding = laboratory.run(case, arguments, reply)
        assert finding.traced.error is not None
        if failure is _UNKNOWN_EXCEPTION:
            assert finding.traced == finding.untraced
            assert finding.record.attributes["error.type"] == "zzUnknownException"
        else:
            check(case, arguments, reply, finding)


_UNKNOWN_EXCEPTION = RawFrame(
    {":message-type": "exception", ":exception-type": "zzUnknownException"}, b'{"message": "what is this"}'
)
_ERROR = RawFrame({":message-type": "error", ":error-code": "InternalError", ":error-message": "it broke"})


def _cover(case: OperationCase, *, has_unknown: bool = False) -> Cover:
    return Cover(graph_of(case.service), Marks(), has_unknown=has_unknown)


def _some(case: OperationCase, shape: Any) -> Any:
    return next(_cover(case).values(shape))


def _requests(case: OperationCase) -> list[dict[str, Any]]:
    shape = case.model.input_shape
    return [{}] if shape is None else list(_cover(case).values(shape))


def _answers(case: OperationCase) -> list[ShapeReply]:
    shape = case.model.output_shape
    if shape is None:
        return [ShapeReply({})]
    if case.stream_shape is not None:
        rest = {n: _some(case, member) for n, member in shape.members.items() if n != case.stream_member}
        return [ShapeReply({**rest, case.stream_member: _events(case)})]
    values = list(_cover(case, has_unknown=True).values(shape))
    if case.body_member is None:
        return [ShapeReply(value) for value in values]
    known = [{name: member for name, member in value.items() if name != UNKNOWN} for value in values]
    return [ShapeReply({**value, case.body_member: _BODY}) for value in known]


def _events(case: OperationCase) -> list[dict[str, Any]]:
    """Every event, in every form that it takes, and one that nobody knows."""
    found: list[dict[str, Any]] = []
    for name, shape in case.stream_shape.members.items():
        if not shape.metadata.get("exception"):
            found += [{name: value} for value in _cover(case, has_unknown=True).values(shape)]
    return [*found, {f"{UNKNOWN}Event": {"zzInner": "what nobody knows"}}]
