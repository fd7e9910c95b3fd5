"""Calls that are noted down as their parts: the same bytes of OTLP come of them, at once or found later."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

import outcrop
from outcrop.bedrock.call import Call
from outcrop.delivery.memory import MemoryDestination
from outcrop.otlp.encode import encode_request
from outcrop.otlp.flat import FlatSpan, flat_request, flat_span, read_flat_request
from outcrop.otlp.records import EndedSpan, SpanGroup
from outcrop.testing import BedrockEmulator, Reply, Throttling
from outcrop.testing.traces import CapturedTraces

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]
BODY = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 5, "messages": HELLO})
RESOURCE = {"service.name": "tests", "service.version": "1"}


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, traces: CapturedTraces) -> list[EndedSpan]:
    """What ended, as it came to the queue."""
    del traces  # tracing is on
    found: list[EndedSpan] = []
    submit = MemoryDestination.submit

    def seen(self: MemoryDestination, span: EndedSpan) -> None:
        found.append(span)
        submit(self, span)

    monkeypatch.setattr(MemoryDestination, "submit", seen)
    return found


def _converse(client: Any) -> None:
    client.converse(modelId=MODEL, messages=HELLO)


def _under_a_span(client: Any) -> None:
    with outcrop.start_span("outer"):
        client.converse(modelId=MODEL, messages=HELLO)


def _stream(client: Any) -> None:
    for _ in client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]:
        pass


def _left_stream(client: Any) -> None:
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    next(iter(stream))
    stream.close()


def _invoke(client: Any) -> None:
    client.invoke_model(modelId=MODEL, body=BODY, accept="application/json")["body"].read()


def _invoke_stream(client: Any) -> None:
    for _ in client.invoke_model_with_response_stream(modelId=MODEL, body=BODY)["body"]:
        pass


def _unread_body(client: Any) -> None:
    client.invoke_model(modelId=MODEL, body=BODY)["body"].close()


def _guardrail(client: Any) -> None:
    content = [{"text": {"text": "Hello?"}}]
    client.apply_guardrail(guardrailIdentifier="gr-1", guardrailVersion="1", source="INPUT", content=content)


@pytest.mark.parametrize(
    "call",
    [
        _converse,
        _under_a_span,
        _stream,
        _left_stream,
        _invoke,
        _invoke_stream,
        _unread_body,
        _guardrail,
    ],
)
def test_the_parts_give_the_bytes_that_encoding_member_by_member_gives(
    client: Any, ended: list[EndedSpan], call: Callable[[Any], None]
) -> None:
    call(client)
    (ended_call,) = [span for span in ended if isinstance(span, Call)]
    flat = ended_call.flat()
    assert flat is not None
    whole = ended_call.encoded_by_members()
    assert b"".join(flat.encode().pieces) == b"".join(whole.pieces)
    assert flat.encode().size == whole.size
    pieces, length = flat_request([flat, flat], RESOURCE)
    noted = b"".join(pieces)
    assert len(noted) == length
    assert read_flat_request(noted) == encode_request([whole, whole], RESOURCE)


def _with_a_session(client: Any) -> None:
    with outcrop.context(session_id="s-1"):
        client.converse(modelId=MODEL, messages=HELLO)


def _refused(client: Any) -> None:
    with pytest.raises(ClientError):
        client.converse(modelId=MODEL, messages=[])


def _of_a_profile(client: Any) -> None:
    profile = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123def456"
    client.converse(modelId=profile, messages=HELLO)


@pytest.mark.parametrize("call", [_with_a_session, _refused, _of_a_profile])
def test_what_has_more_than_parts_has_no_such_form(
    client: Any, ended: list[EndedSpan], call: Callable[[Any], None]
) -> None:
    call(client)
    (ended_call,) = [span for span in ended if isinstance(span, Call)]
    assert ended_call.flat() is None


def test_nor_has_a_call_that_was_tried_again(
    bedrock_emulator: BedrockEmulator, ended: list[EndedSpan]
) -> None:
    bedrock_emulator.script(MODEL, Throttling(retry_after=0), Reply("At last."))
    client = bedrock_emulator.client(config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
    client.converse(modelId=MODEL, messages=HELLO)
    client.close()
    (ended_call,) = ended
    assert ended_call.flat() is None


BYTES = st.binary(max_size=30)
NUMBERS = st.integers(0, 2**63 - 1)
FLAT_SPANS = st.builds(
    flat_span,
    st.just(SpanGroup("an experiment", "a part")),
    st.tuples(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8), st.just(b"")),
    st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.integers(0, 599),
    st.integers(0, 2),
    st.integers(0, 3),
    BYTES,
    st.tuples(BYTES, BYTES, BYTES, BYTES, BYTES, BYTES),
)


@given(st.lists(FLAT_SPANS, min_size=1, max_size=4))
def test_any_parts_are_read_as_they_would_have_been_encoded(spans: list[FlatSpan]) -> None:
    noted = b"".join(flat_request(spans, RESOURCE)[0])
    assert read_flat_request(noted) == encode_request([span.encode() for span in spans], RESOURCE)


@given(st.lists(FLAT_SPANS, min_size=1, max_size=3), st.data())
def test_parts_that_are_cut_off_are_refused(spans: list[FlatSpan], data: st.DataObject) -> None:
    noted = b"".join(flat_request(spans, RESOURCE)[0])
    process_and_scope = len(b"".join(flat_request(spans, RESOURCE)[0][:3]))
    whole = {process_and_scope}
    for span in spans:
        whole.add(max(whole) + len(span.table) + span.size)
    cut = data.draw(st.integers(0, len(noted) - 1).filter(lambda at: at not in whole))
    with pytest.raises(ValueError, match="noted down"):
        read_flat_request(noted[:cut])


@given(st.binary(max_size=400))
def test_other_bytes_are_never_taken_for_spans(data: bytes) -> None:
    with pytest.raises(ValueError, match="noted down"):
        read_flat_request(struct.pack("<II", 2, 2) + b"headx" + data[:90])
