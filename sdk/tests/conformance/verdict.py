"""What must hold after every experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outcrop.otlp.records import STATUS_ERROR, STATUS_OK
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.testing.http_shapes import PlainResponse
from outcrop.testing.shape_server import ShapeReply, write_answer
from sdk.tests.conformance.expected import expected_events, expected_inputs, expected_outputs
from sdk.tests.conformance.laboratory import Finding
from sdk.tests.conformance.operations_under_test import OperationCase

# Their answers are merged: the chat of the one and the vendor's body of the other have tests of their own.
_MERGED = frozenset({"ConverseStream", "InvokeModelWithResponseStream"})


def check(case: OperationCase, arguments: Mapping[str, Any], reply: ShapeReply, finding: Finding) -> None:
    """The caller saw the same, and the span holds the whole exchange."""
    assert finding.traced == finding.untraced
    _check_request(case, arguments, finding)
    assert finding.view.problem is None
    if finding.traced.error is None:
        assert finding.record.status_code == STATUS_OK
    else:
        _check_error(finding)
    if reply.error is not None:
        assert finding.view.outputs is None
        return
    _check_types(case, finding)
    _check_answer(case, reply, finding)


def _check_request(case: OperationCase, arguments: Mapping[str, Any], finding: Finding) -> None:
    attributes = finding.record.attributes
    assert attributes.get(names.REQUEST_BODY, b"") == finding.request.body
    expected = expected_inputs(case, arguments)
    inputs = dict(finding.view.inputs or {})
    for name in inputs.keys() - expected.keys():
        # botocore makes up a token where the caller gave none.
        assert case.model.input_shape.members[name].metadata.get("idempotencyToken")
        del inputs[name]
    assert inputs == expected


def _check_error(finding: Finding) -> None:
    assert finding.traced.error is not None
    _, content = finding.traced.error
    record = finding.record
    assert record.status_code == STATUS_ERROR
    assert record.attributes[gen_ai.ERROR_TYPE] == content["Error"]["Code"]
    if content["Error"]["Message"]:
        assert record.status_message == content["Error"]["Message"]


def _check_types(case: OperationCase, finding: Finding) -> None:
    if case.stream_shape is not None:
        assert finding.traced.streamed[0] is finding.types.events
    elif case.body_member is not None:
        assert finding.traced.streamed[0] is finding.types.body


def _check_answer(case: OperationCase, reply: ShapeReply, finding: Finding) -> None:
    if case.stream_shape is not None:
        assert finding.view.stream is not None
        chunks = [{chunk.type: chunk.data} for chunk in finding.view.stream.chunks]
        expected_type = expected_events(case, reply.members[case.stream_member])
        assert [next(iter(c.values())) for c in chunks] == [next(iter(e.values())) for e in expected_type]
    else:
        sent = write_answer(case.model, reply)
        if isinstance(sent, PlainResponse):
            assert finding.record.attributes.get(names.RESPONSE_BODY, b"") == sent.body
    if case.model.name not in _MERGED:
        assert (finding.view.outputs or {}) == expected_outputs(case, reply.members)
