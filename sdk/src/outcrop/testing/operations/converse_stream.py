"""ConverseStream: the answer of Converse as events.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import read_converse
from outcrop.testing.conversation_rules import check_converse
from outcrop.testing.converse_shape import Event, closing_members, content_events, stop_event
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response
from outcrop.testing.operations.operation import Operation
from outcrop.testing.stream_plan import stream_response


def _respond(exchange: Exchange) -> Response:
    answer = exchange.answer(read_converse(exchange.body))
    return stream_response(_events(answer), answer.reply)


def _events(answer: Answer) -> Iterator[Event]:
    yield from content_events(answer)
    yield stop_event(answer)
    yield "metadata", closing_members(answer)


OPERATION = Operation("ConverseStream", "POST", "/model/{modelId}/converse-stream", check_converse, _respond)
