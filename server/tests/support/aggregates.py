"""Traces for tests of numbers of many."""

from __future__ import annotations

import random
from typing import Any

from outcrop.genai.usage import Usage
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import Failure
from server.tests.support.spans import START_NS, model_call, new_span, trace_id

S = 1_000_000_000
MS = 1_000_000
START_S = START_NS // S // 60 * 60


def a_trace(number: int, minute: int = 0, **changes: Any) -> list[NewSpan]:
    """A root that began in a minute after the start, and two calls of it."""
    start_ns = (START_S + minute * 60) * S
    rest: dict[str, Any] = {"trace": trace_id(number), **changes}
    failed: str | None = rest.pop("failed", None)
    error: dict[str, Any] = {"status": "ERROR", "error": Failure(failed, "")} if failed else {}
    times: dict[str, Any] = {"start_time_ns": start_ns + 1, "end_time_ns": start_ns + 100 * MS}
    return [
        new_span(1, start_time_ns=start_ns, end_time_ns=start_ns + 1000 * MS, **error, **rest),
        model_call(2, 1, name="chat", model="claude", cost_nano_usd=5, **times, **rest),
        model_call(
            3,
            1,
            name="embed",
            model="titan",
            span_type="EMBEDDING",
            usage=Usage(100, None, 60, 30),
            cost_reason="unknown-model",
            time_to_first_chunk_ns=20 * MS,
            **times,
            **error,
            **rest,
        ),
    ]


def random_trace(chance: random.Random, number: int) -> list[NewSpan]:
    """Spans whose earliest is not the root, that name several experiments, sessions and models."""
    spans: list[NewSpan] = []
    for place in range(chance.randint(1, 8)):
        start_ns = (START_S + chance.randint(-7200, 7200)) * S
        is_call = chance.random() < 0.7
        failed = chance.random() < 0.3
        changes: dict[str, Any] = {
            "name": chance.choice(["chat", "embed"]),
            "span_type": chance.choice(["LLM", "EMBEDDING"]) if is_call else "TOOL",
            "model": chance.choice(["claude", "nova", None]) if is_call else None,
            "usage": chance.choice([None, Usage(3, 4, 1, None), Usage(7, None)]) if is_call else None,
            "cost_nano_usd": chance.choice([None, 0, 11]) if is_call else None,
            "cost_reason": chance.choice([None, "unknown-model", "refused"]) if is_call else None,
            "time_to_first_chunk_ns": chance.choice([None, chance.randint(0, 10**9)]),
            "status": "ERROR" if failed else "OK",
            "error": Failure("Boom", "") if failed else None,
            "experiment": chance.choice(["a", "b"]),
            "is_experiment_named": True,
            "session_id": chance.choice([None, "s-1", "s-2"]),
        }
        parent = None if place == 0 else 1
        spans.append(
            new_span(
                place + 1,
                parent,
                trace=trace_id(number),
                start_time_ns=start_ns,
                end_time_ns=start_ns + chance.randint(0, 10**11),
                **changes,
            )
        )
    return spans
