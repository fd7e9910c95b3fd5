"""`@outcrop.lambda_handler`: a span an invocation, its parent, and delivery before the function is frozen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.entities import Span
from outcrop.otlp.records import KIND_SERVER
from outcrop.runtime import get_runtime
from outcrop.settings import read_settings
from outcrop.testing import BedrockEmulator
from outcrop.testing.traces import CapturedTraces
from outcrop.tracing import aws_lambda
from sdk.tests.conftest import CLAUDE, user
from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import run

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
XRAY = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={PARENT};Sampled=1"


class Context:
    """What Lambda hands over beside the event, as far as it is read."""

    function_name = "summarise"
    aws_request_id = "8a8b-1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:summarise"

    def __init__(self, remaining_ms: int = 3000) -> None:
        self.remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@outcrop.lambda_handler
def handler(event: Any, context: Any) -> Any:  # noqa: ARG001  # Lambda's signature
    """The function's own words."""
    return event


def _only_span(traces: CapturedTraces) -> Span:
    (span,) = traces.last().data.spans
    return span


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_lambda, "_is_cold", True)


@pytest.mark.usefixtures("cold")
def test_an_invocation_is_a_span_that_says_which_one(traces: CapturedTraces) -> None:
    event = {"question": "What is an outcrop?"}
    assert handler(event, Context()) is event
    span = _only_span(traces)
    assert (span.name, span.inputs, span.outputs) == ("summarise", event, event)
    assert str(span.status.status_code) == "OK"
    assert span.attributes["faas.name"] == "summarise"
    assert span.attributes["faas.invocation_id"] == "8a8b-1"
    assert span.attributes["cloud.resource_id"] == Context.invoked_function_arn
    assert traces.records()[0].kind == KIND_SERVER


@pytest.mark.usefixtures("cold")
def test_only_the_first_invocation_of_a_process_is_a_cold_start(traces: CapturedTraces) -> None:
    for _ in range(3):
        handler({}, Context())
    assert [trace.data.spans[0].attributes["faas.coldstart"] for trace in traces.all()] == [
        True,
        False,
        False,
    ]


@pytest.mark.usefixtures("cold")
def test_a_process_that_was_kept_ready_does_not_start_cold(
    traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "provisioned-concurrency")
    handler({}, Context())
    assert _only_span(traces).attributes["faas.coldstart"] is False


def test_calls_within_are_children_of_the_invocation(traces: CapturedTraces, client: Any) -> None:
    @outcrop.lambda_handler(name="agent")
    def ask(event: Any, context: Any) -> Any:  # noqa: ARG001  # as above
        return client.converse(modelId=CLAUDE, messages=[user(event)])["stopReason"]

    assert ask("Hi", Context()) == "end_turn"
    root, call = traces.last().data.spans
    assert (root.name, root.parent_id, root.outputs) == ("agent", None, "end_turn")
    assert call.parent_id == root.span_id


def test_an_exception_is_the_handlers_own(traces: CapturedTraces) -> None:
    error = LookupError("no such document")

    @outcrop.lambda_handler
    def fail(event: Any, context: Any) -> None:  # noqa: ARG001  # as above
        raise error

    with pytest.raises(LookupError) as raised:
        fail({}, Context())
    assert raised.value is error
    span = _only_span(traces)
    assert (str(span.status.status_code), span.status.description) == ("ERROR", "no such document")
    assert span.attributes["error.type"] == "LookupError"


@pytest.mark.parametrize(
    "headers",
    [
        {"headers": {"traceparent": TRACEPARENT}},
        {"headers": {"TraceParent": TRACEPARENT, "X-Amzn-Trace-Id": "Root=1-00000000-0;Parent=1"}},
        {"headers": {"X-Amzn-Trace-Id": XRAY}},
        {"headers": {"x-amzn-trace-id": f"Self=1-67891234-0; {XRAY};Lineage=a:1"}},
        {"headers": None, "multiValueHeaders": {"Traceparent": [TRACEPARENT, "other"]}},
    ],
    ids=["W3C", "W3C before X-Ray", "X-Ray", "X-Ray with more", "several values"],
)
def test_an_invocation_belongs_to_the_trace_that_its_headers_name(
    headers: dict[str, Any], traces: CapturedTraces
) -> None:
    handler(headers, Context())
    span = _only_span(traces)
    assert (span.trace_id, span.parent_id) == (TRACE, PARENT)


