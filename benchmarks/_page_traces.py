"""Traces that a page has to bear: six spans, 33,000 spans, and a call with a request of 20 MB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.request import Request, urlopen

from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import EncodedSpan, EventRecord, SpanRecord

START_NS = 1_790_000_000_000_000_000
MS = 1_000_000
MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
SMALL, LARGE, HEAVY = (number.to_bytes(16, "big") for number in (6, 33_000, 20_000_000))
LARGE_SPANS = 33_000
_STEPS = 330
_FAILING = 50
_CALLS_A_STEP = LARGE_SPANS // _STEPS - 1


def record(  # noqa: PLR0917  # the columns of a table
    trace_id: bytes,
    number: int,
    parent: int,
    name: str,
    start_ms: float,
    length_ms: float,
    attributes: dict[str, object],
    error: str | None = None,
) -> EncodedSpan:
    """A span as OTLP; `number` is its id, and `parent` 0 for a root."""
    begin = START_NS + int(start_ms * MS)
    return encode_span(
        SpanRecord(
            trace_id,
            number.to_bytes(8, "big"),
            b"" if parent == 0 else parent.to_bytes(8, "big"),
            name,
            3,
            begin,
            begin + int(length_ms * MS),
            1 if error is None else 2,
            "" if error is None else "Too many requests, please wait before trying again.",
            attributes if error is None else {**attributes, "error.type": error},
            list[EventRecord](),
            "Page",
            "page",
        )
    )


def call(words: str) -> dict[str, object]:
    """The attributes of a short call."""
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"text": f"So it is: {words}."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 120, "outputTokens": 30, "totalTokens": 150},
    }
    return {
        "outcrop.span.type": "CHAT_MODEL",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": MODEL,
        "outcrop.aws.operation": "Converse",
        "outcrop.request.params": json.dumps({"modelId": MODEL}),
        "outcrop.request.body": json.dumps({"messages": [_user(words)]}).encode(),
        "outcrop.response.body": json.dumps(answer).encode(),
    }


def _user(words: str) -> dict[str, object]:
    return {"role": "user", "content": [{"text": words}]}


def small() -> list[EncodedSpan]:
    """An agent, three calls and two tools."""
    agent: dict[str, object] = {
        "outcrop.span.type": "AGENT",
        "outcrop.span.inputs": '{"question": "How is Oslo?"}',
    }
    tool: dict[str, object] = {"outcrop.span.type": "TOOL", "outcrop.span.inputs": '{"city": "Oslo"}'}
    spans = [record(SMALL, 1, 0, "weather_agent", 0, 2400, agent)]
    for place in range(5):
        is_tool = place % 2 == 1
        spans.append(
            record(
                SMALL,
                place + 2,
                1,
                "get_weather" if is_tool else f"chat {MODEL}",
                100 + 450 * place,
                400,
                tool if is_tool else call("sunny"),
            )
        )
    return spans


def large() -> Iterator[EncodedSpan]:
    """A root with steps, each with calls of models and tools; one step in fifty has a call that failed."""
    step_ms = 1000.0
    yield record(LARGE, 1, 0, "nightly_run", 0, _STEPS * step_ms, {"outcrop.span.type": "WORKFLOW"})
    number = 2
    for step in range(_STEPS):
        own, begin = number, step * step_ms
        yield record(LARGE, own, 1, f"step {step}", begin, step_ms, {"outcrop.span.type": "AGENT"})
        number += 1
        for place in range(_CALLS_A_STEP - (step == 0)):
            is_tool = place % 3 == 0
            fails = step % _FAILING == 0 and place == 0
            yield record(
                LARGE,
                number,
                own,
                "look_up" if is_tool else f"chat {MODEL}",
                begin + place * 10,
                9.5,
                {"outcrop.span.type": "TOOL"} if is_tool else call(f"step {step}, call {place}"),
                "ThrottlingException" if fails else None,
            )
            number += 1


def heavy(size: int = 20_000_000) -> list[EncodedSpan]:
    """One call whose request is about `size` bytes of messages."""
    text = "The parcel left the warehouse on Tuesday and nobody has seen it since. " * 14
    one = len(json.dumps(_user(text))) + 2
    messages = [_user(f"{place}: {text}") for place in range(size // one)]
    attributes = call("short")
    attributes["outcrop.request.body"] = json.dumps({"messages": messages}).encode()
    return [record(HEAVY, 1, 0, f"chat {MODEL}", 0, 900, attributes)]


def send(url: str, spans: Iterator[EncodedSpan] | list[EncodedSpan], each: int = 500) -> None:
    """Sends spans to a server, some at a time."""
    waiting: list[EncodedSpan] = []
    for span in spans:
        waiting.append(span)
        if len(waiting) == each:
            _post(url, waiting)
            waiting.clear()
    if waiting:
        _post(url, waiting)


def _post(url: str, spans: list[EncodedSpan]) -> None:
    headers = {"content-type": "application/x-protobuf"}
    body = encode_request(spans, {})
    with urlopen(Request(f"{url}/v1/traces", data=body, headers=headers), timeout=120) as answer:  # noqa: S310 - our own server
        answer.read()
