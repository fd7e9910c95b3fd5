"""Amazon Nova's body: Converse's own shapes, with its own names for cached tokens.

https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import read_converse
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.converse_shape import content_events, message, stop_event
from outcrop.testing.json_values import JsonObject


def _usage(answer: Answer) -> JsonObject:
    usage = answer.usage
    return {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.total,
        "cacheReadInputTokenCount": usage.cache_read or 0,
        "cacheWriteInputTokenCount": usage.cache_write or 0,
    }


def _write(answer: Answer, _: JsonObject) -> JsonObject:
    return {"output": message(answer), "stopReason": answer.stop_reason, "usage": _usage(answer)}


def _stream(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    for name, payload in content_events(answer):
        yield {name: payload}
    name, payload = stop_event(answer)
    yield {name: payload}
    usage = {key: count for key, count in _usage(answer).items() if key != "totalTokens"}
    yield {"metadata": {"usage": usage, "metrics": {}, "trace": {}}}


DIALECT = Dialect(("messages",), read_converse, _write, _stream)
