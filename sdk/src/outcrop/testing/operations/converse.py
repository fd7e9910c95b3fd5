"""Converse: one whole answer in the shape that all models share.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

from outcrop.testing.ask import read_converse
from outcrop.testing.conversation_rules import check_converse
from outcrop.testing.converse_shape import closing_members, message, stop_event
from outcrop.testing.exchange import Exchange, broken_plain_response
from outcrop.testing.http_shapes import PlainResponse, Response
from outcrop.testing.json_values import to_json
from outcrop.testing.operations.operation import Operation


def _respond(exchange: Exchange) -> Response:
    answer = exchange.answer(read_converse(exchange.body))
    broken = broken_plain_response(answer)
    if broken:
        return broken
    _, stop = stop_event(answer)
    closing = closing_members(answer)
    # The answer is written before it waits, so the wait is counted here.
    closing["metrics"]["latencyMs"] += round(answer.reply.latency_s * 1000)
    body = {"output": message(answer), **stop, **closing}
    return PlainResponse(
        200, to_json(body), {"Content-Type": "application/json"}, delay_s=answer.reply.latency_s
    )


OPERATION = Operation("Converse", "POST", "/model/{modelId}/converse", check_converse, _respond)
