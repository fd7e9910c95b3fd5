from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop_server.mlflow.span_json import any_value, file_json, proto_json, request_of, spans_of
from outcrop_server.model.errors import BadRequestError
from outcrop_server.otlp.values import any_value as read_value
from server.tests.support.spans import TRACE, otlp_span, request

INTEGERS = st.integers(-(2**63), 2**63 - 1)
LEAVES = st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
MADE: dict[str, Any] = {
    "mlflow.spanType": "TOOL",
    "mlflow.spanInputs": {"a": [1, None, {}, []], "b": 0.5},
    "mlflow.spanOutputs": "text",
}


@given(VALUES)
def test_any_json_goes_through_otlp_and_back(value: Any) -> None:
    assert read_value(any_value(value)) == value


def test_a_file_of_spans_and_back_is_the_same_spans() -> None:
    span = otlp_span(2, 1, status="ERROR", attributes=MADE, events=[("seen", {"n": 1})])
    span.status.message = "no"
    span.links.add(trace_id=TRACE, span_id=bytes(7) + b"\x09").attributes.extend(
        otlp_span(1, attributes={"a": "b"}).attributes
    )
    told = file_json(span)
    assert told["attributes"]["mlflow.spanInputs"] == json.dumps(MADE["mlflow.spanInputs"])
    assert told["attributes"]["mlflow.traceRequestId"] == json.dumps(f"tr-{TRACE.hex()}")
    (back,) = spans_of([request_of(json.dumps({"spans": [told]}).encode(), TRACE)])
    assert proto_json(back)["events"] == proto_json(span)["events"]
    assert file_json(back) == told


def test_ids_in_hex_and_plain_states_are_read_too() -> None:
    told = file_json(otlp_span(1, attributes=MADE))
    told |= {"trace_id": f"tr-{TRACE.hex()}", "span_id": "00" * 7 + "05", "status": {"code": "OK"}}
    (span,) = spans_of([request_of(json.dumps({"spans": [told]}).encode(), TRACE)])
    assert (span.trace_id, span.span_id, span.status.code) == (TRACE, bytes(7) + b"\x05", 1)


@pytest.mark.parametrize(
    "document",
    [
        b"no JSON",
        b"[]",
        b'{"spans": 5}',
        b'{"spans": [5]}',
        b'{"spans": [{"trace_id": "!"}]}',
        json.dumps({"spans": [file_json(otlp_span(1, trace=bytes(15) + b"\x07"))]}).encode(),
    ],
)
def test_what_is_no_file_of_this_traces_spans_is_refused(document: bytes) -> None:
    with pytest.raises(BadRequestError):
        request_of(document, TRACE)


def test_a_span_of_another_tracer_is_put_in_their_words() -> None:
    given = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": "some-model",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 5,
    }
    (span,) = spans_of([request(otlp_span(1, attributes=given))])
    words = {name: json.loads(text) for name, text in file_json(span)["attributes"].items()}
    assert words["mlflow.chat.tokenUsage"] == {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}
    assert words["mlflow.llm.model"] == "some-model"
    assert words["gen_ai.request.model"] == "some-model"
    assert words["mlflow.spanType"]
