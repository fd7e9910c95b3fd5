"""Every member, event, exception and error that botocore's models know, once each, without chance."""

from __future__ import annotations

from typing import Any

import pytest

from outcrop.testing.shape_server import RawFrame, ShapeReply
from sdk.tests.conformance.every_member import cover_of, every_answer, every_request, some_value
from sdk.tests.conformance.laboratory import Laboratory
from sdk.tests.conformance.operations_under_test import OPERATIONS, OperationCase
from sdk.tests.conformance.verdict import check

_STREAMS = [case for case in OPERATIONS if case.stream_shape is not None]


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_every_member_of_requests_and_answers_is_kept(laboratory: Laboratory, case: OperationCase) -> None:
    answers = every_answer(case)
    for index, arguments in enumerate(every_request(case)):
        reply = answers[index % len(answers)]
        check(case, arguments, reply, laboratory.run(case, arguments, reply))
    arguments = every_request(case)[0]
    for reply in answers:
        check(case, arguments, reply, laboratory.run(case, arguments, reply))


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_every_modelled_error_is_raised_and_kept(laboratory: Laboratory, case: OperationCase) -> None:
    arguments = every_request(case)[0]
    for shape in case.model.error_shapes:
        members = next(cover_of(case, has_unknown=True).values(shape))
        reply = ShapeReply(members, error=shape)
        finding = laboratory.run(case, arguments, reply)
        check(case, arguments, reply, finding)
        assert finding.traced.error is not None


@pytest.mark.parametrize("case", _STREAMS, ids=str)
def test_every_exception_within_a_stream_is_raised_and_kept(
    laboratory: Laboratory, case: OperationCase
) -> None:
    arguments = every_request(case)[0]
    members = case.stream_shape.members
    first = next(
        {n: some_value(case, shape)} for n, shape in members.items() if not shape.metadata.get("exception")
    )
    failures: list[Any] = [
        {name: some_value(case, shape)} for name, shape in members.items() if shape.metadata.get("exception")
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
