"""One call on its way through an operation: what came, and what the script says about it.

Made by the dispatcher; operations ask it for a concrete answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from outcrop.testing.answer import Answer, make_answer
from outcrop.testing.ask import Ask
from outcrop.testing.default_reply import default_reply
from outcrop.testing.errors import Disconnect, StreamFailure
from outcrop.testing.http_shapes import LostConnection, Response, error_response
from outcrop.testing.json_values import JsonObject, as_object
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import RawBody, Reply


@dataclass(frozen=True)
class Exchange:
    """A call that is to be answered.

    Attributes:
        request: what came.
        scripted: the script's reply, or None where the default one answers. A bare failure means the
            default reply, broken in that way.
        started_ns: when the request arrived, on the monotonic clock.
        default_chunk_delay_s: seconds between the events of a default reply's stream.
    """

    request: RecordedRequest
    scripted: Reply | RawBody | StreamFailure | Disconnect | None
    started_ns: int
    default_chunk_delay_s: float

    @property
    def body(self) -> JsonObject:
        """The request's body as a JSON object."""
        return as_object(self.request.json)

    @property
    def model_id(self) -> str:
        """The model id from the path."""
        return self.request.model_id or ""

    def answer(self, ask: Ask) -> Answer:
        """The answer to what the request asks."""
        return make_answer(self._reply(ask), ask, self.model_id, self.started_ns)

    def _reply(self, ask: Ask) -> Reply:
        if isinstance(self.scripted, Reply):
            return self.scripted
        if isinstance(self.scripted, RawBody):
            raise TypeError(f"RawBody answers InvokeModel; {self.request.operation} takes a Reply.")
        reply = default_reply(ask, self.model_id, self.default_chunk_delay_s)
        if self.scripted is None:
            return reply
        return Reply(
            *reply.blocks,
            chunk_delay_s=reply.chunk_delay_s,
            chunk_size=reply.chunk_size,
            failure=self.scripted,
        )


def broken_plain_response(answer: Answer) -> Response | None:
    """How a call without a stream fails when its reply is to break; None if it is not."""
    failure = answer.reply.failure
    if isinstance(failure, StreamFailure):
        return replace(error_response(failure.as_service_error()), delay_s=answer.reply.latency_s)
    return LostConnection(answer.reply.latency_s) if isinstance(failure, Disconnect) else None