@pytest.mark.parametrize(
    "event",
    [
        None,
        "text",
        [1],
        {"headers": "traceparent"},
        {"headers": {"traceparent": None, "x-amzn-trace-id": 5}},
        {"headers": {"traceparent": "00-zz"}},
        {"headers": {"x-amzn-trace-id": f"Root=1-{TRACE[:8]}-{TRACE[8:]}"}},
        {"headers": {"x-amzn-trace-id": f"Root=1-00000000-{'0' * 24};Parent={PARENT}"}},
        {"multiValueHeaders": {"traceparent": []}},
    ],
    ids=str,
)
def test_an_event_that_names_no_span_begins_a_trace(event: Any, traces: CapturedTraces) -> None:
    assert handler(event, Context()) is event
    assert _only_span(traces).parent_id is None


def test_a_span_that_is_current_already_is_the_parent(traces: CapturedTraces) -> None:
    with outcrop.start_span("layer") as layer:
        handler({"headers": {"traceparent": TRACEPARENT}}, Context())
    assert [(span.name, span.parent_id) for span in traces.last().data.spans] == [
        ("layer", None),
        ("summarise", layer.span_id),
    ]


def test_what_may_hold_credentials_is_not_recorded(traces: CapturedTraces) -> None:
    secret = {"Authorization": "s3cr3t", "Cookie": "s3cr3t"}
    event = {
        "body": "question",
        "headers": secret,
        "multiValueHeaders": {"authorization": ["s3cr3t"]},
        "cookies": ["s3cr3t"],
        "requestContext": {"identity": {"apiKey": "s3cr3t"}},
        "authorizationToken": "s3cr3t",
        "identitySource": ["s3cr3t"],
    }
    before = str(event)
    assert handler(event, Context()) is event
    assert str(event) == before
    span = _only_span(traces)
    assert span.inputs == span.outputs == {"body": "question"}
    assert "s3cr3t" not in str(traces.records())


@pytest.mark.parametrize(
    ("context", "limit_s"),
    [
        (Context(60_000), 5.0),
        (Context(3000), 2.5),
        (Context(700), pytest.approx(0.2)),
        (Context(500), 0.0),
        (Context(0), 0.0),
        (None, 5.0),
    ],
    ids=["much", "some", "little", "none to spare", "none", "unknown"],
)
def test_delivery_takes_no_longer_than_the_invocation_has(
    context: Context | None, limit_s: float, traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []

    def flush(timeout_s: float) -> bool:
        limits.append(timeout_s)
        return False

    monkeypatch.setattr(get_runtime(), "flush", flush)
    handler({}, context)
    assert limits == [limit_s]
    assert len(traces.all()) == 1


def test_faults_of_ours_change_nothing(traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS")

    class Odd(Context):
        def get_remaining_time_in_millis(self) -> int:
            raise RuntimeError("no clock")

    event = {"fine": True}
    assert handler(event, Odd()) is event
    assert _only_span(traces).inputs == event


def test_the_decorated_handler_looks_like_the_original() -> None:
    assert (handler.__name__, handler.__doc__) == ("handler", "The function's own words.")


def test_on_lambda_batches_wait_where_it_can_write() -> None:
    found = read_settings({"AWS_LAMBDA_FUNCTION_NAME": "summarise", "HOME": "/home/sbx_user1051"})
    assert found.spool_root == Path("/tmp/outcrop/spool")  # noqa: S108  # Lambda's own
    named = read_settings({"AWS_LAMBDA_FUNCTION_NAME": "summarise", "OUTCROP_SPOOL_DIR": "/mnt/efs"})
    assert named.spool_root == Path("/mnt/efs")


@pytest.mark.skipif(os.name != "posix", reason="Lambda is Linux")
def test_what_an_invocation_did_has_arrived_when_its_handler_returns(
    bedrock_emulator: BedrockEmulator, tmp_path: Path
) -> None:
    program = """
import boto3
outcrop.bedrock.autolog()
client = boto3.client("bedrock-runtime")

@outcrop.lambda_handler
def handler(event, context):
    message = {"role": "user", "content": [{"text": event["question"]}]}
    client.converse(modelId="amazon.nova-lite-v1:0", messages=[message])

handler({"question": "one"}, None)
handler({"question": "two"}, None)
os._exit(0)  # as if frozen, and never thawed
"""
    with Collector() as collector:
        aws = {
            "AWS_LAMBDA_FUNCTION_NAME": "summarise",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock_emulator.endpoint_url,
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        assert run(program, collector, tmp_path, **aws) == (0, "")
        assert sorted(span.name for span in collector.spans) == [
            *["chat amazon.nova-lite-v1:0"] * 2,
            *["summarise"] * 2,
        ]
        assert len({span.trace_id for span in collector.spans}) == 2
