"""A store with many spans: agents' traces of eight spans, over a week, in words that differ."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from outcrop.genai.usage import Usage
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import EventRecord, SpanRecord
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import Failure, SpanRow
from outcrop_server.storage.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from outcrop_server.storage.api import TraceStore

SPANS_A_TRACE = 8
START_NS = 1_790_000_000_000_000_000
WEEK_NS = 7 * 86_400 * 10**9
MODELS = (
    ("anthropic.claude-3-5-sonnet-20241022-v2:0", "anthropic"),
    ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic"),
    ("us.amazon.nova-pro-v1:0", "amazon"),
    ("amazon.nova-lite-v1:0", "amazon"),
    ("meta.llama3-1-70b-instruct-v1:0", "meta"),
    ("mistral.mistral-large-2407-v1:0", "mistral"),
)
TOOLS = ("get_weather", "search_orders", "refund", "send_mail", "lookup_customer", "run_sql")
ERRORS = ("ThrottlingException", "ValidationException", "ModelTimeoutException")
# Word n comes about 1/n as often as the first, as in any language.
WORDS = tuple(
    f"{a}{b}{c}"
    for a in ("ka", "mo", "ri", "ste", "vol", "ne", "pa", "qui", "su", "ter")
    for b in ("la", "ren", "do", "mi", "ster", "po", "ga", "xi", "fu", "bel")
    for c in ("", "s", "n", "ta", "ring", "le", "mos", "dy", "ck", "pe")
)
WEIGHTS = [1 / (place + 1) for place in range(len(WORDS))]
RARE = "zyzzyva"


class Maker:
    """Makes traces, the same for a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        words = self._random.choices(WORDS, WEIGHTS, k=200_000)
        self._texts = [" ".join(words[at : at + 120]) for at in range(0, len(words), 40)]

    def trace(self, number: int, count: int) -> list[NewSpan]:
        """Trace `number` of `count`, spread over the week."""
        rng = self._random
        trace_id = rng.getrandbits(128).to_bytes(16, "big")
        start = START_NS + number * (WEEK_NS // count)
        model, vendor = MODELS[min(int(rng.expovariate(0.7)), len(MODELS) - 1)]
        tool = rng.choice(TOOLS)
        is_failed = rng.random() < 0.02  # noqa: PLR2004 - one in fifty
        asked, answered = rng.choice(self._texts), rng.choice(self._texts)
        if number % 50_000 == 7:  # noqa: PLR2004 - a few of them
            asked = f"{RARE} {asked}"
        history: list[str] = []
        spans: list[NewSpan] = []
        for place in range(SPANS_A_TRACE):
            kind = "AGENT" if place == 0 else "TOOL" if place % 3 == 0 else "CHAT_MODEL"
            is_call = kind == "CHAT_MODEL"
            history.append(rng.choice(self._texts))
            begin = start + place * 200_000_000
            duration = int(rng.lognormvariate(0, 0.8) * 4e8) * (6 if place == 0 else 1)
            last = place == SPANS_A_TRACE - 1
            failure = (
                Failure(rng.choice(ERRORS), "Too many requests, please wait.")
                if is_failed and (place == 0 or last)
                else None
            )
            row = SpanRow(
                span_id=rng.getrandbits(64).to_bytes(8, "big"),
                parent_id=None if place == 0 else spans[0].row.span_id,
                name=("support_agent", "order_agent")[number % 2]
                if place == 0
                else tool
                if kind == "TOOL"
                else f"chat {model}",
                span_type=kind,
                status="ERROR" if failure else "OK",
                start_time_ns=begin,
                end_time_ns=begin + duration,
                error=failure,
                model=model if is_call else None,
                vendor=vendor if is_call else None,
                usage=Usage(rng.randrange(200, 4000), rng.randrange(20, 900)) if is_call else None,
                time_to_first_chunk_ns=duration // 4 if is_call else None,
                is_stream=is_call,
                finish_reason=rng.choice(("end_turn", "end_turn", "tool_use", "max_tokens"))
                if is_call
                else None,
                cost_nano_usd=rng.randrange(1_000_000, 40_000_000) if is_call else None,
            )
            spans.append(
                NewSpan(
                    trace_id=trace_id,
                    row=row,
                    payload=_payload(trace_id, row, history, model if is_call else None),
                    experiment=f"/Shared/experiment-{number % 5}",
                    is_experiment_named=True,
                    attempts=1 if is_call else 0,
                    request_preview=asked[:200] if place == 0 or is_call else None,
                    response_preview=answered[:200] if place == 0 or is_call else None,
                    tools=(tool,) if kind == "TOOL" else (),
                    session_id=f"session-{number // 5}" if place == 0 else None,
                    user_id=f"user-{number % 1000}" if place == 0 else None,
                    tags={"env": ("prod", "dev")[number % 10 == 0]} if place == 0 else {},
                )
            )
        return spans


def _payload(trace_id: bytes, row: SpanRow, history: list[str], model: str | None) -> bytes:
    """As the SDK sends it: the conversation so far, which repeats in each turn."""
    messages = [
        {"role": ("user", "assistant")[at % 2], "content": [{"text": text}]}
        for at, text in enumerate(history)
    ]
    attributes: dict[str, object] = {"outcrop.span.type": row.span_type}
    if model is None:
        attributes["outcrop.span.inputs"] = json.dumps({"question": history[-1]})
        attributes["outcrop.span.outputs"] = json.dumps({"answer": history[0]})
    else:
        attributes.update(
            {
                "gen_ai.request.model": model,
                "outcrop.aws.operation": "Converse",
                "outcrop.request.params": json.dumps({"modelId": model}),
                "outcrop.request.body": json.dumps({"messages": messages}).encode(),
                "outcrop.response.body": json.dumps(
                    {
                        "output": {"message": {"role": "assistant", "content": [{"text": history[-1]}]}},
                        "stopReason": row.finish_reason,
                        "usage": {
                            "inputTokens": row.usage.input_tokens,
                            "outputTokens": row.usage.output_tokens,
                        }
                        if row.usage
                        else {},
                    }
                ).encode(),
            }
        )
    code = 2 if row.status == "ERROR" else 1
    record = SpanRecord(
        trace_id,
        row.span_id,
        row.parent_id or b"",
        row.name,
        3,
        row.start_time_ns,
        row.end_time_ns,
        code,
        "",
        attributes,
        list[EventRecord](),
        "Bench",
        "bench",
    )
    return encode_request([encode_span(record)], {})


def build(path: Path, spans: int) -> None:
    """Fills a file."""
    store = SqliteStore(path)
    fill(store, spans)
    store.close()


def fill(store: TraceStore, spans: int) -> None:
    """Fills a store."""
    maker, count = Maker(), spans // SPANS_A_TRACE
    for begin in range(0, count, 250):
        batch = [
            span for number in range(begin, min(begin + 250, count)) for span in maker.trace(number, count)
        ]
        store.append(batch).result()


def bodies(count: int) -> Iterator[bytes]:
    """Requests of 500 spans for who sends while others ask."""
    maker = Maker(2)
    for _ in range(count):
        spans = [span for number in range(62) for span in maker.trace(number, 62)]
        yield b"".join(span.payload for span in spans)
