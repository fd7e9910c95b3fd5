"""Agents' traces of four spans in the GenAI conventions' words, as any OpenTelemetry client sends them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from _million import MODELS, START_NS, TOOLS, WEIGHTS, WORDS

from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import SpanRecord

SPANS_A_TRACE = 4
# In three traces: the first begins the newest question, the other one stands in the first message of seven.
RARE, DEEP = "zyzzyva", "quixotry"
NOWHERE = "nowhereinanytext"
_RARE_AT = (11, 222, 333)
_SECOND_NS = 1_000_000_000
_HISTORY = 7
_CLIENT, _INTERNAL = 3, 1


class Agents:
    """Makes traces, the same for a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        words = self._random.choices(WORDS, WEIGHTS, k=200_000)
        self._texts = [" ".join(words[at : at + 40]) for at in range(0, len(words), 20)]

    def bodies(self, first: int, count: int, traces_a_body: int) -> Iterator[tuple[bytes, int]]:
        """OTLP requests, and how many spans each has."""
        for begin in range(first, first + count, traces_a_body):
            end = min(begin + traces_a_body, first + count)
            spans = [span for number in range(begin, end) for span in self.trace(number)]
            yield encode_request(map(encode_span, spans), {"service.name": "bench"}), len(spans)

    def trace(self, number: int) -> list[SpanRecord]:
        """An agent that asks a model, calls a tool, and asks again with the longer conversation."""
        rng = self._random
        trace_id = rng.getrandbits(128).to_bytes(16, "big")
        root = rng.getrandbits(64).to_bytes(8, "big")
        start = START_NS + number * _SECOND_NS
        model, tool = rng.choice(MODELS)[0], rng.choice(TOOLS)
        said = [rng.choice(self._texts) for _ in range(_HISTORY)]
        if number in _RARE_AT:
            said[0], said[-1] = f"{said[0]} {DEEP}", f"{RARE} {said[-1]}"
        result = rng.choice(self._texts)
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}
        called = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.call.arguments": json.dumps({"question": said[-1]}),
            "gen_ai.tool.call.result": json.dumps({"answer": result}),
        }
        parts = (
            (root, b"", "invoke_agent support", _INTERNAL, 0, 900, agent),
            (b"", root, f"chat {model}", _CLIENT, 10, 300, self._chat(model, said)),
            (b"", root, tool, _INTERNAL, 320, 50, called),
            (b"", root, f"chat {model}", _CLIENT, 380, 500, self._chat(model, [*said, result])),
        )
        return [
            SpanRecord(
                trace_id,
                span_id or rng.getrandbits(64).to_bytes(8, "big"),
                parent,
                name,
                kind,
                start + after_ms * 1_000_000,
                start + (after_ms + lasts_ms) * 1_000_000,
                1,
                "",
                attributes,
                [],
                "",
                "bench",
            )
            for span_id, parent, name, kind, after_ms, lasts_ms, attributes in parts
        ]

    def _chat(self, model: str, said: list[str]) -> dict[str, object]:
        messages = [
            {"role": ("user", "assistant")[at % 2], "parts": [{"type": "text", "content": text}]}
            for at, text in enumerate(said)
        ]
        answer = [{"type": "text", "content": self._random.choice(self._texts)}]
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "aws.bedrock",
            "gen_ai.request.model": model,
            "gen_ai.input.messages": json.dumps(messages),
            "gen_ai.output.messages": json.dumps(
                [{"role": "assistant", "parts": answer, "finish_reason": "stop"}]
            ),
            "gen_ai.usage.input_tokens": self._random.randrange(200, 4000),
            "gen_ai.usage.output_tokens": self._random.randrange(20, 900),
        }
